"""Steps are told as they are, one at a time, and the tasks behave as if nobody told them."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import SCOPE, STEP_BEGIN, STEP_END, Raw
from asgiviz.probe.current import connection
from asgiviz.probe.steps import Stepped, record_steps
from asgiviz.probe.tap import Tap

Main = Callable[[], Coroutine[Any, Any, Any]]
LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
EAGER = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
HERE = str(Path(__file__))


def recorded(main: Main, new_loop: Callable[[], Any] = asyncio.new_event_loop) -> tuple[Any, list[Raw]]:
    """What `main()` gives on a loop whose steps are told, and what was told."""
    raws: list[Raw] = []

    async def outer() -> Any:
        with record_steps(asyncio.get_running_loop(), raws.append):
            return await main()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(outer()), raws


def steps(raws: list[Raw]) -> list[tuple[str, int, int | None]]:
    """Begins and ends, with task and connection."""
    names = {STEP_BEGIN: "begin", STEP_END: "end"}
    return [(names[raw[1]], raw[5]["task"], raw[2]) for raw in raws if raw[1] in names]


def places(raws: list[Raw]) -> list[Any]:
    """Where each step ended."""
    return [raw[5].get("at") for raw in raws if raw[1] == STEP_END]


def one_at_a_time(raws: list[Raw]) -> bool:
    """Whether each begin is followed by its own end, and by nothing else, in order of time."""
    told = steps(raws)
    in_turn = all(begin[0] == "begin" and end == ("end", *begin[1:]) for begin, end in zip(told[::2], told[1::2], strict=True))
    return in_turn and all(first[0] <= second[0] for first, second in pairwise(raws))


async def for_connection(conn: int, work: Awaitable[Any]) -> Any:
    """Work for a connection, as a child task of its handler would."""

    async def named() -> Any:
        return await work

    context = contextvars.copy_context()
    context.run(connection.set, conn)
    return await asyncio.get_running_loop().create_task(named(), context=context)


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_step_ends_at_the_line_that_awaits(new_loop: Callable[[], Any]) -> None:
    """It has file, line, function and code of the innermost await in the user's own code; the last step has none."""

    async def inner() -> None:
        await asyncio.sleep(0.001)

    async def work() -> None:
        await inner()

    _, raws = recorded(lambda: for_connection(7, work()), new_loop)
    assert [(what, conn) for what, _, conn in steps(raws)] == [("begin", 7), ("end", 7)] * 2
    where, last = places(raws)
    line = inner.__code__.co_firstlineno + 1
    assert where == {"file": HERE, "line": line, "function": "inner", "code": "await asyncio.sleep(0.001)"}
    assert last is None


def test_the_await_is_found_behind_async_generators_and_awaitables() -> None:
    """Async generators, `__await__` methods and gather are part of the chain."""

    class Later:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0.001).__await__()

    async def ticks() -> AsyncIterator[int]:
        await asyncio.sleep(0.001)
        yield 1

    async def work() -> None:
        async for _ in ticks():
            await Later()
        await asyncio.gather(asyncio.sleep(0.001))

    _, raws = recorded(lambda: for_connection(1, work()))
    mine = [(at["function"], at["code"]) for at in places(raws) if at is not None and at["file"] == HERE]
    assert mine == [
        ("ticks", "await asyncio.sleep(0.001)"),
        ("__await__", "yield from asyncio.sleep(0.001).__await__()"),
        ("work", "await asyncio.gather(asyncio.sleep(0.001))"),
    ]


def test_tasks_of_nobody_are_not_told() -> None:
    """Without a connection there is nothing to tell."""

    async def main() -> None:
        await asyncio.create_task(asyncio.sleep(0))

    assert recorded(main)[1] == []


