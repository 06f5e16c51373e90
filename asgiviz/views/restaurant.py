"""The restaurant: a run of lesson 1 as a dining room at one moment. Guests are clients, waiters are threads or the one loop.

A pure function of the record and the moment (on the clock of `views.client_lanes`), so it moves when it is drawn again and
again with a later moment, and backwards too. It shows what the recording knows and says it in the words of the picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import islice, repeat, zip_longest
from typing import NamedTuple

from asgiviz.course.run_record import RunRecord
from asgiviz.views.client_lanes import IN_APP, ClientLane, Phase, is_wsgi
from asgiviz.views.restaurant_room import Room, room_of, sentence
from asgiviz.views.spans import Role, Row, Span, Spans, cut, padded, width_of
from asgiviz.views.stage_lanes import counts, heading
from asgiviz.views.text import counted, number

#: Columns from which on sides stand beside each other; rows of a side with one row of tables.
BESIDE, FEWEST_ROWS = 100, 8
#: Columns in which every sentence has room in one line.
ONE_LINE = 74
#: Columns of a table's place at most, beside its number; rows of tables that are a word, and a box, with the waiters above.
ROOMY, FLAT, BOXED = 6, 2, 4
LEGEND: tuple[tuple[str, Role, str], ...] = (
    ("W", Role.STRONG, "waiter"),
    ("W░", Role.WAITING, "stands still"),
    ("W→", Role.STRONG, "walks on"),
    ("Wzz", Role.ERROR, "asleep"),
    ("○3", Role.PLAIN, "stands in line"),
    ("[3]", Role.WAITING, "guest at a table"),
    ("░3", Role.WAITING, "dish is cooking"),
    ("✓3", Role.SEND, "served"),
    ("✗3", Role.ERROR, "got nothing"),
)


def draw(record: RunRecord, width: int, height: int, at: int | None = None) -> list[Row]:
    """All sides of a run, exactly `width` columns wide: beside each other where there is room, and the legend below."""
    rooms = [room_of(record, side, at) for side in record.sides.values()]
    if not rooms or width < 20:
        return [Row(padded([Span("The restaurant has not opened yet.", Role.QUIET)], max(1, width)))][:height]
    told = legend(width)
    beside = width >= BESIDE and len(rooms) > 1
    across = 2 if beside else 1
    each = (width - across + 1) // across
    lines = -(-len(rooms) // across)
    told = told[: max(0, height - lines * (FEWEST_ROWS + (each < ONE_LINE)))]
    share = max(3, (height - len(told)) // lines)
    rows: list[Row] = []
    for start in range(0, len(rooms), across):
        line = rooms[start : start + across]
        drawn = [_room(room, each, share) for room in line]
        tallest = max(len(picture) for picture in drawn)
        for place in range(tallest):
            spans: Spans = []
            for picture in drawn:
                spans += [*([Span(" ")] if spans else []), *padded(picture[place] if place < len(picture) else [], each)]
            rows.append(Row(padded(spans, width)))
    return [*rows[: max(0, height - len(told))], *told][: max(0, height)]


def legend(width: int) -> list[Row]:
    """What the signs mean, in as many lines as that takes."""
    lines: list[Spans] = [[]]
    for sign, role, says in LEGEND:
        entry = [Span(sign, role), Span(f" {says}", Role.QUIET)]
        if lines[-1] and width_of(lines[-1]) + 2 + width_of(entry) > width:
            lines.append([])
        lines[-1] += [*([Span("  ")] if lines[-1] else []), *entry]
    return [Row(padded(line, width)) for line in lines]


def _room(room: Room, width: int, height: int) -> list[Spans]:
    """The heading, the dining room, the door and the kitchen, and the sentence: at most `height` rows.

    How many rows each part has depends on the size and the number of guests only, so nothing jumps while the picture moves.
    """
    inner, talk = width - 2, 1 if width >= ONE_LINE else 2
    wide = (inner - 1) // 2
    said = _wrapped(*sentence(room), width, talk)
    title = heading(room.record, room.side, room.guests, room.at, width, "")
    if height < FEWEST_ROWS + talk - 1:
        told = Span(f" {counts(room.guests, is_wsgi(room.side))}", Role.QUIET)
        return [padded(row, width) for row in [title, [told], *said]][: max(1, height)]
    door, kitchen = _in_line(room, wide), _kitchen(room, inner - 1 - wide)
    deep = len(_flow([Span(f"○{guest.number}") for guest in room.guests], wide))
    plan = _planned(room, inner, max(FLAT + 1, height - 4 - talk), deep)
    tables, hidden = _tables(room, plan)
    left, right = _cut_off(door, plan.deep), _cut_off(kitchen, plan.deep)
    middle = islice(zip_longest(left, right, repeat(None, plan.deep)), plan.deep)
    edge = Span("│", Role.QUIET)
    rows = [
        title,
        _border("┌┐", [_title("dining room"), _whose(room)], _free(room) + hidden, width),
        *([edge, *padded(row, inner), edge] for row in tables),
        _split(wide, inner, room),
        *([edge, *padded(one or [], wide), edge, *padded(other or [], inner - 1 - wide), edge] for one, other, _ in middle),
        _border("└┘", [_title("served", len(room.gone), len(room.guests))], "", width),
    ]
    return [padded(row, width) for row in [*rows, *said, *[list[Span]()] * (talk - len(said))]]


class _Plan(NamedTuple):
    """How a room is laid out: tables in a row, columns of a place, rows of tables, whether they are boxes, rows of the door."""

    across: int
    seat: int
    lines: int
    boxed: bool
    deep: int


def _planned(room: Room, inner: int, rows: int, deep: int) -> _Plan:
    """Everybody in sight, if there is room; the door and the kitchen get a quarter of it at most."""
    digits = max((len(str(guest.number)) for guest in room.guests), default=1)
    seat = max(digits + 2, min(digits + ROOMY, inner // max(1, len(room.guests))))
    across = max(1, inner // seat)
    wanted = max(1, -(-len(room.guests) // across))
    deep = min(deep, max(1, rows // 4))
    if wanted * FLAT + deep <= rows:  # everybody has a place: rows of the same length
        across = max(1, -(-len(room.guests) // wanted))
        seat = max(seat, min(digits + ROOMY, inner // across))
    boxed = seat >= _box(digits) and wanted * BOXED + deep <= rows
    lines = max(1, min(wanted, (rows - deep) // (BOXED if boxed else FLAT)))
    return _Plan(across, seat, lines, boxed, max(1, min(deep, rows - lines * (BOXED if boxed else FLAT))))


def _box(digits: int) -> int:
    """Columns of a table that is drawn as a box."""
    return max(5, digits + 3)


def _tables(room: Room, plan: _Plan) -> tuple[list[Spans], str]:
    """The waiters above, the tables below; when there are too many, those that are in use, and how many more there are."""
    most = plan.across * plan.lines
    waiting = next((place for place, guest in enumerate(room.guests) if guest.done is None), 0)
    first = min(waiting, max(0, len(room.guests) - most))
    shown = room.guests[first : first + most]
    digits = max((len(str(guest.number)) for guest in room.guests), default=1)
    rows: list[Spans] = []
    for start in range(0, max(1, len(shown)), plan.across):
        line = shown[start : start + plan.across]
        rows.append([span for guest in line for span in _centred(_waiter_at(room, guest.number), plan.seat)])
        drawn = [_table_of(guest, _box(digits) if plan.boxed else 0) for guest in line]
        height = BOXED - 1 if plan.boxed else FLAT - 1
        rows += [[span for table in drawn for span in _centred([table[place]], plan.seat)] for place in range(height)]
    taken = sum(1 for guest in room.seated if guest not in shown)
    hidden = len(room.guests) - len(shown)
    return rows, f" {number(hidden)} more tables, {number(taken)} taken " if hidden else ""


def _table_of(guest: ClientLane, box: int) -> list[Span]:
    """The guest's table, a word or a box of so many columns: free, taken, or left again."""
    name, role = str(guest.number), Role.QUIET
    if guest.done is not None:
        name, role = (f"✗{name}", Role.ERROR) if guest.failed else (f"✓{name}", Role.SEND)
    elif guest.phase is Phase.HELD:
        role = Role.ERROR
    elif guest.phase in IN_APP or guest.phase is Phase.ANSWER:
        role = Role.STRONG if guest.phase is Phase.RUNNING else Role.WAITING
    else:
        name = ""
    if not box:
        return [Span(name if guest.done is not None else f"[{name}]" if name else "·", role)]
    edge = "─" * (box - 2)
    return [Span(f"╭{edge}╮", role), Span(f"│{name:^{box - 2}}│", role), Span(f"╰{edge}╯", role)]


