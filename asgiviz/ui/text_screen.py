"""A page of drawn rows over the screen: help, an explanation, a comparison. It scrolls, and escape closes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from asgiviz.ui.rows_pane import RowsPane
from asgiviz.views.spans import Row


class Page(RowsPane):
    """The rows; drawn anew for each width."""

    DEFAULT_CSS = "Page { border: round $accent; border-title-color: $accent; padding: 0 1; }"

    def __init__(self, title: str, draw: Callable[[int], list[Row]]) -> None:
        super().__init__(lambda width, height: draw(width))
        self.entitle(title)
        self.remark("escape closes")


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
        rows = len(self.page.rows(max(1, width - 5), 0))
        self.page.styles.width = width
        self.page.styles.height = max(3, min(rows + 2, self.size.height - 2))
