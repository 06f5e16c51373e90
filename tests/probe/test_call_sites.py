"""Recorded closely, each call has the lines of code that led to it, and a call that was never awaited is told."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import inspect
import itertools
import linecache
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import starlette.responses
import trio
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from asgiviz.model.events import Ev, Event
from asgiviz.probe import call_sites
from asgiviz.probe.call_sites import MOST_FRAMES
from asgiviz.probe.tap import Tap
from tests.loops import LOOPS, run
from tests.probe.listening import SCOPE, Listening, deaf_send, silent_receive

HERE = __file__
never_awaited = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


def listen(app: Any, main: Callable[[Any], Any] = asyncio.run) -> list[Event]:
    """The events of one call of `app`, recorded closely; where the app itself is defined is told first, and left out."""
    heard = Listening(app, closely=True)
    main(heard.tap(SCOPE, silent_receive, deaf_send))
    gc.collect()
    return of_calls(heard.events)


def of_calls(events: Iterable[Event]) -> list[Event]:
    """All events but the sites of apps."""
    return [event for event in events if event.get("what") != "app"]


def test_the_app_itself_has_a_place() -> None:
    """For what it did not do: a function, a method, a class with __call__, behind a decorator; nothing that is not Python's."""

    class Framework:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Does nothing."""

        async def other(self, scope: Any, receive: Any, send: Any) -> None:
            """Likewise."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Likewise."""

    @functools.wraps(app)
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    for each, name in (
        (app, "app"),
        (wrapped, "app"),
        (Framework(), "Framework.__call__"),
        (Framework().other, "Framework.other"),
    ):
        heard = Listening(each, closely=True)
        asyncio.run(heard.tap(SCOPE, silent_receive, deaf_send))
        [place] = heard.events[1].get("stack")
        assert (place["file"], place["function"]) == (HERE, name)
        assert linecache.getline(HERE, place["line"]).strip().startswith(("async def", "@functools"))
    assert call_sites.place_of(len) is None


def codes(event: Event) -> list[str]:
    """The lines of code in this file that an event's stack names, innermost first."""
    return [linecache.getline(HERE, frame["line"]).strip() for frame in event.get("stack") if frame["file"] == HERE]


def told(events: Iterable[Event], ev: Ev) -> list[tuple[str, list[str]]]:
    """What was called, and from which lines of this file, of each event of a kind."""
    return [(event.get("what"), codes(event)) for event in events if event.ev == ev]


async def on_any_loop(scope: Any, receive: Any, send: Any) -> None:
    """Receives and sends, one of them in a function."""
    await receive()
    await answer(send)


async def answer(send: Any) -> None:
    """Sends something that takes several lines."""
    await send(
        {"type": "x"},
    )


def by_hand(coroutine: Any) -> None:
    """Run a coroutine that never waits, without a loop."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def on_trio(coroutine: Any) -> None:
    """Run a coroutine on trio."""
    run("trio", lambda: coroutine)


@pytest.mark.parametrize("main", [asyncio.run, on_trio, uvloop.run, by_hand], ids=["asyncio", "trio", "uvloop", "no loop"])
def test_each_call_is_preceded_by_its_place(main: Callable[[Any], Any]) -> None:
    """On any loop: the line of the await and those around it, and nothing of asgiviz, the server or the loop."""
    events = listen(on_any_loop, main)
    assert told(events, Ev.SITE) == [("receive", ["await receive()"]), ("send", ["await send(", "await answer(send)"])]
    assert [len(event.get("stack")) for event in events if event.ev == Ev.SITE] == [1, 2]
    for site, begin in itertools.pairwise(events):
        if site.ev == Ev.SITE:
            assert begin.ev == f"{site.get('what')}.begin"
            assert (site.conn, site.layer, site.call) == (begin.conn, begin.layer, begin.call)


@pytest.mark.parametrize("loop", LOOPS)
def test_another_task_has_the_place_where_it_called(loop: str) -> None:
    """A send from a task that the app started names the task's own lines, and none of the loop or of who runs that."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if loop == "asyncio":
            await asyncio.create_task(answer(send))
        else:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer, send)

    sites = [event for event in listen(app, lambda coroutine: run(loop, lambda: coroutine)) if event.ev == Ev.SITE]
    assert [codes(site) for site in sites] == [["await send("]]
    assert len(sites[0].get("stack")) == 1


