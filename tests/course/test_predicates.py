"""Each predicate passes one recording and fails another, with what it saw; verdicts follow the facts, not the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.expression import condition
from asgiviz.course.judging import Case, Finding
from asgiviz.course.lesson import Check
from asgiviz.course.predicates import PREDICATES, faults, is_logical, judge
from asgiviz.course.run_record import RunRecord
from asgiviz.model.events import Ev, Event
from tests.course.recordings import Recording, in_a_row, scaled, together


def check(expect: str, is_: str | None = None, **keys: Any) -> Check:
    """A check as a lesson has it."""
    return Check("c", "graded", expect, "", (), holds=None if is_ is None else condition(is_), keys=keys)


def judged(asked: Check, record: RunRecord, **records: RunRecord) -> Finding:
    """What the check finds in the record."""
    return judge(Case(asked, record, {"cores": 2}, records))


def noted(*names: str) -> Recording:
    """One request that makes these notes, a tenth of a second apart."""
    run = Recording(clients=1)
    conn = run.request(1, 0, 1)
    for place, name in enumerate(names):
        run.note(name, place / 10 + 0.1, conn, thread=f"worker-{place % 2}")
    return run


def spanned(*times: tuple[float, float]) -> Recording:
    """One request that marks these spans."""
    run = Recording()
    conn = run.request(1, 0, 2)
    for began, ended in times:
        run.span("query", began, ended, conn)
    return run


def answered(status: int = 200, body: bytes = b"row 1", length: int | None = None) -> Recording:
    """One request with this answer, which says that it has this length."""
    run = Recording()
    run.asks(1)
    conn = run.begin(0, 1)
    said = {} if length is None else {"content_length": str(length)}
    run.receive(conn, 0).start(conn, 1, status, content_type="text/plain", **said)
    run.body(conn, 1, body).exit(conn, 1).gets(1, 1, body, status)
    return run


def unfinished() -> Recording:
    """One request whose body is never completed."""
    run = Recording()
    conn = run.begin(0, 1)
    run.receive(conn, 0).start(conn, 0.1).body(conn, 0.2, b"part", more=True).exit(conn, 0.3)
    return run


def raising() -> Recording:
    """One request that raises."""
    run = Recording()
    conn = run.begin(0, 1)
    trace = 'Traceback…\n  File "/x/app.py", line 5, in app\n    raise ValueError("no")\n'
    run.exit(conn, 0.3, "raised", type="builtins.ValueError", text="no", traceback=trace)
    return run


def closed(code: int) -> Recording:
    """A WebSocket that the app closed with this code."""
    run = Recording()
    run.asks(1)
    conn = run.begin(0, 1, kind="websocket")
    run.receive(conn, 0, "websocket.connect").send(conn, 0.1, "websocket.accept")
    run.send(conn, 0.2, "websocket.close", code=code).exit(conn, 0.2)
    run.client(1, "closed", 0.3, code=code, by="server")
    return run


def left(ended: float) -> Recording:
    """A stream whose client leaves at 0.5 s; the app goes on until `ended`, and its last send waits for 0.3 s."""
    run = Recording()
    run.asks(1)
    conn = run.begin(0, 1)
    run.receive(conn, 0).start(conn, 0.1)
    for tick in range(3):
        run.body(conn, 0.2 * tick + 0.1, b"tick", more=True)
    run.receive(conn, 0.5, "http.disconnect").client(1, "closed", 0.5, by="client")
    run.send(conn, 0.55, "http.response.body", waited=0.3, body=b"", more_body=False).exit(conn, ended)
    return run


@dataclass
class Trial:
    """A check, a recording that passes, one that fails, and what is seen in that."""

    expect: str
    is_: str | None
    good: Callable[[], Recording]
    bad: Callable[[], Recording]
    saw: str
    keys: dict[str, Any] = field(default_factory=dict)


TRIALS = [
    Trial("count", "== 3", lambda: noted("a", "a", "a"), lambda: noted("a", "b"), "1", {"where": {"ev": "note", "type": "a"}}),
    Trial(
        "count", "== 1", lambda: together(2), raising, "0 of conn 1",
        {"where": {"ev": "send", "status": 200}, "per": "conn"},
    ),
    Trial("note", None, lambda: noted("paid"), lambda: noted("asked"), "0", {"name": "paid"}),
    Trial("never", None, lambda: noted("a"), lambda: noted("a", "leak"), "1, the first of client 1", {"where": "note:leak"}),
    Trial(
        "order", None, together, unfinished, "conn 1: no client after exit",
        {"sequence": ["receive:http.request", "send:http.response.start", "exit", {"ev": "client"}]},
    ),
    Trial("order", None, lambda: noted("a", "b"), lambda: noted("b", "a"), "no note b after note a",
          {"sequence": ["note:a", "note:b"], "per": "run"}),
    Trial("before", None, lambda: noted("a", "b"), lambda: noted("b", "a"), "it came after it",
          {"where": "note:a", "other": "note:b"}),
    Trial("before", None, lambda: noted("a", "b"), lambda: noted("a", "b", "a"), "it came after it",
          {"where": "note:a", "other": "note:b", "which": "all"}),
    Trial("after", None, lambda: noted("a", "b"), lambda: noted("b", "a"), "it came before it",
          {"where": "note:b", "other": "note:a", "per": "conn"}),
    Trial("gap", "<= 0.1", lambda: noted("t", "t", "t"), lambda: noted("t", "x", "t"), "0.20 s of client 1",
          {"where": "note:t"}),
    Trial("overlap", ">= clients", together, in_a_row, "1"),
    Trial("span_overlap", ">= 2", lambda: spanned((0, 1), (0.5, 1.5)), lambda: spanned((0, 1), (1, 2)), "1", {"name": "query"}),
    Trial("makespan", "<= 1.5", together, in_a_row, "3.00 s"),
    Trial("duration", "<= 0.5", lambda: together(2, 0.4), lambda: together(2, 0.7), "0.70 s of client 1, and 1 more"),
    Trial("duration", ">= 1", lambda: spanned((0, 1)), lambda: spanned((0, 1), (1, 1.5)), "0.50 s of client 1",
          {"name": "query"}),
    Trial("lag", "<= 0.25", together, lambda: together().stall(1.0, 980, 1), "0.98 s"),
    Trial("threads", "== 1", lambda: noted("a"), lambda: noted("a", "a"), "2", {"name": "a"}),
    Trial("metric", "== 0", lambda: answered(500), together, "3", {"metric": "served"}),
    Trial("knob", "<= 6", lambda: together(2), lambda: together(8), "clients = 8", {"name": "clients"}),
    Trial("clients", None, answered, lambda: answered(body=b"row 2"), '0 of 1 clients; client 1: "row 2" instead of "row 1"',
          {"status": 200, "body": "row {client}"}),
    Trial("clients", ">= 1", answered, lambda: answered(500), "0 of 1 clients; client 1: status 500", {"status": [200, 201]}),
    Trial("header", None, answered, together, "client 1: no content-type", {"name": "Content-Type", "matches": "^text/"}),
    Trial("body_bytes", "== 5", answered, lambda: answered(body=b"four"), "client 1: 4 bytes"),
    Trial("content_length_ok", None, together, lambda: answered(length=9), 'client 1: 5 bytes, it said "9"'),
    Trial("legal", None, together, unfinished, "conn 1: The app ended before its body was complete"),
    Trial("raises", None, raising, together, "0", {"type": "ValueError", "at": "app.py"}),
    Trial("raises", "== 0", together, raising, "1; conn 1 raised ValueError: no"),
    Trial("closed_with", None, lambda: closed(4001), lambda: closed(1000), "client 1: the client saw 1000", {"client": 4001}),
    Trial("send_waits", ">= 0.2", lambda: left(0.9), together, "0 s at most, of client"),
    Trial("ended_within", "<= 0.45", lambda: left(0.9), lambda: left(1.5), "1.00 s after it, of client 1",
          {"where": "receive:http.disconnect"}),
]  # fmt: skip
IDS = [f"{trial.expect}-{place}" for place, trial in enumerate(TRIALS)]


@pytest.mark.parametrize("trial", TRIALS, ids=IDS)
def test_a_predicate_passes_one_recording_and_fails_another(trial: Trial) -> None:
    """It says what it saw and what was wanted, and points to events of the recording."""
    asked = check(trial.expect, trial.is_, **trial.keys)
    assert faults(asked) == []
    good, bad = judged(asked, trial.good().record()), judged(asked, trial.bad().record())
    assert good.passed, good
    assert not bad.passed
    assert bad.saw.startswith(trial.saw), bad.saw
    assert bad.wanted
    known = {event.seq for event in trial.bad().events()}
    assert set(bad.seqs) <= known


def test_every_predicate_is_tried() -> None:
    """No word of the vocabulary is without a recording that passes it and one that fails it."""
    assert {trial.expect for trial in TRIALS} == PREDICATES.keys()


@pytest.mark.parametrize("trial", TRIALS, ids=IDS)
def test_nothing_passes_when_nothing_happened(trial: Trial) -> None:
    """When no request arrived, or no server was there, no check passes, and it says that there was nothing to judge."""
    asked = check(trial.expect, trial.is_, **trial.keys)
    for record in (Recording().record(), RunRecord()):
        found = judged(asked, record)
        assert not found.passed
        assert "nothing to judge" in found.saw or trial.expect == "knob"


@pytest.mark.parametrize("trial", [each for each in TRIALS if is_logical(check(each.expect, **each.keys))],
                         ids=lambda trial: trial.expect)  # fmt: skip
@settings(max_examples=5)
@given(factor=st.floats(0.01, 50))
def test_a_logical_verdict_is_the_same_on_a_slow_machine(trial: Trial, factor: float) -> None:
    """All times of a recording may be stretched or shrunk; what a logical check says stays."""
    asked = check(trial.expect, trial.is_, **trial.keys)
    for run in (trial.good(), trial.bad()):
        before, after = judged(asked, run.record()), judged(asked, RunRecord(scaled(run.events(), factor)))
        assert (before.passed, before.saw, before.seqs) == (after.passed, after.saw, after.seqs)


UNRELATED: st.SearchStrategy[tuple[str, int | None, dict[str, Any]]] = st.sampled_from(
    [
        (Ev.LOG, None, {"text": "a print"}),
        (Ev.LOG, 1, {"text": "a print"}),
        (Ev.POOL, None, {"name": "executor"}),
        (Ev.SERVER, None, {"what": "started"}),
        (Ev.CLIENT, None, {"client": "browser", "what": "sent"}),
        ("from.the.future", None, {}),
        (Ev.SCOPE, 77_000, {"scope": {"type": "http", "path": "/"}}),
    ]
)


@pytest.mark.parametrize("trial", TRIALS, ids=IDS)
@settings(max_examples=5)
@given(data=st.data())
def test_what_has_nothing_to_do_with_a_check_does_not_change_it(trial: Trial, data: st.DataObject) -> None:
    """Logs, pools, other people's clients and connections of no side, anywhere in a recording, change no verdict."""
    asked = check(trial.expect, trial.is_, **trial.keys)
    for run in (trial.good(), trial.bad()):
        events = run.events()
        for place, (ev, conn, fields) in data.draw(st.lists(st.tuples(st.integers(0, len(events)), UNRELATED), max_size=5)):
            t = events[min(place, len(events) - 1)].t
            events.insert(place, Event(0, t, ev, conn, None if conn is None else 0, None, fields))
        mixed = [event._replace(seq=seq) for seq, event in enumerate(events, 1)]
        before, after = judged(asked, run.record()), judged(asked, RunRecord(mixed))
        assert (before.passed, before.saw, before.conns) == (after.passed, after.saw, after.conns)


