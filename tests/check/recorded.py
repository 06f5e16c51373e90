"""A conversation as data, and the events that a recording holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from marshal import dumps
from typing import Any, NamedTuple

from asgiviz.model.events import BODIES, EXIT, RECEIVE_BEGIN, RECEIVE_END, SCOPE, SEND_BEGIN, SEND_END, Raw
from asgiviz.protocol.transitions import Way

Message = dict[str, Any]
_LINE_CLOSED = {"type": "builtins.OSError", "text": ""}
_BUG = {"type": "builtins.ValueError", "text": "no", "traceback": ""}


class Turn(NamedTuple):
    """A message that crosses the line; `refused`: send raises, because the client is gone."""

    way: Way
    message: Message
    refused: bool = False


@dataclass(frozen=True)
class Conversation:
    """A call of an app from its scope to its end."""

    scope: Message
    turns: tuple[Turn, ...]
    outcome: str = "returned"

    def __repr__(self) -> str:
        turns = (f"{turn.way} {turn.message}{' -> OSError' if turn.refused else ''}" for turn in self.turns)
        return "\n    ".join(["", str(self.scope), *turns, self.outcome])


def events(conversation: Conversation, packed: bool = False, taps: int = 1) -> list[tuple[int, Raw]]:
    """The raw events with their numbers; `packed` as the tap packs them; several `taps` see the same, the inner ones first."""
    raws: list[Raw] = []

    def emit(kind: int, layers: range, payload: Any, call: int | None = None) -> None:
        for layer in layers:
            raws.append((len(raws) * 1000, kind, 1, layer, call, payload))

    outwards, inwards = range(taps - 1, -1, -1), range(taps)
    emit(SCOPE, inwards, conversation.scope)
    for call, (way, message, refused) in enumerate(conversation.turns, 1):
        if way is Way.RECEIVE:
            emit(RECEIVE_BEGIN, outwards, None, call)
            emit(*_packed(RECEIVE_END, message, packed, inwards), call)
        else:
            emit(*_packed(SEND_BEGIN, message, packed, outwards), call)
            emit(SEND_END, inwards, {"raised": _LINE_CLOSED} if refused else None, call)
    emit(EXIT, outwards, {"outcome": conversation.outcome} | ({"error": _BUG} if conversation.outcome == "raised" else {}))
    return list(enumerate(raws, 1))


def _packed(kind: int, message: Any, packed: bool, layers: range) -> tuple[int, range, Any]:
    if not packed:
        return kind, layers, message
    if isinstance(message.get("body"), bytes) and message.keys() <= {"type", "body", "more_body"}:
        for bare, meant in BODIES.items():
            if meant == (message["type"], message.get("more_body")):
                return bare, layers, message["body"]
    return kind, layers, dumps(message)
