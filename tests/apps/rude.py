"""An app that does to its surroundings what apps do: it prints, logs, blocks, exits, takes signals, floods.

`/slow` waits until `/go` was asked for, so that a test can look at a request that is open.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
import warnings
from typing import Any

#: What a terminal must never get: a title, a cleared screen, a switch to the main screen, colours, a bell.
NOISE = "\x1b]0;mine\x07\x1b[2J\x1b[?1049l\x1b[31mred\x9b0m[bold]loud[/bold] \u202egnp.exe \r\x00 end"

_go = asyncio.Event()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The app."""
    if scope["type"] == "lifespan":
        return await live(receive, send)
    if scope["type"] == "websocket":
        return await echo(receive, send)
    return await _ROUTES.get(scope["path"], hello)(scope, receive, send)


async def live(receive: Any, send: Any) -> None:
    """The lifespan."""
    global _go
    _go = asyncio.Event()
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def echo(receive: Any, send: Any) -> None:
    """Says back what it hears."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text")})


async def answer(send: Any, body: bytes = b"hello", *headers: tuple[bytes, bytes]) -> None:
    """A whole response."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """A polite answer."""
    await receive()
    await answer(send, b"hello", (b"set-cookie", b"session=opensesame"))


async def noise(scope: Any, receive: Any, send: Any) -> None:
    """Everything that can be put on a terminal, on every way that leads there."""
    print(NOISE)
    print(NOISE, file=sys.stderr, flush=True)
    os.write(1, NOISE.encode() + b"\n")
    os.write(2, NOISE.encode() + b"\n")
    logging.basicConfig(force=True, stream=sys.__stderr__)
    logging.getLogger("rude").error(NOISE)
    warnings.warn(NOISE, stacklevel=1)
    await answer(send)


async def block(scope: Any, receive: Any, send: Any) -> None:
    """Holds the loop."""
    time.sleep(0.6)
    await answer(send)


async def leave(scope: Any, receive: Any, send: Any) -> None:
    """Ends the process, or tries to."""
    sys.exit(3)


async def take_signals(scope: Any, receive: Any, send: Any) -> None:
    """Installs a handler."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    await answer(send)


async def flood(scope: Any, receive: Any, send: Any) -> None:
    """12,000 messages as fast as they go."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(12_000):
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Answers after `/go`."""
    await _go.wait()
    await answer(send)


async def go(scope: Any, receive: Any, send: Any) -> None:
    """Lets `/slow` go on."""
    _go.set()
    await answer(send)


async def boom(scope: Any, receive: Any, send: Any) -> None:
    """Raises."""
    raise RuntimeError(NOISE)


_ROUTES = {
    "/noise": noise,
    "/block": block,
    "/leave": leave,
    "/signals": take_signals,
    "/flood": flood,
    "/slow": slow,
    "/go": go,
    "/boom": boom,
}
