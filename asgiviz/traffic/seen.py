"""What a client saw. A `Seen` grows in its client's thread and is finished when the client is.

All times are readings of `time.perf_counter_ns`, the clock of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter_ns
from typing import Any, NamedTuple

from asgiviz.model.events import CLIENT, Emit

#: Bytes kept of one response body, and of one message.
KEPT_BODY = 1 << 20
KEPT_MESSAGE = 64 * 1024
#: Messages kept of one WebSocket.
KEPT_MESSAGES = 1000


class Ending(StrEnum):
    """How an answer, or a WebSocket, came to its end."""

    #: it has not ended, or nobody has read that far
    OPEN = "open"
    #: it came whole; the WebSocket was closed as the protocol has it
    COMPLETE = "complete"
    #: the server refused the WebSocket with an HTTP status
    REFUSED = "refused"
    #: the server closed the connection before the end
    CUT = "cut"
    #: the server's side reset the connection before the end
    RESET = "reset"
    #: what came breaks the protocol
    GARBLED = "garbled"
    #: nothing came in time
    TIMED_OUT = "timed out"
    #: the client left before the end
    LEFT = "left"


@dataclass(eq=False)
class Exchange:
    """One HTTP request and its answer, as far as it came.

    `body` is what was kept of `length` bytes that came; `interim` are 1xx statuses; `upload_cut` says that the server closed
    while the request was still being sent. `sent_at` is the end of sending.
    """

    method: str
    path: str
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    length: int = 0
    upload_cut: bool = False
    began_at: int = field(default_factory=perf_counter_ns)
    sent_at: int | None = None
    first_byte_at: int | None = None
    last_byte_at: int | None = None
    ending: Ending = Ending.OPEN


class MessageSeen(NamedTuple):
    """A WebSocket message: the beginning of it, its true length in bytes, and when it was whole."""

    content: str | bytes
    length: int
    at: int


@dataclass(eq=False)
class WebSocketSeen:
    """One WebSocket: the answer to the handshake, the first KEPT_MESSAGES of `received` messages, and how it was closed.

    `close_code` is the server's: 1005 when its close frame had none, 1006 when the connection ended without a close frame,
    None as long as neither happened.
    """

    path: str
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    subprotocol: str | None = None
    messages: list[MessageSeen] = field(default_factory=list)
    received: int = 0
    pongs: list[bytes] = field(default_factory=list)
    close_code: int | None = None
    close_reason: str = ""
    opened_at: int | None = None
    closed_at: int | None = None
    ending: Ending = Ending.OPEN


@dataclass(eq=False)
class Seen:
    """All that the client `client` saw, in order. `trouble` says in a sentence why the script was not played to its end."""

    client: str
    exchanges: list[Exchange] = field(default_factory=list)
    websockets: list[WebSocketSeen] = field(default_factory=list)
    trouble: str | None = None
    cancelled: bool = False


class TrafficError(Exception):
    """A client cannot take its next step; the text is one sentence that says why."""


class Reporter:
    """Emits what a client sees as `client` events; without `emit` it is silent. `closely`: with what came in them, too."""

    def __init__(self, client: str, emit: Emit | None, closely: bool = False) -> None:
        self._client = client
        self._emit = emit
        self._closely = closely and emit is not None

    def say(self, what: str, at: int | None = None, **figures: Any) -> None:
        """One event, at the time `at` or now; `figures` are numbers, texts and lists of them, None is left out."""
        if self._emit is not None:
            known = {name: value for name, value in figures.items() if value is not None}
            t = perf_counter_ns() if at is None else at
            self._emit((t, CLIENT, None, None, None, {"client": self._client, "what": what, **known}))

    def closely(self, exchange: Exchange) -> dict[str, Any]:
        """What more there is to say of an answer to whom watches closely: its headers and the beginning of its body."""
        if not self._closely:
            return {}
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in exchange.headers]
        kept = bytes(exchange.body[:KEPT_MESSAGE])
        body = kept if len(kept) == exchange.length else {"$bytes": kept, "$len": exchange.length}
        return {"path": exchange.path or None, "headers": headers, "body": body}

    def message(self, path: str, data: bytes, is_text: bool) -> dict[str, Any]:
        """The same of a message that came on the WebSocket `path`; of a long text the beginning of its bytes."""
        if not self._closely:
            return {}
        if len(data) > KEPT_MESSAGE:
            return {"path": path, "message": {"$bytes": data[:KEPT_MESSAGE], "$len": len(data)}}
        return {"path": path, "message": data.decode("utf-8", "replace") if is_text else data}
