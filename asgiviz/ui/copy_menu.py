"""What to copy: a small question with one key for each answer."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class CopyMenu(ModalScreen[str | None]):
    """Gives the key of the choice, or None."""

    DEFAULT_CSS = """
    CopyMenu {
        align: center middle;
        Vertical { width: 44; height: auto; border: round $accent; background: $surface; padding: 0 1; }
        OptionList { border: none; height: auto; background: $surface; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, choices: dict[str, str]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Copy"
            yield OptionList(*(Option(f"[b]{key}[/b]  {label}", id=key) for key, label in self._choices.items()), compact=True)

    def on_key(self, event: events.Key) -> None:
        """The key of an answer."""
        if event.character in self._choices:
            event.stop()
            self.dismiss(event.character)

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on an answer."""
        self.dismiss(event.option_id)
