"""The bars of the stage: one client's, the loop's, a thread's; each exactly as wide as the axis.

A column shows what took most of it; running is shown however short it was. On the lanes of one loop no two columns that
stand above each other are both solid, because only one of them can have run for most of that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.views.client_lanes import (
    IN_APP,
    ClientLane,
    Phase,
    Stretch,
    holds_of,
    lanes_of,
    since,
    steps_until,
)  # fmt: skip
from asgiviz.views.spans import Role, Span, Spans, cut, padded, text_of, width_of
from asgiviz.views.text import fit, number
from asgiviz.views.time_axis import TimeAxis

#: What a column shows of what is not running.
SIGNS: Mapping[Phase, tuple[str, Role]] = {
    Phase.LINE: ("░", Role.WAITING),
    Phase.OUTSIDE: ("·", Role.QUIET),
    Phase.SUSPENDED: ("░", Role.WAITING),
    Phase.OPEN: ("▒", Role.LIFE),
    Phase.ANSWER: ("─", Role.QUIET),
}
#: Turns on the loop that are read for its order.
MOST_TURNS = 2_000
Drawing = Callable[[TimeAxis, "int | None"], Spans]


class _Columns:
    """How much of each half column was running, and of each column what else."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.ran = [0.0] * (2 * width)
        self.held = [0.0] * width
        self.short = [False] * width
        self.other: list[dict[Phase, float]] = [{} for _ in range(width)]

    def add(self, stretch: Stretch, axis: TimeAxis) -> None:
        """Take in a stretch, as far as it is in the window."""
        if stretch.began >= axis.ended or stretch.ended < axis.began:
            return
        left, right = axis.place(stretch.began), axis.place(max(stretch.began, stretch.ended))
        if stretch.phase is Phase.RUNNING:
            for place, share in _parts(2 * left, 2 * right, 2 * self.width):
                self.ran[place] += share
            if right - left < 1:
                self.short[min(int(left), self.width - 1)] = True
        elif stretch.phase is Phase.HELD:
            for place, share in _parts(left, right, self.width):
                self.held[place] += share
        else:
            for place, share in _parts(left, right, self.width):
                self.other[place][stretch.phase] = self.other[place].get(stretch.phase, 0) + share

    def sign(self, column: int) -> tuple[str, Role]:
        """What one column shows."""
        left, right = self.ran[2 * column], self.ran[2 * column + 1]
        ran, other = left + right, self.other[column]
        told = [phase for phase in other if phase is not Phase.ANSWER or other[phase] >= 0.5]
        most = max(told, key=lambda phase: other[phase], default=None)
        if self.held[column] >= 0.5 or (self.held[column] and not ran - 2 * self.held[column] > 0.5):
            return "▓", Role.ERROR
        if ran > 1.5:
            return "█", Role.RUNNING
        if ran >= 0.5:
            return "▌" if left >= right else "▐", Role.RUNNING
        if self.short[column] or (ran and most is None):
            return "▏", Role.RUNNING
        return (" ", Role.QUIET) if most is None else SIGNS[most]


def _parts(left: float, right: float, width: int) -> Iterable[tuple[int, float]]:
    """The places between two, each with the share of it that lies between them: never nothing at all."""
    first, last = min(int(left), width - 1), min(int(right), width - 1)
    if first == last:
        yield first, max(right - left, 1e-9)
        return
    yield first, first + 1 - left
    yield from ((place, 1.0) for place in range(first + 1, last))
    if right > last:
        yield last, right - last


def client(lane: ClientLane, axis: TimeAxis, cursor: int | None = None, after: Sequence[Span] = ()) -> Spans:
    """The bar of a client up to the moment that its lane was told for; `after` stands behind it if there is room."""
    columns = _Columns(axis.width)
    for stretch in lane.stretches:
        columns.add(stretch, axis)
    cells = [columns.sign(column) for column in range(axis.width)]
    end = max((stretch.ended for stretch in lane.stretches), default=None)
    tip = None if end is None else axis.column(max(axis.began, end - 1))
    if tip is not None and lane.failed:
        cells[tip] = ("✗", Role.ERROR)
    elif tip is not None and lane.done is None and lane.phase in IN_APP and cells[tip][0] in "░·─ ":
        cells[tip] = ("▒", Role.LIFE)
    _set_cursor(cells, axis, cursor)
    return _behind(joined(Span(*cell) for cell in cells), 0 if tip is None else tip + 2, after)


def _set_cursor(cells: list[tuple[str, Role]], axis: TimeAxis, cursor: int | None) -> None:
    column = None if cursor is None else axis.column(cursor)
    if column is not None and cells[column][0] == " ":
        cells[column] = ("┆", Role.QUIET)


