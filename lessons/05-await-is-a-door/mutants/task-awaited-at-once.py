# fails: together, quick | a task, but awaited before the next one is made
import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    price = await asyncio.create_task(upstream.price(item))
    stock = await asyncio.create_task(upstream.stock(item))
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
