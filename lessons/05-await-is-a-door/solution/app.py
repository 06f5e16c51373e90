import asyncio

import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    price, stock = await asyncio.gather(
        upstream.price(item), upstream.stock(item)
    )
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
