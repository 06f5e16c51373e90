import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    price_task = asyncio.create_task(upstream.price(item))
    stock = await upstream.stock(item)
    price = await price_task
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
