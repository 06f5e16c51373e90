"""A box around rows, with a title on its edge: what belongs together in a text, and what asks for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asgiviz.views.spans import Role, Row, Span, Spans, cut, padded, width_of
from asgiviz.views.text import cells_of, fit, safe

#: Columns that the edges take.
EDGES = 4


def boxed(title: str, rows: Iterable[Row], width: int, role: Role = Role.QUIET, right: str = "") -> list[Row]:
    """The rows in a box of exactly `width` columns; they have `width - EDGES` for themselves."""
    if width <= EDGES:
        return [Row(cut(row.spans, max(1, width)), row.seq) for row in rows]
    name = [Span(f" {fit(title, max(1, width - 6))} ", Role.STRONG)] if title else []
    right = safe(right)
    end = f" {right} " if right and width_of(name) + cells_of(right) + 8 <= width else ""
    line = "─" * max(0, width - 3 - width_of(name) - cells_of(end) - (1 if end else 0))
    top: Spans = [Span("┌─", role), *name, Span(line, role)]
    top += [Span(end, Role.QUIET), Span("─", role)] if end else []
    edged = [Row([Span("│ ", role), *padded(row.spans, width - EDGES), Span(" │", role)], row.seq) for row in rows]
    return [Row([*cut(top, width - 1), Span("┐", role)]), *edged, Row([Span("└" + "─" * (width - 2) + "┘", role)])]


def indented(rows: Sequence[Row], columns: int) -> list[Row]:
    """The rows further to the right."""
    return [Row([Span(" " * columns), *row.spans] if row.spans else [], row.seq) for row in rows]
