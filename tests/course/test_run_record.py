"""The record of a run takes whatever a recording may hold, and believes only the laboratory about the run itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.metrics import measure_all
from asgiviz.course.run_record import RunRecord
from asgiviz.model.events import Ev, Event
from tests.course.recordings import Recording, in_a_row, together
from tests.course.test_predicates import TRIALS, check, judged

JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 70) | st.floats() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "conn", "$bytes"]), inner),
    max_leaves=4,
)
KEYS = st.sampled_from([
    "scope", "message", "name", "data", "span", "phase", "thread", "client", "what", "local", "status", "bytes", "ending",
    "headers", "body", "path", "trouble", "id", "ms", "stack", "user_frame", "culprit", "victims", "side", "task", "at",
    "environ", "outcome", "error", "code", "raised",
])  # fmt: skip
WORDS = st.sampled_from(["asgiviz.side", "asgiviz.go", "asgi/1", "begin", "end", "connected", "received", "closed", "raised"])
STRANGE = st.tuples(
    st.sampled_from([ev.value for ev in Ev]), st.none() | st.integers(0, 4), st.dictionaries(KEYS, JUNK | WORDS, max_size=5)
)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 30), STRANGE), max_size=4), st.sampled_from(TRIALS))
def test_nothing_that_a_recording_holds_makes_judging_fail(strange: list[tuple[int, tuple[Any, ...]]], trial: Any) -> None:
    """Fields of the wrong kind, anywhere, count as absent: a run is measured and judged all the same."""
    events = in_a_row(2).events()
    for place, (ev, conn, fields) in strange:
        t = events[min(place, len(events) - 1)].t
        events.insert(place, Event(0, t, ev, conn, None if conn is None else 0, None, fields))
    record = RunRecord(event._replace(seq=seq) for seq, event in enumerate(events, 1))
    measure_all(record)
    found = judged(check(trial.expect, trial.is_, **trial.keys), record)
    f"{found.saw} {found.evidence}".encode()


def test_an_app_cannot_speak_for_the_laboratory() -> None:
    """A note of the app by the name of the laboratory's is a note like any other."""
    run = together(2)
    run.note("asgiviz.go", 0.5, thread="MainThread", clients=1)
    run.note("asgiviz.side", 0.5, 1, thread="MainThread", id="mine", first=1)
    record = run.record()
    assert list(record.sides) == ["asgi"]
    assert record.knobs == {"clients": 2}
    assert len(record.sides["asgi"].marks) == 2


def test_a_stall_of_nobody_is_placed_by_who_waited() -> None:
    """Of two loops, the one whose connections waited was held."""
    run = Recording().side("other", "asgi", 1001)
    run.request(1, 0, 1)
    run.stall(0.5, 400, None, victims=[{"conn": 1001, "ms": 400}])
    sides = run.record().sides
    assert [len(side.stalls) for side in sides.values()] == [0, 1]


def test_what_lasts_is_known_while_it_lasts() -> None:
    """A span, a step and a call that have not ended have no end, and get theirs when it comes."""
    run = Recording()
    conn = run.begin(0, 1)
    run.step(conn, 0, 0.4).span("query", 0.1, 0.3, conn, rows=2).exit(conn, 0.5)
    record = RunRecord()
    events = run.events()
    for event in events[:-3]:
        record.add(event)
    side = record.sides["asgi"]
    call, mark = side.requests[0], side.marks[0]
    assert (call.ended, call.steps[0].ended, mark.ended, mark.span) == (None, None, None, 1)
    for event in events[-3:]:
        record.add(event)
    assert [record.since_zero(t or 0) for t in (mark.ended, call.steps[0].ended, call.ended)] == [0.3, 0.4, 0.5]
    assert mark.data == {"rows": 2}
