"""The waterfall: the listed connections on one time axis, and a cursor in time that the other panes follow."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.ui.keys import bindings
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.concurrency import Concurrency
from asgiviz.views.lane import Lane
from asgiviz.views.ledger import Ledger
from asgiviz.views.roster import Roster
from asgiviz.views.spans import Spans
from asgiviz.views.time_axis import TimeAxis
from asgiviz.views.waterfall import concurrency, concurrency_label, draw, label, legend, ruler

#: Lanes that are kept of connections that are out of sight, too.
KEPT = 400
#: A zoom step, and the part of the window that a pan moves.
ZOOM, PAN = 0.5, 8


class WaterfallPane(LinesPane):
    """A row per connection; `axis` is None while everything is shown."""

    TITLE = "Waterfall"
    KEYS_ARE = "connections"
    HELP = """\
All connections on one time axis: `█` the app was running, `░` it waited in receive or send, `▒` it is still open.
Running includes awaiting other things (a timer, a database), because only receive and send are seen.

Bars that overlap were served at the same time; bars that begin where another ends stood in a queue.
Times in which nothing was open are folded: `┊ 12 s ┊`.

`+` and `-` zoom around the cursor, shift with the arrows pans, `0` shows everything again.
ctrl with the arrows moves the cursor in time, and so does a click; the other panes follow it.
"""
    BINDINGS: ClassVar[list[BindingType]] = bindings("waterfall")

    class Pointed(Message):
        """The cursor in time was put on a moment, in nanoseconds since the recording began."""

        def __init__(self, t: int) -> None:
            super().__init__()
            self.t = t

    def __init__(self, feed: Feed, roster: Roster, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.feed = feed
        self.roster = roster
        self.axis: TimeAxis | None = None
        #: the cursor in time
        self.moment: int | None = None
        self._ledger: Ledger | None = None
        self._lanes: dict[int, tuple[Lane | None, int]] = {}
        self._stalls: dict[int, list[Event]] = {}  # culprit -> what it is blamed for
        self._profile = Concurrency()
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._new: set[int] = set()
        self._seq = 0
        self.follows = feed.growing

    # -- rows ------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self.roster.ids)

    def key_at(self, index: int) -> Hashable:
        return self.roster.ids[index]

    def index_of(self, key: Hashable) -> int | None:
        return self.roster.index_of(key) if isinstance(key, int) else None

    def heading(self, width: int) -> list[Spans]:
        if not self.count():
            return []
        left, axis = self._left(width), self._axis(width)
        return [
            [*legend(left), *ruler(axis, self.moment)],
            [*concurrency_label(self._profile, left), *concurrency(self._profile, axis)],
        ]

    def line(self, index: int, width: int) -> Spans:
        conn = self.roster.ids[index]
        connection = self.feed.ledger.connections[conn]
        left, axis = self._left(width), self._axis(width)
        bar = draw(self._lane(connection), axis, self.feed.now, self.moment, connection.failed)
        return [*label(connection, left, self.look.mask), *bar]

    def _left(self, width: int) -> int:
        return max(12, min(40, width // 3))

    def _axis(self, width: int) -> TimeAxis:
        columns = max(1, width - self._left(width))
        if self.axis is not None:
            return TimeAxis(self.axis.began, self.axis.ended, columns, self._profile.idle())
        return self._whole(columns)

    def _whole(self, columns: int) -> TimeAxis:
        return TimeAxis(0, max(1, self.feed.now), columns, self._profile.idle())

    def _lane(self, connection: Connection) -> Lane:
        conn = connection.conn
        lane, after = self._lanes.pop(conn, (None, 0))
        if lane is None:
            lane = Lane(conn, connection.began)
            for stall in self._stalls.get(conn, ()):
                lane.add(stall)
        own = self.feed.ledger.seqs[conn]
        if own[-1] > after:
            for event in self.feed.events(conn, after):
                lane.add(event)
        self._lanes[conn] = lane, own[-1]
        if len(self._lanes) > KEPT:
            del self._lanes[next(iter(self._lanes))]
        return lane

    # -- keeping up ------------------------------------------------------------------------------------------------

    def note_changes(self, touched: set[int]) -> None:
        """Remember what changed, also while the pane is out of sight."""
        self._new |= touched

    def take_changes(self, touched: set[int]) -> bool:
        """Count the new beginnings and ends."""
        ledger = self.feed.ledger
        if ledger is not self._ledger or ledger.seq < self._seq:
            self._ledger = ledger
            self._lanes, self._stalls, self._profile, self._seq = {}, {}, Concurrency(), 0
            self._begun, self._ended, self._new = set(), set(), set(ledger.order)
        for stall in ledger.aside(Ev.STALL, self.feed.read, self._seq):
            culprit = stall.get("culprit")
            if isinstance(culprit, int):
                self._stalls.setdefault(culprit, []).append(stall)
                if (lane := self._lanes.get(culprit, (None, 0))[0]) is not None:
                    lane.add(stall)
        self._seq = ledger.seq
        moments: list[tuple[int, int]] = []
        for conn in self._new:
            connection = ledger.connections.get(conn)
            if connection is None or connection.kind == "lifespan":
                continue
            if conn not in self._begun:
                self._begun.add(conn)
                moments.append((connection.began, 1))
            if connection.ended is not None and conn not in self._ended:
                self._ended.add(conn)
                moments.append((connection.ended, -1))
        self._new = set()
        for t, more in sorted(moments, key=lambda moment: (moment[0], -moment[1])):
            (self._profile.begin if more > 0 else self._profile.end)(t)
        return True

    def show_connection(self, conn: int) -> None:
        """Put the cursor on it."""
        if self.selected != conn:
            self.select(conn, tell=False)

    def point_at(self, moment: int | None) -> None:
        """Put the cursor in time."""
        self.moment = moment
        self.refresh()

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def _around(self, axis: TimeAxis) -> int:
        inside = self.moment is not None and axis.began <= self.moment < axis.ended
        return self.moment if inside and self.moment is not None else axis.time(axis.width // 2)

    def action_zoom_in(self) -> None:
        """A shorter stretch of time."""
        self._zoom(ZOOM)

    def action_zoom_out(self) -> None:
        """A longer stretch of time."""
        self._zoom(1 / ZOOM)

    def _zoom(self, factor: float) -> None:
        axis = self._axis(self._text_width)
        zoomed = axis.zoomed(factor, self._around(axis)).within(0, max(1, self.feed.now))
        whole = zoomed.began <= 0 and zoomed.ended >= self.feed.now
        self.axis = None if whole else zoomed
        self.refresh()

    def action_earlier(self) -> None:
        """Earlier times."""
        self._pan(-1)

    def action_later(self) -> None:
        """Later times."""
        self._pan(1)

    def _pan(self, step: int) -> None:
        axis = self._axis(self._text_width)
        if self.axis is not None:
            self.axis = axis.panned(step * max(1, axis.width // PAN)).within(0, max(1, self.feed.now))
            self.refresh()

    def action_fit(self) -> None:
        """Everything again."""
        self.axis = None
        self.refresh()

    def action_cursor(self, step: int) -> None:
        """The cursor in time a column to the left or right."""
        axis = self._axis(self._text_width)
        column = axis.column(self.moment) if self.moment is not None else None
        column = (column + step) if column is not None else (0 if step > 0 else axis.width - 1)
        self._point(axis, max(0, min(column, axis.width - 1)))

    def _point(self, axis: TimeAxis, column: int) -> None:
        self.point_at(axis.time(column))
        assert self.moment is not None  # it was put there
        self.post_message(self.Pointed(self.moment))

    def click_row(self, index: int, x: int) -> None:
        """A click on a bar puts the cursor in time there."""
        self._click_at(x)

    def click_heading(self, y: int, x: int) -> None:
        """A click on the ruler puts the cursor in time there."""
        self._click_at(x)

    def _click_at(self, x: int) -> None:
        left = self._left(self._text_width)
        if x >= left:
            self._point(self._axis(self._text_width), x - left)
