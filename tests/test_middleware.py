"""`asgiviz.Tap` inside other people's projects."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import asgiviz
from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.model.events import Ev, Event
from asgiviz.store.reader import open_recording

APP = """
import asgiviz, asyncio
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"a=secret")]})
    await send({"type": "http.response.body", "body": b"hi"})
async def receive(): return {"type": "http.request", "body": b"", "more_body": False}
async def send(message): pass
def call(app, path="/"): asyncio.run(app({"type": "http", "path": path, "headers": []}, receive, send))
"""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers once."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def receive() -> dict[str, Any]:
    """Never asked."""
    raise AssertionError


async def send(message: Any) -> None:
    """Takes everything."""


def run_script(directory: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run APP and then `body` in a process of its own."""
    code = APP + textwrap.dedent(body)
    return subprocess.run([sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, timeout=60, check=True)


def paths(file: Path) -> list[str]:
    """The paths that were asked for in a recording, which must be whole."""
    with open_recording(file) as reader:
        found = [event.get("scope")["path"] for event in reader if event.ev == Ev.SCOPE]
    assert reader.ending is None
    return found


def test_a_sink_gets_every_event_as_it_happens() -> None:
    """Events are numbered from 1 and come in order, the exit last."""
    seen: list[Event] = []
    asyncio.run(asgiviz.Tap(app, sink=seen.append)({"type": "http"}, receive, send))
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert [event.ev for event in seen] == ["scope", "send.begin", "send.end", "send.begin", "send.end", "exit"]


def test_a_sink_that_raises_does_not_reach_the_app(capfd: pytest.CaptureFixture[str]) -> None:
    """It is told once, and the app answers."""

    def sink(event: Event) -> None:
        raise ValueError("full")

    asyncio.run(asgiviz.Tap(app, sink=sink)({"type": "http"}, receive, send))
    assert capfd.readouterr().err == "asgiviz: the sink of asgiviz.Tap raised ValueError: full; later errors are not shown\n"


def test_one_of_sink_and_record_is_needed() -> None:
    """Neither and both are mistakes."""
    with pytest.raises(TypeError, match="one of"):
        asgiviz.Tap(app)
    with pytest.raises(TypeError, match="one of"):
        asgiviz.Tap(app, sink=print, record="x")


def test_a_recording_is_written_and_completed_at_exit(tmp_path: Path) -> None:
    """The file is whole after a normal end of the process, with secrets masked."""
    run_script(tmp_path, 'call(asgiviz.Tap(app, record="run.asgiviz"), "/there")')
    assert paths(tmp_path / "run.asgiviz") == ["/there"]
    with open_recording(tmp_path / "run.asgiviz") as reader:
        start = next(event.get("message") for event in reader if event.get("message", {}).get("status"))
    assert start["headers"] == [[b"set-cookie", b"********"]]


def test_the_file_is_opened_by_the_first_event(tmp_path: Path) -> None:
    """A process that only imports the app (a server's parent, a shell) leaves an earlier recording alone."""
    run_script(tmp_path, 'asgiviz.Tap(app, record="run.asgiviz")')
    assert not (tmp_path / "run.asgiviz").exists()


def test_two_processes_write_two_files(tmp_path: Path) -> None:
    """A worker that finds the file taken writes to one with its process id in the name; nothing is mixed."""
    run_script(
        tmp_path,
        """
        import os
        tapped = asgiviz.Tap(app, record="run.asgiviz.gz")
        call(tapped, "/parent")
        child = os.fork()
        if child == 0:
            call(tapped, "/child")
            import atexit
            atexit._run_exitfuncs()
            os._exit(0)
        os.waitpid(child, 0)
        """,
    )
    [own] = [file for file in tmp_path.iterdir() if file.name != "run.asgiviz.gz"]
    assert own.name.startswith("run-")
    assert own.name.endswith(".asgiviz.gz")
    assert paths(tmp_path / "run.asgiviz.gz") == ["/parent"]
    assert paths(own) == ["/child"]


def test_a_file_that_cannot_be_written_does_not_stop_the_app(tmp_path: Path) -> None:
    """One sentence on standard error, and the app answers."""
    done = run_script(tmp_path, 'call(asgiviz.Tap(app, record="no/such/file.asgiviz")); print("answered")')
    assert done.stdout == "answered\n"
    assert done.stderr.startswith("asgiviz: cannot write no/such/file.asgiviz: no such file or directory")
    assert done.stderr.count("\n") == 1


def test_something_else_in_the_file_is_left_alone(tmp_path: Path) -> None:
    """A file with other content is not overwritten."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    done = run_script(tmp_path, 'call(asgiviz.Tap(app, record="notes.txt"))')
    assert "is not a recording; it was left alone" in done.stderr
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
