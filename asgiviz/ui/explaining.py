"""Explaining: `?` on anything opens what the glossary says of it; F1 tells about the pane and its keys."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.finding import Finding
from asgiviz.protocol import glossary
from asgiviz.protocol.glossary import Entry
from asgiviz.settings import Settings
from asgiviz.ui.feed import Feed
from asgiviz.ui.findings_pane import FindingsPane
from asgiviz.ui.inspector_pane import InspectorPane
from asgiviz.ui.keys import ACTIONS, key_map
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.text_screen import PageScreen
from asgiviz.views.explanation import draw_all
from asgiviz.views.spans import Role, Row, Span, shortened

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

#: What an event is called in the glossary, beside its message.
_WORDS = {
    Ev.SCOPE: "scope",
    Ev.RECEIVE_BEGIN: "receive",
    Ev.RECEIVE_END: "receive",
    Ev.SEND_BEGIN: "send",
    Ev.SEND_END: "send",
    Ev.EXIT: "exit",
    Ev.STALL: "stall",
    Ev.POOL: "thread pool",
    Ev.WSGI_QUEUED: "queue",
    Ev.WSGI_ENVIRON: "environ",
    Ev.WSGI_START_RESPONSE: "start_response",
    Ev.WSGI_CHUNK: "iterable",
    Ev.WSGI_EXIT: "close()",
    Ev.STEP_END: "await",
    Ev.NOTE: "note",
}


class Explaining(Screen[None]):
    """The part of the trace screen that explains."""

    if TYPE_CHECKING:
        app: AsgivizApp

    feed: Feed
    panes: dict[str, LinesPane]
    conn: int | None
    seq: int | None
    current: str

    def action_explain(self) -> None:
        """What the cursor is on, in a few sentences."""
        found, entries = self._found(), self._entries()
        if not entries and not found:
            self.notify("there is no explanation of this; asgiviz explain lists what there is")
            return

        def draw(width: int) -> list[Row]:
            pages = [*_rule_pages(found, width), *([draw_all(entries, width)] if entries else [])]
            return [row for page in pages for row in (Row([]), *page)][1:]

        self.app.push_screen(PageScreen("Explain", draw))

    def _found(self) -> Sequence[Finding]:
        """What was found where the cursor is."""
        pane, inspector = self.panes[self.current], self.panes["inspector"]
        if isinstance(pane, FindingsPane | InspectorPane):
            return [] if pane.finding is None else [pane.finding]
        return inspector.found if self.current == "sequence" and isinstance(inspector, InspectorPane) else ()

    def _entries(self) -> list[Entry]:
        pane = self.panes[self.current]
        if isinstance(pane, InspectorPane) and pane.node is not None and isinstance(pane.node.about, Entry):
            return [pane.node.about]
        if isinstance(pane, FindingsPane | InspectorPane) and pane.finding is not None:
            return []
        if self.current in ("connections", "waterfall"):
            connection = None if self.conn is None else self.feed.ledger.connections.get(self.conn)
            return _known(*_about_connection(connection)) if connection is not None else []
        if self.current == "loop":
            return _known(glossary.look_up("stall"), glossary.look_up("event loop"))
        event = None if self.seq is None else self.feed.event(self.seq)
        return _known(*_about_event(event)) if event is not None else []

    def show_help(self) -> None:
        """About the pane with the focus, and the keys that work now."""
        pane = self.panes[self.current]
        own = (self.current,) if self.current in ("waterfall", "findings") else ()
        groups = (*own, "trace", "pane", "app")

        def draw(width: int) -> list[Row]:
            return [*marked_up(pane.HELP, width), *keys_of(self.app.settings, groups, width)]

        self.app.push_screen(PageScreen(f"Help: {pane.TITLE}", draw))


def keys_of(settings: Settings, groups: Sequence[str], width: int) -> list[Row]:
    """The keys that work on a screen, group by group, each with what it does."""
    keys = key_map(settings).keys
    rows = [Row([Span("Keys", Role.STRONG)])]
    for action in (action for group in groups for action in ACTIONS.values() if action.group == group and keys.get(action.id)):
        names = " ".join(keys[action.id])
        rows.append(Row(shortened([Span(f" {names:<14} ", Role.STRONG), Span(action.help)], width)))
    return rows


def marked_up(text: str, width: int) -> list[Row]:
    """Our own paragraphs, broken between words; what stands between backticks is strong."""
    rows = []
    strong = False
    for paragraph in text.strip().split("\n\n"):
        for line in textwrap.wrap(paragraph, width):
            spans = []
            for place, piece in enumerate(line.split("`")):
                strong = not strong if place else strong
                spans.append(Span(piece, Role.STRONG if strong else Role.PLAIN))
            rows.append(Row(spans))
        rows.append(Row([]))
    return rows


def _rule_pages(found: Sequence[Finding], width: int) -> list[list[Row]]:
    """The rules that were broken, each once. The book is read when somebody asks for it."""
    from asgiviz.protocol.rules.book import RULES
    from asgiviz.views.rule_rows import rule_page

    return [rule_page(RULES[rule], width) for rule in dict.fromkeys(one.rule for one in found) if rule in RULES]


def _known(*entries: Entry | None) -> list[Entry]:
    return [entry for entry in entries if entry is not None]


def _about_connection(connection: Connection) -> list[Entry | None]:
    found: list[Entry | None] = []
    if connection.error_type is not None:
        found.append(glossary.error(connection.error_type))
    if connection.close_code is not None and connection.accepted:
        found.append(glossary.close_code(connection.close_code))
    elif connection.status is not None:
        found.append(glossary.status(connection.status))
    return [*found, glossary.look_up(connection.kind or "scope")]


def _about_event(event: Event) -> list[Entry | None]:
    errors = [error for error in (event.get("error"), event.get("raised")) if isinstance(error, Mapping)]
    found = [glossary.error(error["type"]) for error in errors if isinstance(error.get("type"), str)]
    message = event.get("message")
    if isinstance(message, Mapping) and isinstance(message.get("type"), str):
        found.append(glossary.message(message["type"]))
        code = message.get("code")
        if type(code) is int and message["type"] in ("websocket.close", "websocket.disconnect"):
            found.append(glossary.close_code(code))
    status = event.get("status")
    if event.ev == Ev.WSGI_START_RESPONSE and isinstance(status, str) and status[:3].isascii() and status[:3].isdigit():
        found.append(glossary.status(int(status[:3])))
    if event.ev == Ev.WSGI_CHUNK and isinstance(event.get("via"), str):
        found.append(glossary.look_up({"file": "wsgi.file_wrapper", "write": "write()"}.get(event.fields["via"], "iterable")))
    if (not found or event.ev == Ev.WSGI_START_RESPONSE) and event.ev in _WORDS:
        found.append(glossary.look_up(_WORDS[Ev(event.ev)]))
    return found
