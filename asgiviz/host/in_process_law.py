"""What a server refuses: a message that the specification does not allow is raised out of send, with a sentence that says
what is wrong and what would be legal. The law itself is `protocol`'s: its automata for the order, its tables for the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from asgiviz.model.asgi import Message
from asgiviz.model.finding import Severity
from asgiviz.model.values import freeze
from asgiviz.protocol.contents import CONTENTS
from asgiviz.protocol.fields import MESSAGES, field_flaws
from asgiviz.protocol.refusals import REFUSABLE
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.shapes import Flaw, is_dict, told
from asgiviz.protocol.standing import begin, part_of
from asgiviz.protocol.transitions import State, Verdict, Way


class RefusedError(RuntimeError):
    """The app has sent what no server could take."""


class ClientDisconnected(OSError):  # noqa: N818  # servers call it so, and who reads a recording knows it by this name
    """The app sends, and its client is gone (specification: disconnected client, send exception)."""

    def __init__(self) -> None:
        super().__init__("the client is gone; nothing that is sent reaches it")


class Law:
    """Follows one connection and refuses what the app may not send; `extensions` are those that the scope announces."""

    def __init__(self, kind: str, extensions: Iterable[str] = ()) -> None:
        self._standing = begin(kind, extensions)

    @property
    def state(self) -> State:
        """Where the app's side of the connection stands."""
        return self._standing.state

    def gives(self, message: Message) -> Message:
        """The app is given this message."""
        self._standing, _ = self._standing.step(Way.RECEIVE, message["type"], part_of(message["type"], message))
        return message

    def takes(self, message: Any) -> str:
        """The type of a message that the app sends. RefusedError when it may not be sent, and then it counts as not sent."""
        frozen = freeze(message)
        if not is_dict(frozen):
            raise RefusedError(f"a message is a dict, not {told(frozen)}; for example {{'type': {self._legal()[0]!r}}}")
        what = frozen.get("type")
        if not isinstance(what, str):
            raise RefusedError(f"a message needs a type, a text (str) such as {self._legal()[0]!r}")
        after, move = self._standing.step(Way.SEND, what, part_of(what, frozen))
        if move.verdict is Verdict.ILLEGAL:
            raise RefusedError(f"{what} cannot be sent now. {move.sentence} {_told_legal(self._legal())}")
        for sentence in _wrong(what, frozen):
            raise RefusedError(f"{what} cannot be sent like that: {sentence}")
        self._standing = after
        return what

    def _legal(self) -> list[str]:
        rows = [row.what for row in self._standing.legal_next() if row.way is Way.SEND]
        return list(dict.fromkeys(rows)) or ["nothing"]


def _wrong(what: str, frozen: dict[str, Any]) -> Iterator[str]:
    if "$items" in frozen:
        yield "its keys must be texts (str)."
    flaws: list[Flaw] = [flaw for _, flaw in field_flaws(MESSAGES.get(what, ()), frozen)]
    flaws += [flaw for content in CONTENTS.get(what, ()) for flaw in content(frozen)]
    for flaw in flaws:
        severity = flaw.severity or RULES[flaw.rule].severity
        if severity is Severity.ERROR or (flaw.severity is None and flaw.rule in REFUSABLE):
            yield flaw.sentence


def _told_legal(legal: list[str]) -> str:
    return "Nothing more can be sent." if legal == ["nothing"] else f"Legal now: {', '.join(legal)}."
