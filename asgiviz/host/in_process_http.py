"""One HTTP request without a socket: what the app gets as receive and send, and what its client does and can read.

The client's side is plain calls; whoever waits for the other side waits for `changed`. What the app sends piles up until it
is read, and beyond `HIGH_WATER` bytes send waits, as it does under a server whose client is slow.
"""

from __future__ import annotations

import asyncio
from collections import deque

from asgiviz.host.in_process_law import ClientDisconnected, Law
from asgiviz.model.asgi import Message, Scope
from asgiviz.protocol import http_machine as http
from asgiviz.protocol.http_machine import Response

#: Bytes of the answer that may wait for the client before send waits; pieces of the request that may wait for the app.
HIGH_WATER, MOST_PIECES = 64 * 1024, 16
_NO_CONTENT = frozenset({204, 304})
_ERROR = b"Internal Server Error"

Headers = list[tuple[bytes, bytes]]


class Changed:
    """Wakes whoever waits on one side of a connection for the other."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        """Something has changed."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Wait for the next change."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)


class HttpLine:
    """One request and its answer. `head` is the status and the headers once they are sent; `interim` are statuses before it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.changed = Changed()
        self.head: tuple[int, Headers] | None = None
        self.interim: list[int] = []
        #: the client is gone
        self.gone = False
        #: the app's call has ended
        self.over = False
        self._law = Law("http", scope["extensions"])
        self._pieces: deque[tuple[bytes, bool]] = deque()
        self._unread = bytearray()
        self._told = False  # the app knows that the client is gone
        self._whole = False  # the client has sent all of its request
        self._bodiless = scope["method"] == "HEAD"

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"{self.scope['method']} {self.scope['path']}"

    @property
    def complete(self) -> bool:
        """The app has sent its whole response."""
        return self._law.state is Response.DONE

    # -- the app's side --------------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The request piece by piece; then, when the client is gone or has its whole answer, the disconnect."""
        while True:
            if self.complete or (self.gone and not self._pieces):
                if self._told:
                    await asyncio.sleep(0)  # an app that asks again and again must not hold the loop
                self._told = True
                return self._law.gives({"type": http.DISCONNECT})
            if self._pieces:
                body, more = self._pieces.popleft()
                self.changed.tell()
                return self._law.gives({"type": http.REQUEST, "body": body, "more_body": more})
            await self.changed.wait()

    async def send(self, message: Message) -> None:
        """Take a message; RefusedError when it is not legal, ClientDisconnected when nobody is there to get it."""
        what = "" if self._told else self._law.takes(message)
        if self.gone or self._told:
            self._told = True
            self._pieces.clear()  # who was told that the client is gone is not told of what it said before
            await asyncio.sleep(0)
            raise ClientDisconnected
        match what:
            case http.EARLY_HINT:
                self.interim.append(103)
            case http.START:
                pairs = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
                self.head = int(message["status"]), pairs
                self._bodiless |= self.head[0] in _NO_CONTENT
            case http.BODY if not self._bodiless:
                self._unread += message.get("body", b"")
        self.changed.tell()
        await asyncio.sleep(0)  # the client of a server runs beside the app
        while len(self._unread) > HIGH_WATER and not self.gone:
            await self.changed.wait()

    def call_ended(self) -> None:
        """The app's call is over: a client without an answer gets the server's own."""
        self.over = True
        if self.head is None:
            self.head = 500, [(b"content-length", str(len(_ERROR)).encode())]
            self._unread += b"" if self._bodiless else _ERROR
        self.changed.tell()

    # -- the client's side -----------------------------------------------------------------------------------------

    async def feed(self, body: bytes, more: bool) -> None:
        """The next piece of the request; waits while the app does not take what is there."""
        while len(self._pieces) >= MOST_PIECES and not self.answered:
            await self.changed.wait()
        if not self.answered:
            self._pieces.append((body, more))
            self._whole = not more
            self.changed.tell()

    @property
    def answered(self) -> bool:
        """Nothing more of the request is wanted."""
        return self.complete or self.over or self.gone

    def take(self, most: int) -> bytes:
        """What can be read of the body, at most so many bytes."""
        piece = bytes(self._unread[:most])
        del self._unread[:most]
        self.changed.tell()
        return piece

    @property
    def drained(self) -> bool:
        """Nothing of the answer will come any more, and all of it was read."""
        return self.head is not None and not self._unread and (self.complete or self.over)

    @property
    def cut(self) -> bool:
        """The answer is over, and was not whole."""
        return self.over and not self.complete and self.head is not None and self._law.state is not Response.IDLE

    def leave_off(self) -> None:
        """The client sends no more: a request that is not whole will never be, and nobody waits for its answer."""
        if not self._whole:
            self.leave()

    def leave(self) -> None:
        """The client is gone."""
        self.gone = True
        self.changed.tell()
