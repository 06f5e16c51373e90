"""What thread pools hold is told when it changes, with the connections, and without changing anything."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.to_thread
import pytest
import uvloop

from asgiviz.model.events import POOL, Raw
from asgiviz.probe.current import connection
from asgiviz.probe.pools import Pools, default_executor, default_limiter
from asgiviz.probe.threads import carry_connections

LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
WAIT = 20.0

Loop = Callable[[], asyncio.AbstractEventLoop]


async def reached(condition: Callable[[], object]) -> None:
    """Wait for something that will happen."""
    async with asyncio.timeout(WAIT):
        while not condition():
            await asyncio.sleep(0.005)


async def look_during(work: Callable[[Callable[[], None]], Any], busy: Callable[[], bool]) -> list[dict[str, Any]]:
    """The pool events of a look while three connections do `work`, of another one just after, and of one at the end."""
    raws: list[Raw] = []
    pools = Pools(asyncio.get_running_loop(), raws.append)
    release = threading.Event()

    async def handler(conn: int) -> None:
        connection.set(conn)
        await work(wait)

    def wait() -> None:
        release.wait(WAIT)

    pools.look()
    with carry_connections():
        tasks = []
        for conn in (7, 8, 9):
            tasks.append(asyncio.create_task(handler(conn)))
            await asyncio.sleep(0.01)
        await reached(busy)
        pools.look()
        pools.look()
        release.set()
        await asyncio.gather(*tasks)
        await reached(lambda: not any(state_of(pools)))
        pools.look()
    assert all(raw[1] == POOL for raw in raws)
    return [raw[5] for raw in raws]


def state_of(pools: Pools) -> list[int]:
    """How many threads are in use, in each pool there is."""
    return [state["used"] for state in (pools._limiter(), pools._executor()) if state is not None]


async def in_executor(wait: Callable[[], None]) -> None:
    await asyncio.to_thread(wait)


async def in_limiter(wait: Callable[[], None]) -> None:
    await anyio.to_thread.run_sync(wait)


@pytest.mark.parametrize("new_loop", LOOPS)
def test_the_default_executor_is_told_with_its_queue(new_loop: Loop) -> None:
    """Two threads work for two connections and a third one waits; the same state is told once, and that it is free again."""

    async def main() -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(2))

        def busy() -> bool:
            executor = default_executor(loop)
            return executor is not None and executor._work_queue.qsize() == 1

        return await look_during(in_executor, busy)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        told = runner.run(main())
    conns = [{"conn": 7, "state": "running"}, {"conn": 8, "state": "running"}, {"conn": 9, "state": "waiting"}]
    assert told == [
        {"name": "executor", "used": 2, "size": 2, "waiting": 1, "conns": conns},
        {"name": "executor", "used": 0, "size": 2, "waiting": 0, "conns": []},
    ]


@pytest.mark.parametrize("new_loop", LOOPS)
def test_the_limiter_of_anyio_is_told_with_who_waits(new_loop: Loop) -> None:
    """Two of two tokens are borrowed by two connections, and a third one waits for one."""

    async def main() -> list[dict[str, Any]]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 2
        return await look_during(in_limiter, lambda: limiter.statistics().tasks_waiting == 1)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        told = runner.run(main())
    conns = [{"conn": 7, "state": "running"}, {"conn": 8, "state": "running"}, {"conn": 9, "state": "waiting"}]
    assert told == [
        {"name": "anyio", "used": 2, "size": 2, "waiting": 1, "conns": conns},
        {"name": "anyio", "used": 0, "size": 2, "waiting": 0, "conns": []},
    ]


@pytest.mark.parametrize("new_loop", LOOPS)
def test_pools_that_nobody_uses_are_not_made_by_looking(new_loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look finds no pool on a fresh loop, leaves none behind, and imports nothing."""
    monkeypatch.delitem(sys.modules, "anyio.lowlevel")
    raws: list[Raw] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        Pools(loop, raws.append).look()
        assert default_executor(loop) is None
        assert default_limiter(loop) is None

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    assert raws == []
    assert "anyio.lowlevel" not in sys.modules
