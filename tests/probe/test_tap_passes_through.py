"""The tap changes nothing: messages, exceptions, values, tasks and contexts are those of a run without it."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from tests.loops import LOOPS, run, turn
from tests.probe.listening import SCOPE, Listening, deaf_send, silent_receive

color: contextvars.ContextVar[str] = contextvars.ContextVar("color", default="none")


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["", "closely"], autouse=True)
def closely(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of this holds for a tap that records closely, too."""
    monkeypatch.setattr(Listening, "closely", request.param)


def test_scope_and_messages_are_the_same_objects_on_both_sides(loop: str) -> None:
    """The app gets the server's own scope and messages, the server gets the app's own."""
    request, reply, seen, got = {"type": "http.request"}, {"type": "http.response.body"}, [], []
    scope = dict(SCOPE)

    async def receive() -> Any:
        return request

    async def send(message: Any) -> None:
        seen.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.extend([scope, await receive()])
        await send(reply)

    run(loop, lambda: Listening(app).tap(scope, receive, send))
    assert got[0] is scope
    assert got[1] is request
    assert seen[0] is reply


@pytest.mark.parametrize("value", [None, 7, "text", object()], ids=["none", "int", "str", "object"])
def test_values_come_back_as_they_are(loop: str, value: object) -> None:
    """What the app returns comes out of the tap, and what send returns comes back to the app."""
    back: list[object] = []

    async def send(message: Any) -> Any:
        return value

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        back.append(await send({"type": "x"}))
        return value

    assert run(loop, lambda: Listening(app).tap(SCOPE, silent_receive, send)) is value
    assert back == [value]


class OddError(Exception):
    """An exception that nobody else raises."""


class OddExit(BaseException):
    """An exception that `except Exception` does not catch."""


ENDINGS = [OddError("x"), OddExit("x"), KeyboardInterrupt(), SystemExit(3), GeneratorExit(), MemoryError(), RecursionError()]


OURS = ("asgiviz/probe/tap.py", "asgiviz/probe/call_sites.py")


def frames_of(error: BaseException) -> list[tuple[str, str]]:
    """The traceback's entries without those of the tap."""
    entries = traceback.extract_tb(error.__traceback__)
    return [(entry.filename, entry.name) for entry in entries if not entry.filename.endswith(OURS)]


async def caught(call: Callable[..., Awaitable[Any]], *args: Any) -> BaseException:
    """What `call` raises; one frame, whatever is called."""
    try:
        await call(*args)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
@pytest.mark.parametrize("place", ["app", "receive", "send"])
def test_exceptions_pass_with_all_they_carry(loop: str, place: str, ending: BaseException) -> None:
    """An exception of app, receive or send is the same object with the same cause, context and frames as without a tap."""

    async def fail() -> None:
        try:
            raise OddError("before")
        except OddError as before:
            raise ending from before

    async def receive() -> Any:
        await fail()

    async def send(message: Any) -> None:
        await fail()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await {"app": fail, "receive": receive, "send": lambda: send({"type": "x"})}[place]()

    seen = []
    for wrapped in (app, Listening(app).tap):
        ending.__traceback__ = ending.__context__ = ending.__cause__ = None
        error = run(loop, lambda wrapped=wrapped: caught(wrapped, SCOPE, receive, send))  # type: ignore[misc]
        assert error is ending
        seen.append((str(error.__cause__), str(error.__context__), error.__suppress_context__, frames_of(error)))
    assert seen[0] == seen[1]


def test_an_error_of_send_keeps_the_error_that_was_being_handled_as_its_context() -> None:
    """An error that send raises while the app handles another one points to that one, and to nothing of the tap."""

    async def send(message: Any) -> None:
        raise OddError("send")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise OddError("first")
        except OddError:
            await send({"type": "x"})

    error = run("asyncio", lambda: caught(Listening(app).tap, SCOPE, silent_receive, send))
    assert str(error) == "send"
    assert str(error.__context__) == "first"
    assert error.__context__ is not None
    assert error.__context__.__context__ is None


