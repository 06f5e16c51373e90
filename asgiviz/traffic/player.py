"""Plays one script: one client, one thread, one connection at a time. Whatever happens to the client ends up in what it saw."""

from __future__ import annotations

from asgiviz.model.events import Emit
from asgiviz.traffic.forms import whole
from asgiviz.traffic.http import HttpTalk
from asgiviz.traffic.patience import Cancelled, Patience
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Reporter, Seen, TrafficError
from asgiviz.traffic.steps import (
    Close,
    Connect,
    Expect,
    ExpectClose,
    HalfClose,
    HangUp,
    Listen,
    OpenWebSocket,
    Ping,
    Pipeline,
    Raw,
    Read,
    Request,
    Reset,
    SendBytes,
    SendFragments,
    SendText,
    Step,
    Wait,
    word,
)
from asgiviz.traffic.websocket import WebSocketTalk
from asgiviz.traffic.wire import Dial, Wire, connect, dial, parse_url


def play(script: Script, url: str, emit: Emit | None = None) -> Seen:
    """Play the script against the server at `url`, in this thread, and give back what the client saw.

    `url` is http://host:port, https://host:port (no certificate is verified) or unix:/path. Trouble is in `Seen.trouble`,
    not raised; ValueError only when `url` is none.
    """
    return Player(script, url, emit).play()


class Player:
    """A script on its way. `cancel` may be called from any thread; `seen` is complete when `play` has come back.

    `closely`: its events tell what came, too (headers, bodies and messages), so that a recording of them can be checked. `dial`
    opens its connections.
    """

    def __init__(self, script: Script, url: str, emit: Emit | None = None, closely: bool = False, dial: Dial = dial) -> None:
        self.seen = Seen(script.name)
        self._script = script
        self._address = parse_url(url)
        self._reporter = Reporter(script.name, emit, closely)
        self._patience = Patience(script.timeout, script.limit)
        self._talk: HttpTalk | WebSocketTalk | None = None
        self._dial = dial

    def cancel(self) -> None:
        """End the client as soon as possible; it hangs up."""
        self._patience.cancel()

    def play(self, delay: float = 0.0) -> Seen:
        """Play to the end, or to the first trouble; begins `delay` seconds later than the script says."""
        try:
            self._patience.start(self._script.delay + delay)
            self._play_steps()
        except Cancelled:
            self.seen.cancelled = True
        finally:
            self._hang_up("cancelled" if self.seen.cancelled else "closed")
        return self.seen

    def _play_steps(self) -> None:
        for number, step in enumerate(self._script.steps, 1):
            try:
                self._take(step)
            except Exception as error:  # noqa: BLE001 - the top of a client's thread: what happens here is what it saw
                if self._patience.cancelled:  # a cancelled wait ends with any error of the socket
                    raise Cancelled from None
                self.seen.trouble = f"step {number}, {word(type(step))}: {_reason(error)}"
                self._give_up(self.seen.trouble)
                return

    def _take(self, step: Step) -> None:
        match step:
            case Wait(seconds):
                self._patience.sleep(seconds)
            case HangUp():
                self._hang_up("hung up")
            case Reset():
                self._reset()
            case HalfClose():
                self._open_wire().half_close()
            case OpenWebSocket():
                self._open_websocket(step)
            case Connect() | Request() | Pipeline() | Raw() | Read():
                self._take_in_http(step)
            case _:
                self._take_in_websocket(step)

    def _take_in_http(self, step: Step) -> None:
        if isinstance(step, Read) and isinstance(self._talk, HttpTalk) and self._talk.wire.ended:
            return  # the answer that this was for has been written down as cut
        talk = self._http(step)
        match step:
            case Request():
                talk.ask(step)
            case Pipeline(requests):
                talk.pipeline(requests)
            case Raw(data):
                talk.send_raw(data)
            case Read():
                talk.read(step)
            case _:  # Connect: there is a connection now
                return

    def _take_in_websocket(self, step: Step) -> None:
        talk = self._talk
        if not isinstance(talk, WebSocketTalk):
            raise TrafficError("there is no WebSocket; open_websocket comes first")
        match step:
            case SendText(text):
                talk.send_text(whole(text))
            case SendBytes(data):
                talk.send_bytes(whole(data))
            case SendFragments():
                talk.send_fragments(step)
            case Ping():
                talk.ping(step)
            case Expect():
                talk.expect(step)
            case Listen(seconds):
                talk.listen(seconds)
            case ExpectClose():
                talk.expect_close()
            case Close():
                talk.close(step)
            case _:
                raise TrafficError(f"nobody knows how to take the step {type(step).__name__}")

    # -- the connection --------------------------------------------------------------------------------------------

    def _http(self, step: Step) -> HttpTalk:
        """The HTTP connection that is open, or a new one; reading alone opens none."""
        if isinstance(self._talk, WebSocketTalk):
            self._hang_up("closed")
        if not isinstance(self._talk, HttpTalk) or self._talk.wire.ended:
            if isinstance(step, Read):
                raise TrafficError("there is no answer to read, and no connection on which one could come")
            wire = connect(self._address, self._patience, self._reporter, self._script.receive_buffer, self._dial)
            self._talk = HttpTalk(wire, self._address.authority, self.seen, self._reporter)
        return self._talk

    def _open_websocket(self, step: OpenWebSocket) -> None:
        self._hang_up("closed")
        wire = connect(self._address, self._patience, self._reporter, self._script.receive_buffer, self._dial)
        self._talk = talk = WebSocketTalk(wire, self._address, self.seen, self._reporter, step)
        talk.open(step)

    def _open_wire(self) -> Wire:
        if self._talk is None or self._talk.wire.ended:
            raise TrafficError("there is no open connection")
        return self._talk.wire

    def _hang_up(self, how: str) -> None:
        if self._talk is not None:
            self._talk.leave()
            self._talk.wire.close(how)

    def _give_up(self, trouble: str) -> None:
        if self._talk is None or self._talk.wire.ended:
            self._reporter.say("closed", by="client", how="gave up", trouble=trouble)
            return
        self._talk.leave()
        self._talk.wire.close("gave up", trouble=trouble)

    def _reset(self) -> None:
        wire = self._open_wire()
        if self._talk is not None:
            self._talk.leave()
        wire.reset()


def _reason(error: Exception) -> str:
    """What went wrong, in words."""
    if isinstance(error, TrafficError):
        return str(error)
    if isinstance(error, TimeoutError):
        text = str(error)
        return text if text and text != "timed out" else "the server did not take what was sent in time"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return f"the client itself failed with {type(error).__name__}: {error}"
