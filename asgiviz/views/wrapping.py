"""Lines of any number, made as they are looked at: a text in rows of a pane's width, a short list.

Whatever is shown here is safe text. Counting the rows of a text reads all of it once, so nobody hands over more than
`bodies.PART` bytes at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol

from asgiviz.views.spans import Span, Spans, shortened
from asgiviz.views.text import cells_of, safe

#: Columns between the stops of a tabulator.
TAB = 4


class Lines(Protocol):
    """Rows that depend on the width they are drawn in; `row` is asked for those in sight only."""

    def count(self, width: int) -> int:
        """How many rows there are."""

    def row(self, index: int, width: int) -> Spans:
        """One of them, at most `width` columns wide."""


class Listing:
    """Rows that are there already; one that is too wide is cut."""

    def __init__(self, rows: Sequence[Spans]) -> None:
        self._rows = rows

    def count(self, width: int) -> int:
        """As many as were given."""
        return len(self._rows)

    def row(self, index: int, width: int) -> Spans:
        """The row, cut to the width."""
        return shortened(self._rows[index], width)


class Drawn:
    """Rows that somebody draws anew for each width; one that is too wide all the same is cut."""

    def __init__(self, draw: Callable[[int], Sequence[Spans]]) -> None:
        self._draw = draw
        self._width = -1
        self._rows: Sequence[Spans] = []

    def count(self, width: int) -> int:
        """The rows at this width."""
        if width != self._width:
            self._rows, self._width = self._draw(width), width
        return len(self._rows)

    def row(self, index: int, width: int) -> Spans:
        """The row, cut to the width."""
        self.count(width)
        return shortened(self._rows[index], width)


class Wrapped:
    """A text line by line; a line that is wider than the pane goes on in the next row.

    `from_bytes`: it was decoded with surrogateescape. The carriage return before a line feed is not shown.
    """

    def __init__(self, text: str, from_bytes: bool = False) -> None:
        self._text = text
        self._from_bytes = from_bytes
        self._lines: list[str] | None = None
        self._width = 0
        self._starts: list[int] = []  # row at which each line begins, and the number of rows
        self._broken: dict[int, list[str]] = {}  # long lines with characters that may be wide

    def count(self, width: int) -> int:
        """The rows at this width; one for an empty text."""
        self._lay_out(max(1, width))
        return self._starts[-1]

    def row(self, index: int, width: int) -> Spans:
        """One row of a line."""
        lines = self._lay_out(max(1, width))
        place = bisect_right(self._starts, index) - 1
        inside, line = index - self._starts[place], lines[place]
        if place in self._broken:
            return [Span(self._broken[place][inside])]
        return [Span(line[inside * self._width : (inside + 1) * self._width])]

    def _lay_out(self, width: int) -> list[str]:
        if self._lines is None:
            self._lines = [self._shown(line) for line in self._text.removesuffix("\n").split("\n")]
            self._text = ""
        if width != self._width:
            self._width = width
            self._broken = {
                place: broken(line, width)
                for place, line in enumerate(self._lines)
                if not line.isascii() and cells_of(line) > width
            }
            rows = (len(self._broken.get(place, ())) or -(-len(line) // width) or 1 for place, line in enumerate(self._lines))
            self._starts = list(accumulate(rows, initial=0))
        return self._lines

    def _shown(self, line: str) -> str:
        return safe(line.removesuffix("\r").expandtabs(TAB), from_bytes=self._from_bytes)


def broken(line: str, width: int) -> list[str]:
    """Safe text in pieces of at most `width` columns, at least one character each; one that is wider stands as ``…``."""
    pieces, start, taken = [], 0, 0
    if width < 2:
        line = "".join(character if cells_of(character) <= width else "…" for character in line)
    for place, character in enumerate(line):
        cells = cells_of(character)
        if taken + cells > width:
            pieces.append(line[start:place])
            start, taken = place, 0
        taken += cells
    return [*pieces, line[start:]]
