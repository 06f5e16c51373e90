"""The columns of a sequence: where the time, the client, the lifelines and the words stand on a pane of a given width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asgiviz.views.spans import Role, Span, Spans, shortened
from asgiviz.views.text import cells_of, fit, word

#: Widths below which the client has no column, and below which there are arrows but no lifelines.
WITH_CLIENT, WITH_LIFELINES = 60, 44
#: Columns of the time, and of the app's lifeline with the calls that are open beside it.
TIME, BAR = 10, 3
#: The shortest hop between two lifelines, and the least room for words beside them.
SHORTEST_HOP, LEAST_WORDS = 9, 26


class Layout(NamedTuple):
    """The columns: `client` up to the server's lifeline (0: none), each `hop` from a lifeline to the next, and the words.

    `names` are those of the lifelines from the server on; `spoken` says that the client's column holds what it said.
    """

    width: int
    client: int
    hop: int
    names: tuple[str, ...]
    spoken: bool
    lines: bool = True

    @property
    def words(self) -> int:
        """Where the words begin."""
        if not self.lines:
            return TIME + 6
        return TIME + self.client + (len(self.names) - 1) * (self.hop + 1) + 1 + BAR


def layout(kind: str | None, width: int, layers: Sequence[str], depth: int = 1) -> Layout:
    """The columns for a connection of a scope type, recorded by `depth` taps, on a pane of `width` columns."""
    taps = max(1, depth, len(layers) - 1)
    between = [word(layers[place]) if place < len(layers) - 1 else f"layer {place}" for place in range(1, taps)]
    names = ("server", *between, "app")
    hop = 15 if width < 100 else 19 if width < 140 else 23
    if taps > 1:
        hop = max(SHORTEST_HOP, min(hop, (width - TIME - 12 - BAR - LEAST_WORDS) // taps - 1))
    plain = Layout(width, 0, hop, names, False)
    if width < WITH_LIFELINES or width - plain.words < min(LEAST_WORDS, width // 3):
        return plain._replace(lines=False)
    if width < WITH_CLIENT or kind not in ("http", "websocket", "wsgi"):
        return plain
    left = width - plain.words
    client = max(20, left * 9 // 20) if kind == "websocket" else 15 if width < 100 else 17 if width < 140 else 21
    return plain._replace(client=client, spoken=kind == "websocket") if left - client >= LEAST_WORDS - 2 else plain


def names(plan: Layout, layers: Sequence[str]) -> Spans:
    if not plan.lines:
        return shortened([Span(padded_text("time", TIME - 2) + "  ▶ to the app   ◀ from the app", Role.QUIET)], plan.width)
    marks: list[tuple[int, str]] = []
    start = TIME
    if plan.client:
        marks.append((start + (plan.client - 24 if plan.spoken else 0), "from the client" if plan.spoken else "client"))
        start += plan.client
    for place, name in enumerate(plan.names):
        marks.append((max(0, start + place * (plan.hop + 1) - cells_of(name) // 2), name))
    line, taken = "", 0
    for place, name in marks:
        shown = fit(name, plan.hop)
        line += " " * max(1, place - taken) + shown
        taken = cells_of(line)
    return shortened([Span(line, Role.STRONG), *_right_name(plan, layers, taken)], plan.width)


def _right_name(plan: Layout, layers: Sequence[str], taken: int) -> Spans:
    name = "to the client" if plan.spoken else word(layers[-1]) if len(layers) > 1 else ""
    room = plan.width - plan.words - 2
    if not name or room < 12:
        return []
    return [Span(" " * max(1, plan.words + 2 - taken) + fit(name, room), Role.STRONG if plan.spoken else Role.QUIET)]


def padded_text(text: str, cells: int) -> str:
    """Text at the right edge of `cells` columns."""
    return " " * (cells - cells_of(text)) + text


def time_column(ns: int) -> Span:
    return Span(padded_text(clock(ns), TIME - 2) + "  ", Role.QUIET)


def clock(ns: int) -> str:
    """A time since the connection's start, fine enough to tell rows apart, in at most eight columns."""
    if not 0 <= ns < 100 * 3_600 * 10**9:
        return "?"
    if ns < 10**9:
        return "0 ms" if not ns else f"{ns / 10**6:.2f} ms" if ns < 9_995_000 else f"{min(ns / 10**6, 999.9):.1f} ms"
    seconds = ns / 10**9
    if seconds < 59.9995:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}m"
