"""`asgiviz trace --wsgi` as people run it: a Flask app under waitress, as lines, as JSON and in a file."""

from __future__ import annotations

import json

import pytest

from asgiviz.model.connection import Connections, Outcome
from asgiviz.store.reader import open_recording
from tests.cli.conftest import HELLO, Write
from tests.cli.running import Asgiviz, events, run

APP = """
import flask
app = flask.Flask("x")
number = 3

@app.get("/orders")
def orders():
    print("two orders")
    return {"orders": 2}

def make():
    return app

def one(environ):
    pass

async def other(scope, receive, send):
    pass

class Other:
    async def __call__(self, scope, receive, send):
        pass

an_other = Other()
"""
TRACE = ("trace", "--wsgi", "main:app", "--port", "0")


def test_plain_tells_the_whole_request(write: Write) -> None:
    """In line, called, what it said, what it gave, how it ended; and what it printed in between."""
    traced = Asgiviz(*TRACE, directory=write(APP))
    assert traced.get("/orders?dry=1") == b'{"orders":2}\n'
    traced.wait_for("wsgi.exit|exit .*returned|returned")
    assert traced.stop() == 0
    assert "main:app on waitress 3" in traced.out
    for text in ("#1", "127.0.0.1", "200 OK", "two orders"):
        assert text in traced.out
    assert "uvicorn" not in traced.out + traced.err


@pytest.mark.parametrize("flags", [(), ("--isolate",)], ids=["thread", "process"])
def test_json_is_the_recording(write: Write, flags: tuple[str, ...]) -> None:
    """The header names waitress and its threads; the events of the request come in their order, secrets masked."""
    traced = Asgiviz(*TRACE, "--threads", "2", "--json", "--connections", "1", *flags, directory=write(APP))
    traced.get("/orders?token=hunter2")
    assert traced.end() == 0
    header = json.loads(traced.out.splitlines()[0])
    assert header["layers"] == ["waitress", "main:app"]
    assert (header["server"]["name"], header["server"]["threads"]) == ("waitress", 2)
    told = [event for event in events(traced.out) if event["ev"].startswith("wsgi.")]
    assert [event["ev"] for event in told] == [
        "wsgi.queued",
        "wsgi.environ",
        "wsgi.start_response",
        "wsgi.chunk",
        "wsgi.exit",
    ]
    assert told[1]["environ"]["QUERY_STRING"] == "token=*******"
    assert "hunter2" not in traced.out
    assert {"stdout"} == {event["logger"] for event in events(traced.out) if event["ev"] == "log" and event.get("conn") == 1}


def test_a_recording_is_read_back(write: Write) -> None:
    """What was recorded opens again, with the same request in it, and can be filtered."""
    directory = write(APP)
    traced = Asgiviz(*TRACE, "--record", "run.asgiviz.gz", "--connections", "1", directory=directory)
    traced.get("/orders")
    assert traced.end() == 0
    connection = Connections(open_recording(directory / "run.asgiviz.gz"))[1]
    assert (connection.path, connection.status, connection.outcome) == ("/orders", 200, Outcome.RETURNED)
    for filter_, found in (("~t wsgi ~b orders", True), ("~t http", False)):
        opened = run("open", "run.asgiviz.gz", "--plain", "--filter", filter_, directory=directory)
        assert ("200 OK" in opened.out) is found


WRONG = {
    "an ASGI function": (("--wsgi", "main:other"), 2, "an ASGI app. Without --wsgi it is run as one: asgiviz trace main:other"),
    "an ASGI object": (("--wsgi", "main:an_other"), 2, "main:an_other is an ASGI app (Other)"),
    "one argument": (("--wsgi", "main:one"), 2, "takes (environ); a WSGI app takes (environ, start_response)"),
    "a factory": (("--wsgi", "main:make"), 2, "Try: --factory"),
    "no callable": (("--wsgi", "main:number"), 2, "main:number is an int, which is not callable"),
    "no such app": (("--wsgi", "main:ap"), 2, "Did you mean main:app?"),
    "WSGI without the flag": (("main:app",), 2, "asgiviz trace --wsgi main:app"),
    "an option for uvicorn": (("--wsgi", "main:app", "--ws-max-size", "3"), 2, "--ws-max-size is an option for uvicorn"),
    "TLS": (("--wsgi", "main:app", "--ssl-certfile", "main.py"), 2, "--ssl-certfile is an option for uvicorn"),
    "threads without the flag": (("main:app", "--threads", "3"), 2, "--threads is for --wsgi"),
    "no threads": (("--wsgi", "main:app", "--threads", "0"), 2, "0 is not in the range"),
    "no loop to watch": (("--wsgi", "main:app", "--stall-ms", "9"), 2, "under --wsgi there is none"),
    "no lines to watch": (("--wsgi", "main:app", "--closely"), 2, "a WSGI app has neither. Leave it out"),
    "another server": (("--wsgi", "main:app", "--server", "uvicorn"), 2, "with --wsgi the server is waitress"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_traced_is_one_sentence(write: Write, arguments: tuple[str, ...], code: int, said: str) -> None:
    """It says what is wrong and what to do, without a traceback of ours."""
    command = run("trace", *arguments, "--port", "0", directory=write(APP))
    assert command.process.returncode == code
    assert said in command.err
    assert "Traceback" not in command.err


def test_a_factory_of_a_wsgi_app_is_called(write: Write) -> None:
    """With --factory the app is what the function gives."""
    traced = Asgiviz("trace", "--wsgi", "--factory", "main:make", "--port", "0", "--connections", "1", directory=write(APP))
    assert traced.get("/orders") == b'{"orders":2}\n'
    assert traced.end() == 0


def test_a_reload_of_a_wsgi_app_serves_the_new_code(write: Write) -> None:
    """The same address answers with what the file says now."""
    directory = write(APP)
    traced = Asgiviz(*TRACE, "--reload", directory=directory)
    assert traced.get("/orders") == b'{"orders":2}\n'
    write(APP.replace('"orders": 2', '"orders": 33'))
    traced.wait_for("reloaded")
    traced.wait_for(r"reloaded(.|\n)*started")
    assert traced.get("/orders") == b'{"orders":33}\n'
    assert traced.stop() == 0


def test_an_asgi_app_is_traced_as_before(write: Write) -> None:
    """Without the flag nothing of waitress is there."""
    traced = Asgiviz("trace", "main:app", "--port", "0", "--json", "--connections", "1", directory=write(HELLO))
    traced.get("/")
    assert traced.end() == 0
    assert "waitress" not in traced.out
