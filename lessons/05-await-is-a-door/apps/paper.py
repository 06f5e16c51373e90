import asyncio
import os

import asgiviz

WAIT = float(os.environ.get("WAIT", "0.2"))


async def timer():
    asgiviz.note("timer begins")
    await asyncio.sleep(WAIT)
    asgiviz.note("timer rings")


async def app(scope, receive, send):
    assert scope["type"] == "http"
    tea = timer()
    asgiviz.note("news begin")
    await asyncio.sleep(WAIT)  # read the news
    asgiviz.note("news end")
    await tea
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"tea\n"})
