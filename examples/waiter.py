"""One waiter, many tables, in plain ASGI: `asgiviz trace waiter:app --app-dir examples`.

Ask ten times at once for /async, then for /blocking: the same 0.2 seconds each, 0.2 or 2 seconds for all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    match scope["path"]:
        case "/async":
            await asyncio.sleep(0.2)  # meanwhile the loop serves everybody else
        case "/blocking":
            time.sleep(0.2)  # meanwhile nobody is served
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    if scope["path"] == "/echo":
        await echo(receive, send)
    else:
        await send({"type": "http.response.body", "body": b"served\n"})


async def echo(receive: Receive, send: Send) -> None:
    """Gives an upload back as it comes: a client that does not read makes `send` wait, and then nobody receives."""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})


async def lifespan(receive: Receive, send: Send) -> None:
    for what in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{what}.complete"})
