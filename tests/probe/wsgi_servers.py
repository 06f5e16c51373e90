"""Waitress in a thread of the test, and an in-memory server for what needs no socket."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.handlers import SimpleHandler

from waitress import wasyncore  # type: ignore[import-untyped]  # waitress has no types
from waitress.server import create_server  # type: ignore[import-untyped]  # waitress has no types

from asgiviz.model.events import Event, Raw, expand


@contextmanager
def waitress(app: Any, threads: int = 2) -> Iterator[int]:
    """The port of a waitress that runs the app until the block ends."""
    server = create_server(app, host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.task_dispatcher.shutdown(timeout=20)
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(20)
        assert not thread.is_alive()


def undated(answer: bytes) -> bytes:
    """An answer without the moment it was made at."""
    return re.sub(rb"(?m)^Date: .*\r$", b"Date: now\r", answer)


class Handler(SimpleHandler):
    """wsgiref's server for one request in memory; what the app raises is kept in `raised`."""

    http_version = "1.1"

    def __init__(self, method: str = "GET", body: bytes = b"") -> None:
        self.written = io.BytesIO()
        self.raised: list[type[BaseException]] = []
        environ = {"REQUEST_METHOD": method, "SERVER_NAME": "h", "SERVER_PORT": "80", "SCRIPT_NAME": "", "PATH_INFO": "/"}
        environ |= {"CONTENT_LENGTH": str(len(body)), "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": ""}
        super().__init__(io.BytesIO(body), self.written, io.StringIO(), environ)

    def log_exception(self, exc_info: Any) -> None:
        self.raised.append(exc_info[0])


def answered(app: Any, method: str = "GET", body: bytes = b"") -> tuple[bytes, list[type[BaseException]]]:
    """What the server wrote for one request, and what it saw raised."""
    handler = Handler(method, body)
    handler.run(app)
    return undated(handler.written.getvalue()), handler.raised


def events_of(raws: list[Raw]) -> list[Event]:
    """The events so far."""
    return [expand(seq, raw, 0) for seq, raw in enumerate(list(raws), 1)]
