"""The findings of a check as JUnit: a case for each rule that could be decided, so that the same cases come back every time.

A rule that somebody broke so that the check fails has failed; one that was only remarked on has passed and prints it. What
could not be tried is a case of its own, which is skipped then.
"""

from __future__ import annotations

from asgiviz.export.findings import Checked, Shown, subject_of
from asgiviz.junit import Case, Result, junit_xml
from asgiviz.model.finding import Finding
from asgiviz.protocol.rules.book import PARTS
from asgiviz.protocol.rules.rule import Rule
from asgiviz.views.finding_words import blamed, connection_names, counts, groups_of, legal_words
from asgiviz.views.text import safe


def render(checked: Checked, shown: Shown) -> str:
    """The report."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in shown.new:
        by_rule.setdefault(finding.rule, []).append(finding)
    cases = [
        _case(part, rule, by_rule.get(rule.id, []), checked, shown)
        for part, rules in PARTS.items()
        for rule in rules
        if rule.decidable and rule.id in shown.choice.rules
    ]
    return junit_xml(f"asgiviz check {safe(subject_of(checked))}", [*cases, _tried(checked)])


def _tried(checked: Checked) -> Case:
    """Whether the check could do all that it meant to do."""
    said = [safe(sentence) for sentence in checked.trouble]
    result, message = (Result.SKIPPED, said[0]) if said else (None, "")
    return Case("asgiviz.The check itself", "Everything could be tried.", result, message, "\n".join(said))


def _case(part: str, rule: Rule, findings: list[Finding], checked: Checked, shown: Shown) -> Case:
    suite, name = f"asgiviz.{part}", f"{rule.id} {rule.line}"
    text = _told(findings, checked, shown)
    fatal = [finding for finding in findings if shown.choice.fails(finding)]
    if not fatal:
        return Case(suite, name, text=text)
    message = fatal[0].sentence if len(findings) == 1 else f"{counts(findings)}; the first: {fatal[0].sentence}"
    return Case(suite, name, Result.FAILURE, safe(message), text)


def _told(findings: list[Finding], checked: Checked, shown: Shown) -> str:
    lines: list[str] = []
    for group in groups_of(findings, shown.root):
        for alike in group.alike:
            where = [connection_names(alike, checked.connections), str(alike.place or "")]
            lines += [f"{blamed(group.who)}: {safe(alike.first.sentence)}", *(f"  {text}" for text in where if text)]
            lines += [f"  legal: {legal_words(alike.first.legal)}"] if alike.first.legal else []
    return "\n".join(lines)
