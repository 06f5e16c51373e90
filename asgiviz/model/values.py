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

Freezing never runs code of the app: an object of a class we do not know is shown by its type and address, not by
its own ``__repr__``.
"""

from __future__ import annotations

import datetime
import decimal
import pathlib
import types
import uuid
from collections.abc import Iterable, Mapping, Sized
from itertools import islice
from typing import Any

#: Bytes of a body, or characters of a text, that are kept of one message.
BODY_LIMIT = 64 * 1024
#: Nesting beyond this is shown as ``$repr``; a cycle ends here too.
MAX_DEPTH = 64
#: Entries kept of one container in a scope, which may hold the app's own large objects (``state``).
SCOPE_ITEMS = 1_000

_ATOMS = frozenset({bool, int, float, type(None)})
#: Classes whose ``repr`` is the standard library's and cheap.
_SPEAKING = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    complex,
    range,
    slice,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    pathlib.PurePath,
    uuid.UUID,
)
_REPR_LIMIT = 200


def freeze(value: Any, limit: int = BODY_LIMIT, items: int | None = None, depth: int = 0) -> Any:
    """The frozen form of `value`; `limit` bounds strings, `items` bounds containers (None: no bound). Never raises."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is bytes:
        return value if len(value) <= limit else {"$bytes": value[:limit], "$len": len(value)}
    if kind is str:
        return value if len(value) <= limit else {"$text": value[:limit], "$len": len(value)}
    if depth >= MAX_DEPTH:
        return describe(value)
    try:
        if kind is list or kind is tuple:
            if items is not None and len(value) > items:
                return {"$repr": f"{kind.__name__} of {len(value)} items", "$type": type_name(value)}
            return kind([freeze(item, limit, items, depth + 1) for item in value])
        if kind is dict or isinstance(value, Mapping):
            return _freeze_mapping(value, limit, items, depth)
        return _freeze_uncommon(value, limit, items, depth)
    except Exception as error:  # the app's own container raised, or changed size under us: the recording says so
        return {"$repr": f"{describe(value)['$repr']} (could not be read: {type(error).__name__})", "$type": type_name(value)}


def _freeze_mapping(value: Mapping[Any, Any], limit: int, items: int | None, depth: int) -> Any:
    if items is not None and len(value) > items:
        return {"$repr": f"{type(value).__name__} of {len(value)} items", "$type": type_name(value)}
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: freeze(item, limit, items, depth + 1) for key, item in value.items()}
    pairs = [[freeze(key, limit, items, depth + 1), freeze(item, limit, items, depth + 1)] for key, item in value.items()]
    return {"$items": pairs}


def _freeze_uncommon(value: Any, limit: int, items: int | None, depth: int) -> Any:
    if isinstance(value, int):  # http.HTTPStatus and other int enums; bool cannot be subclassed
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return freeze(str.__str__(value), limit)
    if isinstance(value, bytes):
        return freeze(bytes(memoryview(value)), limit)
    if isinstance(value, (bytearray, memoryview)):
        return _freeze_buffer(value, limit)
    if isinstance(value, (list, tuple)):
        return freeze(list(value), limit, items, depth)
    return describe(value)


def _freeze_buffer(value: bytearray | memoryview, limit: int) -> Any:
    view = memoryview(value)
    flat = view.cast("B") if view.c_contiguous else memoryview(view.tobytes())
    frozen: dict[str, Any] = {"$bytes": bytes(flat[:limit])}
    if len(flat) > limit:
        frozen["$len"] = len(flat)
    frozen["$type"] = type(value).__name__
    return frozen


def describe(value: Any) -> dict[str, str]:
    """What stands in a recording for an object that cannot be recorded; runs no code of the app."""
    try:
        text = repr(value) if isinstance(value, _SPEAKING) and type(value).__repr__ in _SAFE_REPRS else object.__repr__(value)
    except Exception as error:
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return {"$repr": text[:_REPR_LIMIT], "$type": type_name(value)}


_SAFE_REPRS = frozenset(kind.__repr__ for kind in (*_SPEAKING, datetime.datetime, type(pathlib.Path())))


def type_name(value: Any) -> str:
    """``module.Class`` of a value."""
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def is_one_shot(value: Any) -> bool:
    """Whether reading `value` may use it up (an iterable without a length: a generator, a map, an iterator)."""
    return isinstance(value, Iterable) and not isinstance(value, Sized)


def true_length(value: Any) -> int:
    """Length of a frozen string or byte string as it was on the line, in characters or bytes; 0 for anything else."""
    if isinstance(value, (bytes, str)):
        return len(value)
    if isinstance(value, dict):
        kept = value.get("$bytes", value.get("$text", b""))
        length = value.get("$len")
        return length if isinstance(length, int) else len(kept)
    return 0


def kept_bytes(value: Any) -> bytes:
    """The bytes that were kept of a frozen byte string or text (UTF-8); empty for anything else."""
    if isinstance(value, dict):
        value = value.get("$bytes", value.get("$text", b""))
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else b""


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
