"""A run on the real clock: each side under its real server in a process of its own, real clients on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from urllib.parse import urlsplit

from asgiviz.experiment.failure import Blame, Failure
from asgiviz.experiment.notes import go_note, side_note
from asgiviz.experiment.served import served
from asgiviz.experiment.setup import Setup, SideSetup
from asgiviz.experiment.wording import not_ready, not_running
from asgiviz.host.errors import HostError
from asgiviz.host.options import Limits
from asgiviz.host.process import ProcessHost
from asgiviz.host.state import Phase
from asgiviz.host.virtual_plan import START_WITHIN
from asgiviz.model.events import Emit
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.seen import Ending

#: Seconds between two looks at whether clients, servers and the learner are still there.
LOOK_EVERY = 0.01
#: Seconds that a server may take to end by itself once the clients have left, and to be gone once it was killed.
END_WITHIN, GONE_WITHIN = 4.0, 1.5


class RealRun:
    """Runs a setup once; `run` blocks, `cancel` is for another thread."""

    def __init__(self, setup: Setup, emit: Emit, limits: Limits, on_go: Callable[[], None]) -> None:
        self._setup = setup
        self._emit = emit
        self._on_go = on_go
        self._cancelled = threading.Event()
        self._hosts = [ProcessHost(served(side, limits), emit, reloading=True) for side in setup.sides]
        self._crowds: list[Crowd] = []

    def run(self) -> Failure | None:
        """Serve, let the clients go, wait for them, end; None when all clients came to their end."""
        failure: Failure | None = None
        try:
            failure = self._start() or self._let_go()
        except (HostError, OSError) as error:
            failure = Failure(Blame.MACHINE, f"no server can be started here: {error}")
        finally:
            self._end(gently=failure is None and not self._cancelled.is_set())
        return failure

    def cancel(self) -> None:
        """End it now."""
        self._cancelled.set()

    def _start(self) -> Failure | None:
        for host in self._hosts:
            host.start()
        until = monotonic() + START_WITHIN
        for host, side in zip(self._hosts, self._setup.sides, strict=True):
            while host.state.phase is Phase.STARTING and monotonic() < until and not self._cancelled.is_set():
                host.state.wait_listening(LOOK_EVERY)
            if self._cancelled.is_set():
                return None
            self._emit(side_note(side, host.state.facts or {}))
            if host.state.phase is not Phase.LISTENING:
                return self._not_running(host, side)
            _knock(host.url)
        return None

    def _let_go(self) -> Failure | None:
        if self._cancelled.is_set():
            return None
        self._crowds = [
            Crowd(side.scripts, host.url, self._emit, self._setup.stagger, closely=True)
            for host, side in zip(self._hosts, self._setup.sides, strict=True)
        ]
        self._on_go()
        self._emit(go_note(self._setup))
        for crowd in self._crowds:
            crowd.start()
        until = monotonic() + self._setup.experiment.timeout
        while not all(crowd.finished for crowd in self._crowds):
            if self._cancelled.wait(LOOK_EVERY):
                return None
            for host, side in zip(self._hosts, self._setup.sides, strict=True):
                if host.state.phase is Phase.ENDED:
                    return self._not_running(host, side)
            if monotonic() > until:
                return Failure(Blame.TIME, _too_long(self._setup.experiment.timeout, self._crowds))
        return None

    def _not_running(self, host: ProcessHost, side: SideSetup) -> Failure:
        if host.state.failure is None and host.state.phase is Phase.STARTING:
            return not_ready(side.app, START_WITHIN, imported=host.state.facts is not None)
        return not_running(side.app, host.state.failure)

    def _end(self, gently: bool) -> None:
        """Nothing of the run is left behind: no client, no process."""
        for crowd in self._crowds:
            if not crowd.finished:
                crowd.cancel(GONE_WITHIN)
        for host in self._hosts:
            host.stop(force=not gently)
        until = monotonic() + END_WITHIN
        for host in self._hosts:
            while gently and not self._cancelled.is_set() and monotonic() < until and not host.state.wait_ended(LOOK_EVERY):
                pass
            host.stop(force=True)
            host.state.wait_ended(GONE_WITHIN)
            host.close()


def _knock(url: str) -> None:
    """Let the server take a connection once before it counts. The app is not asked: what it does belongs to the run."""
    parts = urlsplit(url)
    with contextlib.suppress(OSError), socket.create_connection((parts.hostname, parts.port), timeout=1) as sock:
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)


def _too_long(seconds: float, crowds: Sequence[Crowd]) -> str:
    clients = [seen for crowd in crowds for seen in crowd.seen]
    answered = sum(bool(seen.exchanges) and seen.exchanges[-1].ending is Ending.COMPLETE for seen in clients)
    return f"after {seconds:g} s only {answered} of {len(clients)} clients had their answer, so the run was ended"
