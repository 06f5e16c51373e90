"""A client's side of one WebSocket. Handshake, frames and their rules are those of the `websockets` sans-I/O protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, perf_counter_ns

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import SEND_EOF, State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from asgiviz.traffic.forms import PIECE, whole
from asgiviz.traffic.patience import EnoughError
from asgiviz.traffic.seen import KEPT_MESSAGE, KEPT_MESSAGES, Ending, MessageSeen, Reporter, Seen, TrafficError, WebSocketSeen
from asgiviz.traffic.steps import Close, Expect, OpenWebSocket, Ping, SendFragments
from asgiviz.traffic.wire import Address, Wire

#: The largest message a client takes, in bytes.
MAX_MESSAGE = 16 * 1024 * 1024
_NO_CLOSE_FRAME = 1006


class WebSocketTalk:
    """The handshake and the messages on one connection."""

    def __init__(self, wire: Wire, address: Address, seen: Seen, reporter: Reporter, step: OpenWebSocket) -> None:
        self.wire = wire
        self._reporter = reporter
        self._seen = WebSocketSeen(step.path)
        seen.websockets.append(self._seen)
        path, _, query = step.path.partition("?")
        uri = WebSocketURI(address.tls, address.host, address.port, path, query)
        offers = [Subprotocol(name) for name in step.subprotocols] or None
        self._protocol = ClientProtocol(uri, subprotocols=offers, max_size=MAX_MESSAGE)
        self._claimed = 0  # messages that an `Expect` has had
        self._parts: list[bytes] = []
        self._is_text = False

    def open(self, step: OpenWebSocket) -> None:
        """Shake hands; a refusal is written down."""
        request = self._protocol.connect()
        for name, value in step.headers:
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush(f"GET {step.path} (WebSocket)")
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            self._pump()
        if self._protocol.handshake_exc is None:
            self._seen.subprotocol = self._protocol.subprotocol
        elif self._seen.status not in (None, 101):
            self._finish(Ending.REFUSED)
        else:
            self._finish(Ending.CUT if self._seen.status is None else Ending.GARBLED)

    # -- sending ---------------------------------------------------------------------------------------------------

    def send_text(self, text: bytes) -> None:
        """Send a text message."""
        with self._open_for("send a text"):
            self._protocol.send_text(text)
            self._flush("text")

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        with self._open_for("send bytes"):
            self._protocol.send_binary(data)
            self._flush("bytes")

    def send_fragments(self, step: SendFragments) -> None:
        """Send one message in several frames."""
        with self._open_for("send fragments"):
            last = len(step.parts) - 1
            for number, part in enumerate(map(whole, step.parts)):
                if number:
                    self.wire.patience.sleep(step.gap)
                    self._protocol.send_continuation(part, fin=number == last)
                elif step.binary:
                    self._protocol.send_binary(part, fin=number == last)
                else:
                    self._protocol.send_text(part, fin=number == last)
                self._flush(f"fragment {number + 1} of {last + 1}")

    def ping(self, step: Ping) -> None:
        """Send a ping and, if the step says so, wait for the pong that answers it."""
        payload = whole(step.data)
        with self._open_for("ping"):
            self._protocol.send_ping(payload)
            self._flush("ping")
        known = len(self._seen.pongs)
        while step.wait and payload not in self._seen.pongs[known:]:
            self._pump_for("its pong")

    # -- reading ---------------------------------------------------------------------------------------------------

    def expect(self, step: Expect) -> None:
        """Wait for messages that no `Expect` has had yet."""
        if step.containing is None:
            self._claimed += step.count
            while self._seen.received < self._claimed:
                missing = self._claimed - self._seen.received
                self._pump_for("one more message" if missing == 1 else f"{missing} more messages")
            return
        while True:
            if self._claimed >= KEPT_MESSAGES:
                raise TrafficError(f"a text can be expected only among the first {KEPT_MESSAGES} messages")
            if self._claimed == self._seen.received:
                self._pump_for(f"a message with {step.containing!r}")
                continue
            content = self._seen.messages[self._claimed].content
            self._claimed += 1
            if (step.containing if isinstance(content, str) else step.containing.encode()) in content:  # type: ignore[operator]
                return

    def listen(self, seconds: float) -> None:
        """Read what comes for so long, or until the close."""
        until = monotonic() + seconds
        while self._seen.ending is Ending.OPEN:
            try:
                self._pump(until)
            except EnoughError:
                return

    def expect_close(self) -> None:
        """Wait until the server has closed."""
        while self._seen.ending is Ending.OPEN:
            self._pump()

    def close(self, step: Close) -> None:
        """Close with a code and wait for the server's close frame and the end of the connection."""
        with self._open_for("close"):
            self._protocol.send_close(step.code, step.reason)
            self._flush(f"close {step.code}")
        self.expect_close()

    def leave(self) -> None:
        """The client goes without a word."""
        if self._seen.ending is Ending.OPEN:
            self._seen.ending = Ending.LEFT

    # -- the connection --------------------------------------------------------------------------------------------

    @contextmanager
    def _open_for(self, action: str) -> Iterator[None]:
        """Sending needs an open WebSocket; what the protocol or the network does not allow becomes a sentence."""
        if self._protocol.state is not State.OPEN:
            if self._protocol.close_rcvd is not None:  # the server's close came with what was read last
                self._finish(Ending.COMPLETE)
            raise TrafficError(f"cannot {action}: {self._how_it_stands()}")
        try:
            yield
        except WebSocketException as error:
            raise TrafficError(f"cannot {action}: {error}") from None
        except (BrokenPipeError, ConnectionResetError):
            self._finish(Ending.RESET)
            raise TrafficError(f"cannot {action}: the server has closed the connection") from None

    def _pump_for(self, wanted: str) -> None:
        """Read once more, unless the end has come before what the client waits for."""
        if self._seen.ending is not Ending.OPEN:
            raise TrafficError(f"waited for {wanted}, but {self._how_it_stands()}")
        self._pump()

    def _how_it_stands(self) -> str:
        if self._seen.ending is Ending.REFUSED:
            return f"the server refused the WebSocket with status {self._seen.status}"
        received = self._protocol.close_rcvd
        return f"the WebSocket is closed (code {received.code if received else self._seen.close_code})"

    def _pump(self, until: float | None = None) -> None:
        """Read once and act on it."""
        try:
            data = self.wire.recv(PIECE, until)
        except ConnectionResetError:
            self._protocol.receive_eof()
            self._finish(Ending.RESET)
            return
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame):
                self._framed(event)
        with suppress(BrokenPipeError, ConnectionResetError):  # what there is to read still comes, and then the end
            self._flush(None)
        if self._protocol.state is State.CLOSED and self._protocol.handshake_exc is None:
            self._finish(Ending.COMPLETE if self._protocol.close_rcvd else Ending.CUT)

    def _answered(self, response: Response) -> None:
        self._seen.status = response.status_code
        self._seen.headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.raw_items()]
        self._seen.opened_at = self.wire.received_at
        self._reporter.say("first_byte", at=self.wire.received_at, status=response.status_code, text=f"GET {self._seen.path}")

    def _framed(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY:
                self._is_text = frame.opcode is Opcode.TEXT
                self._parts = [bytes(frame.data)]
            case Opcode.CONT:
                self._parts.append(bytes(frame.data))
            case Opcode.PONG:
                self._seen.pongs.append(bytes(frame.data))
                self._reporter.say("received", text="pong", bytes=len(frame.data))
                return
            case _:  # the protocol answers pings and closes by itself
                return
        if frame.fin:
            self._whole_message(b"".join(self._parts))

    def _whole_message(self, data: bytes) -> None:
        self._seen.received += 1
        if len(self._seen.messages) < KEPT_MESSAGES:
            kept = data[:KEPT_MESSAGE]
            content = kept.decode("utf-8", "replace") if self._is_text else kept
            self._seen.messages.append(MessageSeen(content, len(data), self.wire.received_at))
        closely = self._reporter.message(self._seen.path, data, self._is_text)
        kind = "text" if self._is_text else "bytes"
        self._reporter.say("received", at=self.wire.received_at, text=kind, bytes=len(data), **closely)

    def _flush(self, text: str | None) -> None:
        """Send what the protocol wants sent; only what a step asked for (`text`) is reported."""
        total = 0
        for data in self._protocol.data_to_send():
            if data == SEND_EOF:
                self.wire.half_close()
            else:
                self.wire.send(data)
                total += len(data)
        if text is not None:
            self._reporter.say("sent", bytes=total, text=text)

    def _finish(self, ending: Ending) -> None:
        """The WebSocket is over: write down how, and end the connection."""
        if self._seen.ending is not Ending.OPEN:
            return
        seen, received = self._seen, self._protocol.close_rcvd
        seen.ending = ending
        seen.closed_at = perf_counter_ns()
        if received is not None:
            seen.close_code, seen.close_reason = received.code, received.reason
        elif ending is not Ending.REFUSED:
            seen.close_code = _NO_CLOSE_FRAME
        self.wire.close(code=seen.close_code, reason=seen.close_reason or None, status=seen.status)
