"""A drawn line without a screen: pieces of safe text, each with the role it plays.

Views draw with the signs of `SIGNS` and name roles; a theme gives roles their colours, and `spelt` writes the same line
in ASCII, column for column. No meaning is carried by a colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from asgiviz.views.text import cells_of


class Role(StrEnum):
    """What a piece of text means; a theme has one style for each."""

    #: ordinary text
    PLAIN = "plain"
    #: server to app
    RECEIVE = "receive"
    #: app to server
    SEND = "send"
    #: a bar of the app running
    RUNNING = "running"
    #: suspended in receive or send
    WAITING = "waiting"
    #: something went wrong
    ERROR = "error"
    #: beginnings, ends, the server itself
    LIFE = "life"
    #: less important: labels, rulers, units
    QUIET = "quiet"
    #: more important: names, titles
    STRONG = "strong"
    #: what a search found, a bookmark
    MARK = "mark"


class Span(NamedTuple):
    """A piece of a line. `text` is safe: printable, no line end, no escape."""

    text: str
    role: Role = Role.PLAIN


Spans = list[Span]


class Row(NamedTuple):
    """One line of a pane. `seq` is the event that it stands for (and that a click on it selects), None for a heading."""

    spans: Spans
    seq: int | None = None


#: Every sign that views draw with -> the same in ASCII, one column each.
SIGNS = {
    "░": ".",  # waiting
    "█": "#",  # running
    "▓": "=",  # running, dense
    "▒": ":",  # still open
    "▌": "#",
    "▐": "#",
    "▏": "|",
    "▎": "|",
    "▕": "|",
    "▶": ">",
    "◀": "<",
    "▸": ">",
    "▾": "v",
    "▴": "^",
    "▲": "^",
    "▼": "v",
    "●": "@",
    "○": "o",
    "◆": "*",
    "◇": "c",
    "■": "#",
    "□": "-",
    "✗": "!",
    "✓": "+",
    "⚠": "!",
    "✖": "X",
    "ℹ": "i",
    "·": "-",
    "•": "*",
    "─": "-",
    "━": "=",
    "│": "|",
    "┃": "|",
    "┆": ":",
    "┊": ":",
    "┄": "~",
    "├": "+",
    "┤": "+",
    "┬": "+",
    "┴": "+",
    "┼": "+",
    "┌": "+",
    "┐": "+",
    "└": "+",
    "┘": "+",
    "╭": "+",
    "╮": "+",
    "╰": "+",
    "╯": "+",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↳": ">",
    "↺": "@",
    "…": "~",
    "“": '"',
    "”": '"',
    "’": "'",
    "µ": "u",
    "×": "x",
    "≥": ">",
    "≤": "<",
    "▁": "_",
    "▂": "_",
    "▃": "-",
    "▄": "-",
    "▅": "=",
    "▆": "=",
    "▇": "#",
}
_TABLE = str.maketrans(SIGNS)


def spelt(text: str) -> str:
    """Safe text in ASCII, column for column where it is one of ours; other characters as Python escapes."""
    return text if text.isascii() else text.translate(_TABLE).encode("ascii", "backslashreplace").decode("ascii")


def in_ascii(spans: Iterable[Span]) -> Spans:
    """The line in ASCII."""
    return [Span(spelt(text), role) for text, role in spans]


def width_of(spans: Iterable[Span]) -> int:
    """The columns that a line takes."""
    return sum(cells_of(text) for text, _ in spans)


def text_of(spans: Iterable[Span]) -> str:
    """The line without its roles."""
    return "".join(text for text, _ in spans)


def cut(spans: Iterable[Span], width: int, start: int = 0) -> Spans:
    """The columns `start` to `start + width` of a line; a wide character that does not fit whole is a space."""
    shown: Spans = []
    place = 0
    for text, role in spans:
        if place >= start + width:
            break
        if text.isascii():
            piece = text[max(0, start - place) : start + width - place]
            place += len(text)
        else:
            piece, place = _cut_wide(text, place, start, start + width)
        if piece:
            shown.append(Span(piece, role))
    return shown


def _cut_wide(text: str, place: int, start: int, end: int) -> tuple[str, int]:
    kept: list[str] = []
    for character in text:
        cells = cells_of(character)
        if start <= place and place + cells <= end:
            kept.append(character)
        elif place + cells > start and place < end:
            kept.append(" " * (min(place + cells, end) - max(place, start)))
        place += cells
    return "".join(kept), place


def shortened(spans: Iterable[Span], width: int) -> Spans:
    """The line, with a ``…`` in its last column when it is wider than `width`."""
    line = list(spans)
    if width_of(line) <= width:
        return line
    return [*cut(line, max(0, width - 1)), Span("…"[: max(0, width)], Role.QUIET)]


def padded(spans: Iterable[Span], width: int) -> Spans:
    """The line at exactly `width` columns: cut with a ``…``, or filled with spaces."""
    line = shortened(spans, width)
    missing = width - width_of(line)
    return [*line, Span(" " * missing)] if missing > 0 else line
