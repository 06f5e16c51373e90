"""A checkup runs an app as it would really run, in this process and under uvicorn, and judges recordings of any length."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from asgiviz.checkup import NOWHERE, UVICORN, Checkup, Plan, check_app, check_object, check_recording
from asgiviz.host.errors import HostError
from asgiviz.model.finding import Severity
from asgiviz.store.reader import read_stream
from asgiviz.traffic.script import Script

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"hello"}
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": {"$bytes": ""},
    "headers": [],
}
#: Python's own warning about the await that an app forgets here.
forgets = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")


def rules(checkup: Checkup, least: Severity = Severity.WARNING) -> set[str]:
    """The rules that are broken."""
    return {finding.rule for finding in checkup.findings if finding.severity.rank >= least.rank}


async def polite(scope: Any, receive: Any, send: Any) -> None:
    """An app that does all as it should."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": "you said it"})
    else:
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass
        if message["type"] == "http.request":
            await send(START)
            await send(BODY)


async def forgetful(scope: Any, receive: Any, send: Any) -> None:
    """An app that forgets an await."""
    assert scope["type"] == "http"
    send(START)
    await send(BODY)


def test_a_polite_app_has_no_findings() -> None:
    """Lifespan, all methods, WebSockets and clients that leave: nothing to say, and nothing that could not be done."""
    checkup = check_object(polite)
    assert checkup.findings == ()
    assert checkup.trouble == ()
    assert checkup.connection_count == 1 + 14 + 3  # the lifespan, the set, three places for a description
    assert checkup.header.layers == ["asgiviz", "polite"]
    assert checkup.events > checkup.connection_count


@forgets
def test_a_forgotten_await_is_found_with_its_line() -> None:
    """Two rules, the connection's name, and the line of code in this file."""
    checkup = check_object(forgetful, Plan(paths=("/buy",), methods=("GET",), openapi=NOWHERE))
    assert rules(checkup) == {"CORE-035", "HTTP-S-021"}
    [place] = {finding.code[0] for finding in checkup.findings if finding.rule == "CORE-035"}
    assert (Path(place.file).name, place.function) == ("test_checkup.py", "forgetful")
    assert set(checkup.connections.values()) == {"lifespan", "GET /buy"}


