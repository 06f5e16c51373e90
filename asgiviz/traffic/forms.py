"""The values in a script: how each is written as plain data (JSON, TOML) and read back.

Reading takes the plain form or the built value and gives the built value, so a step is valid however it was made. It raises
ValueError with the second half of a sentence whose first half, the step and the key, is added by the step.
"""

from __future__ import annotations

import math
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

#: The largest generated body, in bytes.
MAX_FILL = 1 << 30
#: Bytes that are made or sent at a time.
PIECE = 64 * 1024
#: The longest time in a script, in seconds.
MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Fill:
    """A big byte string by description: `fill` repeated up to `size` bytes."""

    size: int
    fill: bytes = b"x"

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "size", _whole(0, MAX_FILL)(self.size))
        except ValueError as error:
            raise ValueError(f'has a "size" that {error}') from None
        object.__setattr__(self, "fill", _read_plain_bytes(self.fill))
        if not 1 <= len(self.fill) <= PIECE:
            raise ValueError(f'has a "fill" that must have 1 to {PIECE:,} bytes, not {len(self.fill):,}')


Bytes = bytes | Fill


def length(value: Bytes) -> int:
    """How many bytes it stands for."""
    return value.size if isinstance(value, Fill) else len(value)


def pieces(value: Bytes) -> Iterator[bytes]:
    """The bytes it stands for, at most PIECE at a time."""
    if isinstance(value, bytes):
        for start in range(0, len(value), PIECE):
            yield value[start : start + PIECE]
        return
    block = value.fill * (PIECE // len(value.fill))
    whole, rest = divmod(value.size, len(block))
    for _ in range(whole):
        yield block
    if rest:
        yield block[:rest]


def whole(value: Bytes) -> bytes:
    """The bytes it stands for, in one piece."""
    return b"".join(pieces(value))


class Form(NamedTuple):
    """How one kind of value is read and written."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {_short(value)}")
    return value


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_short(value)}")
    return value


def _read_seconds(value: Any) -> float:
    fits = (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= MAX_SECONDS
    )
    if not fits:
        raise ValueError(f"must be seconds from 0 to {MAX_SECONDS:,.0f}, not {_short(value)}")
    return float(value)


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least:,} to {most:,}, not {_short(value)}")
        return value

    return read


def _read_plain_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise ValueError('holds half a surrogate pair, which UTF-8 cannot write; use {"$bytes": base64}') from None
    if isinstance(value, Mapping) and set(value) == {"$bytes"}:
        try:
            return a2b_base64(value["$bytes"], strict_mode=True)
        except (BinasciiError, TypeError, ValueError):
            raise ValueError('has a "$bytes" that is not base64') from None
    raise ValueError(f'must be text, {{"$bytes": base64}} or {{"size": n, "fill": text}}, not {_short(value)}')


def _read_bytes(value: Any) -> Bytes:
    if isinstance(value, Fill):
        return value
    if isinstance(value, Mapping) and "size" in value:
        if unknown := set(value) - {"size", "fill"}:
            raise ValueError(f'has the unknown key "{min(map(str, unknown))}" beside size and fill')
        return Fill(**value)
    return _read_plain_bytes(value)


def _write_plain_bytes(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"$bytes": b2a_base64(value, newline=False).decode("ascii")}


def _write_bytes(value: Bytes) -> Any:
    if isinstance(value, Fill):
        return {"size": value.size, "fill": _write_plain_bytes(value.fill)}
    return _write_plain_bytes(value)


def _read_parts(value: Any) -> tuple[Bytes, ...]:
    return tuple(_read_bytes(part) for part in value) if isinstance(value, (list, tuple)) else (_read_bytes(value),)


def _read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"must be a list of texts, not {_short(value)}")
    return tuple(_read_text(text) for text in value)


def _read_headers(value: Any) -> tuple[tuple[str, str], ...]:
    pairs = value.items() if isinstance(value, Mapping) else value
    try:
        headers = tuple((_read_text(name), _read_text(text)) for name, text in pairs)
    except (TypeError, ValueError):
        raise ValueError(f"must be a table or a list of pairs of texts, not {_short(value)}") from None
    try:
        "".join(name + text for name, text in headers).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"must keep to Latin-1, which {_short(value)} does not") from None
    return headers


def optional(form: Form) -> Form:
    """The form that also takes None."""
    return Form(
        lambda value: None if value is None else form.read(value),
        lambda value: None if value is None else form.write(value),
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


TEXT = Form(_read_text, _same)
FLAG = Form(_read_flag, _same)
SECONDS = Form(_read_seconds, _same)
COUNT = Form(_whole(1, 1_000_000), _same)
SIZE = Form(_whole(0, MAX_FILL), _same)
CLOSE_CODE = Form(_whole(1000, 4999), _same)
BYTES = Form(_read_bytes, _write_bytes)
PARTS = Form(_read_parts, lambda parts: [_write_bytes(part) for part in parts])
TEXTS = Form(_read_texts, list)
HEADERS = Form(_read_headers, lambda headers: [list(pair) for pair in headers])
