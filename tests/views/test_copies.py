"""What is copied: values, rows, JSON, and requests that curl really sends as they were recorded."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.store.lines import decode
from asgiviz.views.branches import Veil, fields_of
from asgiviz.views.copies import as_curl, as_json, row, value
from asgiviz.views.spans import Row, Span
from tests.model.malformed import EVENTS

HEADERS = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"x"), (b"accept", b"*/*")]
#: A curl that writes down what it was told, and what stood on its standard input.
STAND_IN = """curl() { printf '%s\\0' "$@" > args; case " $* " in *" @- "*) cat > input;; esac; }\n"""


def exchange(scope: dict[str, Any], *bodies: Any) -> tuple[Connection, list[Event]]:
    """A connection with its scope, and a request body in pieces."""
    base = {"type": "http", "scheme": "http", "server": ["127.0.0.1", 8000], "method": "GET", "path": "/", "headers": HEADERS}
    events = [Event(1, 0, Ev.SCOPE, 7, 0, None, {"scope": base | scope})]
    for index, body in enumerate(bodies, 1):
        message = {"type": "http.request", "body": body, "more_body": index < len(bodies)}
        events.append(Event(index + 1, index, Ev.RECEIVE_END, 7, 0, index, {"message": message}))
    return Connections(events)[7], events


def curl(scope: dict[str, Any], *bodies: Any, mask: Mask | None = None) -> str:
    """The command for such a connection."""
    return as_curl(*exchange(scope, *bodies), mask)


def told(command: str, place: Path) -> tuple[list[bytes], bytes | None]:
    """The arguments that bash hands to curl, and its standard input."""
    for name in ("args", "input"):
        (place / name).unlink(missing_ok=True)
    subprocess.run(["bash", "-c", STAND_IN + command], cwd=place, check=True, timeout=60)
    given_input = place / "input"
    return (place / "args").read_bytes().split(b"\0")[:-1], given_input.read_bytes() if given_input.exists() else None


def test_a_plain_request_is_a_plain_command() -> None:
    """What curl does by itself is not written: no method, no host, no length."""
    assert curl({"path": "/orders", "query_string": b"dry=1"}) == (
        "curl \\\n  'http://127.0.0.1:8000/orders?dry=1' \\\n  -H 'user-agent: x' \\\n  -H 'accept: */*'\n"
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_body_arrives_as_it_was(tmp_path: Path, body: bytes) -> None:
    """Whatever the bytes of a body are, bash hands exactly them to curl: as an argument, or on its standard input."""
    arguments, given_input = told(curl({"method": "POST"}, body), tmp_path)
    if not body:
        assert "--data-binary" not in str(arguments)
        assert b"POST" in arguments
    elif given_input is not None:
        assert given_input == body
        assert arguments[-2:] == [b"--data-binary", b"@-"]
    else:
        assert arguments[-2:] == [b"--data-binary", body]
        assert not body.startswith(b"@")


VALUES = st.binary(max_size=20).map(lambda data: bytes(byte for byte in data if byte not in b"\r\n\0").strip())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, st.text(max_size=15), st.binary(max_size=20))
def test_no_value_escapes_from_its_quotation_marks(tmp_path: Path, header: bytes, path: str, query: bytes) -> None:
    """Header, path and query are one argument each, with their bytes, whatever signs of the shell are in them."""
    scope = {"path": path, "query_string": query, "headers": [*HEADERS, (b"x-any", header)]}
    arguments, _ = told(curl(scope), tmp_path)
    assert (b"x-any: " + header if header else b"x-any;") in arguments
    (url,) = [argument for argument in arguments if argument.startswith(b"http://")]
    assert url.startswith(b"http://127.0.0.1:8000/")
    assert url.isascii()
    assert b" " not in url


@settings(max_examples=60)
@given(st.lists(EVENTS, max_size=5), st.booleans())
def test_any_connection_can_be_copied(events: list[Event], hide: bool) -> None:
    """However malformed a recording is, there is a command or a comment, and a line of JSON for each event."""
    mask = Mask() if hide else None
    for connection in Connections(events).values():
        own = [event for event in events if event.conn == connection.conn]
        command = as_curl(connection, own, mask)
        assert command.endswith("\n")
        assert all(line.isprintable() for line in command.split("\n") if line.startswith("#"))
    lines = as_json(events, mask).splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert len(lines) == len(events)


def test_masked_headers_stay_masked_and_are_named() -> None:
    """A secret is stars in the command, and a comment names it; revealed, it stands there."""
    scope = {"query_string": b"token=hush", "headers": [*HEADERS, (b"authorization", b"Bearer xyz")]}
    hidden = curl(scope, mask=Mask())
    assert "hush" not in hidden
    assert "xyz" not in hidden
    assert "-H 'authorization: **********'" in hidden
    assert hidden.startswith("# masked: authorization; reveal secrets")
    assert "\n# secrets in the query are masked\n" in hidden
    revealed = curl(scope)
    assert "Bearer xyz" in revealed
    assert "token=hush" in revealed
    assert "#" not in revealed


def test_a_body_that_was_not_kept_whole_says_so() -> None:
    """The bytes that nobody kept are counted in a comment, and what was kept is sent."""
    command = curl({"method": "POST"}, {"$bytes": b"abc", "$len": 100})
    assert command.startswith("# 97 B of the body's 100 B were not recorded and are not sent\n")
    assert "--data-binary abc" in command
    assert curl({"method": "PUT"}, bytes(300_000)).startswith(
        "# the body is too long to be written here: save its 300,000 B as body.bin"
    )


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({"server": ["::1", 8000]}, "http://[::1]:8000/", id="IPv6"),
        pytest.param({"server": ["127.0.0.1", "80"]}, "http://127.0.0.1/", id="the port of the scheme, as a text"),
        pytest.param({"server": None}, "http://127.0.0.1:8000/", id="no server, but a host header"),
        pytest.param({"server": ["/run/app.sock", None]}, "--unix-socket /run/app.sock", id="unix socket"),
        pytest.param({"raw_path": b"/a%2Fb"}, "/a%2Fb", id="raw path"),
        pytest.param({"path": "/ä b"}, "/%C3%A4%20b", id="path without a raw one"),
        pytest.param({"method": "HEAD"}, "--head", id="HEAD"),
        pytest.param({"method": "DELETE"}, "-X DELETE", id="DELETE"),
        pytest.param({"path": "/a/../b"}, "--path-as-is", id="dots"),
        pytest.param({"query_string": b"a[]=1"}, "--globoff", id="brackets"),
        pytest.param({"headers": [*HEADERS[1:], (b"host", b"shop.test")]}, "-H 'host: shop.test'", id="another host"),
        pytest.param({"headers": HEADERS[:1]}, "-H user-agent:", id="a header that curl must not add"),
    ],
)
def test_the_address_is_that_of_the_server(scope: dict[str, Any], expected: str) -> None:
    """Unusual but legal scopes lead to the same place."""
    assert expected in curl(scope)


def test_a_websocket_has_a_command_that_opens_it() -> None:
    """The command connects, and comments tell what the client said."""
    scope = {"type": "websocket", "scheme": "ws", "path": "/chat", "query_string": b"room=1"}
    connection, events = exchange(scope)
    for text in ("hello\n$(rm)", "bye"):
        events.append(Event(9, 9, Ev.RECEIVE_END, 7, 0, 2, {"message": {"type": "websocket.receive", "text": text}}))
    *comments, command = as_curl(connection, events, None).rstrip("\n").split("\n")
    assert command == "python -m websockets 'ws://127.0.0.1:8000/chat?room=1'"
    assert all(line.startswith("# ") for line in comments)
    assert comments[-2:] == ["#   text, 11: hello\\n$(rm)", "#   text, 3: bye"]


def test_a_lifespan_has_no_command() -> None:
    """What no client began is told in a comment."""
    assert curl({"type": "lifespan"}).startswith("# connection 7 (lifespan): there is no request")


def heard(listener: socket.socket, into: list[bytes]) -> None:
    """Take one request with a content-length, and answer it."""
    with listener.accept()[0] as client:
        client.settimeout(30)
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        into += [head, body]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
@pytest.mark.parametrize(
    "body",
    [b"", b"a=1&b='2'", b"@/etc/hostname", bytes(range(256)), b"x" * 100_000],
    ids=["none", "form", "at", "binary", "long"],
)
def test_curl_sends_what_was_recorded(body: bytes) -> None:
    """Real curl, run by bash with the command, sends the recorded request line, headers and body."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        port = listener.getsockname()[1]
        headers = [
            (b"host", f"127.0.0.1:{port}".encode()), (b"accept", b"text/html"), (b"x-quote", b"it's \"$HOME\" `id` \\"),
            (b"x-twice", b"1"), (b"x-twice", b"caf\xc3\xa9"), (b"x-empty", b""),
        ]  # fmt: skip
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        scope = {
            "server": ["127.0.0.1", port], "method": "PUT" if body else "GET", "raw_path": b"/a%20b/../c",
            "query_string": b"q=[1]&r={a,b}", "headers": headers,
        }  # fmt: skip
        into: list[bytes] = []
        thread = threading.Thread(target=heard, args=(listener, into))
        thread.start()
        done = subprocess.run(
            ["bash", "-c", curl(scope, body)], capture_output=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin"}
        )
        thread.join(60)
    assert done.stdout == b"ok"
    line, *sent = into[0].split(b"\r\n")
    assert line == (b"PUT" if body else b"GET") + b" /a%20b/../c?q=[1]&r={a,b} HTTP/1.1"
    pairs = sorted((name.lower(), value.strip()) for name, _, value in (header.partition(b":") for header in sent))
    assert pairs == sorted(headers)
    assert into[1] == body


