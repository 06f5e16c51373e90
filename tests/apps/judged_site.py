"""A blameless app for a real server, recorded closely; `/findings` answers with what the judge says of all that came before.

Whatever it is asked to do is legal, so each finding is about the server, or is a remark.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

import anyio

from asgiviz.check import judge as judging
from asgiviz.check import waiting_rules
from asgiviz.check.judge import Judge
from asgiviz.model.events import Raw
from asgiviz.probe.tap import Tap

#: Seconds after which this judge minds a receive that is not answered (else 5), and a little more.
MINDS, LONG = 2, 2.4
for room in judging, waiting_rules:
    vars(room)["LONG"] = MINDS * 1_000_000_000
recorded: list[Raw] = []


async def blameless(scope: Any, receive: Any, send: Any) -> None:
    """Does what the path says."""
    if scope["type"] == "lifespan":
        return await live(receive, send)
    if scope["type"] == "websocket":
        return await converse(scope, receive, send)
    length = await upload(receive)
    if length is None:
        return None
    headers = [(b"content-type", b"text/plain")]
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return await stream(receive, send)
    body = b"%d bytes" % length
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    if scope["path"] == "/listen":
        await listen(receive)
    return None


async def live(receive: Any, send: Any) -> None:
    """The lifespan of an app that has nothing to set up."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def upload(receive: Any) -> int | None:
    """How long the request's body is; None: the client left."""
    length = 0
    while (message := await receive())["type"] == "http.request":
        length += len(message.get("body", b""))
        if not message.get("more_body", False):
            return length
    return None


async def stream(receive: Any, send: Any) -> None:
    """Sends pieces until the client leaves, or has enough of them."""
    async with anyio.create_task_group() as tasks:

        async def leave() -> None:
            await receive()
            tasks.cancel_scope.cancel()

        tasks.start_soon(leave)
        for _ in range(40):
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})
            await anyio.sleep(0.02)
        await send({"type": "http.response.body"})
        tasks.cancel_scope.cancel()


async def listen(receive: Any) -> None:
    """Asks twice after the end; a server that does not answer gets its time."""
    for _ in range(2):
        with anyio.move_on_after(LONG):
            await receive()


async def converse(scope: Any, receive: Any, send: Any) -> None:
    """Refuses at `/refuse`; elsewhere gives back what it hears, and closes at the word `close`.

    At `/late` it sends once more to a client that has gone, at `/listen` it asks once more.
    """
    await receive()
    if scope["path"] == "/refuse":
        await send({"type": "websocket.close"})
        return await listen(receive)
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope.get("subprotocols", ())), None)})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001})
            break
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
    if scope["path"] == "/late" and message["type"] == "websocket.disconnect":
        with contextlib.suppress(OSError, RuntimeError):
            await send({"type": "websocket.send", "text": "are you there?"})
    if scope["path"] == "/listen":
        await listen(receive)
    return None


tapped = Tap(blameless, recorded.append, closely=True)


async def site(scope: Any, receive: Any, send: Any) -> Any:
    """What the server runs."""
    if scope["type"] != "http" or scope["path"] != "/findings":
        return await tapped(scope, receive, send)
    judge = Judge()
    found = judge.take(enumerate(recorded.copy(), 1)) + judge.finish()
    waiting = [talk.kind for talk in judge.talks.open.values() if talk.kind != "lifespan"]
    body = json.dumps({"open": len(waiting), "connections": judge.talks.count, "found": found}).encode()
    headers = [(b"connection", b"close"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return None
