# fails: both-asked | started as tasks, and then asked once more
import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    asyncio.create_task(upstream.price(item))
    asyncio.create_task(upstream.stock(item))
    price, stock = await asyncio.gather(
        upstream.price(item), upstream.stock(item)
    )
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
