import asyncio

import legacy


async def app(scope, receive, send):
    assert scope["type"] == "http"
    row = await asyncio.to_thread(legacy.query, scope["path"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
