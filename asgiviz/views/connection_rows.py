"""The rows of the Connections pane; one table says which columns there are, how they are drawn and what they sort by.

Sixty rows are drawn many times a second: a row costs some microseconds, whatever the connection holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from asgiviz.model.connection import Connection
from asgiviz.model.masking import Mask
from asgiviz.views.connection_words import amount, clock, code_of, end_cut, kind_of, running_share, what_of
from asgiviz.views.figures import seconds
from asgiviz.views.findings import Told
from asgiviz.views.spans import Role, Span, Spans, padded, shortened
from asgiviz.views.text import cells_of, fit, safe

#: Columns left of the first cell, for the sign of a marked row.
GUTTER = 1
#: Columns of the bar of running against waiting.
BAR = 6
#: Columns of the widest cell: the eye must find the way across it.
WIDEST = 72
#: Messages from which on their number is told; an ordinary request has three.
MANY = 4


@dataclass(frozen=True)
class Column:
    """`width` is the least; `shown_from` the width of the pane from which on it is shown. `key` is what it sorts by."""

    name: str
    title: str
    width: int
    shown_from: int
    right: bool
    key: Callable[[Connection], Any]
    descending: bool = False


def _code_key(connection: Connection) -> tuple[int, bool]:
    code = connection.close_code if connection.accepted else connection.status
    return (-1 if code is None else code, connection.failed)


def _running_key(connection: Connection) -> float:
    return running_share(connection, connection.last)


#: In the order in which they stand. `what` takes the room that the others leave.
COLUMNS: tuple[Column, ...] = (
    Column("number", "#", 4, 0, True, lambda connection: connection.conn),
    Column("kind", "kind", 4, 40, False, lambda connection: connection.kind or ""),
    Column("what", "what", 8, 0, False, lambda connection: (connection.path or "", connection.method or "")),
    Column("code", "code", 6, 0, False, _code_key, descending=True),
    Column("time", "time", 8, 34, True, lambda connection: connection.duration(), descending=True),
    Column("running", "run", BAR, 54, False, _running_key, descending=True),
    Column(
        "messages",
        "messages",
        10,
        66,
        True,
        lambda connection: connection.messages_in + connection.messages_out,
        descending=True,
    ),
    Column("began", "began", 9, 84, True, lambda connection: connection.began),
)
Layout = list[tuple[Column, int]]


@lru_cache(64)
def layout(width: int) -> Layout:
    """The columns of a pane of `width` columns, and how wide each is; with a space between them they fill a usual pane."""
    chosen = [column for column in COLUMNS if column.shown_from <= width]
    spare = width - GUTTER - sum(column.width for column in chosen) - (len(chosen) - 1)
    return [(column, min(max(1, column.width + spare), WIDEST) if column.name == "what" else column.width) for column in chosen]


def column_at(columns: Layout, x: int) -> Column | None:
    """The column that is drawn at the pane's column `x`; the space behind it belongs to it."""
    right = GUTTER
    for column, width in columns:
        right += width + 1
        if x < right:
            return column if x >= 0 else None
    return None


def head(columns: Layout, sort: str, descending: bool) -> Spans:
    """The titles; the column that is sorted by has an arrow, down when the largest comes first."""
    spans = [Span(" " * GUTTER)]
    for place, (column, width) in enumerate(columns):
        sorted_by = column.name == sort
        title = column.title[: width - 1] + ("▾" if descending else "▴") if sorted_by else column.title[:width]
        shown = title.rjust(width) if column.right else title.ljust(width)
        spans.append(Span(shown + " " * (place < len(columns) - 1), Role.STRONG if sorted_by else Role.QUIET))
    return spans


def cells(
    connection: Connection,
    columns: Layout,
    now: int,
    mask: Mask | None,
    marked: bool = False,
    comment: str | None = None,
    found: Told | None = None,
) -> Spans:
    """The row of a connection, exactly as wide as the layout; secrets in its query are masked unless `mask` is None."""
    spans = [Span("◆", Role.MARK) if marked else Span(" ")]
    last = len(columns) - 1
    for place, (column, width) in enumerate(columns):
        draw = _CELLS.get(column.name)
        cell = draw(connection, now) if draw is not None else _what(connection, width, mask, comment, found)
        taken = sum([_columns_of(text) for text, _ in cell])
        if taken > width:
            cell, taken = shortened(cell, width), width
        if column.right and taken < width:
            spans.append(Span(" " * (width - taken)))
        spans += cell
        gap = (0 if column.right else width - taken) + (place < last)
        if gap:
            spans.append(Span(" " * gap))
    return spans


#: The same few texts come again and again, and measuring is the dearest part of a row.
_columns_of = lru_cache(4096)(cells_of)


# -- the cells ---------------------------------------------------------------------------------------------------------


def _number(connection: Connection) -> Spans:
    return [Span(fit(str(connection.conn), 12), Role.QUIET)]


def _kind(connection: Connection) -> Spans:
    return [Span(kind_of(connection), Role.QUIET)]


def _what(connection: Connection, width: int, mask: Mask | None, comment: str | None, found: Told | None) -> Spans:
    if found is not None:  # at the right end, so that they stand below each other
        room = max(1, width - cells_of(found.span.text) - 1)
        return [*padded(_what(connection, room, mask, comment, None), room), Span(" "), found.span]
    if not comment:
        return [what_of(connection, width, mask)]
    what = what_of(connection, max(1, width // 2), mask)
    room = width - _columns_of(what.text) - 1
    return [what, Span(" " + end_cut(f"“{safe(comment[:width])}”", room), Role.MARK)] if room > 4 else [what]


def _code(connection: Connection) -> Spans:
    code = code_of(connection)
    if connection.failed:
        return [code, Span("✗".rjust(6 - len(code.text)), Role.ERROR)]
    if connection.kind in ("http", "wsgi") and connection.answered and not connection.over:
        return [code, Span("▒".rjust(6 - len(code.text)), Role.LIFE)]
    return [code]


def _time(connection: Connection, now: int) -> Spans:
    return [Span(clock(connection.duration(now)), Role.PLAIN if connection.over else Role.LIFE)]


def _running(connection: Connection, now: int) -> Spans:
    share = running_share(connection, now)
    solid, half = divmod(max(round(2 * BAR * share), 1 if share else 0), 2)
    return [Span("█" * solid + "▌" * half, Role.RUNNING), Span("░" * (BAR - solid - half), Role.WAITING)]


def _messages(connection: Connection) -> Spans:
    if connection.kind != "websocket" and connection.messages_in + connection.messages_out < MANY:
        return []
    return [
        Span(f"{amount(connection.messages_in)}↓", Role.RECEIVE),
        Span(f" {amount(connection.messages_out)}↑", Role.SEND),
    ]


def _began(connection: Connection) -> Spans:
    return [Span(seconds(connection.began), Role.QUIET)]


#: Every cell but `what`, whose length depends on the room there is.
_CELLS: dict[str, Callable[[Connection, int], Spans]] = {
    "number": lambda connection, now: _number(connection),
    "kind": lambda connection, now: _kind(connection),
    "code": lambda connection, now: _code(connection),
    "time": _time,
    "running": _running,
    "messages": lambda connection, now: _messages(connection),
    "began": lambda connection, now: _began(connection),
}
