# fails: answers-right, driver-called | the await is forgotten: the text of a coroutine, no row
import asyncio

import legacy


async def app(scope, receive, send):
    assert scope["type"] == "http"
    row = str(asyncio.to_thread(legacy.query, scope["path"]))
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
