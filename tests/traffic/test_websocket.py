"""WebSocket clients against real servers; each bad manner is proved by what the app saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.traffic.forms import Fill
from asgiviz.traffic.player import play
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import KEPT_MESSAGE, Ending, Seen, WebSocketSeen
from asgiviz.traffic.steps import (
    Close,
    Expect,
    ExpectClose,
    HangUp,
    Listen,
    OpenWebSocket,
    Ping,
    Read,
    Request,
    Reset,
    SendBytes,
    SendFragments,
    SendText,
    Step,
    Wait,
)
from tests.traffic.serving import Served, serving


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes; /no refuses, /raise raises, "bye" makes it close with 4001."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        return
    await receive()
    if scope["path"] == "/no":
        await send({"type": "websocket.close"})
        return
    if scope["path"] == "/raise":
        raise RuntimeError("before accepting")
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "as you wish"})
            return
        await send({**message, "type": "websocket.send"})


@pytest.fixture(scope="module", params=["websockets-sansio", "wsproto"])
def ws(request: pytest.FixtureRequest) -> str:
    """Two WebSocket implementations of the server."""
    return str(request.param)


@pytest.fixture
def served(ws: str) -> Iterator[Served]:
    """The app above on a server."""
    with serving(app, ws=ws, lifespan="off") as served:
        yield served


def seen_by(served: Served, *steps: Step, **how: Any) -> tuple[Seen, WebSocketSeen]:
    """What one client saw that took these steps, and its last WebSocket."""
    seen = play(Script("bob", steps, **how), served.url, served.raws.append)
    return seen, seen.websockets[-1]


def contents(seen: WebSocketSeen) -> list[str | bytes]:
    """The messages that came."""
    return [message.content for message in seen.messages]


def test_text_and_bytes_go_there_and_back(served: Served) -> None:
    """A text arrives as text and bytes as bytes, with the subprotocol and headers of the handshake."""
    steps = (SendText("grün".encode()), SendBytes(b"\xff\x00"), Expect(2), Close())
    seen, websocket = seen_by(served, OpenWebSocket("/e?q=1", ("chat", "other"), (("x-mine", "yes"),)), *steps)
    assert (contents(websocket), seen.trouble) == (["grün", b"\xff\x00"], None)
    assert (websocket.status, websocket.subprotocol, websocket.ending) == (101, "chat", Ending.COMPLETE)
    scope = served.scope("/e")
    assert (scope["query_string"], list(scope["subprotocols"])) == (b"q=1", ["chat", "other"])
    assert (b"x-mine", b"yes") in scope["headers"]


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_fragments_arrive_joined(served: Served, binary: bool) -> None:
    """Several frames of one message are one message for the app."""
    steps = (SendFragments((b"one ", b"mess", b"age"), binary=binary, gap=0.05), Expect(), Close())
    _, websocket = seen_by(served, OpenWebSocket("/e"), *steps)
    (got,) = [message for message in served.received("/e") if message["type"] == "websocket.receive"]
    assert (got.get("bytes") if binary else got.get("text")) == (b"one message" if binary else "one message")
    assert contents(websocket) == [b"one message" if binary else "one message"]
    sent = [event["bytes"] for _, event in served.client_events() if str(event.get("text")).startswith("fragment")]
    assert sent == [len(part) + 6 for part in ("one ", "mess", "age")]  # a frame's head and mask take six bytes


def test_a_ping_gets_its_pong_and_the_app_hears_nothing(served: Served) -> None:
    """The server answers a ping with the same bytes, without the app."""
    _, websocket = seen_by(served, OpenWebSocket("/e"), Ping(b"there?"), Close())
    assert websocket.pongs == [b"there?"]
    assert [message["type"] for message in served.received("/e")][:1] == ["websocket.connect"]
    assert not [message for message in served.received("/e") if message["type"] == "websocket.receive"]


def test_the_clients_close_code_and_reason_arrive(served: Served) -> None:
    """The app's websocket.disconnect carries what the client closed with."""
    _, websocket = seen_by(served, OpenWebSocket("/e"), Close(4242, "enough"))
    gone = served.wait_received("/e", "websocket.disconnect")
    assert (gone["code"], gone["reason"]) == (4242, "enough")
    assert websocket.ending is Ending.COMPLETE


