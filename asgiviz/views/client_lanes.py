"""What each client of a run was in, and when: in line, outside, running, suspended, holding the loop; up to a moment.

Every time here is nanoseconds since the clients were let go (`RunRecord.zero`), so that runs can be laid side by side.
What comes after the moment that is asked for has not happened. Nothing raises, whatever the recording holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple

from asgiviz.course.run_record import ClientRecord, ConnRecord, RunRecord, SideRecord, Step
from asgiviz.views.lane import LATEST
from asgiviz.views.stalls import Stall, stalls_of

#: A step of at least this long held the loop: what `--stall-ms` says unless it is told otherwise.
HOLD = 50_000_000
#: How an answer ends that did not come as it should.
BROKEN = frozenset({"cut", "reset", "garbled", "timed out"})


class Phase(StrEnum):
    """What becomes of a client's request at a moment."""

    #: WSGI: it stands in line for a thread
    LINE = "line"
    #: ASGI: it has been asked, and the app has not been called for it
    OUTSIDE = "outside"
    #: the app runs for it
    RUNNING = "running"
    #: the app waits for it at an await
    SUSPENDED = "suspended"
    #: the app runs for it and does not give the loop back
    HELD = "held"
    #: the app has been called; whether it runs or waits is not known
    OPEN = "open"
    #: the app is done, the client has not got all of the answer
    ANSWER = "answer"


#: The app has begun with the request and is not done with it.
IN_APP = frozenset({Phase.RUNNING, Phase.SUSPENDED, Phase.HELD, Phase.OPEN})
#: Nobody has begun with it.
WAITING = frozenset({Phase.LINE, Phase.OUTSIDE})


class Stretch(NamedTuple):
    """A part of a client's time, without its end; one that has not ended reaches a nanosecond beyond the moment asked for.

    A RUNNING or HELD one lies upon the SUSPENDED one of its call.
    """

    began: int
    ended: int
    phase: Phase


class Hold(NamedTuple):
    """One callback held the loop, for connection `conn`; `file`, `line` and `code` where that is known, and the files and lines
    of the whole stack, innermost first."""

    conn: int | None
    began: int
    ended: int
    file: str = ""
    line: int = 0
    code: str = ""
    stack: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ClientLane:
    """A client up to a moment. `came`, `done` are None until it has asked, and until it has got its last answer.

    `phase` is that of the moment, None before it came and when it is done. `status` is that of its last answer.
    """

    number: int
    came: int | None
    done: int | None
    phase: Phase | None
    stretches: tuple[Stretch, ...]
    failed: bool = False
    status: int | None = None
    conns: tuple[int, ...] = ()
    seq: int | None = None

    @property
    def waited(self) -> int | None:
        """From when it asked to its last answer."""
        return None if self.came is None or self.done is None else max(0, self.done - self.came)


def is_wsgi(side: SideRecord) -> bool:
    """Whether threads serve this side."""
    return side.facts.get("interface") == "wsgi"


def since(record: RunRecord, t: int) -> int:
    """A moment of the recording on the clock of the views: since the clients were let go."""
    return max(-LATEST, min(t, LATEST)) - max(-LATEST, min(record.zero or 0, LATEST))


def end_of(record: RunRecord) -> int:
    """When the last client was done, or (if none was) the last event; never before the beginning."""
    done = [_last(client) for side in record.sides.values() for client in side.clients.values()]
    ends = [conn.ended for conn in record.connections() if conn.for_client]
    known = [t for t in (*done, *ends) if t is not None]
    return max(1, since(record, max(known) if known and None not in done else record.last))


def lanes_of(record: RunRecord, side: SideRecord, at: int | None = None) -> list[ClientLane]:
    """The side's clients in the order of their numbers, as they were at the moment `at` (None: as far as is known)."""
    now = since(record, record.last) if at is None else at
    story = _Story(record, side, now, holds_of(record, side, now))
    if not side.clients:  # somebody else's clients: the connections are all that is known of them
        return [_lane(story, conn.conn, None, [conn]) for conn in side.requests]
    return [_lane(story, number, client, side.connections_of(client)) for number, client in sorted(side.clients.items())]


def holds_of(record: RunRecord, side: SideRecord, now: int | None = None) -> list[Hold]:
    """When one callback held the side's loop: as the watch told it, and as the steps show it.

    A step that has begun and not ended lasts until `now`, where that is later than the last event: a watch tells of a hold
    only when it is over.
    """
    if is_wsgi(side):
        return []
    until = max(since(record, record.last), now or 0)
    holds = [_told(record, stall) for stall in stalls_of(side.stalls) if stall.ns]
    for conn in side.requests:
        for began, ended, _ in steps_until(record, conn, until):
            if ended - began < HOLD:
                continue
            seen = [place for place, hold in enumerate(holds) if hold.began < ended and began < hold.ended]
            for place in seen:
                if holds[place].conn in (None, conn.conn):  # the watch looks now and then: the step knows it better
                    holds[place] = holds[place]._replace(conn=conn.conn, began=began, ended=ended)
            if not seen:
                holds.append(Hold(conn.conn, began, ended))
    return sorted(holds, key=lambda hold: hold.began)


