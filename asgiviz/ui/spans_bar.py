"""A bar of one line: something on the left, something on the right, cut from the left part where there is no room."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip
from textual.widget import Widget

from asgiviz.ui.lines_pane import strip_of
from asgiviz.ui.look import look_of
from asgiviz.views.spans import Span, Spans, shortened, width_of


class SpansBar(Widget):
    """One line above everything."""

    DEFAULT_CSS = "SpansBar { height: 1; background: $background; padding: 0 1; }"
    ALLOW_SELECT = False

    def __init__(self, left: Callable[[], Spans], right: Callable[[], Spans]) -> None:
        super().__init__()
        self._left, self._right = left, right

    def render_line(self, y: int) -> Strip:
        """Textual's call for the line."""
        width = self.size.width
        right = shortened(self._right(), width)
        left = shortened(self._left(), max(0, width - width_of(right) - 2))
        gap = max(0, width - width_of(left) - width_of(right))
        return strip_of([*left, Span(" " * gap), *right], width, look_of(self.app))
