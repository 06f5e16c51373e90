"""A page of drawn rows over the screen: help, an explanation, a comparison. It scrolls, and escape closes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.spans import Row, Spans


class Page(LinesPane):
    """The rows; drawn anew for each width."""

    DEFAULT_CSS = "Page { border: round $accent; border-title-color: $accent; padding: 0 1; }"

    def __init__(self, title: str, draw: Callable[[int], list[Row]]) -> None:
        super().__init__()
        self.entitle(title)
        self.remark("escape closes")
        self._draw = draw
        self._rows: list[Row] = []
        self._width = 0

    def rows(self, width: int) -> list[Row]:
        """The rows at a width."""
        if width != self._width:
            self._rows, self._width = self._draw(width), width
        return self._rows

    def count(self) -> int:
        return len(self.rows(self._text_width))

    def line(self, index: int, width: int) -> Spans:
        return self.rows(width)[index].spans

    def action_move(self, rows: int) -> None:
        """There is no cursor: scroll."""
        self._scroll(rows)

    def action_page(self, pages: int) -> None:
        """There is no cursor: scroll."""
        self._scroll(pages * max(1, self.rows_in_sight - 1))

    def select(self, key: object, *, tell: bool = True) -> None:
        """There is no cursor."""


class PageScreen(ModalScreen[None]):
    """A page in the middle of the screen, no larger than what it holds."""

    DEFAULT_CSS = """
    PageScreen { align: center middle; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark,f1", "dismiss(None)", "Close")]
    #: columns that the page takes at most
    MOST_COLUMNS: ClassVar[int] = 92

    def __init__(self, title: str, draw: Callable[[int], list[Row]]) -> None:
        super().__init__()
        self.page = Page(title, draw)

    def compose(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        """Take the focus, and the room that is needed."""
        self._fit()
        self.page.focus()

    def on_resize(self) -> None:
        """Another size of the screen."""
        self._fit()

    def _fit(self) -> None:
        width = min(self.MOST_COLUMNS, self.size.width - 2)
        rows = len(self.page.rows(max(1, width - 5)))
        self.page.styles.width = width
        self.page.styles.height = max(3, min(rows + 2, self.size.height - 2))
