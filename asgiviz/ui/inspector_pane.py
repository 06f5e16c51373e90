"""The inspector: the selected event in full, as a tree of which only what is open is worked out."""

from __future__ import annotations

from pathlib import Path

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.finding import Finding
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.finding_details import finding_of
from asgiviz.views.inspection import OPEN_FIRST, Context, inspect, raw
from asgiviz.views.ledger import Ledger
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.tree import Node, Tree
from asgiviz.views.tree import Path as Keys
from asgiviz.views.wrapping import Lines

#: Events of a connection that are looked through for the other end of a call, and for the pieces of a body.
AROUND = 20_000
_ENDS = {
    Ev.SCOPE: Ev.EXIT,
    Ev.RECEIVE_BEGIN: Ev.RECEIVE_END,
    Ev.SEND_BEGIN: Ev.SEND_END,
    Ev.WSGI_QUEUED: Ev.WSGI_ENVIRON,
    Ev.WSGI_ENVIRON: Ev.WSGI_EXIT,
}
_OTHER_END = {**{end: begin for begin, end in _ENDS.items()}, **_ENDS}


class InspectorPane(LinesPane):
    """A tree, or the line of the recording as it is written (`raw`)."""

    TITLE = "Inspect"
    HELP = """\
The selected event in full, first what breaks a rule in it. Behind each key stand its type and what it means; `?` tells more.

Enter opens and closes (`▸`, `▾`). `v` shows the event as it stands in a recording. `y` copies. `u` shows what is masked.
What an app or a client sent is shown as it came: ports that are strings, keys that are missing, bytes that are no text.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.event: Event | None = None
        self.raw = False
        self._surroundings = Context()
        self._open: set[Keys] = set(OPEN_FIRST)
        self._tree: Tree | None = None
        self._raw: Lines | None = None
        self._made_for: tuple[object, ...] = ()
        self._other_end = 0
        self._found: tuple[Finding, ...] = ()
        self._root = str(Path.cwd())

    # -- rows ------------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        """Make the rows for the event, the width and the mask of now; nothing when they are there."""
        self._found = self.found
        wanted = (self.event, self._text_width, self.look.mask, self._surroundings, self._found)
        if self.event is None or (
            all(one is other for one, other in zip(wanted, self._made_for, strict=False)) and self._made_for
        ):
            return
        self._made_for = wanted
        around, mask = self._surroundings, self.look.mask
        context = Context(around.connection, around.other, around.events, self.layer_names, mask, self._found, self._root)
        self._tree = Tree(inspect(self.event, context), self._open, self._text_width)
        self._raw = raw(self.feed.as_in_file(self.event), self.look.mask)

    @property
    def found(self) -> tuple[Finding, ...]:
        """What was found in the event, or in the other end of its call; the same object while that is so."""
        event = self.event
        seqs = [] if event is None else [event.seq, *([self._other_end] if self._other_end not in (0, event.seq) else [])]
        found = tuple(finding for seq in seqs for finding in self.feed.findings.at(seq))
        return self._found if found == self._found else found

    @property
    def finding(self) -> Finding | None:
        """What the cursor is on, if that was found in the event."""
        return None if self.node is None else finding_of(self.node, self._found)

    def count(self) -> int:
        self._make()
        if self.event is None or self._tree is None or self._raw is None:
            return 0
        return self._raw.count(self._text_width) if self.raw else self._tree.count()

    def line(self, index: int, width: int) -> Spans:
        assert self._tree is not None  # there are rows
        assert self._raw is not None
        return self._raw.row(index, width) if self.raw else self._tree.row(index).spans

    def nothing(self, width: int) -> list[Spans]:
        return [[], [Span(" choose an event to see all of it", Role.QUIET)]]

    # -- what is shown ---------------------------------------------------------------------------------------------

    def show_event(self, seq: int) -> None:
        event = self.feed.event(seq)
        if event is None or (self.event is not None and event.seq == self.event.seq and self._other_end):
            return
        path = self.node.path if self.node is not None else None
        self.event = event
        self._look_around()
        self._made_for = ()
        self.top = 0
        self.selected = None
        if path is not None and self.count() and self._tree is not None and not self.raw:
            self.selected = self._tree.place(path)
        self.redraw()

    def take_changes(self, touched: set[int]) -> bool:
        """A call that was open may have come back."""
        event = self.event
        if event is None or event.conn not in touched or self._other_end or not self._has_ended(event):
            return False
        self._look_around()
        return True

    def _has_ended(self, event: Event) -> bool:
        """Whether what begins with the event is over by now: told by the summary, not by reading the connection again."""
        connection = self.feed.ledger.connections.get(event.conn or 0)
        if connection is None or event.ev not in _ENDS:
            return False
        if event.ev == Ev.WSGI_QUEUED:
            return connection.called is not None or connection.over
        if event.ev in (Ev.SCOPE, Ev.WSGI_ENVIRON) or event.layer:  # the summary knows no calls of inner layers
            return connection.over
        return (Ev(event.ev), event.call) not in connection.open_calls

    def _look_around(self) -> None:
        event, ledger = self.event, self.feed.ledger
        assert event is not None  # the caller has one
        connection, events = self._around(event, ledger)
        wanted = _OTHER_END.get(event.ev)  # type: ignore[call-overload]  # `ev` of a newer version is any text
        other = next((one for one in events if one.ev == wanted and (one.call, one.layer) == (event.call, event.layer)), None)
        self._other_end = other.seq if other is not None else 0
        if wanted is None:
            self._other_end = event.seq
        self._surroundings = Context(connection, other, events)

    def _around(self, event: Event, ledger: Ledger) -> tuple[Connection | None, list[Event]]:
        if event.conn is None or event.conn not in ledger.connections:
            return None, []
        own = ledger.seqs[event.conn]
        after = 0 if len(own) <= AROUND else max(0, event.seq - 1)
        return ledger.connections[event.conn], self.feed.events(event.conn, after)[:AROUND]

    @property
    def node(self) -> Node | None:
        """The node that the cursor is on."""
        index = self.cursor
        if index is None or self.raw or self._tree is None or index >= self._tree.count():
            return None
        return self._tree.node(index)

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def unfold(self) -> bool:
        node = self.node
        if node is None or node.children is None:
            return False
        self._open ^= {node.path}
        self._made_for = ()
        self._make()
        if self._tree is not None:
            self.select(self._tree.place(node.path), tell=False)
        self._stay_inside()
        self.redraw()
        return True

    def toggle_raw(self) -> None:
        """The event as it stands in a recording, or as a tree again."""
        self.raw = not self.raw
        self.top, self.selected = 0, None
        self.remark("raw" if self.raw else None)
        self.redraw()
