"""Numbering: what number an event has in the file that it was read from.

A recorder counts its events from 1 without holes. A file may have holes, where events were dropped or filtered out; only
the places where its numbers jump are kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right


class Numbering:
    """Place in the recorder <-> number in the file, both rising; without `put` they are the same."""

    def __init__(self) -> None:
        self._places = array("Q", [0])
        self._ahead = array("q", [0])  # how much larger numbers are than places, from the place on

    def put(self, place: int, number: int) -> None:
        """The event at `place`, behind all others, has this number; one that does not rise goes on counting instead."""
        before = self.number_of(place - 1)
        ahead = max(number, before + 1) - place
        if ahead != self._ahead[-1]:
            self._ahead.append(ahead)  # first, because another thread finds it by its place
            self._places.append(place)

    def number_of(self, place: int) -> int:
        """The number of the event at a place."""
        return place + self._ahead[bisect_right(self._places, place) - 1] if place > 0 else place

    def place_of(self, number: int) -> int:
        """Where the event with this number is, or the last one before it; 0 when there is none."""
        low, high = 0, max(0, number)
        while low < high:
            middle = (low + high + 1) // 2
            if self.number_of(middle) <= number:
                low = middle
            else:
                high = middle - 1
        return low
