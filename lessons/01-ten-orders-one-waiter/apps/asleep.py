import os
import time

WAIT = float(os.environ.get("WAIT", "0.5"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    time.sleep(WAIT)  # the kitchen cooks, the waiter falls asleep
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"one dish\n"})
