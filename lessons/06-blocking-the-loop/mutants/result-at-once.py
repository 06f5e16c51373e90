# fails: together, loop-free, fast-enough | a pool, and then the loop stands at result()
from concurrent.futures import ThreadPoolExecutor

import legacy

pool = ThreadPoolExecutor(16)


async def app(scope, receive, send):
    assert scope["type"] == "http"
    row = pool.submit(legacy.query, scope["path"]).result()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
