"""A talk: what the judge knows of one connection at one layer. It holds facts; the rules are elsewhere.

Calls that are open are kept with the time at which they began, because that somebody waits is what many rules are about.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from asgiviz.check.scopes import ScopeReading
from asgiviz.model.events import Raw
from asgiviz.model.finding import CodePlace
from asgiviz.protocol.standing import Move, Standing
from asgiviz.protocol.transitions import Way


class Waiting(NamedTuple):
    """A receive that has not come back: when it began, at which event, and where the connection stood; how many were pending
    already, whether one of the others has got a message since, and where in the code it was made."""

    t: int
    seq: int
    standing: Standing | None
    beside: int = 0
    rivalled: bool = False
    code: tuple[CodePlace, ...] = ()


class Sending(NamedTuple):
    """A send that has not come back: what it did, so that it can be taken back, and which rule it broke that the server
    should refuse (empty: none); `too_late`: the app had been told that the client is gone."""

    seq: int
    move: Move | None
    before: Standing | None
    size: int
    refusable: str
    too_late: bool


class Said:
    """What was found in a connection, at all its layers: (rule, sentence) -> the layer that it was found at first; which
    layer was the first to use a message of its own; and the innermost layer that has an error."""

    __slots__ = ("count", "layers", "makers", "worst")

    def __init__(self) -> None:
        self.layers: dict[tuple[str, str], int] = {}
        self.count: dict[str, int] = {}
        self.makers: dict[tuple[Way | None, str], int] = {}
        self.worst = 0


class Talk:
    """One connection at one layer. What it has in common with most others stands in the class, so that one is soon made."""

    #: events of it are missing: order, end and times cannot be judged any more
    torn = False
    #: the app's call has ended
    over = False
    #: the app has called receive or send
    called = False
    #: where in the code the last call was made, and a call that nobody awaited
    last_code: tuple[CodePlace, ...] = ()
    unawaited: tuple[CodePlace, ...] = ()
    #: (type, text) of what send raised last; the app ended by it, and it said that the client is gone
    raised: tuple[Any, Any] | None = None
    let_pass = False
    #: when the response was complete or the WebSocket closed by the app; when the app was told that the client is gone
    done_t: int | None = None
    gone_t: int | None = None
    #: body messages that were sent after that
    late_pieces = 0
    #: messages that were sent while no receive was pending, and since when
    unheard = unheard_t = 0
    #: of the response: announced and sent bytes, and whether some were sent that cannot be counted; its headers' names
    declared: int | None = None
    sent = 0
    uncounted = False
    status: int | None = None
    names: frozenset[bytes] = frozenset()
    #: of the request: bytes so far, and whether more were announced than the app has asked for
    received = 0
    unfinished_upload = False
    #: the app said that it cannot start
    failed = False
    #: what is told once and was: rules, and stalls by their number
    once: frozenset[str] = frozenset()

    def __init__(self, conn: int, layer: int, scope: ScopeReading, said: Said) -> None:
        self.conn, self.layer, self.said = conn, layer, said
        facts = scope.facts
        self.facts = facts
        self.kind = facts.kind
        self.standing = facts.standing
        self.request, self.has_state = scope.request, scope.has_state
        self.scope = scope.scope
        self.receives: dict[int | None, Waiting] = {}
        self.sends: dict[int | None, Sending] = {}
        #: call -> where in the code it was made, of calls that have not begun
        self.code: dict[int | None, tuple[CodePlace, ...]] = {}

    @property
    def body_is_dropped(self) -> bool:
        """Whether the server sends no body, whatever the app gives."""
        return self.facts.method == "HEAD" or self.status in (204, 304)


class Talks:
    """The talks of a recording: those that are open, and the latest that have ended, so that a call behind the end is noticed.

    The outermost layer's are found by the number of their connection, those further in by number and layer.
    """

    #: How many of the ended are kept.
    ENDED = 2_048

    def __init__(self) -> None:
        #: how many connections have begun
        self.count = 0
        self.open: dict[Any, Talk] = {}
        self.ended: dict[Any, Talk] = {}

    def of(self, raw: Raw) -> Talk | None:
        """The open talk that an event belongs to."""
        return self.open.get((raw[2], raw[3]) if raw[3] else raw[2])

    def known(self, raw: Raw) -> Talk | None:
        """The same, or one that has ended."""
        key = (raw[2], raw[3]) if raw[3] else raw[2]
        return self.open.get(key) or self.ended.get(key)

    def scope_of(self, conn: int) -> Any:
        """The scope of a connection that is open or among the latest that were; else None."""
        talk = self.open.get(conn) or self.ended.get(conn)
        return None if talk is None else talk.scope

    def begin(self, raw: Raw, scope: ScopeReading) -> Talk:
        """A new talk; layers of one connection share what was said."""
        conn, layer = raw[2], raw[3] or 0
        outer = self.open.get(conn) if layer else None
        talk = Talk(conn or 0, layer, scope, outer.said if outer is not None else Said())
        self.open[(conn, layer) if layer else conn] = talk
        self.count += not layer
        return talk

    def end(self, raw: Raw) -> Talk | None:
        """The talk is over."""
        key = (raw[2], raw[3]) if raw[3] else raw[2]
        talk = self.open.pop(key, None)
        if talk is not None:
            talk.over = True
            self.ended[key] = talk
            if len(self.ended) > self.ENDED:
                del self.ended[next(iter(self.ended))]
        return talk

    def tear(self) -> None:
        """Events are missing: of what is open now, order and end cannot be judged any more."""
        for talk in self.open.values():
            talk.torn = True
        self.ended.clear()
