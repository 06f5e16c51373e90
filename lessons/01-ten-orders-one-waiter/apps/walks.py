import asyncio
import os

WAIT = float(os.environ.get("WAIT", "0.5"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(WAIT)  # the kitchen cooks, the waiter walks on
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"one dish\n"})
