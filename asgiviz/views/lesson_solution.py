"""The solution of an exercise and its alternatives beside the learner's own file."""

from __future__ import annotations

from collections.abc import Sequence

from asgiviz.views.code_rows import LineMark, code
from asgiviz.views.markdown_rows import markdown
from asgiviz.views.spans import Role, Row, Span, Spans, padded
from asgiviz.views.text import fit

#: Columns from which on the two stand beside each other.
BESIDE = 78


def draw(mine: str, found: Sequence[tuple[str, str, str]], width: int) -> list[Row]:
    """`found` are name, source and a word on it (Markdown). Lines that are not in the other source are marked."""
    rows: list[Row] = []
    for name, source, about in found:
        rows += [*([Row([])] if rows else []), Row([Span(fit(name, width), Role.STRONG)])]
        rows += markdown(about, width) if about else []
        rows += _beside(mine, source, width) if width >= BESIDE else _marked(source, mine, width)
    return rows


def _beside(mine: str, source: str, width: int) -> list[Row]:
    each = (width - 3) // 2
    left = [Row([Span("yours", Role.QUIET)]), *_marked(mine, source, each)]
    right = [Row([Span("this way", Role.QUIET)]), *_marked(source, mine, each)]
    rows = []
    for place in range(max(len(left), len(right))):
        spans: Spans = padded(left[place].spans if place < len(left) else [], each)
        rows.append(Row([*spans, Span(" │ ", Role.QUIET), *(right[place].spans if place < len(right) else [])]))
    return rows


def _marked(source: str, other: str, width: int) -> list[Row]:
    known = {line.strip() for line in other.splitlines()}
    marks = {
        place: LineMark("", Role.LIFE)
        for place, line in enumerate(source.splitlines(), 1)
        if line.strip() and line.strip() not in known
    }
    return code(source, width, None, marks, wrap=True)
