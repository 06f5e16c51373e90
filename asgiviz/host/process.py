"""The host in a child process: for code that may exit, crash or hold the interpreter, and for code that changes.

The parent keeps the listening socket, so clients wait out a restart instead of being refused.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from typing import Any, BinaryIO

from asgiviz.host.errors import HostError
from asgiviz.host.frames import FrameSender, read_frame
from asgiviz.host.limits import NO_MEMORY, why_it_died
from asgiviz.host.listen import Address
from asgiviz.host.options import Limits, Run
from asgiviz.host.state import Phase, State
from asgiviz.host.thread import server_event
from asgiviz.model.events import BEGINNINGS, Emit, Raw
from asgiviz.probe.descriptors import read_lines


class ProcessHost:
    """Serves `run` in a child process; a child that dies ends the run with its exit status.

    `reloading`: the code may change at any moment. Its bytecode is not kept then, because Python takes bytecode for
    fresh when a file was changed twice within a second and is as long as before.
    """

    def __init__(self, run: Run, emit: Emit, reloading: bool = False) -> None:
        self._flags = ["-B"] if reloading else []
        self._run = run
        self._emit = emit
        self.state = State()
        self._address = Address(run.options)
        self._child: _Child | None = None
        self._last_conn = run.first - 1

    def start(self) -> None:
        """Bind the address and begin to serve."""
        self._address.open()
        self.restart()

    @property
    def url(self) -> str:
        """See Host."""
        return self._address.url

    def restart(self) -> None:
        """See Host: a new process, which imports everything afresh."""
        sock = self._address.share()
        if sock is None:
            return
        self.state.begin()
        with sock:
            self._child = child = _Child(self._run, sock, self._last_conn + 1, self._flags)
        threading.Thread(target=self._follow, args=(child,), name="asgiviz-child", daemon=True).start()

    def stop(self, force: bool = False) -> None:
        """See Host; force kills the process."""
        if self._child is not None:
            self._child.stop(force)

    def close(self) -> None:
        """See Host."""
        self._address.close()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return None if self._child is None else self._child.process.pid

    def _follow(self, child: _Child) -> None:
        """Read what the child sends until it is gone, then say how it ended."""
        for stream, name in ((child.process.stdout, "stdout"), (child.process.stderr, "stderr")):
            threading.Thread(target=read_lines, args=(stream, name, self._emit), name=f"asgiviz-{name}", daemon=True).start()
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._take(*read_frame(child.stream))
        status = child.process.wait()
        child.close()
        if child.asked_to_stop or (status == 0 and self.state.phase is not Phase.STARTING):
            failure = None
        else:
            failure = HostError(died(status, self._run.limits), code=1 if self.state.phase is Phase.LISTENING else 3)
        if failure is not None and self.state.failure is None:
            self._emit(server_event("failed", str(failure)))
        self.state.set(Phase.ENDED, failure)

    def _take(self, what: str, value: Any) -> None:
        if what == "events":
            self._record(value)
        elif what == "loaded":
            self.state.load(value)
        elif what == "listening":
            self._emit(server_event("started", self.url))
            self.state.set(Phase.LISTENING)
        elif what == "failed":
            error = HostError(*value)
            self._emit(server_event("failed", str(error)))
            self.state.set(self.state.phase, error)

    def _record(self, raws: list[Raw]) -> None:
        emit = self._emit
        for raw in raws:
            emit(raw)
            if raw[1] in BEGINNINGS and raw[2] is not None:
                self._last_conn = max(self._last_conn, raw[2])


class _Child:
    """One child process and the line to it."""

    def __init__(self, run: Run, sock: socket.socket, first: int, flags: list[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [
                    sys.executable,
                    *interpreter_flags(),
                    *flags,
                    "-m",
                    "asgiviz.host.child",
                    str(theirs.fileno()),
                    str(sock.fileno()),
                ],
                pass_fds=(theirs.fileno(), sock.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C at the terminal is the parent's to handle
            )
        self.asked_to_stop = False
        self._sock = ours
        self._sender = FrameSender(ours)
        self.stream: BinaryIO = ours.makefile("rb")
        self._sender.send({"run": run.as_dict(), "first": first})

    def close(self) -> None:
        self.stream.close()
        self._sock.close()

    def stop(self, force: bool) -> None:
        self.asked_to_stop = True
        if force:
            self.process.kill()
            return
        with contextlib.suppress(OSError):  # it is gone already: _follow will say how
            self._sender.send("stop")


def interpreter_flags() -> list[str]:
    """This interpreter's own -W and -X options, for the child."""
    return [f"-W{option}" for option in sys.warnoptions] + [
        f"-X{name}" if value is True else f"-X{name}={value}"
        for name, value in sys._xoptions.items()  # noqa: SLF001  # there is no other way to these
    ]


def died(status: int, limits: Limits | None = None) -> str:
    """What became of the app's process, from its exit status as `subprocess` gives it, and the `limits` that it had."""
    limit = None if limits is None else why_it_died(status, limits)
    if limit is not None:
        return limit
    if status == NO_MEMORY:
        return "the app's process found no memory any more"
    if status >= 0:
        return f"the app's process exited with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    why = {
        "SIGKILL": " (killed: by someone, or by the system when memory ran out)",
        "SIGSEGV": " (a crash in compiled code)",
        "SIGABRT": " (it aborted itself)",
    }.get(name, "")
    return f"the app's process was ended by {name}{why}; what it did in its last moment may not be recorded"
