"""HTTP clients against a real server; each bad manner is proved by what the app saw."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.traffic.forms import Fill
from asgiviz.traffic.player import play
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import KEPT_BODY, Ending, Seen
from asgiviz.traffic.steps import Connect, HalfClose, HangUp, Pipeline, Raw, Read, Request, Reset, SendText, Step, Wait
from tests.traffic.serving import Served, serving, until

BIG = 16 * 1024 * 1024  # more than the buffers of two sockets hold


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it got; /big sends much, /drip does not stop, /wait says nothing, /cut breaks off, /half is early."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    path = scope["path"]
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
        if path == "/half" and len(body) == 300:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"so far", "more_body": True})
    if path == "/wait":
        await receive()
        return
    start = {"type": "http.response.start", "status": 200, "headers": [(b"x-path", path.encode())]}
    await send(start)
    if path == "/big":
        for _ in range(BIG // 65536):
            await send({"type": "http.response.body", "body": b"b" * 65536, "more_body": True})
    elif path == "/drip":
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"drip", "more_body": True})
            await asyncio.sleep(0.01)
        return
    elif path == "/cut":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("cut")
    await send({"type": "http.response.body", "body": body or path.encode()})


@pytest.fixture(scope="module", params=["h11", "httptools"])
def http(request: pytest.FixtureRequest) -> str:
    """Each HTTP implementation of the server."""
    return str(request.param)


@pytest.fixture
def served(http: str) -> Iterator[Served]:
    """The app above on a server."""
    with serving(app, http=http, lifespan="off") as served:
        yield served


def seen_by(served: Served, *steps: Step, **how: Any) -> Seen:
    """What one client saw that took these steps."""
    return play(Script("ann", steps, **how), served.url, served.raws.append)


def test_a_request_gets_its_answer(served: Served) -> None:
    """Status, headers, body and the order of the times are those of the answer."""
    seen = seen_by(served, Request("/a?b=1", headers=(("x-mine", "yes"),)), Read())
    (exchange,) = seen.exchanges
    assert (exchange.status, bytes(exchange.body), exchange.ending, seen.trouble) == (200, b"/a", Ending.COMPLETE, None)
    assert (b"x-path", b"/a") in exchange.headers
    assert (b"x-mine", b"yes") in served.scope("/a")["headers"]
    assert exchange.sent_at
    assert exchange.first_byte_at
    assert exchange.last_byte_at
    assert exchange.began_at < exchange.first_byte_at <= exchange.last_byte_at
    assert exchange.began_at < exchange.sent_at


def test_a_path_that_is_no_ascii_is_quoted(served: Served) -> None:
    """The app gets the path that the script says."""
    seen_by(served, Request("/grün"), Read())
    assert served.conns("/grün")


@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_a_body_goes_in_parts(served: Served, chunked: bool) -> None:
    """Each part is sent behind its gap, with the length announced or as chunks, and the app gets them all."""
    seen = seen_by(served, Request("/up", "POST", body=(b"one", b"two", b"six"), gap=0.2, chunked=chunked), Read())
    assert seen.exchanges[0].body == b"onetwosix"
    assert b"".join(message["body"] for message in served.received("/up")) == b"onetwosix"
    first, second, third = [at for at, event in served.client_events() if event["what"] == "sent"]
    assert min(second - first, third - second) >= 0.2e9
    names = dict(served.scope("/up")["headers"])
    assert names.get(b"transfer-encoding" if chunked else b"content-length") == (b"chunked" if chunked else b"9")


def test_a_big_body_is_kept_in_part_and_counted_whole(served: Served) -> None:
    """Of a body beyond the bound, the beginning is kept; its length is the true one."""
    seen = seen_by(served, Request("/up", "POST", body=(Fill(KEPT_BODY + 5, b"ab"),)), Read())
    assert len(seen.exchanges[0].body) == KEPT_BODY
    assert seen.exchanges[0].length == KEPT_BODY + 5


def test_pipelined_requests_are_all_answered_in_order(served: Served) -> None:
    """Several requests in one write get their answers one by one, on one connection."""
    pipeline = Pipeline((Request("/1"), Request("/2", "POST", body=(b"two",)), Request("/3")))
    seen = seen_by(served, pipeline, Read(), Read(2))
    assert [bytes(exchange.body) for exchange in seen.exchanges] == [b"/1", b"two", b"/3"]
    assert [event["bytes"] for _, event in served.client_events() if event["what"] == "sent"] == [
        sum(event["bytes"] for _, event in served.client_events() if event["what"] == "sent")
    ]
    assert len({served.scope(path)["client"][1] for path in ("/1", "/2", "/3")}) == 1


def test_a_connection_is_used_again(served: Served) -> None:
    """One request after the other goes over the same connection as long as the server keeps it."""
    seen_by(served, Request("/1"), Read(), Request("/2"), Read())
    assert served.scope("/1")["client"] == served.scope("/2")["client"]


def test_a_connection_that_was_the_last_is_opened_anew(served: Served) -> None:
    """Behind an answer that closes the connection, the next request opens another."""
    seen = seen_by(served, Request("/1", headers=(("connection", "close"),)), Read(), Request("/2"), Read())
    assert [exchange.status for exchange in seen.exchanges] == [200, 200]
    assert served.scope("/1")["client"] != served.scope("/2")["client"]


def test_reading_stops_at_the_byte_asked_for(served: Served) -> None:
    """`until` takes exactly so many bytes of the body and leaves the rest to the next read."""
    seen = seen_by(served, Request("/big"), Read(until=100_000), HangUp())
    assert seen.exchanges[0].length == 100_000
    seen = seen_by(served, Request("/big"), Read(until=100_000), Read())
    assert (seen.exchanges[0].length, seen.exchanges[0].ending) == (BIG + 4, Ending.COMPLETE)


def test_who_does_not_read_makes_the_app_wait(served: Served) -> None:
    """While the client takes nothing, a send of the app does not come back."""
    seen_by(served, Request("/big"), Read(until=10), Wait(0.4), Read(), receive_buffer=8192)
    paused = next(at for at, event in served.client_events() if event["what"] == "received")
    assert max(served.send_ends("/big")) >= paused + 400_000_000


def test_slow_reading_takes_small_pieces(served: Served) -> None:
    """Pieces of n bytes each s seconds take as long as that makes, and the answer is whole."""
    seen = seen_by(served, Request("/up", "POST", body=(b"x" * 500,)), Read(piece=100, gap=0.05))
    (exchange,) = seen.exchanges
    assert exchange.body == b"x" * 500
    assert (exchange.last_byte_at or 0) - (exchange.first_byte_at or 0) >= 0.2e9


@pytest.mark.parametrize("leave", [HangUp(), Reset()], ids=["hang-up", "reset"])
def test_leaving_in_mid_stream_reaches_the_app(served: Served, leave: Step) -> None:
    """Who leaves during the answer is http.disconnect for the app."""
    seen = seen_by(served, Request("/drip"), Read(until=8), leave)
    assert served.wait_received("/drip", "http.disconnect")
    assert (seen.exchanges[0].length, seen.exchanges[0].ending) == (8, Ending.LEFT)
    assert served.outcome("/drip") == "returned"


def test_leaving_before_the_answer_reaches_the_app(served: Served) -> None:
    """Who does not wait for the answer is http.disconnect for the app."""
    seen = seen_by(served, Request("/wait"), Wait(0.1), HangUp())
    assert served.wait_received("/wait", "http.disconnect")
    assert (seen.exchanges[0].status, seen.exchanges[0].ending) == (None, Ending.LEFT)


def test_a_half_sent_upload_reaches_the_app_as_far_as_it_went(served: Served) -> None:
    """The app gets the beginning of the body and then http.disconnect, never the end."""
    seen = seen_by(served, Request("/half", "POST", body=(Fill(1000),), send_only=300), Read(until=6), HangUp())
    assert seen.exchanges[0].body == b"so far"
    assert served.wait_received("/half", "http.disconnect")
    got = served.received("/half")[:-1]
    assert b"".join(message["body"] for message in got) == b"x" * 300
    assert all(message["more_body"] for message in got)


def test_raw_bytes_are_sent_as_they_are(served: Served) -> None:
    """What is no HTTP gets 400, and the app never hears of it."""
    seen = seen_by(served, Raw(b"this is no request\r\n\r\n"), Read())
    assert seen.exchanges[0].status == 400
    assert [raw for raw in served.raws if raw[2] is not None] == []


def test_raw_bytes_may_be_a_request(served: Served) -> None:
    """A request spelt by hand arrives as it was spelt."""
    seen = seen_by(served, Raw(b"GET /by-hand HTTP/1.1\r\nHOST: here\r\n"), Wait(0.05), Raw(b"\r\n"), Read())
    assert (seen.trouble, bytes(seen.exchanges[-1].body)) == (None, b"/by-hand")


def test_an_interim_answer_is_noted(served: Served) -> None:
    """100 Continue stands beside the answer."""
    seen = seen_by(served, Request("/up", "POST", headers=(("expect", "100-continue"),), body=(b"hi", b"ho"), gap=0.2), Read())
    assert (seen.exchanges[0].interim, seen.exchanges[0].status) == ([100], 200)


def test_an_answer_that_breaks_off_is_cut(served: Served) -> None:
    """When the server closes before the end, what came is kept and the ending says so; the script goes on."""
    seen = seen_by(served, Request("/cut"), Read(), Request("/next"), Read())
    cut, after = seen.exchanges
    assert (bytes(cut.body), cut.ending, after.ending, seen.trouble) == (b"half", Ending.CUT, Ending.COMPLETE, None)


def test_silence_ends_in_trouble(served: Served) -> None:
    """Who waits in vain gives up after the time-out, and says at which step."""
    seen = seen_by(served, Request("/wait"), Read(), Request("/after"), timeout=0.2)
    assert seen.trouble == "step 2, read: nothing came from the server in time"
    assert [exchange.ending for exchange in seen.exchanges] == [Ending.TIMED_OUT]
    assert served.wait_received("/wait", "http.disconnect")


def test_reading_for_a_while_is_no_trouble(served: Served) -> None:
    """`lasting` takes what comes in that time, be it nothing, and goes on, even beyond the time-out."""
    seen = seen_by(served, Request("/drip"), Read(until=4), Read(lasting=0.1), HangUp())
    assert (seen.trouble, seen.exchanges[0].ending) == (None, Ending.LEFT)
    seen = seen_by(served, Request("/wait"), Read(lasting=0.6), timeout=0.5)
    assert (seen.trouble, seen.exchanges[0].status, seen.exchanges[0].ending) == (None, None, Ending.LEFT)


def test_the_whole_life_of_a_client_is_bounded(served: Served) -> None:
    """An answer that never ends is left when the client's time is over."""
    seen = seen_by(served, Request("/drip"), Read(), limit=1)
    assert seen.trouble == "step 2, read: the client's 1 s are over"
    assert served.wait_received("/drip", "http.disconnect")


