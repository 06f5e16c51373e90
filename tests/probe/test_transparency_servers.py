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

from tests.apps.generated import body, illegal_programs, legal_programs, start
from tests.apps.programs import Program
from tests.apps.site import SIDES, packed
from tests.servers import COMMANDS, PATIENCE, exchange, running, wait_until

runs = itertools.count(1)


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


def all_sides(port: int, program: Program, body: bytes) -> list[Any]:
    """What was seen bare, tapped, and tapped closely."""
    return [seen_of(port, side, program, body) for side in SIDES]


def legal(server: str) -> st.SearchStrategy[Program]:
    """Legal programs as the server knows to read them.

    daphne refuses buffers and loses the headers of a generator, granian refuses pairs that are iterators: there the list
    that the tap makes of them would help, which is the one difference it makes.
    """
    match server:
        case "daphne":
            return legal_programs(["bytes", "long"], ["list", "tuple", "lists"])
        case "granian":
            return legal_programs(shapes=["list", "tuple", "lists", "generator"])
        case _:
            return legal_programs()


sizes = st.sampled_from([0, 5, 2_000])  # one packet: how many the system makes of more is not the tap's doing
quick = settings(max_examples=12, suppress_health_check=list(HealthCheck))
thorough = settings(max_examples=60, suppress_health_check=list(HealthCheck))
#: Servers under which a program that breaks a rule still ends; daphne leaves its client hanging.
ENDING = [name for name in COMMANDS if name != "daphne"]
every_server = pytest.mark.parametrize("server", COMMANDS)


def check_legal(port: int, data: st.DataObject, server: str) -> None:
    bare, *tapped = all_sides(port, data.draw(legal(server)), bytes(data.draw(sizes)))
    assert tapped == [bare, bare]
    assert b"<" not in bare[0][-7:]
    assert re.match(rb"HTTP/1.1 (200|201|404|500) ", bare[0])


def check_illegal(port: int, data: st.DataObject) -> None:
    bare, *tapped = all_sides(port, data.draw(illegal_programs()), bytes(data.draw(sizes)))
    assert tapped == [bare, bare]


@pytest.mark.parametrize("server", ["uvicorn-h11", "uvicorn-httptools"])
@quick
@given(data=st.data())
def test_uvicorn_serves_the_same_bytes(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """Legal or not, a few programs give the same bytes and journals on the server that asgiviz runs by itself."""
    check_legal(ports[server], data, server)
    check_illegal(ports[server], data)


@pytest.mark.slow
@every_server
@thorough
@given(data=st.data())
def test_a_legal_program_gives_the_same_bytes(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """A complete answer is the same on the wire with and without the tap, under each server."""
    check_legal(ports[server], data, server)


@pytest.mark.slow
@pytest.mark.parametrize("server", ENDING)
@settings(thorough, max_examples=30)
@given(data=st.data())
def test_an_illegal_program_fails_in_the_same_way(ports: dict[str, int], server: str, data: st.DataObject) -> None:
    """A program that breaks a rule gets the same error, and its client the same bytes, with the tap as without."""
    check_illegal(ports[server], data)


@pytest.mark.slow
@pytest.mark.parametrize("step", [("raise", "on purpose"), ("send", {"status": 200}), ("send", {"type": "http.response.sned"})])
def test_an_error_before_the_start_is_the_same_on_daphne(ports: dict[str, int], step: Any) -> None:
    """daphne, which leaves its client hanging in all other cases, gives the same bytes and journal for the early errors."""
    bare, *tapped = all_sides(ports["daphne"], [step], b"")
    assert tapped == [bare, bare]
    assert bare[0].startswith(b"HTTP/1.1 500 ")


@pytest.mark.slow
@every_server
def test_a_large_upload_and_download_arrive_whole(ports: dict[str, int], server: str) -> None:
    """Bodies of megabytes, in as many pieces as the server likes, are the same for app and client with and without the tap."""
    program: Program = [("receive all", None), ("send", start(201))]
    program += [("send", (body(b"0123456789", more_body=True), "list", "long"))] * 20 + [("send", body(b"end"))]
    bare, *tapped = all_sides(ports[server], program, b"x" * 1_000_000)
    assert tapped == [bare, bare]
    assert bare[0].count(b"0123456789") >= 5_000 * 20 - 1_000  # a chunk's frame may part a few of them
    assert b"'received all', 1000000, " in bare[1]


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's WebSocket frame; its mask is all zeros, so that it reads as it is."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


def more(client: socket.socket, most: int) -> bytes:
    """What has come in, at most `most` bytes; the connection must not be over."""
    data = client.recv(most)
    assert data
    return data


def dialogue(port: int, side: str, program: Program, texts: list[str]) -> tuple[bytes, bytes]:
    """All bytes a WebSocket client gets that sends the texts and answers the server's close with its own."""
    path = f"/{side}/{next(runs)}".encode()
    handshake = (
        b"GET %b HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-program: %b\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(handshake % (path, packed(program)))
        while b"\r\n\r\n" not in answer:
            answer += more(client, 1)
        client.sendall(b"".join(frame(1, text.encode()) for text in texts))
        while not answer.endswith(b"\x88\x05\x0f\xa1why"):
            answer += more(client, 65536)
        client.sendall(frame(8, b"\x0f\xa1"))
    return without_date(answer), journal_of(port, path)


@pytest.mark.slow
@pytest.mark.parametrize("server", ENDING)  # daphne does not send the reason
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(alphabet="abcö€", max_size=20), max_size=5))
def test_a_websocket_echoes_the_same_frames(ports: dict[str, int], server: str, texts: list[str]) -> None:
    """Handshake, echoed texts and the close with its reason are the same frames with and without the tap."""
    program: Program = [("receive", None), ("send", {"type": "websocket.accept"})]
    program += [("echo", None)] * len(texts)
    program.append(("send", {"type": "websocket.close", "code": 4001, "reason": "why"}))
    bare, *tapped = (dialogue(ports[server], side, program, texts) for side in SIDES)
    assert tapped == [bare, bare]
    assert b"".join(bytes([0x81, len(text.encode())]) + text.encode() for text in texts) in bare[0]
