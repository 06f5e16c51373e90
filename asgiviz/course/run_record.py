"""What happened in one run of an experiment: a fold of its recording, side by side, connection by connection, client by client.

It grows event by event, so that a stage can draw it while it happens; checks and metrics read it when the run is over. Taking
in an event and reading a field take the same time however long the run is.
All times are nanoseconds on the clock of the run, from the beginning of its recording; `zero` is when the clients were let go.
What the laboratory asked the app before, to see that it answers, is no request of the run; the lifespan belongs to it.

A server's notes come when it is up, and its lifespan may come before them: what cannot be placed yet is placed later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiviz.course.run_parts import MOST, Answer, ClientRecord, ConnRecord, Mark, Peer, Step, text, whole
from asgiviz.model.events import Ev, Event

__all__ = ["CLOCK", "GO", "SIDE", "Answer", "ClientRecord", "ConnRecord", "Mark", "RunRecord", "SideRecord", "Step", "is_word"]

#: Notes by which the laboratory tells what it does: a side is served; the clients are let go; which clock it is.
SIDE, GO, CLOCK = "asgiviz.side", "asgiviz.go", "asgiviz.clock"


@dataclass(eq=False)
class SideRecord:
    """One side: what was said of it (`facts`: label, interface, app, threads, pool, server), its connections and clients.

    `requests` are the connections that clients caused, in the order in which they came; `stalls` hold the last word on each.
    """

    id: str
    facts: Mapping[str, Any]
    first: int
    last: int
    connections: dict[int, ConnRecord] = field(default_factory=dict)
    clients: dict[int, ClientRecord] = field(default_factory=dict)
    stalls: list[Event] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    requests: list[ConnRecord] = field(default_factory=list)
    zero: int | None = None
    _early: list[ConnRecord] = field(default_factory=list, repr=False)
    _counted: set[int] = field(default_factory=set, repr=False)
    _by_peer: dict[Peer, list[ConnRecord]] = field(default_factory=dict, repr=False)
    _callers: dict[Peer, ClientRecord] = field(default_factory=dict, repr=False)
    _spans: dict[Any, Mark] = field(default_factory=dict, repr=False)
    _told: dict[Any, int] = field(default_factory=dict, repr=False)

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def interface(self) -> str:
        """asgi or wsgi."""
        return str(self.facts.get("interface", ""))

    def connections_of(self, client: ClientRecord) -> list[ConnRecord]:
        """The requests that a client caused, as far as they are known to the app or in line for a thread."""
        return [call for peer in client.peers for call in self._by_peer.get(peer, ())]

    def connection_of(self, client: ClientRecord) -> ConnRecord | None:
        """The first of them."""
        return next(iter(self.connections_of(client)), None)

    def client_of(self, call: ConnRecord) -> ClientRecord | None:
        """The client that caused a request."""
        return None if call.peer is None else self._callers.get(call.peer)

    def counts(self, conn: int | None) -> bool:
        """Whether what happens in this connection (None: in none) belongs to the run, and not to what came before it."""
        call = None if conn is None else self.connections.get(conn)
        return call is None or not call.warm_up

    # -- taking in -------------------------------------------------------------------------------------------------

    def let_go(self, t: int) -> None:
        """The clients begin."""
        self.zero = t
        early, self._early = self._early, []
        for call in early:
            self._count(call)

    def take_call(self, conn: int, event: Event) -> None:
        """Something happened in one of its connections."""
        call = self.connections.get(conn)
        if call is None:
            call = self.connections[conn] = ConnRecord(conn, self.id)
        call.take(event)
        if event.ev in (Ev.SCOPE, Ev.WSGI_QUEUED, Ev.WSGI_ENVIRON) and call.for_client:
            if self.zero is None:
                self._early.append(call)
            else:
                self._count(call)

    def _count(self, call: ConnRecord) -> None:
        if call.conn not in self._counted:
            self._counted.add(call.conn)
            call.warm_up = call.came < (self.zero or 0)
            if not call.warm_up:
                self.requests.append(call)
        if call.peer is not None and not call.warm_up:
            calls = self._by_peer.setdefault(call.peer, [])
            if call not in calls:  # as many as one client makes on one socket
                calls.append(call)

    def take_client(self, number: int, event: Event) -> None:
        """Something happened to one of its clients."""
        client = self.clients.get(number)
        if client is None:
            client = self.clients[number] = ClientRecord(self.id, number)
        client.take(event)
        if event.get("what") == "connected" and client.peers:
            self._callers[client.peers[-1]] = client

    def take_note(self, event: Event) -> None:
        """The app said something."""
        span, phase = whole(event.get("span")), event.get("phase")
        if phase == "end":
            mark = self._spans.pop(span, None)
            if mark is not None:
                mark.ended, mark.ended_seq = event.t, event.seq
                mark.data = event.get("data", mark.data)
            return
        begins = phase == "begin" and span is not None
        mark = Mark(str(event.get("name")), event.conn, event.t, None if begins else event.t, event.seq, event.get("data"))
        mark.thread, mark.span = text(event.get("thread")), span if begins else None
        self.marks.append(mark)
        if begins and span is not None:
            self._spans[span] = mark

    def take_stall(self, event: Event) -> None:
        """A stall that lasts is told again with the same id; the last word counts."""
        number = whole(event.get("id"))
        if number is not None and number in self._told:
            self.stalls[self._told[number]] = event
            return
        self._told[number] = len(self.stalls)
        self.stalls.append(event)


class RunRecord:
    """The fold. `sides` are in the order of the experiment; `events` all events, `knobs` what the run was made with."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.sides: dict[str, SideRecord] = {}
        self.events: list[Event] = []
        self.zero: int | None = None
        self.knobs: dict[str, float] = {}
        #: virtual or real, and why it is not the one that was asked for
        self.clock = ""
        self.clock_because = ""
        self.last = 0
        self._unplaced: list[Event] = []
        for event in events:
            self.add(event)

    # -- reading ---------------------------------------------------------------------------------------------------

    def side_of(self, conn: int | None) -> SideRecord | None:
        """The side that a connection belongs to."""
        if conn is None:
            return None
        return next((side for side in self.sides.values() if side.first <= conn <= side.last), None)

    def connections(self) -> Iterator[ConnRecord]:
        """All connections of all sides."""
        for side in self.sides.values():
            yield from side.connections.values()

    def since_zero(self, t: int) -> float:
        """Seconds from the moment the clients were let go."""
        return (t - (self.zero or 0)) / 1e9

    def side_of_event(self, event: Event) -> SideRecord | None:
        """The side on which something happened; None as long as that is not known.

        What belongs to no connection says its `side`, or belongs to the only side that it can.
        """
        if event.ev == Ev.CLIENT:
            return self.sides.get(str(event.get("client", "")).rpartition("/")[0])
        conn = _concerned(event) if event.ev == Ev.STALL else event.conn
        if type(conn) is int:
            return self.side_of(conn)
        if isinstance(id_ := event.get("side"), str):
            return self.sides.get(id_)
        able = [side for side in self.sides.values() if event.ev != Ev.STALL or side.interface != "wsgi"]
        return able[0] if len(able) == 1 else None

    # -- taking in -------------------------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.events.append(event)
        self.last = max(self.last, event.t)
        if is_word(event):
            self._take_word(event)
        elif not self._place(event):
            self._unplaced.append(event)

    def _take_word(self, event: Event) -> None:
        """The laboratory says what it does."""
        data = event.get("data")
        known: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        name = event.get("name")
        if name == SIDE:
            self._take_side(str(known.get("id", "")), known)
        elif name == CLOCK:
            self.clock, self.clock_because = str(known.get("clock", "")), str(known.get("because") or "")
        elif self.zero is None:
            self.zero = event.t
            self.knobs = {str(key): float(value) for key, value in known.items() if _is_number(value)}
            for side in self.sides.values():
                side.let_go(event.t)

    def _take_side(self, id_: str, facts: Mapping[str, Any]) -> None:
        if id_ in self.sides:  # more is known of it
            self.sides[id_].facts = facts
            return
        first, last = facts.get("first"), facts.get("last")
        self.sides[id_] = SideRecord(
            id_, facts, first if type(first) is int else 1, last if type(last) is int else MOST, zero=self.zero
        )
        unplaced, self._unplaced = self._unplaced, []
        self._unplaced = [event for event in unplaced if not self._place(event)]

    def _place(self, event: Event) -> bool:
        """Give an event to its side; False when that is not known (yet)."""
        if event.ev in (Ev.LOG, Ev.SERVER, Ev.GAP, Ev.POOL) or event.layer:
            return True
        if event.conn is None and event.ev not in (Ev.NOTE, Ev.CLIENT, Ev.STALL):
            return True
        side = self.side_of_event(event)
        if side is None:
            return False
        if event.ev == Ev.NOTE:
            side.take_note(event)
        elif event.ev == Ev.STALL:
            side.take_stall(event)
        elif event.ev == Ev.CLIENT:
            number = str(event.get("client")).rpartition("/")[2]
            if number.isdecimal() and number.isascii():
                side.take_client(int(number[:9]), event)
        elif event.conn is not None:
            side.take_call(event.conn, event)
        return True


def is_word(event: Event) -> bool:
    """Whether the laboratory says something of the run; an app that makes a note says in which of its threads."""
    word = event.ev == Ev.NOTE and event.conn is None and event.get("name") in (SIDE, GO, CLOCK)
    return word and event.get("thread") in (None, "asgiviz")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _concerned(stall: Event) -> Any:
    """A connection on whose loop a stall was: the one that held it, or one that waited."""
    victims = stall.get("victims")
    waited = [each.get("conn") for each in victims[:1] if isinstance(each, Mapping)] if isinstance(victims, list) else []
    return next((conn for conn in (stall.get("culprit"), *waited) if conn is not None), None)
