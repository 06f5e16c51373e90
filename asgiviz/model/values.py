"""Freezing: a value that crossed the line becomes a value that nobody can change afterwards.

A *frozen* value is made of None, bool, int, float, str, bytes, list or tuple, and dict with string keys.
Whatever else an app or a server hands over is written as a dict with ``$`` keys:

==============================================  ==================================================================
``{"$bytes": b"…", "$len": n}``                 the beginning of a longer byte string of ``n`` bytes
``{"$bytes": b"…", "$type": "bytearray"}``      a buffer that is not ``bytes``
``{"$text": "…", "$len": n}``                   the beginning of a longer string of ``n`` characters
``{"$repr": "…", "$type": "module.Class"}``     an object that no recording can hold
``{"$items": [[key, value], …]}``               a dict with keys that are not strings, or that begin with ``$``
==============================================  ==================================================================

Freezing never runs code of the app: an object of a class we do not know (a mapping that is no dict, too) is shown by its
type and address, not by its own ``__repr__``.
"""

from __future__ import annotations

import abc
import datetime
import decimal
import pathlib
import types
import uuid
from collections.abc import Callable, Iterable, Sized
from itertools import islice
from typing import Any

#: Bytes of a body, or characters of a text, that are kept of one message.
BODY_LIMIT = 64 * 1024
#: Nesting beyond this is shown as ``$repr``; so is a container inside itself.
MAX_DEPTH = 64
#: Entries kept of one message in all its containers; containers beyond that are shown as ``$repr``.
MAX_ENTRIES = 100_000
#: Entries kept of one container in a scope, which may hold the app's own large objects (``state``); ten times that in all.
SCOPE_ITEMS = 1_000

_ATOMS = frozenset({bool, int, float, type(None)})
#: Classes (exactly these, no subclass) whose ``repr`` is cheap and runs nothing but the standard library.
_SPEAKING = frozenset(
    {
        type,
        abc.ABCMeta,
        types.FunctionType,
        types.BuiltinFunctionType,
        complex,
        range,
        datetime.date,
        datetime.timedelta,
        decimal.Decimal,
        pathlib.PurePosixPath,
        pathlib.PureWindowsPath,
        type(pathlib.Path()),
        uuid.UUID,
    }
)
_REPR_LIMIT = 200


def freeze(value: Any, limit: int = BODY_LIMIT, items: int | None = None) -> Any:
    """The frozen form of `value`; `limit` bounds strings, `items` bounds each container. Never raises."""
    return _Freezer(limit, items).freeze(value)


class _Freezer:
    """One walk through a value: it asks only for the real class (`type`, never ``__class__``) and uses only that class's
    standard methods, because a lazy object or a session of the app would notice anything else.
    """

    __slots__ = ("_items", "_left", "_limit", "_path")

    def __init__(self, limit: int, items: int | None) -> None:
        self._limit = limit
        self._items = items
        self._left = MAX_ENTRIES if items is None else 10 * items
        self._path: set[int] = set()  # the containers around the one at hand

    def freeze(self, value: Any) -> Any:
        kind = type(value)
        if kind in _ATOMS:
            return value
        if kind is bytes:
            return value if len(value) <= self._limit else {"$bytes": value[: self._limit], "$len": len(value)}
        if kind is str:
            return value if len(value) <= self._limit else {"$text": value[: self._limit], "$len": len(value)}
        try:
            if issubclass(kind, dict):
                return self._container(value, dict.__len__(value), self._entries)
            if issubclass(kind, list):
                return self._container(value, list.__len__(value), self._list)
            if issubclass(kind, tuple):
                return self._container(value, tuple.__len__(value), self._tuple)
            return self._uncommon(value, kind)
        except Exception as error:  # noqa: BLE001  # a released buffer, a dict that changed size under us: the recording says so
            return {"$repr": f"{describe(value)['$repr']} (could not be read: {type_name(error)})", "$type": type_name(value)}

    def _container(self, value: Any, size: int, open_up: Callable[[Any], Any]) -> Any:
        if size > self._left or (self._items is not None and size > self._items):
            return {"$repr": f"{type_name(value).rpartition('.')[2]} of {size} items", "$type": type_name(value)}
        if len(self._path) >= MAX_DEPTH or id(value) in self._path:
            return describe(value)
        self._left -= size
        self._path.add(id(value))
        try:
            return open_up(value)
        finally:
            self._path.discard(id(value))

    def _entries(self, value: dict[Any, Any]) -> dict[str, Any]:
        freeze = self.freeze
        pairs = dict.items(value)
        if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
            return {key: freeze(item) for key, item in pairs}
        return {"$items": [[freeze(key), freeze(item)] for key, item in pairs]}

    def _list(self, value: list[Any]) -> list[Any]:
        return [self.freeze(item) for item in list.__iter__(value)]

    def _tuple(self, value: tuple[Any, ...]) -> list[Any] | tuple[Any, ...]:
        frozen = [self.freeze(item) for item in tuple.__iter__(value)]
        return tuple(frozen) if type(value) is tuple else frozen

    def _uncommon(self, value: Any, kind: type) -> Any:
        if issubclass(kind, int):  # http.HTTPStatus and other int enums; bool cannot be subclassed
            return int.__index__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, str):
            return self.freeze(str.__str__(value))
        if issubclass(kind, bytes):
            return self.freeze(bytes.__getitem__(value, slice(None)))
        if issubclass(kind, (bytearray, memoryview)):
            return _freeze_buffer(value, self._limit)
        return describe(value)


