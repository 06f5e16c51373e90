"""The sieve: the same connections live as afterwards, in order, in bounded memory."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes
from asgiviz.views import sieve as sieve_module
from asgiviz.views.atoms import Body, Failed, HasHeader, Method, Path, ScopeType, Slower, Status
from asgiviz.views.evidence import And, Filter, Not, Or
from asgiviz.views.filter import parse
from asgiviz.views.sieve import Sieve
from tests.views.runs import FILTERS, runs

MS = 1_000_000


def event(seq: int, ev: Ev, conn: int | None, /, **fields: Any) -> Event:
    """An event `seq` milliseconds after the start."""
    return Event(seq, seq * MS, ev, conn, 0, None, fields)


def scope(seq: int, conn: int, path: str = "/") -> Event:
    return event(seq, Ev.SCOPE, conn, scope={"type": "http", "method": "GET", "path": path})


def start(seq: int, conn: int, status: int) -> Event:
    return event(seq, Ev.SEND_BEGIN, conn, message={"type": "http.response.start", "status": status, "headers": []})


def end(seq: int, conn: int) -> Event:
    return event(seq, Ev.EXIT, conn, outcome="returned")


def seqs(events: list[Event]) -> list[int]:
    return [one.seq for one in events]


# -- what a filter means, told once more and differently: of a whole recording, with nothing but yes and no ----------


def means(only: Filter, one: Connection, messages: list[list[bytes]], end_of_recording: int) -> bool:
    match only:
        case Not(part):
            return not means(part, one, messages, end_of_recording)
        case And(parts):
            return all(means(part, one, messages, end_of_recording) for part in parts)
        case Or(parts):
            return any(means(part, one, messages, end_of_recording) for part in parts)
        case Method(name):
            return one.method is not None and one.method.upper() == name
        case Path(text):
            return one.path is not None and text in one.path
        case Status(code):
            return one.status is not None and (str(one.status) == code or f"{str(one.status)[0]}xx" == code)
        case ScopeType(name):
            return one.kind == name
        case Slower(than):
            return (one.ended if one.ended is not None else end_of_recording) - one.began > than
        case Body():
            return any(only.needle in b"".join(run) for run in messages)
        case HasHeader(name, value):
            headers = [*one.request_headers, *one.response_headers]
            return any(key.decode().lower() == name and value in found.decode() for key, found in headers)
        case Failed():
            return one.failed
        case _:
            raise AssertionError(f"a filter without a meaning: {only}")


def bodies(events: list[Event], conn: int) -> list[list[bytes]]:
    """Runs of bytes in which a text may lie: http bodies of one direction up to a hole, single WebSocket messages."""
    open_runs: dict[str, list[bytes]] = {}
    found = []
    for one in events:
        if one.conn != conn or one.layer:
            continue
        if one.ev == Ev.EXIT:
            break
        message = one.get("message") or {}
        value = message.get("body") or message.get("text")
        if one.ev not in (Ev.RECEIVE_END, Ev.SEND_BEGIN) or value is None:
            continue
        if "body" not in message:
            found.append([kept_bytes(value)])
            open_runs.pop(one.ev, None)
            continue
        run = open_runs.setdefault(one.ev, [])
        if not run:
            found.append(run)
        run.append(kept_bytes(value))
        if isinstance(value, dict):
            del open_runs[one.ev]
    return found


@given(FILTERS, runs())
def test_live_and_afterwards_the_same_connections_are_selected(only: Filter, events: list[Event]) -> None:
    """What the sieve gives out as it goes is all that belongs to the connections that match as a whole, and no more."""
    given_out = list(Sieve(only).over(events))
    last = max((one.t for one in events), default=0)
    expected = {conn for conn, one in Connections(events).items() if means(only, one, bodies(events, conn), last)}
    assert {one.conn for one in given_out if one.conn is not None} == expected
    for conn in expected:
        assert [one for one in given_out if one.conn == conn] == [one for one in events if one.conn == conn]
    aside = [one for one in events if one.conn is None and one.ev in (Ev.SERVER, Ev.GAP)]
    assert [one for one in given_out if one.conn is None] == aside


@given(runs())
def test_without_a_filter_everything_passes_at_once(events: list[Event]) -> None:
    """No filter holds nothing back."""
    sieve = Sieve(None)
    assert [sieve.put(one) for one in events] == [[one] for one in events]
    assert sieve.flush() == []


@given(FILTERS, runs(), st.integers(1, 5))
def test_never_more_is_held_than_allowed(only: Filter, events: list[Event], most: int) -> None:
    """After each event at most `most` are held, and what was dropped is counted: nothing is lost without a word."""
    sieve = Sieve(only, most)
    given_out = []
    for one in events:
        given_out += sieve.put(one)
        assert sieve.held <= most
    given_out += sieve.flush()
    assert sieve.held == 0
    known = {id(one) for one in events}
    gaps = [one for one in given_out if id(one) not in known]
    for conn in {one.conn for one in given_out if one.conn is not None}:
        shown = sum(one.conn == conn and id(one) in known for one in given_out)
        assert shown + sum(gap.get("dropped") for gap in gaps if gap.conn == conn) <= sum(one.conn == conn for one in events)


def test_events_are_given_out_at_the_moment_of_decision() -> None:
    """Events before the status are held, come out with it, and those behind it pass at once."""
    sieve = Sieve(parse("~s 5xx"))
    assert sieve.put(scope(1, 1)) == []
    assert sieve.put(scope(2, 2)) == []
    assert seqs(sieve.put(start(3, 1, 503))) == [1, 3]
    assert sieve.put(start(4, 2, 200)) == []
    assert seqs(sieve.put(end(5, 1))) == [5]
    assert sieve.put(end(6, 2)) == []
    assert sieve.held == 0
    assert sieve.flush() == []


def test_time_decides_without_an_event_of_the_connection() -> None:
    """A connection that is silent for too long comes out when another event, or the clock, shows it."""
    sieve = Sieve(parse("~d 10ms"))
    sieve.put(scope(1, 1))
    sieve.put(scope(5, 2))
    assert sieve.put(event(11, Ev.LOG, None, text="x")) == []
    assert seqs(sieve.put(event(12, Ev.LOG, None, text="x"))) == [1]
    assert sieve.advance(15 * MS) == []
    assert seqs(sieve.advance(15 * MS + 1)) == [5]


def test_what_comes_behind_the_exit_follows_its_connection() -> None:
    """A log line that arrives late passes or not as its connection did."""
    sieve = Sieve(parse("~s 5xx"))
    for one in (scope(1, 1), scope(2, 2), start(3, 1, 500), start(4, 2, 200), end(5, 1), end(6, 2)):
        sieve.put(one)
    assert seqs(sieve.put(event(7, Ev.LOG, 1, text="late"))) == [7]
    assert sieve.put(event(8, Ev.LOG, 2, text="late")) == []


def test_only_server_and_gap_pass_without_a_connection() -> None:
    """A log or client event that belongs to no connection is left out by a filter."""
    sieve = Sieve(parse("~e"))
    passed = [sieve.put(event(seq, ev, None)) for seq, ev in enumerate((Ev.SERVER, Ev.GAP, Ev.LOG, Ev.CLIENT, Ev.NOTE), 1)]
    assert [len(one) for one in passed] == [1, 1, 0, 0, 0]


def test_the_biggest_holder_loses_its_oldest_messages_but_not_its_first() -> None:
    """A gap stands where they were and counts them; the other connection loses nothing."""
    sieve = Sieve(parse("~s 200"), most=6)
    sieve.put(scope(1, 1))
    sieve.put(scope(2, 2))
    for seq in range(3, 10):
        assert sieve.put(event(seq, Ev.RECEIVE_BEGIN, 1)) == []
    given_out = sieve.put(start(10, 1, 200))
    gap = given_out[1]
    assert seqs(given_out) == sorted(seqs(given_out))
    assert (gap.ev, gap.conn, gap.get("dropped")) == (Ev.GAP, 1, gap.seq - 2)
    assert seqs(given_out) == [1, gap.seq, *range(gap.seq + 1, 11)]
    assert seqs(sieve.put(start(11, 2, 200))) == [2, 11]


def test_a_large_body_counts_more() -> None:
    """Bodies that are held fill the room by their size, so that bytes are bounded too."""
    sieve = Sieve(parse("!~e"), most=100)
    sieve.put(scope(1, 1))
    for seq in range(2, 50):
        message = {"type": "http.request", "body": b"x" * 20_480, "more_body": True}
        assert sieve.put(event(seq, Ev.RECEIVE_END, 1, message=message)) == []
        assert sieve.held <= 100
    first, gap, *rest = sieve.flush()
    assert (first.seq, gap.ev) == (1, Ev.GAP)
    assert 1 <= len(rest) <= 4
    assert gap.get("dropped") + len(rest) == 48


def test_a_single_event_larger_than_the_room_is_judged_at_once() -> None:
    """What cannot be held at all passes if the filter says so by what is known."""
    for text, passed in (("~e", []), ("!~e", [1])):
        sieve = Sieve(parse(text), most=10)
        message = {"type": "websocket.send", "bytes": b"x" * 20_480}
        assert seqs(sieve.put(event(1, Ev.SEND_BEGIN, 1, message=message))) == passed
        assert sieve.held == 0


def test_too_many_undecided_connections_are_judged_by_what_is_known() -> None:
    """When every connection holds one event only, the oldest is decided: it passes if the filter says so by then."""
    for text, expected in (("~s 5xx", []), ("!~s 5xx", [1])):
        sieve = Sieve(parse(text), most=3)
        given_out = [one for conn in range(1, 5) for one in sieve.put(scope(conn, conn))]
        assert seqs(given_out) == expected
        assert sieve.held == 3


def test_decided_connections_leave_nothing_behind() -> None:
    """After many thousand connections the sieve remembers no more than its bound."""
    sieve = Sieve(parse("~m GET & !~d 1000s"))
    for conn in range(1, 3 * sieve_module.REMEMBERED):
        sieve.put(scope(conn, conn))
        sieve.put(end(conn, conn))
    assert sieve.held == 0
    assert len(sieve._late_answers) <= sieve_module.REMEMBERED
    assert not sieve._answers
    assert not sieve._undecided
    assert len(sieve._deadlines) <= 1_002


def test_the_rest_comes_out_in_the_order_of_the_recording() -> None:
    """At the end the held connections are given out together, by seq."""
    sieve = Sieve(parse("!~e"))
    for one in (scope(1, 1), scope(2, 2), event(3, Ev.RECEIVE_BEGIN, 1), event(4, Ev.RECEIVE_BEGIN, 2)):
        assert sieve.put(one) == []
    assert seqs(sieve.flush()) == [1, 2, 3, 4]
