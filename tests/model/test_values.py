"""Freezing keeps what JSON-like values say, describes what it cannot keep, and never runs what it looks at."""

from __future__ import annotations

import datetime
import decimal
import enum
import http
import pathlib
import uuid
from collections import OrderedDict, UserDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.values import (
    MAX_DEPTH,
    MAX_ENTRIES,
    SCOPE_ITEMS,
    freeze,
    header_pairs,
    is_one_shot,
    kept_bytes,
    plain_lists,
    true_length,
)
from tests.apps import hostile
from tests.model.frozen import atoms, values


def is_frozen(value: Any) -> bool:
    """Whether a value is made of nothing but atoms, lists, tuples and dicts with string keys, by exact type."""
    kind = type(value)
    if kind in (list, tuple):
        return all(map(is_frozen, value))
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(is_frozen, value.values()))
    return kind in (type(None), bool, int, float, str, bytes)


@given(values)
def test_every_value_becomes_frozen(value: Any) -> None:
    """What comes out holds no object that could be changed from outside, and no class of anybody else."""
    assert is_frozen(freeze(value))


@given(atoms)
def test_atoms_stay_as_they_are(value: Any) -> None:
    """None, truth values, numbers, strings and bytes within the limit are kept as the same object."""
    assert freeze(value) is value


@given(values)
def test_freezing_twice_is_freezing_once_for_values_without_marks(value: Any) -> None:
    """A frozen value without `$` forms is its own frozen form."""
    once = freeze(value)
    if "$" not in repr(once):
        assert repr(freeze(once)) == repr(once)


