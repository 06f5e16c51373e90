import legacy  # a blocking driver: you may not change it


async def app(scope, receive, send):
    assert scope["type"] == "http"
    # TODO: one client is in the driver, and everybody stands. Change it.
    row = legacy.query(scope["path"])
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
