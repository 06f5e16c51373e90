"""Numbering: the numbers of a file, whatever holes it has, from the places in a recorder, and back."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.store.numbering import Numbering

BIG = 2**63 - 1


@given(st.lists(st.sampled_from([1, 1, 1, 2, 7, 10**9]), max_size=30))
def test_holes_are_jumped_over_both_ways(steps: list[int]) -> None:
    """Each place has its file's number, and a number leads to its place, or to the last before it; behind all it goes on."""
    numbers, numbering = list(accumulate(steps)), Numbering()
    for place, number in enumerate(numbers, 1):
        numbering.put(place, number)
    assert [numbering.number_of(place) for place in range(1, len(numbers) + 1)] == numbers
    for number in {0, *numbers, *(number - 1 for number in numbers)}:
        assert numbering.place_of(number) == bisect_right(numbers, number)
    last = numbers[-1] if numbers else 0
    assert numbering.number_of(len(numbers) + 5) == last + 5
    assert numbering.place_of(last + 5) == len(numbers) + 5


@given(st.lists(st.integers(-(2**63), BIG) | st.integers(-3, 12), max_size=30))
def test_numbers_rise_whatever_a_file_holds(numbers: list[int]) -> None:
    """A number that does not rise is counted on from the one before, so that no two events are called alike."""
    numbering = Numbering()
    for place, number in enumerate(numbers, 1):
        numbering.put(place, number)
    called = [numbering.number_of(place) for place in range(len(numbers) + 1)]
    assert called[0] == 0
    for (before, now), number in zip(pairwise(called), numbers, strict=True):
        assert now == (number if number > before else before + 1)
    assert [numbering.place_of(number) for number in called] == list(range(len(called)))