def test_the_servers_close_code_and_reason_arrive(served: Served) -> None:
    """The client sees what the app closed with, and that it was the server who ended the connection."""
    seen, websocket = seen_by(served, OpenWebSocket("/e"), SendText(b"bye"), ExpectClose())
    assert (websocket.close_code, websocket.close_reason, websocket.ending) == (4001, "as you wish", Ending.COMPLETE)
    assert seen.trouble is None
    closed = served.client_events()[-1][1]
    assert {key: closed[key] for key in ("what", "code", "reason")} == {"what": "closed", "code": 4001, "reason": "as you wish"}


@pytest.mark.parametrize("leave", [HangUp(), Reset()], ids=["hang-up", "reset"])
def test_vanishing_reaches_the_app(served: Served, leave: Step) -> None:
    """A client that goes without a close frame is websocket.disconnect for the app, with a code that no client sends."""
    _, websocket = seen_by(served, OpenWebSocket("/e"), SendText(b"x"), Expect(), leave)
    assert served.wait_received("/e", "websocket.disconnect")["code"] in (1005, 1006)
    assert (websocket.close_code, websocket.ending) == (None, Ending.LEFT)


@pytest.mark.parametrize(("path", "status"), [("/no", 403), ("/raise", 500)])
def test_a_refusal_is_seen(served: Served, path: str, status: int) -> None:
    """Closing before accepting is 403 and raising is 500 for the client; neither is trouble."""
    seen, websocket = seen_by(served, OpenWebSocket(path), Wait(0))
    assert (websocket.status, websocket.ending, websocket.close_code, seen.trouble) == (status, Ending.REFUSED, None, None)


def test_a_refused_client_cannot_talk(served: Served) -> None:
    """Sending after a refusal ends the script with the reason."""
    seen, _ = seen_by(served, OpenWebSocket("/no"), SendText(b"hello?"))
    assert seen.trouble == "step 2, send_text: cannot send a text: the server refused the WebSocket with status 403"


def test_expecting_more_than_comes_is_trouble(served: Served) -> None:
    """When the server closes before the message that is waited for, the client says so."""
    seen, _ = seen_by(served, OpenWebSocket("/e"), SendText(b"bye"), Expect(2))
    assert seen.trouble == "step 3, expect: waited for 2 more messages, but the WebSocket is closed (code 4001)"


def test_a_text_can_be_waited_for(served: Served) -> None:
    """`containing` passes over other messages, and each message is had once."""
    sent = (SendText(b"a"), SendText(b"needle 1"), SendBytes(b"needle 2"), SendText(b"bye"))
    wait = Expect(containing="needle")
    seen, websocket = seen_by(served, OpenWebSocket("/e"), *sent, wait, wait, wait)
    assert seen.trouble == "step 8, expect: waited for a message with 'needle', but the WebSocket is closed (code 4001)"
    assert contents(websocket) == ["a", "needle 1", b"needle 2"]


def test_listening_ends_with_its_time(served: Served) -> None:
    """Who listens takes what comes, be it nothing, and goes on when the time is over or the server has closed."""
    seen, websocket = seen_by(served, OpenWebSocket("/e"), Listen(0.1), SendText(b"a"), SendText(b"bye"), Listen(60))
    assert (seen.trouble, contents(websocket), websocket.close_code) == (None, ["a"], 4001)


def test_a_big_message_is_kept_in_part(served: Served) -> None:
    """Of a message beyond the bound the beginning is kept, and its true length."""
    _, websocket = seen_by(served, OpenWebSocket("/e"), SendText(Fill(KEPT_MESSAGE + 9)), Expect(), Close())
    (message,) = websocket.messages
    assert (len(message.content), message.length) == (KEPT_MESSAGE, KEPT_MESSAGE + 9)


def test_a_client_can_do_both(served: Served) -> None:
    """HTTP before and after a WebSocket takes connections of its own."""
    seen, websocket = seen_by(served, Request("/h"), Read(), OpenWebSocket("/e"), Close(), Request("/h"), Read())
    assert ([exchange.status for exchange in seen.exchanges], websocket.ending) == ([204, 204], Ending.COMPLETE)
