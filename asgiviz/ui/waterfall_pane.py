"""The waterfall: the listed connections on one time axis, and a cursor in time that the other panes follow."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
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
from asgiviz.views.spans import Role, Span, Spans, padded
from asgiviz.views.time_axis import TimeAxis
from asgiviz.views.waterfall import concurrency, concurrency_label, draw, label, legend, overlap, ruler

#: Lanes that are kept of connections that are out of sight, too.
KEPT = 400
#: A zoom step, and the part of the window that a pan moves.
ZOOM, PAN = 0.5, 8


class WaterfallPane(LinesPane):
    """A row per connection; `axis` is None while everything is shown."""

    TITLE = "Waterfall"
    KEYS_ARE = "connections"
    HELP = """\
All connections on one time axis: `█` the app was running, `░` it waited in receive or send (a
WSGI request: in line for a thread), `▒` it is still open, `▓` it held the event loop.
Running includes awaiting other things (a timer, a database), because only receive and send are seen.

Bars that overlap were served at the same time; bars that begin where another ends stood in a queue.
Times in which nothing was open are folded: `┊ 12 s ┊`.

`+` and `-` zoom around the cursor, shift with the arrows pans, `0` shows everything again.
`(` and `)` move the cursor in time, and so does a click; the other panes follow it.
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
        self._wsgi = False
        self._lanes: dict[int, tuple[Lane | None, int]] = {}
        self._stalls: dict[int, list[Event]] = {}  # culprit -> what it is blamed for
        self._profile = Concurrency()
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._new: set[int] = set()
        self._seq = 0
        self._laid_out: TimeAxis | None = None
        self._axis_for = (0, 0, 0, 0)
        self._heading: list[Spans] = []
        self._heading_for: tuple[object, ...] = ()
        self.follows = feed.growing

    # -- rows ------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self.roster.ids)

    def key_at(self, index: int) -> Hashable:
        return self.roster.ids[index]

    def index_of(self, key: Hashable) -> int | None:
        return self.roster.index_of(key) if isinstance(key, int) else None

    def on_resize(self) -> None:
        """The signs are explained as far as there is room."""
        super().on_resize()
        self._explain_signs()

    def _explain_signs(self) -> None:
        self._wsgi = self.feed.ledger.is_wsgi
        self.border_subtitle = self.look.spelt(legend(self.size.width - 4, self._wsgi))

    def heading(self, width: int) -> list[Spans]:
        if not self.count():
            return []
        left, axis = self._left(width), self._axis(width)
        wanted = (axis, self.moment, left)
        if wanted != self._heading_for:  # an axis is made once for a moment, and found again by its identity
            self._heading_for = wanted
            self._heading = [
                [*padded([Span(overlap(len(self._begun), self._profile.peak), Role.STRONG)], left), *ruler(axis, self.moment)],
                [*concurrency_label(self._profile, left), *concurrency(self._profile, axis)],
            ]
        return self._heading

    def line(self, index: int, width: int) -> Spans:
        conn = self.roster.ids[index]
        connection = self.feed.ledger.connections[conn]
        left, axis = self._left(width), self._axis(width)
        bar = draw(self._lane(connection), axis, self.feed.now, self.moment, connection.failed)
        return [*label(connection, left, self.look.mask), *bar]

    def _left(self, width: int) -> int:
        return max(12, min(40, width // 3))

    def _axis(self, width: int) -> TimeAxis:
        """The axis of now: all rows share it, because laying it out costs more than drawing one."""
        began, ended = (0, max(1, self.feed.now)) if self.axis is None else (self.axis.began, self.axis.ended)
        wanted = (began, ended, max(1, width - self._left(width)), self.feed.version)
        if wanted != self._axis_for or self._laid_out is None:
            self._axis_for = wanted
            self._laid_out = TimeAxis(*wanted[:3], self._profile.idle())
        return self._laid_out

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
        """Count what changed, also while out of sight: a little each time, never all at once."""
        if self.feed.ledger is not self._ledger:
            self._begin_anew(())
        self._new |= touched
        if self.feed.ledger.seq >= self._seq:  # what is behind a step back is counted when it is looked at
            self._count_new()

    def take_changes(self, touched: set[int]) -> bool:
        """Take in new stalls, and count anew behind a step back."""
        ledger = self.feed.ledger
        if ledger.is_wsgi is not self._wsgi:
            self._explain_signs()
        if ledger is not self._ledger or ledger.seq < self._seq:
            self._begin_anew(ledger.order)
            self._count_new()
        for stall in ledger.aside(Ev.STALL, self.feed.read, self._seq):
            culprit = stall.get("culprit")
            if isinstance(culprit, int):
                self._stalls.setdefault(culprit, []).append(stall)
                if (lane := self._lanes.get(culprit, (None, 0))[0]) is not None:
                    lane.add(stall)
        self._seq = ledger.seq
        return True

    def _begin_anew(self, conns: Iterable[int]) -> None:
        self._ledger = self.feed.ledger
        self._lanes, self._stalls, self._profile, self._seq = {}, {}, Concurrency(), 0
        self._begun, self._ended, self._new = set(), set(), set(conns)

    def _count_new(self) -> None:
        """Count the new beginnings and ends."""
        moments: list[tuple[int, int]] = []
        for conn in self._new:
            connection = self.feed.ledger.connections.get(conn)
            if connection is None:
                self._begun.discard(conn)
                self._ended.discard(conn)
            elif connection.kind != "lifespan":
                if conn not in self._begun:
                    self._begun.add(conn)
                    moments.append((connection.began, 1))
                if connection.ended is not None and conn not in self._ended:
                    self._ended.add(conn)
                    moments.append((connection.ended, -1))
        self._new = set()
        for t, more in sorted(moments, key=lambda moment: (moment[0], -moment[1])):
            (self._profile.begin if more > 0 else self._profile.end)(t)

    def show_connection(self, conn: int) -> None:
        """Put the cursor on it."""
        if self.selected != conn:
            self.select(conn, tell=False)

    def point_at(self, moment: int | None) -> None:
        """Put the cursor in time."""
        self.moment = moment
        self.redraw()

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
        self.redraw()

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
            self.redraw()

    def action_fit(self) -> None:
        """Everything again."""
        self.axis = None
        self.redraw()

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
