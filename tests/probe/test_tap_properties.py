"""Any program, any traffic, any loop: with and without the tap a server sees and an app sees the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.values import kept_bytes, true_length
from tests.apps.generated import bodies, wild_programs
from tests.apps.programs import Journal, Program, copy_of, journaled
from tests.loops import LOOPS, run, turn
from tests.probe.listening import SCOPE, Listening


class RefusedError(Exception):
    """What the server in these tests raises out of receive and send."""


received = st.one_of(
    st.builds(lambda data, more: {"type": "http.request", "body": data, "more_body": more}, bodies, st.booleans()),
    st.builds(lambda text: {"type": "websocket.receive", "text": text}, st.text(max_size=20)),
    st.just({"type": "http.disconnect"}),
    st.just(RefusedError("receive")),
    st.just(None),
)
refusals = st.sets(st.integers(0, 12), max_size=3)


class StubServer:
    """Hands out `traffic`, refuses the sends whose number is in `refused`, and keeps a trace of all it saw and when."""

    def __init__(self, loop: str, traffic: list[Any], refused: set[int]) -> None:
        self.trace: list[Any] = []
        self.sent = 0
        self._loop = loop
        self._traffic = list(traffic)
        self._refused = refused

    async def receive(self) -> Any:
        self.trace.append("receive")
        await turn(self._loop)
        reply = self._traffic.pop(0) if self._traffic else {"type": "http.disconnect"}
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def send(self, message: Any) -> int:
        self.trace.append(("send", self._read(message)))
        self.sent += 1
        await turn(self._loop)
        if self.sent in self._refused:
            raise RefusedError(f"send {self.sent}")
        return self.sent

    def _read(self, message: Any) -> Any:
        """The message as a server reads it: its headers once, pair by pair."""
        if not isinstance(message, dict):
            return repr(message)
        content = dict(message)
        headers = content.get("headers")
        if headers is not None and not isinstance(headers, (str, bytes, int, float)):
            content["headers"] = [list(pair) if hasattr(pair, "__iter__") else pair for pair in headers]
        return repr(copy_of(content))


async def watched(
    loop: str, program: Program, traffic: list[Any], refused: set[int], tapped: bool, closely: bool
) -> tuple[Any, ...]:
    """Everything that can be seen of a run: the app's journal, the server's trace, the ending; and the listener."""
    journal: Journal = []
    server = StubServer(loop, traffic, refused)

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return await journaled(program, receive, send, journal, lambda: turn(loop))

    heard = Listening(app, limit=1000, closely=closely)
    ending: Any
    try:
        ending = await (heard.tap if tapped else app)(SCOPE, server.receive, server.send)
    except Exception as error:
        ending = (type(error), str(error), repr(error.__cause__), repr(error.__context__))
    return repr(journal), server.trace, repr(ending), heard


@pytest.mark.parametrize("closely", [False, True], ids=["", "closely"])
@pytest.mark.parametrize("loop", LOOPS)
@given(program=wild_programs, traffic=st.lists(received, max_size=5), refused=refusals)
def test_no_program_can_tell_whether_it_is_watched(
    loop: str, closely: bool, program: Program, traffic: list[Any], refused: set[int]
) -> None:
    """Same journal of the app, same trace of the server, same ending, with a tap as without."""
    *bare, _ = run(loop, lambda: watched(loop, program, traffic, refused, tapped=False, closely=closely))
    *tapped, heard = run(loop, lambda: watched(loop, program, traffic, refused, tapped=True, closely=closely))
    assert tapped == bare
    assert complete(heard)


def complete(heard: Listening) -> bool:
    """Whether the recording is well formed: scope first, exit last, each call begun and ended once, in order."""
    events = heard.events
    begun = [event.call for event in events if event.ev.endswith(".begin")]
    ended = [event.call for event in events if event.ev.endswith(".end")]
    times = [event.t for event in events]
    shape = events[0].ev == "scope" and events[-1].ev == "exit" and times == sorted(times)
    sites = [event.call for event in events if event.ev == "site" and event.call is not None]
    return shape and begun == ended == list(range(1, len(begun) + 1)) and sites in ([], begun)


def bytes_in(heard: Listening, ev: str) -> tuple[int, bytes]:
    """True lengths and kept beginnings of all bodies and texts in the messages of one direction."""
    total, kept = 0, b""
    for event in heard.events:
        message = event.get("message")
        if event.ev == ev and isinstance(message, Mapping):
            for key in ("body", "bytes", "text"):
                total += true_length(message.get(key))
                kept += kept_bytes(message.get(key))
    return total, kept


@given(sent=st.lists(bodies, max_size=6), got=st.lists(bodies, max_size=6), limit=st.integers(0, 100))
def test_every_byte_is_accounted_for(sent: list[bytes], got: list[bytes], limit: int) -> None:
    """The lengths recorded add up to the bytes that crossed, and what was kept is the beginning of each body."""
    queue = [{"type": "http.request", "body": body, "more_body": True} for body in got]

    async def receive() -> Any:
        return queue.pop(0)

    async def send(message: Any) -> None:
        pass

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in got:
            await receive()
        for body in sent:
            await send({"type": "http.response.body", "body": bytearray(body), "more_body": True})

    heard = Listening(app, limit)
    run("asyncio", lambda: heard.tap(SCOPE, receive, send))
    assert bytes_in(heard, "receive.end") == (sum(map(len, got)), b"".join(body[:limit] for body in got))
    assert bytes_in(heard, "send.begin") == (sum(map(len, sent)), b"".join(body[:limit] for body in sent))
