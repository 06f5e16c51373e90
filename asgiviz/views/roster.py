"""The roster: which connections are listed, and in which order, kept up as the ledger grows.

Judging happens in small bites, so that a screen stays alive over a million events; `pending` says how much is left to
judge. What is listed is always in the ledger.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from typing import Any

from asgiviz.model.connection import Connection
from asgiviz.model.events import KINDS, Ev, expand
from asgiviz.model.finding import Finding
from asgiviz.views.atoms import Body, Slower
from asgiviz.views.evidence import Evidence, Filter
from asgiviz.views.ledger import Ledger, Read

#: Gives what to sort a connection by.
SortKey = Callable[[Connection], Any]
#: Events of one connection that are searched at a time.
PORTION = 2_000
#: Raw kinds that bodies and messages are in, and those that end a connection.
_SEARCHED = frozenset(
    kind
    for kind, (ev, _) in enumerate(KINDS)
    if ev in (Ev.RECEIVE_END, Ev.SEND_BEGIN, Ev.EXIT, Ev.WSGI_CHUNK, Ev.WSGI_EXIT, Ev.OTHER)
)


class Roster:
    """`ids` are the numbers of the listed connections, in order.

    Without a filter, with nothing cleared and in the natural order it is the ledger's own list, at no cost. `findings_of` tells
    what was found in a connection; when that changes, the connection has to be touched.
    """

    def __init__(self, ledger: Ledger, findings_of: Callable[[int], Iterable[Finding]] | None = None) -> None:
        self.ledger = ledger
        self._findings_of = findings_of
        self._filter: Filter | None = None
        self._cleared: int | None = None  # connections that ended up to this time are not listed
        self._needles: set[bytes] = set()
        self._watches_time = False
        self._key: SortKey | None = None
        self._descending = False
        self._passed: list[int] = []  # what the filter lets through, by number
        self._queue: OrderedDict[int, None] = OrderedDict()  # what is to be judged
        self._waiting: set[int] = set()  # open connections that the filter cannot judge yet
        self._searched: dict[int, tuple[Evidence, int]] = {}  # what was found up to which event
        self._now = 0
        self._final = False
        self._sorted: list[int] = []
        self._stale = False

    @property
    def ids(self) -> list[int]:
        """The listed connections."""
        return self._by_number if self._key is None else self._sorted

    @property
    def _by_number(self) -> list[int]:
        return self._passed if self._judges else self.ledger.order

    @property
    def _judges(self) -> bool:
        return self._filter is not None or self._cleared is not None

    @property
    def pending(self) -> int:
        """How many connections are still to be judged."""
        return len(self._queue)

    @property
    def needs_sorting(self) -> bool:
        """Whether the order may have changed since `sort`."""
        return self._stale

    def index_of(self, conn: int) -> int | None:
        """The place of a connection in `ids`."""
        if self._key is None:
            ids = self._by_number
            place = bisect_left(ids, conn)
            return place if place < len(ids) and ids[place] == conn else None
        try:
            return self._sorted.index(conn)
        except ValueError:
            return None

    # -- what is wanted --------------------------------------------------------------------------------------------

    def select(self, only: Filter | None) -> None:
        """List only what the filter lets through; None: everything."""
        atoms = list(only.walk()) if only is not None else []
        self._filter = only
        self._needles = {atom.needle for atom in atoms if isinstance(atom, Body)}
        self._watches_time = any(isinstance(atom, Slower) for atom in atoms)
        self._begin_anew()

    def clear(self) -> bool:
        """List no connection that has finished by now; when none is listed, list all again. True: something was cleared."""
        connections, listed = self.ledger.connections, self._by_number
        if not any(connections[conn].over for conn in listed):
            self._cleared = None
            self._begin_anew()
            return False
        self._cleared = max(connection.ended for connection in connections.values() if connection.ended is not None)
        self._passed = [conn for conn in listed if not self._is_cleared(connections[conn])]
        self.sort()
        return True

    def _is_cleared(self, connection: Connection) -> bool:
        return self._cleared is not None and connection.ended is not None and connection.ended <= self._cleared

    def order_by(self, key: SortKey | None, descending: bool = False) -> None:
        """Sort by `key`; None: by number."""
        self._key, self._descending = key, descending
        self.sort()

    def follow(self, ledger: Ledger) -> None:
        """The ledger was begun anew."""
        self.ledger = ledger
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._passed, self._searched, self._waiting = [], {}, set()
        self._queue = OrderedDict.fromkeys(self.ledger.order if self._judges else ())
        self.sort()

    # -- keeping up ------------------------------------------------------------------------------------------------

    def touch(self, conns: Collection[int]) -> None:
        """These connections are new, changed or gone; what is gone is not listed any more."""
        connections = self.ledger.connections
        gone = {conn for conn in conns if conn not in connections}
        if gone:
            self._drop(gone)
        if self._judges:
            self._enqueue(conn for conn in conns if conn in connections)
        self._stale = self._stale or (self._key is not None and bool(conns))

    def _drop(self, gone: Collection[int]) -> None:
        self._passed = [conn for conn in self._passed if conn not in gone]
        self._sorted = [conn for conn in self._sorted if conn not in gone]
        self._waiting.difference_update(gone)
        for conn in gone:
            self._queue.pop(conn, None)
            self._searched.pop(conn, None)

    def _enqueue(self, conns: Iterable[int]) -> None:
        self._queue.update(dict.fromkeys(conns))

    def judge(self, read: Read, now: int, goes_on: Callable[[], bool], final: bool = False) -> bool:
        """Judge what is pending while `goes_on`; True when the list changed. `final`: the recording ends here."""
        self._look_at_clock(now, final)
        changed = False
        while self._queue:
            changed |= self._judge_one(self._queue.popitem(last=False)[0], read)
            if not goes_on():
                break
        self._stale = self._stale or (changed and self._key is not None)
        return changed

    def _look_at_clock(self, now: int, final: bool) -> None:
        """Judge again what another time, or the end of the recording, may decide otherwise."""
        if self._watches_time and now < self._now:
            self._enqueue(self.ledger.order)
        elif self._watches_time or final != self._final:
            self._enqueue(self._waiting)
        self._now, self._final = now, final

    def _judge_one(self, conn: int, read: Read) -> bool:
        connection = self.ledger.connections[conn]
        if self._is_cleared(connection):
            return self._list(conn, listed=False)
        if self._filter is None:
            return self._list(conn, listed=True)
        evidence = Evidence(connection, ())
        whole = True
        if self._needles:
            evidence.found, whole = self._search(connection, read)
        if self._findings_of is not None:
            evidence.findings = {(one.rule, one.severity) for one in self._findings_of(conn)}
        evidence.now, evidence.final = self._now, connection.over and whole
        answer = self._filter.decide(evidence)
        (self._waiting.add if answer is None else self._waiting.discard)(conn)
        if not whole:
            self._enqueue((conn,))
        elif answer is None and self._final:
            evidence.final = True
            answer = self._filter.decide(evidence)
        return self._list(conn, listed=answer is True)

    def _search(self, connection: Connection, read: Read) -> tuple[set[bytes], bool]:
        """Which needles are in the bodies and messages of a connection, and whether all of them were looked at."""
        conn, own = connection.conn, self.ledger.seqs[connection.conn]
        evidence, upto = self._searched.pop(conn, (None, 0))
        if evidence is None or upto > own[-1]:  # nothing yet, or the ledger has gone back
            evidence, upto = Evidence(Connection(conn, connection.began), self._needles), 0
        place = bisect_right(own, upto)
        portion = own[place : place + PORTION]
        for seq, raw in read(portion):
            if raw[1] in _SEARCHED:
                evidence.add(expand(seq, raw, self.ledger.epoch))
        whole = place + len(portion) == len(own)
        if not (connection.over and whole):
            self._searched[conn] = evidence, portion[-1] if portion else upto
        return evidence.found, whole

    def _list(self, conn: int, *, listed: bool) -> bool:
        place = bisect_left(self._passed, conn)
        there = place < len(self._passed) and self._passed[place] == conn
        if listed and not there:
            insort(self._passed, conn)
        elif there and not listed:
            del self._passed[place]
        return listed != there

    def sort(self) -> None:
        """Put the list in order; costs with its length, so not for every event."""
        self._stale = False
        if self._key is None:
            self._sorted = []
            return
        key, connections = self._key, self.ledger.connections
        self._sorted = sorted(self._by_number, key=lambda conn: key(connections[conn]), reverse=self._descending)
