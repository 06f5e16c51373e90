"""A client's side of one WebSocket of the server without sockets."""

from __future__ import annotations

from time import monotonic, perf_counter_ns

from asgiviz.host.in_process_caller import Caller
from asgiviz.host.in_process_patience import Patience
from asgiviz.host.in_process_scope import websocket_scope
from asgiviz.host.in_process_websocket import ABNORMAL, WebSocketLine
from asgiviz.traffic.forms import whole
from asgiviz.traffic.patience import EnoughError
from asgiviz.traffic.seen import KEPT_MESSAGE, KEPT_MESSAGES, Ending, MessageSeen, Reporter, Seen, TrafficError, WebSocketSeen
from asgiviz.traffic.steps import Expect, OpenWebSocket, SendFragments


class WebSocketTalk:
    """The handshake and the messages. `ended`: the WebSocket is over for its client."""

    def __init__(self, server: Caller, seen: Seen, reporter: Reporter, patience: Patience) -> None:
        self.ended = False
        self._server = server
        self._reporter = reporter
        self._patience = patience
        self._claimed = 0  # messages that an `Expect` has had
        self._all = seen
        self._seen = WebSocketSeen("")
        self._line: WebSocketLine | None = None

    async def open(self, step: OpenWebSocket) -> None:
        """Shake hands; a refusal is written down."""
        self._seen = WebSocketSeen(step.path)
        self._all.websockets.append(self._seen)
        self._line = line = WebSocketLine(websocket_scope(step, self._server.port(), self._server.shared))
        self._server.call(line)
        self._reporter.say("sent", text=f"GET {step.path} (WebSocket)")
        while line.answer is None:
            await self._patience.wait(line.changed.wait())
        self._seen.status, self._seen.headers, self._seen.subprotocol = line.answer
        self._seen.opened_at = perf_counter_ns()
        self._reporter.say("first_byte", status=self._seen.status, text=f"GET {step.path}")
        if self._seen.status != 101:
            self._finish(Ending.REFUSED)

    # -- sending ---------------------------------------------------------------------------------------------------

    async def say(self, action: str, message: str | bytes) -> None:
        """Send a whole message."""
        await self._patience.wait(self._open_for(action).say(message))
        self._reporter.say("sent", bytes=len(message), text="text" if isinstance(message, str) else "bytes")

    async def say_in_fragments(self, step: SendFragments) -> None:
        """Send one message in several frames: the app gets it once the last has come."""
        self._open_for("send fragments")
        for _ in step.parts[1:]:
            await self._patience.sleep(step.gap)
        data = b"".join(map(whole, step.parts))
        await self.say("send fragments", data if step.binary else data.decode("utf-8", "replace"))

    def ping(self, payload: bytes) -> None:
        """Send a ping, which the server answers at once and by itself."""
        self._open_for("ping")
        self._seen.pongs.append(payload)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code; the server's close frame comes back."""
        self._open_for("close").close(code, reason)
        self._reporter.say("sent", text=f"close {code}")
        await self.expect_close()

    # -- reading ---------------------------------------------------------------------------------------------------

    async def expect(self, step: Expect) -> None:
        """Wait for messages that no `Expect` has had yet."""
        if step.containing is None:
            self._claimed += step.count
            while self._seen.received < self._claimed:
                missing = self._claimed - self._seen.received
                await self._pump_for("one more message" if missing == 1 else f"{missing} more messages")
            return
        while True:
            if self._claimed >= KEPT_MESSAGES:
                raise TrafficError(f"a text can be expected only among the first {KEPT_MESSAGES} messages")
            if self._claimed == self._seen.received:
                await self._pump_for(f"a message with {step.containing!r}")
                continue
            content = self._seen.messages[self._claimed].content
            self._claimed += 1
            if step.containing.encode() in (content.encode() if isinstance(content, str) else content):
                return

    async def listen(self, seconds: float) -> None:
        """Read what comes for so long, or until the close."""
        until = monotonic() + seconds
        while not self.ended:
            try:
                await self._pump(until)
            except EnoughError:
                return

    async def expect_close(self) -> None:
        """Wait until the server has closed."""
        while not self.ended:
            await self._pump()

    def half_close(self) -> None:
        """Send no more: without a close frame that is the end of it."""
        self.leave()

    def leave(self) -> None:
        """The client goes without a word."""
        self.ended = True
        if self._seen.ending is Ending.OPEN:
            self._seen.ending = Ending.LEFT
        if self._line is not None:
            self._line.leave()

    # -- the connection --------------------------------------------------------------------------------------------

    def _open_for(self, action: str) -> WebSocketLine:
        """The line, as long as it is open."""
        if self._line is not None and self._line.ended is not None:
            while self._line.messages:
                self._read_one(self._line)
            self._end_as_the_server_did(self._line)
        if self._line is None or self.ended:
            raise TrafficError(f"cannot {action}: {self._how_it_stands()}")
        return self._line

    async def _pump_for(self, wanted: str) -> None:
        """Read once more, unless the end has come before what the client waits for."""
        if self.ended:
            raise TrafficError(f"waited for {wanted}, but {self._how_it_stands()}")
        await self._pump()

    def _how_it_stands(self) -> str:
        if self._seen.ending is Ending.REFUSED:
            return f"the app refused the WebSocket with status {self._seen.status}"
        return f"the WebSocket is closed (code {self._seen.close_code})"

    async def _pump(self, until: float | None = None) -> None:
        """Read one message, or the end."""
        line = self._line
        if line is None:
            raise TrafficError("there is no WebSocket; open_websocket comes first")
        while not line.messages and line.ended is None:
            await self._patience.wait(line.changed.wait(), until)
        if line.messages:
            self._read_one(line)
        else:
            self._end_as_the_server_did(line)

    def _read_one(self, line: WebSocketLine) -> None:
        message = line.read()
        self._seen.received += 1
        size = len(message.encode("utf-8", "replace")) if isinstance(message, str) else len(message)
        if len(self._seen.messages) < KEPT_MESSAGES:
            self._seen.messages.append(MessageSeen(message[:KEPT_MESSAGE], size, perf_counter_ns()))
        self._reporter.say("received", text="text" if isinstance(message, str) else "bytes", bytes=size)

    def _end_as_the_server_did(self, line: WebSocketLine) -> None:
        if line.ended is not None and not self.ended:
            self._seen.close_code, self._seen.close_reason = line.ended
            self._finish(Ending.CUT if line.ended.code == ABNORMAL else Ending.COMPLETE)

    def _finish(self, ending: Ending) -> None:
        self.ended = True
        self._seen.ending = ending
        self._seen.closed_at = perf_counter_ns()
        self._reporter.say("closed", by="server", how="closed", code=self._seen.close_code, status=self._seen.status)
