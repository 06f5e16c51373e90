"""The demo app does what its front page says, on a real server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterator

import pytest

from asgiviz.demo.app import ROUTES, app
from asgiviz.model.asgi import Message
from asgiviz.traffic.forms import Fill
from asgiviz.traffic.player import play
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Exchange, WebSocketSeen
from asgiviz.traffic.steps import (
    Close,
    Expect,
    ExpectClose,
    HangUp,
    OpenWebSocket,
    Read,
    Request,
    SendBytes,
    SendText,
    Step,
    Wait,
)
from tests.traffic.serving import Served, play_all, serving, until


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The demo app on a server."""
    with serving(app) as served:
        yield served


def asked(served: Served, request: Request, read: Read | None = None) -> Exchange:
    """One request and what came back."""
    seen = play(Script("ann", (request, read or Read())), served.url)
    assert seen.trouble is None
    return seen.exchanges[0]


def header(exchange: Exchange, name: bytes) -> bytes | None:
    """One header of an answer."""
    return dict(exchange.headers).get(name)


def test_the_front_page_describes_every_route(served: Served) -> None:
    """The page is HTML and shows the path and the words of each route and of the chat."""
    exchange = asked(served, Request("/"))
    page = exchange.body.decode()
    assert header(exchange, b"content-type") == b"text/html; charset=utf-8"
    for (_, path), handler in ROUTES.items():
        assert f">{path}<" in page
        assert (handler.__doc__ or "no words").split("(")[0].split("`")[0] in page
    assert "/chat" in page


def test_json(served: Served) -> None:
    """/json is JSON of its true length, and HEAD has the same headers without a body."""
    got, head = asked(served, Request("/json")), asked(served, Request("/json", "HEAD"))
    assert json.loads(got.body)["hello"] == "world"
    assert header(got, b"content-length") == str(got.length).encode() == header(head, b"content-length")
    assert (head.status, head.length) == (200, 0)


def test_hello_prints(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    """/hello/{name} greets the name and prints a line."""
    assert asked(served, Request("/hello/grün")).body.decode() == "Hello, grün!\n"
    assert "hello, grün" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/hello/", 404),
        ("GET", "/hello/a/b", 404),
        ("POST", "/json", 405),
        ("GET", "/upload", 405),
    ],
)
def test_what_is_not_there(served: Served, method: str, path: str, status: int) -> None:
    """An unknown path is 404; a known one with another method is 405 and says which it allows."""
    exchange = asked(served, Request(path, method))
    assert exchange.status == status
    assert (header(exchange, b"allow") is not None) == (status == 405)


