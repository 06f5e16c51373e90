"""A directory with apps to trace, and a learner with a pack."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.course.packs import CHECKS, little_pack

#: A check that only an app that answers holds.
ANSWERED = """
[[check]]
id = "answered"
run = "graded"
expect = "clients"
status = 200
message = "Every client must get 200."
hints = ["Look at the status.", "Who answers?"]
"""
#: Seconds that a command of a learner may take on a machine that does other things as well.
PATIENCE = 90.0
HELLO = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a module (the hello app by default) into a fresh directory and gives the directory."""

    def write_module(source: str = HELLO, name: str = "main") -> Path:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return tmp_path

    return write_module


class Learner:
    """Somebody in a directory of their own, with a pack by others; `run` is ``asgiviz ARGUMENTS`` of theirs, to its end."""

    def __init__(self, directory: Path) -> None:
        self.pack = little_pack(directory)
        self.pack.write("checks.toml", CHECKS + ANSWERED)
        self.pack.change("experiments.toml", 'title = "Yours"', 'title = "Yours"\nclients = 10')
        self.directory = directory / "here"
        self.directory.mkdir()
        self.progress = directory / "progress.json"
        self.environment = {"XDG_DATA_HOME": str(directory / "data"), "ASGIVIZ_PROGRESS": str(self.progress)}

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command; what is typed comes from `stdin`."""
        return subprocess.run(
            [sys.executable, "-m", "asgiviz", *arguments],
            cwd=self.directory,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **self.environment, **environment},
        )

    def lesson(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The little lesson, trusted."""
        return self.run("lesson", "1", "--from", str(self.pack.directory), "--trust", *arguments, stdin=stdin)

    def write(self, name: str, text: str) -> Path:
        """A file where the learner is."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    """A learner who has done nothing yet."""
    return Learner(tmp_path)
