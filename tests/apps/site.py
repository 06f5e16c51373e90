"""One app for a real server that plays programs (see `programs`) bare and through a tap, and hands out what they saw.

``/bare/ID``, ``/tapped/ID`` and ``/closely/ID`` play the program in the `x-program` header; ``/journal/SIDE/ID`` answers with
the journal that app and server side kept of it, or 404 as long as the program runs.
"""

from __future__ import annotations

import ast
import base64
from typing import Any

from asgiviz.model.asgi import App
from asgiviz.model.events import Raw
from asgiviz.probe.tap import Tap
from tests.apps.programs import Journal, Program, journaled

journals: dict[str, Journal] = {}
endings: dict[str, Any] = {}
recorded: list[Raw] = []


def packed(program: Program) -> bytes:
    """A program as a header value."""
    return base64.b64encode(repr(program).encode())


async def turn() -> None:
    """One turn of whichever loop this is."""
    import sniffio

    if sniffio.current_async_library() == "trio":
        import trio

        await trio.lowlevel.checkpoint()
    else:
        import asyncio

        await asyncio.sleep(0)


async def player(scope: Any, receive: Any, send: Any) -> Any:
    """Plays the program of the request."""
    program = ast.literal_eval(base64.b64decode(dict(scope["headers"])[b"x-program"]).decode())
    return await journaled(program, receive, send, journals.setdefault(scope["path"], []), turn)


#: The same app in each way in which it can be watched.
SIDES: dict[str, App] = {
    "bare": player,
    "tapped": Tap(player, recorded.append),
    "closely": Tap(player, recorded.append, closely=True),
}


async def site(scope: Any, receive: Any, send: Any) -> Any:
    """What the server runs."""
    if scope["type"] == "lifespan":
        return await live(receive, send)
    path = scope["path"]
    if path.startswith("/journal"):
        return await answer(path.removeprefix("/journal"), send)
    try:
        value = await SIDES[path.split("/")[1]](scope, receive, send)
    except BaseException as error:
        endings[path] = (type(error).__name__, str(error), repr(error.__cause__), repr(error.__context__))
        raise
    endings[path] = value
    return value


async def live(receive: Any, send: Any) -> None:
    """The lifespan of a server that has nothing to set up."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def answer(path: str, send: Any) -> None:
    """Journal and ending of the program that was played at `path`."""
    over = path in endings
    text = repr((journals.pop(path, None), endings.pop(path))) if over else ""
    head = {"type": "http.response.start", "status": 200 if over else 404, "headers": [(b"connection", b"close")]}
    await send(head)
    await send({"type": "http.response.body", "body": text.encode()})
