"""The home screen: the course with progress, and the other doors. It asks what to open, and opens nothing itself."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label

from asgiviz.course.lesson import Pack
from asgiviz.course.progress import Progress
from asgiviz.ui.explaining import keys_of, marked_up
from asgiviz.ui.key_footer import KeyFooter
from asgiviz.ui.keys import bindings, rebind
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.text_screen import PageScreen
from asgiviz.views.home import Entry, home, next_lesson
from asgiviz.views.markdown_rows import READABLE
from asgiviz.views.spans import Spans

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

HELP = """
`Enter` opens what the cursor is on: a lesson goes on where you left it. Lesson 1 is a good beginning.

What stands under your own apps is also a command of its own, with many options: `asgiviz trace --help`.
"""
#: door -> what is asked before it is opened, and what an answer looks like.
ASKED = {"trace": ("Which app? module:attribute, as uvicorn takes it", "main:app"), "open": ("Which recording?", "run.asgiviz")}


class HomePane(LinesPane):
    """The lines; only those that open something are stopped at."""

    TITLE = "Home"

    def __init__(self, pack: Pack, progress: Progress) -> None:
        super().__init__(id="home")
        self._pack, self._progress = pack, progress
        self._entries: tuple[int, list[Entry]] = (0, [])

    def entries(self) -> list[Entry]:
        """The lines at the width there is."""
        width = self._text_width
        if self._entries[0] != width:
            self._entries = width, home(self._pack, self._progress, width)
        return self._entries[1]

    def count(self) -> int:
        return len(self.entries())

    def line(self, index: int, width: int) -> Spans:
        return self.entries()[index].row.spans

    def key_at(self, index: int) -> Hashable:
        return self.entries()[index].id or index

    def index_of(self, key: Hashable) -> int | None:
        return next((place for place, entry in enumerate(self.entries()) if entry.id == key), None)

    def action_move(self, rows: int) -> None:
        """To the next line that opens something."""
        places = [place for place, entry in enumerate(self.entries()) if entry.id is not None]
        here = self.cursor
        others = [place for place in places if here is None or (place > here if rows > 0 else place < here)]
        if others:
            self.select(self.entries()[others[0] if rows > 0 else others[-1]].id)

    def action_page(self, pages: int) -> None:
        """To the first or the last line that opens something."""
        ids = [entry.id for entry in self.entries() if entry.id is not None]
        self.select(ids[-1] if pages > 0 else ids[0])

    def action_first(self) -> None:
        """To the first line that opens something."""
        self.action_page(-1)

    def action_last(self) -> None:
        """To the last line that opens something."""
        self.action_page(1)


class HomeScreen(Screen[None]):
    """What there is. `chosen` is what was opened, with what was answered: ``("lesson", "06-…")``, ``("trace", "main:app")``."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("home")
    DEFAULT_CSS = f"""
    HomeScreen Center {{ height: 1fr; align: center middle; }}
    HomeScreen HomePane {{ max-width: {READABLE + 5}; max-height: 26; padding: 0 1; }}
    """
    if TYPE_CHECKING:
        app: AsgivizApp

    def __init__(self, pack: Pack, progress: Progress) -> None:
        super().__init__()
        self._pack, self._progress = pack, progress
        self.pane = HomePane(pack, progress)
        self.chosen: tuple[str, str] | None = None

    def compose(self) -> ComposeResult:
        with Center():
            yield self.pane
        yield KeyFooter()

    def on_mount(self) -> None:
        """The cursor stands on what to go on with."""
        rebind(self, self.app.settings)
        self.pane.focus()
        self.call_after_refresh(self._put_cursor)
        if self._progress.warning:
            self.notify(self._progress.warning, severity="warning", timeout=12, markup=False)
        for name, complaints in self._pack.broken.items():
            self.notify(f"lesson {name} cannot be read: {complaints[0]}", severity="error", timeout=12, markup=False)

    def _put_cursor(self) -> None:
        lesson = next_lesson(self._pack, self._progress)
        ids = [entry.id for entry in self.pane.entries() if entry.id is not None]
        self.pane.select(ids[0] if lesson is None else f"lesson:{lesson.id}")

    @on(LinesPane.Chosen)
    def open_chosen(self) -> None:
        """A second click on a line."""
        self.action_open()

    def action_open(self) -> None:
        """Open what the cursor is on."""
        what, _, which = str(self.pane.selected).partition(":")
        if what in ASKED:
            self.app.push_screen(AskScreen(*ASKED[what]), lambda answer: self._open(what, answer))
        else:
            self._open(what, which)

    def _open(self, what: str, which: str | None) -> None:
        if which is not None and (which or what == "demo"):
            self.chosen = (what, which)
            self.app.exit()

    def show_help(self) -> None:
        """About this screen, and its keys."""
        groups = ("home", "pane", "app")
        self.app.push_screen(
            PageScreen("Help", lambda width: [*marked_up(HELP, width), *keys_of(self.app.settings, groups, width)])
        )


class AskScreen(ModalScreen[str | None]):
    """One line of text is asked for; None when it is left."""

    DEFAULT_CSS = """
    AskScreen { align: center middle; }
    AskScreen Center { width: 64; max-width: 96%; height: auto; border: round $accent; padding: 0 1; background: $background; }
    AskScreen Input, AskScreen Input:focus { border: none; padding: 0 1; height: 1; margin: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave")]

    def __init__(self, question: str, example: str) -> None:
        super().__init__()
        self._question, self._example = question, example

    def compose(self) -> ComposeResult:
        with Center():
            yield Label(self._question, markup=False)
            yield Input(placeholder=self._example)

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value.strip() or None)
