"""The child process: serves one run in its main thread and ships every event to the parent.

``python -m asgiviz.host.child CONTROL_FD SOCKET_FD``. A flusher thread does the shipping, because a blocked loop must
not silence what led to it. When the parent is gone, the server is stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import itertools
import os
import signal
import socket
import sys
import threading
from time import perf_counter_ns as now
from time import sleep
from typing import Any, NoReturn

from asgiviz.host.errors import HostError
from asgiviz.host.frames import FrameSender, read_frame
from asgiviz.host.limits import NO_MEMORY, hold, telling
from asgiviz.host.options import Run
from asgiviz.host.serving import Serving, serving
from asgiviz.model.events import BEGINNINGS, GAP, Emit, Raw
from asgiviz.probe.logs import flush_prints

#: Seconds between two shipments.
FLUSH_EVERY = 0.033
#: Events shipped in one frame, and events that may wait; beyond that the newest are counted and dropped.
FRAME_EVENTS = 1_000
MOST_WAITING = 200_000
#: Seconds that sending the last events may take when the app ends the process.
LAST_WORDS = 1.0

_exit = os._exit


class Shipper:
    """Collects events and sends them to the parent; `emit` is safe from any thread.

    A new connection after a quiet time is sent at once, in the thread that emits it: if the app brings the process down
    a moment later, the parent knows by which connection.
    """

    def __init__(self, sender: FrameSender) -> None:
        self._waiting: list[Raw] = []
        self._keep = self._waiting.append
        self._sender = sender
        self._flushing = threading.Lock()
        self._flushed = 0
        self._pid = os.getpid()
        threading.Thread(target=self._ship, name="asgiviz-shipper", daemon=True).start()

    def emit(self, raw: Raw) -> None:
        """Take one event."""
        self._keep(raw)
        if raw[1] in BEGINNINGS and raw[0] - self._flushed > FLUSH_EVERY * 1e9 and self._sender.has_room():
            self.flush(wait=False)

    def flush(self, wait: bool = True) -> None:
        """Send what is there; a parent that is gone takes nothing, and nothing is kept for it."""
        if os.getpid() != self._pid or not self._flushing.acquire(blocking=wait, timeout=LAST_WORDS if wait else -1):
            return  # a fork of the child has a copy of the events, or another thread is sending them
        try:
            while self._waiting:
                self._send_some()
                self._flushed = now()
        except OSError:
            self._waiting.clear()
        finally:
            self._flushing.release()

    def _send_some(self) -> None:
        if len(self._waiting) > MOST_WAITING:
            dropped = len(self._waiting) - MOST_WAITING
            del self._waiting[MOST_WAITING:]
            self._keep((now(), GAP, None, None, None, {"dropped": dropped}))
        batch = self._waiting[:FRAME_EVENTS]
        self._sender.send(("events", batch))
        del self._waiting[: len(batch)]

    def _ship(self) -> None:
        while True:
            sleep(FLUSH_EVERY)
            try:
                self.flush()
            except MemoryError:
                _exit(NO_MEMORY)  # from here on nothing could be recorded

    def exit(self, status: int) -> NoReturn:
        """`os._exit` for the app: what it did up to here is sent first."""
        self.flush()
        _exit(status)


class ParentReport:
    """Tells the parent what becomes of the run (see serve.Report)."""

    def __init__(self, sender: FrameSender, shipper: Shipper) -> None:
        self._sender = sender
        self._shipper = shipper

    def loaded(self, facts: dict[str, Any]) -> None:
        """See serve.Report."""
        self._tell("loaded", facts)

    def listening(self) -> None:
        """See serve.Report."""
        self._tell("listening", None)

    def failed(self, error: HostError) -> None:
        """See serve.Report."""
        self._tell("failed", [str(error), error.trace, error.code, error.in_lifespan])

    def _tell(self, what: str, value: Any) -> None:
        self._shipper.flush()
        self._sender.send((what, value))


def main(control_fd: int, socket_fd: int) -> None:
    """Serve what the parent's first frame says, until it says stop or is gone."""
    faulthandler.enable()
    control = socket.socket(fileno=control_fd)
    stream = control.makefile("rb")
    order = read_frame(stream)
    sender = FrameSender(control)
    shipper = Shipper(sender)
    os._exit = shipper.exit
    report = ParentReport(sender, shipper)
    sock = socket.socket(fileno=socket_fd)
    run = Run.from_dict(order["run"])
    run, emit = prepare(run, shipper.emit)
    server = serving(run, sock, emit, report, itertools.count(order["first"]))
    sys.path[:0] = [path for path in run.paths if path not in sys.path]  # now: what servers import is not found there
    threading.Thread(target=_listen_to_parent, args=(stream, server), name="asgiviz-parent", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn hands a signal on once it has shut down
        server.run()
    flush_prints()
    shipper.exit(0)  # threads that the app has left running must not keep the process


def prepare(run: Run, emit: Emit) -> tuple[Run, Emit]:
    """Make this process what `run` wants of it, before the app is imported; the run as it can be, and who takes its events."""
    os.environ.update(run.environment)
    if run.limits is None:
        return run, emit
    hold(run.limits)
    emit = telling(emit, run.limits)
    if run.interface == "wsgi":
        return run, emit
    options = dataclasses.replace(run.options, loop="asyncio")  # a loop in C opens connections that no hook hears of
    return dataclasses.replace(run, options=options), emit


def _listen_to_parent(stream: Any, server: Serving) -> None:
    try:
        while True:
            server.stop(force=read_frame(stream) == "force")
    except (EOFError, OSError):
        server.stop()
        threading.Timer(5.0, os.kill, (os.getpid(), signal.SIGKILL)).start()  # no one is left to do it


if __name__ == "__main__":
    sys.path.pop(0)  # the working directory; the target's own directory is put there instead
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except MemoryError:
        _exit(NO_MEMORY)
