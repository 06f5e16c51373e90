"""The filter line: checked while one types, with the earlier ones behind the arrow keys."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from asgiviz.views.atoms import Path
from asgiviz.views.evidence import Filter
from asgiviz.views.filter import FilterError, parse

_WORDS = re.compile(r"[^~!&|()\"']+")
#: Earlier lines that are remembered.
REMEMBERED = 50


class AskingLine(Horizontal):
    """A line at the foot of the screen that asks for a text; hidden until it is opened."""

    DEFAULT_CSS = """
    AskingLine {
        height: auto; max-height: 3; display: none; background: $surface; padding: 0 1;
        &.-open { display: block; }
        Label.ask { width: auto; color: $text-accent; text-style: bold; padding: 0 1 0 0; }
        Label.said { width: 1fr; height: auto; color: $text-muted; padding: 0 0 0 1; }
        Label.said.-wrong { color: $text-error; }
        Input { width: 40%; min-width: 30; border: none; height: 1; padding: 0; background: $surface; }
        Input:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("up", "earlier(1)", "Earlier", show=False),
        Binding("down", "earlier(-1)", "Later", show=False),
    ]
    ASKS: ClassVar[str] = "?"
    HINT: ClassVar[str] = ""

    class Closed(Message):
        """It is hidden again; the screen gives the focus back."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._history: list[str] = []
        self._place = 0
        self._draft = ""

    def compose(self) -> ComposeResult:
        yield Label(self.ASKS, classes="ask", markup=False)
        yield Input(select_on_focus=False)
        yield Label(self.HINT, classes="said", markup=False)

    def open(self, text: str | None = None) -> None:
        """Show it, with what stood there, or with `text`."""
        self.add_class("-open")
        line = self.query_one(Input)
        if text is not None:
            line.value = text
        line.focus()
        line.select_all()
        self._place = 0

    def say(self, text: str, wrong: bool = False) -> None:
        """A word beside the line."""
        said = self.query_one(".said", Label)
        said.update(text)
        said.set_class(wrong, "-wrong")

    def remember(self, text: str) -> None:
        """Keep a text for the arrow keys."""
        if text:
            self._history = [text, *[earlier for earlier in self._history if earlier != text]][:REMEMBERED]

    def action_close(self) -> None:
        """Hide it."""
        self.remove_class("-open")
        self.post_message(self.Closed())

    def action_earlier(self, steps: int) -> None:
        """An earlier line, or a later one."""
        line = self.query_one(Input)
        if self._place == 0:
            self._draft = line.value
        self._place = max(0, min(self._place + steps, len(self._history)))
        line.value = self._history[self._place - 1] if self._place else self._draft
        line.cursor_position = len(line.value)


class FilterLine(AskingLine):
    """Asks for a filter; `Changed` comes with every one that can be read."""

    ASKS = "Filter"
    HINT = (
        "~e failed   ~f findings   ~s 5xx   ~m POST   ~p /path   ~t websocket   ~d 100ms   ~b text   ~h name:value   ! & | ()"
    )

    class Changed(Message):
        """Another filter; None: none."""

        def __init__(self, only: Filter | None) -> None:
            super().__init__()
            self.only = only

    def action_close(self) -> None:
        """Escape takes the filter away; enter keeps it."""
        self.query_one(Input).value = ""
        super().action_close()

    @on(Input.Changed)
    def check(self, event: Input.Changed) -> None:
        """Say at once what is wrong, or use it."""
        event.stop()
        text = event.value.strip()
        if not text:
            self.say(self.HINT)
            self.post_message(self.Changed(None))
            return
        try:
            only = self._read(text)
        except FilterError as error:
            self._wrong = True
            self.say(str(error), wrong=True)
            return
        self._wrong = False
        self.say("" if str(only) == text else f"reads as {only}")
        self.post_message(self.Changed(only))

    _wrong = False

    def _read(self, text: str) -> Filter:
        """The filter; words without any sign of the language are looked for in the path."""
        return Path(text) if _WORDS.fullmatch(text) else parse(text)

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Keep the filter and go back to the list; one that cannot be read keeps the line open."""
        event.stop()
        if self._wrong and event.value.strip():
            return
        self.remember(event.value.strip())
        super().action_close()


class SearchLine(AskingLine):
    """Asks for a word to look for in everything."""

    ASKS = "Search"
    HINT = "in paths, headers, bodies, messages, logs   enter looks on, n and N later"

    class Wanted(Message):
        """Look for this."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    @on(Input.Submitted)
    def look(self, event: Input.Submitted) -> None:
        """Begin the search."""
        event.stop()
        if event.value:
            self.remember(event.value)
            self.post_message(self.Wanted(event.value))
        self.action_close()


class NumberLine(AskingLine):
    """Asks for the number of an event to go to."""

    ASKS = "Go to"
    HINT = "an event by its number, +100, -100, a time such as 2.5s, or a connection: #14"

    class Wanted(Message):
        """Go there."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    @on(Input.Submitted)
    def go(self, event: Input.Submitted) -> None:
        """Go there."""
        event.stop()
        if event.value.strip():
            self.post_message(self.Wanted(event.value.strip()))
        self.action_close()


class CommentLine(AskingLine):
    """Asks for a comment on a connection."""

    ASKS = "Comment"
    HINT = "enter keeps it; an empty one takes the mark away"

    class Written(Message):
        """The comment."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    @on(Input.Submitted)
    def write(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self.post_message(self.Written(event.value.strip()))
        self.action_close()
