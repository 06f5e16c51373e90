"""The title bar: what is traced, on what, where, and how the feed stands; one line, cut from the right end of the facts."""

from __future__ import annotations

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
        #: what has the last word: a restart, a failure
        self.news: Spans = []

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
        if self.news:
            return [*spans, Span("   "), *self.news]
        if self.header is None:
            return spans
        server = self.header.server
        name = " ".join(word(server[key]) for key in ("name", "version", "http") if server.get(key))
        for fact in (name, word(server["ws"]) if server.get("ws") else "", word(self.header.url) if self.header.url else ""):
            if fact:
                spans += [Span("   "), Span(fact, Role.QUIET)]
        return spans

    def _state(self) -> Spans:
        feed = self._feed
        if feed.mode is Mode.PLAYING:
            return [Span(f"▶ {feed.speed:g}x  at {duration(feed.now)}", Role.MARK)]
        if feed.mode is Mode.PAUSED:
            waiting = f"  +{feed.behind:,} while paused" if feed.behind > 0 else ""
            if not feed.growing:
                waiting = f"  {feed.behind:,} to come" if feed.behind > 0 else "  the end"
            return [Span(f"■ #{feed.ledger.seq:,} at {duration(feed.now)}{waiting}", Role.MARK)]
        if feed.busy:
            return [Span(f"● {feed.behind:,} behind", Role.WAITING)]
        return [Span("● live", Role.SEND)] if feed.growing else [Span(f"○ {feed.ledger.seq:,} events", Role.QUIET)]
