import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    async with asyncio.TaskGroup() as group:
        price_task = group.create_task(upstream.price(item))
        stock_task = group.create_task(upstream.stock(item))
    price, stock = price_task.result(), stock_task.result()
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
