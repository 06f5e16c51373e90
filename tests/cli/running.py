"""A running `asgiviz` command: start it, learn its address, signal it, read what it said."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

#: What a command is given before it counts as hanging, in seconds.
PATIENCE = 30.0


class Asgiviz:
    """``asgiviz ARGUMENTS`` in a child process; `directory` is where it runs."""

    def __init__(self, *arguments: str, directory: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "asgiviz", *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "", **environment},
        )
        self._seen: dict[str, list[str]] = {"out": [], "err": []}
        self._changed = threading.Condition()
        assert self.process.stdout
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=self._read, args=(stream, name), daemon=True)
            for stream, name in ((self.process.stdout, "out"), (self.process.stderr, "err"))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, name: str) -> None:
        for line in stream:
            with self._changed:
                self._seen[name].append(line.decode())
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def out(self) -> str:
        """Standard output so far."""
        return "".join(self._seen["out"])

    @property
    def err(self) -> str:
        """Standard error so far."""
        return "".join(self._seen["err"])

    def wait_for(self, pattern: str, where: str = "out") -> re.Match[str]:
        """Wait until `pattern` is seen on standard output (or "err")."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            match = re.search(pattern, "".join(self._seen[where]))
            found[:] = [match] if match else []
            return bool(match) or (self.process.poll() is not None and not any(r.is_alive() for r in self._readers))

        with self._changed:
            assert self._changed.wait_for(seen, PATIENCE), f"{pattern!r} was not seen in:\n{self.out}\n{self.err}"
        assert found, f"it ended without {pattern!r}:\n{self.out}\n{self.err}"
        return found[0]

    def url(self) -> str:
        """The address, once it is served."""
        pattern = r'started"?,? ?"?(?:text":)?"?(https?://[^\s"]+|unix:[^\s"]+)'
        return self.wait_for(pattern).group(1)

    def get(self, path: str = "/") -> bytes:
        """One request."""
        with urllib.request.urlopen(self.url() + path, timeout=PATIENCE) as response:
            body: bytes = response.read()
            return body

    def signal(self, number: signal.Signals = signal.SIGINT) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; the exit code."""
        try:
            code = self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for reader in self._readers:
                reader.join(5)
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()
        return code

    def stop(self) -> int:
        """Ctrl-C, and wait for the end."""
        self.signal()
        return self.end()


def run(*arguments: str, directory: Path, **environment: str) -> Asgiviz:
    """A command that ends by itself, after its end; its exit code is in `process.returncode`."""
    command = Asgiviz(*arguments, directory=directory, **environment)
    command.end()
    return command


def events(text: str) -> list[dict[str, Any]]:
    """The events of a JSON recording, without its header."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["asgiviz"] == 1
    return lines[1:]
