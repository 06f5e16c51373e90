"""An example of a rule as lines: who says what to whom, and below the line that breaks a rule what the judge finds there."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from asgiviz.check.judge import Judge
from asgiviz.model.finding import Finding
from asgiviz.protocol.rules.example import numbered
from asgiviz.views.severities import ROLES
from asgiviz.views.spans import Role, Row, Span, Spans, width_of
from asgiviz.views.text import safe

#: Columns before what is said.
MARGIN = 12
_LINE = re.compile(r"(?:@(?P<conn>\d+) )?(?:L(?P<layer>\d+) )?(?:(?P<times>\d+) times )?(?P<verb>\w+),? ?(?P<rest>.*)")
#: What a line of an example begins with -> sign, role, and the word for it.
_LOOKS = {
    "http": ("●", Role.LIFE, "http"),
    "websocket": ("●", Role.LIFE, "websocket"),
    "lifespan": ("●", Role.LIFE, "lifespan"),
    "scope": ("●", Role.LIFE, "scope"),
    "receive": ("▶", Role.RECEIVE, "receive"),
    "send": ("◀", Role.SEND, "send"),
    "returned": ("○", Role.LIFE, "returned"),
    "raised": ("○", Role.LIFE, "raised"),
    "cancelled": ("○", Role.LIFE, "cancelled"),
    "wait": ("·", Role.QUIET, "wait"),
    "stall": ("█", Role.ERROR, "stall"),
    "unawaited": ("◇", Role.ERROR, "unawaited"),
    "shares": ("◇", Role.QUIET, "shares"),
    "log": ("│", Role.QUIET, "log"),
}
_BEGINNINGS = ("http", "websocket", "lifespan", "scope")
_OUTCOMES = {"never": "never comes back", "cancelled": "is cancelled"}


class Line(NamedTuple):
    """A line of an example: of which connection and layer, how often, its verb and the rest; `until` is its last event."""

    conn: int
    layer: int
    times: int
    verb: str
    rest: str
    until: int


def example_rows(text: str, width: int, rule: str = "") -> list[Row]:
    """The conversation, in at most `width` columns; of what is found in it, what is about `rule`."""
    lines = list(_lines(text))
    found = [finding for finding in findings_of(text) if finding.rule == rule]
    many, rows = len({line.conn for line in lines}) > 1, list[Row]()
    before = 0
    for line in lines:
        rows += _told(line, many, width)
        here = [finding for finding in found if before < finding.at <= line.until]
        rows += [row for finding in here for row in _mark(finding, MARGIN + 3 * many, width)]
        before = line.until
    return rows


def findings_of(text: str) -> list[Finding]:
    """What the judge finds in an example."""
    judge = Judge()
    return [*judge.take(numbered(text)), *judge.finish()]


def _lines(text: str) -> Iterable[Line]:
    conn, read = 0, list[str]()
    for line in map(str.strip, text.strip().splitlines()):
        if not line or line.startswith("#"):
            continue
        read.append(line)
        found = _LINE.fullmatch(line)
        assert found is not None  # `numbered` has read it
        if found["verb"] in _BEGINNINGS and not found["layer"]:
            conn = max(conn + 1, int(found["conn"] or 0))
        yield Line(
            int(found["conn"] or conn), int(found["layer"] or 0), int(found["times"] or 1), found["verb"], found["rest"],
            until=len(numbered("\n".join(read))),
        )  # fmt: skip


def _told(line: Line, many: bool, width: int) -> list[Row]:
    """``◀ send      http.response.start  status=200  → raises RuntimeError``."""
    sign, role, word = _LOOKS[line.verb]
    lead: Spans = [Span(f"#{line.conn} ", Role.QUIET)] if many else []
    lead += [Span(f"layer {line.layer} ", Role.QUIET)] if line.layer else []
    said = safe(_said(line))
    lead.append(Span(f"{sign} {word:<{MARGIN - 3}} " if said else f"{sign} {word}", role))
    room = max(20, width - width_of(lead))
    first, *more = _pieces(said, room)
    return [Row([*lead, Span(first)]), *(Row([Span(" " * width_of(lead)), Span(piece)]) for piece in more)]


def _said(line: Line) -> str:
    rest, arrow, outcome = line.rest.rpartition(" -> ") if line.verb in ("send", "receive") else (line.rest, "", "")
    if line.verb in ("receive", "send") and not arrow:
        rest, arrow, outcome = _bare_outcome(line.rest)
    match line.verb:
        case "wait":
            return f"{rest} s"
        case "stall":
            return f"the app holds the event loop for {rest} ms"
        case "shares":
            what, _, other = rest.partition(" ")
            return f"{what} is the very same object as that of connection #{other}"
        case "unawaited":
            return f"{rest} (called, and never awaited)"
    ended = f"→ {_OUTCOMES.get(outcome.strip(), f'raises {outcome.strip()}')}" if arrow else ""
    times = f"×{line.times}" if line.times > 1 else ""
    return "  ".join(part for part in (rest.replace(", ", "  ", 1), ended, times) if part)


def _bare_outcome(rest: str) -> tuple[str, str, str]:
    """``-> never``: a call of which nothing else is known."""
    return ("", "->", rest[2:]) if rest.startswith("->") else (rest, "", "")


def _mark(finding: Finding, margin: int, width: int) -> list[Row]:
    first, *more = _pieces(f"{finding.severity}, {finding.who}: {safe(finding.sentence)}", max(20, width - margin - 2))
    role = ROLES[finding.severity]
    return [
        Row([Span(" " * margin), Span("✗ ", role), Span(first, role)]),
        *(Row([Span(" " * (margin + 2)), Span(piece, role)]) for piece in more),
    ]


def _pieces(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]
