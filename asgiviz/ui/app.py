"""The app: owns theme, signs and mask, and the way in and out of the terminal; everything else is on its screens."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, ClassVar, TextIO

from rich.console import Console
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from asgiviz.model.masking import Mask
from asgiviz.settings import Settings
from asgiviz.ui.keys import ACTIONS, bindings, groups_of, key_map, rebind
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.look import Look
from asgiviz.ui.terminal import driver_on
from asgiviz.ui.themes import THEMES


class AsgivizApp(App[None]):
    """One screen stack on one terminal.

    `first` is the screen to begin with; `terminal` is what to draw on when standard output is not ours any more.
    `wants_to_end` is asked every now and then: a signal, a time limit. `mask` None reveals secrets.
    """

    TITLE = "asgiviz"
    NOTIFICATION_TIMEOUT = 3.0  # seconds: a word, not a sign in front of what one reads
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]

    def __init__(
        self,
        settings: Settings,
        first: Screen[None],
        *,
        terminal: BinaryIO | None = None,
        ascii: bool = False,  # noqa: A002  # the option's name
        mask: Mask | None = None,
        wants_to_end: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(
            driver_class=driver_on(terminal),
            css_path=type(first).CSS_PATH,  # Textual does not load that of a default screen by itself
            ansi_color=None if settings.colour else True,
        )
        self._first = first
        self._streams: tuple[TextIO, TextIO] = (sys.stdout, sys.stderr)
        self._wants_to_end = wants_to_end
        self._mask = mask or Mask(settings.mask)  # what hides again after revealing
        self.settings = settings
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme_name
        self._mishap = io.StringIO()
        self.error_console = Console(file=self._mishap, width=120)  # standard error is the user's app's by now
        self.look = Look(self.theme, ascii or settings.ascii, mask)
        self.animation_level = "full" if settings.animation else "none"

    def get_default_screen(self) -> Screen[None]:
        """Textual's call for the first screen."""
        return self._first

    @property
    def mishap_text(self) -> str:
        """The traceback of a mistake of ours that ended the app; empty when there was none."""
        return self._mishap.getvalue()

    def on_mount(self) -> None:
        """Leave prints to the recording: Textual would show them as its own."""
        if type(sys.stdout).__module__.startswith("textual"):
            sys.stdout, sys.stderr = self._streams
        self.theme_changed_signal.subscribe(self, self._follow_theme)
        rebind(self, self.settings)
        for sentence in (*self.settings.warnings, *key_map(self.settings).complaints):
            self.notify(sentence, title="config", severity="warning", timeout=15, markup=False)
        self.set_interval(0.2, self._look_for_the_end)

    def _look_for_the_end(self) -> None:
        if self._wants_to_end():
            self.exit()

    # -- the look --------------------------------------------------------------------------------------------------

    def _follow_theme(self, theme: Any) -> None:
        self._set_look(Look(theme.name, self.look.ascii, self.look.mask))

    def _set_look(self, look: Look) -> None:
        self.look = look
        for screen in self.screen_stack:
            for pane in screen.query(LinesPane):
                pane.styles_changed()

    def get_key_display(self, binding: Binding) -> str:
        """Textual's sign for a key in the footer; with --ascii the key's name where that sign is none of ASCII's."""
        shown = super().get_key_display(binding)
        return binding.key if self.look.ascii and not shown.isascii() else shown

    def reveal(self) -> bool:
        """Show secrets, or hide them again; True when they are shown now."""
        mask = self._mask if self.look.mask is None else None
        self._set_look(Look(self.look.theme, self.look.ascii, mask))
        return mask is None

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """What the palette offers: every action that works on this screen, with its key."""
        keys = key_map(self.settings).keys
        own = dict.fromkeys(groups_of(screen), screen)
        panes = {name: next(iter(screen.query(f"#{name}")), None) for name in ("waterfall", "findings")}
        places = {"app": self, **panes, **own}
        for action in ACTIONS.values():
            place = places.get(action.group)
            if place is None or action.id == "app.palette":
                continue
            name = f"{action.label}   {' '.join(keys[action.id])}".rstrip()
            run = partial(self.run_action, action.textual, default_namespace=place)
            yield SystemCommand(name, action.help, run)

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_theme(self) -> None:
        """The next theme of ours."""
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]
        self.notify(self.theme.removeprefix("asgiviz-"), title="theme")

    def action_help(self) -> None:
        """Help on the pane that has the focus."""
        screen: Any = self.screen
        if hasattr(screen, "show_help"):
            screen.show_help()

    async def action_quit(self) -> None:
        """End."""
        self.exit()
