"""Who waits for a loop: the tasks that could run and do not, and the connections they belong to.

All of it is read from what asyncio's tasks know of themselves, so an app that runs costs nothing.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextvars import Context
from typing import Any

from asgiviz.probe.current import connection


class Counted:
    """Numbers for connections, of which one can tell how far they are; one thread takes them."""

    __slots__ = ("_numbers", "last")

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self.last = 0

    def __iter__(self) -> Counted:
        return self

    def __next__(self) -> int:
        self.last = number = next(self._numbers)
        return number


def context_of(task: asyncio.Task[Any] | None) -> Context | None:
    """The context that a task runs in."""
    if task is None:
        return None
    if hasattr(task, "get_context"):  # Python 3.12
        context: Context | None = task.get_context()
        return context
    return next((held for held in gc.get_referents(task) if type(held) is Context), None)


def connection_of(task: Any) -> int | None:
    """The connection that a task works for; None for one of the server or of nobody."""
    context = context_of(task) if isinstance(task, asyncio.Task) else None
    return None if context is None else context.get(connection)


def ready_tasks(loop: asyncio.AbstractEventLoop) -> Iterator[tuple[int, Any]]:
    """Of every task that could go on and is not running: its connection, and the future that woke it (None: it is new,
    or gave way)."""
    current = asyncio.current_task(loop)
    for task in asyncio.all_tasks(loop):
        waiter = getattr(task, "_fut_waiter", None)
        if task is not current and (waiter is None or waiter.done()):
            conn = connection_of(task)
            if conn is not None:
                yield conn, waiter


def timers(loop: asyncio.AbstractEventLoop) -> dict[int, float]:
    """When each sleeping future is due, in the loop's time, by the future's id; of a loop in C that cannot be told."""
    due: dict[int, float] = {}
    for timer in list(getattr(loop, "_scheduled", ())):
        for argument in timer._args or ():  # noqa: SLF001  # a sleep's timer has its future there
            if asyncio.isfuture(argument):
                due[id(argument)] = timer.when()
    return due