def place_of(where: Any) -> tuple[str, int] | None:
    """The file and line that a step ended at."""
    if not isinstance(where, Mapping):
        return None
    file, line = where.get("file"), where.get("line")
    return (file, line) if isinstance(file, str) and type(line) is int else None


def steps_until(record: RunRecord, conn: ConnRecord, now: int) -> Iterator[tuple[int, int, Step]]:
    """The steps that have begun, with when they began and ended (later than now: a nanosecond beyond it)."""
    over = now + 1 if conn.ended is None else min(now + 1, since(record, conn.ended))
    for step in conn.steps:
        began = since(record, step.began)
        if began <= now:
            ended = over if step.ended is None else min(now + 1, since(record, step.ended))
            yield began, max(began, ended), step


def _told(record: RunRecord, stall: Stall) -> Hold:
    frame, ended = stall.frame, since(record, stall.ended)
    if frame is None:
        return Hold(stall.culprit, ended - stall.ns, ended)
    stack = tuple((each.file, each.line) for each in stall.stack)
    return Hold(stall.culprit, ended - stall.ns, ended, frame.file, frame.line, frame.code, stack)


class _Story(NamedTuple):
    """What all lanes of a side have in common."""

    record: RunRecord
    side: SideRecord
    now: int
    holds: list[Hold]

    def known(self, t: int | None) -> int | None:
        """A moment of the recording, if it has come."""
        if t is None:
            return None
        moment = since(self.record, t)
        return moment if moment <= self.now else None

    def until(self, t: int | None) -> int:
        """The end of what ends at `t`."""
        moment = self.known(t)
        return self.now + 1 if moment is None else moment


def _lane(story: _Story, number: int, client: ClientRecord | None, conns: list[ConnRecord]) -> ClientLane:
    calls = [conn for conn in conns if story.known(_first(conn)) is not None]
    asked = [conn.queued for conn in conns] + [conn.began for conn in conns]
    if client is not None:
        asked += [client.connected, client.sent]
    came = min((t for t in map(story.known, asked) if t is not None), default=None)
    done = story.known(_last(client) if client is not None else max((conn.ended or LATEST for conn in conns), default=None))
    stretches = tuple(_stretches(story, came, done, client, calls))
    answers = [answer for answer in (client.answers if client else ()) if story.known(answer.at) is not None]
    status = answers[-1].status if answers else None
    failed = any(conn.outcome == "raised" and story.known(conn.ended) is not None for conn in calls)
    failed |= any(answer.ending in BROKEN or _is_error(answer.status) for answer in answers)
    failed |= bool(client and client.trouble and story.known(client.closed) is not None)
    events = client.events if client is not None and client.events else conns[0].events if conns else []
    return ClientLane(
        number=number,
        came=came,
        done=done,
        phase=_phase_at(stretches, story.now) if done is None and came is not None else None,
        stretches=stretches,
        failed=failed,
        status=status if type(status) is int else None,
        conns=tuple(conn.conn for conn in calls),
        seq=events[0].seq if events else None,
    )


def _is_error(status: Any) -> bool:
    return type(status) is int and status >= 500


def _first(conn: ConnRecord) -> int | None:
    return conn.began if conn.queued is None else conn.queued


def _last(client: ClientRecord) -> int | None:
    """When a client was done: with its last answer; one that got none (a WebSocket, say) when it was closed."""
    return client.closed if client.done is None else client.done


def _stretches(
    story: _Story, came: int | None, done: int | None, client: ClientRecord | None, calls: list[ConnRecord]
) -> Iterator[Stretch]:
    waits = Phase.LINE if is_wsgi(story.side) else Phase.OUTSIDE
    if came is not None and not calls:
        yield Stretch(came, story.now + 1 if done is None else done, waits)
    asked = came
    for conn, answer in zip_longest(calls, client.answers if client is not None else ()):
        if conn is None:
            break
        asked = story.known(conn.queued) if asked is None else asked
        if asked is not None and asked < story.until(conn.began):
            yield Stretch(asked, story.until(conn.began), waits)
        asked, began, ended = None, story.known(conn.began), story.known(conn.ended)
        if began is not None:
            yield from _call(story, conn, began, max(began, story.until(conn.ended)))
        if ended is not None and client is not None and (answer is not None or done is None):
            yield Stretch(ended, max(ended, story.until(answer.at if answer else None)), Phase.ANSWER)


def _call(story: _Story, conn: ConnRecord, began: int, ended: int) -> Iterator[Stretch]:
    """From the call of the app to its end."""
    if conn.kind == "wsgi":
        yield Stretch(began, ended, Phase.RUNNING)
        return
    yield Stretch(began, ended, Phase.SUSPENDED if conn.steps else Phase.OPEN)
    for start, end, _ in steps_until(story.record, conn, story.now):
        if start <= ended:
            yield Stretch(max(start, began), max(start, began, min(end, ended)), Phase.RUNNING)
    for hold in story.holds:
        if hold.conn == conn.conn and (start := max(hold.began, began)) < (end := min(hold.ended, ended)):
            yield Stretch(start, end, Phase.HELD)


def _phase_at(stretches: Iterable[Stretch], now: int) -> Phase | None:
    """The one that was told last counts: what runs lies upon what is suspended."""
    phase = None
    for stretch in stretches:
        if stretch.began <= now < stretch.ended:
            phase = stretch.phase
    return phase
