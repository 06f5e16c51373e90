"""The apps under load: as small as they can be, so that what is measured is what stands around them.

This file is also what ``asgiviz trace targets:hello`` and ``uvicorn targets:hello`` are given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CHUNKS = 100
_CHUNK = b"x" * 64


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Thirteen bytes, two messages."""
    if scope["type"] != "http":
        await _lifespan(scope, receive, send)
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, world!"})


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """A hundred chunks of 64 bytes."""
    if scope["type"] != "http":
        await _lifespan(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": _CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """A WebSocket that sends back what it gets."""
    if scope["type"] != "websocket":
        await _lifespan(scope, receive, send)
        return
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "websocket.send", "text": message["text"]})


async def _lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "lifespan":
        raise ValueError(f"this app is not asked for {scope['type']}")
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


def __getattr__(name: str) -> Any:
    """The FastAPI app is built only for who asks for it: its import takes half a second."""
    if name != "json_api":
        raise AttributeError(name)
    from fastapi import FastAPI

    api = FastAPI()

    @api.get("/")
    async def read() -> dict[str, Any]:
        return {"id": 7, "name": "table", "tags": ["oak", "round"], "price": 120.5}

    globals()[name] = api
    return api
