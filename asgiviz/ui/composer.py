"""The composer: write a request or a WebSocket conversation as text. It gives back the text and sends nothing itself.

What was written is not lost: it is there when the composer is opened again, and earlier texts are behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from asgiviz.traffic.errand_text import parse_request
from asgiviz.views.errand_words import described, hint
from asgiviz.views.spans import spelt
from asgiviz.views.text import safe

if TYPE_CHECKING:
    from textual.app import App

#: Texts that are there from the beginning.
EXAMPLES = (
    "GET /\naccept: text/html",
    'POST /orders?dry=1\ncontent-type: application/json\n\n{"item": "tea", "quantity": 2}',
    "POST /login\ncontent-type: application/x-www-form-urlencoded\n\nname=ann&colour=green",
    "PUT /picture\ncontent-type: image/png\n\n>x 89 50 4e 47 0d 0a 1a 0a",
    "POST /upload\ntransfer-encoding: chunked\ncontent-type: text/plain\n\nThe length of this is not told beforehand.",
    "WS /chat?room=x\nsec-websocket-protocol: chat\n\n> hello\nwait 0.5\n>x 00 ff\nwait 0.5\nclose 1000 bye",
)
#: What can be written, for the side of a wide screen.
FORMS = """\
[b]A request[/b]
METHOD /target?query
name: value

the body as it stands, or
bytes: >x 00 ff

[b]A WebSocket[/b]
WS /target?query
name: value

> a text
>"a text in JSON's form\\n"
>x 00 ff
wait 0.5
close 1000 bye

