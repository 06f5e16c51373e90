"""The loop: when it could not run, who held it, who waited for it, and what waits in thread pools."""

from __future__ import annotations

from collections.abc import Hashable
from operator import itemgetter

from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.figures import duration
from asgiviz.views.ledger import Ledger
from asgiviz.views.pools import Crowds, told
from asgiviz.views.pools import rows as pool_rows
from asgiviz.views.spans import Role, Row, Span, Spans, shortened
from asgiviz.views.stalls import Stall, brief, lane, rows, stalls_of, victim_at

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
is marked as inferred. Choosing a stall shows the connection that held the loop; enter tells all of it, and on a row of who
waited it shows that connection. `o` opens the line in your editor.

Plain functions of FastAPI, Starlette and others run in a thread pool: when it is full, they wait for a thread.
"""

    def __init__(self, feed: Feed, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.stalls: list[Stall] = []
        self._told: list[Event] = []
        self._crowds = Crowds()
        self._read_up_to = 0
        self._ledger: Ledger | None = None
        self._unfolded: set[int] = set()
        self._rows: list[tuple[int, int, Row]] = []
        self._drawn_for: tuple[object, ...] = ()

    # -- rows ------------------------------------------------------------------------------------------------------

    def _draw(self) -> list[tuple[int, int, Row]]:
        """The rows with their keys: all of what is unfolded, of the others what matters most."""
        connections = self.feed.ledger.connections
        seconds = self.feed.now // 1_000_000_000 if self._crowds.goes_on else 0  # one that goes on grows longer
        wanted = (self._ledger, self._read_up_to, self._text_width, frozenset(self._unfolded), seconds)
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._rows = []
            newest: list[tuple[int, list[Row]]] = []
            for stall in self.stalls[-SHOWN:]:
                draw = rows if stall.seq in self._unfolded else brief
                newest.append((stall.ended, draw(stall, connections, self._text_width)))
            newest += [
                (crowd.began, pool_rows(crowd, connections, self.feed.now, self._text_width))
                for crowd in self._crowds.crowds[-SHOWN:]
            ]
            newest.sort(key=itemgetter(0), reverse=True)
            self._rows = [(row.seq or 0, place, row) for _, told in newest for place, row in enumerate(told)]
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
        stall = self.stall_of(seq)
        return None if stall is None else stall.culprit

    def stall_of(self, seq: int) -> Stall | None:
        """A stall by its event."""
        return next((stall for stall in self.stalls if stall.seq == seq), None)

    def victim(self) -> int | None:
        """The connection that the row of the cursor says waited."""
        match self.selected:
            case (int(seq), int(place)) if seq in self._unfolded and (stall := self.stall_of(seq)) is not None:
                return victim_at(stall, place)
            case _:
                return None

    def heading(self, width: int) -> list[Spans]:
        feed = self.feed
        if not feed.ledger.order or feed.ledger.is_wsgi:
            return []
        first = feed.ledger.connections[feed.ledger.order[0]]
        beats = (first.began, feed.ledger.t)  # a loop was seen alive from the one to the other; beyond that nothing is known
        lines = [lane(self.stalls, beats, 0, max(1, feed.now), width)]
        pools = self._crowds.in_use.values()
        return lines + [shortened([Span(told(event), Role.QUIET)], width) for event in pools]

    def nothing(self, width: int) -> list[Spans]:
        if self.feed.ledger.is_wsgi:
            told = ("a WSGI app has no event loop:", "each request holds a thread, until it is done")
            return [[Span(line, Role.QUIET)] for line in told]
        return [[Span("nothing has held the loop for long", Role.QUIET)]]

    # -- keeping up ------------------------------------------------------------------------------------------------

    def take_changes(self, touched: set[int]) -> bool:
        ledger = self.feed.ledger
        if ledger is not self._ledger or ledger.seq < self._read_up_to:
            self._ledger, self._told, self._crowds, self._read_up_to = ledger, [], Crowds(), 0
        new = ledger.aside(Ev.STALL, self.feed.read, self._read_up_to)
        for event in ledger.aside(Ev.POOL, self.feed.read, self._read_up_to):
            self._crowds.add(event)
        self._read_up_to = ledger.seq
        if new:
            self._told = [*self._told, *new][-2 * SHOWN :]
            self.stalls = stalls_of(self._told)
            worst = max(self.stalls, key=lambda stall: stall.ns)
            many = f"{len(self.stalls):,} stall{'s' if len(self.stalls) > 1 else ''}"
            self.remark(f"{many}, longest {duration(worst.ns)}")
        elif not self._told:
            self.stalls = []
            self.remark(None)
        return bool(new)

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def unfold(self) -> bool:
        seq = self.event_at(self.selected)
        if seq is None or self.victim() is not None:
            return False
        self._unfolded ^= {seq}
        self.select((seq, 0), tell=False)
        return True