def test_what_a_client_sees_is_emitted(served: Served) -> None:
    """A request is a run of client events, in the order of time, that carries the client's own address."""
    seen_by(served, Request("/a"), Read())
    events = served.client_events()
    assert [event["what"] for _, event in events] == ["connected", "sent", "first_byte", "received", "closed"]
    assert events[0][1]["local"] == list(served.scope("/a")["client"])
    assert {key: events[3][1][key] for key in ("client", "status", "bytes", "ending")} == {
        "client": "ann",
        "status": 200,
        "bytes": 2,
        "ending": "complete",
    }
    assert [at for at, _ in events] == sorted(at for at, _ in events)


def test_who_connects_and_says_nothing_is_no_trouble(served: Served) -> None:
    """An idle connection is a connection; the app hears nothing of it."""
    seen = seen_by(served, Connect(), Wait(0.05))
    assert (seen.trouble, seen.exchanges) == (None, [])
    assert [event["what"] for _, event in served.client_events()] == ["connected", "closed"]


WRONG_ORDER = [
    pytest.param((Read(),), "step 1, read: there is no answer to read", id="read"),
    pytest.param((HalfClose(),), "step 1, half_close: there is no open connection", id="half-close"),
    pytest.param((Reset(),), "step 1, reset: there is no open connection", id="reset"),
    pytest.param((SendText(b""),), "step 1, send_text: there is no WebSocket", id="text"),
    pytest.param((Request("/", "NO WAY"),), "step 1, request: h11 does not send such a request", id="illegal"),
]


