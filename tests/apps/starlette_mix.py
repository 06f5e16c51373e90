"""A Starlette app with every kind of middleware around it: pure, BaseHTTP, GZip, CORS, sessions; a mount and a lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket


class Stamp(BaseHTTPMiddleware):
    """Adds a header on the way out."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    yield {"started": "yes"}


async def as_json(request: Request) -> Response:
    return JSONResponse({"started": request.state.started, "q": request.query_params.get("q")})


async def echo(request: Request) -> Response:
    return Response(await request.body())


async def stream(request: Request) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        for n in range(50):
            yield b"line %d\n" % n

    return StreamingResponse(lines(), background=BackgroundTask(lambda: None))


async def visits(request: Request) -> Response:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return PlainTextResponse(str(request.session["visits"]))


async def boom(request: Request) -> Response:
    raise ZeroDivisionError


async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello " + await websocket.receive_text())
    await websocket.send_bytes(await websocket.receive_bytes())
    await websocket.close(4000, "bye")


app = Starlette(
    routes=[
        Route("/json", as_json),
        Route("/echo", echo, methods=["POST"]),
        Route("/stream", stream),
        Route("/sync", visits),
        Route("/boom", boom),
        Mount("/mounted", routes=[Route("/json", as_json)]),
        WebSocketRoute("/ws", chat),
    ],
    middleware=[
        Middleware(SessionMiddleware, secret_key="key"),
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(Stamp),
        Middleware(GZipMiddleware, minimum_size=100),
    ],
    lifespan=lifespan,
)
