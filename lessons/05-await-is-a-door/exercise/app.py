import upstream  # two services somewhere else, see upstream.py


async def app(scope, receive, send):
    assert scope["type"] == "http"
    item = scope["path"].strip("/")
    # TODO: the second question waits for the first answer. Why should it?
    price = await upstream.price(item)
    stock = await upstream.stock(item)
    page = f"{price}, {stock}"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": page.encode()})
