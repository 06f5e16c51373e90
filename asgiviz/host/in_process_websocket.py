"""One WebSocket without a socket: what the app gets as receive and send, and what its client does and can read.

Frames, pings and the echo of a close are the server's and the client library's business; here they have happened already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from asgiviz.host.in_process_http import HIGH_WATER, MOST_PIECES, Changed, Headers
from asgiviz.host.in_process_law import ClientDisconnected, Law
from asgiviz.model.asgi import Message, Scope
from asgiviz.protocol import websocket_machine as websocket
from asgiviz.protocol.websocket_machine import Conversation

#: Close codes of RFC 6455, section 7.4.1: a normal end, no close frame came, the server failed.
NORMAL, ABNORMAL, FAILED = 1000, 1006, 1011
#: Status of a handshake that the app refuses with websocket.close, and of one that it does not answer.
REFUSED, UNANSWERED = 403, 500


class Answer(NamedTuple):
    """What the client's handshake came to: 101, or the status of a refusal."""

    status: int
    headers: Headers
    subprotocol: str | None = None


class Ended(NamedTuple):
    """The conversation is over, with the server's close code (ABNORMAL: there was no close frame) and reason."""

    code: int
    reason: str


class WebSocketLine:
    """One WebSocket. `answer` is the handshake's, `messages` what the client has not read yet, `ended` the server's close."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.changed = Changed()
        self.answer: Answer | None = None
        self.messages: deque[str | bytes] = deque()
        self.ended: Ended | None = None
        #: the app's call has ended
        self.over = False
        self._law = Law("websocket", scope["extensions"])
        self._incoming: deque[Message] = deque([{"type": websocket.CONNECT}])
        self._denial: tuple[int, Headers] | None = None
        self._unread = 0
        self._disconnect: Message | None = None
        self._told = False  # the app knows that the client is gone

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"WebSocket {self.scope['path']}"

    # -- the app's side --------------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """connect, what the client says, and in the end the disconnect, as often as it is asked for."""
        while True:
            if self._incoming:
                message = self._incoming.popleft()
                self.changed.tell()
                return self._law.gives(message)
            if self._disconnect is not None:
                if self._told:
                    await asyncio.sleep(0)  # an app that asks again and again must not hold the loop
                self._told = True
                return self._law.gives(dict(self._disconnect))
            await self.changed.wait()

    async def send(self, message: Message) -> None:
        """Take a message; RefusedError when it is not legal, ClientDisconnected when nobody is there to get it."""
        what = "" if self._told else self._law.takes(message)
        if self.gone:
            self._told = True
            while self._incoming and self._incoming[-1]["type"] != websocket.CONNECT:
                self._incoming.pop()  # who was told that the client is gone is not told of what it said before
            await asyncio.sleep(0)
            raise ClientDisconnected
        match what:
            case websocket.ACCEPT:
                self.answer = Answer(101, _pairs(message), message.get("subprotocol"))
            case websocket.SEND:
                self._say(message)
            case websocket.CLOSE if self.answer is None:
                self._refuse(REFUSED, [])
            case websocket.CLOSE:
                self._close(int(message.get("code", NORMAL)), message.get("reason") or "")
            case websocket.DENIAL_START:
                self._denial = int(message["status"]), _pairs(message)
            case websocket.DENIAL_BODY if self._denial is not None and self._law.state is Conversation.REJECTED:
                self._refuse(*self._denial)
        self.changed.tell()
        await asyncio.sleep(0)  # the client of a server runs beside the app
        while self._unread > HIGH_WATER and not self.gone:
            await self.changed.wait()

    def call_ended(self) -> None:
        """The app's call is over: what it left open is ended by the server."""
        self.over = True
        if self.answer is None:
            self._refuse(UNANSWERED, [])
        elif self.ended is None and self.answer.status == 101:
            self._close(FAILED, "")
        self.changed.tell()

    def _say(self, message: Message) -> None:
        text = message.get("text")
        content = bytes(message["bytes"]) if text is None else text
        self.messages.append(content)
        self._unread += len(content)

    def _refuse(self, status: int, headers: Headers) -> None:
        self.answer = Answer(status, headers)
        self._gone_with(ABNORMAL, "")

    def _close(self, code: int, reason: str) -> None:
        self.ended = Ended(code, reason)
        self._gone_with(code, reason)  # the client's library answers with the same code

    # -- the client's side -----------------------------------------------------------------------------------------

    @property
    def gone(self) -> bool:
        """The connection is over, whoever ended it."""
        return self._disconnect is not None

    async def say(self, message: str | bytes) -> None:
        """The client sends a whole message; waits while the app does not take what is there."""
        while len(self._incoming) >= MOST_PIECES and not self.gone:
            await self.changed.wait()
        if not self.gone:
            key = "text" if isinstance(message, str) else "bytes"
            self._incoming.append({"type": websocket.RECEIVE, key: message})
            self.changed.tell()

    def read(self) -> str | bytes:
        """The next message that the client has not read."""
        message = self.messages.popleft()
        self._unread -= len(message)
        self.changed.tell()
        return message

    def close(self, code: int, reason: str) -> None:
        """The client sends a close frame, and the server's comes back at once."""
        if self.ended is None:
            self.ended = Ended(code, reason)
        self._gone_with(code, reason)

    def leave(self) -> None:
        """The client is gone without a close frame."""
        self._gone_with(ABNORMAL, "")

    def _gone_with(self, code: int, reason: str) -> None:
        if self._disconnect is None:
            self._disconnect = {"type": websocket.DISCONNECT, "code": code, "reason": reason}
        self.changed.tell()


def _pairs(message: Message) -> Headers:
    return [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
