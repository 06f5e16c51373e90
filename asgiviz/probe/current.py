"""Which connection is this code running for? Known in the task of the app, and in what was started from it."""

from __future__ import annotations

import threading
from contextvars import ContextVar

#: The connection the running code belongs to; set by the outermost tap.
connection: ContextVar[int | None] = ContextVar("asgiviz_connection", default=None)
#: Attribute of a `threading.Thread` that was started for a connection (see `probe.threads`).
THREAD_MARK = "_asgiviz_connection"


def current_connection() -> int | None:
    """The number of the connection that the calling code runs for, or None when that cannot be told."""
    conn = connection.get()
    if conn is None:
        conn = getattr(threading.current_thread(), THREAD_MARK, None)
    return conn
