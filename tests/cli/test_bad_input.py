"""Bad input gets one clear sentence, the next command to type, and an exit code; never a traceback of ours."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import HELLO, Write
from tests.cli.running import Asgiviz, run

APPS = """
import flask
flask_app = flask.Flask("x")
number = 3
def wsgi(environ, start_response): pass
def make(): return app
def make_nothing(): return None
def make_trouble(): raise RuntimeError("no configuration")
async def app(scope, receive, send): pass
async def pair(a, b): pass
class Old:
    def __init__(self, scope): pass
    async def __call__(self, receive, send): pass
"""

TARGETS = {
    "no such module": (("nothing:app",), 2, "no module named 'nothing' in {directory}"),
    "no such parent": (("nothing.inside:app",), 2, "no module named 'nothing'"),
    "no attribute given": (("main",), 2, "Try: main:app"),
    "a file name": (("main.py:app",), 2, "Try: main:app"),
    "no such attribute": (("main:ap",), 2, "main has no attribute 'ap'. Did you mean main:app?"),
    "not callable": (("main:number",), 2, "main:number is an int, which is not callable"),
    "a Flask app": (("main:flask_app",), 2, "main:flask_app is a WSGI app (Flask)"),
    "a WSGI function": (("main:wsgi",), 2, "main:wsgi is a WSGI app"),
    "a factory": (("main:make",), 2, "Try: --factory"),
    "a factory that raises": (("main:make_trouble", "--factory"), 3, "main:make_trouble raised RuntimeError: no configuration"),
    "a factory that gives nothing": (
        ("main:make_nothing", "--factory"),
        2,
        "what the factory main:make_nothing gave is a NoneType",
    ),
    "an ASGI 2 app": (("main:Old",), 2, "guarantee_single_callable"),
    "two arguments": (("main:pair",), 2, "takes (a, b); an ASGI app takes (scope, receive, send)"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), TARGETS.values(), ids=TARGETS)
def test_a_target_that_is_no_app(write: Write, arguments: tuple[str, ...], code: int, said: str) -> None:
    """What is wrong with the target is one sentence."""
    directory = write(APPS)
    command = run("trace", *arguments, "--port", "0", directory=directory)
    assert command.process.returncode == code
    last = command.err.splitlines()[-1]
    assert last.startswith("asgiviz: ")
    assert said.format(directory=directory) in last
    assert "asgiviz/" not in command.err


IMPORTS = {
    "a missing dependency": ("import no_such_library", "No module named 'no_such_library'"),
    "a syntax error": ("def f(:", "SyntaxError"),
    "an import that raises": ("def g(): raise ValueError('at import')\ng()", "ValueError: at import"),
    "sys.exit": ("import sys\nsys.exit(4)", "sys.exit(4)"),
}


@pytest.mark.parametrize(("source", "said"), IMPORTS.values(), ids=IMPORTS)
@pytest.mark.parametrize("flags", [(), ("--isolate",)], ids=["thread", "process"])
def test_an_import_that_fails(write: Write, source: str, said: str, flags: tuple[str, ...]) -> None:
    """The app's own traceback comes whole, without a frame of ours, and then one sentence; the exit code is 3."""
    command = run("trace", "main:app", "--port", "0", *flags, directory=write(source))
    assert command.process.returncode == 3
    *trace, last = command.err.splitlines()
    assert said in last
    assert any('main.py", line' in line for line in trace)
    assert not any("asgiviz/" in line for line in trace)


def test_a_signal_handler_needs_a_main_thread(write: Write) -> None:
    """An app that installs one is told of `--isolate`, and with it runs."""
    directory = write(f"import signal\nsignal.signal(signal.SIGUSR1, print)\n{HELLO}")
    command = run("trace", "main:app", "--port", "0", directory=directory)
    assert command.process.returncode == 3
    assert "--isolate" in command.err.splitlines()[-1]
    isolated = Asgiviz("trace", "main:app", "--port", "0", "--isolate", directory=directory)
    assert isolated.get() == b"hello"
    assert isolated.stop() == 0


LIFESPANS = {
    "startup.failed": (
        "await send({'type': 'lifespan.startup.failed', 'message': 'no database'})",
        "startup failed: no database",
    ),
    "an exception": ("raise OSError('no database')", "startup failed: OSError: no database"),
}


@pytest.mark.parametrize(("line", "said"), LIFESPANS.values(), ids=LIFESPANS)
@pytest.mark.parametrize("flags", [(), ("--isolate",)], ids=["thread", "process"])
def test_a_lifespan_startup_that_fails(write: Write, line: str, said: str, flags: tuple[str, ...]) -> None:
    """Why it failed is told, with exit code 3."""
    source = f"async def app(scope, receive, send):\n    await receive()\n    {line}\n"
    command = run("trace", "main:app", "--port", "0", "--lifespan", "on", *flags, directory=write(source))
    assert command.process.returncode == 3
    assert said in command.err.splitlines()[-1]
    assert ("Traceback" in command.err) is line.startswith("raise")


def test_a_lifespan_that_raises_is_told_although_uvicorn_serves_on(write: Write) -> None:
    """With `--lifespan auto` uvicorn hides it; we do not."""
    source = "async def app(scope, receive, send):\n    await receive()\n    raise OSError('no database')\n"
    command = run("trace", "main:app", "--port", "0", "--for", "1", directory=write(source))
    assert command.process.returncode == 0
    assert "raised OSError: no database in its lifespan startup" in command.err


