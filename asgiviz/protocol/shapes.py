"""What a value may be: small questions to a frozen value, each answered with what is wrong with it, or with nothing.

A `Shape` has words for people and a question for machines. Some values are wrong by the letter and work in places; they break
a rule of their own, whatever field they stand in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeGuard

from asgiviz.model.finding import Severity
from asgiviz.model.values import kept_bytes, kept_text

#: A buffer where byte strings are asked for; a truth value and a number in each other's place.
BUFFER, FLAG_AS_NUMBER = "CORE-019", "CORE-020"
#: Characters that are shown of a text, and bits of a whole number.
_SHOWN, _BITS = 40, 128


class Flaw(NamedTuple):
    """A rule that is broken and one sentence on how; `severity` when it is not the rule's usual one."""

    rule: str
    sentence: str
    severity: Severity | None = None


class Wrong(NamedTuple):
    """What is wrong with a value: what it must be instead, the rule when it is not that of the field, and what it is, when
    `told` would not show the mistake."""

    must: str
    rule: str = ""
    instead: str = ""


class Shape(NamedTuple):
    """What a field asks for. `wrong(value)` is None when the value will do."""

    words: str
    wrong: Callable[[Any], Wrong | None]


def told(value: Any) -> str:
    """A frozen value in a few words."""
    if value is None or isinstance(value, (bool, int, float)):
        return f"{value!r}" if not isinstance(value, int) or value.bit_length() <= _BITS else _of_many_bits(value)
    if isinstance(value, dict):
        if "$type" in value:
            return f"a {str(value['$type']).rpartition('.')[2]}"
        if "$text" not in value and "$bytes" not in value:
            return "a dict"
    text = kept_text(value)
    said = f"the text {text[:_SHOWN]!r}" if text is not None else ""
    if not said and (isinstance(value, bytes) or (isinstance(value, dict) and "$bytes" in value)):
        said = f"the bytes {kept_bytes(value)[:_SHOWN]!r}"
    return said or ("a list" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}")


def _of_many_bits(value: int) -> str:
    return f"a number of {value.bit_length():,} bits"  # Python refuses to write out a very long one


def is_bytes(value: Any) -> bool:
    """Whether it was `bytes`, whole or kept in part."""
    return isinstance(value, bytes) or (isinstance(value, dict) and "$bytes" in value and "$type" not in value)


def is_text(value: Any) -> bool:
    """Whether it was a `str`, whole or kept in part."""
    return isinstance(value, str) or (isinstance(value, dict) and "$text" in value)


def is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it was a dict, whatever its keys."""
    return isinstance(value, dict) and not any(key in value for key in ("$repr", "$bytes", "$text"))


def entries(value: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Keys and values of what was a dict, whatever its keys; entries that cannot be read are left out."""
    if "$items" not in value:
        return list(value.items())
    pairs = value["$items"]
    return [(pair[0], pair[1]) for pair in pairs if is_list(pair) and len(pair) == 2] if is_list(pairs) else []


def by_text(value: dict[str, Any]) -> dict[str, Any]:
    """Of what was a dict the entries whose keys are texts."""
    return {key: item for key, item in entries(value) if isinstance(key, str)} if "$items" in value else value


def is_whole(value: Any) -> bool:
    """Whether it was an `int` and no truth value."""
    return type(value) is int


def is_list(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it was a list or a tuple."""
    return isinstance(value, (list, tuple))


def _byte_string(value: Any) -> Wrong | None:
    if is_bytes(value):
        return None
    buffer = isinstance(value, dict) and "$bytes" in value
    return Wrong("exactly bytes: daphne raises for any other buffer", BUFFER) if buffer else Wrong("bytes")


def _whole_number(value: Any) -> Wrong | None:
    if is_whole(value):
        return None
    return Wrong("a number, not a truth value", FLAG_AS_NUMBER) if isinstance(value, bool) else Wrong("a whole number")


def _size(value: Any) -> Wrong | None:
    return _whole_number(value) or (Wrong("zero or more") if value < 0 else None)


def _flag(value: Any) -> Wrong | None:
    if isinstance(value, bool):
        return None
    near = value is None or (type(value) is int and value in (0, 1))
    return Wrong("True or False itself", FLAG_AS_NUMBER) if near else Wrong("True or False")


def _simple(words: str, fits: Callable[[Any], bool]) -> Shape:
    return Shape(words, lambda value: None if fits(value) else Wrong(words))


def optional(shape: Shape) -> Shape:
    """The same, or None."""
    return Shape(f"{shape.words} or None", lambda value: None if value is None else shape.wrong(value))


BYTES = Shape("bytes", _byte_string)
TEXT = _simple("a text (str)", is_text)
FILLED_TEXT = _simple("a text (str) that is not empty", lambda value: is_text(value) and value != "")
WHOLE = Shape("a whole number", _whole_number)
SIZE = Shape("a whole number from 0 up", _size)
FLAG = Shape("True or False", _flag)
DICT = _simple("a dict", is_dict)
TEXTS = _simple("a list of texts (str)", lambda value: is_list(value) and all(map(is_text, value)))
BYTE_STRINGS = _simple("a list of bytes", lambda value: is_list(value) and all(map(is_bytes, value)))
#: Its parts have rules of their own, see `headers`.
ANYTHING = _simple("anything", lambda value: True)