def test_a_plain_callback_has_the_place_where_it_called() -> None:
    """A function that the loop calls by itself is named, and the loop that calls it is not."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: done.set_result(send({"type": "x"})))
        await (await done)

    sites = [event for event in listen(app) if event.ev == Ev.SITE]
    assert [frame["function"] for frame in sites[0].get("stack")] == ["<lambda>"]


def test_a_call_that_is_made_here_and_awaited_there_has_the_place_where_it_was_made() -> None:
    """A coroutine that is handed to a task, or kept for later, names the line of `send(…)`, and is not called forgotten."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        later = send({"type": "second"})
        assert "send" in f"{later.__qualname__} {asyncio.create_task(receive())}"  # somebody else writes its name
        await asyncio.create_task(send({"type": "first"}))
        await later
        await asyncio.gather(receive(), asyncio.wait_for(receive(), 5))

    events = listen(app)
    assert told(events, Ev.SITE)[1:] == [
        ("send", ['await asyncio.create_task(send({"type": "first"}))']),
        ("send", ['later = send({"type": "second"})']),
        ("receive", ["await asyncio.gather(receive(), asyncio.wait_for(receive(), 5))"]),
        ("receive", ["await asyncio.gather(receive(), asyncio.wait_for(receive(), 5))"]),
    ]
    assert told(events, Ev.UNAWAITED) == []


@never_awaited
def test_a_forgotten_await_is_told() -> None:
    """As a statement or in a variable, of send with the message and of receive; each with its line, in its connection."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        send({"type": "statement", "body": b"x" * 5_000})
        kept = send({"type": "variable"})
        receive()
        await asyncio.sleep(0)
        del kept

    events = [event for event in listen(app) if event.ev == Ev.UNAWAITED]
    assert told(events, Ev.UNAWAITED) == [
        ("send", ['send({"type": "statement", "body": b"x" * 5_000})']),
        ("receive", ["receive()"]),
        ("send", ['kept = send({"type": "variable"})']),
    ]
    assert [event.get("message", {}).get("type") for event in events] == ["statement", None, "variable"]
    assert {(event.conn, event.layer, event.call) for event in events} == {(1, 0, None)}


@never_awaited
def test_a_forgotten_call_in_a_cycle_is_told_when_it_is_collected() -> None:
    """The garbage collector finds it after the app has returned."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        ring: list[Any] = [send({"type": "x"})]
        ring.append(ring)

    gc.disable()
    try:
        events = listen(app)
    finally:
        gc.enable()
    assert [event.ev for event in events] == [Ev.SCOPE, Ev.EXIT, Ev.UNAWAITED]


@pytest.mark.parametrize("ending", ["cancelled task", "closed", "no time left"])
def test_a_call_that_somebody_ended_was_not_forgotten(ending: str) -> None:
    """A task that is cancelled before its first step, a coroutine that is closed, a time-out of 0: Python complains of none."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if ending == "closed":
            send({"type": "x"}).close()
        elif ending == "cancelled task":
            task = asyncio.create_task(send({"type": "x"}))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(receive(), 0)

    assert told(listen(app), Ev.UNAWAITED) == []


def test_pythons_own_warning_is_the_one_without_closely() -> None:
    """The same words, which name `send` or `receive`, at the same line of the app."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        send({"type": "x"})
        receive()

    seen = []
    for closely in (False, True):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            asyncio.run(Listening(app, closely=closely).tap(SCOPE, silent_receive, deaf_send))
        seen.append([(str(one.message), one.filename, one.lineno) for one in caught])
    assert seen[0] == seen[1]
    assert [words.split("'")[1].rpartition(".")[2] for words, *_ in seen[1]] == ["send", "receive"]
    assert {file for _, file, _ in seen[1]} == {HERE}


