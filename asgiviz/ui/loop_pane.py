"""The loop: when it could not run, who held it, who waited for it, and what waits in thread pools."""

from __future__ import annotations

from collections.abc import Hashable

from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.figures import duration
from asgiviz.views.ledger import Ledger
from asgiviz.views.spans import Role, Row, Span, Spans, shortened
from asgiviz.views.stalls import Stall, brief, lane, rows, stalls_of
from asgiviz.views.text import number, word

#: Stalls that are shown, the newest ones.
SHOWN = 200


class LoopPane(LinesPane):
    """A lane of the loop's time above the stalls, newest first; a row is known by its stall and its place in it."""

    TITLE = "Loop"
    KEYS_ARE = "events"
    HELP = """\
The event loop of the server runs one thing at a time. Code that does not `await` (a `time.sleep`, a long computation,
a driver that blocks) holds it, and every other connection waits.

Each stall says how long, at which line, in which connection, and who waited. What was not seen, but follows from what was,
is marked as inferred. Choosing a stall shows the connection that held the loop; enter tells all of it.

Plain functions of FastAPI, Starlette and others run in a thread pool: when it is full, they wait for a thread.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.stalls: list[Stall] = []
        self._told: list[Event] = []
        self._pools: dict[str, Event] = {}
        self._read_up_to = 0
        self._ledger: Ledger | None = None
        self._unfolded: set[int] = set()
        self._rows: list[tuple[int, int, Row]] = []
        self._drawn_for: tuple[object, ...] = ()

    # -- rows ------------------------------------------------------------------------------------------------------

    def _draw(self) -> list[tuple[int, int, Row]]:
        """The rows with their keys: all of what is unfolded, of the others what matters most."""
        connections = self.feed.ledger.connections
        wanted = (self._ledger, self._read_up_to, self._text_width, frozenset(self._unfolded))
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._rows = []
            for stall in reversed(self.stalls[-SHOWN:]):
                draw = rows if stall.seq in self._unfolded else brief
                told = draw(stall, connections, self._text_width)
                self._rows += [(stall.seq, place, row) for place, row in enumerate(told)]
        return self._rows

    def count(self) -> int:
        return len(self._draw())

    def line(self, index: int, width: int) -> Spans:
        return self._draw()[index][2].spans

    def key_at(self, index: int) -> Hashable:
        return self._draw()[index][:2]

    def index_of(self, key: Hashable) -> int | None:
        return next((index for index, (seq, place, _) in enumerate(self._draw()) if (seq, place) == key), None)

    def event_at(self, key: Hashable) -> int | None:
        match key:
            case (int(seq), int()):
                return seq
            case _:
                return None

    def culprit_of(self, seq: int) -> int | None:
        """The connection that held the loop in a stall."""
        return next((stall.culprit for stall in self.stalls if stall.seq == seq), None)

    def heading(self, width: int) -> list[Spans]:
        feed = self.feed
        if not feed.ledger.order:
            return []
        beats = (0, feed.now)
        lines = [lane(self.stalls, beats, 0, max(1, feed.now), width)]
        return lines + [shortened(self._pool(event), width) for event in self._pools.values()]

    def _pool(self, event: Event) -> Spans:
        used, size, waiting = (event.get(name) for name in ("used", "size", "waiting"))
        full = isinstance(waiting, int) and waiting > 0
        return [
            Span(f"threads ({word(event.get('name', '?'))}) ", Role.QUIET),
            Span(f"{number(used)} of {number(size)} busy" if type(used) is int and type(size) is int else "busy"),
            Span(f", {number(waiting)} waiting" if full else "", Role.WAITING),
        ]

    def nothing(self, width: int) -> list[Spans]:
        return [[Span("nothing has held the loop for long", Role.QUIET)]]

    # -- keeping up ------------------------------------------------------------------------------------------------

    def take_changes(self, touched: set[int]) -> bool:
        ledger = self.feed.ledger
        if ledger is not self._ledger or ledger.seq < self._read_up_to:
            self._ledger, self._told, self._pools, self._read_up_to = ledger, [], {}, 0
        new = ledger.aside(Ev.STALL, self.feed.read, self._read_up_to)
        for event in ledger.aside(Ev.POOL, self.feed.read, self._read_up_to):
            name = word(event.get("name", "?"))
            self._pools[name] = event
            if not event.get("used") and not event.get("waiting"):
                del self._pools[name]
        self._read_up_to = ledger.seq
        if new:
            self._told = [*self._told, *new][-2 * SHOWN :]
            self.stalls = stalls_of(self._told)
            worst = max(self.stalls, key=lambda stall: stall.ns)
            many = f"{len(self.stalls):,} stall{'s' if len(self.stalls) > 1 else ''}"
            self.border_subtitle = f"{many}, longest {duration(worst.ns)}"
        elif not self._told:
            self.stalls = []
            self.border_subtitle = None
        return bool(new)

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def unfold(self) -> bool:
        seq = self.event_at(self.selected)
        if seq is None:
            return False
        self._unfolded ^= {seq}
        self.select((seq, 0), tell=False)
        return True
