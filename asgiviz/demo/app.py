"""The demo app: all of ASGI in one file, without a framework. Every route shows one thing; some of them misbehave on purpose.

An ASGI app is one callable that is called with a scope, once for the life of the server (lifespan), once for each request
(http) and once for each WebSocket. `receive` brings what the client does, `send` takes what the app does.
"""

# ruff: noqa: ARG001 - every handler has the signature of an ASGI app, whatever it uses of it

from __future__ import annotations

import asyncio
import hashlib
import html
import itertools
import json
import logging
import time
import warnings
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("demo")
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The application: what the server calls."""
    match scope["type"]:
        case "lifespan":
            await lifespan(scope, receive, send)
        case "http":
            await http(scope, receive, send)
        case "websocket":
            await websocket(scope, receive, send)
        case unknown:
            raise ValueError(f"this app does not speak {unknown!r}")


# -- lifespan ------------------------------------------------------------------------------------------------------------


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Get ready before the first request, and tidy up behind the last. What is put into the state, every scope carries."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if "state" in scope:
                scope["state"]["rooms"] = defaultdict(Room)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


# -- http: the routes ----------------------------------------------------------------------------------------------------


async def index(scope: Scope, receive: Receive, send: Send) -> None:
    """This page."""
    await respond(send, 200, page(), "text/html; charset=utf-8")


async def show_json(scope: Scope, receive: Receive, send: Send) -> None:
    """A whole answer in two messages: the start with the status and headers, then the body."""
    await respond(send, 200, json.dumps({"hello": "world", "http_version": scope["http_version"]}), "application/json")


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """A name taken from the path. It prints a line, too."""
    name = scope["path"].removeprefix("/hello/")
    print(f"hello, {name}")
    await respond(send, 200, f"Hello, {name}!\n")


async def upload(scope: Scope, receive: Receive, send: Send) -> None:
    """The body comes in as many messages as the server likes; this counts and digests them without keeping any."""
    size, digest, more = 0, hashlib.sha256(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            log.warning("upload broke off after %d bytes", size)
            return
        body = message.get("body", b"")
        size += len(body)
        digest.update(body)
        more = message.get("more_body", False)
    log.info("uploaded %d bytes", size)
    await respond(send, 200, json.dumps({"bytes": size, "sha256": digest.hexdigest()}), "application/json")


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Ten chunks with gaps between them (?chunks=10&size=64&gap=0.1). `send` waits when the client does not keep up."""
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    try:
        chunks = min(int(asked.get("chunks", 10)), 1000)
        size = min(int(asked.get("size", 64)), 1 << 20)
        gap = min(float(asked.get("gap", 0.1)), 10.0)
    except ValueError:
        await respond(send, 400, "chunks and size are whole numbers, gap is seconds\n")
        return
    await start(send, 200, "text/plain")
    for number in range(chunks):
        line = f"chunk {number} ".encode().ljust(size - 1, b".") + b"\n"
        await send({"type": "http.response.body", "body": line, "more_body": True})
        await asyncio.sleep(gap)
    await send({"type": "http.response.body", "body": b""})


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """Server-sent events, four a second, until the client leaves: a task watches `receive` for http.disconnect."""
    await start(send, 200, "text/event-stream", [(b"cache-control", b"no-cache")])
    gone = asyncio.create_task(client_gone(receive))
    try:
        for number in itertools.count(1):
            await send({"type": "http.response.body", "body": f"data: tick {number}\n\n".encode(), "more_body": True})
            done, _ = await asyncio.wait({gone}, timeout=0.25)
            if done:
                return
    finally:
        gone.cancel()


async def client_gone(receive: Receive) -> None:
    """Comes back when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Awaits for half a second: meanwhile the loop serves everybody else."""
    await asyncio.sleep(0.5)
    await respond(send, 200, "that took half a second, and nobody else noticed\n")


async def blocking(scope: Scope, receive: Receive, send: Send) -> None:
    """Sleeps on the loop for 0.3 seconds: meanwhile nobody is served. This is the bug that asgiviz calls a stall."""
    time.sleep(0.3)
    await respond(send, 200, "that took 0.3 seconds, of everybody\n")


async def boom(scope: Scope, receive: Receive, send: Send) -> None:
    """Warns, and raises before the response has started: the server can still answer with 500."""
    warnings.warn("/boom is about to raise", stacklevel=1)
    raise RuntimeError("boom: nothing was sent yet")