def test_a_ratio_sets_a_run_against_another() -> None:
    """Three times as long as the other run is 3, on any machine; a run that was not made gives nothing to compare."""
    asked = check("makespan", "<= 1.5", ratio_to="together.makespan")
    for factor in (1.0, 7.0):
        others = {"together": RunRecord(scaled(together().events(), factor))}
        found = judged(asked, RunRecord(scaled(in_a_row().events(), factor)), **others)
        assert not found.passed
        assert found.saw.startswith("3.00 times together.makespan")
        assert found.wanted == "<= 1.5"
    assert "was not made" in judged(asked, in_a_row().record()).saw


def test_an_overlap_that_fails_tells_who_was_open_when_and_which_line_held_the_loop() -> None:
    """The evidence is the line that the lesson shows."""
    found = judged(check("overlap", ">= clients"), in_a_row(2).stall(1.0, 1000, 1).record())
    assert found.wanted == ">= 2 (clients)"
    assert found.conns == (1, 2)
    assert found.evidence == "client 1 open 0.00-1.00, client 2 open 1.00-2.00  held at app.py:7 time.sleep(1)"


def test_the_line_that_held_the_loop_is_the_learners_when_it_is_known() -> None:
    """Where a driver blocks that the app calls, the line of the app is told, not the driver's."""
    run = Recording()
    run.side("asgi", "asgi", 1, app="exercise/app.py:app")
    run.request(1, 0, 1)
    stack = [
        {"file": "/x/legacy.py", "line": 17, "function": "query", "code": "time.sleep(1)"},
        {"file": "/y/app.py", "line": 7, "function": "app", "code": "row = legacy.query()"},
    ]
    run.tell(1, Ev.STALL, id=1, ms=1000, culprit=1, stack=stack, user_frame=0)
    assert judged(check("lag", "<= 0.25"), run.record()).evidence.endswith("until 1.00 at app.py:7 row = legacy.query()")


