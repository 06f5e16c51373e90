"""What a transition table is made of: states, moves between them, and one sentence for each.

Every table names each message in each of its states, legal or not, so that nothing is decided outside the tables but
what no table can know: messages that do not exist, and calls behind the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self

#: Stands in a table for every message.
ANY_MESSAGE = "*"
#: The `what` of the move that ends the app's call.
EXIT = "exit"


class State(StrEnum):
    """A state of an automaton, with one sentence that says what it means. The first member of a class is the start."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member


class Way(StrEnum):
    """Which way a message goes over the line."""

    #: server to app: receive() came back with it
    RECEIVE = "R"
    #: app to server: send() was called with it
    SEND = "S"
    #: no message: the app's call ended
    EXIT = "exit"


class Part(StrEnum):
    """What refines a message type: where in a run of messages it stands, or how the app ended."""

    #: the table does not ask
    ANY = ""
    #: more_body (or more_trailers) is true
    MORE = "more"
    #: more_body (or more_trailers) is false or absent
    LAST = "last"
    #: http.response.start without trailers=True
    PLAIN = "plain"
    #: http.response.start with trailers=True
    TRAILERS = "trailers"
    #: the app came back
    RETURNED = "returned"
    #: an exception left the app
    RAISED = "raised"


class Memo(StrEnum):
    """The one thing that an automaton remembers beside its state."""

    #: nothing special
    NOTHING = "nothing"
    #: http.response.debug was sent
    DEBUGGED = "debugged"
    #: http.response.start said trailers=True
    TRAILERS = "trailers"
    #: the app answered the handshake before it received websocket.connect
    EARLY = "early"
    #: the handshake was refused with an HTTP response
    DENIED = "denied"


class Verdict(StrEnum):
    """What the law says of a move."""

    #: an ordinary move
    LEGAL = "legal"
    #: no mistake, but out of the ordinary
    ALLOWED = "allowed"
    #: breaks the rule that it names
    ILLEGAL = "illegal"
    #: a send that the server refused: it counts as not sent
    UNDONE = "undone"
    #: does not concern the state
    ELSEWHERE = "elsewhere"


class Transition(NamedTuple):
    """A row of a table: in `state` this message (or exit) leads `to`.

    `extension` must be announced in the scope for the row to apply, `when` must be remembered, `then` is remembered from
    here on (None: does not matter, nothing changes). An illegal row names its `rule`; on another row the rule has a remark.
    """

    state: State
    way: Way
    what: str
    part: Part
    to: State
    sentence: str
    verdict: Verdict = Verdict.LEGAL
    rule: str | None = None
    extension: str | None = None
    when: Memo | None = None
    then: Memo | None = None


class Fault(NamedTuple):
    """A rule that is broken, and one sentence on what is wrong."""

    rule: str
    sentence: str


class Side(NamedTuple):
    """One state variable: its states in the order of life, and all its rows. Of two rows that apply the first counts."""

    name: str
    states: tuple[State, ...]
    rows: tuple[Transition, ...]


class Automaton(NamedTuple):
    """All that can happen in a connection of one scope type; an earlier side answers before a later one."""

    kind: str
    sides: tuple[Side, ...]
    #: types of messages that belong to an extension -> the name that the scope announces it by
    extensions: dict[str, str]
    unknown_receive: Fault
    unknown_send: Fault
    #: for messages of another protocol, where they are a mistake of their own
    foreign_send: Fault | None = None


def wrong(
    rule: str, sentence: str, way: Way, messages: Iterable[str], states: Iterable[State], when: Memo | None = None
) -> list[Transition]:
    """Rows that say what is wrong with these messages in these states; the state stays."""
    return [
        Transition(state, way, what, Part.ANY, state, sentence, Verdict.ILLEGAL, rule, when=when)
        for state in states
        for what in messages
    ]
