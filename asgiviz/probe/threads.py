"""Threads know their connection: what a handler hands to a thread or a thread pool stays tied to its connection.

Only asgiviz's own mark travels; the app's context variables behave as they always do (a pool's worker does not see them).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from asgiviz.probe.current import THREAD_MARK, connection, current_connection

#: Threads of these packages serve many connections: what they run carries its own context.
_POOLS = frozenset({"anyio", "trio"})


@contextmanager
def carry_connections() -> Iterator[None]:
    """While open, `ThreadPoolExecutor.submit` and `Thread.start` take the current connection along."""
    submit, start = ThreadPoolExecutor.submit, threading.Thread.start

    def submit_here(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        conn = current_connection()
        if conn is None:
            return submit(self, fn, *args, **kwargs)
        return submit(self, _run_for, conn, fn, *args, **kwargs)

    def start_here(self: threading.Thread) -> None:
        conn = current_connection()
        if conn is not None and not _is_pool_worker(self):
            setattr(self, THREAD_MARK, conn)
        start(self)

    ThreadPoolExecutor.submit = submit_here  # type: ignore[method-assign,assignment]
    threading.Thread.start = start_here  # type: ignore[method-assign]
    try:
        yield
    finally:
        ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]
        threading.Thread.start = start  # type: ignore[method-assign]


def _run_for(conn: int, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = connection.set(conn)
    try:
        return fn(*args, **kwargs)
    finally:
        connection.reset(token)


#: A frame with this code runs something for the connection in its `conn`.
RUN_FOR = _run_for.__code__


def _is_pool_worker(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", None) == "concurrent.futures.thread" or type(thread).__module__.split(".")[0] in _POOLS
