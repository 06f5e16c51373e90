# fails: legal, page-right | a task for the answer, and home before it is sent
import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    asyncio.create_task(answer(item, send))


async def answer(item, send):
    price, stock = await asyncio.gather(
        upstream.price(item), upstream.stock(item)
    )
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
