# fails: together, loop-free, fast-enough | a door before the call; the call itself has none
import asyncio

import legacy


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(0)
    row = legacy.query(scope["path"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
