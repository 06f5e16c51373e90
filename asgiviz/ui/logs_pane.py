"""The logs: what the app printed, logged and warned, each beside the connection it belongs to."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Hashable

from asgiviz.model.events import Ev
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.log_lines import draw
from asgiviz.views.spans import Role, Row, Span, Spans

#: Records whose rows are kept drawn.
KEPT = 500


class LogsPane(LinesPane):
    """A row per record, more where one is unfolded; a row is known by its event and its place among that event's rows."""

    TITLE = "Logs"
    KEYS_ARE = "events"
    HELP = """\
What the app printed, logged, warned and noted (`asgiviz.note`), in order, each beside the connection that it belongs to
where that can be told.

Choosing a line shows its connection, and the sequence at that moment. Enter unfolds a record with more lines (a traceback).
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.follows = feed.growing
        #: unfolded event -> its rows
        self._unfolded: dict[int, list[Row]] = {}
        self._drawn: dict[int, list[Row]] = {}
        self._drawn_for: tuple[object, ...] = ()

    @property
    def _seqs(self) -> array[int]:
        return self.feed.ledger.asides[Ev.LOG]

    def count(self) -> int:
        return len(self._seqs) + sum(len(rows) - 1 for rows in self._unfolded.values())

    def line(self, index: int, width: int) -> Spans:
        seq, behind = self._find(index)
        rows = self._rows(seq, width)
        return rows[min(behind, len(rows) - 1)].spans

    def key_at(self, index: int) -> Hashable:
        return self._find(index)

    def index_of(self, key: Hashable) -> int | None:
        match key:
            case (int(seq), int(behind)):
                place = bisect_left(self._seqs, seq)
                if place == len(self._seqs) or self._seqs[place] != seq:
                    return None
                before = sum(len(rows) - 1 for other, rows in self._unfolded.items() if other < seq)
                return place + before + min(behind, len(self._unfolded.get(seq, [])))
            case _:
                return None

    def event_at(self, key: Hashable) -> int | None:
        match key:
            case (int(seq), int()):
                return seq
            case _:
                return None

    def nothing(self, width: int) -> list[Spans]:
        return [[], [Span(" the app has printed and logged nothing", Role.QUIET)]]

    def _find(self, index: int) -> tuple[int, int]:
        """The event of a row, and which of its rows it is."""
        more = 0
        for seq in sorted(self._unfolded):
            start = bisect_left(self._seqs, seq) + more
            if index < start:
                break
            height = len(self._unfolded[seq])
            if index < start + height:
                return seq, index - start
            more += height - 1
        return self._seqs[index - more], 0

    def _rows(self, seq: int, width: int) -> list[Row]:
        wanted = (width, self.look.mask, self.feed.ledger)
        if wanted != self._drawn_for or len(self._drawn) > KEPT:
            self._drawn, self._drawn_for = {}, wanted
            self._unfolded = {other: self._draw(other, width, expanded=True) for other in self._unfolded}
        if seq in self._unfolded:
            return self._unfolded[seq]
        if seq not in self._drawn:
            self._drawn[seq] = self._draw(seq, width, expanded=False)
        return self._drawn[seq]

    def _draw(self, seq: int, width: int, *, expanded: bool) -> list[Row]:
        event = self.feed.event(seq)
        if event is None:
            return [Row([Span("(not in memory any more)", Role.QUIET)], seq)]
        connection = None if event.conn is None else self.feed.ledger.connections.get(event.conn)
        return draw(event, connection, width, expanded, self.look.mask) or [Row([], seq)]

    def show_event(self, seq: int) -> None:
        """Put the cursor on it if it is here, else leave it."""
        if self.event_at(self.selected) != seq and self.index_of((seq, 0)) is not None:
            self.follows = False
            self.select((seq, 0), tell=False)

    def unfold(self) -> bool:
        seq = self.event_at(self.selected)
        if seq is None or self.index_of((seq, 0)) is None:
            return False
        if self._unfolded.pop(seq, None) is None:
            rows = self._draw(seq, self._text_width, expanded=True)
            if len(rows) < 2:
                return False
            self._unfolded[seq] = rows
        self.select((seq, 0), tell=False)
        return True