@pytest.mark.slow
def test_an_import_that_hangs_is_told(write: Write) -> None:
    """While the app's module does not come back from its import, that is said, and Ctrl-C ends it."""
    command = Asgiviz("trace", "main:app", "--port", "0", directory=write("import time\ntime.sleep(3600)\n"))
    command.wait_for("main:app has been importing for 3 s", "err")
    assert command.stop() == 0


@pytest.mark.slow
def test_a_lifespan_startup_that_hangs(write: Write) -> None:
    """It is told while it hangs, and Ctrl-C ends it."""
    source = "import asyncio\nasync def app(scope, receive, send):\n    await asyncio.sleep(3600)\n"
    command = Asgiviz("trace", "main:app", "--port", "0", directory=write(source))
    command.wait_for("startup has not come back for 3 s", "err")
    assert command.stop() == 0
    given_time = run("trace", "main:app", "--port", "0", "--for", "0.5", directory=write(source))
    assert given_time.process.returncode == 3
    assert "it never listened" in given_time.err


def test_a_port_in_use(write: Write) -> None:
    """The option to choose another one is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = run("trace", "main:app", "--port", port, directory=write(HELLO))
    assert command.process.returncode == 2
    assert command.err == f"asgiviz: 127.0.0.1:{port} is already in use. Choose another: --port PORT (0: any free one)\n"


OPTIONS = {
    "a host of another machine": (("--host", "192.0.2.1"), "no address '192.0.2.1'"),
    "a port that is none": (("--port", "80000"), "80000"),
    "a filter with a mistake": (("--filter", "~m POST & ~z"), "(column 11)"),
    "an implementation that is not there": (("--http", "nope:Nope"), "uvicorn cannot run with these options"),
    "a certificate that is not there": (("--ssl-certfile", "nope.pem"), "nope.pem"),
    "a record file in a directory that is not there": (("--record", "no/such/place.asgiviz"), "--record FILE"),
    "a record file that is something else": (("--record", "main.py"), "main.py exists and is not a recording"),
    "a directory as the record file": (("--record", "."), "directory"),
    "a header without a colon": (("--header", "oops"), "Name:value"),
}


@pytest.mark.parametrize(("arguments", "said"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_with_a_mistake(write: Write, arguments: tuple[str, ...], said: str) -> None:
    """A mistake in an option is told with exit code 2, and nothing is lost by it."""
    directory = write(HELLO)
    command = run("trace", "main:app", "--port", "0", *arguments, directory=directory)
    assert command.process.returncode == 2
    assert said in command.err
    assert "Traceback" not in command.err
    assert (directory / "main.py").read_text(encoding="utf-8") == HELLO


@pytest.mark.parametrize("mistake", [("main:ap",), ("main:app", "--host", "192.0.2.1")], ids=["target", "address"])
def test_a_mistake_leaves_an_earlier_recording_alone(write: Write, mistake: tuple[str, ...]) -> None:
    """A run that never began replaces nothing, and leaves no empty file behind."""
    directory = write(HELLO)
    assert run("trace", "main:app", "--port", "0", "--for", "0.3", "--record", "run.asgiviz", directory=directory).err == ""
    before = (directory / "run.asgiviz").read_bytes()
    for name in ("run.asgiviz", "new.asgiviz"):
        assert run("trace", *mistake, "--port", "0", "--record", name, directory=directory).process.returncode == 2
    assert (directory / "run.asgiviz").read_bytes() == before
    assert not (directory / "new.asgiviz").exists()


RECORDINGS = {
    "not there": (None, "no such file"),
    "empty": (b"", "is empty"),
    "not a recording": (b"hello\nworld\n", "is not an asgiviz recording"),
    "JSON, but no header": (b'{"seq": 1}\n', "is not an asgiviz recording"),
    "from a newer version": (b'{"asgiviz": 99}\n', "pip install --upgrade asgiviz"),
    "cut in the header": (b'{"asgiviz": 1, "st', "is not an asgiviz recording"),
    "gzip of something else": (gzip.compress(b"hello\n"), "is not an asgiviz recording"),
}


@pytest.mark.parametrize(("content", "said"), RECORDINGS.values(), ids=RECORDINGS)
def test_a_file_that_is_no_recording(tmp_path: Path, content: bytes | None, said: str) -> None:
    """`open` says what it is instead, with exit code 2."""
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    command = run("open", "file", directory=tmp_path)
    assert command.process.returncode == 2
    assert command.err.count("\n") == 1
    assert said in command.err


def test_gzip_that_is_not(tmp_path: Path) -> None:
    """A name that promises gzip and a content that is none: told, with what to do."""
    (tmp_path / "x.asgiviz.gz").write_bytes(b'{"asgiviz": 1}\n')
    command = run("open", "x.asgiviz.gz", directory=tmp_path)
    assert command.process.returncode == 2
    assert "is not gzip" in command.err


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    """The command that was meant is named."""
    command = run("trcae", directory=tmp_path)
    assert command.process.returncode == 2
    assert "Did you mean: asgiviz trace" in command.err
