"""The walker: a `Machine` follows the transition table of one connection, an event at a time, and says what the law thinks.

Only the outermost tap counts. A message moves the state when it crosses the line: a received one when receive comes back,
a sent one when send is called. A send that then raises counts as not sent, because a server that follows the specification
refuses a wrong message that way; raised as one of `LINE_CLOSED`, it tells the app the same as a disconnect, and leads where
a disconnect leads. A send that was cancelled stays: nobody knows how much of it went out. Nothing here raises on any event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from asgiviz.model.events import Ev, Event
from asgiviz.protocol import http_machine, websocket_machine
from asgiviz.protocol.http_machine import HTTP
from asgiviz.protocol.lifespan_machine import LIFESPAN
from asgiviz.protocol.transitions import ANY_MESSAGE, EXIT, Automaton, Fault, Memo, Part, State, Transition, Verdict, Way
from asgiviz.protocol.websocket_machine import WEBSOCKET

#: Scope type -> its automaton.
AUTOMATA: dict[str, Automaton] = {automaton.kind: automaton for automaton in (HTTP, WEBSOCKET, LIFESPAN)}
#: Classes out of send that say that the client is gone; a recording holds the name of a class, not its ancestors.
LINE_CLOSED = frozenset(
    {"OSError", "ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError", "ClientDisconnected"}
)
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
REFUSED = "The server raised out of send, so this message counts as not sent."
CLIENT_GONE = "The server raised out of send: the client is gone."


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


ELSEWHERE = Move(Verdict.ELSEWHERE)


class _Sent(NamedTuple):
    """The send that moved the automaton last, and how to take it back."""

    call: int | None
    side: int
    move: Move
    memo: Memo


class Machine:
    """The automaton of one connection: where it stands, how it got there is its caller's to remember.

    `extensions`: what the scope announces; None: not known (the scope event says it), and then every extension counts.
    """

    __slots__ = ("_last_sent", "_rows", "automaton", "extensions", "memo", "over", "states")

    def __init__(self, kind: str, extensions: Iterable[str] | None = None) -> None:
        if kind not in AUTOMATA:
            raise ValueError(f"no automaton for scope type {kind!r}; there is one for each of {', '.join(AUTOMATA)}")
        self.automaton = AUTOMATA[kind]
        self.extensions = None if extensions is None else frozenset(extensions)
        #: the state of each side, in the order of `automaton.sides`
        self.states: tuple[State, ...] = tuple(side.states[0] for side in self.automaton.sides)
        self.memo = Memo.NOTHING
        #: the app's call has ended
        self.over = False
        self._last_sent: _Sent | None = None
        self._rows = _INDEX[kind]

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
            if row.state == state and row.verdict is Verdict.LEGAL and self._row(row.way, row.what, row.part)[1] is row
        ]

    def feed(self, event: Event) -> Move:
        """Take in one event of this connection."""
        if event.layer:
            return ELSEWHERE
        match event.ev:
            case Ev.SCOPE:
                self._learn(event.get("scope"))
                return ELSEWHERE
            case Ev.RECEIVE_END if event.get("raised") is None and not event.get("cancelled"):
                return self._message(Way.RECEIVE, event)
            case Ev.SEND_BEGIN:
                return self._message(Way.SEND, event)
            case Ev.SEND_END if event.get("raised") is not None:
                return self._raised(event)
            case Ev.EXIT:
                return self._exit(event)
            case _:  # calls that begin or come back, logs, notes and what a newer version may write
                return ELSEWHERE

    def _learn(self, scope: Any) -> None:
        if self.extensions is not None or not isinstance(scope, Mapping):
            return
        announced = scope.get("extensions")
        if not isinstance(announced, Mapping):
            self.extensions = frozenset()
        elif "$repr" not in announced:  # the recording could not hold them
            self.extensions = frozenset(announced)

    def _message(self, way: Way, event: Event) -> Move:
        message = event.get("message")
        if not isinstance(message, Mapping):
            return _broken(NO_MESSAGE, way, "")
        what = message.get("type")
        if not isinstance(what, str):
            return _broken(NO_TYPE, way, "")
        if self.over:
            return _broken(AFTER_EXIT, way, what)
        part = _part(what, message)
        side, row = self._row(way, what, part)
        if row is None:
            return _broken(self._unknown(way, what), way, what)
        memo = self.memo
        move = self._take(side, row, what, part)
        if way is Way.SEND and row.verdict is not Verdict.ILLEGAL:
            self._last_sent = _Sent(event.call, side, move, memo)
        return move

    def _unknown(self, way: Way, what: str) -> Fault:
        if way is Way.RECEIVE:
            return self.automaton.unknown_receive
        return UNANNOUNCED if what in self.automaton.extensions else self.automaton.unknown_send

    def _row(self, way: Way, what: str, part: Part) -> tuple[int, Transition | None]:
        """The first row that applies, and its side."""
        for place, state in enumerate(self.states):
            for key in (what, ANY_MESSAGE):
                for row in self._rows[place].get((state, way, key), ()):
                    if row.part in (Part.ANY, part) and row.when in (None, self.memo) and self.announced(row.extension):
                        return place, row
        return 0, None

    def _take(self, side: int, row: Transition, what: str, part: Part) -> Move:
        self._stand(side, row.to)
        if row.then is not None:
            self.memo = row.then
        return Move(row.verdict, row.sentence, row.rule, row.way, what, part, row.state, row.to)

    def _stand(self, side: int, state: State) -> None:
        self.states = (*self.states[:side], state, *self.states[side + 1 :])

    def _raised(self, event: Event) -> Move:
        """The last send is taken back, if nothing has moved its side since; and a closed line is as good as a disconnect."""
        sent = self._last_sent
        if self.over or sent is None or sent.call != event.call:
            return ELSEWHERE
        self._last_sent = None
        undone = sent.move
        if self.states[sent.side] == undone.after and undone.before is not None:
            self._stand(sent.side, undone.before)
            self.memo = sent.memo
        raised = event.get("raised")
        name = raised.get("type") if isinstance(raised, Mapping) else None
        if isinstance(name, str) and name.rpartition(".")[2] in LINE_CLOSED:
            side, row = self._row(Way.RECEIVE, _DISCONNECTS.get(self.automaton.kind, ""), Part.ANY)
            if row is not None and row.verdict is Verdict.LEGAL:
                self._stand(side, row.to)
                return undone._replace(verdict=Verdict.ALLOWED, sentence=CLIENT_GONE, rule=None, before=row.state, after=row.to)
        return undone._replace(
            verdict=Verdict.UNDONE, sentence=REFUSED, rule=None, before=undone.after, after=self.states[sent.side]
        )

    def _exit(self, event: Event) -> Move:
        if self.over:
            return ELSEWHERE
        outcome = event.get("outcome")
        state = self.state
        part = _ENDS.get(outcome, Part.ANY) if isinstance(outcome, str) else Part.ANY
        side, row = self._row(Way.EXIT, EXIT, part)
        self.over = True
        if outcome == "cancelled":
            return Move(Verdict.ALLOWED, CANCELLED.sentence, CANCELLED.rule, Way.EXIT, EXIT, Part.ANY, state, state)
        return ELSEWHERE if row is None else self._take(side, row, EXIT, part)


def _index(automaton: Automaton) -> tuple[dict[tuple[State, Way, str], list[Transition]], ...]:
    tables: list[dict[tuple[State, Way, str], list[Transition]]] = []
    for side in automaton.sides:
        rows: dict[tuple[State, Way, str], list[Transition]] = {}
        for row in side.rows:
            rows.setdefault((row.state, row.way, row.what), []).append(row)
        tables.append(rows)
    return tuple(tables)


_INDEX = {kind: _index(automaton) for kind, automaton in AUTOMATA.items()}


def _broken(fault: Fault, way: Way, what: str) -> Move:
    return Move(Verdict.ILLEGAL, fault.sentence, fault.rule, way, what)


def _part(what: str, message: Mapping[str, Any]) -> Part:
    if what == http_machine.START:
        return Part.TRAILERS if message.get("trailers") else Part.PLAIN
    key = _MORE.get(what)
    if key is None:
        return Part.ANY
    return Part.MORE if message.get(key) else Part.LAST