def _freeze_buffer(value: bytearray | memoryview, limit: int) -> Any:
    view = memoryview(value)
    flat = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
    frozen: dict[str, Any] = {"$bytes": bytes(flat[:limit])}
    if len(flat) > limit:
        frozen["$len"] = len(flat)
    frozen["$type"] = type_name(value).rpartition(".")[2]
    return frozen


def describe(value: Any) -> dict[str, str]:
    """What stands in a recording for an object that cannot be recorded; runs no code of the app."""
    try:
        text = repr(value) if _speaks(value) else object.__repr__(value)
    except Exception as error:  # noqa: BLE001  # as above
        text = f"<{type_name(value)} whose repr raised {type_name(error)}>"
    return {"$repr": text[:_REPR_LIMIT], "$type": type_name(value)}


def _speaks(value: Any) -> bool:
    kind = type(value)
    if kind is datetime.datetime or kind is datetime.time:
        return value.tzinfo is None or type(value.tzinfo) is datetime.timezone  # another time zone may be the app's own
    return kind in _SPEAKING


def type_name(value: Any) -> str:
    """``module.Class`` of a value."""
    return class_name(type(value))


def class_name(kind: type) -> str:
    """``module.Class`` of a class, without asking a metaclass of the app."""
    parts = (type.__getattribute__(kind, "__module__"), type.__getattribute__(kind, "__qualname__"))
    return ".".join(part for part in parts if type(part) is str)


def is_one_shot(value: Any) -> bool:
    """Whether reading `value` may use it up (an iterable without a length: a generator, a map, an iterator)."""
    return issubclass(type(value), Iterable) and not issubclass(type(value), Sized)


def true_length(value: Any) -> int:
    """Length of a frozen string or byte string as it was on the line, in characters or bytes; 0 for anything else."""
    if isinstance(value, (bytes, str)):
        return len(value)
    if isinstance(value, dict):
        kept = value.get("$bytes", value.get("$text", b""))
        length = value.get("$len")
        if isinstance(length, int):
            return length
        return len(kept) if isinstance(kept, (bytes, str)) else 0
    return 0


def kept_length(value: Any) -> int:
    """How many bytes or characters were kept of a frozen byte string or text; 0 for anything else."""
    if type(value) is dict:
        value = value.get("$bytes", value.get("$text", b""))
    return len(value) if type(value) is bytes or type(value) is str else 0


def kept_bytes(value: Any) -> bytes:
    """The bytes that were kept of a frozen byte string or text (UTF-8); empty for anything else."""
    if isinstance(value, dict):
        value = value.get("$bytes", value.get("$text", b""))
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else b""


def kept_text(value: Any) -> str | None:
    """A frozen string, or what was kept of a longer one; None for anything else."""
    if isinstance(value, dict):
        value = value.get("$text")
    return value if isinstance(value, str) else None


def plain_lists(value: Any) -> Any:
    """The frozen value with every tuple as a list, as a recording file would give it back."""
    if isinstance(value, (list, tuple)):
        return [plain_lists(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_lists(item) for key, item in value.items()}
    return value


def header_pairs(headers: Any, most: int = 10_000) -> list[tuple[bytes, bytes]]:
    """The well-formed pairs of a frozen header list, in order; what is not a pair of byte strings is left out."""
    if not isinstance(headers, (list, tuple)):
        return []
    return [
        (pair[0], pair[1])
        for pair in islice(headers, most)
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], bytes) and isinstance(pair[1], bytes)
    ]
