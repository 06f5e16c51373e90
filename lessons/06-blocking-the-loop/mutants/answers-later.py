# fails: legal, answers-right | a task for the answer, and home before it is sent
import asyncio

import legacy


async def app(scope, receive, send):
    assert scope["type"] == "http"
    asyncio.create_task(answer(scope["path"], send))


async def answer(path, send):
    row = await asyncio.to_thread(legacy.query, path)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
