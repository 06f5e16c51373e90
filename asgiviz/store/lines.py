"""One event, one line: the JSON Lines form of docs/recording-format.md, both ways.

Writing goes straight from raw tuples to text and remembers what it wrote, because it has to keep up with a server.
"""

from __future__ import annotations

import json
import math
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from asgiviz.model.events import FORMAT_VERSION, KINDS, Event, Raw, payload_of
from asgiviz.model.masking import SEARCHED, Mask
from asgiviz.model.values import MAX_DEPTH

_CACHE_ENTRIES = 4096
_CACHE_VALUE = 512  # header values longer than this are not cached
_CACHE_PAYLOADS = 1024
_CACHE_PACKED = 1024  # payloads that are longer than this when packed are not cached
_BIG = 2**63
#: Containers inside each other in one line; a frozen value has at most MAX_DEPTH of them, each written as up to three.
MAX_NESTING = 3 * MAX_DEPTH + 8
_EV = tuple(ev.value for ev, _ in KINDS)
#: Kinds that may have no payload and no field for one.
_BARE = frozenset(kind for kind, (_, key) in enumerate(KINDS) if key is None)
_COMMON = ("seq", "t", "ev", "conn", "layer", "call")


class Encoder:
    """Turns raw events into lines. `mask` replaces secrets on the way; None reveals them."""

    def __init__(self, epoch: int, mask: Mask | None) -> None:
        self._epoch = epoch
        self._mask = mask
        self._headers: dict[tuple[bytes, bytes], str] = {}
        self._keys: dict[str, str] = {}
        self._rests: dict[tuple[int, bytes], str] = {}  # apps say the same things again and again

    def line(self, seq: int, raw: Raw) -> str:
        """The line of a raw event, with its line end."""
        t, kind, conn, layer, call, payload = raw
        parts = f'{{"seq":{seq},"t":{t - self._epoch},"ev":"{_EV[kind]}"'
        if conn is not None:
            parts += f',"conn":{conn}'
        if layer is not None:
            parts += f',"layer":{layer}'
        if call is not None:
            parts += f',"call":{call}'
        if payload is None and kind in _BARE:
            return parts + "}\n"
        if type(payload) is not bytes or len(payload) > _CACHE_PACKED:
            return parts + self._rest(kind, payload_of(raw))
        rest = self._rests.get((kind, payload))
        if rest is None:
            rest = self._rest(kind, payload_of(raw))
            if len(self._rests) >= _CACHE_PAYLOADS:
                self._rests.clear()
            self._rests[kind, payload] = rest
        return parts + rest

    def _rest(self, kind: int, payload: Any) -> str:
        """What follows the numbers: the payload's part of a line."""
        key = KINDS[kind][1]
        if key is not None:
            return f',"{key}":{self._value(key, payload)}}}\n'
        if not payload:
            return "}\n"
        if self._mask is not None:
            payload = {**payload, **{name: self._mask.text(payload[name]) for name in SEARCHED if name in payload}}
        return f",{self.entries(payload)}}}\n"

    def entries(self, fields: dict[str, Any]) -> str:
        """Frozen fields as the inside of a JSON object."""
        value = self._value
        keys = self._keys
        out = []
        for key, item in fields.items():
            name = keys.get(key)
            if name is None:
                name = quote(key) + ":"
                if len(keys) < _CACHE_ENTRIES:
                    keys[key] = name
            out.append(name + value(key, item))
        return ",".join(out)

    def _value(self, key: str, value: Any) -> str:
        """The JSON text of a frozen value that stands under `key`."""
        kind = type(value)
        if kind is dict:
            return self._dict(key, value)
        if kind is list or kind is tuple:
            if key == "headers":
                return "[" + ",".join([self._pair(pair) for pair in value]) + "]"
            return "[" + ",".join([self._value(key, item) for item in value]) + "]"
        if self._mask is not None and (kind is bytes or kind is str):
            value = self._mask.value(key, value)
        return atom(value)

    def _dict(self, key: str, value: dict[str, Any]) -> str:
        if self._mask is not None and ("$items" in value or key == "query_string" or self._mask.is_secret(key)):
            value = self._mask.value(key, value)
        kept = value.get("$bytes")
        if type(kept) is bytes:
            value = {**value, "$bytes": base64(kept)}
        return "{" + self.entries(value) + "}"

    def _pair(self, pair: Any) -> str:
        if not (type(pair) is tuple and len(pair) == 2 and type(pair[0]) is bytes and type(pair[1]) is bytes):
            masked = self._mask.value("headers", [pair])[0] if self._mask is not None else pair
            return self._value("", masked)
        text = self._headers.get(pair)
        if text is None:
            value = self._mask.header(pair[0], pair[1]) if self._mask is not None else pair[1]
            text = f"[{atom(pair[0])},{atom(value)}]"
            if len(text) < _CACHE_VALUE:
                if len(self._headers) >= _CACHE_ENTRIES:
                    self._headers.clear()
                self._headers[pair] = text
        return text


