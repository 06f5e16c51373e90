"""Each framework's real requests are served alike with and without the tap, and every byte of them is in the recording."""

from __future__ import annotations

import gzip
import importlib
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from asgiviz.model.events import Event, Raw, expand
from asgiviz.model.values import true_length
from asgiviz.probe.tap import Tap
from tests.servers import exchange, wait_until

#: An anyio stream of a framework is left to the garbage collector, just as often when both servers run without a tap.
pytestmark = pytest.mark.filterwarnings("ignore:.*MemoryObject(Send|Receive)Stream:pytest.PytestUnraisableExceptionWarning")

FRAMEWORKS = {
    "fastapi": "tests.apps.fastapi_shop",
    "starlette": "tests.apps.starlette_mix",
    "django": "tests.apps.django_site",
    "litestar": "tests.apps.litestar_desk",
    "quart": "tests.apps.quart_desk",
}
UPLOAD = b"0123456789" * 20_000
REQUESTS = {
    "json": b"GET /json?q=1 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "stream": b"GET /stream HTTP/1.1\r\nhost: h\r\nconnection: close\r\naccept-encoding: gzip\r\n\r\n",
    "sync": b"GET /sync HTTP/1.1\r\nhost: h\r\norigin: http://x\r\nconnection: close\r\n\r\n",
    "head": b"HEAD /json HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "missing": b"GET /none HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "boom": b"GET /boom HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "mounted": b"GET /mounted/json HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "background": b"GET /background HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "upload": b"POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(UPLOAD) + UPLOAD,
}


@contextmanager
def served(app: Any) -> Iterator[int]:
    """The port of a uvicorn that runs the app object in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="h11", ws="websockets-sansio", log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert wait_until(lambda: server.started or not thread.is_alive())
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


class Served:
    """A framework's app behind two servers, one bare and one tapped, and what the tap emitted."""

    def __init__(self, bare: int, tapped: int, raws: list[Raw]) -> None:
        self.bare = bare
        self.tapped = tapped
        self._raws = raws

    def events(self) -> list[Event]:
        """The events of the last connection, once it is over."""
        assert wait_until(lambda: self._raws and self._last()[-1].ev == "exit")
        return self._last()

    def _last(self) -> list[Event]:
        events = [expand(seq, raw, 0) for seq, raw in enumerate(list(self._raws), 1)]
        last = max(event.conn or 0 for event in events)
        return [event for event in events if event.conn == last]


@pytest.fixture(scope="module", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> Iterator[Served]:
    app = importlib.import_module(FRAMEWORKS[request.param]).app
    raws: list[Raw] = []
    logging.getLogger("uvicorn.error").addFilter(lambda record: False)
    with served(app) as bare, served(Tap(app, raws.append)) as tapped:
        yield Served(bare, tapped, raws)


def comparable(answer: bytes) -> bytes:
    """An answer without the clock: its date, and the time stamp in a signed cookie."""
    answer = re.sub(rb"(?im)^date: [^\r]*", b"date: now", answer)
    return re.sub(rb"session=([^.]*)\.[^;]*;", rb"session=\1;", answer)


def body_of(answer: bytes, method: bytes) -> bytes:
    """The body of an answer as it stood on the wire, without chunking but with its content coding."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(answer)
    client.receive_data(b"")
    data = b""
    while type(event := client.next_event()) not in (h11.EndOfMessage, h11.ConnectionClosed):
        data += bytes(event.data) if isinstance(event, h11.Data) else b""
    return data


def length_of(events: list[Event], ev: str, keys: tuple[str, ...]) -> int:
    """All bytes (or characters) of the messages of that kind of event."""
    return sum(true_length(event.get("message").get(key)) for event in events if event.ev == ev for key in keys)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_answered_alike_and_recorded_whole(framework: Served, name: str) -> None:
    """The bytes are the same with and without the tap, and the recording accounts for each one of both bodies."""
    request = REQUESTS[name]
    bare = exchange(framework.bare, request)
    tapped = exchange(framework.tapped, request)
    method = request.partition(b" ")[0]
    if name != "stream" or b"content-encoding" not in tapped.lower():
        assert comparable(tapped) == comparable(bare)
    else:  # where a compressor puts its breaks, and random padding, are its own affair
        assert gzip.decompress(body_of(tapped, method)) == gzip.decompress(body_of(bare, method))
    events = framework.events()
    if name == "upload":
        assert tapped.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 "))
    assert length_of(events, "receive.end", ("body",)) == (len(UPLOAD) if name == "upload" else 0)
    if method != b"HEAD" and events[-1].get("outcome") == "returned":
        assert length_of(events, "send.begin", ("body",)) == len(body_of(tapped, method))
    assert events[0].ev == "scope"


def chatted(port: int) -> list[Any]:
    """What a WebSocket client hears that says two things."""
    with connect(f"ws://127.0.0.1:{port}/ws", compression=None) as client:
        client.send("wörld")
        heard: list[Any] = [client.recv(10)]
        client.send(b"\x00\xff")
        heard.append(client.recv(10))
        try:
            client.recv(10)
        except ConnectionClosed as closed:
            heard.append((closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else None)
    return heard


def test_a_websocket_chats_alike_and_is_recorded_whole(framework: Served, request: pytest.FixtureRequest) -> None:
    """Text, bytes and the close arrive the same, and the recording holds each character and byte of both directions."""
    if "django" in request.node.name:
        pytest.skip("Django itself has no WebSockets")
    bare, tapped = chatted(framework.bare), chatted(framework.tapped)
    assert tapped == bare == ["hello wörld", b"\x00\xff", (4000, "bye")]
    events = framework.events()
    assert length_of(events, "receive.end", ("text", "bytes")) == len("wörld") + 2
    assert length_of(events, "send.begin", ("text", "bytes")) == len("hello wörld") + 2


@pytest.mark.parametrize("module", [name for framework, name in FRAMEWORKS.items() if framework != "django"])
def test_the_lifespan_is_recorded(module: str) -> None:
    """Startup and shutdown pass through the tap and are in the recording, from scope to exit."""
    raws: list[Raw] = []
    with served(Tap(importlib.import_module(module).app, raws.append)):
        pass
    events = [expand(seq, raw, 0) for seq, raw in enumerate(raws, 1)]
    types = [event.get("message")["type"] for event in events if event.get("message") is not None]
    assert types == ["lifespan.startup", "lifespan.startup.complete", "lifespan.shutdown", "lifespan.shutdown.complete"]
    assert events[-1].get("outcome") == "returned"
