"""The server without sockets keeps to the specification, refuses what it forbids, and never hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from asgiviz.check.judge import Judge
from asgiviz.host.errors import HostError
from asgiviz.host.in_process import InProcessHost
from asgiviz.host.in_process_law import RefusedError
from asgiviz.host.state import Phase
from asgiviz.model.asgi import App
from asgiviz.model.events import SCOPE, Raw, payload_of
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Seen

WAIT = 30.0
START = {"type": "http.response.start", "status": 200, "headers": [(b"x", b"1")]}
BODY = {"type": "http.response.body", "body": b"hello"}
ACCEPT = {"type": "websocket.accept"}
READ = {"do": "read"}
OPEN = {"do": "open_websocket", "path": "/"}


class Stage:
    """A host that serves, and what it recorded."""

    def __init__(self, host: InProcessHost, raws: list[Raw]) -> None:
        self.host = host
        self.raws = raws

    def play(self, *steps: dict[str, Any], timeout: float = WAIT) -> Seen:
        """One client, to its end."""
        playing = self.host.play([Script("ann", list(steps), timeout=timeout, limit=timeout)])  # type: ignore[arg-type]
        assert playing.wait(WAIT)
        return playing.seen[0]

    def scopes(self) -> list[Any]:
        """The scopes that were recorded."""
        return [payload_of(raw) for raw in self.raws if raw[1] == SCOPE]


@contextmanager
def serving(app: App, **options: float) -> Iterator[Stage]:
    """The app is up in between, and has ended behind."""
    raws: list[Raw] = []
    host = InProcessHost(lambda: app, raws.append, stall_ms=0, **options)
    host.start()
    try:
        assert host.state.wait_listening(WAIT)
        yield Stage(host, raws)
    finally:
        host.stop()
        assert host.state.wait_ended(WAIT)


def request(method: str = "GET", path: str = "/", **keys: Any) -> dict[str, Any]:
    """The step of a request."""
    return {"do": "request", "method": method, "path": path, **keys}


def http_app(handle: Callable[..., Any]) -> App:
    """An app without a lifespan: `handle(scope, receive, send)` gets everything else."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] != "lifespan"
        await handle(scope, receive, send)

    return app


# -- http --------------------------------------------------------------------------------------------------------------


def test_a_request_is_answered_as_by_a_server() -> None:
    """The scope says what the client asked, the body comes in its pieces, and the client sees the whole answer."""
    received: list[Any] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        while True:
            received.append(await receive())
            if not received[-1].get("more_body"):
                break
        await send(START)
        await send({**BODY, "more_body": True})
        await send({"type": "http.response.body"})
        received.append(await receive())

    with serving(http_app(handle)) as stage:
        asked = request("POST", "/a%20b?q=1", headers={"X-Key": "v"}, body=["ab", "cd"], chunked=True, gap=0.001)
        seen = stage.play(asked, READ)
    assert seen.trouble is None
    [exchange] = seen.exchanges
    assert (exchange.status, bytes(exchange.body), exchange.ending) == (200, b"hello", Ending.COMPLETE)
    assert exchange.headers == [(b"x", b"1")]
    assert received == [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"cd", "more_body": False},
        {"type": "http.disconnect"},
    ]
    scope = stage.scopes()[-1]
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a b", b"/a%20b", b"q=1")
    assert [b"x-key", b"v"] in [list(pair) for pair in scope["headers"]]


def test_a_client_that_leaves_is_told_and_sending_to_it_raises_oserror() -> None:
    """What was uploaded still comes, then http.disconnect; send raises OSError from then on."""
    happened: list[Any] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        happened.extend([await receive(), await receive(), await receive()])
        for message in (START, BODY):
            try:
                await send(message)
            except OSError as error:
                happened.append(type(error).__name__)

    with serving(http_app(handle)) as stage:
        seen = stage.play(request("POST", body=["abcd"], send_only=2), {"do": "wait", "seconds": 0.01}, {"do": "hang_up"})
    assert [each["type"] for each in happened[:3]] == ["http.request", "http.disconnect", "http.disconnect"]
    assert happened[0]["body"] == b"ab"
    assert happened[3:] == ["ClientDisconnected", "ClientDisconnected"]
    assert seen.exchanges[0].ending is Ending.LEFT


