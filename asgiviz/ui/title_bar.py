"""The title bar: what is traced, on what, where, and how the feed stands; one line, cut from the right end of the facts."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip
from textual.widget import Widget

from asgiviz.model.recording import Header
from asgiviz.ui.feed import Feed, Mode
from asgiviz.ui.lines_pane import strip_of
from asgiviz.ui.look import look_of
from asgiviz.views.figures import duration
from asgiviz.views.spans import Role, Span, Spans, shortened, width_of
from asgiviz.views.text import word


class TitleBar(Widget):
    """One line above everything."""

    DEFAULT_CSS = "TitleBar { height: 1; background: $background; padding: 0 1; }"
    ALLOW_SELECT = False

    def __init__(self, feed: Feed, verb: str) -> None:
        super().__init__()
        self._feed = feed
        self._verb = verb
        self.header: Header | None = None
        self.is_serving: Callable[[], bool] = lambda: True

    def render_line(self, y: int) -> Strip:
        """Textual's call for the line."""
        width = self.size.width
        state = self._state()
        facts = shortened(self._facts(), max(0, width - width_of(state) - 2))
        gap = max(0, width - width_of(facts) - width_of(state))
        return strip_of([*facts, Span(" " * gap), *state], width, look_of(self.app))

    def _facts(self) -> Spans:
        target = word(self.header.target) if self.header is not None and self.header.target else ""
        spans = [Span("asgiviz", Role.STRONG), Span(" ▸ ", Role.QUIET), Span(f"{self._verb} {target}".strip())]
        if self.header is None:
            return spans
        server = self.header.server
        name = " ".join(word(server[key]) for key in ("name", "version", "http") if server.get(key))
        for fact in (word(self.header.url) if self.header.url else "", name, word(server["ws"]) if server.get("ws") else ""):
            if fact:
                spans += [Span("   "), Span(fact, Role.QUIET)]
        return spans

    def _state(self) -> Spans:
        feed = self._feed
        if feed.mode is Mode.PLAYING:
            return [Span(f"▶ {feed.speed:g}x  at {duration(feed.now)}", Role.MARK)]
        if feed.mode is Mode.PAUSED:
            return [Span(f"■ event {feed.number_of(feed.ledger.seq):,} at {duration(feed.now)}{self._later()}", Role.MARK)]
        if feed.busy:
            return [Span(f"● {feed.behind:,} behind", Role.WAITING)]
        if not feed.growing:
            return [Span(f"○ {feed.ledger.seq:,} events", Role.QUIET)]
        return [Span("● live", Role.SEND)] if self.is_serving() else [Span("■ not serving", Role.ERROR)]

    def _later(self) -> str:
        """How many events lie behind the one that is shown, and how many came since it was paused."""
        feed = self._feed
        came = max(0, len(feed.recorder) - feed.paused_at) if feed.growing else 0
        later = feed.behind - came
        parts = [f"{later:,} later"] if later > 0 else []
        parts += [f"+{came:,} while paused"] if came else []
        return "  " + ", ".join(parts) if parts else "" if feed.growing else "  the end"
