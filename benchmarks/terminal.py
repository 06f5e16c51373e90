"""A terminal for benchmarks: a command in a pseudo-terminal that is read all the time, keys, and when their effect is there.

What the command writes is not drawn. A key's effect is known by what the screen writes after it: the caller gives the
pattern, and the time counts from writing the key to having read the piece of output with which the pattern is complete.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from pathlib import Path
from time import perf_counter

#: The size that everything is measured at.
COLUMNS, ROWS = 200, 50
#: Bytes of output that are kept for a pattern that began in an earlier piece.
_TAIL = 200_000


class Terminal:
    """`command` in a terminal of its own; `first_byte` and the times of `wait` are seconds."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.began = perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # it is the terminal that the command belongs to
        )
        os.close(inner)
        atexit.register(self._end)  # whatever goes wrong in between, nothing is left running
        self._news = threading.Condition()
        self._output = b""
        self._at = 0.0
        #: bytes that it has written
        self.written = 0
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        """The command's process."""
        return self._process.pid

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._fd, 1 << 16)
            except OSError:  # the other end is closed
                return
            with self._news:
                self._at = perf_counter()
                self.written += len(piece)
                self._output = (self._output + piece)[-_TAIL:]
                self._news.notify_all()

    def press(self, keys: bytes) -> float:
        """Write keys, and forget what was on the screen before; gives the moment."""
        with self._news:
            self._output = b""
            moment = perf_counter()
            os.write(self._fd, keys)
            return moment

    def wait(self, pattern: bytes, patience: float = 20.0) -> tuple[float, re.Match[bytes]]:
        """When the pattern was complete in what came since the last key, and its match. TimeoutError if it never is."""
        wanted = re.compile(pattern)
        ends = perf_counter() + patience
        with self._news:
            while True:
                found = wanted.search(self._output)
                if found is not None:
                    return self._at, found
                if not self._news.wait(ends - perf_counter()) or perf_counter() > ends:
                    raise TimeoutError(f"{pattern!r} did not come; the last output: {self._output[-300:]!r}")

    def last(self, pattern: bytes) -> bytes:
        """The last match (its first group, if it has one) in what came since the last key; empty when there is none."""
        with self._news:
            found = re.findall(pattern, self._output)
        return bytes(found[-1]) if found else b""

    def cpu(self) -> float:
        """Processor time of the process in seconds, all its threads."""
        return sum(self.cpu_of_threads().values())

    def cpu_of_threads(self) -> dict[str, float]:
        """Processor time by thread (its number; the first is the screen's)."""
        tasks = Path(f"/proc/{self.pid}/task")
        return {task.name: int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks.iterdir()}

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Quit by key; by signal where that does not help."""
        if self._process.poll() is None:
            self.press(b"q")
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._end()
        os.close(self._fd)
