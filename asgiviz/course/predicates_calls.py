"""Checks on single calls of the app: whether they kept the law, what they raised, how they ended and what they waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiviz.check.judge import Judge
from asgiviz.course.judging import (
    MOST,
    Case,
    Finding,
    JudgingError,
    NothingError,
    beginnings,
    cleaned,
    pointed,
    quantity,
    quoted,
    whose,
)
from asgiviz.course.run_record import ConnRecord
from asgiviz.model.events import Ev, Event
from asgiviz.model.finding import APP, Severity
from asgiviz.protocol.machines import Machine
from asgiviz.protocol.standing import AUTOMATA
from asgiviz.store.raw_events import raw_of


def legal(case: Case) -> Finding:
    """Each connection kept the rules of ASGI (no finding of severity error that is the app's), and came to its end."""
    if case.side.interface == "wsgi":
        raise JudgingError("legal judges the messages of ASGI; a WSGI app has none")
    calls = case.calls()
    wrong = [(call, *found) for call in calls if (found := first_fault(call)) is not None]
    wanted = "legal messages from the first to the last"
    if not wrong:
        return Finding(True, f"on each of {len(calls)} connections", wanted, *beginnings(calls))
    call, _, said = wrong[0]
    more = f", and {len(wrong) - 1} more connections" if len(wrong) > 1 else ""
    evidence = "; ".join(f"{case.who(call)}: {said}" for call, _, said in wrong[:3]) + (" …" if len(wrong) > 3 else "")
    seqs, conns = tuple(seq for _, seq, _ in wrong)[:MOST], tuple(call.conn for call, _, _ in wrong)[:MOST]
    return Finding(False, f"{case.who(call)}: {said}{more}", wanted, seqs, conns, evidence)


def raises(case: Case) -> Finding:
    """How many calls ended with an exception: of this `type`, with this `text` in it, out of the file `at`."""
    calls = case.calls()
    raised = [call for call in calls if call.outcome == "raised" and _is_it(case, call.error or {})]
    asked = [str(case.key(key)) for key in ("type", "text", "at") if case.key(key) is not None]
    wanted = f"{case.wanted() or '>= 1'} calls that raise {' '.join(asked)}".rstrip()
    others = [call for call in calls if call.outcome == "raised"]
    first = next(iter(raised or others), None)
    saw = f"{len(raised)}" + ("" if first is None else f"; {case.who(first)} raised {exception(first)}")
    seqs = tuple(call.ended_seq for call in raised or others or calls if call.ended_seq is not None)
    evidence = "" if first is None else last_frame(first)
    conns = beginnings(raised or others or calls)[1]
    return Finding(case.holds(len(raised), bool(raised)), saw, wanted, seqs[:MOST], conns, evidence)


def closed_with(case: Case) -> Finding:
    """The code with which each WebSocket was closed: as the `client` saw it, and as the `app` did."""
    sockets = [call for call in case.calls() if call.kind == "websocket"]
    if not sockets:
        raise NothingError("no WebSocket reached the app")
    wrong: list[tuple[ConnRecord, str]] = []
    for call in sockets:
        seen = {"client": _client_code(case, call), "app": _app_code(call)}
        bad = [f"the {who} saw {_code(seen[who])}" for who in ("client", "app") if case.key(who) not in (None, seen[who])]
        if bad:
            wrong.append((call, ", ".join(bad)))
    wanted = ", ".join(f"{case.key(who)} for the {who}" for who in ("client", "app") if case.key(who) is not None)
    if not wrong:
        return Finding(True, f"on each of {len(sockets)} WebSockets", wanted, *beginnings(sockets))
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    seqs = tuple(call.events[-1].seq for call, _ in wrong)[:MOST]
    return Finding(False, f"{case.who(wrong[0][0])}: {wrong[0][1]}{more}", wanted, seqs, tuple(c.conn for c, _ in wrong)[:MOST])


def send_waits(case: Case) -> Finding:
    """How long the longest `await send(...)` waited: the server holds the app back while the client does not read."""
    waits = [
        ((case.record.last if end is None else end) - begin.t, call, begin)
        for call in case.calls()
        for begin, end in _sends(call)
    ]
    if not waits:
        raise NothingError("the app sent nothing")
    ns, call, begin = max(waits, key=lambda wait: wait[0])
    saw = f"{quantity(ns / 1e9, 's')} at most, of {case.who(call)}"
    evidence = f"send began at {case.at(begin.t)}"
    return Finding(case.holds(ns / 1e9), saw, f"a send that waits {case.wanted('s')}", (begin.seq,), (call.conn,), evidence)


def ended_within(case: Case) -> Finding:
    """How long a call went on after the first event that matches `where` on its connection; all must hold."""
    chosen = case.selector()
    case.calls(chosen)
    found = [each for each in case.happenings if chosen.matches(each)]
    rests, seen = [], set()
    for each in found:
        call = case.owner(each)
        if call is not None and call.conn not in seen:
            seen.add(call.conn)
            rests.append((((case.record.last if call.ended is None else call.ended) - each.event.t) / 1e9, call, each))
    if not rests:
        raise NothingError(f"no {chosen} was seen")
    wrong = [rest for rest in rests if rest[1].ended is None or not case.holds(rest[0])]
    rest, call, each = max(wrong or rests, key=lambda rest: rest[0])
    saw = f"{quantity(rest, 's')} after it, of {case.who(call)}" + ("" if call.ended is not None else ", and it has not ended")
    seqs, _ = pointed([each])
    seqs += () if call.ended_seq is None else (call.ended_seq,)
    evidence = f"{chosen} at {case.at(each.event.t)} on {whose(each)}"
    return Finding(not wrong, saw, f"the end {case.wanted('s')} after {chosen}", seqs, (call.conn,), evidence)


def first_fault(call: ConnRecord) -> tuple[int, str] | None:
    """The event of the first error that the judge finds in what the app did, and its sentence; None when there is none."""
    if call.kind not in AUTOMATA:
        return call.events[0].seq, f"no rules are known for a connection of the type {quoted(call.kind)}"
    judge = Judge()
    for finding in judge.take((event.seq, raw_of(event, 0)) for event in call.events):
        if finding.severity is Severity.ERROR and finding.who == APP:
            return finding.at, finding.sentence
    if call.ended is not None:
        return None
    machine = Machine(call.kind)
    for event in call.events:
        machine.feed(event)
    return call.events[-1].seq, f"it has not ended; its response is {machine.state}"


def _is_it(case: Case, error: Mapping[str, Any]) -> bool:
    type_, text, at = (case.key(key) for key in ("type", "text", "at"))
    name = str(error.get("type", ""))
    return (
        (type_ is None or type_ in (name, name.rpartition(".")[2]))
        and (text is None or str(text) in _text(error.get("text")))
        and (at is None or f'{at}"' in _text(error.get("traceback")))
    )


def exception(call: ConnRecord) -> str:
    """What a call raised: ``ValueError: no such row``."""
    error = call.error or {}
    return f"{cleaned(str(error.get('type', '')).removeprefix('builtins.'))}: {cleaned(_text(error.get('text')), 80)}"


def last_frame(call: ConnRecord) -> str:
    """The place in the code that it was raised from, as the traceback says it."""
    lines = [line.strip() for line in _text((call.error or {}).get("traceback")).splitlines()]
    return next((cleaned(line) for line in reversed(lines) if line.startswith("File ")), "")


def _text(value: Any) -> str:
    value = value.get("$text") if isinstance(value, Mapping) else value
    return value if isinstance(value, str) else ""


def _client_code(case: Case, call: ConnRecord) -> int | None:
    client = case.side.client_of(call)
    events = () if client is None else client.events
    return next((event.get("code") for event in reversed(events) if event.get("what") == "closed"), None)


def _app_code(call: ConnRecord) -> int | None:
    for event in call.events:
        message = event.get("message")
        if event.ev == Ev.RECEIVE_END and isinstance(message, Mapping) and message.get("type") == "websocket.disconnect":
            code = message.get("code", 1005)
            return code if type(code) is int else None
    return None


def _code(code: int | None) -> str:
    return "none" if code is None else str(code)


def _sends(call: ConnRecord) -> list[tuple[Event, int | None]]:
    """Each send that began, and when it came back."""
    ended = {event.call: event.t for event in call.events if event.ev == Ev.SEND_END}
    return [(event, ended.get(event.call)) for event in call.events if event.ev == Ev.SEND_BEGIN]
