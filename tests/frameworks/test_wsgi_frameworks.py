"""Flask and Django are served by waitress alike with and without the tap, and every byte that they gave is in the recording."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Raw
from asgiviz.model.values import true_length
from asgiviz.probe.wsgi_tap import WsgiTap
from tests.probe.wsgi_servers import events_of, undated, waitress
from tests.servers import exchange, wait_until

UPLOAD = b"0123456789" * 20_000
FRAMEWORKS = {"flask": ("tests.apps.flask_shop", "/stream"), "django": ("tests.apps.django_forms", "/chunks")}


@pytest.fixture(scope="module", params=list(FRAMEWORKS.values()), ids=list(FRAMEWORKS))
def served(request: pytest.FixtureRequest) -> Iterator[tuple[int, int, list[Raw], str]]:
    """The ports of a bare and a tapped server, what the tap emits, and where the stream is."""
    module, stream = request.param
    app = importlib.import_module(module).app
    raws: list[Raw] = []
    with waitress(app) as bare, waitress(WsgiTap(app, raws.append)) as tapped:
        yield bare, tapped, raws, stream


def ask(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".encode()


REQUESTS = {
    "json": ask("/json?a=b"),
    "head": ask("/json", "HEAD"),
    "stream": ask("STREAM"),
    "file": ask("/file"),
    "error": ask("/boom"),
    "not found": ask("/none"),
    "upload": b"POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(UPLOAD) + UPLOAD,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_framework_answers_alike_and_is_recorded(served: tuple[int, int, list[Raw], str], name: str) -> None:
    """The same bytes come back, and the request's summary says what they were."""
    bare, tapped, raws, stream = served
    request = REQUESTS[name].replace(b"STREAM", stream.encode())
    before = len(Connections(events_of(raws)))
    answer = exchange(tapped, request)
    assert undated(answer) == undated(exchange(bare, request))
    assert wait_until(lambda: _last(raws).over and len(Connections(events_of(raws))) == before + 1)
    connection = _last(raws)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert connection.status == int(head.split()[1])
    assert not connection.failed
    if b"Transfer-Encoding" not in head and name != "head":
        assert connection.bytes_out == len(body)
    if name == "stream":
        chunks = [event for event in events_of(raws) if event.conn == connection.conn and event.ev == "wsgi.chunk"]
        assert b"".join(event.get("body") for event in chunks) == b"".join(b"%d," % n for n in range(50))
        assert len(chunks) >= 50
    if name == "upload":
        assert connection.bytes_in == true_length(UPLOAD)


def _last(raws: list[Raw]) -> Connection:
    connections = Connections(events_of(raws))
    return connections[max(connections)]
