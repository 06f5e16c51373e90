"""What waits in thread pools: anyio's default limiter, and the default executor of the loop.

Only looked at, from the watch's thread, a few times a second; nothing is imported that the app has not, and nothing is
made that it did not make. A pool is told when its state changes: while it is in use, and once more when it is free again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread as executors
import gc
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.events import POOL, Emit
from asgiviz.probe.threads import RUN_FOR
from asgiviz.probe.waiting import connection_of

#: Entries of `conns` in one event; the counts are always whole.
MOST = 200
_WORK = executors._WorkItem.run.__code__  # noqa: SLF001  # the frame in which a worker runs what it was given


class Pools:
    """Tells what the pools of `loop` hold, as `pool` events."""

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Emit) -> None:
        self._loop = loop
        self._emit = emit
        self._told: dict[str, dict[str, Any]] = {}

    def look(self) -> None:
        """Look at both, and tell what has changed."""
        self._tell("anyio", self._limiter())
        self._tell("executor", self._executor())

    def _tell(self, name: str, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        idle = not (state["used"] or state["waiting"])
        if state == self._told.get(name) or (idle and name not in self._told):
            return
        self._told[name] = state
        if idle:
            del self._told[name]
        self._emit((now(), POOL, None, None, None, {"name": name, **state}))

    def _limiter(self) -> dict[str, Any] | None:
        """The limiter behind `anyio.to_thread.run_sync`, and so behind Starlette's and FastAPI's plain functions."""
        limiter = default_limiter(self._loop)
        if limiter is None:
            return None
        known = limiter.statistics()
        waiting = list(getattr(limiter, "_wait_queue", ()))
        return {
            "used": known.borrowed_tokens,
            "size": known.total_tokens,
            "waiting": known.tasks_waiting,
            "conns": _conns(map(connection_of, known.borrowers), map(connection_of, waiting)),
        }

    def _executor(self) -> dict[str, Any] | None:
        """The pool behind `asyncio.to_thread` and `run_in_executor(None, …)`."""
        executor = default_executor(self._loop)
        if executor is None:
            return None
        threads = {thread.ident for thread in list(executor._threads)}  # noqa: SLF001
        working = list(_working(threads))
        waiting = executor._work_queue.qsize()  # noqa: SLF001
        return {
            "used": len(working),
            "size": executor._max_workers,  # noqa: SLF001
            "waiting": waiting,
            "conns": _conns(working, _queued(executor) if waiting else ()),
        }


def default_limiter(loop: asyncio.AbstractEventLoop) -> Any:
    """anyio's default thread limiter for `loop`, if the app has used it; None as well where anyio keeps it elsewhere."""
    backend, lowlevel = sys.modules.get("anyio._backends._asyncio"), sys.modules.get("anyio.lowlevel")
    variable = getattr(backend, "_default_thread_limiter", None)
    variables = getattr(lowlevel, "_run_vars", {}).get(loop, {})
    return variables.get(variable) or variables.get(getattr(variable, "_name", None))  # older versions keep it by name


def default_executor(loop: asyncio.AbstractEventLoop) -> ThreadPoolExecutor | None:
    """The loop's default executor, if it has been used."""
    executor = getattr(loop, "_default_executor", None)
    if executor is None and not hasattr(loop, "_default_executor"):  # a loop in C shows it only to the garbage collector
        executor = next((held for held in gc.get_referents(loop) if isinstance(held, ThreadPoolExecutor)), None)
    return executor if isinstance(executor, ThreadPoolExecutor) else None


def _working(threads: set[int | None]) -> Iterator[int | None]:
    """For each of the threads that is at work, the connection it works for."""
    frames = sys._current_frames() if threads else {}  # noqa: SLF001  # public but for its name
    for thread in threads & frames.keys():
        frame, conn = frames[thread], None  # type: ignore[index]  # None is no key of it
        while frame is not None and frame.f_code is not _WORK:
            if frame.f_code is RUN_FOR:
                conn = frame.f_locals.get("conn")
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None:
            yield conn


def _queued(executor: ThreadPoolExecutor) -> Iterator[int | None]:
    """The connections of what stands in the executor's queue, which only the garbage collector can look into."""
    for held in gc.get_referents(executor._work_queue):  # noqa: SLF001
        for item in held if isinstance(held, list) else [held]:
            given = getattr(item, "task", None) or (getattr(item, "fn", None), getattr(item, "args", ()))
            if getattr(given[0], "__code__", None) is RUN_FOR and given[1]:
                yield given[1][0]


def _conns(running: Iterable[int | None], waiting: Iterable[int | None]) -> list[dict[str, Any]]:
    known = [(conn, "running") for conn in running if conn is not None]
    known += [(conn, "waiting") for conn in waiting if conn is not None]
    return [{"conn": conn, "state": state} for conn, state in sorted(known)[:MOST]]