def test_the_first_step_of_a_handler_begins_with_its_scope() -> None:
    """The task that the tap runs in is told from the scope on, and from there for its own connection."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)

    raws: list[Raw] = []

    async def main() -> None:
        with record_steps(asyncio.get_running_loop(), raws.append) as told:
            tap = Tap(app, raws.append, hosted=True, on_scope=told.belongs_to)

            async def server() -> None:  # keeps its task for the next request, as a pipelining server might
                for _ in range(2):
                    await tap({"type": "http"}, None, None)  # type: ignore[arg-type]

            await asyncio.create_task(server())

    asyncio.run(main())
    kinds = [(raw[1], raw[2]) for raw in raws if raw[1] in (SCOPE, STEP_BEGIN, STEP_END)]
    first = [(SCOPE, 1), (STEP_BEGIN, 1), (STEP_END, 1), (STEP_BEGIN, 1)]
    second = [(SCOPE, 2), (STEP_END, 1), (STEP_BEGIN, 2), (STEP_END, 2), (STEP_BEGIN, 2), (STEP_END, 2)]
    assert kinds == first + second


PLANS = st.lists(st.tuples(st.integers(1, 3), st.lists(st.sampled_from(["turn", "sleep", "child", "eager"]), max_size=4)))


@given(PLANS, st.booleans())
def test_steps_never_overlap(plans: list[tuple[int, list[str]]], eager: bool) -> None:
    """Whatever tasks do, also eager ones: each begin is followed by its end before another step begins."""

    async def do(deeds: list[str]) -> None:
        for index, deed in enumerate(deeds):
            if deed == "turn":
                await asyncio.sleep(0)
            elif deed == "sleep":
                await asyncio.sleep(0.0001)
            else:
                task = asyncio.create_task(do(deeds[index + 1 :]))
                if deed == "child":
                    await task

    async def main() -> None:
        if eager and sys.version_info >= (3, 12):
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await asyncio.gather(*(for_connection(conn, do(deeds)) for conn, deeds in plans))
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    _, raws = recorded(main)
    assert one_at_a_time(raws)
    assert {conn for _, _, conn in steps(raws)} == {conn for conn, _ in plans}


@EAGER
def test_an_eager_task_interrupts_the_step_that_starts_it() -> None:
    """The outer step ends at the line that starts the eager task and goes on behind it."""

    async def child() -> None:
        pass

    async def work() -> None:
        asyncio.create_task(child())  # noqa: RUF006

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        await for_connection(1, work())

    _, raws = recorded(main)
    outer, inner = (task for what, task, _ in steps(raws)[:3:2])
    assert steps(raws) == [(what, task, 1) for task in (outer, inner, outer) for what in ("begin", "end")]
    assert [at and at["function"] for at in places(raws)] == ["work", None, None]


# -- transparency ------------------------------------------------------------------------------------------------------


async def same_task() -> Any:
    task = asyncio.current_task()
    assert task is not None
    return task.get_name(), type(task), task in asyncio.all_tasks()


async def raises() -> None:
    await asyncio.sleep(0)
    raise KeyError("no")


async def cancelled() -> Any:
    task = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as error:
        return error.args, task.cancelled()


async def groups() -> Any:
    try:
        async with asyncio.TaskGroup() as group:
            slow = group.create_task(asyncio.sleep(60))
            group.create_task(raises())
    except ExceptionGroup as errors:
        return [repr(error) for error in errors.exceptions], slow.cancelled()


async def times_out() -> Any:
    try:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)
    except TimeoutError:
        return asyncio.current_task().cancelling()  # type: ignore[union-attr]


async def contexts() -> Any:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("v", default=0)
    await asyncio.create_task(asyncio.to_thread(variable.set, 1))

    async def change() -> None:
        variable.set(2)

    context = contextvars.copy_context()
    await asyncio.get_running_loop().create_task(change(), context=context)
    return variable.get(), context[variable]


async def left_generator() -> Any:
    ended = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    async for _ in numbers():
        break
    for _ in range(100):
        await asyncio.sleep(0)
    return ended


async def no_coroutine() -> Any:
    try:
        asyncio.get_running_loop().create_task(5)  # type: ignore[arg-type]
    except TypeError as error:
        return str(error)


async def results() -> Any:
    return await asyncio.gather(asyncio.sleep(0, "a"), asyncio.wait_for(asyncio.sleep(0, (1, 2)), 5), return_exceptions=True)


async def own_factory() -> Any:
    loop = asyncio.get_running_loop()
    made = []

    def factory(loop: Any, coro: Any, **options: Any) -> Any:
        made.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(factory)
    known = loop.get_task_factory() is factory
    await asyncio.create_task(same_task(), name="mine")
    loop.set_task_factory(None)
    return made, known, loop.get_task_factory()


async def looks_inside() -> Any:
    task = asyncio.create_task(raises())
    await asyncio.sleep(0)
    coro: Any = task.get_coro()
    stack = [frame.f_code.co_name for frame in task.get_stack()]
    told = (coro.__name__, coro.cr_running, stack, "raises" in repr(task))
    await asyncio.gather(task, return_exceptions=True)
    return told


@pytest.mark.parametrize(
    "main",
    [same_task, cancelled, groups, times_out, contexts, left_generator, no_coroutine, results, own_factory, looks_inside],
    ids=lambda main: main.__name__,
)
@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_tasks_behave_as_without(main: Main, new_loop: Callable[[], Any], debug: bool) -> None:
    """Results, errors, cancellation, names, contexts and factories are the same."""

    async def named() -> Any:
        asyncio.get_running_loop().set_debug(debug)
        return await asyncio.create_task(main(), name="it")

    with asyncio.Runner(loop_factory=new_loop) as runner:
        plain = runner.run(named())
    assert recorded(named, new_loop)[0] == plain
    assert plain is not None


def test_an_error_of_a_task_is_its_own_error() -> None:
    """What a task raises is the same object, raised at the same line."""

    async def main() -> None:
        await asyncio.create_task(raises())

    with pytest.raises(KeyError, match="no") as caught:
        recorded(main)
    assert [entry.name for entry in caught.traceback][-1] == "raises"


def test_what_is_recorded_ends_with_the_block() -> None:
    """Afterwards the loop makes its tasks as before."""

    async def main() -> Any:
        loop = asyncio.get_running_loop()
        with record_steps(loop, lambda raw: None):
            inside = asyncio.create_task(asyncio.sleep(0))
        outside = asyncio.create_task(asyncio.sleep(0))
        coros = type(inside.get_coro()), type(outside.get_coro())
        await asyncio.gather(inside, outside)
        return *coros, loop.get_task_factory()

    inside, outside, factory = asyncio.run(main())
    assert inside is Stepped
    assert outside is not Stepped
    assert factory is None
