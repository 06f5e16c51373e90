"""The README's promise: every message and every body byte that clients sent and received is in the recording."""

from __future__ import annotations

import http.client
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import connect

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes, true_length
from asgiviz.store.reader import open_recording
from tests.cli.running import Asgiviz
from tests.cli.test_trace import address

EXAMPLES = Path(__file__).parent.parent / "examples"
BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "accept-encoding": "gzip, deflate",
    "cookie": "session=abc",
}


def once(url: str, method: str, path: str, body: bytes | Iterator[bytes], **headers: str) -> bytes:
    """One request on a connection of its own, as curl makes it; an iterator is sent in chunks."""
    connection = http.client.HTTPConnection(*address(url), timeout=20)
    connection.request(method, path, body, headers, encode_chunked=True)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def test_everything_that_three_clients_did_is_accounted_for(tmp_path: Path) -> None:
    """One-off requests, a browser-like client on one kept connection and a WebSocket client: each byte is found again."""
    traced = Asgiviz(
        "trace", "shop:app", "--app-dir", str(EXAMPLES), "--port", "0", "--record", str(tmp_path / "shop.asgiviz"),
        "--body-limit", "1000000", directory=tmp_path,
    )  # fmt: skip
    url = traced.url()
    upload = os.urandom(300_000)
    sent: Counter[str] = Counter()
    got: Counter[str] = Counter()

    order = b'{"item": "tea"}'
    got["/orders"] += len(once(url, "POST", "/orders", order, **{"content-type": "application/json"}))
    sent["/orders"] += len(order)
    pieces = (upload[start : start + 70_000] for start in range(0, len(upload), 70_000))
    got["/catalogue"] += len(once(url, "PUT", "/catalogue", pieces, **{"transfer-encoding": "chunked"}))
    sent["/catalogue"] += len(upload)

    browser = http.client.HTTPConnection(*address(url), timeout=20)
    for path in ("/", "/export", "/favicon.ico", "/"):
        browser.request("GET", path, headers=BROWSER)
        got[path] += len(browser.getresponse().read())
    browser.close()

    words = ["grüß", "dich", "x" * 70_000]
    with connect(url.replace("http", "ws") + "/live") as socket:
        for word in words:
            socket.send(word)
            assert socket.recv() == word.upper()
    assert traced.stop() == 0

    with open_recording(tmp_path / "shop.asgiviz") as reader:
        events = list(reader)
    assert reader.ending is None
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    connections = Connections(events)
    http_ones = [found for found in connections.values() if found.kind == "http"]
    assert Counter({path: n for path, n in totals(http_ones, "bytes_in").items() if n}) == sent
    assert totals(http_ones, "bytes_out") == got
    assert upload == b"".join(bodies(events, "/catalogue", connections))
    live = next(found for found in connections.values() if found.kind == "websocket")
    assert [text(event) for event in events if event.conn == live.conn and ws_text(event, Ev.RECEIVE_END)] == words
    assert [text(event) for event in events if event.conn == live.conn and ws_text(event, Ev.SEND_BEGIN)] == [
        word.upper() for word in words
    ]
    assert open_calls(events) == set()


def totals(connections: list[Connection], what: str) -> Counter[str]:
    """Bytes by path."""
    found: Counter[str] = Counter()
    for connection in connections:
        found[str(connection.path)] += getattr(connection, what)
    return found


def bodies(events: list[Event], path: str, connections: Connections) -> list[bytes]:
    """The request bodies that went to `path`."""
    messages = [
        event.get("message")
        for event in events
        if event.ev == Ev.RECEIVE_END and event.conn is not None and connections[event.conn].path == path
    ]
    assert all(true_length(message.get("body")) == len(kept_bytes(message.get("body"))) for message in messages)
    return [kept_bytes(message.get("body")) for message in messages]


def ws_text(event: Event, ev: Ev) -> bool:
    """Whether this is a text message in the direction of `ev`."""
    return event.ev == ev and "text" in (event.get("message") or {})


def text(event: Event) -> str:
    """Its text."""
    return str(event.get("message")["text"])


def open_calls(events: list[Event]) -> set[tuple[int | None, int | None]]:
    """Calls of receive and send that began and never ended."""
    calls: set[tuple[int | None, int | None]] = set()
    for event in events:
        if event.ev in (Ev.RECEIVE_BEGIN, Ev.SEND_BEGIN):
            calls.add((event.conn, event.call))
        elif event.ev in (Ev.RECEIVE_END, Ev.SEND_END):
            calls.discard((event.conn, event.call))
    return calls


def test_the_example_stays_short() -> None:
    """Twenty lines of code, as the README says, without blank lines, imports and the docstring."""
    lines = (EXAMPLES / "shop.py").read_text(encoding="utf-8").splitlines()[1:]
    assert sum(bool(line) and not line.startswith(("from ", "import ")) for line in lines) <= 25
