import os
import time

import asgiviz

WAIT = float(os.environ.get("WAIT", "0.2"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    for step in (1, 2, 3):
        asgiviz.note(f"step {step}")
        time.sleep(WAIT / 5)  # the step: it needs the runner
        time.sleep(WAIT)  # no door
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"three steps\n"})
