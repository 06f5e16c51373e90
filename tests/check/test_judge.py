"""The judge: the same findings however the events come, nothing raised on any of them, and the blame where it belongs."""

from __future__ import annotations

import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.check.judge import Judge
from asgiviz.check.register import LONGEST
from asgiviz.check.talk import Talks
from asgiviz.model.events import (
    EXIT,
    GAP,
    LOG,
    RECEIVE_BEGIN,
    SCOPE,
    SEND_BEGIN,
    SEND_END,
    SHARES,
    SITE,
    STALL,
    UNAWAITED,
    Event,
    Raw,
)
from asgiviz.model.finding import APP, SERVER, Finding, Severity
from asgiviz.probe.tap import how_it_ended
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.example import SCOPES, numbered
from asgiviz.store.raw_events import raw_of
from tests.model.malformed import EVENTS

LAYERS = ("uvicorn", "GZip", "Session", "main:app")
EXAMPLES = [numbered(text) for rule in RULES.values() for text in (rule.breaks, rule.keeps) if text]


def found(text: str, layers: tuple[str, ...] = ()) -> list[Finding]:
    """All findings of an example."""
    judge = Judge(layers)
    return judge.take(numbered(text)) + judge.finish()


def rules(findings: list[Finding]) -> list[str]:
    """Their rules, without the remarks."""
    return [each.rule for each in findings if each.severity is not Severity.INFO]


@given(st.lists(EVENTS, max_size=12))
def test_no_event_makes_the_judge_raise(events: list[Event]) -> None:
    """Damaged and hostile recordings are judged as far as they can be; a finding is always about a rule of the book."""
    judge = Judge()
    findings = judge.take((event.seq, raw_of(event, 0)) for event in events) + judge.finish()
    assert all(finding.rule in RULES for finding in findings)


#: A number that Python refuses to write out, and one that no float holds.
_LONG, _HUGE = 10**5_000, 10**400
_FRAME = {"file": "/srv/shop.py", "line": _LONG, "function": "buy"}
_TRACE = f'Traceback (most recent call last):\n  File "x", line {"9" * 5_000}, in f\n'
HARD: dict[str, tuple[int, Any]] = {
    "a stall of any time": (STALL, {"culprit": 1, "ms": _HUGE, "id": 1}),
    "a stall of any number": (STALL, {"culprit": 1, "ms": 200, "id": _LONG}),
    "shared with anybody": (SHARES, {"what": "state", "with": _LONG}),
    "never awaited": (UNAWAITED, {"what": _LONG, "stack": [_FRAME]}),
    "a line of code": (SITE, {"what": "send", "stack": [_FRAME]}),
    "a return value": (EXIT, {"outcome": "returned", "value": _LONG}),
    "an error": (EXIT, {"outcome": "raised", "error": {"type": _LONG, "text": _LONG, "traceback": _TRACE}}),
    "a count": (
        EXIT,
        {
            "outcome": "raised",
            "error": {"type": "builtins.TypeError", "text": f"f() takes {'9' * 5_000} positional arguments but 3 were given"},
        },
    ),
    "a status": (SEND_BEGIN, {"type": "http.response.start", "status": _LONG}),
    "a negative status": (SEND_BEGIN, {"type": "http.response.start", "status": -_LONG}),
    "a log's level": (LOG, {"logger": "x", "level": _LONG, "text": _LONG}),
    "a scheme": (SCOPE, {**SCOPES["websocket"], "scheme": _LONG, "extensions": {"tls": {}}}),
    "a close code": (SEND_BEGIN, {"type": "websocket.close", "code": _LONG}),
}


@pytest.mark.parametrize("case", HARD)
def test_numbers_that_nobody_can_write_out_are_judged(case: str) -> None:
    """Apps and hostile files can hold them; the judge goes on, and what it says of them is short."""
    kind, payload = HARD[case]
    for scope in (SCOPES["http"], SCOPES["websocket"]):
        judge = Judge()
        events = enumerate([_raw(SCOPE, 1, scope), _raw(kind, 1, payload), _raw(SEND_BEGIN, 1, {"type": "x"})], 1)
        findings = judge.take(events) + judge.finish()
        assert all(len(each.sentence) < 200 for each in findings)
        assert all(place.line < 10**9 for each in findings for place in each.code)


def test_a_sentence_is_short_whatever_it_tells_of() -> None:
    """A type or path of a megabyte is not repeated in full for everybody who reads the report."""
    judge = Judge()
    scope = {**SCOPES["http"], "type": "x" * 1_000_000}
    findings = judge.take([(1, _raw(SCOPE, 1, scope)), (2, _raw(EXIT, 1, {"outcome": "returned"}))])
    assert findings
    assert all(len(each.sentence) <= LONGEST + 1 for each in findings)


