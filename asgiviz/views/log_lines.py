"""The Logs pane: prints, log records, warnings and notes of the app, each beside the connection that it belongs to.

A record is one row, and a traceback shows its last line there; the rest of a long text is unfolded below on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from asgiviz.model.connection import Connection, beyond_kept
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.connection_words import MASK, end_cut, middle_cut, tag_of, what_of
from asgiviz.views.figures import seconds
from asgiviz.views.messages import masked
from asgiviz.views.note_words import note_words
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import cells_of, number, safe, word
from asgiviz.views.wrapping import TAB, Wrapped, broken

#: Rows below the first that one record takes at most.
MOST_ROWS = 500
#: Widths from which the path of the connection is told beside its number, and from which the logger has a column.
WITH_PATH, WITH_SOURCE = 70, 110
#: Columns before the text of the further rows.
MARGIN = 10
#: Columns of text in which both the first line and the error of a traceback can be read.
TELLING = 48
_ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL"})
_SHORT = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_PRINTS = frozenset({"stdout", "stderr"})


class _Said(NamedTuple):
    """What a record says, masked: its source, its level, its first line and what follows."""

    source: str
    level: str
    first: str
    rest: str

    @property
    def printed(self) -> bool:
        """Whether it is a print; these have no level that the app chose."""
        return self.source in _PRINTS

    @property
    def is_error(self) -> bool:
        """Whether the app says that something went wrong."""
        return self.level in _ERRORS and not self.printed

    @property
    def error(self) -> str:
        """The last line of the traceback in it."""
        if "Traceback (most recent call last)" not in self.rest[:4096]:
            return ""
        return self.rest.rstrip("\n").rpartition("\n")[2].strip()


def draw(
    event: Event, connection: Connection | None, width: int, expanded: bool = False, mask: Mask | None = MASK
) -> list[Row]:
    """The rows of a `log` event, or of a note of the app, at most `width` columns each.

    Secrets in query parameters are masked, None reveals them.
    """
    said = _said(event, mask)
    margin = [*_margin(event, said, width), *_whose(event, connection, width, mask), *_source(said, width)]
    room = max(1, width - width_of(margin))
    first = safe(said.first.expandtabs(TAB))
    if not expanded:
        return [Row(shortened([*margin, *_folded(said, first, room)], width), event.seq)]
    top, below = _unfolded(said, first, room)
    rows = [shortened([*margin, *top], width)]
    rows += [shortened(line, width) for line in _below(below, width, bool(said.error))]
    return [Row(spans, event.seq) for spans in rows]


# -- left of the text --------------------------------------------------------------------------------------------------


def _margin(event: Event, said: _Said, width: int) -> Spans:
    """When, and how grave: the level's word; a print has its stream in that place."""
    level = said.source if said.printed else said.level
    columns = 8 if width >= WITH_PATH else 6
    if columns < 8:
        level = _SHORT.get(level, level)
    role = Role.ERROR if said.is_error else Role.STRONG if said.level == "WARNING" else Role.QUIET
    return [Span(f"{seconds(event.t):>8}  ", Role.QUIET), *padded([Span(safe(level[:columns]), role)], columns), Span(" ")]


def _whose(event: Event, connection: Connection | None, width: int, mask: Mask | None) -> Spans:
    """``#7 POST /orders``"""
    columns = 4 if width < WITH_PATH else 18 if width < WITH_SOURCE else 24
    spans: Spans = []
    if event.conn is not None:
        tag = tag_of(event.conn) + " "
        spans.append(Span(tag, Role.QUIET))
        if connection is not None and len(tag) + 8 <= columns:
            what = what_of(connection, columns - len(tag), mask)
            spans.append(Span(what.text, Role.PLAIN if connection.path is not None else what.role))
    return [*padded(spans, columns), Span(" ")]


def _source(said: _Said, width: int) -> Spans:
    """The logger, in a column of its own or before the text."""
    if width >= WITH_SOURCE:
        return [*padded([Span("" if said.printed else middle_cut(said.source, 16), Role.QUIET)], 16), Span(" ")]
    if width < WITH_PATH or said.printed or said.error or not said.source:
        return []
    return [Span(middle_cut(said.source, 16) + ": ", Role.QUIET)]


# -- the text ----------------------------------------------------------------------------------------------------------


def _folded(said: _Said, first: str, room: int) -> Spans:
    """As much of the first line as there is room for, the error of a traceback, and how many lines are folded."""
    more = said.rest.count("\n") + 1 if said.rest else 0
    sign = f" ▸ +{number(more)}" if more else " ▸" if _is_wider(first, room) else ""
    room -= len(sign)
    error = cells_of(safe(said.error[:room])) + 2 if said.error else 0
    if error and room < TELLING:  # the error says more than that there was one
        return [*padded([Span(end_cut(safe(said.error[: room + 1]), room), Role.ERROR)], room), Span(sign, Role.QUIET)]
    spans = [Span(end_cut(first[: room + 1], max(room // 2, room - error)), _text_role(said))]
    left = room - width_of(spans) - 2
    if error and left > 0:
        spans.append(Span("  " + end_cut(safe(said.error[: left + 1]), left), Role.ERROR))
    return [*padded(spans, room), Span(sign, Role.QUIET)] if sign else spans


def _unfolded(said: _Said, first: str, room: int) -> tuple[Spans, str]:
    """The first row, and all the text that goes below it."""
    sign = " ▾" if said.rest or _is_wider(first, room) else ""
    room = max(1, room - len(sign))
    top, *pieces = broken(first, room)
    beyond = "".join(pieces)
    below = f"{beyond}\n{said.rest}" if beyond and said.rest else beyond or said.rest
    return [*padded([Span(top, _text_role(said))], room), Span(sign, Role.QUIET)], below


def _below(text: str, width: int, ends_in_error: bool) -> list[Spans]:
    if not text:
        return []
    indent = MARGIN if width >= WITH_PATH else 2
    room = max(1, width - indent - 2)
    lines = Wrapped(text)
    count = lines.count(room)
    shown = [lines.row(index, room) for index in range(min(count, MOST_ROWS))]
    if count > MOST_ROWS:
        shown.append([Span(f"… ({number(count - MOST_ROWS)} more rows)", Role.QUIET)])
    elif ends_in_error:
        shown[-1] = [Span(span.text, Role.ERROR) for span in shown[-1]]
    return [[Span(" " * indent + "│ ", Role.QUIET), *line] for line in shown]


def _text_role(said: _Said) -> Role:
    return Role.QUIET if said.level in ("DEBUG", "NOTSET") and not said.printed else Role.PLAIN


def _is_wider(text: str, room: int) -> bool:
    return len(text) > room or end_cut(text, room) != text


def _noted(event: Event, mask: Mask | None) -> _Said:
    """A note is one line; its thread stands where records have their logger."""
    return _Said(word(event.get("thread")), "note", note_words(masked(mask, event.fields)), "")


def _said(event: Event, mask: Mask | None) -> _Said:
    if event.ev == Ev.NOTE:
        return _noted(event, mask)
    value = event.get("text")
    kept = value.get("$text") if isinstance(value, Mapping) else value
    text = kept if isinstance(kept, str) else "" if value is None else word(value)
    if mask is not None:
        text = mask.text(text)
    beyond = beyond_kept(value)
    first, _, rest = text.rstrip("\n").partition("\n")
    if beyond:
        rest += f"\n… ({number(beyond)} more characters were not kept)" if rest else f"… ({number(beyond)} more not kept)"
    level, source = event.get("level"), event.get("logger")
    return _Said("" if source is None else word(source), "" if level is None else word(level), first, rest)
