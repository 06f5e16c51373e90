"""Clients that are watched closely tell what they got, so that a recording alone shows whether it was right."""

from __future__ import annotations

from typing import Any

import pytest

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.model.events import expand
from asgiviz.model.masking import Mask
from asgiviz.model.values import kept_bytes, true_length
from asgiviz.store.lines import Encoder, decode
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.player import Player
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import KEPT_MESSAGE
from asgiviz.traffic.steps import Expect, OpenWebSocket, Read, Request, SendBytes, SendText, Step
from tests.traffic.serving import serving

BIG = KEPT_MESSAGE + 10
SECRET = "hunter2"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with a cookie and as many bytes as the path says; echoes on a WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    headers = [(b"set-cookie", b"id=" + SECRET.encode()), (b"x-odd", b"\xe9")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * int(scope["path"][1:])})


def received(*steps: Step, closely: bool = True, line: bool = False) -> list[Any]:
    """The `received` events of one client, as they are or as a masked recording gives them back."""
    with serving(app, lifespan="off") as served:
        crowd = Crowd([Script("a/1", steps)], served.url, served.raws.append, closely=closely).start()
        assert crowd.wait(20)
        assert [seen.trouble for seen in crowd.seen] == [None]
        encode = Encoder(0, Mask())
        events = [decode(encode.line(1, raw)) if line else expand(1, raw, 0) for raw in list(served.raws)]
    return [event for event in events if event.ev == "client" and event.get("what") == "received"]


def test_an_answer_is_told_whole() -> None:
    """Its path, its headers as text and its body; of a long one the beginning, and how long it was."""
    small, big = received(Request("/3?a=b"), Read(), Request(f"/{BIG}"), Read())
    assert (small.get("path"), small.get("status"), small.get("body")) == ("/3?a=b", 201, b"xxx")
    assert ["set-cookie", f"id={SECRET}"] in small.get("headers")
    assert ["x-odd", "\xe9"] in small.get("headers")
    assert kept_bytes(big.get("body")) == b"x" * KEPT_MESSAGE
    assert true_length(big.get("body")) == big.get("bytes") == BIG


def test_a_message_is_told_whole() -> None:
    """Texts as texts, bytes as bytes; of a long one the beginning."""
    steps = SendText("hé".encode()), SendBytes(b"\x00"), SendText("é".encode() * BIG), Expect(3)
    text, data, big = received(OpenWebSocket("/ws"), *steps)
    assert [(event.get("path"), event.get("message")) for event in (text, data)] == [("/ws", "hé"), ("/ws", b"\x00")]
    assert kept_bytes(big.get("message")) == "é".encode() * (KEPT_MESSAGE // 2)
    assert true_length(big.get("message")) == big.get("bytes") == 2 * BIG


@pytest.mark.parametrize(
    "steps", [(Request("/3"), Read()), (OpenWebSocket("/ws"), SendText(b"a"), Expect())], ids=["http", "ws"]
)
def test_from_afar_figures_are_enough(steps: tuple[Step, ...]) -> None:
    """Who does not watch closely records no headers and no bodies."""
    (event,) = received(*steps, closely=False)
    assert set(event.fields) & {"headers", "body", "path", "message"} == set()


def test_secrets_of_an_answer_are_masked_in_a_recording() -> None:
    """A cookie and a token in the query: their length is kept; the rest is as it was."""
    (event,) = received(Request(f"/3?token={SECRET}&a=b"), Read(), line=True)
    assert SECRET not in repr(event)
    assert event.get("path") == "/3?token=*******&a=b"
    assert ["set-cookie", "*" * len(f"id={SECRET}")] in event.get("headers")
    assert ["x-odd", "\xe9"] in event.get("headers")
    assert event.get("body") == b"xxx"


def test_closely_costs_nothing_without_a_recording() -> None:
    """A client of which nothing is recorded just plays."""
    with serving(app, lifespan="off") as served:
        seen = Player(Script("a", (Request("/3"), Read())), served.url, closely=True).play()
    assert seen.exchanges[0].body == b"xxx"