def test_an_app_that_catches_the_error_of_send_goes_on(loop: str) -> None:
    """The app may swallow what receive and send raise, and the tap goes on recording."""
    heard = Listening(lambda *line: stubborn(*line))

    async def stubborn(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            assert isinstance(await caught(send, {"type": "x"}), OddError)

    async def send(message: Any) -> None:
        raise OddError("no")

    run(loop, lambda: heard.tap(SCOPE, silent_receive, send))
    assert heard.names() == ["scope", "send.begin", "send.end", "send.begin", "send.end", "exit"]
    assert heard.last("send.end").get("raised")["text"] == "no"
    assert heard.last("exit").get("outcome") == "returned"


def test_cancellation_passes_on_asyncio_and_is_recorded_as_such() -> None:
    """A cancelled asyncio task ends cancelled, with its message, and the recording calls receive and exit cancelled."""
    heard = Listening(lambda *line: waits(*line))

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def for_ever() -> Any:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        task = asyncio.ensure_future(heard.tap(SCOPE, for_ever, deaf_send))
        await asyncio.sleep(0)
        task.cancel("enough")
        error = await caught(lambda: task)
        assert isinstance(error, asyncio.CancelledError)
        assert error.args == ("enough",)
        assert task.cancelled()

    run("asyncio", main)
    assert heard.last("receive.end").get("cancelled") is True
    assert heard.last("exit").get("outcome") == "cancelled"


def test_cancellation_passes_on_trio_and_is_recorded_as_such() -> None:
    """A cancelled trio scope ends quietly, and the recording calls receive and exit cancelled."""
    heard = Listening(lambda *line: waits(*line))

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def main() -> None:
        with trio.CancelScope() as cancelling:
            cancelling.cancel()
            await heard.tap(SCOPE, trio.sleep_forever, deaf_send)
        assert cancelling.cancelled_caught

    run("trio", main)
    assert heard.last("receive.end").get("cancelled") is True
    assert heard.last("exit").get("outcome") == "cancelled"


def test_an_app_may_swallow_its_cancellation() -> None:
    """An app that catches CancelledError and returns has returned, in the recording too."""
    heard = Listening(lambda *line: swallows(*line))

    async def swallows(scope: Any, receive: Any, send: Any) -> str:
        try:
            await receive()
        except asyncio.CancelledError:
            return "survived"
        return "?"

    async def main() -> str:
        forever = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(heard.tap(SCOPE, lambda: forever, deaf_send))
        await asyncio.sleep(0)
        task.cancel()
        return str(await task)

    assert run("asyncio", main) == "survived"
    assert heard.last("exit").fields == {"outcome": "returned", "value": "survived"}


def test_context_variables_are_shared_with_the_server_as_without_a_tap(loop: str) -> None:
    """What the app sets the server sees, what the server sets the app sees: there is one task and one context."""

    async def receive() -> Any:
        color.set(color.get() + "+receive")
        return {"type": "x"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        color.set(color.get() + "+app")
        await receive()
        color.set(color.get() + "+after")

    async def main(wrapped: Any) -> str:
        color.set("server")
        await wrapped(SCOPE, receive, deaf_send)
        return color.get()

    assert run(loop, lambda: main(Listening(app).tap)) == run(loop, lambda: main(app)) == "server+app+receive+after"


def test_the_app_runs_in_the_task_of_the_server() -> None:
    """No task is started, and what the server's task is called the app sees."""

    async def app(scope: Any, receive: Any, send: Any) -> object:
        assert len(asyncio.all_tasks()) == 1
        return asyncio.current_task()

    async def main() -> None:
        assert await Listening(app).tap(SCOPE, silent_receive, deaf_send) is asyncio.current_task()

    run("asyncio", main)


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts how often it goes round and what is scheduled on it."""

    turns = 0
    scheduled = 0

    def _run_once(self) -> None:
        self.turns += 1
        super()._run_once()  # type: ignore[misc]

    def call_soon(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # any arguments
        self.scheduled += 1
        return super().call_soon(*args, **kwargs)


def test_the_tap_costs_no_turn_of_the_loop() -> None:
    """The loop goes round as often, and schedules as much, with a tap as without one."""

    async def receive() -> Any:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": True}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(10):
            await receive()
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    def counted(wrapped: Any) -> tuple[int, int]:
        loop = CountingLoop()
        try:
            loop.run_until_complete(wrapped(SCOPE, receive, send))
            return loop.turns, loop.scheduled
        finally:
            loop.close()

    assert counted(Listening(app).tap) == counted(app)


def test_an_app_that_never_waits_runs_without_any_loop() -> None:
    """The tap needs no loop at all: its coroutine can be driven by hand, and ends at the first step."""

    async def app(scope: Any, receive: Any, send: Any) -> str:
        await send(await receive())
        return "done"

    with pytest.raises(StopIteration) as stopped:
        Listening(app).tap(SCOPE, silent_receive, deaf_send).send(None)
    assert stopped.value.value == "done"


def test_the_tap_imports_no_event_loop() -> None:
    """Importing the tap loads neither asyncio nor trio, as it works without knowing them."""
    program = "import asgiviz.probe.tap, sys; print([name for name in ('asyncio', 'trio', 'uvicorn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_calls_may_run_at_the_same_time(loop: str) -> None:
    """Two receives and a send that overlap each keep their own call number from begin to end."""
    heard = Listening(lambda *line: overlaps(*line))
    replies = iter([{"type": "a"}, {"type": "b"}])

    async def receive() -> Any:
        reply = next(replies)
        for _ in range(3):
            await turn(loop)
        return reply

    async def send(message: Any) -> None:
        await turn(loop)

    async def overlaps(scope: Any, receive: Any, send: Any) -> None:
        if loop == "asyncio":
            await asyncio.gather(receive(), receive(), send({"type": "c"}))
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            nursery.start_soon(receive)
            nursery.start_soon(send, {"type": "c"})

    run(loop, lambda: heard.tap(SCOPE, receive, send))
    begun = {event.call for event in heard.events if event.ev.endswith(".begin")}
    ended = {event.call for event in heard.events if event.ev.endswith(".end")}
    assert begun == ended == {1, 2, 3}
    assert heard.names()[1:4].count("receive.begin") == 2


def test_a_line_may_be_used_after_the_app_has_returned(loop: str) -> None:
    """receive and send work on behind the exit, as a task left behind would use them, and are recorded there."""
    kept: list[Any] = []
    heard = Listening(lambda *line: leaves(*line))

    async def leaves(scope: Any, receive: Any, send: Any) -> None:
        kept.extend([receive, send])

    async def main() -> Any:
        await heard.tap(SCOPE, silent_receive, deaf_send)
        await kept[1]({"type": "late"})
        return await kept[0]()

    assert run(loop, main) == {"type": "http.disconnect"}
    assert heard.names() == ["scope", "exit", "send.begin", "send.end", "receive.begin", "receive.end"]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_send_that_is_not_awaited_sends_and_records_nothing(loop: str) -> None:
    """The classic mistake stays what it is: without `await` nothing reaches the server, and nothing is claimed to have."""
    seen: list[Any] = []
    heard = Listening(lambda *line: forgets(*line))

    async def send(message: Any) -> None:
        seen.append(message)

    async def forgets(scope: Any, receive: Any, send: Any) -> None:
        send({"type": "x"}).close()

    run(loop, lambda: heard.tap(SCOPE, silent_receive, send))
    assert seen == []
    assert heard.names() == ["scope", "exit"]


def test_a_coroutine_closed_by_its_loop_is_recorded_as_cancelled() -> None:
    """A server that closes the app's coroutine ends it as without a tap, and the recording calls it cancelled."""
    heard = Listening(lambda *line: waits(*line))

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)

    coroutine = heard.tap(SCOPE, silent_receive, deaf_send)
    coroutine.send(None)
    contextvars.Context().run(coroutine.close)
    assert heard.last("exit").get("outcome") == "cancelled"


@pytest.mark.parametrize("app", [lambda *line: 5, lambda: None, None], ids=["no awaitable", "wrong arguments", "not callable"])
def test_what_is_no_app_fails_as_without_a_tap(app: Any) -> None:
    """A target that is no ASGI app gives the server the same TypeError."""

    async def serve(wrapped: Any) -> None:
        await wrapped(SCOPE, silent_receive, deaf_send)

    bare, tapped = (run("asyncio", lambda it=it: caught(serve, it)) for it in (app, Listening(app).tap))  # type: ignore[misc]
    assert (type(bare), str(bare)) == (type(tapped), str(tapped))
    assert isinstance(bare, TypeError)