def atom(value: Any) -> str:
    """The JSON text of a frozen value that holds no other."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        text: str = quote(value)
        return text
    if isinstance(value, bytes):
        return f'{{"$bytes":"{base64(value)}"}}'
    if isinstance(value, int):
        return str(value) if -_BIG <= value < _BIG else f'{{"$int":"{value:#x}"}}'
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else f'{{"$float":"{value}"}}'
    raise TypeError(f"not a frozen value: {type(value).__name__}")


def base64(value: bytes) -> str:
    """Base64 text without line ends."""
    return b2a_base64(value, newline=False).decode("ascii")


def header_line(header: Mapping[str, Any]) -> str:
    """Line 1 of a recording."""
    return json.dumps({"asgiviz": FORMAT_VERSION, **header}) + "\n"


def decode(line: bytes | str) -> Event:
    """The event of one line. ValueError when it is not one."""
    fields = loads(line)
    try:
        seq, t, ev = fields.pop("seq"), fields.pop("t"), fields.pop("ev")
    except KeyError as error:
        raise ValueError(f"the key {error} is missing") from None
    conn, layer, call = fields.pop("conn", None), fields.pop("layer", None), fields.pop("call", None)
    if not (is_number(seq) and is_number(t) and isinstance(ev, str)):
        raise ValueError("seq and t must be whole numbers and ev a string")
    if not all(value is None or is_number(value) for value in (conn, layer, call)):
        raise ValueError("conn, layer and call must be whole numbers")
    return Event(seq, t, ev, conn, layer, call, fields)


def is_number(value: Any) -> bool:
    """Whether this is a whole number of 64 bits; a file may write longer ones, which nobody could print."""
    return type(value) is int and -_BIG <= value < _BIG


def loads(line: bytes | str) -> dict[str, Any]:
    """A JSON object with its ``$`` forms resolved; ValueError for anything else."""
    text = line if isinstance(line, str) else line.decode("utf-8", "surrogatepass")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("not a JSON object")
    if text.count("{") + text.count("[") > MAX_NESTING and is_nested_deeper(value, MAX_NESTING):
        raise ValueError("nested too deeply")
    return value


def is_nested_deeper(value: Any, most: int) -> bool:
    """Whether containers stand inside each other more than `most` deep; needs no stack to find out."""
    level = [value]
    for _ in range(most):
        level = [
            item
            for container in level
            for item in (container.values() if type(container) is dict else container)
            if type(item) in (dict, list)
        ]
        if not level:
            return False
    return True


def _resolve(value: dict[str, Any]) -> Any:
    if len(value) == 1 and type(text := value.get("$bytes")) is str:  # most of a recording's dicts
        known = _KNOWN_BYTES.get(text)
        if known is None:
            known = _resolve_bytes(value)
            if len(text) <= _CACHE_VALUE:
                if len(_KNOWN_BYTES) >= _CACHE_ENTRIES:
                    _KNOWN_BYTES.clear()
                _KNOWN_BYTES[text] = known
        return known
    for mark, resolve in _RESOLVERS.items():
        if mark in value:
            return resolve(value)
    return value


def _resolve_bytes(value: dict[str, Any]) -> Any:
    try:
        kept = a2b_base64(value["$bytes"], strict_mode=True)
    except (BinasciiError, TypeError, ValueError):
        raise ValueError("a $bytes value is not base64") from None
    return kept if len(value) == 1 else {**value, "$bytes": kept}


def _resolve_int(value: dict[str, Any]) -> Any:
    text = value["$int"]
    if not isinstance(text, str):
        raise ValueError("a $int value is not a string")
    return int(text, 16)


def _resolve_float(value: dict[str, Any]) -> Any:
    text = value["$float"]
    if text not in ("nan", "inf", "-inf"):
        raise ValueError("a $float value is not nan, inf or -inf")
    return float(text)


#: Base64 texts that were read lately: headers come again and again.
_KNOWN_BYTES: dict[str, bytes] = {}
_RESOLVERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "$bytes": _resolve_bytes,
    "$int": _resolve_int,
    "$float": _resolve_float,
}


_DECODER = json.JSONDecoder(object_hook=_resolve)  # made once: that costs more than a short line


def event_line(event: Event, mask: Mask | None = None) -> str:
    """The line of an event; without a mask the inverse of `decode`."""
    common = {key: value for key, value in zip(_COMMON, event[:6], strict=True) if value is not None}
    fields = event.fields if mask is None else mask.fields(event.fields)
    return "{" + Encoder(0, None).entries({**common, **fields}) + "}\n"
