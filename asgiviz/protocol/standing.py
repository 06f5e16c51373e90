"""Where a connection stands in its automaton: a place of the transition tables, and the steps that lead on from it.

Places are shared by all connections and remember the steps that were taken from them, so that a step which somebody took
before costs one look into a dict, however long the tables are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from asgiviz.protocol import http_machine, websocket_machine
from asgiviz.protocol.http_machine import HTTP
from asgiviz.protocol.lifespan_machine import LIFESPAN
from asgiviz.protocol.transitions import ANY_MESSAGE, EXIT, Automaton, Fault, Memo, Part, State, Transition, Verdict, Way
from asgiviz.protocol.websocket_machine import WEBSOCKET

#: Scope type -> its automaton.
AUTOMATA: dict[str, Automaton] = {automaton.kind: automaton for automaton in (HTTP, WEBSOCKET, LIFESPAN)}
#: Message type -> the key that says whether more of its kind follow.
_MORE = {
    http_machine.REQUEST: "more_body",
    http_machine.BODY: "more_body",
    http_machine.ZEROCOPY: "more_body",
    http_machine.TRAILERS: "more_trailers",
    websocket_machine.DENIAL_BODY: "more_body",
}
_DISCONNECTS = {"http": http_machine.DISCONNECT, "websocket": websocket_machine.DISCONNECT}
_ENDS = {"returned": Part.RETURNED, "raised": Part.RAISED}

NO_MESSAGE = Fault("CORE-010", "A message must be a dict.")
NO_TYPE = Fault("CORE-011", "A message must have a type, and that must be a string.")
UNANNOUNCED = Fault("CORE-030", "This message belongs to an extension that the server has not announced.")
AFTER_EXIT = Fault("CORE-034", "The app's call has ended; its receive and send should not be used any more.")
CANCELLED = Fault("CORE-037", "The app's task was cancelled; that is recorded, not judged.")


class Move(NamedTuple):
    """What an event meant to the automaton.

    `what` is a message type (as it came, any string) or ``exit``; `before` and `after` are the states of the side that
    the event concerned, None when it concerned none.
    """

    verdict: Verdict
    sentence: str = ""
    rule: str | None = None
    way: Way | None = None
    what: str = ""
    part: Part = Part.ANY
    before: State | None = None
    after: State | None = None


class Standing:
    """One place. `states` is the state of each side, in the order of `automaton.sides`; never changes.

    `extensions`: what the scope announces; None: not known, and then every extension counts. `over`: the app's call has ended.
    """

    __slots__ = ("_ends", "_rows", "_steps", "automaton", "extensions", "memo", "over", "states")

    def __init__(
        self, automaton: Automaton, extensions: frozenset[str] | None, states: tuple[State, ...], memo: Memo, over: bool
    ) -> None:
        self.automaton = automaton
        self.extensions = extensions
        self.states = states
        self.memo = memo
        self.over = over
        self._rows = _INDEX[automaton.kind]
        self._steps: dict[tuple[Way, str, Part], tuple[Standing, Move]] = {}
        self._ends: dict[str, tuple[Standing, Move | None]] = {}

    @property
    def state(self) -> State:
        """The state of what the app does: of an http connection the response, of others the only one."""
        return self.states[-1]

    def announced(self, extension: str | None) -> bool:
        """Whether a row that needs this extension applies."""
        return extension is None or self.extensions is None or extension in self.extensions

    def legal_next(self) -> list[Transition]:
        """The rows that may be taken now, in the order of the tables; none after the exit."""
        if self.over:
            return []
        return [
            row
            for side, state in zip(self.automaton.sides, self.states, strict=True)
            for row in side.rows
            if row.state == state and row.verdict is Verdict.LEGAL and self.row(row.way, row.what, row.part)[1] is row
        ]

    def step(self, way: Way, what: str, part: Part) -> tuple[Standing, Move]:
        """Where a message leads, and what the law says of it."""
        known = self._steps.get((way, what, part))
        if known is not None:
            return known
        if self.over:
            return self, broken(AFTER_EXIT, way, what)
        side, row = self.row(way, what, part)
        if row is None:
            return self, broken(self._unknown(way, what), way, what)
        move = Move(row.verdict, row.sentence, row.rule, row.way, what, part, row.state, row.to)
        after = self.placed(side, row.to, self.memo if row.then is None else row.then)
        if row.what != ANY_MESSAGE:  # what an app makes up shall not be remembered for ever
            self._steps[way, what, part] = after, move
        return after, move

    def end(self, outcome: Any) -> tuple[Standing, Move | None]:
        """Where the end of the app's call leads; None: it means nothing here."""
        part = _ENDS.get(outcome, Part.ANY) if isinstance(outcome, str) else Part.ANY
        known = self._ends.get(outcome) if part is not Part.ANY else None
        if known is not None:
            return known
        after = _place(self.automaton, self.extensions, self.states, self.memo, True)
        if outcome == "cancelled":
            at = self.state
            return after, Move(Verdict.ALLOWED, CANCELLED.sentence, CANCELLED.rule, Way.EXIT, EXIT, Part.ANY, at, at)
        _, row = self.row(Way.EXIT, EXIT, part)
        move = None if row is None else Move(row.verdict, row.sentence, row.rule, row.way, EXIT, part, row.state, row.to)
        if part is not Part.ANY:
            self._ends[outcome] = after, move
        return after, move

    def disconnected(self) -> tuple[Standing, State, State] | None:
        """Where a disconnect leads, and the states before and after it; None where it cannot be received."""
        side, row = self.row(Way.RECEIVE, _DISCONNECTS.get(self.automaton.kind, ""), Part.ANY)
        if row is None or row.verdict is not Verdict.LEGAL:
            return None
        return self.placed(side, row.to, self.memo), row.state, row.to

    def row(self, way: Way, what: str, part: Part) -> tuple[int, Transition | None]:
        """The first row that applies, and its side."""
        for place, state in enumerate(self.states):
            for key in (what, ANY_MESSAGE):
                for row in self._rows[place].get((state, way, key), ()):
                    if row.part in (Part.ANY, part) and row.when in (None, self.memo) and self.announced(row.extension):
                        return place, row
        return 0, None

    def placed(self, side: int, state: State, memo: Memo) -> Standing:
        """The place that differs from this one in the state of one side and in what is remembered."""
        states = (*self.states[:side], state, *self.states[side + 1 :])
        return _place(self.automaton, self.extensions, states, memo, self.over)

    def taken_back(self, before: Standing, side: int) -> Standing:
        """This place without what a step away from `before` did to a side."""
        return self.placed(side, before.states[side], before.memo)

    def _unknown(self, way: Way, what: str) -> Fault:
        if way is Way.RECEIVE:
            return self.automaton.unknown_receive
        if what in self.automaton.extensions:
            return UNANNOUNCED
        foreign, kind = self.automaton.foreign_send, what.partition(".")[0]
        if foreign is not None and kind in AUTOMATA and kind != self.automaton.kind:
            return foreign
        return self.automaton.unknown_send