def test_the_lines_are_coroutine_functions_and_give_coroutines() -> None:
    """Whoever asks what kind of function receive and send are gets the same answers as without closely."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for line, arguments in ((receive, ()), (send, ({"type": "x"},))):
            coroutine = line(*arguments)
            seen.append((inspect.iscoroutinefunction(line), asyncio.iscoroutinefunction(line), line.__name__))
            seen.append((inspect.iscoroutine(coroutine), coroutine.__name__, str(coroutine.__qualname__)))
            seen.append((inspect.signature(line).parameters.keys(), inspect.getcoroutinestate(coroutine)))
            await coroutine

    for closely in (False, True):
        asyncio.run(Listening(app, closely=closely).tap(SCOPE, silent_receive, deaf_send))
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert seen[0] == (True, True, "receive")


async def hello(request: Request) -> starlette.responses.Response:
    """An endpoint that calls no send itself."""

    async def pieces() -> Any:
        yield "hello"

    return starlette.responses.StreamingResponse(pieces())


class Shouting:
    """A middleware of the user's own around everything."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        def shout(message: Any) -> Any:
            return send({**message})

        await self.app(scope, receive, shout)


def test_of_a_deep_stack_the_users_own_lines_are_told() -> None:
    """Under all of Starlette the line of the user's middleware is there, and the innermost frames, in order."""
    app = Starlette(routes=[Route("/", hello)])
    for _ in range(4):
        app = Shouting(app)  # type: ignore[assignment]  # an app is an app
    heard = Listening(app, closely=True)
    scope = {**SCOPE, "asgi": {"version": "3.0", "spec_version": "2.4"}}  # before 2.4 it streams in a task of its own
    asyncio.run(heard.tap({**scope, "query_string": b"", "root_path": ""}, silent_receive, deaf_send))
    sites = [event for event in of_calls(heard.events) if event.ev == Ev.SITE and event.get("what") == "send"]
    assert len(sites) >= 2
    for site in sites:
        stack = site.get("stack")
        assert len(stack) <= MOST_FRAMES
        assert stack[0]["file"] == HERE
        assert codes(site)[-4:] == ["await self.app(scope, receive, shout)"] * 4
        assert any("starlette" in Path(frame["file"]).parts for frame in stack)


async def sink(depth: int, send: Any) -> None:
    """Sends from a deep place."""
    if depth:
        await sink(depth - 1, send)
    else:
        await send({"type": "x"})


@pytest.mark.parametrize("depth", [3, 11, 12, 60, 300])
def test_a_stack_is_bounded(depth: int) -> None:
    """However deep it is, at most twelve frames are told, the innermost ones of the user's."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sink(depth, send)

    (site,) = [event for event in listen(app) if event.ev == Ev.SITE]
    assert len(site.get("stack")) == min(depth + 2, MOST_FRAMES)
    assert codes(site)[0] == 'await send({"type": "x"})'


def test_what_is_remembered_of_places_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that is made afresh for each call is told truly and fills no memory."""
    monkeypatch.setattr(call_sites, "MOST_SITES", 20)
    heard = Listening(lambda *line: made(*line), closely=True)

    def called(send: Any) -> Any:
        return send({})

    async def made(scope: Any, receive: Any, send: Any) -> None:
        for number in range(100):
            await FunctionType(called.__code__.replace(co_firstlineno=number + 1), {})(send)

    asyncio.run(heard.tap(SCOPE, silent_receive, deaf_send))
    sites = [event.get("stack")[0] for event in of_calls(heard.events) if event.ev == Ev.SITE]
    assert [site["line"] for site in sites] == [number + 2 for number in range(100)]
    assert len(call_sites._sites) <= 20


