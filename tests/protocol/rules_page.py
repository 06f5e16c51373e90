"""docs/rules.md, made from the book: ``python -m tests.protocol.rules_page`` writes what stands behind ``<!-- rules -->``.

The examples are drawn as `asgiviz rules ID` draws them, and judged while they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asgiviz.protocol.rules.book import PARTS, RULES
from asgiviz.protocol.rules.rule import Rule
from asgiviz.protocol.terms_entry import MEASURED_WITH
from asgiviz.views.example_rows import example_rows
from asgiviz.views.rule_rows import neighbours, undecided_because
from asgiviz.views.spans import text_of

PAGE = Path(__file__).parent.parent.parent / "docs" / "rules.md"
MARK = "<!-- rules -->\n"
#: Columns of an example.
WIDTH = 100


def with_rules(page: str) -> str:
    """A page with the book made afresh."""
    return page.partition(MARK)[0] + MARK + "".join(f"{line}\n" for line in _book())


def _book() -> Iterator[str]:
    decidable = sum(rule.decidable for rule in RULES.values())
    yield f"{len(RULES)} rules; a recording decides {decidable} of them. Servers were measured with {MEASURED_WITH}."
    for heading, rules in PARTS.items():
        yield from ("", f"## {heading}", "", "| rule | severity | class | for | |", "|---|---|---|---|---|")
        for rule in rules:
            yield f"| {_link(rule.id)} | {rule.severity} | {rule.basis} | {rule.party} | {_escaped(rule.line)} |"
        for rule in rules:
            yield from _told(rule)


def _told(rule: Rule) -> Iterator[str]:
    about = f"{rule.severity.capitalize()}, {rule.basis}, for {rule.party}."
    yield from ("", f"### {rule.id}", "", f"**{_escaped(rule.line)}** {about}")
    yield from ("", _escaped(rule.instead))
    if why := undecided_because(rule):
        yield from ("", _escaped(why if rule.allows else f"A recording does not decide it. {why}"))
    for heading, text in (("This breaks it:", rule.breaks), ("This keeps it:", rule.keeps)):
        if text.strip():
            drawn = [text_of(row.spans).rstrip() for row in example_rows(text, WIDTH, rule.id)]
            yield from ("", heading, "", "```text", *drawn, "```")
    if rule.servers:
        yield from ("", f"Servers: {_escaped(rule.servers)}")
    near = neighbours(rule)
    see = f" See also {', '.join(map(_link, near))}." if near else ""
    yield from ("", f"Written in [{_escaped(rule.section)}]({rule.url}).{see}")


def _link(id_: str) -> str:
    return f"[{id_}](#{id_.lower()})"


def _escaped(text: str) -> str:
    """A text that Markdown shows as it is."""
    return "".join(f"\\{character}" if character in r"\`*_[]<>|" else character for character in text)


if __name__ == "__main__":
    PAGE.write_text(with_rules(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
