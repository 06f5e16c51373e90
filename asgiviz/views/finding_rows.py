"""Findings as lines: a paragraph for each rule that was broken, the worst first, its places below it, then what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

from asgiviz.views.finding_words import Alike, Group, blamed, callers, connection_names, legal_words, through
from asgiviz.views.severities import ROLES
from asgiviz.views.spans import Role, Row, Span, shortened
from asgiviz.views.text import safe

#: Places of one rule that are told, and sentences about one place; columns that sentences are wrapped to at most, and at least.
MOST_PLACES, MOST_SENTENCES, READABLE, NARROWEST = 10, 2, 100, 20
_INDENT, _DEEPER = "  ", "    "

#: The line of source at a file and line, or nothing.
Source = Callable[[str, int], str]


def group_rows(group: Group, names: Mapping[int, str], root: str, source: Source, width: int) -> list[Row]:
    """The lines on one rule that somebody broke; `root` is where the check runs."""
    head = [
        Span(f"{group.severity}  ", ROLES[group.severity]),
        Span(group.rule, Role.STRONG),
        Span(f"  {safe(blamed(group.who))}"),
        Span(f"  ×{group.count}" if group.count > 1 else "", Role.QUIET),
    ]
    rows = [Row(shortened(head, width)), *wrapped(group.line, width, _INDENT, Role.QUIET)]
    for alike in group.alike[:MOST_PLACES]:
        rows += alike_rows(alike, names, root, source, width)
    if (more := len(group.alike) - MOST_PLACES) > 0:
        rows += wrapped(f"… and {more} more places; --format json has them all", width, _INDENT, Role.QUIET)
    return [*rows, *(wrapped(group.instead, width, _INDENT, label="do: ") if group.instead else [])]


def alike_rows(alike: Alike, names: Mapping[int, str], root: str, source: Source, width: int) -> list[Row]:
    """The lines on one place: where it was seen, what happened, the code, what would have been legal."""
    finding, place = alike.first, alike.place
    heading = connection_names(alike, names) or "outside of connections"
    rows = wrapped(heading, width, _INDENT, Role.STRONG)
    told = list(alike.sentences.values())[:MOST_SENTENCES]
    rows += [row for sentence in told for row in wrapped(sentence, width, _DEEPER)]
    if more := len(alike.sentences) - len(told):
        rows += wrapped(f"… and {more} more such sentences about this place", width, _DEEPER, Role.QUIET)
    if place is not None:
        rows.append(Row(shortened([Span(f"{_DEEPER}{place}", Role.STRONG)], width)))
        if code := source(place.path, place.line).strip():
            rows.append(Row(shortened([Span(f"{_DEEPER}│ ", Role.QUIET), Span(safe(code))], width)))
        if (inner := through(finding.code, root)) is not None:
            rows.append(Row(shortened([Span(f"{_DEEPER}through {inner}", Role.QUIET)], width)))
        if led := callers(finding.code, root):
            rows += wrapped(f"from {', '.join(map(str, led))}", width, _DEEPER, Role.QUIET)
    if finding.legal:
        rows += wrapped(legal_words(finding.legal), width, _DEEPER, label="legal: ")
    return rows


def wrapped(text: str, width: int, indent: str = "", role: Role = Role.PLAIN, label: str = "") -> list[Row]:
    """A text on several lines, each behind `indent`; a quiet `label` before the first."""
    room = max(NARROWEST, min(width, READABLE) - len(indent))
    lines = textwrap.wrap(label + safe(" ".join(text.split())), room, break_on_hyphens=False)
    rows = [Row([Span(indent), Span(line, role)]) for line in lines]
    if label and lines:
        rows[0] = Row([Span(indent), Span(label, Role.QUIET), Span(lines[0][len(label) :], role)])
    return rows
