# fails: both-asked, page-right | one question is quicker than two; it is also wrong
import upstream


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    stock = await upstream.stock(item)
    price = stock
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
