"""A source file as rows: numbered, with marks at lines and a short text at the right of them, the marked lines in sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asgiviz.views.spans import Role, Row, Span, Spans, cut, padded, width_of
from asgiviz.views.text import cells_of, fit, number, safe
from asgiviz.views.wrapping import TAB, broken

#: Lines of a file that are read, columns that a mark's text takes at most, lines above the first marked one in sight.
MOST_LINES, MOST_TEXT, ABOVE = 20_000, 44, 2


@dataclass(frozen=True)
class LineMark:
    """Something about a line: ``◀ suspended here, 10 of 10``."""

    text: str
    role: Role = Role.WAITING


def code(
    source: str,
    width: int,
    height: int | None = None,
    marks: Mapping[int, LineMark] | None = None,
    top: int | None = None,
    wrap: bool = False,
) -> list[Row]:
    """The lines of a source with their numbers, at most `height` of them; `marks` by line, from 1.

    `top` is the first line to show (from 0); None: as far down as it must be for the marked lines to be in sight. With `wrap`
    a line that is too long goes on in the next row, else it is cut.
    """
    lines = source.removesuffix("\n").split("\n")[:MOST_LINES]
    marks = marks or {}
    known = sorted(line for line in marks if 0 < line <= len(lines))
    first = _top(known, len(lines), height) if top is None else max(0, min(top, len(lines) - 1))
    last = len(lines) if height is None else min(len(lines), first + height)
    digits = len(str(len(lines)))
    rows: list[Row] = []
    for place in range(first, last):
        mark, shown = marks.get(place + 1), safe(lines[place].removesuffix("\r").expandtabs(TAB))
        if wrap and cells_of(shown) > (room := width - digits - 4 - width_of(_told(mark))) > 8:
            first_piece, *pieces = broken(shown, room)
            rows.append(Row(_line(place + 1, first_piece, digits, mark, width)))
            rows += [Row([Span(" " * (digits + 2) + "┆ ", Role.QUIET), Span(piece)]) for piece in pieces]
        else:
            rows.append(Row(_line(place + 1, shown, digits, mark, max(1, width))))
    return rows[:height]


def suspended(places: Mapping[tuple[str, int], Sequence[int]], file: str, clients: int) -> dict[int, LineMark]:
    """The marks of one file for `stage_lanes.suspended_at`: how many clients' requests are suspended at each line."""
    return {
        line: LineMark(f"suspended here, {_who(numbers)} of {number(clients)}")
        for (where, line), numbers in places.items()
        if is_same_file(where, file) and numbers
    }


def held(line: int, client: int | None) -> dict[int, LineMark]:
    """The mark where a callback holds the loop."""
    who = "" if client is None else f" for client {number(client)}"
    return {line: LineMark(f"holds the loop{who}", Role.ERROR)} if line > 0 else {}


def _who(numbers: Sequence[int]) -> str:
    return f"client {number(numbers[0])}, 1" if len(numbers) == 1 else number(len(numbers))


def is_same_file(one: str, other: str) -> bool:
    """Whether two paths are the same file, as far as their text tells; one of them may be relative."""
    short, long = sorted((one.replace("\\", "/"), other.replace("\\", "/")), key=len)
    return bool(short) and (short == long or long.endswith("/" + short.removeprefix("./")))


def _top(known: Sequence[int], count: int, height: int | None) -> int:
    if height is None or count <= height or not known:
        return 0
    wanted = max(0, known[0] - 1 - ABOVE)
    if known[-1] > wanted + height and known[-1] - known[0] < height:
        wanted = known[-1] - height
    return min(wanted, count - height)


def _line(place: int, text: str, digits: int, mark: LineMark | None, width: int) -> Spans:
    """``7 │ await asyncio.sleep(0.5)   ◀ suspended here``; the text of a mark is never cut by the source."""
    lead = [Span("▸" if mark else " ", mark.role if mark else Role.QUIET), Span(f"{place:>{digits}} │ ", Role.QUIET)]
    role = Role.STRONG if mark else Role.PLAIN
    told = _told(mark)
    if not told or width_of(told) + digits + 8 > width:
        return _shortened([*lead, Span(text, role)], width)
    room = width - width_of(told)
    return [*padded(_shortened([*lead, Span(text, role)], room), room), *told]


def _told(mark: LineMark | None) -> Spans:
    """What stands at the right of a line."""
    return [Span(f" ◀ {fit(mark.text, MOST_TEXT)}", mark.role)] if mark is not None and mark.text else []


def _shortened(spans: Iterable[Span], width: int) -> Spans:
    line = list(spans)
    return line if width_of(line) <= width else [*cut(line, width - 1), Span("…", Role.QUIET)]
