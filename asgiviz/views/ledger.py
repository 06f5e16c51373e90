"""The ledger: what a screen must know of all events so far, without holding the events themselves.

A fold over raw events in order: a summary of each connection, the numbers of its events, and the numbers of everything
that is shown beside connections. The events stay in the recorder and are read again when they are looked at. The fold
can go back: what comes behind a number is forgotten, as if it had not happened yet.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from itertools import chain

from asgiviz.model.connection import Connections
from asgiviz.model.events import KINDS, NOTE, Ev, Event, Raw, expand, payload_of
from asgiviz.views.text import word

Numbered = tuple[int, Raw]
#: Gives the events with these numbers, as far as they are still there (`Recorder.read`).
Read = Callable[[Sequence[int]], list[Numbered]]

#: Kinds of events that are shown beside the connections, each with a list of its own.
ASIDE = (Ev.LOG, Ev.STALL, Ev.POOL, Ev.SERVER, Ev.GAP)
_ASIDE_KINDS = {kind: ev for kind, (ev, _) in enumerate(KINDS) if ev in ASIDE}
#: Name of the note that marks a connection; its `data` is the comment, its phase `end` takes the mark away.
MARK = "mark"
#: Events of connections that are folded again at most, to go back a few steps without beginning anew.
REFOLD = 20_000


class Ledger:
    """`connections` by number, their events' numbers in `seqs`, and `asides`: the numbers of logs, stalls and so on.

    `epoch` is the clock's reading when the recording began (as in `expand`); `seq` and `t` are those of the last event.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.connections = Connections()
        #: connections by number: the order in which they began, unless a file numbers them otherwise
        self.order: list[int] = []
        #: connection -> numbers of its events; in the order of their first events
        self.seqs: dict[int, array[int]] = {}
        self.asides: dict[str, array[int]] = {ev: array("Q") for ev in ASIDE}
        #: connections that changed since somebody emptied this
        self.touched: set[int] = set()
        #: connection -> the user's comment on it (may be empty); marks are events too, so a recording keeps them
        self.marks: dict[int, str] = {}
        #: how many connections were forgotten with their events
        self.forgotten = 0
        self.seq = 0
        self.t = 0
        self._marks_seq = 0  # marks are those of the events up to here

    def anew(self) -> Ledger:
        """A ledger that begins again. Marks belong to no moment and stay; so does how much was forgotten."""
        ledger = Ledger(self.epoch)
        ledger.marks, ledger._marks_seq, ledger.forgotten = self.marks, self._marks_seq, self.forgotten
        return ledger

    def put(self, numbered: Iterable[Numbered]) -> None:
        """Take in events, in order."""
        take, seqs, touched, epoch = self.connections.take, self.seqs, self.touched, self.epoch
        seq, raw = self.seq, None
        for seq, raw in numbered:
            conn = raw[2]
            if conn is not None:
                take(raw, epoch)
                own = seqs.get(conn)
                if own is None:
                    own = seqs[conn] = array("Q")
                    self._list(conn)
                own.append(seq)
                touched.add(conn)
            kind = raw[1]
            if kind == NOTE:
                self._take_note(seq, raw)
            elif kind in _ASIDE_KINDS:
                self.asides[_ASIDE_KINDS[kind]].append(seq)
        self.seq = seq
        if raw is not None:
            self.t = raw[0] - epoch

    def _list(self, conn: int) -> None:
        if self.order and conn < self.order[-1]:
            insort(self.order, conn)
        else:
            self.order.append(conn)

    def _take_note(self, seq: int, raw: Raw) -> None:
        """The app's own notes stand among its logs; a mark of the user is remembered."""
        fields = payload_of(raw)
        if isinstance(fields, dict) and "thread" in fields:
            self.asides[Ev.LOG].append(seq)
            return
        if raw[2] is None or seq <= self._marks_seq or not isinstance(fields, dict) or fields.get("name") != MARK:
            return
        self._marks_seq = seq
        comment = fields.get("data") or ""
        if fields.get("phase") == "end":
            self.marks.pop(raw[2], None)
        else:
            self.marks[raw[2]] = comment if isinstance(comment, str) else word(comment)

    @property
    def is_wsgi(self) -> bool:
        """Whether what is recorded is a WSGI app, which its first connection tells."""
        return bool(self.order) and self.connections[self.order[0]].kind == "wsgi"

    # -- reading ---------------------------------------------------------------------------------------------------

    def events(self, conn: int, read: Read, after: int = 0) -> list[Event]:
        """The events of a connection behind number `after`, as far as they are still there."""
        own = self.seqs.get(conn)
        if own is None:
            return []
        return self._expanded(own[bisect_right(own, after) :], read)

    def event(self, seq: int, read: Read) -> Event | None:
        """One event, or None when it is gone or not there yet."""
        found = read([seq])
        return expand(*found[0], self.epoch) if found else None

    def aside(self, ev: str, read: Read, after: int = 0) -> list[Event]:
        """The events of a kind in `ASIDE` behind number `after`, as far as they are still there."""
        own = self.asides[ev]
        return self._expanded(own[bisect_right(own, after) :], read)

    def _expanded(self, seqs: Sequence[int], read: Read) -> list[Event]:
        return [expand(seq, raw, self.epoch) for seq, raw in read(seqs)]

    # -- forgetting ------------------------------------------------------------------------------------------------

    def forget_before(self, seq: int, unfinished: Container[int] | None = None, most: int = 2_000) -> int:
        """Let connections go that have no event from `seq` on and are over, at most `most`; how many went.

        `unfinished` are those that are not over although only the recorder knows by now: an exit may be among the events
        that nobody saw before they were gone. None: it cannot be told, and what is open stays.
        """
        gone: list[int] = []
        for conn, own in self.seqs.items():
            if own[0] >= seq or len(gone) == most:
                break
            if own[-1] < seq and (self.connections[conn].over or (unfinished is not None and conn not in unfinished)):
                gone.append(conn)
        for conn in gone:
            self._forget(conn)
            self.marks.pop(conn, None)
        if gone:
            self.forgotten += len(gone)
            self._unlist(gone)
        for own in self.asides.values():
            del own[: bisect_right(own, seq - 1)]
        return len(gone)

    def _forget(self, conn: int) -> None:
        self.connections.forget(conn)
        del self.seqs[conn]
        self.touched.add(conn)

    def _unlist(self, conns: Collection[int]) -> None:
        lost, last = set(conns), bisect_right(self.order, max(conns))
        self.order[:last] = [conn for conn in self.order[:last] if conn not in lost]

    def go_back(self, seq: int, read: Read) -> bool:
        """Forget everything behind event `seq`, but marks, which belong to no moment.

        False, and nothing done, when that event is gone or this is more work than to begin anew.
        """
        kept = {conn: own[: bisect_right(own, seq)] for conn, own in self.seqs.items() if own[-1] > seq}
        last = read([seq])
        if not last or sum(map(len, kept.values())) > REFOLD:
            return False
        for conn in kept:
            self.connections.forget(conn)
            self.seqs[conn] = array("Q")  # it keeps its place among the others
        for number, raw in read(sorted(chain.from_iterable(kept.values()))):
            self.connections.take(raw, self.epoch)
            self.seqs[raw[2]].append(number)  # type: ignore[index]  # an event in `seqs` has a connection
        unborn = [conn for conn in kept if not self.seqs[conn]]
        for conn in unborn:
            del self.seqs[conn]
        if unborn:
            self._unlist(unborn)
        for own in self.asides.values():
            del own[bisect_right(own, seq) :]
        self.touched.update(kept)
        self.seq, self.t = seq, last[0][1][0] - self.epoch
        return True
