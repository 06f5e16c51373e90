# fails: together, quick | a call looks like a start; it only makes a coroutine
import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    asking_price = upstream.price(item)
    asking_stock = upstream.stock(item)
    price = await asking_price
    stock = await asking_stock
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