@pytest.mark.parametrize(("steps", "sentence"), WRONG_ORDER)
def test_a_step_that_cannot_be_taken_is_trouble(steps: tuple[Step, ...], sentence: str) -> None:
    """A step without what it needs ends the script with a sentence that names it."""
    with serving(app, lifespan="off") as served:
        assert str(seen_by(served, *steps).trouble).startswith(sentence)


def test_nobody_listening_is_trouble() -> None:
    """A refused connection is a sentence in what was seen, not an exception."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    events: list[Any] = []
    seen = play(Script("ann", (Request("/"), Read())), f"http://127.0.0.1:{port}", events.append)
    assert seen.trouble == f"step 1, request: cannot connect to 127.0.0.1:{port}: connection refused"
    assert [event[5]["what"] for event in events] == ["closed"]


@pytest.mark.parametrize("url", ["", "ftp://a", "http://", "http://a/path", "http://a:port", "unix:"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A URL that names no server raises ValueError with what would have been one."""
    with pytest.raises(ValueError, match=r"is no server's address; give http://host:port"):
        play(Script("ann", ()), url)


def test_a_half_closed_client_still_reads() -> None:
    """The server sees the end of the stream, and the client its answer behind it."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_at_the_end() -> None:
            peer, _ = listener.accept()
            with peer:
                while data := peer.recv(4096):
                    heard.extend(data)
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbye!")

        server = threading.Thread(target=answer_at_the_end)
        server.start()
        seen = play(Script("ann", (Request("/"), HalfClose(), Read())), f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.join()
    assert heard.startswith(b"GET / HTTP/1.1\r\n")
    assert (bytes(seen.exchanges[0].body), seen.trouble) == (b"bye!", None)


def test_an_answer_that_is_no_http_is_garbled() -> None:
    """What h11 cannot read is told from an answer that was cut."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def mumble() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"220 mail here\r\n\r\n")
                peer.recv(4096)

        server = threading.Thread(target=mumble)
        server.start()
        seen = play(Script("ann", (Request("/"), Read())), f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.join()
    assert seen.exchanges[0].ending is Ending.GARBLED


def test_a_unix_socket_is_an_address(tmp_path: Path) -> None:
    """A server on a unix socket is reached by its path, and its requests name localhost."""
    with serving(app, uds=str(tmp_path / "s"), lifespan="off") as served:
        seen = seen_by(served, Request("/u"), Read())
        assert (bytes(seen.exchanges[0].body), seen.trouble) == (b"/u", None)
        assert (b"host", b"localhost") in served.scope("/u")["headers"]


def test_https_works_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    """A server with a self-signed certificate is talked to, and a hang-up arrives there, too."""
    files = self_signed(tmp_path)
    with serving(app, ssl_certfile=files[0], ssl_keyfile=files[1], lifespan="off") as served:
        seen = seen_by(served, Request("/tls"), Read(), Request("/drip"), Read(until=8), HangUp())
        assert (bytes(seen.exchanges[0].body), seen.trouble) == (b"/tls", None)
        assert served.scope("/tls")["scheme"] == "https"
        assert served.wait_received("/drip", "http.disconnect")


def self_signed(directory: Path) -> tuple[str, str]:
    """The files of a certificate for 127.0.0.1 and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (directory / "cert").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key").write_bytes(encoded)
    return str(directory / "cert"), str(directory / "key")


def test_a_reset_is_a_reset() -> None:
    """`reset` ends the connection so that the other side's read fails instead of ending."""
    outcome: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def read_on() -> None:
            peer, _ = listener.accept()
            with peer:
                try:
                    while peer.recv(4096):
                        pass
                    outcome.append("end")
                except ConnectionResetError:
                    outcome.append("reset")

        server = threading.Thread(target=read_on)
        server.start()
        play(Script("ann", (Request("/"), Reset())), f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.join()
    assert until(lambda: outcome, "the end of the connection") == ["reset"]
