# fails: together, loop-free, fast-enough | "async def" and "await" around the same blocking call
import legacy


async def query(path):
    return legacy.query(path)


async def app(scope, receive, send):
    assert scope["type"] == "http"
    row = await query(scope["path"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
