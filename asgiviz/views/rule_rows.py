"""The book of rules as lines: one rule on a page with both examples, and rules as a list by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from asgiviz.protocol.rules.book import PARTS, RULES
from asgiviz.protocol.rules.rule import Rule
from asgiviz.protocol.terms_entry import MEASURED_WITH
from asgiviz.views.example_rows import example_rows
from asgiviz.views.finding_rows import wrapped
from asgiviz.views.severities import ROLES
from asgiviz.views.spans import Role, Row, Span, Spans, padded

#: Columns of a severity in a list, and of the indentation of its lines.
SEVERITY, INDENT = 9, 2


def rule_page(rule: Rule, width: int) -> list[Row]:
    """All there is to say about one rule."""
    rows = [_title(rule), *wrapped(rule.line, width, role=Role.STRONG), Row([]), *wrapped(rule.instead, width)]
    rows += [row for about in (_undecided(rule, width), _examples(rule, width)) for row in ([Row([]), *about] if about else [])]
    if rule.servers:
        rows += [Row([]), *wrapped(rule.servers, width, label="Servers: ")]
        rows += wrapped(f"Measured with {MEASURED_WITH}.", width, role=Role.QUIET)
    rows += [Row([]), *wrapped(rule.section, width, label=_written(rule)), Row([Span(rule.url, Role.QUIET)])]
    if near := neighbours(rule):
        rows += wrapped(", ".join(near), width, label="See also: ")
    return rows


def rules_list(rules: Iterable[Rule], width: int) -> list[Row]:
    """Rules by part, each with its severity, its sentence and who must obey."""
    return _by_part(rules, lambda rule: _entry(rule, f"{rule.line} ({rule.party})", width))


def needs_list(rules: Iterable[Rule], width: int) -> list[Row]:
    """Rules that no recording decides, each with what would be needed."""
    return _by_part(rules, lambda rule: [*_entry(rule, rule.line, width), *_below(undecided_because(rule), width)])


def undecided_because(rule: Rule) -> str:
    """Why no recording decides a rule; empty when one can."""
    if rule.allows:
        return "It forbids complaints: what it allows is never a finding."
    return rule.needs


def neighbours(rule: Rule) -> Sequence[str]:
    """The rules that stand beside it in the book and are of the same section."""
    near = [each.id for each in RULES.values() if each.section == rule.section and each.id != rule.id]
    place = sum(id_ < rule.id for id_ in near)
    return near[max(0, place - 3) : place + 3]


def _by_part(rules: Iterable[Rule], told: Callable[[Rule], list[Row]]) -> list[Row]:
    wanted = {rule.id for rule in rules}
    rows: list[Row] = []
    for heading, members in PARTS.items():
        if chosen := [rule for rule in members if rule.id in wanted]:
            rows += [*([Row([])] if rows else []), Row([Span(heading, Role.STRONG)])]
            rows += [row for rule in chosen for row in told(rule)]
    return rows


def _title(rule: Rule) -> Row:
    said = f"  {rule.basis}, for {rule.party}"
    return Row(
        [Span(rule.id, Role.STRONG), Span("  "), Span(rule.severity.value, ROLES[rule.severity]), Span(said, Role.QUIET)]
    )


def _undecided(rule: Rule, width: int) -> list[Row]:
    if rule.decidable:
        return []
    label = "" if rule.allows else "A recording does not decide it. "
    return wrapped(undecided_because(rule), width, label=label)


def _examples(rule: Rule, width: int) -> list[Row]:
    rows: list[Row] = []
    for heading, text in (("This breaks it", rule.breaks), ("This keeps it", rule.keeps)):
        if text.strip():
            rows += [*([Row([])] if rows else []), Row([Span(heading, Role.STRONG)]), *example_rows(text, width, rule.id)]
    return rows


def _written(rule: Rule) -> str:
    return "Specification: " if rule.url.startswith("https://asgi.readthedocs.io/") else "Written in "


def _entry(rule: Rule, text: str, width: int) -> list[Row]:
    """``  HTTP-S-002  error    http.response.start is sent once only. (app)``."""
    lead: Spans = [Span(" " * INDENT), *padded([Span(rule.id)], _column())]
    lead += padded([Span(rule.severity.value, ROLES[rule.severity])], SEVERITY)
    margin = INDENT + _column() + SEVERITY
    first, *more = wrapped(text, width - margin)
    return [Row([*lead, *first.spans]), *(Row([Span(" " * margin), *row.spans]) for row in more)]


def _below(text: str, width: int) -> list[Row]:
    margin = INDENT + _column()
    return [Row([Span(" " * margin), *row.spans]) for row in wrapped(text, width - margin, role=Role.QUIET)]


def _column() -> int:
    return max((len(id_) for id_ in RULES), default=0) + 2
