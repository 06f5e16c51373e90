"""The book's examples are its tests: each rule finds what breaks it, in that and nothing else, and lets be what keeps it."""

from __future__ import annotations

import pytest

from asgiviz.check.judge import Judge
from asgiviz.model.finding import APP, SERVER, Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.example import numbered
from asgiviz.protocol.rules.rule import Party, Rule

#: A rule that can only be broken beside another one: a server that lets a mistake of the app's pass.
COMPANIONS = {"CORE-022": {"HTTP-S-022"}}
BREAKS = [pytest.param(rule, id=rule.id) for rule in RULES.values() if rule.decidable]
KEEPS = [pytest.param(rule, id=rule.id) for rule in RULES.values() if rule.keeps]


def judged(text: str) -> list[Finding]:
    """All findings of an example."""
    judge = Judge()
    return judge.take(numbered(text)) + judge.finish()


@pytest.mark.parametrize("rule", BREAKS)
def test_what_breaks_a_rule_gives_its_finding_and_no_other(rule: Rule) -> None:
    """At least one finding, all serious ones of this rule, and the blame on who must obey it."""
    found = judged(rule.breaks)
    own = [finding for finding in found if finding.rule == rule.id]
    assert own
    others = {finding.rule for finding in found if finding.severity is not Severity.INFO} - {rule.id}
    assert others <= COMPANIONS.get(rule.id, set())
    for finding in own:
        if rule.party in (Party.APP, Party.SERVER):
            assert finding.who == (APP if rule.party is Party.APP else SERVER)
        assert finding.sentence.endswith((".", "!"))
        assert len(finding.sentence) < 250


@pytest.mark.parametrize("rule", KEEPS)
def test_what_keeps_a_rule_gives_no_finding(rule: Rule) -> None:
    """Neither this rule nor a serious finding of any other."""
    assert [found for found in judged(rule.keeps) if found.rule == rule.id or found.severity is not Severity.INFO] == []


def test_a_rule_that_no_recording_decides_says_what_would_be_needed() -> None:
    """Such rules never appear in a finding, so they have no example that breaks them."""
    undecidable = [rule for rule in RULES.values() if rule.needs]
    assert len(undecidable) > 10
    assert not [rule.id for rule in undecidable if rule.breaks or not rule.needs.endswith(".")]
    assert all(rule.keeps for rule in RULES.values() if rule.allows)
