"""The descriptors below Python: what C code, child processes and `os.write` put on 1 and 2 becomes `log` events too.

Such lines belong to no connection that could be told, and are stamped when they are read.
"""

from __future__ import annotations

import os
import threading
from typing import BinaryIO

from asgiviz.model.events import Emit
from asgiviz.probe.logs import log_event


class Descriptors:
    """Takes descriptors 1 and 2 away from the app; `out` and `err` are ours, on what they were before.

    Use as a context manager. A descriptor that was closed from the start gives no stream (None).
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._saved: list[tuple[int, int]] = []
        self._readers: list[threading.Thread] = []
        self.out: BinaryIO | None = None
        self.err: BinaryIO | None = None

    def __enter__(self) -> Descriptors:
        self.out = self._take(1, "stdout")
        self.err = self._take(2, "stderr")
        return self

    def __exit__(self, *_: object) -> None:
        for fd, copy in self._saved:
            os.dup2(copy, fd)  # closes the pipe's last writing end here, so its reader ends
            os.close(copy)
        for reader in self._readers:
            reader.join(0.2)  # a child process that lives on may hold the other end

    def _take(self, fd: int, name: str) -> BinaryIO | None:
        try:
            copy = os.dup(fd)
        except OSError:
            return None
        self._saved.append((fd, copy))
        reading, writing = os.pipe()
        os.dup2(writing, fd)
        os.close(writing)
        reader = threading.Thread(target=read_lines, args=(os.fdopen(reading, "rb"), name, self._emit), daemon=True)
        reader.name = f"asgiviz-{name}"
        reader.start()
        self._readers.append(reader)
        return os.fdopen(os.dup(copy), "wb")


def own_copy(fd: int) -> BinaryIO | None:
    """A stream of our own on what `fd` is now; None when it is closed."""
    try:
        return os.fdopen(os.dup(fd), "wb")
    except OSError:
        return None


def read_lines(stream: BinaryIO, name: str, emit: Emit) -> None:
    """Emit every line of `stream` as a `log` event of the logger `name`, until its other end is closed."""
    level = "INFO" if name == "stdout" else "ERROR"
    with stream:
        while line := stream.readline(64 * 1024):
            log_event(emit, level, name, line.rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
