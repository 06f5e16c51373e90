import asyncio
import os
import time

import asgiviz

WAIT = float(os.environ.get("WAIT", "0.2"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(WAIT)  # wait until everybody is here
    for step in (1, 2, 3):
        asgiviz.note(f"step {step}")
        time.sleep(WAIT)  # work
        await asyncio.sleep(WAIT / 100)  # a door, and soon back in
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"three steps\n"})
