import asyncio
import os
import time

WAIT = float(os.environ.get("WAIT", "1"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(WAIT / 5)  # a cache: it knows how to wait
    time.sleep(WAIT)  # an old library: it does not
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"done\n"})
