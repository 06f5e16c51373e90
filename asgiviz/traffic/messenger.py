"""Runs an errand: in a thread of its own, within bounded time, over a real socket. The answer is what the client saw."""

from __future__ import annotations

import string
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter_ns
from typing import Any
from urllib.parse import quote

from asgiviz.model.events import Emit, Raw, payload_of
from asgiviz.traffic.errand import Errand, HttpErrand
from asgiviz.traffic.forms import MAX_SECONDS
from asgiviz.traffic.player import Player
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Exchange, Seen, WebSocketSeen
from asgiviz.traffic.steps import Close, Listen, OpenWebSocket, Read, Request, Step, Wait

#: Seconds that the server may let the client wait for any one thing, and that the whole errand may last beside its pauses.
TIMEOUT, LIMIT = 20.0, 60.0
#: Seconds of listening in which a conversation that has no close ends.
LINGER = 1.0
_AS_IT_IS = string.ascii_letters + string.digits + string.punctuation


@dataclass(frozen=True)
class Answer:
    """How an errand ended: `exchange` for a request, `websocket` for a conversation, None when it did not come so far.

    `trouble` says in a sentence why it was not run to its end. `local` is the client's host and port, which the app finds
    in its scope; None on a unix socket. `began_at` and `ended_at` are readings of `perf_counter_ns`, like all the times.
    """

    errand: Errand
    exchange: Exchange | None
    websocket: WebSocketSeen | None
    trouble: str | None
    cancelled: bool
    local: tuple[str, int] | None
    began_at: int
    ended_at: int

    @property
    def status(self) -> int | None:
        """Of the response, or of the answer to the handshake."""
        seen = self.exchange or self.websocket
        return seen.status if seen else None

    @property
    def reason(self) -> str:
        """What the status means by its registry; empty for one that is not in it. It is not what the server wrote."""
        try:
            return HTTPStatus(self.status or 0).phrase
        except ValueError:
            return ""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Of the response, or of the answer to the handshake."""
        seen = self.exchange or self.websocket
        return seen.headers if seen else []

    @property
    def ending(self) -> Ending:
        """How far it came."""
        seen = self.exchange or self.websocket
        return seen.ending if seen else Ending.OPEN

    @property
    def accepted(self) -> bool:
        """Whether a WebSocket was opened."""
        return self.websocket is not None and self.websocket.opened_at is not None and self.websocket.status == 101


class Messenger:
    """One errand on its way to the server at `url`; `emit` gets what the client sees, as `client` events.

    `on_end` gets the answer, once, in the errand's thread. A conversation without a close goes on listening for `linger`
    seconds; one that closes at once behind a message may not be answered any more. ValueError when `url` is no address.
    """

    def __init__(
        self,
        errand: Errand,
        url: str,
        emit: Emit | None = None,
        on_end: Callable[[Answer], None] | None = None,
        name: str = "errand",
        timeout: float = TIMEOUT,
        limit: float = LIMIT,
        linger: float = LINGER,
    ) -> None:
        steps, goodbye = steps_of(errand, linger)
        pauses = sum(step.seconds for step in steps if isinstance(step, Listen))
        script = Script(name, steps, timeout=timeout, limit=min(limit + pauses, MAX_SECONDS))
        self._errand = errand
        self._emit = emit
        self._on_end = on_end
        self._local: tuple[str, int] | None = None
        self._player = _Player(script, url, self._notice, goodbye)
        self._over = threading.Event()
        self._answer: Answer | None = None

    def start(self) -> Messenger:
        """Let it go; gives back itself."""
        threading.Thread(target=self.run, name="asgiviz-errand", daemon=True).start()
        return self

    def run(self) -> Answer:
        """Run it in this thread and give back the answer."""
        began_at = perf_counter_ns()
        try:
            seen = self._player.play()
            self._answer = answer = self._answer_from(seen, began_at)
            if self._on_end is not None:
                self._on_end(answer)
        finally:
            self._over.set()
        return answer

    def wait(self, timeout: float) -> Answer | None:
        """The answer, as soon as it is there and `on_end` has had it; None when that takes longer than `timeout` seconds."""
        self._over.wait(timeout)
        return self._answer if self._over.is_set() else None

    def cancel(self) -> None:
        """End it as soon as possible: the client hangs up, and the answer says so."""
        self._player.cancel()

    def _notice(self, raw: Raw) -> None:
        payload: Any = payload_of(raw)
        if payload.get("what") == "connected" and payload.get("local"):
            host, port = payload["local"]
            self._local = (host, port)
        if self._emit is not None:
            self._emit(raw)

    def _answer_from(self, seen: Seen, began_at: int) -> Answer:
        return Answer(
            errand=self._errand,
            exchange=seen.exchanges[0] if seen.exchanges else None,
            websocket=seen.websockets[0] if seen.websockets else None,
            trouble=seen.trouble and seen.trouble.partition(": ")[2],  # nobody here knows of steps and their numbers
            cancelled=seen.cancelled,
            local=self._local,
            began_at=began_at,
            ended_at=perf_counter_ns(),
        )


class _Player(Player):
    """Leaves out `goodbye`, the close that nobody wrote, when the WebSocket is over by then."""

    def __init__(self, script: Script, url: str, emit: Emit, goodbye: Step | None) -> None:
        super().__init__(script, url, emit)
        self._goodbye = goodbye

    def _take(self, step: Step) -> None:
        if step is self._goodbye and self.seen.websockets[-1].ending is not Ending.OPEN:
            return
        super()._take(step)


def steps_of(errand: Errand, linger: float) -> tuple[tuple[Step, ...], Step | None]:
    """An errand as the steps of a client, and the close among them that the errand does not have itself."""
    target = quote(errand.target, safe=_AS_IT_IS)
    if isinstance(errand, HttpErrand):
        body = (errand.body,) if errand.body else ()
        return (Request(target, errand.method, errand.headers, body), Read()), None
    moves = [Listen(move.seconds) if isinstance(move, Wait) else move for move in errand.moves]
    opening = OpenWebSocket(target, errand.subprotocols, errand.headers)
    if moves and isinstance(moves[-1], Close):
        return (opening, *moves), None
    goodbye = Close()
    return (opening, *moves, Listen(linger), goodbye), goodbye
