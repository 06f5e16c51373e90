"""Real servers in front of a blameless app: what the judge finds of each is known, true, and in docs/ordinary-findings.md."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import COMMANDS, exchange, running, wait_until

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "ordinary-findings.md"
HOST = b" HTTP/1.1\r\nhost: h\r\n"
LAST = HOST + b"connection: close\r\n"
UPGRADE = (
    HOST + b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: chat, news\r\n\r\n"
)
#: Whole requests, each on a connection of its own.
REQUESTS = [
    b"GET /hello?a=1&b=%20z" + LAST + b"X-Mixed: 1\r\nx-twice: 1\r\nx-twice: 2\r\nx-latin: \xe9\r\n\r\n",
    b"HEAD /hello" + LAST + b"\r\n",
    b"OPTIONS *" + LAST + b"\r\n",
    b"PROPFIND /hello" + LAST + b"\r\n",
    b"get /hello" + LAST + b"\r\n",
    b"GET http://h/absolute?q=1" + LAST + b"\r\n",
    b"GET /get%20x/%C3%A9/%3Fq%2F/%ff/../x" + LAST + b"\r\n",
    b"GET /hello HTTP/1.0\r\n\r\n",
    b"POST /up" + LAST + b"\r\n",
    b"POST /up" + LAST + b"content-length: 5\r\n\r\nhello",
    b"POST /up" + LAST + b"content-length: 300000\r\n\r\n" + b"x" * 300_000,
    b"POST /up" + LAST + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"POST /up" + LAST + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /up" + LAST + b"expect: 100-continue\r\ncontent-length: 5\r\n\r\nhello",
    (b"GET /hello" + HOST + b"\r\n") * 3 + b"GET /hello" + LAST + b"\r\n",
    (b"POST /up" + HOST + b"content-length: 5\r\n\r\nhello") * 3 + b"GET /hello" + LAST + b"\r\n",
    b"GET /stream" + LAST + b"\r\n",
    b"GET /listen" + HOST + b"\r\n",
]
#: What is sent before the client leaves.
HALVES = [
    b"GET /stream" + HOST + b"\r\n",
    b"POST /up" + HOST + b"content-length: 50\r\n\r\nhel",
    b"POST /up" + HOST + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
]


def frame(opcode: int, payload: bytes, last: bool = True) -> bytes:
    """A client's WebSocket frame; its mask is all zeros, so that it reads as it is."""
    return bytes([0x80 * last | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


CLOSE = frame(8, b"\x03\xe8bye")
#: What a client says before it leaves.
SAID = {
    "close": CLOSE,
    "close without a code": frame(8, b""),
    "everything": frame(1, b"hi") + frame(2, b"\0") + frame(1, b"fr", False) + frame(0, b"ag") + frame(9, b"p") + CLOSE,
    "nothing": b"",
    "no text": frame(1, b"\xff\xfe"),
    "please close": frame(1, b"close"),
}


def leave(port: int, said: bytes, reset: bool = False) -> None:
    """Say something, listen for a moment, and go without a word, or by a reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(said)
        time.sleep(0.2)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def converse(port: int, path: bytes, said: bytes, reset: bool = False) -> None:
    """Open a WebSocket, say something, and go."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET " + path + UPGRADE)
        try:
            answered = client.recv(1)
            client.sendall(said if answered else b"")
            time.sleep(0.3)
        except (TimeoutError, ConnectionError):
            return
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def errands(port: int) -> list[Callable[[], object]]:
    """Everything that clients do to a server."""
    return [
        *(lambda request=request: exchange(port, request, 12 if b"/listen" in request else 3) for request in REQUESTS),
        *(lambda half=half, reset=reset: leave(port, half, reset) for half in HALVES for reset in (False, True)),
        *(
            lambda path=path, said=said: converse(port, path, said)
            for path in (b"/echo", b"/late", b"/listen")
            for said in SAID.values()
        ),
        lambda: converse(port, b"/late", b"", reset=True),
        lambda: converse(port, b"/refuse", b""),
    ]


def findings(port: int) -> dict[str, Any]:
    """What the judge in the server's process says of everything so far."""
    answer = exchange(port, b"GET /findings" + LAST + b"\r\n")
    told: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


@pytest.mark.slow
@pytest.mark.parametrize("server", COMMANDS)
def test_what_is_found_of_a_server_is_known_and_true(server: str) -> None:
    """Each finding stands in the document; those that it says are always there are there."""
    with running(server, "tests.apps.judged_site:site") as port:
        clients = [threading.Thread(target=errand) for errand in errands(port)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(30)
        assert wait_until(lambda: not findings(port)["open"], 30)
        told = findings(port)
    assert told["connections"] > 30
    found = {(rule, severity, who) for rule, severity, who, *_ in told["found"]}
    known, certain = rows(server)
    assert found <= known, [finding for finding in told["found"] if (finding[0], finding[1], finding[2]) not in known]
    assert certain <= found


def rows(server: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """What the document says can be found of a server, and what always is."""
    known, certain = set(), set()
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[A-Z-]+-\d+", cells[1]) and cells[0] in ("all", server, server.partition("-")[0]):
            known.add(tuple(cells[1:4]))
            if cells[4] == "always":
                certain.add(tuple(cells[1:4]))
    return known, certain
