"""Under every real server a client gets the same bytes, and the app the same answers, with the tap as without it."""

from __future__ import annotations

import itertools
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.generated import DEVIATIONS, illegal_programs, legal_programs
from tests.apps.programs import Program
from tests.apps.site import packed
from tests.servers import COMMANDS, PATIENCE, exchange, running, wait_until

runs = itertools.count(1)
#: On daphne an error behind the start of the response hangs the client, buffers are refused and generators lose headers.
DAPHNE_DEVIATIONS = [name for name, (_, started) in DEVIATIONS.items() if not started and name != "headers is None"]


@pytest.fixture(scope="session")
def ports() -> Iterator[dict[str, int]]:
    """The ports of the servers that run already; a test that needs another one starts it for all that follow."""
    with ExitStack() as stack:

        class Started(dict[str, int]):
            def __missing__(self, server: str) -> int:
                self[server] = stack.enter_context(running(server, "tests.apps.site:site"))
                return self[server]

        yield Started()


def seen_of(port: int, side: str, program: Program, body: bytes) -> tuple[bytes, bytes]:
    """What a client gets of the program, and what its app and its server kept in their journals."""
    path = f"/{side}/{next(runs)}".encode()
    head = b"POST %b HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-program: %b\r\ncontent-length: %d\r\n\r\n"
    answer = exchange(port, head % (path, packed(program), len(body)) + body, patience=5)
    return without_date(answer), journal_of(port, path)


def journal_of(port: int, path: bytes) -> bytes:
    """The journal of the program at `path`, once it is over."""
    answers = [b""]

    def arrived() -> bool:
        answers[0] = exchange(port, b"GET /journal%b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n" % path)
        return b" 200 " in answers[0].partition(b"\r\n")[0]

    assert wait_until(arrived, PATIENCE), path
    return without_date(answers[0])


def without_date(answer: bytes) -> bytes:
    """The bytes of an answer with the clock's header evened out, the only one that may differ."""
    return re.sub(rb"(?im)^date: [^\r]*", b"date: now", answer)


def both_sides(port: int, program: Program, body: bytes) -> tuple[Any, Any]:
    """What was seen bare and tapped."""
    return seen_of(port, "bare", program, body), seen_of(port, "tapped", program, body)


def legal(server: str) -> st.SearchStrategy[Program]:
    """Legal programs as the server knows to read them."""
    return legal_programs(["bytes", "long"], ["list", "tuple", "lists"]) if server == "daphne" else legal_programs()


def illegal(server: str) -> st.SearchStrategy[Program]:
    """Illegal programs that end under that server."""
    return illegal_programs(DAPHNE_DEVIATIONS, swallowing=False) if server == "daphne" else illegal_programs()


sizes = st.sampled_from([0, 5, 2_000])  # one packet: how many the system makes of more is not the tap's doing
quick = settings(max_examples=12, suppress_health_check=list(HealthCheck))
thorough = settings(max_examples=60, suppress_health_check=list(HealthCheck))
every_server = pytest.mark.parametrize("server", COMMANDS)


def check_legal(port: int, data: st.DataObject, server: str) -> None:
    bare, tapped = both_sides(port, data.draw(legal(server)), b"x" * data.draw(sizes))
    assert tapped == bare
    assert b"<" not in bare[0][-7:]
    assert re.match(rb"HTTP/1.1 (200|201|404|500) ", bare[0])


def check_illegal(port: int, data: st.DataObject, server: str) -> None:
    bare, tapped = both_sides(port, data.draw(illegal(server)), b"x" * data.draw(sizes))
    assert tapped == bare


@pytest.mark.parametrize("server", ["uvicorn-h11", "uvicorn-httptools"])
@quick
@given(data=st.data())
def test_uvicorn_serves_the_same_bytes(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """Legal or not, a few programs give the same bytes and journals on the server that asgiviz runs by itself."""
    check_legal(ports[server], data, server)
    check_illegal(ports[server], data, server)


@pytest.mark.slow
@every_server
@thorough
@given(data=st.data())
def test_a_legal_program_gives_the_same_bytes(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """A complete answer is the same on the wire with and without the tap, under each server."""
    check_legal(ports[server], data, server)


@pytest.mark.slow
@every_server
@settings(thorough, max_examples=30)
@given(data=st.data())
def test_an_illegal_program_fails_in_the_same_way(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """A program that breaks a rule gets the same error from its server, and its client the same bytes, with and without the tap."""
    check_illegal(ports[server], data, server)


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's WebSocket frame; its mask is all zeros, so that it reads as it is."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


def dialogue(port: int, side: str, program: Program, texts: list[str]) -> tuple[bytes, bytes]:
    """All bytes a WebSocket client gets that sends the texts and answers the server's close with its own."""
    path = f"/{side}/{next(runs)}".encode()
    handshake = (
        b"GET %b HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-program: %b\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(handshake % (path, packed(program)) + b"".join(frame(1, text.encode()) for text in texts))
        closed = False
        while data := client.recv(65536):
            answer += data
            if not closed and b"\x88\x05\x0f\xa1why" in answer:
                client.sendall(frame(8, b"\x0f\xa1"))
                closed = True
    return without_date(answer), journal_of(port, path)


@pytest.mark.slow
@pytest.mark.parametrize("server", [name for name in COMMANDS if name != "daphne"])  # daphne does not send the reason
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(alphabet="abcö€", max_size=20), max_size=5))
def test_a_websocket_echoes_the_same_frames(ports: dict[str, int], server: str, texts: list[str]) -> None:
    """Handshake, echoed texts and the close with its reason are the same frames with and without the tap."""
    program: Program = [("receive", None), ("send", {"type": "websocket.accept"})]
    program += [("echo", None)] * len(texts)
    program.append(("send", {"type": "websocket.close", "code": 4001, "reason": "why"}))
    bare, tapped = (dialogue(ports[server], side, program, texts) for side in ("bare", "tapped"))
    assert tapped == bare
    assert b"".join(bytes([0x81, len(text.encode())]) + text.encode() for text in texts) in bare[0]