@given(st.data())
def test_findings_do_not_depend_on_how_the_events_are_cut(data: st.DataObject) -> None:
    """A live run is judged in small bites, a file at once."""
    events = data.draw(st.sampled_from(EXAMPLES))
    cuts = data.draw(st.lists(st.integers(0, len(events)), max_size=6).map(sorted))
    whole, pieces = Judge(), Judge()
    expected = whole.take(events) + whole.finish()
    got: list[Finding] = []
    for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        got += pieces.take(events[begin:end])
    assert got + pieces.finish() == expected


def test_a_wrong_message_seen_at_all_layers_is_one_finding_at_the_layer_that_made_it() -> None:
    """The innermost that sends it is to blame, whatever passes it on."""
    wrong = 'http.response.start, status="200"'
    text = f"""
        http
        L1 http
        L2 http
        L2 send {wrong} -> never
        L1 send {wrong} -> never
        send {wrong} -> TypeError
    """
    [finding] = found(text, LAYERS)
    assert (finding.rule, finding.who, finding.layer) == ("HTTP-S-004", APP, 2)
    [finding] = found("http\nL1 http\nL2 http\nL1 send " + wrong + " -> never\nsend " + wrong + " -> TypeError", LAYERS)
    assert (finding.who, finding.layer) == ("Session", 1)


def test_what_a_middleware_changes_for_the_worse_is_its_own_fault() -> None:
    """It is right further in, so who sends it further out has made it."""
    text = """
        http
        L1 http
        L1 send http.response.start, status=200
        send http.response.start, status=200, headers=[["vary", "accept"]] -> TypeError
    """
    assert {(each.rule, each.who) for each in found(text, LAYERS)} == {("HTTP-S-007", "GZip")}


def test_a_middleware_that_gives_wrong_messages_is_blamed_for_them() -> None:
    """Received at its inner side, right at its outer one."""
    text = """
        http
        L1 http
        receive http.request, body=b"x"
        L1 receive http.request, body="x"
    """
    assert [(each.rule, each.who) for each in found(text, LAYERS)] == [("HTTP-R-002", "GZip")]
    server = found('http\nL1 http\nreceive http.request, body="x"\nL1 receive http.request, body="x"', LAYERS)
    assert [(each.rule, each.who) for each in server] == [("HTTP-R-002", SERVER)]


def test_messages_of_their_own_are_legal_between_layers() -> None:
    """At the outermost tap they are not."""
    inner = "http\nL1 http\nL1 send http.timing, ms=5"
    assert rules(found(inner, LAYERS)) == []
    assert rules(found("http\nsend http.timing, ms=5 -> RuntimeError", LAYERS)) == ["CORE-014"]


def test_a_finding_says_what_would_have_been_legal() -> None:
    """By the tables, at that very place."""
    [finding] = found("http\nreceive http.request\nsend http.response.body -> RuntimeError\nraised RuntimeError")
    assert finding.rule == "HTTP-S-021"
    assert "http.response.start" in finding.legal
    assert "http.response.body" not in finding.legal


def test_the_line_of_code_of_a_call_stands_in_its_finding() -> None:
    """Recorded closely, each call says where it was made."""
    place = {"file": "/srv/shop.py", "line": 12, "function": "app"}
    judge = Judge()
    raws: list[Raw] = [
        (1, SCOPE, 1, 0, None, SCOPES["http"]),
        (2, SITE, 1, 0, 1, {"what": "send", "stack": [place]}),
        (3, SEND_BEGIN, 1, 0, 1, {"type": "http.response.body"}),
    ]
    [finding] = judge.take(enumerate(raws, 1))
    assert finding.code == (("/srv/shop.py", 12, "app"),)


def test_the_line_of_code_of_a_group_of_exceptions_is_that_of_its_last() -> None:
    """What a task group lets out is the group; the mistake was made in one of its tasks."""

    def buy() -> None:
        raise LookupError("sold out")

    def serve() -> None:
        try:
            buy()
        except LookupError as error:
            raise ExceptionGroup("unhandled errors in a TaskGroup", [error]) from None

    with pytest.raises(ExceptionGroup) as caught:
        serve()
    error = how_it_ended(caught.value)["error"]
    [finding] = Judge().take(
        enumerate([_raw(SCOPE, 1, SCOPES["http"]), _raw(EXIT, 1, {"outcome": "raised", "error": error})], 1)
    )
    assert [place.function for place in finding.code] == ["buy", "serve"]


