"""A Litestar app: JSON, an upload, a stream, a synchronous handler, an error and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.response import Stream


@get("/json")
async def as_json() -> dict[str, int]:
    return {"answer": 42}


@post("/echo")
async def echo(request: Request[Any, Any, Any]) -> dict[str, int]:
    return {"size": len(await request.body())}


@get("/stream")
async def stream() -> Stream:
    async def numbers() -> AsyncIterator[bytes]:
        for n in range(50):
            yield b"%d," % n

    return Stream(numbers())


@get("/sync", sync_to_thread=True)
def sync() -> str:
    return "from a thread"


@get("/boom")
async def boom() -> None:
    raise ZeroDivisionError


@websocket("/ws")
async def chat(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text("hello " + await socket.receive_text())
    await socket.send_bytes(await socket.receive_bytes())
    await socket.close(4000, "bye")


app = Litestar([as_json, echo, stream, sync, boom, chat], openapi_config=None, logging_config=None)