def begin(kind: str, extensions: Iterable[str] | None = None) -> Standing:
    """Where a connection of a scope type begins. KeyError: there is no automaton for it."""
    automaton = AUTOMATA[kind]
    known = None if extensions is None else frozenset(extensions) & frozenset(automaton.extensions.values())
    return _place(automaton, known, tuple(side.states[0] for side in automaton.sides), Memo.NOTHING, False)


def part_of(what: str, message: Mapping[str, Any]) -> Part:
    """What refines the type of a message."""
    if what == http_machine.START:
        return Part.TRAILERS if message.get("trailers") else Part.PLAIN
    key = _MORE.get(what)
    if key is None:
        return Part.ANY
    return Part.MORE if message.get(key) else Part.LAST


def broken(fault: Fault, way: Way, what: str) -> Move:
    """The move of a message that has no row."""
    return Move(Verdict.ILLEGAL, fault.sentence, fault.rule, way, what)


_PLACES: dict[tuple[str, frozenset[str] | None, tuple[State, ...], Memo, bool], Standing] = {}


def _place(
    automaton: Automaton, extensions: frozenset[str] | None, states: tuple[State, ...], memo: Memo, over: bool
) -> Standing:
    key = (automaton.kind, extensions, states, memo, over)
    found = _PLACES.get(key)
    if found is None:
        found = _PLACES.setdefault(key, Standing(automaton, extensions, states, memo, over))
    return found


def _index(automaton: Automaton) -> tuple[dict[tuple[State, Way, str], list[Transition]], ...]:
    tables: list[dict[tuple[State, Way, str], list[Transition]]] = []
    for side in automaton.sides:
        rows: dict[tuple[State, Way, str], list[Transition]] = {}
        for row in side.rows:
            rows.setdefault((row.state, row.way, row.what), []).append(row)
        tables.append(rows)
    return tuple(tables)


_INDEX = {kind: _index(automaton) for kind, automaton in AUTOMATA.items()}