def _waiter_at(room: Room, table: int) -> Spans:
    for waiter in room.waiters:
        if waiter.table == table:
            if waiter.hold is not None:
                return [Span("Wzz", Role.ERROR)]
            if waiter.free:
                return [Span("W→", Role.STRONG)]
            return [Span("W", Role.STRONG), Span("░", Role.WAITING)] if is_wsgi(room.side) else [Span("W", Role.STRONG)]
    return []


def _free(room: Room) -> str:
    """Waiters that stand nowhere in particular."""
    free = sum(1 for waiter in room.waiters if waiter.free and waiter.table is None)
    lost = sum(1 for waiter in room.waiters if not waiter.free and waiter.table is None)
    words = [" free: " + ("W " * free if free <= 6 else f"{number(free)} W ")] if free else []
    return "".join([*words, *([" Wzz " * lost] if lost else [])])


def _in_line(room: Room, width: int) -> list[Spans]:
    guests = room.in_line
    return _flow([Span(f"○{guest.number}") for guest in guests], width) if guests else [[Span(" nobody", Role.QUIET)]]


def _kitchen(room: Room, width: int) -> list[Spans]:
    guests = room.cooking
    if not guests:
        return [[Span(" nothing to cook", Role.QUIET)]]
    return _flow([Span(f"░{guest.number}", Role.WAITING) for guest in guests], width)