class Layer:
    """A middleware between two taps, which hands on in a function of its own."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def pass_on(message: Any) -> None:
            await send({**message, "seen": True})

        await self.app({**scope}, receive, pass_on)


@pytest.mark.parametrize("loop", LOOPS)
def test_taps_inside_of_each_other_are_layers_of_one_connection(loop: str) -> None:
    """Each has its own calls and its own lines; they share the number that the outermost has given, also side by side."""
    heard = Listening(None, closely=True)  # type: ignore[arg-type]  # the taps further in need its memory
    heard.tap.app = Layer(Tap(Layer(Tap(on_any_loop, heard.raws.append, layer=2)), heard.raws.append, layer=1, closely=True))

    async def main() -> None:
        if loop == "asyncio":
            await asyncio.gather(*(heard.tap(dict(SCOPE), silent_receive, deaf_send) for _ in range(2)))
        else:
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(heard.tap, dict(SCOPE), silent_receive, deaf_send)

    run(loop, main)
    for conn in (1, 2):
        events = [event for event in heard.events if event.conn == conn]
        assert [event.layer for event in events if event.ev == Ev.SCOPE] == [0, 1, 2]
        assert [event.layer for event in events if event.ev == Ev.EXIT] == [2, 1, 0]
        assert [event.layer for event in events if event.ev == Ev.SEND_BEGIN] == [2, 1, 0]
        assert [event.call for event in events if event.ev == Ev.SEND_BEGIN] == [2, 2, 2]
        stacks = [event.get("stack") for event in events if event.ev == Ev.SITE]
        assert {frame["file"] for stack in stacks for frame in stack} == {HERE}
        sites = {event.layer: codes(event) for event in events if event.ev == Ev.SITE and event.get("what") == "send"}
        outer = ["await self.app({**scope}, receive, pass_on)"]
        lines = ['await send({**message, "seen": True})', "await send(", "await answer(send)"]
        assert sites == {1: [*lines, *outer], 0: [lines[0], *lines, *outer, *outer]}


def test_an_inner_tap_without_a_connection_around_it_lets_everything_pass() -> None:
    """In a context of its own nobody can tell whose call it is: nothing is recorded, nothing is changed."""
    raws: list[Any] = []
    inner = Tap(on_any_loop, raws.append, layer=1, closely=True)

    async def main() -> None:
        await asyncio.create_task(inner(SCOPE, silent_receive, deaf_send), context=contextvars.Context())

    asyncio.run(main())
    assert raws == []


async def shared(first: Any, second: Any, change: Callable[[Any], None] = lambda scope: None) -> list[Event]:
    """The `shares` events of two connections, the second of which begins while the first is open and has changed its scope."""
    changed, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope is second and changed.is_set():
            return
        change(scope)
        changed.set()
        await ended.wait()

    heard = Listening(app, closely=True)
    one = asyncio.create_task(heard.tap(first, silent_receive, deaf_send))
    await changed.wait()
    await heard.tap(second, silent_receive, deaf_send)
    ended.set()
    await one
    await heard.tap(second, silent_receive, deaf_send)  # alone
    return [event for event in heard.events if event.ev == Ev.SHARES]


def test_a_state_or_a_scope_of_two_open_connections_is_told() -> None:
    """The later one says which object it has in common, and with whom; a copy, and what is over, is nothing."""
    state: dict[str, Any] = {}
    one, two, apart = {"type": "http", "state": state}, {"type": "http", "state": state}, {"type": "http", "state": {}}
    events = asyncio.run(shared(one, two))
    assert [(event.conn, event.get("what"), event.get("with")) for event in events] == [(2, "state", 1)]
    assert asyncio.run(shared(one, apart)) == []
    assert [event.get("what") for event in asyncio.run(shared(one, one))] == ["scope", "state"]
    assert asyncio.run(shared({"type": "http"}, {"type": "http"})) == []


def test_a_state_that_the_app_has_replaced_is_shared_no_more() -> None:
    """An address that another object got in the meantime is no sign of anything."""
    state: dict[str, Any] = {}

    def replace(scope: Any) -> None:
        scope["state"] = {}

    assert asyncio.run(shared({"type": "http", "state": state}, {"type": "http", "state": state}, replace)) == []
