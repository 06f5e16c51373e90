"""The nouns of a sequence: a step that a connection took, the moments of it that are rows, and folds of alike moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from asgiviz.model.connection import payload_length
from asgiviz.model.values import true_length
from asgiviz.views.tracebacks import Part

#: Nanoseconds from which a call has waited.
WAITING = 1_000_000
#: Bytes or characters of a payload that a step keeps for its row.
KEPT = 400
#: The state of an app that has not been called, or whose call has ended; from 0 on it counts the calls that are not back.
NOT_BEGUN, ENDED = -2, -1
#: Who ended a WebSocket conversation, as a step's `lead` says it.
APP_CLOSES, APP_REFUSES, CLIENT_CLOSES = "the app closes", "the app refuses", "the client closes"
CLIENT_GONE, SERVER_CLOSES, CLOSED = "the client is gone", "the server closes", "closed"
_PAYLOADS = ("body", "bytes", "text")
State = tuple[int, ...]


class Edge(StrEnum):
    """Which moment of its step a row shows."""

    #: something that has no length: the scope, the exit, a log line
    POINT = "point"
    #: receive was called and waits
    CALLED = "called"
    #: the message crossed: receive came back with it, or send was called with it
    MESSAGE = "message"
    #: send came back after it had waited, or broke
    BACK = "back"
    #: nothing happened for a while before this
    PAUSE = "pause"


class Step:
    """Something the connection did. `what` is ``receive``, ``send`` (also of what a WSGI app gives), ``pause``, or the `ev`
    of a single event.

    `seq` and `t` are those of its first event, `end_seq` and `ended` those of the end of a call (None while it is open).
    """

    __slots__ = ("apart", "compressed", "end_seq", "ended", "fields", "layer", "lead", "message", "parts", "seq", "t", "what")

    def __init__(self, what: str, layer: int, seq: int, t: int) -> None:
        self.what = what
        self.layer = layer
        self.seq = seq
        self.t = t
        self.end_seq: int | None = None
        self.ended: int | None = None
        #: the message of a call, its payload cut to `KEPT`; of a send as soon as it is called
        self.message: Any = None
        #: the fields of a single event, or of the end of a call that raised or was cancelled
        self.fields: Mapping[str, Any] = {}
        #: the headers said that bodies of this direction are encoded
        self.compressed = False
        #: other rows stand between the call and its message
        self.apart = False
        #: who did what with the conversation, when this message ends it
        self.lead = ""
        #: the exceptions of an exit's traceback
        self.parts: list[Part] = []

    @property
    def took(self) -> int | None:
        """Nanoseconds from its begin to its end, None while it is open."""
        return None if self.ended is None else self.ended - self.t

    @property
    def waited(self) -> bool:
        """Whether it came back, and not at once."""
        return self.ended is not None and self.ended - self.t >= WAITING

    @property
    def broke(self) -> bool:
        """Whether the call raised or was cancelled."""
        return bool(self.fields.get("cancelled")) or self.fields.get("raised") is not None

    @property
    def seqs(self) -> tuple[int, ...]:
        """Its events."""
        return (self.seq,) if self.end_seq is None or self.end_seq == self.seq else (self.seq, self.end_seq)


class Moment(NamedTuple):
    """A row: a step at one of its edges. `state` holds for each layer the calls that were open once this had happened."""

    step: Step
    edge: Edge
    seq: int
    t: int
    state: State


class Fold:
    """Alike messages of one direction in a row, shown as one row until somebody unfolds it."""

    __slots__ = ("bytes", "messages", "moments", "waited")

    def __init__(self, moments: list[Moment]) -> None:
        self.moments: list[Moment] = []
        self.messages = self.bytes = self.waited = 0
        self.absorb(moments)

    @property
    def seq(self) -> int:
        """The first of its events, by which it is unfolded."""
        return self.moments[0].seq

    @property
    def last(self) -> Moment:
        """Its newest row."""
        return self.moments[-1]

    @property
    def took(self) -> int:
        """Nanoseconds from its first row to its last."""
        return self.moments[-1].t - self.moments[0].t

    @property
    def sample(self) -> Step:
        """A step with a message of the kind that is folded: the newest one."""
        return next(moment.step for moment in reversed(self.moments) if moment.edge is Edge.MESSAGE)

    def absorb(self, moments: Iterable[Moment]) -> None:
        """Take in further rows."""
        for moment in moments:
            self.moments.append(moment)
            step = moment.step
            if moment.edge is Edge.MESSAGE:
                self.messages += 1
                self.bytes += payload_length(step.message)
            if step.waited and moment.edge is (Edge.MESSAGE if step.what == "receive" else Edge.BACK):
                self.waited += step.took or 0


Item = Moment | Fold
Alike = tuple[str, int, str | None]


def alike(step: Step) -> Alike:
    """What makes messages foldable with each other; no type for a receive that has no message yet."""
    kind = step.message.get("type") if isinstance(step.message, Mapping) else None
    return (step.what, step.layer, kind if isinstance(kind, str) else None)


def shortened_message(message: Any) -> Any:
    """The message with only the beginning of its payload, where the length in bytes stays known (so not of other scripts)."""
    if not isinstance(message, Mapping):
        return message
    for key in _PAYLOADS:
        value = message.get(key)
        kept = value.get("$bytes", value.get("$text")) if isinstance(value, Mapping) else value
        if isinstance(kept, (bytes, str)) and len(kept) > KEPT and (isinstance(kept, bytes) or kept.isascii()):
            short = {"$bytes" if isinstance(kept, bytes) else "$text": kept[:KEPT], "$len": max(len(kept), true_length(value))}
            message = {**message, key: short}
    return message
