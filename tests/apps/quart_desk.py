"""A Quart app: JSON, an upload, a stream, a synchronous handler, an error and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from quart import Quart, request, websocket

app = Quart(__name__)
app.logger.disabled = True


@app.get("/json")
async def as_json() -> dict[str, int]:
    return {"answer": 42}


@app.post("/echo")
async def echo() -> Any:
    return await request.get_data()


@app.get("/stream")
async def stream() -> Any:
    async def numbers() -> AsyncIterator[bytes]:
        for n in range(50):
            yield b"%d," % n

    return numbers(), 200


@app.get("/sync")
def sync() -> str:
    return "from a thread"


@app.get("/boom")
async def boom() -> str:
    raise ZeroDivisionError


@app.websocket("/ws")
async def chat() -> None:
    await websocket.accept()
    await websocket.send("hello " + str(await websocket.receive()))
    await websocket.send(await websocket.receive())
    await websocket.close(4000, "bye")