def test_a_wrong_answer_is_explained_by_what_the_app_did() -> None:
    """Who got a 500 is told what the app raised, or which rule it broke."""
    run = Recording()
    run.asks(1).gets(1, 1, b"", 500)
    conn = run.begin(0, 1)
    run.exit(conn, 1)
    found = judged(check("clients", status=200), run.record())
    assert found.evidence == "client 1: The app ended without a response; the client gets an error, or nothing."
    run = Recording()
    run.asks(1).gets(1, 1, b"", 500)
    run.exit(run.begin(0, 1), 1, "raised", type="builtins.KeyError", text="'x'", traceback='  File "/x/app.py", line 5, in app')
    found = judged(check("clients", status=200), run.record())
    assert found.evidence == "client 1: the app raised KeyError: 'x', File \"/x/app.py\", line 5, in app"


def test_a_span_is_counted_once() -> None:
    """The beginning and the end of a span are one thing that happened, unless somebody asks for the phase."""
    record = spanned((0, 1), (0.5, 1.5)).record()
    assert judged(check("count", "== 2", where={"ev": "note", "name": "query"}), record).passed
    assert judged(check("count", "== 2", where={"ev": "note", "name": "query", "phase": "end"}), record).passed


def test_a_stall_that_is_told_while_it_lasts_is_one() -> None:
    """Only the last word on a stall is an event that a check counts."""
    run = together(1)
    run.stall(0.5, 400, 1, ongoing=True).stall(0.9, 800, 1)
    assert judged(check("count", "== 1", where="stall"), run.record()).passed


