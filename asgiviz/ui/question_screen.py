"""A question in the middle of the screen: yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from asgiviz.ui.rows_pane import RowsPane
from asgiviz.views.markdown_rows import wrapped
from asgiviz.views.spans import Role, Row, Span
from asgiviz.views.text import safe


class QuestionScreen(ModalScreen[bool]):
    """Gives True for yes. `yes` says what that does."""

    DEFAULT_CSS = """
    QuestionScreen { align: center middle; }
    QuestionScreen RowsPane { border: round $accent; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape,q,enter", "dismiss(False)", "No"),
    ]

    def __init__(self, text: str, yes: str) -> None:
        super().__init__()
        self._text, self._yes = text, yes
        self._pane = RowsPane(lambda width, height: self._rows(width))

    def _rows(self, width: int) -> list[Row]:
        rows = [Row(line) for line in wrapped([Span(safe(self._text))], width)]
        return [
            *rows,
            Row([]),
            Row([Span("y", Role.STRONG), Span(f" {self._yes}    "), Span("n", Role.STRONG), Span(" leave it")]),
        ]

    def compose(self) -> ComposeResult:
        yield self._pane

    def on_mount(self) -> None:
        """Take the room that is needed."""
        width = min(72, self.size.width - 2)
        self._pane.styles.width = width
        self._pane.styles.height = len(self._rows(width - 5)) + 2
        self._pane.focus()