async def boom_late(scope: Scope, receive: Receive, send: Send) -> None:
    """Raises after the response has started: the status is out, and all that the server can do is cut the connection."""
    await start(send, 200, "text/plain")
    await send({"type": "http.response.body", "body": b"so far, so good", "more_body": True})
    raise RuntimeError("boom: half of the answer was sent")


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    """Never answers, whether or not anybody still waits; only cancelling ends it."""
    await asyncio.Event().wait()


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    """Breaks the protocol: a body before the start. The tab Findings names the rule."""
    await send({"type": "http.response.body", "body": b"who needs a status?"})


#: Method and path of every route; a last segment {name} stands for any one segment.
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/"): index,
    ("GET", "/json"): show_json,
    ("GET", "/hello/{name}"): hello,
    ("POST", "/upload"): upload,
    ("GET", "/stream"): stream,
    ("GET", "/events"): events,
    ("GET", "/slow"): slow,
    ("GET", "/blocking"): blocking,
    ("GET", "/boom"): boom,
    ("GET", "/boom-late"): boom_late,
    ("GET", "/never"): never,
    ("GET", "/broken"): broken,
}


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    """Find the handler in the table: 404 without the path, 405 without the method. HEAD is a GET; the server drops the body."""
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    pattern = pattern_of(scope["path"])
    allowed = [known for known, path in ROUTES if path == pattern]
    if handler := ROUTES.get((method, pattern)):
        await handler(scope, receive, send)
    elif allowed:
        await respond(send, 405, "method not allowed\n", headers=[(b"allow", ", ".join(allowed).encode())])
    else:
        await respond(send, 404, "not found\n")


def pattern_of(path: str) -> str:
    """The pattern in ROUTES that a path would match."""
    parent, _, name = path.rpartition("/")
    return f"{parent}/{{name}}" if parent and name else path


# -- http: answering -----------------------------------------------------------------------------------------------------


async def start(send: Send, status: int, content_type: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Begin a response."""
    known = [(b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": known + (headers or [])})


async def respond(
    send: Send, status: int, text: str, content_type: str = "text/plain", headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send a whole response."""
    body = text.encode()
    length = (b"content-length", str(len(body)).encode())
    await start(send, status, content_type, [length, *(headers or [])])
    await send({"type": "http.response.body", "body": body})


def page() -> str:
    """The front page, made from the table of routes."""
    rows = [row(method, path, handler.__doc__ or "") for (method, path), handler in ROUTES.items()]
    return PAGE.replace("<!-- routes -->", "\n".join([*rows, row("WS", "/chat", chat.__doc__ or "")]))


def row(method: str, path: str, text: str) -> str:
    """One route on the front page."""
    link = html.escape(path.replace("{name}", "you"))
    shown = f'<a href="{link}">{html.escape(path)}</a>' if method == "GET" else html.escape(path)
    return f"<tr><td>{method}</td><td>{shown}</td><td>{html.escape(text)}</td></tr>"


# -- websocket -----------------------------------------------------------------------------------------------------------


class Room:
    """Who is in a chat room: the `send` of each."""

    def __init__(self) -> None:
        self.members: dict[Send, str] = {}

    async def tell(self, text: str) -> None:
        """Send a text to everyone; who has just left does not hear it."""
        for member in tuple(self.members):
            try:
                await member({"type": "websocket.send", "text": text})
            except OSError:  # the specification's word for a client that is gone
                self.members.pop(member, None)


#: The rooms when the server does not run the lifespan or carries no state.
lobby: dict[str, Room] = defaultdict(Room)


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Only /chat is a WebSocket; closing before accepting turns any other away, as status 403."""
    await receive()  # websocket.connect
    if scope["path"] == "/chat":
        await chat(scope, receive, send)
    else:
        await send({"type": "websocket.close"})


async def chat(scope: Scope, receive: Receive, send: Send) -> None:
    """A chat (?name=you&room=1): text goes to everyone, bytes come back, and /bye makes the server close with code 4001."""
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    name = asked.get("name", "somebody")
    room = scope.get("state", {}).get("rooms", lobby)[asked.get("room", "lobby")]
    await send({"type": "websocket.accept", "subprotocol": "chat" if "chat" in scope["subprotocols"] else None})
    room.members[send] = name
    try:
        await room.tell(f"* {name} joined, {len(room.members)} here")
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                await send({"type": "websocket.send", "bytes": message["bytes"]})
            elif text == "/bye":
                del room.members[send]  # before the close: nobody may send behind it
                await send({"type": "websocket.close", "code": 4001, "reason": f"goodbye, {name}"})
                break
            else:
                await room.tell(f"{name}: {text}")
    finally:
        room.members.pop(send, None)
    await room.tell(f"* {name} left")