def _behind(spans: Spans, start: int, after: Sequence[Span]) -> Spans:
    """The line with `after` written from column `start` on, if nothing stands there and it fits."""
    width = width_of(spans)
    if not after or start + width_of(after) > width or text_of(spans)[start:].strip(" ┆"):
        return spans
    return padded([*cut(spans, start), *after], width)


def joined(spans: Iterable[Span]) -> Spans:
    """The same line, neighbours of one role in one span."""
    return [Span("".join(span.text for span in group), role) for role, group in groupby(spans, lambda span: span.role)]


def loop(record: RunRecord, side: SideRecord, at: int | None) -> Drawing:
    """The loop's own lane: solid where any request ran on it, blank where it waited for something to do."""
    now = since(record, record.last) if at is None else at
    stretches = [
        Stretch(began, ended, Phase.RUNNING)
        for conn in side.connections.values()
        for began, ended, _ in steps_until(record, conn, now)
    ]
    stretches += [
        Stretch(hold.began, min(hold.ended, now + 1), Phase.HELD) for hold in holds_of(record, side, now) if hold.began <= now
    ]

    def drawing(axis: TimeAxis, cursor: int | None) -> Spans:
        columns = _Columns(axis.width)
        for stretch in stretches:
            columns.add(stretch, axis)
        cells = [columns.sign(column) for column in range(axis.width)]
        _set_cursor(cells, axis, cursor)
        return joined(Span(*cell) for cell in cells)

    return drawing


def turns(record: RunRecord, side: SideRecord, at: int | None) -> list[tuple[int, int]]:
    """(when, client) of every turn on the loop, in order: one that follows another of the same client is not told."""
    now = since(record, record.last) if at is None else at
    whose = {conn: lane.number for lane in lanes_of(record, side, at) for conn in lane.conns}
    begun = [
        (began, step.seq, whose[conn.conn])
        for conn in side.requests
        if conn.conn in whose
        for began, _, step in steps_until(record, conn, now)
    ]
    found: list[tuple[int, int]] = []
    for began, _, client_number in sorted(begun):
        if not found or found[-1][1] != client_number:
            found.append((began, client_number))
    return found


def order(record: RunRecord, side: SideRecord, at: int | None) -> Drawing:
    """In which order the clients' requests ran on the loop: the last turns, a ┆ where time went by between them."""
    taken = turns(record, side, at)[-MOST_TURNS:]

    def drawing(axis: TimeAxis, _: int | None) -> Spans:
        spans: Spans = []
        for place, (began, client_number) in enumerate(taken):
            if place and began - taken[place - 1][0] > max(1, int(axis.scale)):
                spans.append(Span("┆ ", Role.QUIET))
            spans.append(Span(f"{number(client_number)} ", Role.RUNNING))
        lead = "in order: "
        room = max(0, axis.width - len(lead))
        if (wide := width_of(spans)) > room:  # the last turns count
            spans = [Span("… ", Role.QUIET), *cut(spans, wide, wide - room + 2)]
        return padded([*([Span(lead, Role.QUIET)] if spans else []), *spans], axis.width)

    return drawing


def threads(record: RunRecord, side: SideRecord, lanes: Sequence[ClientLane], at: int | None) -> list[tuple[str, Drawing]]:
    """A lane for each thread: whom it served when, with the client's number at the beginning of each bar."""
    now = since(record, record.last) if at is None else at
    whose = {conn: lane.number for lane in lanes for conn in lane.conns}
    served: dict[str, list[tuple[Stretch, int]]] = {}
    for conn in side.requests:
        began = None if conn.began is None else since(record, conn.began)
        if began is not None and began <= now and conn.conn in whose:
            ended = now + 1 if conn.ended is None else min(now + 1, since(record, conn.ended))
            stretch = Stretch(began, max(began, ended), Phase.RUNNING)
            served.setdefault(str(conn.thread), []).append((stretch, whose[conn.conn]))
    return [(f"T{place}", _thread(done)) for place, done in enumerate(served.values(), 1)]


def _thread(served: list[tuple[Stretch, int]]) -> Drawing:
    def drawing(axis: TimeAxis, cursor: int | None) -> Spans:
        columns = _Columns(axis.width)
        for stretch, _ in served:
            columns.add(stretch, axis)
        cells = [columns.sign(column) for column in range(axis.width)]
        for stretch, client_number in served:
            name = fit(str(client_number), 6)
            column = axis.column(max(axis.began, stretch.began))
            last = axis.place(stretch.ended)
            if column is not None and column + len(name) < last:
                cells[column : column + len(name)] = [(sign, Role.STRONG) for sign in name]
        _set_cursor(cells, axis, cursor)
        return joined(Span(*cell) for cell in cells)

    return drawing
