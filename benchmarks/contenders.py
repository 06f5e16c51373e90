"""What is compared: one server process (two with a proxy) per variant, started, measured by its CPU time, and ended.

Alternatives that are not asgiviz's own dependencies live in virtual environments of their own under the user's cache;
what cannot be installed there is left out with a sentence.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

HERE = Path(__file__).resolve().parent
#: Seconds that a server may take to listen.
PATIENCE = 20.0
#: How uvicorn, mitmproxy and `asgiviz trace` say where they listen.
_ADDRESS = re.compile(rb"(?:running on http://|listening at |^http://)127\.0\.0\.1:(\d+)\D", re.MULTILINE)
_TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = {
    "opentelemetry": [
        "uvicorn",
        "httptools",
        "websockets",
        "fastapi",
        "opentelemetry-instrumentation-asgi",
        "opentelemetry-sdk",
    ],
    "mitmproxy": ["mitmproxy"],
}


@dataclass(frozen=True)
class Case:
    """An app and the HTTP implementation under it; `events` are recorded of one answer."""

    app: str
    http: str
    events: int
    websocket: bool = False


class MissingError(Exception):
    """A contender cannot be had here; the text says why."""


class Contender:
    """A running server; `port` is where it is asked."""

    def __init__(self, command: list[str], where: Path, speaks: bool = False, keeps: bool = False) -> None:
        self.output = where / f"output-{id(self)}"
        self._out = self.output.open("ab")
        self._process = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE if speaks else self._out, stderr=self._out
        )
        self._speaks = speaks
        #: Whether it records to memory without saying how much.
        self.keeps = keeps
        self._behind: list[Contender] = []
        self.port = self._listening()

    def behind(self, other: Contender) -> Contender:
        """Count and end `other` with this one, which stands in front of it."""
        self._behind.append(other)
        return self

    def figures(self) -> dict[str, Any]:
        """What a server child says about itself; empty for every other process."""
        if not self._speaks or self._process.stdin is None or self._process.stdout is None:
            return {}
        self._process.stdin.write(b"?\n")
        self._process.stdin.flush()
        figures: dict[str, Any] = json.loads(self._process.stdout.readline())
        return figures

    def cpu(self) -> float:
        """CPU seconds used so far, in user and system mode."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS + sum(other.cpu() for other in self._behind)

    def forget_output(self) -> None:
        """Empty the file of what it wrote, so that the disk does not fill."""
        os.truncate(self.output, 0)

    def stop(self) -> None:
        """End it and wait for that."""
        if self._speaks and self._process.stdin is not None:
            self._process.stdin.close()
        else:
            self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        for other in self._behind:
            other.stop()

    def _listening(self) -> int:
        if self._speaks and self._process.stdout is not None:
            line = self._process.stdout.readline()
            if not line:
                raise MissingError(self._last_words())
            port: int = json.loads(line)["port"]
            return port
        end = monotonic() + PATIENCE
        while monotonic() < end and self._process.poll() is None:
            found = _ADDRESS.search(self.output.read_bytes())
            if found:
                return int(found[1])
            sleep(0.02)
        self.stop()
        raise MissingError(self._last_words())

    def _last_words(self) -> str:
        lines = self.output.read_text(errors="replace").strip().splitlines()
        return f"it did not start: {lines[-1] if lines else 'no word from it'}"


def start(variant: str, case: Case, loop: str, where: Path) -> Contender:
    """A running contender. MissingError when it cannot be had."""
    return STARTERS[variant](case, loop, where)


def _child(variant: str) -> Callable[[Case, str, Path], Contender]:
    def begin(case: Case, loop: str, where: Path) -> Contender:
        python = str(environment(variant)) if variant in _PACKAGES else sys.executable
        record = ["--record", str(where / f"{case.app}-{case.http}.asgiviz")] if variant == "asgiviz-file" else []
        command = [python, "serve.py", variant, "--app", case.app, "--http", case.http, "--loop", loop, *record]
        return Contender(command, where, speaks=True)

    return begin


def _trace(case: Case, loop: str, where: Path) -> Contender:
    """The command line itself, which also prints a line for each event."""
    command = [sys.executable, "-m", "asgiviz.cli.main", "trace", f"targets:{case.app}", "--port", "0"]
    return Contender([*command, "--http", case.http, "--loop", loop, "--plain"], where, keeps=True)


def _uvicorn_trace(case: Case, loop: str, where: Path) -> Contender:
    command = [sys.executable, "-m", "uvicorn", f"targets:{case.app}", "--port", "0", "--http", case.http, "--loop", loop]
    return Contender([*command, "--no-access-log", "--log-level", "trace"], where)


def _mitmproxy(case: Case, loop: str, where: Path) -> Contender:
    mitmdump = environment("mitmproxy").with_name("mitmdump")
    bare = start("bare", case, loop, where)
    command = [str(mitmdump), "--mode", f"reverse:http://127.0.0.1:{bare.port}", "--listen-host", "127.0.0.1"]
    try:
        return Contender([*command, "--listen-port", "0", "--set", "flow_detail=0"], where).behind(bare)
    except MissingError:
        bare.stop()
        raise


STARTERS: dict[str, Callable[[Case, str, Path], Contender]] = {
    "bare": _child("bare"),
    "asgiviz": _child("asgiviz"),
    "asgiviz-file": _child("asgiviz-file"),
    "asgiviz-trace": _trace,
    "uvicorn-trace": _uvicorn_trace,
    "opentelemetry": _child("opentelemetry"),
    "mitmproxy": _mitmproxy,
}


def environment(name: str) -> Path:
    """The Python of the private environment for `name`, made when it is not there. MissingError when it cannot be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asgiviz-benchmarks" / name
    python = cache / "bin" / "python"
    if not (cache / "complete").exists():
        print(f"installing {name} into {cache} …", file=sys.stderr, flush=True)
        venv.create(cache, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES[name]]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        if result.returncode:
            raise MissingError(f"pip could not install {name}: {result.stderr.strip().splitlines()[-1:]}")
        (cache / "complete").touch()
    return python


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory for the files of one run."""
    return tempfile.TemporaryDirectory(prefix="asgiviz-benchmarks-")
