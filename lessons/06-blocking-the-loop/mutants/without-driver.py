# fails: driver-called | waits politely, and never asks the driver
import asyncio


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(1)
    row = f"row {scope['path']}"
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