def test_send_waits_for_a_client_that_does_not_read() -> None:
    """A large body piles up to a bound only, and goes on when the client reads."""
    sent = 0

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send(START)
        for _ in range(10):
            await send({"type": "http.response.body", "body": b"x" * 30_000, "more_body": True})
            sent += 1
        await send({"type": "http.response.body"})

    with serving(http_app(handle)) as stage:
        stage.play(request(), {"do": "wait", "seconds": 0.05}, {"do": "hang_up"})
        held = sent
        seen = stage.play(request(), READ)
    assert held < 10
    assert seen.exchanges[0].length == 300_000


def test_what_the_app_leaves_undone_the_server_ends() -> None:
    """An app that raises gives a 500, one that stops in the middle a cut answer."""

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/middle":
            await send(START)
            await send({**BODY, "more_body": True})
        raise ValueError("no")

    with serving(http_app(handle)) as stage:
        early = stage.play(request(path="/early"), READ).exchanges[0]
        middle = stage.play(request(path="/middle"), READ).exchanges[0]
    assert (early.status, early.ending) == (500, Ending.COMPLETE)
    assert (middle.status, bytes(middle.body), middle.ending) == (200, b"hello", Ending.CUT)


def test_pipelined_requests_are_served_one_after_the_other() -> None:
    """The app is called for the second when the first is answered."""
    running: list[str] = []
    most = 0

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most
        running.append(scope["path"])
        most = max(most, len(running))
        await asyncio.sleep(0.01)
        await send(START)
        running.remove(scope["path"])
        await send({**BODY, "body": scope["path"].encode()})

    with serving(http_app(handle)) as stage:
        seen = stage.play({"do": "pipeline", "requests": [{"path": "/a"}, {"path": "/b"}]}, {"do": "read", "count": 2})
    assert [bytes(each.body) for each in seen.exchanges] == [b"/a", b"/b"]
    assert most == 1


REFUSALS: dict[str, tuple[list[Any], str]] = {
    "a body first": ([BODY], "Legal now: .*http.response.start"),
    "a second start": ([START, START], "cannot be sent now"),
    "a body behind the last": ([START, BODY, BODY], "complete"),
    "text for bytes": ([START, {**BODY, "body": "hello"}], "body is the text 'hello', and must be bytes"),
    "no status": ([{"type": "http.response.start"}], "status is missing"),
    "headers in text": ([{**START, "headers": [("x", "1")]}], "must be bytes"),
    "an interim status": ([{**START, "status": 103}], "interim"),
    "an unknown type": ([{"type": "http.response.strat"}], "cannot be sent now"),
    "an extension that is not announced": ([START, {"type": "http.response.pathsend", "path": "/x"}], "not announced"),
    "no type": ([{"status": 200}], "needs a type"),
    "no dict": ([None], "a message is a dict, not None"),
}


