"""The ledger: what a screen must know of all events so far, without holding the events themselves.

A fold over raw events in order: a summary of each connection, the numbers of its events, and the numbers of everything
that is shown beside connections. The events stay in the recorder and are read again when they are looked at. The fold
can go back: what comes behind a number is forgotten, as if it had not happened yet.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from asgiviz.model.connection import Connection, Connections
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
        #: connections in the order in which they began
        self.order: list[int] = []
        self.seqs: dict[int, array[int]] = {}
        self.asides: dict[str, array[int]] = {ev: array("Q") for ev in ASIDE}
        #: connections that changed since somebody emptied this
        self.touched: set[int] = set()
        #: connection -> the user's comment on it (may be empty); marks are events too, so a recording keeps them
        self.marks: dict[int, str] = {}
        #: connections that were forgotten with their events
        self.forgotten = 0
        self.seq = 0
        self.t = 0

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
                    self.order.append(conn)
                own.append(seq)
                touched.add(conn)
            kind = raw[1]
            if kind == NOTE:
                self._take_mark(raw)
            elif kind in _ASIDE_KINDS:
                self.asides[_ASIDE_KINDS[kind]].append(seq)
        self.seq = seq
        if raw is not None:
            self.t = raw[0] - epoch

    def _take_mark(self, raw: Raw) -> None:
        fields = payload_of(raw)
        if raw[2] is None or not isinstance(fields, dict) or fields.get("name") != MARK:
            return
        if fields.get("phase") == "end":
            self.marks.pop(raw[2], None)
        else:
            self.marks[raw[2]] = word(fields["data"]) if fields.get("data") else ""

    # -- reading ---------------------------------------------------------------------------------------------------

    def events(self, conn: int, read: Read, after: int = 0) -> list[Event]:
        """The events of a connection behind number `after`, as far as they are still there."""
        own = self.seqs.get(conn)
        if own is None:
            return []
        return self._expanded(own[bisect_right(own, after) :], read, conn)

    def event(self, seq: int, read: Read) -> Event | None:
        """One event, or None when it is gone or not there yet."""
        found = [expand(number, raw, self.epoch) for number, raw in read([seq]) if number == seq]
        return found[0] if found else None

    def aside(self, ev: str, read: Read, after: int = 0) -> list[Event]:
        """The events of a kind in `ASIDE` behind number `after`, as far as they are still there."""
        own = self.asides[ev]
        return self._expanded(own[bisect_right(own, after) :], read, None)

    def _expanded(self, seqs: Sequence[int], read: Read, conn: int | None) -> list[Event]:
        return [expand(seq, raw, self.epoch) for seq, raw in read(seqs) if conn is None or raw[2] == conn]

    # -- forgetting ------------------------------------------------------------------------------------------------

    def forget_before(self, seq: int, most: int = 2_000) -> int:
        """Let the oldest connections go that are over and have no event from `seq` on, at most `most`; how many went."""
        gone: list[int] = []
        for conn in self.order[: 2 * most]:
            if len(gone) == most:
                break
            connection = self.connections.get(conn)
            if connection is not None and connection.over and self.seqs[conn][-1] < seq:
                gone.append(conn)
        for conn in gone:
            self._forget(conn)
        if gone:
            lost = set(gone)
            self.order[: 2 * most] = [conn for conn in self.order[: 2 * most] if conn not in lost]
            self.forgotten += len(gone)
        for own in self.asides.values():
            del own[: bisect_right(own, seq - 1)]
        return len(gone)

    def _forget(self, conn: int) -> None:
        self.connections.forget(conn)
        del self.seqs[conn]
        self.touched.add(conn)

    def go_back(self, seq: int, read: Read) -> bool:
        """Forget everything behind number `seq`; False (and nothing done) when that is more than beginning anew."""
        later = [conn for conn, own in self.seqs.items() if own[-1] > seq]
        kept = {conn: self.seqs[conn][: bisect_right(self.seqs[conn], seq)] for conn in later}
        if sum(map(len, kept.values())) > REFOLD:
            return False
        for conn, own in kept.items():
            self._forget(conn)
            for number, raw in read(own):
                if raw[2] == conn and number <= seq:
                    self.connections.take(raw, self.epoch)
            if own:
                self.seqs[conn] = own
        unborn = {conn for conn, own in kept.items() if not own}
        self.order = [conn for conn in self.order if conn not in unborn]
        for own in self.asides.values():
            del own[bisect_right(own, seq) :]
        last = read([seq])
        self.t = last[-1][1][0] - self.epoch if last else self.t
        self.seq = seq
        return True

    def summary(self, conn: int) -> Connection | None:
        """What is known of a connection."""
        return self.connections.get(conn)