def test_a_warm_up_request_is_judged_by_nobody() -> None:
    """What the laboratory asked before the run breaks no check of the learner's."""
    run = together(2)
    warm = run.begin(-0.5, 9)
    run.exit(warm, -0.4, "raised", type="ValueError", text="")
    run.note("leak", -0.45, warm)
    record = run.record()
    assert judged(check("raises", "== 0"), record).passed
    assert judged(check("never", where="note:leak"), record).passed
    assert judged(check("legal"), record).passed


def test_a_check_on_the_lifespan_looks_at_the_lifespan() -> None:
    """A start-up is judged without any request, and is missed when the server never asked for it."""
    asked = check("order", where={"kind": "lifespan"}, sequence=["receive:lifespan.startup", "send:lifespan.startup.complete"])
    run = Recording()
    assert "lifespan" in judged(asked, run.record()).saw
    run.lifespan()
    assert judged(asked, run.record()).passed


def test_two_sides_must_be_told_apart() -> None:
    """A check on a run with two sides names one; without, it is the lesson that is at fault, and the check is not passed."""
    run = in_a_row(2, interface="wsgi").side("asgi", "asgi", 1001)
    run.request(1, 0, 1)
    assert judged(check("overlap", "== 1", side="asgi"), run.record()).passed
    found = judged(check("overlap", "== 1"), run.record())
    assert not found.passed
    assert "must say which" in found.saw


def test_an_answer_of_a_hostile_app_stays_on_its_line() -> None:
    """Control characters of the app's answer are written out in what was seen."""
    found = judged(check("clients", body="ok"), answered(body=b"\x1b[2J\nevil\x00").record())
    assert "\\x1b[2J\\nevil\\x00" in found.saw
    assert found.saw.isprintable()


FAULTS = [
    (check("overlapp"), "there is no predicate 'overlapp'"),
    (check("overlap"), "overlap needs a condition"),
    (check("legal", ">= 1"), "legal takes no 'is'"),
    (check("count", "== 1"), "count needs 'where'"),
    (check("count", "== 1", where={"event": "note"}), "'event' is no key of a selector"),
    (check("count", "== 1", where={"ev": "notes"}), "'notes' is no event"),
    (check("count", "== 1", where={"status": "200"}), "status must be int"),
    (check("legal", where={"status": 200}), "'where' chooses connections here"),
    (check("order", sequence=[]), "sequence must be a list"),
    (check("metric", "== 1", metric="speed"), "there is no metric 'speed'"),
    (check("makespan", "== 1", ratio_to="speed"), "'ratio_to' must be"),
    (check("header", name="x", matches="("), "no regular expression"),
    (check("clients", status=True), "'status' must be int"),
    (check("closed_with"), "closed_with needs 'client' or 'app'"),
    (check("note", name="x", per="client"), "'per' must be run or conn"),
    (check("lag", "<= 1", eval="x"), "lag does not know 'eval'"),
]


@pytest.mark.parametrize(("asked", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_a_check_that_is_written_wrong_says_how(asked: Check, said: str) -> None:
    """Each mistake is a sentence before anything runs, and such a check never passes."""
    assert any(said in each for each in faults(asked)), faults(asked)
    found = judged(asked, together().record())
    assert not found.passed
    assert "written wrong" in found.saw
