"""The sequence: what the selected connection did, message by message, between its lifelines."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from operator import attrgetter

from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.ledger import Ledger
from asgiviz.views.lifeline_heading import heading
from asgiviz.views.lifelines import Lifelines
from asgiviz.views.pools import waiting_in
from asgiviz.views.sequence import Steps
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.stalls import Stall
from asgiviz.views.text import word


class SequencePane(LinesPane):
    """The steps of one connection; a row is known by its event and how many rows it is behind the event's first."""

    TITLE = "Sequence"
    KEYS_ARE = "events"
    HELP = """\
What crossed the line between server and app in this connection, from top to bottom, with the time since it began.

On the app's lifeline `█` means it was running, `░` that it was suspended in receive or send, `▒` that it still is open.
In the heading, "waited" is the time in receive and send, "app" all the other: also what it spent awaiting a timer or a thread.
A WSGI request waits for a thread on the server's lifeline (`░`); the heading says which thread took it.

`R` is a receive (server to app), `S` a send (app to server). Dashed arrows are inferred: only the line between server
and app is recorded.

A rule that a message broke stands at the end of its row (`✖`, `⚠`, `ℹ`): `?` explains it, the inspector tells what would
have been legal.

Enter unfolds what is folded (`▸`), or the frames of an exception. `.` and `,` step through the events of the whole recording.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.conn: int | None = None
        self._steps = Steps()
        self._ledger: Ledger | None = None
        self._read_up_to = 0
        self._expanded: set[int] = set()
        self._waiting: set[str] = set()  # pools for whose threads it waits
        self._drawn: tuple[object, Lifelines] | None = None

    # -- rows ------------------------------------------------------------------------------------------------------

    def _lines(self) -> Lifelines:
        """The rows as they are now; made anew once per change."""
        fresh = (
            self._steps,
            self._read_up_to,
            self._text_width,
            self.feed.now // 50_000_000,
            len(self._expanded),
            self.look.mask,
            self.feed.findings.version,
            self.feed.findings.upto,
        )
        if self._drawn is None or self._drawn[0] != fresh:
            found = self.feed.findings.of(self.conn)
            lines = Lifelines(
                self._steps, self._text_width, self.feed.now, self.layer_names, self._expanded, self.look.mask, found
            )
            self._drawn = fresh, lines
        return self._drawn[1]

    def count(self) -> int:
        return len(self._lines()) if self.conn is not None else 0

    def line(self, index: int, width: int) -> Spans:
        return self._lines()[index].spans

    def key_at(self, index: int) -> Hashable:
        lines = self._lines()
        seq = lines[index].seq or 0
        return seq, index - lines.row_of(seq)

    def index_of(self, key: Hashable) -> int | None:
        match key:
            case (int(seq), int(behind)) if self.conn is not None:
                return max(0, min(self._lines().row_of(seq) + behind, self.count() - 1))
            case _:
                return None

    def event_at(self, key: Hashable) -> int | None:
        match key:
            case (int(seq), int()):
                return seq or None
            case _:
                return None

    def heading(self, width: int) -> list[Spans]:
        connection = None if self.conn is None else self.feed.ledger.connections.get(self.conn)
        if connection is None:
            return []
        look, found = self.look.mask, self.feed.findings.of(self.conn)
        return [row.spans for row in heading(connection, width, look, self.layer_names, self._steps, self.feed.now, found)]

    def nothing(self, width: int) -> list[Spans]:
        return [[], [Span(" choose a connection to see what it did", Role.QUIET)]]

    # -- keeping up ------------------------------------------------------------------------------------------------

    def take_changes(self, touched: set[int]) -> bool:
        ledger, conn = self.feed.ledger, self.conn
        if conn is None:
            return False
        own = ledger.seqs.get(conn)
        if own is None:
            self.conn = None
            return True
        if ledger is not self._ledger or self._read_up_to > ledger.seq:
            self._ledger, self._steps, self._read_up_to, self._waiting = ledger, Steps(), 0, set()
        if ledger.seq == self._read_up_to:
            return False
        first = max(self._read_up_to, own[0] - 1)
        events = [*self.feed.events(conn, self._read_up_to), *self._concerning(conn, first)]
        for event in sorted(events, key=attrgetter("seq")):
            self._steps.add(event)
        self._read_up_to = ledger.seq
        return bool(events)

    def _concerning(self, conn: int, after: int) -> Iterator[Event]:
        """Stalls that the connection caused or waited for, and the moments when it began to wait for a thread."""
        for event in self.feed.ledger.aside(Ev.STALL, self.feed.read, after):
            stall = Stall.of(event)
            if not stall.ongoing and (stall.culprit == conn or any(victim.conn == conn for victim in stall.victims)):
                yield event
        for event in self.feed.ledger.aside(Ev.POOL, self.feed.read, after):
            waits, name = conn in waiting_in(event), word(event.get("name", "?"))
            if waits and name not in self._waiting:
                yield event
            (self._waiting.add if waits else self._waiting.discard)(name)

    def show_connection(self, conn: int) -> None:
        if conn == self.conn:
            return
        self.conn = conn
        self._steps, self._read_up_to, self._expanded, self._drawn = Steps(), 0, set(), None
        self._waiting = set()
        self.top, self.selected = 0, None
        self.take_changes(set())
        self.redraw()

    def show_event(self, seq: int) -> None:
        own = None if self.conn is None else self.feed.ledger.seqs.get(self.conn)
        if own is None or self.event_at(self.selected) == seq:
            return
        self.take_changes(set())
        if self.count() and own[0] <= seq <= own[-1]:
            self.select((seq, 0), tell=False)

    def unfold(self) -> bool:
        index = self.cursor
        seq = None if index is None else self._lines().unfolds(index)
        if seq is None:
            return False
        self._expanded ^= {seq}
        self._drawn = None
        self.select((seq, 0), tell=False)
        return True
