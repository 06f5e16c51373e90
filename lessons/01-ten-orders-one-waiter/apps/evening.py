import os
import threading
import time

import asgiviz

WAIT = float(os.environ.get("WAIT", "0.5"))
waiter = threading.local()  # each thread has one of its own


def app(environ, start_response):
    waiter.guests = getattr(waiter, "guests", 0) + 1
    asgiviz.note(f"round {waiter.guests}")  # into the recording
    time.sleep(WAIT)  # the kitchen cooks, the waiter stands still
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one dish\n"]
