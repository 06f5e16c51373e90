"""How many connections were open at each moment: what shows at a glance whether requests overlapped or stood in a queue.

The lifespan is open all the time and says nothing about that; it does not count.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from asgiviz.views.lane import LATEST

#: Steps kept; when there are more, neighbours that are short are joined.
MOST_STEPS = 4_000
_NEVER = array("q", [LATEST])


class Stay(Protocol):
    """What a lane and a connection have in common."""

    @property
    def kind(self) -> str | None:
        """The scope type."""

    @property
    def began(self) -> int:
        """When the app was called."""

    @property
    def ended(self) -> int | None:
        """When that call ended; None: it is open."""


class Step(NamedTuple):
    """From `began` to `ended` at most `most` connections were open at the same time."""

    began: int
    ended: int
    most: int


class Concurrency:
    """A fold over beginnings and ends, in the order of time; one that ends when another begins does not overlap with it."""

    __slots__ = ("_begins", "_counts", "_peak", "open")

    def __init__(self) -> None:
        #: connections that are open now
        self.open = 0
        self._peak = 0
        self._begins = array("q")
        self._counts = array("q")

    @classmethod
    def of(cls, stays: Iterable[Stay]) -> Concurrency:
        """Of all these lanes or connections."""
        begins, ends = array("q"), array("q")
        for stay in stays:
            if stay.kind != "lifespan":
                began = max(-LATEST, min(stay.began, LATEST - 1))
                begins.append(began)
                if stay.ended is not None:
                    ends.append(max(began + 1, min(stay.ended, LATEST)))
        whole = cls()
        moments = sorted([*((t, 1) for t in begins), *((t, -1) for t in ends)])
        for t, more in moments:
            whole._change(t, more)
        return whole

    def begin(self, t: int) -> None:
        """A connection begins; times do not go back."""
        self._change(t, 1)

    def end(self, t: int) -> None:
        """A connection ends."""
        self._change(t, -1)

    def steps(self) -> Iterator[Step]:
        """The steps from the first beginning on; the last one has no end yet."""
        for place, began in enumerate(self._begins):
            ended = self._begins[place + 1] if place + 1 < len(self._begins) else LATEST
            yield Step(began, ended, self._counts[place])

    def idle(self) -> tuple[tuple[int, int], ...]:
        """The times in which nothing was open: before the first, between, and after the last."""
        if not self._begins:
            return ((-LATEST, LATEST),)
        ends = self._begins[1:] + _NEVER
        between = [
            stretch for stretch, count in zip(zip(self._begins, ends, strict=True), self._counts, strict=True) if not count
        ]
        return ((-LATEST, self._begins[0]), *between)

    def most_between(self, began: int, ended: int) -> int:
        """The most that were open at the same time from `began` until before `ended`."""
        first = max(0, bisect_right(self._begins, began) - 1)
        last = bisect_left(self._begins, ended, first)
        return max(self._counts[first:last], default=0)

    @property
    def peak(self) -> int:
        """The most that were open at the same time."""
        return max(self._peak, self._counts[-1]) if self._counts else 0

    def _change(self, t: int, more: int) -> None:
        self.open = max(0, self.open + more)
        if not self._begins or t > self._begins[-1]:
            self._peak = self.peak
            self._begins.append(t)
            self._counts.append(self.open)
        else:
            self._counts[-1] = self.open  # at one moment only what comes out of it counts
        if len(self._counts) > 1 and self._counts[-1] == self._counts[-2]:
            del self._begins[-1], self._counts[-1]
        if len(self._begins) > MOST_STEPS:
            self._join()

    def _join(self) -> None:
        """Join short neighbours until half the room is free again; of what is joined the most counts."""
        grain = 1 + (self._begins[-1] - self._begins[0]) // MOST_STEPS
        while len(self._begins) > MOST_STEPS // 2:
            begins, counts = array("q"), array("q")
            for step in self.steps():
                if begins and step.ended - begins[-1] <= grain:
                    counts[-1] = max(counts[-1], step.most)
                else:
                    begins.append(step.began)
                    counts.append(step.most)
            self._begins, self._counts = begins, counts
            grain *= 2
