"""Steps: which task the loop lets run, from when to when, and at which await it gives the loop back.

The loop's task factory puts a `Stepped` around each coroutine, and the loop drives that; the task itself is the loop's own.
Steps of one loop never overlap: an eager task, which begins inside of another's step, ends that one for as long as it runs.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter_ns as now
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

from asgiviz.model.events import STEP_BEGIN, STEP_END, Emit
from asgiviz.probe.current import connection
from asgiviz.probe.source_files import is_user_file
from asgiviz.probe.stacks import Place, places

#: Stand between an await and what it awaits, and show that only to the garbage collector.
_BETWEEN = frozenset({"async_generator_asend", "async_generator_athrow", "coroutine_wrapper", "anext_awaitable"})

TaskFactory = Callable[..., "asyncio.Future[Any]"]


@contextmanager
def record_steps(loop: asyncio.AbstractEventLoop, emit: Emit) -> Iterator[Steps]:
    """While open, tasks that `loop` makes tell their steps, those that work for a connection.

    The app may set a task factory of its own: it is called with the coroutine that tells. A task that is made without the
    loop (`asyncio.Task(…)`) tells nothing.
    """
    steps = Steps(emit)
    theirs = loop.get_task_factory()
    set_factory = loop.set_task_factory

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Future[Any]:
        followed = steps.follow(coro)
        return asyncio.Task(followed, loop=loop, **options) if theirs is None else theirs(loop, followed, **options)

    def set_theirs(factory: Any) -> None:
        nonlocal theirs
        if factory is not None and not callable(factory):
            set_factory(factory)  # refuses it in the loop's own words
        theirs = factory

    set_factory(make)
    loop.set_task_factory = set_theirs  # type: ignore[method-assign]
    loop.get_task_factory = lambda: theirs  # type: ignore[method-assign]
    try:
        yield steps
    finally:
        del loop.set_task_factory, loop.get_task_factory  # the class's own are there again
        loop.set_task_factory(theirs)


class Steps:
    """Tells the steps of one loop, in its thread."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._numbers = itertools.count(1)
        self._running: Stepped | None = None

    def follow(self, coro: Any) -> Any:
        """What a task is to run in place of `coro`; something that is no coroutine stays what it is."""
        return Stepped(coro, self, next(self._numbers)) if isinstance(coro, Coroutine) else coro

    def belongs_to(self, conn: int) -> None:
        """From here on the running task works for `conn`: the tap says so when it has recorded the scope."""
        task = self._running
        if task is None or task.conn == conn:
            return
        self._end(task, partial(_standing, sys._getframe(1)))  # noqa: SLF001  # public but for its name
        task.conn = conn
        self._begin(task)

    def enter(self, task: Stepped) -> Stepped | None:
        """`task` runs; what is given back was running before."""
        outer = self._running
        if outer is not None:
            self._end(outer, partial(_standing, sys._getframe(2)))  # noqa: SLF001  # behind `_step`: that is of the new task
        self._running = task
        task.conn = connection.get()
        self._begin(task)
        return outer

    def leave(self, task: Stepped, outer: Stepped | None, ended: bool) -> None:
        """`task` gives the loop back, to `outer` if that was running before, or has `ended`."""
        self._end(task, None if ended else task.awaits)
        self._running = outer
        if outer is not None:
            self._begin(outer)

    def _begin(self, task: Stepped) -> None:
        if task.conn is not None:
            self._emit((now(), STEP_BEGIN, task.conn, None, None, {"task": task.number}))

    def _end(self, task: Stepped, where: Callable[[], Place | None] | None) -> None:
        if task.conn is None:
            return
        t = now()
        at = None if where is None else where()
        fields = {"task": task.number} if at is None else {"task": task.number, "at": at}
        self._emit((t, STEP_END, task.conn, None, None, fields))


class Stepped(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are told; in all else it is `coro`."""

    __slots__ = ("__weakref__", "_coro", "_steps", "conn", "number")

    def __init__(self, coro: Coroutine[Any, Any, Any], steps: Steps, number: int) -> None:
        self._coro = coro
        self._steps = steps
        self.number = number
        #: for whom it runs, or ran last
        self.conn: int | None = None

    def send(self, value: Any) -> Any:
        """One step."""
        return self._step(self._coro.send, value)

    def throw(self, *error: Any) -> Any:
        """One step, which begins with an error: most often the task is cancelled."""
        return self._step(self._coro.throw, *error)

    def close(self) -> None:
        """No step: the coroutine is thrown away, whoever runs."""
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)

    def __repr__(self) -> str:
        return repr(self._coro)

    def _step(self, go: Callable[..., Any], *arguments: Any) -> Any:
        outer = self._steps.enter(self)
        try:
            yielded = go(*arguments)
        except BaseException:
            self._steps.leave(self, outer, ended=True)
            raise
        self._steps.leave(self, outer, ended=False)
        return yielded

    def awaits(self) -> Place | None:
        """Where it waits: the innermost frame in the user's own code, else the innermost."""
        return _place(_awaiting(self._coro))


def _place(outermost_first: Iterator[FrameType]) -> Place | None:
    innermost: FrameType | None = None
    users: FrameType | None = None
    for frame in outermost_first:
        innermost = frame
        if is_user_file(frame.f_code.co_filename):
            users = frame
    told = users or innermost
    if told is None:
        return None
    code = told.f_code
    return places(((code.co_filename, told.f_lineno or code.co_firstlineno, code.co_name),))[0]


def _awaiting(link: Any) -> Iterator[FrameType]:
    """The frames of a chain of awaits, beginning with the task's own coroutine."""
    while link is not None:
        frame: FrameType | None = None
        if isinstance(link, CoroutineType):
            frame, link = link.cr_frame, link.cr_await
        elif isinstance(link, GeneratorType):
            frame, link = link.gi_frame, link.gi_yieldfrom
        elif isinstance(link, AsyncGeneratorType):
            frame, link = link.ag_frame, link.ag_await
        elif type(link).__name__ in _BETWEEN:
            link = next((held for held in gc.get_referents(link) if _is_link(held)), None)
        else:
            return
        if frame is not None:
            yield frame


def _is_link(held: Any) -> bool:
    return isinstance(held, (CoroutineType, GeneratorType, AsyncGeneratorType)) or type(held).__name__ in _BETWEEN


def _standing(frame: FrameType | None) -> Place | None:
    """Where a task stands that runs, in or outside of `frame`, when its step ends without an await."""
    frames = []
    while frame is not None and frame.f_code is not _STEP:
        frames.append(frame)
        frame = frame.f_back
    return _place(reversed(frames))


_STEP = Stepped._step.__code__  # noqa: SLF001  # the frame below which a task's own code runs