APP = """
from tests.test_checkup import polite as app
def make():
    return app
async def down(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


@pytest.fixture
def app_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A directory with modules to import: an app, and one that raises."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "checked_up.py").write_text(textwrap.dedent(APP), encoding="utf-8")
    (tmp_path / "checked_up_broken.py").write_text("raise OSError('at import')\n", encoding="utf-8")
    return str(tmp_path)


def test_uvicorn_is_checked_the_same_way(app_dir: str) -> None:
    """The same clients on a real socket; the header says which server it was."""
    told: list[str] = []
    checkup = check_app(Plan("checked_up:make", app_dir, factory=True, server=UVICORN, http="h11", loop="asyncio"), told.append)
    assert rules(checkup) == set()
    assert checkup.trouble == ()
    assert (checkup.header.server["name"], checkup.header.server["http"]) == ("uvicorn", "h11")
    assert checkup.connection_count == 1 + 14 + 3
    assert told[:2] == ["starting the app", "GET /"]


NOT_UP = {
    "no module": ("checked_nowhere:app", "no module named 'checked_nowhere'"),
    "an import that raises": ("checked_up_broken:app", "OSError: at import"),
    "a startup that fails": ("checked_up:down", "lifespan startup failed: no database"),
}


@pytest.mark.parametrize("server", ["", UVICORN], ids=["in process", "uvicorn"])
@pytest.mark.parametrize(("target", "sentence"), NOT_UP.values(), ids=NOT_UP)
def test_an_app_that_does_not_come_up_is_an_error(app_dir: str, target: str, sentence: str, server: str) -> None:
    """HostError, as `asgiviz trace` has it."""
    with pytest.raises(HostError, match=sentence):
        check_app(Plan(target, app_dir, server=server))


def test_an_object_that_is_no_app_is_an_error() -> None:
    """The same sentence that a target gets."""
    with pytest.raises(HostError, match="is a WSGI app"):
        check_object(lambda environ, start_response: None)  # type: ignore[arg-type, misc]


async def described(scope: Any, receive: Any, send: Any) -> None:
    """An app with a description, one operation of which it serves badly."""
    assert scope["type"] == "http"
    operation = {"parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}]}
    paths = {"/items/{id}": {"get": operation}, "/odd/{name}": {"get": {}}}
    description = repr({"openapi": "3.0.0", "paths": paths}).replace("'", '"').replace("True", "true").encode()
    await send(START)
    bad = scope["path"] == "/items/1"
    await send({**BODY, "body": "text" if bad else description})


def test_each_operation_of_a_description_is_asked() -> None:
    """With values that fit; what is odd in it is told."""
    checkup = check_object(described, Plan(methods=("GET",), paths=("/openapi.json",)))
    assert rules(checkup, Severity.ERROR) == {"HTTP-S-022"}
    assert set(checkup.connections.values()) >= {"GET /items/1"}
    assert len(checkup.trouble) == 1
    assert checkup.trouble[0].startswith("GET /odd/{name} of the OpenAPI description was left out")


@forgets
def test_a_description_that_is_asked_for_and_missing_is_told() -> None:
    """The places where one usually is are tried without a word."""
    checkup = check_object(forgetful, Plan(methods=("GET",), openapi="/api.json"))
    assert checkup.trouble == ("there is no OpenAPI description at /api.json",)


async def choosy(scope: Any, receive: Any, send: Any) -> None:
    """An app that raises for every path but one."""
    if scope["type"] == "http" and scope["path"] != "/here":
        raise LookupError(scope["path"])
    await polite(scope, receive, send)


def test_an_app_may_do_as_it_likes_with_our_own_search_for_a_description() -> None:
    """Nobody asked for those paths, so nothing is found of them; of the same path, asked for, it is."""
    assert rules(check_object(choosy, Plan(paths=("/here",)))) == set()
    found = check_object(choosy, Plan(paths=("/here", "/openapi.json"), methods=("GET",)))
    assert rules(found) == {"HTTP-S-032"}


async def hanging(scope: Any, receive: Any, send: Any) -> None:
    """An app that never answers."""
    assert scope["type"] == "http"
    await asyncio.sleep(3600)


def test_what_could_not_be_done_is_told_once_for_all_clients() -> None:
    """An app that hangs costs each client its time, and the sentences name the first few."""
    plan = Plan(methods=("GET", "HEAD", "PUT", "DELETE"), openapi=NOWHERE, timeout=0.05, grace=0.05)
    checkup = check_object(hanging, plan)
    assert len(checkup.trouble) == 2
    assert any("GET /; HEAD /; PUT / and 1 more: the app had not ended" in sentence for sentence in checkup.trouble)
    assert any("and 2 more: there was no answer after 0.05 s" in sentence for sentence in checkup.trouble)


def test_a_loop_that_does_not_come_back_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it beyond the clients' own time, and what was found until then is told."""
    monkeypatch.setattr("asgiviz.checkup._BEYOND", 0.3)
    release = threading.Event()

    async def blocking(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        release.wait(30)

    try:
        checkup = check_object(blocking, Plan(openapi=NOWHERE, timeout=0.05, grace=0.05))
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name == "asgiviz-server":
                thread.join(30)
    assert checkup.connection_count == 2
    assert checkup.trouble == (
        "GET /: the app's event loop did not come back; the check ends here",
        "the app did not come back: it was left behind",
    )


@forgets
def test_the_users_scripts_are_played_and_their_troubles_told() -> None:
    """By the client's name, with the step."""
    steps = [{"do": "request", "path": "/mine"}, {"do": "read"}, {"do": "raw", "data": "x"}]
    script = Script("ann", steps)  # type: ignore[arg-type]
    checkup = check_object(forgetful, Plan(paths=(), scripts=(script,), openapi=NOWHERE))
    assert set(checkup.connections.values()) == {"lifespan", "GET /mine"}
    assert checkup.trouble == ("ann: step 3, raw: raw bytes need a connection of their own; play this with --server uvicorn",)


def test_a_recording_is_judged_as_it_is_read() -> None:
    """Numbers are the file's own; a file that stops in the middle is told, and nothing is asked of it twice."""
    lines = [
        '{"asgiviz": 1, "started": "", "layers": ["uvicorn", "main:app"]}',
        '{"seq": 7, "t": 1000000000, "ev": "scope", "conn": 5, "layer": 0, "scope": ' + json.dumps(SCOPE) + "}",
        '{"seq": 8, "t": 2000000000, "ev": "exit", "conn": 5, "layer": 0, "outcome": "returned"}',
    ]
    data = "".join(line + "\n" for line in lines).encode()
    for stored in (data, gzip.compress(data)):
        with read_stream(io.BufferedReader(io.BytesIO(stored)), "old.asgiviz") as reader:
            checkup = check_recording(reader)
        assert [(finding.rule, finding.who, finding.at) for finding in checkup.findings] == [("HTTP-S-030", "app", 8)]
        assert (checkup.connections, checkup.connection_count, checkup.events) == ({5: "GET /"}, 1, 2)
        assert checkup.seconds == 2.0
        assert "stops in the middle" in checkup.trouble[0]
