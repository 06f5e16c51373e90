"""The watch on a loop: what counts as one callback that holds it, what is told, and that nothing of the app is kept."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import time
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from asgiviz.model.events import STALL, Raw
from asgiviz.probe import loop_clocks, loop_watch
from asgiviz.probe.loop_clocks import LoopClocks
from asgiviz.probe.loop_watch import watch_loop
from asgiviz.probe.source_files import is_user_file
from asgiviz.probe.stacks import look
from asgiviz.probe.waiting import Counted

#: real terminals, loops that are held, a whole screen: they take their time
pytestmark = pytest.mark.slow

LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]
SOON = 0.15  # seconds in which the end of a stall is told, many times over

Loop = Callable[[], asyncio.AbstractEventLoop]


def stalls_in(main: Callable[[], Awaitable[None]], new_loop: Loop = asyncio.new_event_loop) -> list[dict[str, Any]]:
    """The stalls that a watch with a threshold of 50 ms tells while `main` runs."""
    raws: list[Raw] = []

    async def watched() -> None:
        with watch_loop(raws.append, 50, Counted(itertools.count(1))):
            await asyncio.sleep(SOON)
            await main()
            await asyncio.sleep(SOON)

    gc.freeze()  # what other tests have left would make a collection a stall of its own, and a true one
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(watched(), context=contextvars.Context())  # whatever other tests have left in ours
    finally:
        gc.unfreeze()
    return [raw[5] for raw in raws if raw[1] == STALL]


def compute(seconds: float) -> None:
    """Keep the processor busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.mark.parametrize("new_loop", LOOPS)
def test_the_line_that_held_longest_is_told(new_loop: Loop) -> None:
    """Of a callback that stands in three lines one after the other, the one where it stood longest is reported."""

    async def main() -> None:
        time.sleep(0.1)
        time.sleep(0.5)  # longest
        time.sleep(0.1)

    (stall,) = stalls_in(main, new_loop)
    assert stall["stack"][0]["code"] == "time.sleep(0.5)  # longest"
    assert Path(stall["stack"][0]["file"]) == Path(__file__)
    assert stall["user_frame"] == 0
    assert stall["ms"] >= 50


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_long_stall_is_told_while_it_lasts(new_loop: Loop) -> None:
    """After a second it is told as ongoing, and under the same number again, longer, when it is over."""

    async def main() -> None:
        time.sleep(1.3)

    first, last = stalls_in(main, new_loop)
    assert first["ongoing"]
    assert "ongoing" not in last
    assert first["id"] == last["id"]
    assert 1000 <= first["ms"] < last["ms"]


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_turn_with_thousands_of_short_callbacks_is_no_stall(new_loop: Loop) -> None:
    """A heartbeat waits behind them for half a second, in the same lines of one function, and no callback is to blame."""

    async def main() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        for _ in range(5_000):
            loop.call_soon(compute, 0.0001)
        loop.call_soon(done.set)
        await done.wait()

    assert stalls_in(main, new_loop) == []


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_task_that_gives_way_is_no_stall(new_loop: Loop) -> None:
    """A task that computes for half a second in steps of a millisecond never holds the loop."""

    async def main() -> None:
        for _ in range(500):
            compute(0.001)
            await asyncio.sleep(0)

    assert stalls_in(main, new_loop) == []


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_plain_callback_that_waits_is_a_stall(new_loop: Loop) -> None:
    """What holds the loop need not be a task."""

    def hold() -> None:
        time.sleep(0.4)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(hold)
        await asyncio.sleep(0)

    (stall,) = stalls_in(main, new_loop)
    assert stall["stack"][0]["function"] == "hold"
    assert stall["culprit"] is None


def test_a_debugger_is_not_blamed() -> None:
    """A callback that stands in a debugger is left out."""
    debugger: dict[str, Any] = {"__name__": "pdb", "sleep": time.sleep}
    exec("def interaction():\n    sleep(0.4)\n", debugger)  # a frame of that module

    async def main() -> None:
        debugger["interaction"]()

    assert stalls_in(main) == []


def test_what_a_callback_used_dies_with_it() -> None:
    """Nothing of the app is kept alive by being looked at, not even during a stall."""

    class Thing:
        pass

    alive: list[bool] = []

    def hold() -> weakref.ref[Thing]:
        thing = Thing()
        time.sleep(0.2)
        return weakref.ref(thing)

    async def main() -> None:
        for _ in range(5):
            alive.append(hold()() is not None)  # one stall after the other
            await asyncio.sleep(0.01)

    assert len(stalls_in(main)) == 5
    assert alive == [False] * 5


def test_a_waiting_loop_shows_nothing() -> None:
    """While the loop waits for something to do there is no callback to see."""
    import threading

    seen: list[object] = []
    loop = asyncio.new_event_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        loop_thread = threading.get_ident()
        watcher = threading.Timer(0.1, lambda: seen.append(look(loop_thread, loop, None, True)))
        watcher.start()
        runner.run(asyncio.sleep(0.3))
        watcher.join()
    assert seen == [None]


def test_a_late_waking_alone_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that wakes late, while nothing computed and nobody stood in line for the interpreter, blames nobody."""
    clocks = LoopClocks()
    try:
        for computed in (0, 10**10):  # of the loop's thread: nothing, or all the time
            figures = itertools.count(0, computed)
            monkeypatch.setattr(clocks, "_computed", lambda figures=figures: next(figures))
            monkeypatch.setattr(loop_clocks, "now", itertools.count(0, 500_000_000).__next__)
            nap, late = clocks.nap(0.001, 25_000_000, lambda late: late)
            assert late == nap.late >= 25_000_000
            assert not nap.kept
    finally:
        clocks.close()


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/home/me/shop/orders.py", True),
        ("/home/me/shop/.venv/lib/python3.11/site-packages/fastapi/routing.py", False),
        (asyncio.__file__, False),
        (loop_watch.__file__, False),
        (str(Path(loop_watch.__file__).parents[1] / "demo" / "app.py"), True),
        (str(Path(loop_watch.__file__).parents[1] / "_lessons" / "06-blocking" / "apps" / "one.py"), True),
        ("<frozen importlib._bootstrap>", False),
    ],
)
def test_whose_code_a_file_is(file: str, own: bool) -> None:
    """The user's own is what is neither Python's nor installed nor ours; demo and lessons stand for the user's."""
    assert is_user_file(file) is own


def test_stalls_in_a_row_are_told_one_by_one() -> None:
    """While the end of one is looked at, the next is seen already; none is told twice."""

    async def hold() -> None:
        time.sleep(0.2)

    async def main() -> None:
        await asyncio.gather(*(hold() for _ in range(5)))

    told = stalls_in(main)
    assert 4 <= len(told) <= 5  # a full machine may hide one
    assert len({stall["id"] for stall in told}) == len(told)
    assert sum(stall["ms"] for stall in told) < 1_500