@pytest.mark.parametrize(("messages", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_the_server_refuses_what_the_specification_does_not_allow(messages: list[Any], sentence: str) -> None:
    """The last of these messages is raised out of send with a sentence on what is wrong; those before are taken."""
    raised: list[Exception] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        for message in messages[:-1]:
            await send(message)
        with pytest.raises(RefusedError, match=sentence) as caught:
            await send(messages[-1])
        raised.append(caught.value)

    with serving(http_app(handle)) as stage:
        stage.play(request(), READ)
    assert len(raised) == 1


# -- websocket ---------------------------------------------------------------------------------------------------------


def test_a_websocket_carries_messages_both_ways_and_a_close() -> None:
    """Text and bytes arrive as they are, fragments in one, and the app's close ends it for both."""
    received: list[Any] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        received.append(await receive())
        await send({**ACCEPT, "subprotocol": scope["subprotocols"][1]})
        received.extend([await receive(), await receive(), await receive()])
        await send({"type": "websocket.send", "text": "a text"})
        await send({"type": "websocket.send", "bytes": b"bytes"})
        await send({"type": "websocket.close", "code": 4000, "reason": "done"})
        received.append(await receive())

    with serving(http_app(handle)) as stage:
        seen = stage.play(
            {**OPEN, "subprotocols": ["v1", "v2"]},
            {"do": "send_text", "text": "hé"},
            {"do": "send_bytes", "data": "xy"},
            {"do": "send_fragments", "parts": ["one ", "two"]},
            {"do": "ping", "data": "p"},
            {"do": "expect", "containing": "text"},
            {"do": "expect_close"},
        )
    [websocket] = seen.websockets
    assert seen.trouble is None
    assert (websocket.status, websocket.subprotocol, websocket.pongs) == (101, "v2", [b"p"])
    assert [each.content for each in websocket.messages] == ["a text", b"bytes"]
    assert (websocket.close_code, websocket.close_reason, websocket.ending) == (4000, "done", Ending.COMPLETE)
    assert received == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hé"},
        {"type": "websocket.receive", "bytes": b"xy"},
        {"type": "websocket.receive", "text": "one two"},
        {"type": "websocket.disconnect", "code": 4000, "reason": "done"},
    ]


ENDS: dict[str, tuple[dict[str, Any], int]] = {
    "with a close frame": ({"do": "close", "code": 3001, "reason": "bye"}, 3001),
    "without one": ({"do": "hang_up"}, 1006),
}


@pytest.mark.parametrize(("step", "code"), ENDS.values(), ids=ENDS)
def test_a_websocket_whose_client_leaves_says_how(step: dict[str, Any], code: int) -> None:
    """The disconnect carries the client's code, 1006 without a close frame; then send raises OSError."""
    happened: list[Any] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        happened.append(await receive())
        with pytest.raises(OSError, match="the client is gone"):
            await send({"type": "websocket.send", "text": "x"})
        happened.append("raised")

    with serving(http_app(handle)) as stage:
        stage.play(OPEN, step)
    assert (happened[0]["code"], happened[1]) == (code, "raised")


DENIALS: dict[str, tuple[list[Any], int]] = {
    "close": ([{"type": "websocket.close"}], 403),
    "a response of its own": (
        [
            {"type": "websocket.http.response.start", "status": 401, "headers": []},
            {"type": "websocket.http.response.body", "body": b"no"},
        ],
        401,
    ),
    "nothing": ([], 500),
}


@pytest.mark.parametrize(("messages", "status"), DENIALS.values(), ids=DENIALS)
def test_a_refused_websocket_has_a_status(messages: list[Any], status: int) -> None:
    """websocket.close is 403, a denial response its own status, no answer 500; a later step says so."""

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send(message)

    with serving(http_app(handle)) as stage:
        seen = stage.play(OPEN, {"do": "send_text", "text": "x"})
    assert (seen.websockets[0].status, seen.websockets[0].ending) == (status, Ending.REFUSED)
    assert seen.trouble == f"step 2, send_text: cannot send a text: the app refused the WebSocket with status {status}"


# -- lifespan ----------------------------------------------------------------------------------------------------------


def test_the_state_of_the_lifespan_is_copied_for_each_request() -> None:
    """Objects in it are shared, the dict is not; the shutdown comes last."""
    order: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive()) == {"type": "lifespan.startup"}
            scope["state"].update(box=[], name="app")
            await send({"type": "lifespan.startup.complete"})
            order.append(await receive())
            await send({"type": "lifespan.shutdown.complete"})
            return
        order.append(dict(scope["state"]))
        scope["state"]["name"] = "changed"
        scope["state"]["box"].append(1)
        await send(START)
        await send(BODY)

    with serving(app) as stage:
        stage.play(request(), READ)
        stage.play(request(), READ)
    box = [1, 1]
    assert order == [{"box": box, "name": "app"}, {"box": box, "name": "app"}, {"type": "lifespan.shutdown"}]
    assert stage.host.trouble.sentences() == ()