class Color(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    ONE = "one"


class Unknown:
    """A class of the app."""


KNOWN = {
    "http status": (http.HTTPStatus.NOT_FOUND, 404),
    "int enum": (Color.RED, 1),
    "str enum": (Word.ONE, "one"),
    "bytearray": (bytearray(b"x"), {"$bytes": b"x", "$type": "bytearray"}),
    "memoryview": (memoryview(b"x"), {"$bytes": b"x", "$type": "memoryview"}),
    "wide view": (memoryview(b"abcd").cast("H"), {"$bytes": b"abcd", "$type": "memoryview"}),
    "ordered dict": (OrderedDict(a=1), {"a": 1}),
    "odd keys": ({1: 2, b"k": 3}, {"$items": [[1, 2], [b"k", 3]]}),
    "dollar key": ({"$bytes": "x"}, {"$items": [["$bytes", "x"]]}),
    "complex": (1j, {"$repr": "1j", "$type": "builtins.complex"}),
    "class": (int, {"$repr": "<class 'int'>", "$type": "builtins.type"}),
    "date": (datetime.date(2020, 1, 2), {"$repr": "datetime.date(2020, 1, 2)", "$type": "datetime.date"}),
    "decimal": (decimal.Decimal("1.5"), {"$repr": "Decimal('1.5')", "$type": "decimal.Decimal"}),
    "path": (pathlib.PurePosixPath("/x"), {"$repr": "PurePosixPath('/x')", "$type": "pathlib.PurePosixPath"}),
    "uuid": (uuid.UUID(int=1), {"$repr": f"UUID('{uuid.UUID(int=1)}')", "$type": "uuid.UUID"}),
}


@pytest.mark.parametrize("case", KNOWN)
def test_known_classes_have_their_form(case: str) -> None:
    """Classes of the standard library that appear in messages are kept as values, or as the text Python shows for them."""
    value, expected = KNOWN[case]
    assert freeze(value) == expected


UNKNOWN = {"object": Unknown(), "mapping": UserDict(a=1), "iterator": iter([1]), "set": {1}, "lazy": hostile.Lazy()}


@pytest.mark.parametrize("case", UNKNOWN)
def test_unknown_classes_are_shown_by_type_and_address(case: str) -> None:
    """An object of a class we do not know is described as `object` would, without asking it."""
    value = UNKNOWN[case]
    assert freeze(value)["$repr"] == object.__repr__(value)


class OwnZone(datetime.tzinfo):
    """A time zone of the app."""

    __repr__ = utcoffset = dst = tzname = hostile.touched


class OwnPath(pathlib.PurePosixPath):
    """A path of the app."""

    __str__ = hostile.touched


HOSTILE: dict[str, Any] = {
    "untouchable": hostile.Untouchable(),
    "dict": hostile.WatchfulDict(a=1),
    "list": hostile.WatchfulList([1]),
    "tuple": hostile.WatchfulTuple((1,)),
    "str": hostile.WatchfulStr("x"),
    "bytes": hostile.WatchfulBytes(b"x"),
    "int": hostile.WatchfulInt(1),
    "nameless": hostile.Nameless(),
    "nameless class": hostile.Nameless,
    "key": {hostile.Untouchable(): 1},
    "slice": slice(hostile.Untouchable(), None),
    "date": datetime.datetime(2020, 1, 1, tzinfo=OwnZone()),
    "time": datetime.time(1, tzinfo=OwnZone()),
    "path": OwnPath("/x"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_of_the_app_is_run(case: str) -> None:
    """Objects whose every method raises are frozen; even a class that hides its name is."""
    assert is_frozen(freeze(HOSTILE[case]))


def test_a_lazy_object_stays_lazy() -> None:
    """Asking for `__class__` would evaluate it: freezing asks for its type."""
    hostile.Lazy.evaluated = False
    freeze({"user": hostile.Lazy(), "list": [hostile.Lazy()]})
    assert hostile.Lazy.evaluated is False


def test_a_released_buffer_is_said_to_be_unreadable() -> None:
    """A memoryview that was released has no bytes any more; the recording says so."""
    view = memoryview(b"x")
    view.release()
    assert "could not be read: builtins.ValueError" in freeze(view)["$repr"]


def depth_of(value: Any) -> int:
    """How many containers stand inside each other."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, inner), default=0) if isinstance(value, (dict, list)) else 0


def entries_of(value: Any) -> int:
    """How many entries all containers hold together."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(list(inner)) + sum(map(entries_of, inner))


def test_depth_is_bounded() -> None:
    """A value nested without end is kept down to MAX_DEPTH, and described there."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert depth_of(freeze(value)) == MAX_DEPTH + 1  # the last one is the description's dict


def test_cycles_end_where_they_close() -> None:
    """A container inside itself is described instead of followed, however often it is there."""
    knot = hostile.knot()
    assert [item["$type"] for item in freeze(knot)] == ["builtins.list"] * 2
    parent: dict[str, Any] = {"children": []}
    parent["children"] = [{"parent": parent} for _ in range(3)]
    assert freeze(parent)["children"][0]["parent"]["$type"] == "builtins.dict"


@pytest.mark.parametrize(("items", "most"), [(None, MAX_ENTRIES), (SCOPE_ITEMS, 10 * SCOPE_ITEMS)], ids=["message", "scope"])
def test_size_is_bounded_as_a_whole(items: int | None, most: int) -> None:
    """Lists that share their items are short to write and endless to walk: the walk ends after so many entries."""
    assert entries_of(freeze(hostile.avalanche(), items=items)) <= 3 * most  # a description has two entries itself


@given(st.integers(0, 30), st.integers(0, 20))
def test_large_containers_of_a_scope_are_described_by_their_size(size: int, items: int) -> None:
    """A list within the bound is kept whole; a larger one is told by its length."""
    frozen = freeze([0] * size, items=items)
    assert frozen == ([0] * size if size <= items else {"$repr": f"list of {size} items", "$type": "builtins.list"})


@given(st.text(max_size=30) | st.binary(max_size=30), st.integers(0, 20))
def test_true_length_survives_the_cut(value: Any, limit: int) -> None:
    """The length of a cut string is known, and what was kept is its beginning."""
    frozen = freeze(value, limit)
    assert true_length(frozen) == len(value)
    beginning = value[:limit].encode() if isinstance(value, str) else value[:limit]
    assert kept_bytes(frozen) == beginning


@pytest.mark.parametrize("value", [None, 5, [], {}, {"$text": 5}, {"$len": "x"}, {"$bytes": None, "$len": None}])
def test_lengths_of_nonsense_are_zero(value: Any) -> None:
    """A file may hold anything in place of a string: it has no length and no bytes."""
    assert true_length(value) == 0
    assert kept_bytes(value) == b""


@pytest.mark.parametrize("value", [(1, (2,)), [(b"a", b"b")], {"k": ({"x": ()},)}], ids=["tuple", "pairs", "nested"])
def test_plain_lists_makes_every_tuple_a_list(value: Any) -> None:
    """Tuples become lists at every depth, and nothing else changes."""
    assert repr(plain_lists(value)) == repr(value).translate(str.maketrans("()", "[]")).replace(",]", "]")


@pytest.mark.parametrize(
    "headers", [None, 5, "ab", {b"a": b"b"}, [None, 5, (b"a",), (b"a", "b"), (b"a", b"b", b"c")]], ids=type
)
def test_what_is_no_header_is_left_out(headers: Any) -> None:
    """Only pairs of byte strings count as headers."""
    assert header_pairs(headers) == []


@pytest.mark.parametrize(
    ("value", "once"),
    [([], False), ((), False), ({}, False), (b"", False), (5, False), (iter([]), True), (map(int, []), True), (zip(), True)],
    ids=lambda value: type(value).__name__,
)
def test_only_iterables_without_a_length_are_one_shot(value: Any, once: bool) -> None:
    """A generator, a map, an iterator can be read once; what has a length can be read again."""
    assert is_one_shot(value) is once
