"""The roster: which connections are listed, and in which order, kept up as the ledger grows.

Judging and sorting happen in small bites, so that a screen stays alive over a million events; `pending` says how much is
left to judge.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from asgiviz.model.connection import Connection
from asgiviz.model.events import expand
from asgiviz.views.atoms import Body, Slower
from asgiviz.views.evidence import Evidence, Filter
from asgiviz.views.ledger import Ledger, Read

#: Gives what to sort a connection by.
SortKey = Callable[[Connection], Any]
#: Connections judged between two looks at the clock.
SIP = 64


class Roster:
    """`ids` are the numbers of the listed connections, in order.

    Without a filter, with nothing cleared and in the natural order it is the ledger's own list, at no cost.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._filter: Filter | None = None
        self._cleared = 0  # finished connections up to this number are not listed
        self._needles: set[bytes] = set()
        self._watches_time = False
        self._key: SortKey | None = None
        self._descending = False
        self._passed: list[int] = []  # what the filter lets through, by number
        self._queue: deque[int] = deque()
        self._waiting: set[int] = set()  # open connections that the filter cannot judge yet
        self._evidence: dict[int, tuple[Evidence, int]] = {}
        self._sorted: list[int] = []
        self._stale = False

    @property
    def ids(self) -> list[int]:
        """The listed connections."""
        if self._key is not None:
            return self._sorted
        return self._passed if self._judges else self.ledger.order

    @property
    def _judges(self) -> bool:
        return self._filter is not None or self._cleared > 0

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
        ids = self.ids
        if self._key is None:
            place = bisect_left(ids, conn)
            if place < len(ids) and ids[place] == conn:
                return place
        try:
            return ids.index(conn)
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
        """List no finished connection of those there are; when there is none left to clear, list all again.

        True when something was cleared.
        """
        finished = [conn for conn in self.ids if self.ledger.connections[conn].over]
        self._cleared = max(finished, default=0)
        self._begin_anew()
        return bool(finished)

    def order_by(self, key: SortKey | None, descending: bool = False) -> None:
        """Sort by `key`; None: as they began."""
        self._key, self._descending = key, descending
        self.sort()

    def follow(self, ledger: Ledger) -> None:
        """The ledger was begun anew."""
        self.ledger = ledger
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._passed, self._evidence, self._waiting = [], {}, set()
        self._queue = deque(self.ledger.order if self._judges else ())
        self.sort()

    # -- keeping up ------------------------------------------------------------------------------------------------

    def touch(self, conns: Iterable[int]) -> None:
        """These connections are new, changed or gone."""
        if self._judges:
            self._queue.extend(conns)
        self._stale = self._stale or self._key is not None

    def judge(self, read: Read, now: int, goes_on: Callable[[], bool]) -> bool:
        """Judge what is pending while `goes_on`; True when the list changed."""
        changed = False
        if self._watches_time and not self._queue:
            self._queue.extend(self._waiting)
        while self._queue:
            for _ in range(min(SIP, len(self._queue))):
                changed |= self._judge_one(self._queue.popleft(), read, now)
            if not goes_on():
                break
        self._stale = self._stale or (changed and self._key is not None)
        return changed

    def _judge_one(self, conn: int, read: Read, now: int) -> bool:
        connection = self.ledger.connections.get(conn)
        if connection is None:
            self._evidence.pop(conn, None)
            self._waiting.discard(conn)
            return self._list(conn, listed=False)
        answer = self._answer(connection, read, now)
        (self._waiting.add if answer is None else self._waiting.discard)(conn)
        return self._list(conn, listed=answer is True)

    def _answer(self, connection: Connection, read: Read, now: int) -> bool | None:
        if connection.over and connection.conn <= self._cleared:
            return False
        if self._filter is None:
            return True
        evidence = self._evidence_of(connection, read)
        evidence.now, evidence.final = now, connection.over
        return self._filter.decide(evidence)

    def _evidence_of(self, connection: Connection, read: Read) -> Evidence:
        if not self._needles:
            return Evidence(connection, ())
        conn = connection.conn
        evidence, after = self._evidence.pop(conn, None) or (Evidence(Connection(conn, connection.began), self._needles), 0)
        own = self.ledger.seqs[conn]
        for seq, raw in read(own[bisect_left(own, after + 1) :]):
            if raw[2] == conn:
                evidence.add(expand(seq, raw, self.ledger.epoch))
        if not connection.over:
            self._evidence[conn] = evidence, own[-1]
        return evidence

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
        known = [conn for conn in (self._passed if self._judges else self.ledger.order) if conn in connections]
        self._sorted = sorted(known, key=lambda conn: key(connections[conn]), reverse=self._descending)
