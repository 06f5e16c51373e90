import os
import time

WAIT = float(os.environ.get("WAIT", "0.5"))


def app(environ, start_response):
    time.sleep(WAIT)  # the kitchen cooks, the waiter stands still
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one dish\n"]
