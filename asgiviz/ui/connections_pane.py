"""The connections: one row each, of any kind, newest at the bottom; sorted and filtered on request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic, perf_counter

from textual.markup import escape

from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.connection_rows import COLUMNS, Column, cells, column_at, head, layout
from asgiviz.views.evidence import Filter
from asgiviz.views.findings import told
from asgiviz.views.roster import Roster
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import safe

#: Seconds that judging a filter may take of one tick, and between two sortings of a list that changes.
BITE, SORT_EVERY = 0.030, 1.0


class ConnectionsPane(LinesPane):
    """Lists the connections of a feed; `selected` is a connection's number."""

    TITLE = "Connections"
    KEYS_ARE = "connections"
    HELP = """\
One row per connection: an http request, a WebSocket (ws), the app's lifespan (life), or a request of a WSGI app (wsgi).

`code` is the status or the WebSocket close code; `✗` marks a failure; `···` is still open.
The bar shows how the time went: `█` the app was running, `░` it waited in receive or send, or in
line for a thread.

Behind what it asked for stands how many rules were broken (`✖2`); the tab Findings tells which.

`/` filters: try `~e` (what failed), `~f` (what has findings) or `~d 100ms` (what was slow). `s` sorts by the next column,
a click on a title by that one. `f` keeps the newest in sight. `m` marks a row, `M` writes a comment on it. New connections
never move the cursor.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.feed = feed
        self.roster = Roster(feed.ledger, feed.findings.of)
        self.only: Filter | None = None
        self._column: Column = COLUMNS[0]
        self._descending = False
        self._sorted_at = 0.0
        self.follows = feed.growing

    # -- rows ------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self.roster.ids)

    def key_at(self, index: int) -> Hashable:
        return self.roster.ids[index]

    def index_of(self, key: Hashable) -> int | None:
        return self.roster.index_of(key) if isinstance(key, int) else None

    def heading(self, width: int) -> list[Spans]:
        return [head(layout(width), self._column.name, self._descending)]

    def line(self, index: int, width: int) -> Spans:
        conn = self.roster.ids[index]
        connection = self.feed.ledger.connections[conn]
        comment, found = self.feed.ledger.marks.get(conn), told(self.feed.findings.of(conn))
        columns, now, mask = layout(width), self.feed.now, self.look.mask
        return cells(connection, columns, now, mask, marked=comment is not None, comment=comment, found=found)

    def nothing(self, width: int) -> list[Spans]:
        if self.only is not None:
            said = ["", " nothing passes the filter", f" {self.only}", "", " escape clears it"]
        elif self.feed.growing:
            said = ["", " waiting for the first request"]
        else:
            said = ["", " nothing was recorded"]
        return [[Span(text, Role.QUIET)] for text in said]

    # -- keeping up ------------------------------------------------------------------------------------------------

    def take_changes(self, touched: set[int]) -> bool:
        """Let the list follow the feed; True when what it lists changed."""
        ledger = self.feed.ledger
        if self.roster.ledger is not ledger:
            self.roster.follow(ledger)
        self.roster.touch(touched)
        ends = perf_counter() + BITE
        changed = self.roster.judge(self.feed.read, self.feed.now, lambda: perf_counter() < ends, self.feed.whole)
        if self.roster.needs_sorting and monotonic() - self._sorted_at > SORT_EVERY:
            self._sort()
        self.remark(self._subtitle())
        return changed

    def _subtitle(self) -> str:
        total = len(self.feed.ledger.order)
        parts = []
        if self.only is not None:
            left = f", {self.roster.pending:,} to judge" if self.roster.pending else ""
            parts.append(f"{escape(safe(str(self.only)))}: {self.count():,} of {total:,}{left}")
        if self.feed.ledger.forgotten:
            parts.append(f"{self.feed.ledger.forgotten:,} older gone")
        if self.follows:
            parts.append("newest in sight")
        return self.look.spelt(" · ".join(parts)) if parts else f"{total:,}"

    def _sort(self) -> None:
        self._sorted_at = monotonic()
        self.roster.sort()

    def show_connection(self, conn: int) -> None:
        """The screen shows another connection: put the cursor on it without moving what is in sight more than needed."""
        if self.selected != conn:
            self.select(conn, tell=False)

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def show_only(self, only: Filter | None) -> None:
        """List only what passes; None lists everything."""
        self.only = only
        self.roster.select(only)
        self.take_changes(set())
        self.show_changes()

    def clear(self) -> None:
        """Take what is over from the list; again: bring it back."""
        cleared = self.roster.clear()
        self.take_changes(set())
        self.show_changes()
        self.notify(
            "finished connections are hidden; again brings them back" if cleared else "all connections are listed again"
        )

    def sort_by(self, column: Column) -> None:
        """Sort by a column; again: the other way round."""
        self._descending = not self._descending if column is self._column else column.descending
        self._column = column
        natural = column is COLUMNS[0] and not self._descending
        self.roster.order_by(None if natural else column.key, self._descending)
        self._sorted_at = monotonic()
        self.show_changes()
        if self.selected is not None and (index := self.index_of(self.selected)) is not None:
            self.bring_into_sight(index)

    def sort_by_next(self) -> None:
        """Sort by the next column that is shown."""
        shown = [column for column, _ in layout(self._text_width)]
        place = shown.index(self._column) if self._column in shown else -1
        self.sort_by(shown[(place + 1) % len(shown)])

    def sort_reverse(self) -> None:
        """The other way round."""
        self.sort_by(self._column)

    def follow(self) -> None:
        """Keep the newest in sight, or stay."""
        self.follows = not self.follows
        self.show_changes()

    def click_heading(self, y: int, x: int) -> None:
        """A click on a title sorts by it."""
        column = column_at(layout(self._text_width), x)
        if column is not None:
            self.sort_by(column)

    def move_to(self, wanted: Callable[[int], bool]) -> bool:
        """Put the cursor on the next row that is wanted, going round."""
        ids = self.roster.ids
        start = self.cursor if self.cursor is not None else -1
        for count in range(1, len(ids) + 1):
            index = (start + count) % len(ids)
            if wanted(ids[index]):
                self._go_to(index)
                return True
        return False
