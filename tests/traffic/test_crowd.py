"""Several clients at once: they start apart, end on their own, and can be ended."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter_ns
from typing import Any

import pytest

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending
from asgiviz.traffic.steps import Connect, OpenWebSocket, Raw, Read, Request, Step, Wait
from tests.traffic.serving import Served, play_all, serving, until


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """/together answers when three are there; /never takes the body and answers nothing."""
    if scope["path"] == "/together":
        waiting.append(scope["path"])
        while len(waiting) < 3:
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"together"})
        return
    while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
        pass


waiting: list[str] = []


def clients(*steps: Step, count: int = 3) -> list[Script]:
    """Some clients that all do the same."""
    return [Script(f"client {number}", steps, limit=60, timeout=60) for number in range(count)]


def test_clients_do_not_wait_for_each_other() -> None:
    """Three that can only be answered together are answered."""
    waiting.clear()
    with serving(app, lifespan="off") as served:
        seen = play_all(clients(Request("/together"), Read()), served.url, served.raws.append)
        assert [each.exchanges[0].body for each in seen] == [b"together"] * 3
        assert [each.client for each in seen] == ["client 0", "client 1", "client 2"]


def test_clients_begin_apart() -> None:
    """The n-th begins n staggers behind the start, and its own delay later."""
    with serving(app, lifespan="off") as served:
        scripts = [Script("b", (Connect(),), delay=0.2), Script("a", (Connect(),)), Script("c", (Connect(),))]
        ends: list[Any] = []
        began = perf_counter_ns()
        assert Crowd(scripts, served.url, served.raws.append, 0.3, lambda: ends.append(True)).start().wait(20)
        after = {event["client"]: at - began for at, event in served.client_events() if event["what"] == "connected"}
        assert ends == [True]
        assert (after["b"] >= 0.2e9, after["a"] >= 0.3e9, after["c"] >= 0.6e9) == (True, True, True)


BUSY: list[Any] = [
    pytest.param((Request("/never"), Read()), id="reading"),
    pytest.param((Request("/never"), Wait(3000)), id="waiting"),
    pytest.param((OpenWebSocket("/never"),), id="shaking hands"),
    pytest.param((Raw(b"POST /never HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n"), Read()), id="uploading"),
]


@pytest.mark.parametrize("steps", BUSY)
def test_cancelled_clients_hang_up(steps: tuple[Step, ...]) -> None:
    """Whatever a client is doing, cancelling ends it, the app hears that it left, and nothing is called trouble."""
    with serving(app, lifespan="off") as served:
        ended = threading.Event()
        crowd = Crowd(clients(*steps), served.url, served.raws.append, on_end=ended.set).start()
        until(lambda: len(served.conns("/never")) == 3, "all three to be served")
        assert not crowd.finished
        assert crowd.cancel(20)
        assert (crowd.finished, ended.is_set()) == (True, True)
        assert all(seen.cancelled and seen.trouble is None for seen in crowd.seen)
        until(lambda: left(served) == 3, "all three to have left")
        endings = [exchange.ending for seen in crowd.seen for exchange in seen.exchanges]
        assert set(endings) <= {Ending.LEFT}


def left(served: Served) -> int:
    """How many clients the app has seen leave."""
    return sum(message["type"].endswith(".disconnect") for message in served.received("/never"))


def test_clients_that_have_not_begun_never_do() -> None:
    """Cancelling ends a client that still waits for its time."""
    crowd = Crowd([Script("late", (Connect(),), delay=3000)], "http://127.0.0.1:9").start()
    assert crowd.cancel(20)
    assert (crowd.seen[0].cancelled, crowd.seen[0].trouble) == (True, None)


def test_who_takes_too_long_is_cancelled() -> None:
    """`play_all` comes back after its time-out and says who was not done."""
    with serving(app, lifespan="off") as served:
        seen = play_all([*clients(Request("/never"), Read(), count=1), Script("quick", ())], served.url, timeout=1.0)
        assert [each.cancelled for each in seen] == [True, False]


def test_a_crowd_of_nobody_is_over_at_once() -> None:
    """No client at all is an end, too."""
    ends: list[int] = []
    crowd = Crowd([], "http://127.0.0.1:9", on_end=lambda: ends.append(1)).start()
    assert (crowd.finished, ends) == (True, [1])