def test_pythons_warning_tells_of_a_call_of_a_frameworks_own_send() -> None:
    """The tap is never called then, and the warning is all there is; beside the tap's own event it says nothing new."""
    text = "coroutine 'ErrorMiddleware.__call__.<locals>._send' was never awaited"
    warning: Raw = (0, LOG, 1, None, None, {"level": "WARNING", "logger": "warnings", "text": f"RuntimeWarning: {text}"})
    judge = Judge()
    [finding] = judge.take([*numbered("http\nreceive http.request"), (9, warning)])
    assert (finding.rule, finding.who, finding.legal) == ("CORE-035", APP, ("await send(…)",))
    again = Judge()
    assert len(again.take([*numbered("http\nunawaited send http.response.body"), (9, warning)])) == 1
    other: Raw = (0, LOG, 1, None, None, {"logger": "warnings", "text": "coroutine 'send_mail' was never awaited"})
    assert Judge().take([*numbered("http"), (9, other)]) == []


def test_a_stall_that_lasts_is_one_finding() -> None:
    """It is recorded again and again while it lasts, each time with the same number."""
    events = numbered("http\nreceive http.request")
    stalls = [
        (seq, (0, STALL, None, None, None, {"id": 7, "ms": 1000.0 * seq, "culprit": 1, "ongoing": True})) for seq in (8, 9)
    ]
    assert [each.rule for each in Judge().take([*events, *stalls])] == ["CORE-036"]
    short: Raw = (0, STALL, None, None, None, {"id": 8, "ms": 99.0, "culprit": 1})
    assert Judge().take([*events, (8, short)]) == []


def test_events_that_are_missing_make_no_findings() -> None:
    """Behind a gap nobody knows what was sent, so order and end of what is open are not judged; what is wrong in itself is."""
    events = numbered("http\nreceive http.request\nsend http.response.body, body=5 -> never\nreturned")
    gap: Raw = (0, GAP, None, None, None, {"dropped": 3})
    judge = Judge()
    assert [each.rule for each in judge.take([events[0], (99, gap), *events[1:]])] == ["HTTP-S-022"]
    over, ended = Judge(), numbered("http\nraised ValueError\nreceive http.request")
    assert rules(over.take([*ended[:2], (99, gap), *ended[2:]])) == rules(Judge().take(ended[:2]))
    scopeless = Judge()
    assert scopeless.take(events[1:]) + scopeless.finish() == []


def test_one_mistake_a_thousand_times_is_told_a_few_times() -> None:
    """The rest of them say the same again."""
    again = "send http.response.body -> RuntimeError\n" * 1000
    findings = found(f"http\nsend http.response.start, status=200\nsend http.response.body\n{again}")
    assert rules(findings) == ["HTTP-S-024"] * 20
    late = "http\ncancelled\n" + "receive http.disconnect\n" * 3  # and of some one is enough
    assert [each.rule for each in found(late)].count("CORE-034") == 1


def test_what_send_raised_for_was_not_sent() -> None:
    """Its bytes do not count, and a response whose last piece was refused is not complete."""
    text = """
        http
        receive http.request
        send http.response.start, status=200, headers=[[b"content-length", b"2"]]
        send http.response.body, body=b"ok", more_body=True -> ValueError
        send http.response.body, body=b"ok"
        returned
    """
    assert rules(found(text)) == []
    undone = "http\nreceive http.request\nsend http.response.start, status=200\nsend http.response.body -> ValueError\nreturned"
    assert rules(found(undone)) == ["HTTP-S-020"]


def test_the_judge_forgets_what_is_over() -> None:
    """A million connections do not stay in memory; a call behind the end is noticed for the latest of them."""
    judge = Judge()
    count = Talks.ENDED + 500
    for conn in range(1, count + 1):
        judge.take([(conn, _raw(SCOPE, conn, SCOPES["http"])), (conn, _raw(EXIT, conn, {"outcome": "cancelled"}))])
    held = judge.talks
    assert (len(held.open), len(held.ended)) == (0, Talks.ENDED)
    [late] = judge.take([(1, _raw(RECEIVE_BEGIN, count, None))])
    assert (late.rule, late.who) == ("CORE-034", APP)


def test_many_messages_that_differ_are_not_all_remembered() -> None:
    """An app that never says the same twice must not fill the memory."""
    judge = Judge()
    judge.take([(1, _raw(SCOPE, 1, SCOPES["websocket"]))])
    for number in range(10_000):
        payload = marshal.dumps({"type": "websocket.send", "text": str(number)}, 2)
        judge.take([(2, (0, SEND_BEGIN, 1, 0, number, payload)), (3, (0, SEND_END, 1, 0, number, None))])
    assert len(judge._messages._known) <= 4_096


def _raw(kind: int, conn: int, payload: Any) -> Raw:
    return (0, kind, conn, 0, 1, payload)
