import os
import time

WAIT = float(os.environ.get("WAIT", "1"))


def app(environ, start_response):
    time.sleep(WAIT)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done\n"]
