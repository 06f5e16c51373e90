"""The state: the automaton of the selected connection, as far as the selected event."""

from __future__ import annotations

from array import array
from collections.abc import Hashable

from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.automaton import History, draw
from asgiviz.views.spans import Role, Row, Span, Spans

#: Events that are walked through at a time.
MOST = 50_000


class StatePane(LinesPane):
    """The picture is drawn anew for the selected event, and follows the newest while nothing behind it is selected."""

    TITLE = "State"
    HELP = """\
Where the connection stands in the protocol, as the specification has it: the states, the messages that lead from one to
the next, and what is legal now.

A WSGI request has no messages, and so no states: it shows the five stages of its one call.

It moves with the cursor: choose an event in the sequence, or step with `.` and `,`.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.conn: int | None = None
        self.seq: int | None = None
        self._rows: list[Row] = []
        self._drawn_for: tuple[object, ...] = ()
        self._walked = History()
        self._walked_to = 0
        self._walked_for: tuple[object, ...] = ()

    def _draw(self) -> None:
        conn, ledger = self.conn, self.feed.ledger
        own = None if conn is None else ledger.seqs.get(conn)
        if conn is None or own is None:
            self._rows = []
            return
        wanted = (conn, own[-1], self.seq, self._text_width, self.size.height, ledger)
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._rows = draw(self._walk(conn, own), self._text_width, self.size.height)

    def _walk(self, conn: int, own: array[int]) -> History:
        """The walk up to the selected event; where the one before ended earlier, it goes on from there."""
        upto = own[-1] if self.seq is None else self.seq
        known = (conn, self.feed.ledger)
        if self._walked_for != known or self._walked_to > upto:
            self._walked_for, self._walked, self._walked_to = known, History(), 0
        if self._walked_to < upto:
            for event in self.feed.events(conn, self._walked_to)[:MOST]:
                if event.seq <= upto:
                    self._walked.add(event)
            self._walked_to = upto
        return self._walked

    def count(self) -> int:
        self._draw()
        return len(self._rows)

    def line(self, index: int, width: int) -> Spans:
        return self._rows[index].spans

    def event_at(self, key: Hashable) -> int | None:
        return self._rows[key].seq if isinstance(key, int) and key < len(self._rows) else None

    def nothing(self, width: int) -> list[Spans]:
        return [[], [Span(" choose a connection to see where it stands", Role.QUIET)]]

    def take_changes(self, touched: set[int]) -> bool:
        return self.conn in touched

    def show_connection(self, conn: int) -> None:
        if conn != self.conn:
            self.conn, self.seq, self.top, self.selected = conn, None, 0, None
            self.redraw()

    def show_event(self, seq: int) -> None:
        """Stand at an event; 0: at the newest."""
        self.seq = seq or None
        self.redraw()
