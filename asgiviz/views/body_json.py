"""A JSON text laid out: one member a row, numbers and double keys as they came; what is no JSON says where it is not.

The text is parsed when it is first looked at; rows are made one by one from the number of rows in each container.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from asgiviz.views.spans import Role, Span, Spans, shortened
from asgiviz.views.text import cells_of, fit, safe
from asgiviz.views.wrapping import Listing

#: The longest text, in bytes, that is parsed while somebody waits for the screen.
JSON_LIMIT = 512 * 1024
_INDENT = 2


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


class _Object(list[tuple[str, Any]]):
    """The members of an object, in order; a key may stand there twice."""


class Complaint(NamedTuple):
    """Why a text is no JSON."""

    text: str
    #: characters before the place; None when it is no place
    at: int | None = None


def parsed(text: str) -> Any:
    """The value of a JSON text with its numbers as texts and its objects as pairs, or a Complaint. Never raises."""
    try:
        return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno:,}, column {error.colno:,}"
        return Complaint(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at {where}", error.pos)
    except RecursionError:
        return Complaint("nested too deeply to be laid out as JSON")


class JsonLines:
    """The rows of a JSON text; keys are strong."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sizes: dict[int, int] = {}  # rows of each container, by its id; the value keeps them alive
        self._starts: dict[int, list[int]] = {}

    @cached_property
    def _value(self) -> Any:
        value = parsed(self._text)
        if not isinstance(value, Complaint):
            try:
                self._size(value)
            except RecursionError:
                return Complaint("nested too deeply to be laid out as JSON")
        return value

    def count(self, width: int) -> int:
        """A row for each member, and one for each bracket that closes a container of several rows."""
        value = self._value
        return self._complained.count(width) if isinstance(value, Complaint) else self._size(value)

    def row(self, index: int, width: int) -> Spans:
        """One row, cut to the width."""
        value = self._value
        if isinstance(value, Complaint):
            return self._complained.row(index, width)
        key, value, depth, part, comma = self._find(value, index)
        margin = " " * min(depth * _INDENT, width // 2)
        head = [Span(margin)]
        if key is not None and part != "close":
            head += [Span(f'"{fit(key, max(8, width // 2))}"', Role.STRONG), Span(": ")]
        room = max(1, width - sum(cells_of(text) for text, _ in head) - len(comma))
        return shortened([*head, Span(_drawn(value, part, room) + comma)], width)

    def _size(self, value: Any) -> int:
        if not isinstance(value, list) or not value:
            return 1
        known = self._sizes.get(id(value))
        if known is None:
            items = [item for _, item in value] if isinstance(value, _Object) else value
            known = self._sizes[id(value)] = 2 + sum(self._size(item) if isinstance(item, list) else 1 for item in items)
        return known

    def _find(self, value: Any, index: int) -> tuple[str | None, Any, int, str, str]:
        """Key, value, depth, whether it is an ``open``ing, ``close`` or ``whole`` row, and the comma behind it."""
        key: str | None = None
        depth, comma = 0, ""
        while True:
            size = self._size(value)
            if size == 1:
                return key, value, depth, "whole", comma
            if index == 0:
                return key, value, depth, "open", ""
            if index == size - 1:
                return key, value, depth, "close", comma
            starts = self._starts_of(value)
            place = bisect_right(starts, index - 1) - 1
            index -= 1 + starts[place]
            comma = "," if place < len(value) - 1 else ""
            key, value = value[place] if isinstance(value, _Object) else (None, value[place])
            depth += 1

    def _starts_of(self, value: Any) -> list[int]:
        """The row, counted from the first inside, at which each member begins."""
        known = self._starts.get(id(value))
        if known is None:
            items = [item for _, item in value] if isinstance(value, _Object) else value
            known = self._starts[id(value)] = list(accumulate((self._size(item) for item in items[:-1]), initial=0))
        return known

    @cached_property
    def _complained(self) -> Listing:
        complaint = self._value
        rows: list[Spans] = [[Span(safe(complaint.text), Role.ERROR)]]
        if complaint.at is not None:
            rows += _place(self._text, complaint.at)
        return Listing(rows)


def _drawn(value: Any, part: str, room: int) -> str:
    if isinstance(value, list):
        signs = "{}" if isinstance(value, _Object) else "[]"
        return {"open": signs[0], "close": signs[1]}.get(part, signs)
    if isinstance(value, _Number):
        return fit(value, room)
    if isinstance(value, str):
        return fit(encode_basestring(value), room) if len(value) < room else f'"{fit(value, max(1, room - 2))}"'
    return {None: "null", True: "true", False: "false"}[value]


def _place(text: str, at: int) -> list[Spans]:
    """The line around a place, with a sign below it."""
    begin = max(text.rfind("\n", 0, at) + 1, at - 30)
    end = text.find("\n", at)
    before, after = safe(text[begin:at]), safe(text[at : min(at + 30, end if end >= 0 else len(text))])
    return [[Span(before), Span(after, Role.MARK)], [Span(" " * cells_of(before) + "▲", Role.ERROR)]]
