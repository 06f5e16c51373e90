"""A client of the server without sockets: it plays a script as `traffic.player.Player` does, on the server's own loop.

What a socket alone can do (raw bytes) it says it cannot. It is over after the script's `limit` whatever the app does.
"""

from __future__ import annotations

import asyncio

from asgiviz.host.in_process_caller import Caller
from asgiviz.host.in_process_http_talk import HttpTalk
from asgiviz.host.in_process_patience import Patience
from asgiviz.host.in_process_scope import AUTHORITY
from asgiviz.host.in_process_websocket_talk import WebSocketTalk
from asgiviz.model.events import Emit
from asgiviz.traffic.forms import whole
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

_NO_RAW = "raw bytes need a connection of their own; play this with --server uvicorn"


class Client:
    """A script on its way; `seen` is complete when `play` has come back, `timed_out` says that it had to give up waiting."""

    def __init__(self, script: Script, server: Caller, emit: Emit | None = None) -> None:
        self.seen = Seen(script.name)
        self.timed_out = False
        self._script = script
        self._server = server
        self._reporter = Reporter(script.name, emit)
        self._patience = Patience(script.timeout, script.limit)
        self._talk: HttpTalk | WebSocketTalk | None = None

    async def play(self) -> None:
        """Play to the end, or to the first trouble; in the end the client is gone."""
        await asyncio.sleep(self._script.delay)
        self._patience.start()
        how = "closed"
        try:
            await self._play_steps()
        except asyncio.CancelledError:
            self.seen.cancelled = True
            how = "cancelled"
            raise
        finally:
            self._hang_up("gave up" if self.seen.trouble else how)

    async def _play_steps(self) -> None:
        for number, step in enumerate(self._script.steps, 1):
            try:
                await self._take(step)
            except (TrafficError, TimeoutError) as error:
                self.timed_out = isinstance(error, TimeoutError)
                self.seen.trouble = f"step {number}, {word(type(step))}: {error}"
                return
            except Exception as error:  # noqa: BLE001  # the top of a client's task: it is what the client came to
                failed = f"the client itself failed with {type(error).__name__}: {error}"
                self.seen.trouble = f"step {number}, {word(type(step))}: {failed}"
                return

    async def _take(self, step: Step) -> None:
        match step:
            case Wait(seconds):
                await self._patience.sleep(seconds)
            case HangUp():
                self._hang_up("hung up")
            case Reset():
                self._hang_up("reset")
            case Raw():
                raise TrafficError(_NO_RAW)
            case OpenWebSocket():
                self._hang_up("closed")
                self._talk = talk = WebSocketTalk(self._server, self.seen, self._reporter, self._patience)
                self._reporter.say("connected", to=AUTHORITY)
                await talk.open(step)
            case HalfClose():
                self._open().half_close()
            case Connect() | Request() | Pipeline() | Read():
                await self._take_in_http(step)
            case _:
                await self._take_in_websocket(step)

    async def _take_in_http(self, step: Step) -> None:
        talk = self._http(step)
        match step:
            case Request():
                await talk.ask(step)
            case Pipeline(requests):
                for request in requests:
                    await talk.ask(request)
            case Read():
                await talk.read(step)

    async def _take_in_websocket(self, step: Step) -> None:
        talk = self._talk
        if not isinstance(talk, WebSocketTalk):
            raise TrafficError("there is no WebSocket; open_websocket comes first")
        match step:
            case SendText(text):
                await talk.say("send a text", whole(text).decode("utf-8", "replace"))
            case SendBytes(data):
                await talk.say("send bytes", whole(data))
            case SendFragments():
                await talk.say_in_fragments(step)
            case Ping(data):
                talk.ping(whole(data))
            case Expect():
                await talk.expect(step)
            case Listen(seconds):
                await talk.listen(seconds)
            case ExpectClose():
                await talk.expect_close()
            case Close(code, reason):
                await talk.close(code, reason)

    def _http(self, step: Step) -> HttpTalk:
        """The HTTP connection that is open, or a new one; reading alone opens none."""
        if not isinstance(self._talk, HttpTalk) or self._talk.ended:
            if isinstance(step, Read):
                raise TrafficError("there is no answer to read, and no connection on which one could come")
            self._hang_up("closed")
            self._talk = HttpTalk(self._server, self.seen, self._reporter, self._patience)
            self._reporter.say("connected", to=AUTHORITY)
        return self._talk

    def _open(self) -> HttpTalk | WebSocketTalk:
        if self._talk is None or self._talk.ended:
            raise TrafficError("there is no open connection")
        return self._talk

    def _hang_up(self, how: str) -> None:
        if self._talk is not None and not self._talk.ended:
            self._talk.leave()
            self._reporter.say("closed", by="client", how=how, trouble=self.seen.trouble)
