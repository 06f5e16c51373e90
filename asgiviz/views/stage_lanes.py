"""The stage: the clients of one run, or of several, a lane each, all on one time axis; at a moment, or as far as is known.

░ a client waits, · the app has not begun with it, █ the app runs, ▓ one callback holds the loop. Nothing is too short to be
seen, and who finds no room is counted. Times are those of `views.client_lanes`: each run begins at its own zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.views import lane_bars
from asgiviz.views.client_lanes import (
    IN_APP,
    WAITING,
    ClientLane,
    end_of,
    holds_of,
    is_wsgi,
    lanes_of,
    place_of,
    since,
    steps_until,
)  # fmt: skip
from asgiviz.views.figures import duration
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import counted, fit, number, word
from asgiviz.views.time_axis import TimeAxis
from asgiviz.views.waterfall import HEIGHTS, ruler

#: Columns of a client's number (and of the names of the lanes below), rows of threads, columns kept free for the last time.
NUMBER, MOST_THREADS, MARGIN = 5, 4, 8
#: Of so many clients without room there is a profile too; rows without a picture of the last client.
MANY, FEW_ROWS = 12, 3
#: How many are left, from few to all; no solid block, which is what runs.
PROFILE = HEIGHTS[:-1]
#: What the end of a growing axis is rounded up to, so that it does not move with every look.
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_SECOND = 1_000_000_000
LEGEND: tuple[tuple[str, Role, str], ...] = (
    ("█", Role.RUNNING, "running"),
    ("░", Role.WAITING, "waiting"),
    ("·", Role.QUIET, "not begun"),
    ("▓", Role.ERROR, "holds the loop"),
    ("▒", Role.LIFE, "still open"),
    ("─", Role.QUIET, "answer on its way"),
    ("✗", Role.ERROR, "failed"),
)


@dataclass(frozen=True)
class Stage:
    """The runs that are compared, each with a title (empty: none). `growing`: the last one goes on.

    `deep` shows below each side who runs on its loop, or which thread serves whom, where there is room for all clients too.
    `end` is where the axis ends at least.
    """

    records: Sequence[tuple[str, RunRecord]]
    growing: bool = False
    deep: bool = False
    end: int = 0


def draw(stage: Stage, width: int, height: int | None = None, at: int | None = None) -> list[Row]:
    """The rows of the stage, at most `height`: every side with its heading and lanes, the ruler last.

    `at` is a moment since the clients were let go (of every run); None: as far as is known. Row.seq is the first event of
    a client in its recording.
    """
    sides = [(title, record, side) for title, record in stage.records for side in record.sides.values()]
    if not sides or width < 2 * NUMBER:
        return [Row(padded([Span("Nothing has run yet.", Role.QUIET)], max(1, width)))][:height]
    axis = _axis(stage, width - NUMBER, at)
    pictures = [_Side(title, record, side, at, stage.deep) for title, record, side in sides]
    if height is not None and sum(picture.wanted for picture in pictures) > height - 1:  # the clients come first
        pictures = [_Side(title, record, side, at, deep=False) for title, record, side in sides]
    rows: list[Row] = []
    for picture, share in zip(pictures, _shares(pictures, None if height is None else max(0, height - 1)), strict=True):
        rows += picture.rows(axis, width, share)
    cursor = at if at is not None and 0 <= at < axis.ended else None
    ticks = Row(padded([Span(" " * NUMBER), *ruler(axis, cursor)], width))
    return [*rows, ticks] if height is None else [*rows[: max(0, height - 1)], ticks][:height]


def legend(width: int) -> Spans:
    """What the signs mean, as much of it as there is room for."""
    spans: Spans = []
    for sign, role, says in LEGEND:
        further = [Span("  ") if spans else Span(""), Span(sign, role), Span(f" {says}", Role.QUIET)]
        if width_of([*spans, *further]) > width:
            break
        spans += further
    return padded(spans, width)


def suspended_at(record: RunRecord, side: SideRecord, at: int | None = None) -> dict[tuple[str, int], list[int]]:
    """(file, line) of an await -> the numbers of the clients whose request is suspended there at this moment."""
    now = since(record, record.last) if at is None else at
    found: dict[tuple[str, int], list[int]] = {}
    for client in lanes_of(record, side, at):
        for conn in (side.connections[each] for each in client.conns):
            if conn.ended is not None and since(record, conn.ended) <= now:
                continue
            last: dict[Any, Any] = {}
            for _, ended, step in steps_until(record, conn, now):
                last[repr(step.task)] = place_of(step.where) if ended <= now else None
            for place in {place for place in last.values() if place is not None}:
                found.setdefault(place, []).append(client.number)
    return {place: sorted(set(numbers)) for place, numbers in sorted(found.items())}


def held_in(
    record: RunRecord, side: SideRecord, is_shown: Callable[[str], bool], at: int | None = None
) -> tuple[int | None, int] | None:
    """Who holds the side's loop at this moment (the client's number), and in which line of a file that is shown: the line
    that calls what holds it elsewhere."""
    now = since(record, record.last) if at is None else at
    hold = next((hold for hold in holds_of(record, side, now) if hold.began <= now < hold.ended), None)
    line = None if hold is None else next((line for file, line in hold.stack if is_shown(file)), None)
    if hold is None or line is None:
        return None
    return next((each.number for each in lanes_of(record, side, at) if hold.conn in each.conns), None), line


def counts(lanes: Sequence[ClientLane], wsgi: bool = False) -> str:
    """What has become of clients, in words: ``3 served, 2 in the app, 89 waiting``."""
    states = Counter(_state(lane, wsgi) for lane in lanes)
    order = ("served", "failed", "in the app", "in line", "not begun", "answer on its way", "to come")
    return ", ".join(f"{number(states[state])} {state}" for state in order if states[state]) or "nobody"


def _state(lane: ClientLane, wsgi: bool) -> str:
    if lane.failed:
        return "failed"
    if lane.done is not None:
        return "served"
    if lane.came is None:
        return "to come"
    if lane.phase in IN_APP:
        return "in the app"
    return "answer on its way" if lane.phase not in WAITING else "in line" if wsgi else "not begun"


def heading(record: RunRecord, side: SideRecord, lanes: Sequence[ClientLane], at: int | None, width: int, title: str) -> Spans:
    """``WSGI · waitress · 4 threads`` and, on the right, when the last client was served, or the time that runs."""
    facts = side.facts
    server = facts.get("server")
    name = server.get("name") if isinstance(server, Mapping) else server
    label = word(facts.get("label") or side.id)
    parts = [str(name)] if isinstance(name, str) and name and name.lower() not in label.lower() else []
    threads = facts.get("threads")
    if is_wsgi(side) and type(threads) is int and "thread" not in label:
        parts.append(counted(threads, "thread"))
    last = max((lane.done for lane in lanes if lane.done is not None), default=0)
    over = bool(lanes) and all(lane.done is not None for lane in lanes)
    now = since(record, record.last) if at is None else at
    right = [Span(time_of(last), Role.STRONG)] if over else [Span(f"{time_of(max(0, now))} …", Role.LIFE)]
    left = [Span(fit(label, 60), Role.STRONG), *(Span(f" · {fit(part, 40)}", Role.QUIET) for part in parts)]
    if title:
        left.append(Span(f"   {fit(title, 60)}", Role.LIFE))
    room = max(1, width - width_of(right) - 1)
    return shortened([*padded(left, room), Span(" "), *right], width)


def time_of(ns: int) -> str:
    """A length of time as the course writes it: seconds with two digits; what is shorter, with the unit that fits."""
    return f"{ns / _SECOND:.2f} s" if 9_500_000 <= ns < 100 * _SECOND else "0 s" if not ns else duration(ns)


class _Side:
    """One side of one run, drawn in as many rows as it gets."""

    def __init__(self, title: str, record: RunRecord, side: SideRecord, at: int | None, deep: bool) -> None:
        self.title, self.record, self.side, self.at = title, record, side, at
        self.lanes = lanes_of(record, side, at)
        self.below = self._below() if deep else []

    @property
    def wanted(self) -> int:
        """Rows that show everybody."""
        return 1 + len(self.lanes) + len(self.below)

    def rows(self, axis: TimeAxis, width: int, height: int) -> list[Row]:
        """The heading, the lanes (those that find no room: counted), and who runs."""
        rows = [Row(heading(self.record, self.side, self.lanes, self.at, width, self.title))]
        below = self.below if height > len(self.below) + FEW_ROWS else []
        rows += self._clients(axis, width, max(0, height - 1 - len(below)))
        for name, spans in ((name, drawing(axis, self.at)) for name, drawing in below):
            rows.append(Row([*padded([Span(name, Role.QUIET)], NUMBER), *spans]))
        return [Row(padded(row.spans, width), row.seq) for row in rows[:height]]

    def _clients(self, axis: TimeAxis, width: int, room: int) -> list[Row]:
        """A lane each, if there is room; else the first ones, those between in numbers, and the last, for whom all is over."""
        if len(self.lanes) <= room:
            return [self._client(lane, axis) for lane in self.lanes]
        last = self.lanes[-1:] if room >= FEW_ROWS else []
        told = min(room - len(last), 2 if len(self.lanes) - room > MANY else 1)
        first = max(0, room - len(last) - told)
        others = self._others(self.lanes[first : len(self.lanes) - len(last)], first, axis, width)[:told]
        return [
            *(self._client(lane, axis) for lane in self.lanes[:first]),
            *others,
            *(self._client(lane, axis) for lane in last),
        ]

    def _client(self, lane: ClientLane, axis: TimeAxis) -> Row:
        name = Span(f"{fit(str(lane.number), NUMBER - 1):>{NUMBER - 1}} ", Role.QUIET)
        return Row([name, *lane_bars.client(lane, axis, self.at, _after(lane))], lane.seq)

    def _others(self, others: Sequence[ClientLane], shown: int, axis: TimeAxis, width: int) -> list[Row]:
        """Those that find no room: how many are in what state, and the profile of how many were still to be served."""
        text = f"{'… and' if shown else 'all'} {number(len(others))}{' more' if shown else ''}: "
        spans = [Span(text + counts(others, is_wsgi(self.side)), Role.LIFE)]
        explained = Span(", below: how many were left to serve", Role.QUIET)
        if len(others) > MANY and width_of([*spans, explained]) <= width:
            spans.append(explained)
        return [Row(spans), Row([Span(" " * NUMBER), *_profile(others, axis, self.at)])]

    def _below(self) -> list[tuple[str, Any]]:
        if is_wsgi(self.side):
            threads = lane_bars.threads(self.record, self.side, self.lanes, self.at)
            return threads if len(threads) <= MOST_THREADS else []  # all of them or none: a part would mislead
        seen = self.record, self.side, self.at
        return [("loop", lane_bars.loop(*seen)), ("", lane_bars.order(*seen))]


def _after(lane: ClientLane) -> Spans:
    """What stands behind a bar that has ended: how long the client waited, or what went wrong."""
    if lane.failed:
        return [Span(f"{lane.status}" if lane.status is not None else "no answer", Role.ERROR)]
    return [Span(time_of(lane.waited), Role.QUIET)] if lane.waited is not None else []


def _profile(lanes: Sequence[ClientLane], axis: TimeAxis, at: int | None) -> Spans:
    """How many of these were there and not yet served, the most in each column."""
    edges = [*(axis.time(column) for column in range(axis.width)), axis.ended]
    spans: Spans = []
    for began, ended in pairwise(edges):
        seen = at is None or began <= at
        left = sum(
            1 for lane in lanes if lane.came is not None and lane.came < ended and (lane.done is None or lane.done > began)
        )
        sign = PROFILE[-(-len(PROFILE) * left // len(lanes)) - 1] if left and seen else " "
        spans.append(Span(sign, Role.WAITING))
    return lane_bars.joined(spans)


def _axis(stage: Stage, width: int, at: int | None) -> TimeAxis:
    """From zero to the end of the longest run, with room behind it for a time; of a run that grows, to a round time."""
    ends = [*(end_of(record) for _, record in stage.records), stage.end]
    end = max([*ends, at or 0] if stage.growing else ends)
    if stage.growing:
        unit = 10 ** (len(str(end)) - 1)
        end = next(int(step * unit) for step in _ROUND if int(step * unit) >= end)
    return TimeAxis(0, end * width // max(1, width - MARGIN) + 1 if width > 4 * MARGIN else end, width)


def _shares(pictures: Sequence[_Side], height: int | None) -> list[int]:
    """Rows for each side: what it wants if there is room for all, else the same for each and nothing left unused."""
    wanted = [picture.wanted for picture in pictures]
    if height is None or sum(wanted) <= height:
        return wanted
    shares = [0] * len(wanted)
    for _ in range(height):
        needy = [place for place, want in enumerate(wanted) if shares[place] < want]
        shares[min(needy, key=lambda place: shares[place])] += 1
    return shares
