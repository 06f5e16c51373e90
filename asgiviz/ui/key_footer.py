"""The footer: Textual's own, made anew only when another key is to be shown; it costs more than all panes together."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class KeyFooter(Footer):
    """Says which keys work now."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: list[tuple[str, str, bool]] | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Textual's call when the focus moves, and on other occasions."""
        bindings = screen.active_bindings.values()
        shown = [(one.binding.key, one.binding.description, one.enabled) for one in bindings if one.binding.show]
        if shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)