def test_a_value_is_copied_as_it_is() -> None:
    """A text bare, bytes as the text they are or in hexadecimal, a container as JSON, a secret as stars."""
    values_of: list[tuple[str, Any, str]] = [
        ("text", "a\n[b]", "a\n[b]"),
        ("utf8", "é".encode(), "é"),
        ("bytes", b"\xff\0", "ff 00"),
        ("list", [1, b"x"], '[\n  1,\n  {\n    "$bytes": "eA=="\n  }\n]'),
        ("token", "hush", "****"),
        ("long", {"$text": "ab", "$len": 9}, "ab"),
    ]
    nodes = fields_of({name: item for name, item, _ in values_of}, (), Veil(Mask()))
    for index, (name, _, copied) in enumerate(values_of):
        assert (nodes[index].key, value(nodes[index])) == (name, copied)
    headers = fields_of({"headers": [[b"accept", b"*/*"]]}, (), Veil(None))[0].children
    assert headers is not None
    assert value(headers()[0]) == "accept: */*"  # type: ignore[index]  # children, not lines


def test_a_row_is_copied_as_it_is_drawn() -> None:
    """The text of a row without its margin."""
    assert row(Row([Span("  ▸ "), Span("path"), Span("  '/x' ")])) == "▸ path  '/x'"


def test_events_are_copied_as_a_recording() -> None:
    """The lines of a connection, read back, are its events; with a mask secrets are not in them."""
    _, events = exchange({"headers": [[b"cookie", b"hush"]]}, b"body")
    assert [decode(line) for line in as_json(events, None).splitlines()] == events
    assert decode(as_json(events[1], None)) == events[1]
    first = decode(as_json(events, Mask()).splitlines()[0])
    assert first.fields["scope"]["headers"] == [[b"cookie", b"****"]]
