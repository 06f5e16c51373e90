"""The time axis: which moment stands in which column; a value that is made anew for each look.

Time runs at one scale from left to right (to whole columns between two folds), except in idle stretches that are long
for what is shown: these are folded into a few columns with their length, ``┊ 12 s ┊``, or into one bare ``┊``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor, log10
from typing import NamedTuple

from asgiviz.views.figures import duration
from asgiviz.views.lane import LATEST
from asgiviz.views.text import cells_of

#: An idle stretch is folded when it is at least one in this many parts of the time that would be shown.
IDLE_PART = 10
#: Nanoseconds a column has at least: the shortest window there is to see.
FINEST_COLUMN = 8
_MICRO, _MILLI, _SECOND, _MINUTE, _HOUR = 1_000, 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000
_DAY = 24 * _HOUR
#: What a person counts time in: the distances of ticks.
STEPS: tuple[int, ...] = (
    *(digit * 10**power for power in range(9) for digit in (1, 2, 5)),
    *(count * _SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * _MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * _HOUR for count in (1, 2, 3, 6, 12)),
    *(count * _DAY * 10**power for power in range(6) for count in (1, 2, 5)),
)


class Piece(NamedTuple):
    """The times `began` to `ended` stand in the columns `left` to `right` (exclusive)."""

    began: int
    ended: int
    left: int
    right: int
    folded: bool = False


class Tick(NamedTuple):
    """A label whose moment is that of the left edge of its column or inside it."""

    column: int
    label: str


@dataclass(frozen=True)
class TimeAxis:
    """The window from `began` to `ended` in `width` columns; `idle` are the times that may be folded, in order.

    A window that is too short to be seen is made longer.
    """

    began: int
    ended: int
    width: int
    idle: tuple[tuple[int, int], ...] = ()
    pieces: tuple[Piece, ...] = field(init=False, repr=False, compare=False)
    _begins: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _lefts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        set_field = object.__setattr__  # the dataclass is frozen for everybody else
        set_field(self, "width", max(1, self.width))
        began = max(-LATEST, min(self.began, LATEST - FINEST_COLUMN * self.width))
        set_field(self, "began", began)
        set_field(self, "ended", max(began + FINEST_COLUMN * self.width, min(self.ended, LATEST)))
        set_field(self, "pieces", tuple(_laid_out(self.began, self.ended, self.width, self.idle)))
        set_field(self, "_begins", tuple(piece.began for piece in self.pieces))
        set_field(self, "_lefts", tuple(piece.left for piece in self.pieces))

    # -- from time to column and back ------------------------------------------------------------------------------

    def column(self, t: int) -> int | None:
        """The column in which a moment stands; None outside the window."""
        if not self.began <= t < self.ended:
            return None
        piece = self._piece_at(t)
        return piece.left + (t - piece.began) * (piece.right - piece.left) // (piece.ended - piece.began)

    def place(self, t: int) -> float:
        """The same with its fraction; what is outside stands at the edge."""
        t = max(self.began, min(t, self.ended))
        piece = self._piece_at(t)
        return piece.left + (t - piece.began) / (piece.ended - piece.began) * (piece.right - piece.left)

    def time(self, column: int) -> int:
        """The first nanosecond of a column."""
        column = max(0, min(column, self.width))
        piece = self.pieces[bisect_right(self._lefts, column) - 1]
        return piece.began - (piece.left - column) * (piece.ended - piece.began) // (piece.right - piece.left)

    def _piece_at(self, t: int) -> Piece:
        return self.pieces[bisect_right(self._begins, t) - 1]

    @property
    def scale(self) -> float:
        """Nanoseconds in a column, outside of folds."""
        shown = [piece for piece in self.pieces if not piece.folded]
        return sum(piece.ended - piece.began for piece in shown) / sum(piece.right - piece.left for piece in shown)

    # -- other windows ---------------------------------------------------------------------------------------------

    def zoomed(self, factor: float, around: int) -> TimeAxis:
        """`factor` times as much time in the window; what stands in the column of `around` stays there."""
        place = self.place(around)
        return self._between(place * (1 - factor), place + (self.width - place) * factor)

    def panned(self, columns: int) -> TimeAxis:
        """The window moved to later times (earlier ones when negative)."""
        return self._between(columns, self.width + columns)

    def within(self, first: int, last: int) -> TimeAxis:
        """The window moved back, and cut, so that it shows nothing before `first` and behind `last`."""
        length = min(self.ended - self.began, last - first)
        began = max(first, min(self.began, last - length))
        return replace(self, began=began, ended=began + length)

    def following(self, now: int) -> TimeAxis:
        """A window of the same length that ends with now."""
        return replace(self, began=now - (self.ended - self.began), ended=now)

    def _between(self, left: float, right: float) -> TimeAxis:
        return replace(self, began=self._time_at(left), ended=self._time_at(right))

    def _time_at(self, place: float) -> int:
        """Of any place, outside the window too."""
        if place < 0:
            return self.began + round(place * self.scale)
        if place > self.width:
            return self.ended + round((place - self.width) * self.scale)
        column = floor(place)
        return self.time(column) + round((place - column) * (self.time(column + 1) - self.time(column)))

    # -- its scale -------------------------------------------------------------------------------------------------

    def ticks(self) -> list[Tick]:
        """Round moments, as many as there is room for their labels; two columns apart at least."""
        step = self._step()
        ticks: list[Tick] = []
        for piece in self.pieces:
            free = piece.left
            if piece.folded:
                continue
            for t in range(-(-piece.began // step) * step, piece.ended, step):
                column = self.column(t)
                label = moment(t, step)
                if column is not None and free <= column and column + 1 + len(label) <= piece.right:
                    ticks.append(Tick(column, label))
                    free = column + len(label) + 3
        return ticks

    def label(self, t: int) -> str:
        """A moment as exactly as a column of this axis tells it."""
        digits = 10 ** max(0, floor(log10(self.scale)))
        return moment(t // digits * digits, digits) if digits < _SECOND else duration(t)

    def _step(self) -> int:
        scale = self.scale
        for step in STEPS:
            latest = self.ended // step * step
            room = max(len(moment(latest, step)), len(moment(latest - step, step))) + 3
            if step >= room * scale:
                return step
        return STEPS[-1]


def _laid_out(began: int, ended: int, width: int, idle: Iterable[tuple[int, int]]) -> list[Piece]:
    """The pieces of an axis, without a hole, each at least one column wide."""
    folds = _chosen(began, ended, width, idle)
    edges = sorted({began, ended, *(t for fold in folds for t in fold)})
    spans = list(pairwise(edges))
    columns = _columns_of_folds([fold for fold in folds if fold in spans], width)
    lengths = [0 if span in columns else span[1] - span[0] for span in spans]
    shared = _shared_out(width - sum(columns.values()), lengths)
    pieces, left = [], 0
    for span, share in zip(spans, shared, strict=True):
        right = left + columns.get(span, share)
        pieces.append(Piece(*span, left, right, span in columns))
        left = right
    return pieces


def _chosen(began: int, ended: int, width: int, idle: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The idle stretches of the window that are worth folding, in order."""
    inside = [(max(start, began), min(end, ended)) for start, end in idle if start < ended and end > began]
    shown = ended - began
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(inside, key=lambda stretch: stretch[0] - stretch[1])[: width // 4]:
        length = end - start
        if length * IDLE_PART < shown or shown - length < FINEST_COLUMN * width:
            break
        chosen.append((start, end))
        shown -= length
    return sorted(chosen)


def _columns_of_folds(folds: list[tuple[int, int]], width: int) -> dict[tuple[int, int], int]:
    labelled = {fold: cells_of(fold_label(fold[1] - fold[0])) for fold in folds}
    return labelled if sum(labelled.values()) * 3 <= width else dict.fromkeys(folds, 1)


def _shared_out(columns: int, lengths: list[int]) -> list[int]:
    """Columns for each length, in proportion, none for no length; each of the others has at least one."""
    total = sum(lengths)
    exact = [length * columns / total for length in lengths]
    shares = [max(1, floor(share)) if length else 0 for length, share in zip(lengths, exact, strict=True)]
    while sum(shares) < columns:
        neediest = max(range(len(shares)), key=lambda place: exact[place] - shares[place])
        shares[neediest] += 1
    while sum(shares) > columns:
        shares[shares.index(max(shares))] -= 1
    return shares


def fold_label(length: int) -> str:
    """What stands for an idle stretch."""
    return f"┊ {rounded(length)} ┊"


def rounded(ns: int) -> str:
    """A length of time in at most seven columns."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s"), (_MILLI, "ms"), (_MICRO, "µs")):
        if ns >= unit:
            tenths = ns * 10 // unit
            return f"{tenths / 10:g} {name}" if tenths < 100 else f"{min(tenths // 10, 9999)} {name}"
    return f"{max(0, ns)} ns"


def moment(t: int, step: int) -> str:
    """The label of a moment on a scale of this step: the unit that fits, and no more digits than the step has."""
    if not t:
        return "0"
    if t < 0:
        return "-" + moment(-t, step)
    if step >= _MINUTE:
        days, rest = divmod(t, _DAY)
        hours, rest = divmod(rest, _HOUR)
        parts = ((days, "d"), (hours, "h"), (rest // _MINUTE, "min"))
        return " ".join(f"{count} {name}" for count, name in parts if count)
    unit, name = next(pair for pair in ((_SECOND, "s"), (_MILLI, "ms"), (_MICRO, "µs"), (1, "ns")) if t >= pair[0])
    digits = next(digits for digits in range(10) if not step * 10**digits % unit)
    whole, part = divmod(t, unit)
    return f"{whole}.{part * 10**digits // unit:0{digits}d} {name}" if digits else f"{whole} {name}"
