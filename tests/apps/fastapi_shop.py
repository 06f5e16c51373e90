"""A small FastAPI app: JSON, uploads, streams, background tasks, dependencies and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()
background: list[str] = []


@app.get("/json")
async def as_json() -> dict[str, int]:
    return {"answer": 42}


@app.post("/echo")
async def echo(request: Request) -> dict[str, int]:
    return {"size": len(await request.body())}


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def numbers() -> AsyncIterator[bytes]:
        for n in range(50):
            yield b"%d," % n

    return StreamingResponse(numbers())


@app.get("/sync")
def sync() -> str:
    return "from a thread"


@app.get("/background")
async def later(tasks: BackgroundTasks) -> str:
    tasks.add_task(background.append, "done")
    return "later"


@app.get("/boom")
async def boom() -> None:
    raise ZeroDivisionError


@app.websocket("/ws")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello " + await websocket.receive_text())
    await websocket.send_bytes(await websocket.receive_bytes())
    await websocket.close(4000, "bye")