def test_upload_counts_and_digests(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """The answer has the number of bytes and their SHA-256, and a line is logged."""
    with caplog.at_level(logging.INFO, "demo"):
        exchange = asked(served, Request("/upload", "POST", body=(b"abc", Fill(200_000)), chunked=True))
    digest = hashlib.sha256(b"abc" + b"x" * 200_000).hexdigest()
    assert json.loads(exchange.body) == {"bytes": 200_003, "sha256": digest}
    assert "uploaded 200003 bytes" in caplog.messages


def test_an_upload_that_breaks_off_is_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """When the client leaves in the middle, the app says so and returns."""
    steps = (Request("/upload", "POST", body=(Fill(9),), send_only=4), Wait(0.1), HangUp())
    play(Script("ann", steps), served.url)
    assert until(lambda: [message for message in caplog.messages if "upload broke off" in message], "the line in the log")


def test_stream_sends_chunks(served: Served) -> None:
    """/stream sends as many lines of that size as asked for, chunked, and refuses what is no number."""
    exchange = asked(served, Request("/stream?chunks=3&size=20&gap=0"))
    assert exchange.body == b"".join(f"chunk {number} ".ljust(19, ".").encode() + b"\n" for number in range(3))
    assert header(exchange, b"transfer-encoding") == b"chunked"
    assert asked(served, Request("/stream?chunks=many")).status == 400


def test_events_end_when_the_client_leaves(served: Served) -> None:
    """The listener gets events until it goes; the app hears http.disconnect and returns."""
    seen = play(Script("ann", (Request("/events"), Read(until=30), HangUp())), served.url)
    exchange = seen.exchanges[0]
    assert header(exchange, b"content-type") == b"text/event-stream"
    assert exchange.body.startswith(b"data: tick 1\n\ndata: tick 2\n\n")
    assert served.wait_received("/events", "http.disconnect")
    assert served.outcome("/events") == "returned"


def test_slow_and_blocking_answer(served: Served) -> None:
    """Both take their time and answer."""
    assert asked(served, Request("/slow")).status == asked(served, Request("/blocking")).status == 200


def test_blocking_holds_the_loop_and_slow_does_not() -> None:
    """One turn of the loop is enough for all of /blocking; while /slow waits, another request is answered whole."""
    sent: list[str] = []

    async def request(path: str) -> None:
        async def send(message: Message) -> None:
            sent.append(f"{path} {message['type']}")

        await app({"type": "http", "method": "GET", "path": path, "http_version": "1.1"}, never, send)

    async def side_by_side(path: str) -> list[str]:
        sent.clear()
        task = asyncio.create_task(request(path))
        await asyncio.sleep(0)
        await request("/json")
        so_far = list(sent)
        await task
        return so_far

    whole = ["http.response.start", "http.response.body"]
    assert asyncio.run(side_by_side("/slow")) == [f"/json {each}" for each in whole]
    assert asyncio.run(side_by_side("/blocking")) == [f"/{path} {each}" for path in ("blocking", "json") for each in whole]


async def never() -> Message:
    """A client that sends nothing more."""
    raise AssertionError("nobody asked for the body")


def test_boom_warns_and_is_500(served: Served) -> None:
    """Raising before the start is an answer with 500, and a warning is given first."""
    with pytest.warns(UserWarning, match="about to raise"):
        assert asked(served, Request("/boom")).status == 500
    assert served.outcome("/boom") == "raised"


def test_boom_late_is_cut(served: Served) -> None:
    """Raising after the start is a 200 that breaks off."""
    exchange = asked(served, Request("/boom-late"))
    assert (exchange.status, bytes(exchange.body), exchange.ending) == (200, b"so far, so good", Ending.CUT)
    assert served.outcome("/boom-late") == "raised"


def test_broken_is_500(served: Served) -> None:
    """A body before the start is the server's to refuse."""
    assert asked(served, Request("/broken")).status == 500
    assert [message["type"] for message in served.sent("/broken")] == ["http.response.body"]


def test_never_gives_way_to_cancelling() -> None:
    """/never answers nothing, and ends when the server cancels it at its shutdown."""
    with serving(app) as served:
        seen = play(Script("ann", (Request("/never"), Read(lasting=0.2), HangUp())), served.url)
        assert seen.exchanges[0].status is None
    assert served.outcome("/never") == "cancelled"


def websocket(served: Served, path: str, *steps: Step) -> WebSocketSeen:
    """What one client saw of a WebSocket."""
    seen = play(Script("bob", (OpenWebSocket(path, ("chat",)), *steps)), served.url)
    assert seen.trouble is None
    return seen.websockets[0]


def test_chat_tells_everyone(served: Served) -> None:
    """Text goes to all in the room and to nobody in another; bytes come back to the sender alone."""
    two = Expect(containing="2 here")
    talk = (two, SendBytes(b"\xff"), Expect(), SendText(b"hi"), Expect(containing="ann: hi"), Expect(containing="bob left"))
    ann = Script("ann", (OpenWebSocket("/chat?name=ann&room=a"), *talk, Close()))
    bob = Script("bob", (OpenWebSocket("/chat?name=bob&room=a"), two, Expect(containing="ann: hi"), Close()))
    cleo = Script("cleo", (OpenWebSocket("/chat?name=cleo&room=b"), Expect(), Close()))
    seen = play_all([ann, bob, cleo], served.url)
    assert [each.trouble for each in seen] == [None] * 3
    heard = [[message.content for message in each.websockets[0].messages] for each in seen]
    assert (b"\xff" in heard[0], b"\xff" in heard[1]) == (True, False)
    assert heard[2] == ["* cleo joined, 1 here"]


def test_chat_closes_on_request(served: Served) -> None:
    """/bye makes the server close with 4001 and a reason."""
    seen = websocket(served, "/chat?name=dan&room=c", SendText(b"/bye"), ExpectClose())
    assert (seen.close_code, seen.close_reason, seen.subprotocol) == (4001, "goodbye, dan", "chat")


def test_chat_notices_who_vanishes(served: Served) -> None:
    """Those who stay are told that somebody has left without a word."""
    two = Expect(containing="2 here")
    stays = Script("eve", (OpenWebSocket("/chat?name=eve&room=d"), two, Expect(containing="* fay left"), Close()))
    goes = Script("fay", (OpenWebSocket("/chat?name=fay&room=d"), two, HangUp()))
    assert [each.trouble for each in play_all([stays, goes], served.url)] == [None, None]


def test_other_websockets_are_turned_away(served: Served) -> None:
    """A path that is no chat is closed before it was accepted: status 403."""
    assert websocket(served, "/elsewhere").status == 403


def test_without_lifespan_it_still_chats() -> None:
    """A server that runs no lifespan and carries no state gets a chat all the same."""
    with serving(app, lifespan="off") as served:
        assert websocket(served, "/chat?name=gus&room=e", Expect(containing="gus joined"), Close()).close_code == 1000
