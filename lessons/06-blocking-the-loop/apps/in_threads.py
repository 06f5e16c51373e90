import asyncio
import os
import time

WAIT = float(os.environ.get("WAIT", "1"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.to_thread(time.sleep, WAIT)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"done\n"})
