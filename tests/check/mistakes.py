"""Changes of one thing in a conversation, each somebody's mistake: in the order, in a field, in a type, at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from asgiviz.protocol.standing import begin, part_of
from asgiviz.protocol.transitions import Verdict, Way
from tests.check.recorded import Conversation, Turn

_OBJECT = {"$repr": "<main.Thing object>", "$type": "main.Thing"}
_NO_HEADERS: list[Any] = [
    None,
    5,
    "a: b",
    {"a": "b"},
    [["a", "b"]],
    [[b"a"]],
    [[b"a", None]],
    [[b"a b", b"c"]],
    [[b":a", b"c"]],
]
#: Key -> values that it must never have, whatever the message.
_WRONG: dict[str, list[Any]] = {
    "body": [None, 5, "hello", [], _OBJECT, {"$type": "builtins.bytearray", "$bytes": b"hello"}],
    "more_body": [None, 1, "no", b"", _OBJECT],
    "more_trailers": [None, 1, "no", _OBJECT],
    "trailers": [None, 0, "", _OBJECT],
    "status": [None, True, "200", 200.0, _OBJECT],
    "headers": [*_NO_HEADERS, _OBJECT],
    "links": [None, 5, [None], ["</a.css>"]],
    "path": [None, 5, b"/a", _OBJECT],
    "offset": ["1", -1, 1.5],
    "count": ["1", -1, 1.5],
    "text": [5, b"hello", True, _OBJECT],
    "bytes": [5, "hello", True, _OBJECT],
    "subprotocol": [5, b"chat", ["chat"], "not-offered"],
    "code": [None, "1000", 1000.0, _OBJECT],
    "reason": [5, b"bye", _OBJECT],
    "message": [None, 5, b"no database", _OBJECT],
    "x-unknown": [2**63, float("nan"), _OBJECT, {"$items": [[1, 2]]}],
}
#: Message type -> the keys that it must have.
_NEEDED = {
    "http.response.start": ["status"],
    "http.response.push": ["path", "headers"],
    "http.response.zerocopysend": ["file"],
    "http.response.pathsend": ["path"],
    "http.response.early_hint": ["links"],
    "http.response.trailers": ["headers"],
    "websocket.disconnect": ["code"],
    "websocket.http.response.start": ["status"],
}
#: Types of other protocols, and of none.
_FOREIGN = ["http.response.start", "websocket.accept", "lifespan.startup", "telnet.line"]
_PAYLOADS = ("websocket.send", "websocket.receive")
#: Close codes that a client's close may show, but that no app may send.
_UNSENDABLE = [999, 1004, 1005, 1006, 1015, 5000]
_UNFINAL = [0, 99, 100, 103, 1000]


class Mistake(NamedTuple):
    """A conversation with one mistake: the turn that shows it (behind the last: the end), and who made it."""

    conversation: Conversation
    turn: int
    who: str

    @property
    def seen_at(self) -> tuple[int, int]:
        """The numbers of the events of that turn."""
        return 2 * self.turn + 2, 2 * self.turn + 3

    @property
    def foreign(self) -> bool:
        """Whether it is a message of another protocol, or of none."""
        turns = self.conversation.turns
        message = turns[self.turn].message if self.turn < len(turns) else None
        what = message.get("type") if isinstance(message, dict) else None
        return isinstance(what, str) and what.partition(".")[0] != self.conversation.scope["type"]


def mistakes(conversation: Conversation) -> Iterator[Mistake]:
    """Every conversation that differs in one thing and leaves the language."""
    yield from in_order(conversation)
    yield from in_messages(conversation)


def in_order(conversation: Conversation) -> Iterator[Mistake]:
    """A message is missing, said twice or in the place of its neighbour, or the app ends too early."""
    turns = conversation.turns
    for at in range(len(turns) + 1):
        yield from _if_wrong(conversation, turns[:at], outcome="returned")
    for at, turn in enumerate(turns):
        yield from _if_wrong(conversation, (*turns[:at], *turns[at + 1 :]))
        yield from _if_wrong(conversation, (*turns[: at + 1], turn, *turns[at + 1 :]))
        yield from _if_wrong(conversation, (*turns[:at], *turns[at : at + 2][::-1], *turns[at + 2 :]))


def in_messages(conversation: Conversation) -> Iterator[Mistake]:
    """A message is none, is of a type that does not exist, lacks a key, or has a value that it must not have."""
    for at, turn in enumerate(_judged(conversation)):
        for message in _spoilt(turn):
            changed = (*conversation.turns[:at], turn._replace(message=message), *conversation.turns[at + 1 :])
            yield Mistake(replace(conversation, turns=changed), at, _maker(turn))


def _judged(conversation: Conversation) -> Iterator[Turn]:
    """The turns up to the disconnect: what is sent later reaches nobody."""
    for turn in conversation.turns:
        yield turn
        if turn.message["type"].endswith(".disconnect"):
            return


def _spoilt(turn: Turn) -> Iterator[Any]:
    message = turn.message
    what = message["type"]
    yield from (None, [], {}, {**message, "type": None}, {**message, "x": 10**19})
    yield from ({**message, "type": type_} for type_ in _FOREIGN if type_.partition(".")[0] != what.partition(".")[0])
    yield {"$items": [*([key, value] for key, value in message.items()), [5, 5]]}
    for key in sorted(message.keys() & _WRONG.keys()):
        if what not in _PAYLOADS or message[key] is not None:
            yield from ({**message, key: value} for value in _WRONG[key])
    for key in _NEEDED.get(what, ()):
        yield {kept: value for kept, value in message.items() if kept != key}
    if what in _PAYLOADS:
        yield {"type": what}
        yield {"type": what, "text": "a", "bytes": b"a"}
    if what == "websocket.close":
        yield from ({**message, "code": code} for code in _UNSENDABLE)
    if what == "http.response.start":
        yield from ({**message, "status": status} for status in _UNFINAL)


def _if_wrong(conversation: Conversation, turns: tuple[Turn, ...], outcome: str = "") -> Iterator[Mistake]:
    changed = replace(conversation, turns=turns, outcome=outcome or conversation.outcome)
    standing = begin(changed.scope["type"], changed.scope.get("extensions", {}))
    for at, turn in enumerate(turns):
        what = turn.message["type"]
        before = standing
        standing, move = before.step(turn.way, what, part_of(what, turn.message))
        if move.verdict is Verdict.ILLEGAL:
            yield Mistake(changed, at, _maker(turn))
            return
        if turn.refused and (gone := before.disconnected()) is not None:
            standing = gone[0]
    _, end = standing.end(changed.outcome)
    if end is not None and end.verdict is Verdict.ILLEGAL:
        yield Mistake(changed, len(turns), "app")


def _maker(turn: Turn) -> str:
    return "server" if turn.way is Way.RECEIVE else "app"
