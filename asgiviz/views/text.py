"""Safe text: whatever a value holds, what is shown is printable, of known width, and says how much was left out.

What Python calls not printable (control characters, escapes, bidi controls, lone surrogates, line ends, invisible
characters) stands as a Python escape; bytes that are no UTF-8 stand as ``\\xff``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from rich.cells import cell_len

from asgiviz.model.connection import beyond_kept
from asgiviz.model.values import kept_bytes

#: Entries of a container, and levels of nesting, that `literal` shows.
ENTRIES, DEPTH = 12, 3
#: Characters of a text or byte string that `literal` shows.
LITERAL = 120
_BIG = 10**20
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def safe(text: str, *, from_bytes: bool = False) -> str:
    """`text` with every character that is not printable as an escape; `from_bytes`: it was decoded with surrogateescape."""
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub(_escape_byte if from_bytes else _escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() or character == "\u3000" else repr(character)[1:-1]


def _escape_byte(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else _escape(match)


def safe_bytes(value: bytes) -> str:
    """Bytes as safe text."""
    return safe(value.decode("utf-8", "surrogateescape"), from_bytes=True)


def cells_of(text: str) -> int:
    """The columns that safe text takes; a character that joins the one before it counts as one, so never too few."""
    return len(text) if text.isascii() else sum(map(_cells_of_one, text))


@cache
def _cells_of_one(character: str) -> int:
    return max(1, cell_len(character))


def fit(text: str, cells: int | None, beyond: int = 0) -> str:
    """Safe text of at most `cells` columns (None: all of it); what is left out is counted in characters.

    `beyond` is how many characters more there were that nobody kept.
    """
    if cells is None:
        return _whole(safe(text), beyond)
    if not beyond and len(text) <= cells and cells_of(shown := safe(text)) <= cells:
        return shown
    total = len(text) + beyond
    shown, count = _take(text, cells - len(_more(total)), from_bytes=False)
    return _cut(shown, total - count, cells)


def fit_bytes(value: bytes, cells: int | None, beyond: int = 0) -> str:
    """Bytes as safe text of at most `cells` columns; what is left out is counted in bytes."""
    if cells is None:
        return _whole(safe_bytes(value), beyond)
    text = value[: 4 * cells + 4].decode("utf-8", "surrogateescape")
    if not beyond and len(value) <= 4 * cells + 4 and cells_of(shown := safe(text, from_bytes=True)) <= cells:
        return shown
    total = len(value) + beyond
    shown, count = _take(text, cells - len(_more(total)), from_bytes=True)
    return _cut(shown, total - len(text[:count].encode("utf-8", "surrogateescape")), cells)


def _take(text: str, cells: int, *, from_bytes: bool) -> tuple[str, int]:
    """As much of the beginning as fits, safe, and how many characters of `text` that is."""
    start = text[: max(0, cells)]
    if start.isascii() and start.isprintable():
        return start, len(start)
    shown: list[str] = []
    for character in start:
        piece = safe(character, from_bytes=from_bytes)
        cells -= cells_of(piece)
        if cells < 0:
            break
        shown.append(piece)
    return "".join(shown), len(shown)


def _more(count: int) -> str:
    return f"… ({count:,} more)"


def _cut(shown: str, left: int, cells: int) -> str:
    return shown + _more(left) if cells_of(shown) + len(_more(left)) <= cells else "…"[: max(0, cells)]


def _whole(shown: str, beyond: int) -> str:
    return shown + _more(beyond) if beyond else shown


def number(value: int) -> str:
    """A whole number with separators; one that no clock or counter gives stands short, in hexadecimal."""
    return f"{value:,}" if -_BIG < value < _BIG else f"{fit(hex(value), 24)}"


def counted(count: int, noun: str) -> str:
    """``1 client``, ``1,000 clients``."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def word(value: Any) -> str:
    """A value where a word is expected: a text bare, everything else as `literal`."""
    return fit(value, LITERAL) if isinstance(value, str) else literal(value)


def literal(value: Any, depth: int = 0) -> str:
    """Any frozen value in short, in the notation of Python; objects that were not kept stand as they were described."""
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, int):
        return str(value) if -_BIG < value < _BIG else number(value)
    if isinstance(value, str):
        return f"'{fit(value, LITERAL)}'"
    if isinstance(value, bytes):
        return f"b'{fit_bytes(value, LITERAL)}'"
    if depth >= DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, (list, tuple)):
        items = [literal(item, depth + 1) for item in value[:ENTRIES]]
        return "[" + ", ".join(_and_more(items, len(value))) + "]"
    return f"<{fit(type(value).__name__, LITERAL)}>"


def _mapping(value: Mapping[Any, Any], depth: int) -> str:
    if isinstance(kept := value.get("$bytes"), bytes):
        return f"b'{fit_bytes(kept, LITERAL, beyond_kept(value))}'"
    if isinstance(kept := value.get("$text"), str):
        return f"'{fit(kept, LITERAL, beyond_kept(value))}'"
    if isinstance(shown := value.get("$repr"), str):
        return fit(shown, LITERAL)
    entries = [f"{word(key)}: {literal(item, depth + 1)}" for key, item in _first(value)]
    return "{" + ", ".join(_and_more(entries, len(value))) + "}"


def pairs(fields: Mapping[str, Any]) -> str:
    """Fields as ``key=value``, two spaces between them."""
    shown = [f"{word(key)}={word(value) if not isinstance(value, str) else _bare(value)}" for key, value in _first(fields)]
    return "  ".join(_and_more(shown, len(fields)))


def _bare(value: str) -> str:
    return value if value.isascii() and value.isprintable() and value and " " not in value else literal(value)


def _first(value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return [pair for _, pair in zip(range(ENTRIES), value.items(), strict=False)]


def _and_more(shown: list[str], count: int) -> list[str]:
    return [*shown, f"… ({count - len(shown):,} more)"] if count > len(shown) else shown


def quote(value: Any, cells: int | None, marks: str = "“”") -> str:
    """A frozen text or byte string between quotation marks, cut to `cells` columns with them."""
    room = None if cells is None else max(0, cells - 2)
    beyond = beyond_kept(value)
    kept = value.get("$text") if isinstance(value, Mapping) else value
    inside = fit(kept, room, beyond) if isinstance(kept, str) else fit_bytes(kept_bytes(value), room, beyond)
    return f"{marks[0]}{inside}{marks[1]}"