def _flow(signs: Sequence[Span], width: int) -> list[Spans]:
    """Signs side by side, in as many rows as they need."""
    rows: list[Spans] = [[]]
    for sign in signs:
        if rows[-1] and width_of(rows[-1]) + 1 + len(sign.text) > width - 1:
            rows.append([])
        rows[-1] += [Span(" "), sign]
    return rows


def _cut_off(rows: list[Spans], height: int) -> list[Spans]:
    """At most so many rows; the last one says how many signs are left out."""
    if len(rows) <= height:
        return rows
    left = sum(len(row) for row in rows[height:]) // 2
    last = rows[height - 1]
    while len(last) > 2 and width_of(last) + len(f" +{left}") > width_of(rows[0]):
        last, left = last[:-2], left + 1
    return [*rows[: height - 1], [*last, Span(f" +{number(left)}", Role.LIFE)]]


def _border(corners: str, titles: Sequence[Spans], right: str, width: int) -> Spans:
    """An edge of the room with what is written on it."""
    spans = [Span(corners[0] + "─", Role.QUIET), *(span for title in titles for span in title)]
    room = max(0, width - 2 - width_of(spans))
    end = right if len(right) <= room else ""
    return [*cut([*spans, Span("─" * (room + 1 - len(end)), Role.QUIET)], width - 1 - len(end)),
            Span(end, Role.STRONG), Span(corners[1], Role.QUIET)]  # fmt: skip


def _title(name: str, count: int | None = None, of: int | None = None) -> Spans:
    counted = "" if count is None else f" {number(count)}" + ("" if of is None else f" of {number(of)}")
    return [Span(f" {name}", Role.LIFE), Span(f"{counted} ", Role.STRONG)]


def _whose(room: Room) -> Spans:
    """What the waiters are."""
    count = len(room.waiters)
    waiters = counted(count, "waiter")
    return [Span(f"─ {waiters} = {counted(count, 'thread') if is_wsgi(room.side) else 'the event loop'} ", Role.QUIET)]


def _split(wide: int, inner: int, room: Room) -> Spans:
    left = [Span("├─", Role.QUIET), *_title("door", len(room.in_line)), Span("─" * wide, Role.QUIET)]
    right = [Span("┬─", Role.QUIET), *_title("kitchen", len(room.cooking)), Span("─" * inner, Role.QUIET)]
    return [*cut(left, wide + 1), *cut(right, inner - wide), Span("┤", Role.QUIET)]


def _centred(spans: Spans, width: int) -> Spans:
    """A sign over the middle of its place: of a bracketed number, the number."""
    left = max(0, (width - width_of(spans)) // 2)
    return padded([Span(" " * left), *spans], width)


def _wrapped(text: str, role: Role, width: int, most: int) -> list[Spans]:
    """The sentence in as many lines as it needs, `most` at most."""
    lines = textwrap.wrap(text, max(10, width - 1), break_on_hyphens=False)
    return [
        [Span(" "), Span(line, role)]
        for line in (lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])])
    ]
