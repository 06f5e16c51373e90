"""An experiment in virtual time, seen from outside: it has a child process to itself, and comes back as events and an ending.

Nothing is emitted before it is known how it ended, and nothing at all of one that the clock could not hold: the caller can
then let it run in real time, in the same recording.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
from time import perf_counter_ns
from typing import Any, BinaryIO

from asgiviz.host.frames import FrameSender, read_frame
from asgiviz.host.process import died, interpreter_flags
from asgiviz.host.virtual_clock import START
from asgiviz.host.virtual_plan import Ending, VirtualPlan, Way
from asgiviz.model.events import Emit, Raw
from asgiviz.probe.descriptors import read_lines
from asgiviz.traffic.script import Script

#: Seconds of real time after which the process is ended from outside: one that keeps the interpreter cannot do it itself.
LIMIT = 45.0


class VirtualWorld:
    """Plays `plan`. Events come to `emit` with times from `epoch` on (nanoseconds of `perf_counter_ns`; now, unless given).

    ValueError when a script is none. `ending` and `facts` (what each server says of itself, by side) are complete once `wait`
    says so.
    """

    def __init__(self, plan: VirtualPlan, emit: Emit, epoch: int | None = None) -> None:
        for script in itertools.chain.from_iterable(plan.scripts.values()):
            Script.from_dict(script)  # a mistake in it is the caller's
        self.ending: Ending | None = None
        self.facts: dict[str, dict[str, Any]] = {}
        self._plan = plan
        self._emit = emit
        self._epoch = epoch
        self._over = threading.Event()
        self._events: list[Raw] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to play it."""
        if self._epoch is None:
            self._epoch = perf_counter_ns()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = process = _spawn(theirs, self._plan.wall)
        threading.Thread(target=self._follow, args=(process, ours), name="asgiviz-virtual", daemon=True).start()

    def wait(self, timeout: float) -> bool:
        """Wait for the end, at most so many seconds; whether it has come."""
        return self._over.wait(timeout)

    def kill(self) -> None:
        """End it now."""
        if self._process is not None:
            self._process.kill()

    def _follow(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            threading.Thread(target=read_lines, args=(stream, name, self._keep), name=f"asgiviz-{name}", daemon=True).start()
        clock = threading.Timer(LIMIT, self._kill_for_good, args=(process,))
        clock.start()
        try:
            with control, control.makefile("rb") as stream:
                with contextlib.suppress(OSError):  # it is gone already: its status says why
                    FrameSender(control).send(self._plan.as_dict())
                ending = self._read(stream)
            status = process.wait()
            self.ending = ending or self.ending or Ending(Way.DIED, died(status, self._plan.sides[0][1].limits), code=1)
            if self.ending.way is not Way.CANNOT_HOLD:
                self._emit_all()
        except (LookupError, TypeError, ValueError):
            self.ending = Ending(Way.DIED, "the app has changed what its process says to asgiviz, so nothing is known", code=1)
        finally:
            clock.cancel()
            process.kill()
            self._over.set()

    def _read(self, stream: BinaryIO) -> Ending | None:
        try:
            while True:
                what, value = read_frame(stream)
                if what == "events":
                    self._events += value
                elif what == "loaded":
                    self.facts[value[0]] = value[1]
                else:
                    return Ending(**{**value, "way": Way(value["way"])})
        except (EOFError, OSError):
            return None

    def _kill_for_good(self, process: subprocess.Popen[bytes]) -> None:
        self.ending = Ending(Way.CANNOT_HOLD, f"after {LIMIT:g} s it was not over; something keeps the interpreter")
        process.kill()

    def _keep(self, raw: Raw) -> None:
        """What C code has put on the descriptors, stamped by our clock: it is told at the end of virtual time."""
        self._events.append((0, *raw[1:]))

    def _emit_all(self) -> None:
        assert self._epoch is not None
        shift = self._epoch - START
        last = max((raw[0] for raw in self._events), default=START)
        for raw in self._events:
            self._emit(((raw[0] or last) + shift, *raw[1:]))


def _spawn(control: socket.socket, wall: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-B", *interpreter_flags(), "-m", "asgiviz.host.virtual_child", str(control.fileno()), str(wall)],
        pass_fds=(control.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at the terminal is the parent's to handle
        env={**os.environ, "PYTHONHASHSEED": "0"},  # a set of strings has the same order each time
    )