def test_a_failed_startup_is_a_failure_with_the_apps_own_words() -> None:
    """HostError holds the whole message, its sentence the last line of it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "Traceback\n  line\nOSError: no database"})

    host = InProcessHost(lambda: app, list[Raw]().append, stall_ms=0)
    host.start()
    assert host.state.wait_ended(WAIT)
    failure = host.state.failure
    assert isinstance(failure, HostError)
    assert str(failure) == "the app's lifespan startup failed: OSError: no database"
    assert failure.trace is not None
    assert failure.trace.startswith("Traceback")
    assert failure.in_lifespan


async def _never_up(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


async def _raises(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError


def test_a_startup_that_never_ends_is_a_failure_and_one_that_raises_is_none() -> None:
    """The one is given up after its time, the other means that there is no lifespan."""
    host = InProcessHost(lambda: _never_up, list[Raw]().append, stall_ms=0, startup=0.05)
    host.start()
    assert host.state.wait_ended(WAIT)
    assert "had not ended after 0.05 s" in str(host.state.failure)
    with serving(_raises) as stage:
        assert stage.host.state.phase is Phase.LISTENING


# -- nothing hangs -----------------------------------------------------------------------------------------------------


def test_an_app_that_stays_behind_its_client_is_cancelled_and_told() -> None:
    """The client gives up after its time; the app is cancelled some time later, and a sentence says so."""
    ended: list[str] = []

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with serving(http_app(handle), grace=0.05) as stage:
        seen = stage.play(request(path="/slow"), READ, timeout=0.05)
        assert ended == ["cancelled"]
    assert seen.exchanges[0].ending is Ending.TIMED_OUT
    assert "0.05 s" in (seen.trouble or "")
    assert stage.host.trouble.sentences() == (
        "GET /slow: the app had not ended 0.05 s after its client had gone, and was cancelled",
    )


def test_an_app_that_asks_without_end_does_not_hold_the_loop() -> None:
    """receive gives the disconnect again and again, and other clients are served between."""

    async def handle(scope: Any, receive: Any, send: Any) -> None:
        while scope["path"] == "/spin":
            await receive()
        await send(START)
        await send(BODY)

    with serving(http_app(handle), grace=0.05) as stage:
        clients = [
            Script("spin", [request(path="/spin"), {"do": "hang_up"}]),  # type: ignore[arg-type]
            Script("ok", [request(), READ], delay=0.01),  # type: ignore[arg-type]
        ]
        playing = stage.host.play(clients)
        assert playing.wait(WAIT)
    assert playing.seen[1].exchanges[0].status == 200


def test_raw_bytes_need_a_real_server() -> None:
    """The step says so in one sentence."""
    with serving(_raises) as stage:
        seen = stage.play({"do": "raw", "data": "GET / HTTP/1.1"})
    assert seen.trouble == "step 1, raw: raw bytes need a connection of their own; play this with --server uvicorn"


# -- the server itself is by the book ----------------------------------------------------------------------------------

_RECEIVE, _YIELD = "receive", "yield"
_acts: list[Any] = []
_SENT = [
    START,
    {**START, "status": "200"},
    {**START, "headers": [(b"X", b"1")]},
    {**BODY, "more_body": True},
    BODY,
    {**BODY, "body": bytearray(b"x")},
    {**BODY, "body": 5},
    {"type": "http.response.early_hint", "links": [b"</a>"]},
    {"type": "http.response.trailers", "headers": []},
    ACCEPT,
    {**ACCEPT, "headers": [(b"X", b"1")]},
    {"type": "websocket.send", "text": "x"},
    {"type": "websocket.send", "bytes": b"x"},
    {"type": "websocket.send"},
    {"type": "websocket.close", "code": 1000},
    {"type": "websocket.close", "code": 5, "reason": 1},
    {"type": "websocket.http.response.start", "status": 400},
    {"type": "websocket.http.response.body"},
    {"type": "lifespan.startup.complete"},
    {"type": "mine"},
    {},
]
_CLIENTS = [
    [request(), READ],
    [request(), {"do": "hang_up"}],
    [request("HEAD"), {"do": "read", "until": 1}, {"do": "hang_up"}],
    [request("POST", body=["ab", "cd"], gap=0.001), READ],
    [request("POST", body=["abcd"], send_only=1), {"do": "half_close"}, READ],
    [OPEN, {"do": "send_text", "text": "x"}, {"do": "listen", "seconds": 0.001}, {"do": "close"}],
    [OPEN, {"do": "hang_up"}],
]


async def _acting(scope: Any, receive: Any, send: Any) -> None:
    for act in _acts:
        try:
            if act == _RECEIVE:
                async with asyncio.timeout(0.005):
                    await receive()
            elif act == _YIELD:
                await asyncio.sleep(0)
            else:
                await send(dict(act))
        except (RefusedError, OSError):
            continue


@pytest.fixture(scope="module")
def acting() -> Iterator[tuple[Stage, Judge]]:
    """One host for an app that does what `_acts` says, and one judge for all that it records."""
    with serving(_acting) as stage:
        yield stage, Judge(["asgiviz", "app"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=some.lists(some.sampled_from([_RECEIVE, _YIELD, *_SENT]), max_size=8),
    client=some.sampled_from(_CLIENTS),
)
def test_whatever_app_and_client_do_the_server_is_never_to_blame(
    acting: tuple[Stage, Judge], acts: list[Any], client: list[dict[str, Any]]
) -> None:
    """The judge, asked about random conversations, legal and not, has nothing to say against the server."""
    stage, judge = acting
    _acts[:] = acts
    stage.play(*client, timeout=0.5)
    raws, stage.raws[:] = list(stage.raws), []
    found = judge.take(enumerate(raws, 1))
    assert [finding for finding in found if finding.who == "server"] == []
