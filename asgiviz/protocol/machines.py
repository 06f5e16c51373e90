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
from asgiviz.protocol.standing import AUTOMATA, NO_MESSAGE, NO_TYPE, Move, Standing, begin, broken, part_of
from asgiviz.protocol.transitions import Automaton, Memo, State, Transition, Verdict, Way

#: Classes out of send that say that the client is gone; a recording holds the name of a class, not its ancestors.
LINE_CLOSED = frozenset(
    {"OSError", "ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError", "ClientDisconnected"}
)
REFUSED = "The server raised out of send, so this message counts as not sent."
CLIENT_GONE = "The server raised out of send: the client is gone."
ELSEWHERE = Move(Verdict.ELSEWHERE)


class _Sent(NamedTuple):
    """The send that moved the automaton last, and from where."""

    call: int | None
    move: Move
    before: Standing


class Machine:
    """The automaton of one connection: where it stands, how it got there is its caller's to remember.

    `extensions`: what the scope announces; None: not known (the scope event says it), and then every extension counts.
    """

    __slots__ = ("_last_sent", "standing")

    def __init__(self, kind: str, extensions: Iterable[str] | None = None) -> None:
        if kind not in AUTOMATA:
            raise ValueError(f"no automaton for scope type {kind!r}; there is one for each of {', '.join(AUTOMATA)}")
        self.standing = begin(kind, extensions)
        self._last_sent: _Sent | None = None

    @property
    def automaton(self) -> Automaton:
        """The tables."""
        return self.standing.automaton

    @property
    def states(self) -> tuple[State, ...]:
        """The state of each side, in the order of `automaton.sides`."""
        return self.standing.states

    @property
    def state(self) -> State:
        """The state of what the app does: of an http connection the response, of others the only one."""
        return self.standing.state

    @property
    def memo(self) -> Memo:
        """What is remembered beside the states."""
        return self.standing.memo

    @property
    def over(self) -> bool:
        """Whether the app's call has ended."""
        return self.standing.over

    def announced(self, extension: str | None) -> bool:
        """Whether a row that needs this extension applies."""
        return self.standing.announced(extension)

    def legal_next(self) -> list[Transition]:
        """The rows that may be taken now, in the order of the tables; none after the exit."""
        return self.standing.legal_next()

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
        standing = self.standing
        announced = announced_in(scope)
        if standing.extensions is None and announced is not None and standing is begin(standing.automaton.kind):
            self.standing = begin(standing.automaton.kind, announced)

    def _message(self, way: Way, event: Event) -> Move:
        message = event.get("message")
        if not isinstance(message, Mapping):
            return broken(NO_MESSAGE, way, "")
        what = message.get("type")
        if not isinstance(what, str):
            return broken(NO_TYPE, way, "")
        before = self.standing
        self.standing, move = before.step(way, what, part_of(what, message))
        if way is Way.SEND and move.verdict is not Verdict.ILLEGAL:
            self._last_sent = _Sent(event.call, move, before)
        return move

    def _raised(self, event: Event) -> Move:
        """The last send is taken back, if nothing has moved its side since; and a closed line is as good as a disconnect."""
        sent = self._last_sent
        if self.over or sent is None or sent.call != event.call:
            return ELSEWHERE
        self._last_sent = None
        undone, side = sent.move, side_of(sent.before, sent.move)
        if self.states[side] == undone.after and undone.before is not None:
            self.standing = self.standing.taken_back(sent.before, side)
        if is_line_closed(event.get("raised")) and (gone := self.standing.disconnected()) is not None:
            self.standing, before, after = gone
            return undone._replace(verdict=Verdict.ALLOWED, sentence=CLIENT_GONE, rule=None, before=before, after=after)
        return undone._replace(
            verdict=Verdict.UNDONE, sentence=REFUSED, rule=None, before=undone.after, after=self.states[side]
        )

    def _exit(self, event: Event) -> Move:
        if self.over:
            return ELSEWHERE
        self.standing, move = self.standing.end(event.get("outcome"))
        return ELSEWHERE if move is None else move


def announced_in(scope: Any) -> frozenset[str] | None:
    """The extensions that a frozen scope announces; None: it cannot be told."""
    if not isinstance(scope, Mapping):
        return None
    announced = scope.get("extensions")
    if not isinstance(announced, Mapping):
        return frozenset()
    return None if "$repr" in announced else frozenset(announced)  # the recording could not hold them


def side_of(standing: Standing, move: Move) -> int:
    """The side that a move concerned."""
    return next((side for side, state in enumerate(standing.states) if state is move.before), 0)


def is_line_closed(raised: Any) -> bool:
    """Whether what send raised says that the client is gone."""
    name = raised.get("type") if isinstance(raised, Mapping) else None
    return isinstance(name, str) and name.rpartition(".")[2] in LINE_CLOSED
