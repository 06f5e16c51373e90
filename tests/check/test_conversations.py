"""Whoever keeps the rules is left alone, and whoever breaks one is named, whatever the conversation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.check.judge import Judge
from asgiviz.model.finding import Finding, Severity
from tests.check.conversations import conversations
from tests.check.mistakes import Mistake, mistakes
from tests.check.recorded import Conversation, events

MIDDLEWARE = ("server", "Middleware", "app")


def judged(conversation: Conversation, packed: bool = False, taps: int = 1) -> list[Finding]:
    """All findings but mere remarks."""
    judge = Judge(MIDDLEWARE if taps == 2 else ())
    found = [*judge.take(events(conversation, packed, taps)), *judge.finish()]
    return [finding for finding in found if finding.severity is not Severity.INFO]


@st.composite
def wrong_conversations(draw: st.DrawFn) -> list[Mistake]:
    """A conversation in some of the many ways to get it wrong, each by one mistake of somebody known."""
    ways = list(mistakes(draw(conversations())))
    return draw(st.lists(st.sampled_from(ways), min_size=1, max_size=10, unique_by=id))


@given(conversations(), st.booleans(), st.sampled_from([1, 2]))
def test_a_conversation_that_keeps_the_rules_has_no_finding(conversation: Conversation, packed: bool, taps: int) -> None:
    """Whatever optional keys, extensions, versions and ends there are, and however it was recorded."""
    assert judged(conversation, packed, taps) == []


@given(wrong_conversations())
def test_a_single_mistake_is_found_where_it_was_made_and_by_whom(wrong: list[Mistake]) -> None:
    """What is sent is the app's mistake, what is received the server's; up to there the other one made none."""
    for mistake in wrong:
        found = judged(mistake.conversation)
        assert mistake.who in {finding.who for finding in found if finding.at in mistake.seen_at}, mistake
        errors = [finding for finding in found if finding.severity is Severity.ERROR and finding.at <= max(mistake.seen_at)]
        assert {finding.who for finding in errors} <= {mistake.who}, mistake


@given(wrong_conversations())
def test_middleware_that_hands_everything_on_changes_no_finding(wrong: list[Mistake]) -> None:
    """A mistake that is seen at two layers is told once, of the one who made it; the layer between is not blamed."""
    for mistake in wrong:
        if mistake.foreign:  # a type of no protocol may be the layers' own
            continue
        alone, within = (
            sorted((finding.rule, finding.who) for finding in judged(mistake.conversation, taps=taps)) for taps in (1, 2)
        )
        assert alone == within, mistake
