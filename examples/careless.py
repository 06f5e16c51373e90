"""An app with the mistakes that everybody makes once: what `asgiviz check careless:app --app-dir examples` finds."""

from __future__ import annotations

from typing import Any


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Look at no type but the WebSocket's."""
    if scope["type"] == "websocket":
        await chat(receive, send)
    elif scope.get("method") == "POST":
        await order(send)
    else:
        await catalogue(send)


async def catalogue(send: Any) -> None:
    """A text where bytes belong; and the lifespan gets it, too."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": "tea, coffee"})


async def order(send: Any) -> None:
    """A call of send without its await."""
    send({"type": "http.response.start", "status": 201})
    await send({"type": "http.response.body"})


async def chat(receive: Any, send: Any) -> None:
    """Close twice."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
    await send({"type": "websocket.close"})
