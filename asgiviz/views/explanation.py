"""An explanation as lines: what it is, what beginners get wrong, what servers do differently, where it is written."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from asgiviz.protocol.glossary import ENTRIES, MEASURED_WITH, Entry, Kind, close_words
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import cells_of, fit

#: Columns that texts are wrapped to at most (longer lines are hard to read), and at least.
READABLE, NARROWEST = 96, 20
#: Meanings of one word that are told in full; of more than these, only the likeliest.
IN_FULL = 3
_PLURALS = {
    Kind.SCOPE_KEY: "Keys of the scope",
    Kind.ENVIRON_KEY: "Keys of the environ",
    Kind.MESSAGE: "Messages",
    Kind.MESSAGE_KEY: "Keys of messages",
    Kind.CLOSE_CODE: "Close codes",
    Kind.HEADER: "Headers",
    Kind.STATUS: "Status codes",
    Kind.STATE: "States",
    Kind.ERROR: "Exceptions",
    Kind.WORD: "Words",
}


def draw(entry: Entry, width: int) -> list[Row]:
    """One explanation, in at most `width` columns."""
    return draw_all([entry], width)


def draw_all(entries: Sequence[Entry], width: int) -> list[Row]:
    """All meanings of a word: a few in full, of many only the likeliest and the others with a line each."""
    told = entries if len(entries) <= IN_FULL else entries[:1]
    rows: list[Row] = []
    for entry in told:
        rows += [*([Row([])] if rows else []), *_told(entry, width)]
    if others := entries[len(told) :]:
        rows += [Row([]), *_briefly(others, width)]
    if any(entry.servers for entry in told):
        rows += [Row([]), *_wrapped(f"What servers do was measured with {MEASURED_WITH}.", width, role=Role.QUIET)]
    return rows


def draw_words(entries: Sequence[Entry], width: int) -> list[Row]:
    """Many words at a glance, a sentence each; below, in the same order, what else is to be said of each."""
    column = min(max((cells_of(entry.word) for entry in entries), default=0) + 2, max(NARROWEST, width) // 3)
    room = max(1, min(width, READABLE) - column)
    rows: list[Row] = []
    for entry in entries:
        rows += _beside(_folded(entry.word, column - 2), _folded(entry.line, room), column)
    rows += [Row([]), *_wrapped("More about each of them:", width, role=Role.QUIET)]
    for entry in entries:
        rows += [Row([]), Row(shortened([Span(entry.word, Role.STRONG)], width)), *_wrapped(entry.more, width)]
        rows += _wrapped(", ".join(entry.see), width, "See also: ") if entry.see else []
    return [*rows, Row([]), *_wrapped("asgiviz explain WORD says where it is written.", width, role=Role.QUIET)]


def unknown(word: str) -> str:
    """That there is no explanation, and what may have been meant: one sentence."""
    meant = close_words(word)
    *first, last = meant or [""]
    hint = f" Did you mean {', '.join(first)}{' or ' if first else ''}{last}?" if meant else ""
    return f"There is no explanation of “{fit(word, 60)}”.{hint}"


def contents(width: int) -> list[Row]:
    """Every word that has an explanation, by kind, in columns."""
    rows: list[Row] = []
    for kind, title in sorted(_PLURALS.items(), key=lambda item: item[0] is not Kind.WORD):
        words = [entry.word for entry in ENTRIES if entry.kind is kind]
        rows += [Row([]), Row([Span(title, Role.STRONG)])] if rows else [Row([Span(title, Role.STRONG)])]
        rows += _columns(words, width)
    return rows


def _told(entry: Entry, width: int) -> list[Row]:
    """One explanation in full."""
    rows = [_title(entry, width), *_wrapped(entry.line, width), Row([]), *_wrapped(entry.more, width)]
    if entry.servers:
        rows += [Row([]), *_wrapped(entry.servers, width, "Servers differ: ")]
    rows += [
        Row([]),
        *_wrapped(entry.section, width, "Specification: " if _is_standard(entry) else "Written in "),
        *_address(entry.url, width),
    ]
    if entry.see:
        rows += _wrapped(", ".join(entry.see), width, "See also: ")
    return rows


def _folded(text: str, room: int) -> list[str]:
    """A text in lines of at most `room` columns."""
    return textwrap.wrap(text, max(1, room), break_on_hyphens=False)


def _beside(words: Sequence[str], lines: Sequence[str], column: int) -> list[Row]:
    """A word, and from a column on what is said of it."""
    pairs = zip_longest(words, lines, fillvalue="")
    return [Row([*padded([Span(word, Role.STRONG)], column), Span(line)]) for word, line in pairs]


def _briefly(entries: Sequence[Entry], width: int) -> list[Row]:
    """A line for each explanation."""
    column = min(max(cells_of(entry.word) for entry in entries) + 2, width // 2)
    lines = ([*padded([Span(entry.word)], column), Span(entry.line, Role.QUIET)] for entry in entries)
    return [Row([Span("It also means", Role.QUIET)]), *(Row(shortened(line, width)) for line in lines)]


def _is_standard(entry: Entry) -> bool:
    """Whether others have laid down what the word means; words of asgiviz stand in its own pages."""
    return entry.url.startswith("https://")


def _title(entry: Entry, width: int) -> Row:
    """The word on the left, its kind on the right."""
    word, kind = Span(entry.word, Role.STRONG), Span(str(entry.kind), Role.QUIET)
    space = min(width, READABLE) - width_of([word, kind])
    return Row([word, Span(" " * space), kind] if space > 1 else shortened([word], width))


def _wrapped(text: str, width: int, label: str = "", role: Role = Role.PLAIN) -> list[Row]:
    """A text on several lines, a quiet `label` before the first."""
    room = max(NARROWEST, min(width, READABLE))
    lines = textwrap.wrap(label + text, room, break_on_hyphens=False)
    if any(cells_of(line) > room for line in lines):  # wide characters, of somebody's own word
        lines = textwrap.wrap(label + text, room // 2, break_on_hyphens=False)
    rows = [Row([Span(line, role)]) for line in lines]
    if label and lines:
        rows[0] = Row([Span(label, Role.QUIET), Span(lines[0][len(label) :], role)])
    return rows


def _address(url: str, width: int) -> list[Row]:
    """An address whole and from the first column, so that it can be copied: on several lines only where it must be."""
    step = max(NARROWEST, width)
    return [Row([Span(url[start : start + step], Role.QUIET)]) for start in range(0, len(url), step)]


def _columns(words: Sequence[str], width: int) -> list[Row]:
    """Words in columns as wide as the longest, to be read from top to bottom."""
    column = max(len(word) for word in words) + 2
    count = max(1, (width - 2) // column)
    height = -(-len(words) // count)
    rows: list[Row] = []
    for line in range(height):
        spans: Spans = [Span("  ")]
        for word in words[line::height]:
            spans += padded([Span(word)], column)
        rows.append(Row(shortened([*spans[:-1], Span(spans[-1].text.rstrip())], width)))
    return rows