[b]In both[/b]
# a comment, not in a body
The client itself adds host
and content-length."""
#: Earlier texts that are remembered.
REMEMBERED = 50


class Drafts:
    """What was written and not sent, and what was written earlier, the newest last."""

    def __init__(self) -> None:
        self.draft = ""
        self.earlier: list[str] = []

    def keep(self, text: str) -> None:
        """This is the draft now; the one before it goes to the earlier ones."""
        if text != self.draft:
            self._remember(self.draft)
        self.draft = text

    def _remember(self, text: str) -> None:
        if text.strip() and text not in EXAMPLES:
            self.earlier = [*(one for one in self.earlier if one != text), text][-REMEMBERED:]


_DRAFTS: WeakKeyDictionary[App[Any], Drafts] = WeakKeyDictionary()


def drafts_of(app: App[Any]) -> Drafts:
    """The drafts of an app; they live as long as it does."""
    return _DRAFTS.setdefault(app, Drafts())


class Composer(ModalScreen[str | None]):
    """Opens with `text`, or with the draft, or with an example. Gives back a text that can be sent, or None.

    The key that sends is ctrl+s: every terminal has it. Terminals that can tell ctrl+enter send with it, too; ctrl+j, which
    others make of it, is not taken, because it is also the line end of a text that is pasted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,ctrl+enter,f5", "send", "Send", priority=True),
        Binding("f2", "example", "Example"),
        Binding("ctrl+up,alt+up", "earlier", "Earlier", priority=True),
        Binding("ctrl+down,alt+down", "later", "Later", priority=True),
        Binding("escape", "close", "Close"),
    ]
    DEFAULT_CSS = """
    Composer {
        align: center middle;
        #box {
            width: 100%; height: 100%; max-width: 116; max-height: 34; background: $surface; padding: 0 1;
            border: round $accent; border-title-color: $accent; border-subtitle-color: $text-muted;
        }
        #work { height: 1fr; }
        TextArea, TextArea:focus { width: 1fr; height: 1fr; border: none; padding: 0; background: $surface; }
        #forms {
            display: none; width: 31; height: 1fr; padding: 0 0 0 1; color: $text-muted; border-left: solid $panel-lighten-2;
        }
        #said { height: auto; max-height: 4; color: $text-success; border-top: solid $panel-lighten-2; }
        #said.-wrong { color: $text-error; }
        #hint { height: 1; color: $text-muted; }
        #keys { height: 1; margin: 1 0 0 0; color: $text-muted; link-color: $accent; link-style: bold; }
    }
    Composer.-ascii {
        #box { border: ascii $accent; }
        #forms { border-left: ascii $panel-lighten-2; }
        #said { border-top: ascii $panel-lighten-2; }
    }
    Composer.-wide {
        #box { width: 90%; height: 85%; }
        #forms { display: block; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  # Textual's declaration
    KEYS: ClassVar[str] = "  ".join(
        f"[@click=screen.{action}]{key}[/] {words}"
        for key, action, words in (
            ("ctrl+s", "send", "send"),
            ("f2", "example", "example"),
            ("ctrl+↑", "earlier", "earlier"),
            ("ctrl+↓", "later", "later"),
            ("esc", "close", "close"),
        )
    )

    def __init__(self, text: str | None = None, title: str = "Send a request") -> None:
        super().__init__()
        self._given = text
        self._title = title
        self._texts: list[str] = []
        self._place = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self._title
            with Horizontal(id="work"):
                yield TextArea(show_line_numbers=True, tab_behavior="focus", highlight_cursor_line=False)
                yield Static(FORMS, id="forms")
            yield Static("", id="said", markup=False)
            yield Static("", id="hint", markup=False)
            yield Static(self._spelt(self.KEYS), id="keys")

    def on_mount(self) -> None:
        """Open with the text that is wanted; the others are behind it."""
        self.set_class(self._ascii, "-ascii")
        drafts = drafts_of(self.app)
        self._texts = [*drafts.earlier, drafts.draft or EXAMPLES[0]]
        if self._given is not None:
            self._texts = [*drafts.earlier, *([drafts.draft] if drafts.draft else []), self._given]
        self._place = len(self._texts) - 1
        self._load()
        self.query_one(TextArea).focus()

    # -- what stands there -----------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands in the editor."""
        return self.query_one(TextArea).text

    def _load(self) -> None:
        area = self.query_one(TextArea)
        area.load_text(self._texts[self._place])
        lines = area.text.split("\n")
        first = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
        area.move_cursor((first, len(lines[first])))
        last = len(self._texts) - 1
        box = self.query_one("#box", Vertical)
        box.border_subtitle = f"text {self._place + 1} of {last + 1}" if last else "what you write is kept"
        self._check()

    @on(TextArea.Changed)
    def _check(self) -> None:
        """Say what would be sent, or what is wrong."""
        errand = parse_request(self.text)
        said, hinted = self.query_one("#said", Static), self.query_one("#hint", Static)
        said.set_class(isinstance(errand, str), "-wrong")
        said.update(self._spelt(f"✗ {safe(errand)}" if isinstance(errand, str) else f"✓ {described(errand)}"))
        hinted.update(self._spelt("  " + ("ctrl+s goes to the line" if isinstance(errand, str) else hint(errand))))

    @property
    def _ascii(self) -> bool:
        look = getattr(self.app, "look", None)  # any app can open it
        return look is not None and bool(look.ascii)

    def _spelt(self, text: str) -> str:
        return spelt(text) if self._ascii else text

    # -- what the keys do ------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Give the text back, if it can be sent; go to the mistake, if not."""
        text = self.text
        errand = parse_request(text)
        if isinstance(errand, str):
            self.app.bell()
            if place := re.match(r"line (\d+)", errand):
                self.query_one(TextArea).move_cursor((int(place[1]) - 1, 0))
            self.query_one(TextArea).focus()
            return
        drafts_of(self.app).keep(text)
        self.dismiss(text)

    def action_close(self) -> None:
        """Give nothing back. The text stays for the next time, unless it is what was there without anybody's doing."""
        text = self.text
        if text.strip() and text not in (self._given, EXAMPLES[0]):
            drafts_of(self.app).keep(text)
        self.dismiss(None)

    def action_earlier(self) -> None:
        """Go to an earlier text."""
        self._go(-1)

    def action_later(self) -> None:
        """Go back to a later text."""
        self._go(1)

    def _go(self, steps: int) -> None:
        """To another text; what was changed in this one stays changed."""
        self._texts[self._place] = self.text
        place = self._place + steps
        if 0 <= place < len(self._texts):
            self._place = place
            self._load()
        else:
            self.app.bell()

    def action_example(self) -> None:
        """Show the next example; what stood there is one step earlier, unless it was an example itself."""
        text = self.text
        follows = EXAMPLES.index(text) + 1 if text in EXAMPLES else 1
        self._texts[self._place] = text
        if text not in EXAMPLES:
            self._texts.append("")
            self._place = len(self._texts) - 1
        self._texts[self._place] = EXAMPLES[follows % len(EXAMPLES)]
        self._load()
