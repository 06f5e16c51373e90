# fails: together, fast-enough | off the loop, but all in one line: a pool of one
import asyncio
from concurrent.futures import ThreadPoolExecutor

import legacy

pool = ThreadPoolExecutor(1)


async def app(scope, receive, send):
    assert scope["type"] == "http"
    loop = asyncio.get_running_loop()
    row = await loop.run_in_executor(pool, legacy.query, scope["path"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
