"""A real server on a loopback socket with clients in threads: for a checkup the same as the server without sockets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from asgiviz.host.options import Run
from asgiviz.host.state import State
from asgiviz.host.thread import ThreadHost
from asgiviz.host.troubles import Troubles
from asgiviz.model.events import Emit
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Seen


class Clients(Protocol):
    """Clients on their way: a `Crowd`, or a `Playing` of the server without sockets."""

    def wait(self, timeout: float) -> bool:
        """Wait until all of them have ended, at most `timeout` seconds; says whether they have."""

    @property
    def seen(self) -> list[Seen]:
        """What each of them saw, in the order of the scripts; complete once they have finished."""


class PlayedHost(Protocol):
    """A server in a thread of its own that has its clients with it; `trouble` is what they and it could not do."""

    state: State
    trouble: Troubles

    def start(self) -> None:
        """Begin to serve; `state` tells how far it is. HostError when that is out of the question."""

    def play(self, scripts: Sequence[Script]) -> Clients:
        """Let the clients of these scripts go, all at once; the app must have started."""

    def stop(self) -> None:
        """Let the app shut down and end."""


class LoopbackHost:
    """uvicorn as `run` has it, in a thread of this process."""

    def __init__(self, run: Run, emit: Emit) -> None:
        self._host = ThreadHost(run, emit)
        self._emit = emit
        self.state = self._host.state
        self.trouble = Troubles()

    def start(self) -> None:
        """See PlayedHost."""
        self._host.start()

    def play(self, scripts: Sequence[Script]) -> Clients:
        """See PlayedHost."""
        return Crowd(scripts, self._host.url, self._emit).start()

    def stop(self) -> None:
        """See PlayedHost."""
        self._host.close()
        self._host.stop()
