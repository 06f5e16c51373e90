"""Rules across connections: what a server may call an app with depends on where the app's lifespan stands."""

from __future__ import annotations

from collections.abc import Iterator

from asgiviz.check.talk import Talk
from asgiviz.protocol.lifespan_machine import Lifespan
from asgiviz.protocol.shapes import Flaw

_STARTING = frozenset({Lifespan.NEW, Lifespan.STARTING})
_DOWN = frozenset({Lifespan.STOPPING, Lifespan.END})


class Across:
    """The lifespan that holds for the connections that begin now."""

    def __init__(self) -> None:
        self._lifespan: Talk | None = None
        self._was_up = False

    def begins(self, talk: Talk) -> Iterator[Flaw]:
        """A connection begins: what is wrong with that now."""
        if talk.kind == "lifespan":
            self._lifespan = talk
            return
        lifespan = self._lifespan
        if lifespan is None or lifespan.standing is None or lifespan.torn or talk.kind not in ("http", "websocket"):
            return
        state = lifespan.standing.state
        if state in _STARTING and not lifespan.over:
            yield Flaw("LIFE-005", "The app was called for a client before it had answered lifespan.startup.")
        elif state in _DOWN:
            yield Flaw("LIFE-004", "The app was called for a client after the server had sent lifespan.shutdown.")
        if state is Lifespan.UP and talk.has_state != lifespan.has_state:
            had, has = ("a state", "none") if lifespan.has_state else ("no state", "one")
            yield Flaw("HTTP-C-025", f"The lifespan had {had}, and this scope has {has}.")
