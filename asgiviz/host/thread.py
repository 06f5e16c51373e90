"""The host in this process: the server in its own thread, so that a busy app leaves the main thread alone."""

from __future__ import annotations

import itertools
import threading
from time import perf_counter_ns as now
from typing import Any

from asgiviz.host.errors import HostError
from asgiviz.host.listen import Address
from asgiviz.host.options import Run
from asgiviz.host.serving import Serving, serving
from asgiviz.host.state import Phase, State
from asgiviz.model.events import SERVER, Emit, Raw


class ThreadHost:
    """Serves `run` in a daemon thread: a loop that never comes back cannot keep the process from ending."""

    def __init__(self, run: Run, emit: Emit) -> None:
        if run.environment or run.paths or run.limits is not None:
            raise ValueError("environment, paths and limits of a Run hold for a whole process: serve it with ProcessHost")
        self._run = run
        self._emit = emit
        self._numbers = itertools.count(run.first)
        self.state = State()
        self._address = Address(run.options)
        self._server: Serving | None = None

    def start(self) -> None:
        """Bind the address and begin to serve."""
        self._address.open()
        self.restart()

    @property
    def url(self) -> str:
        """See Host."""
        return self._address.url

    def restart(self) -> None:
        """See Host. Modules stay imported: changed code needs a process of its own (`--reload`)."""
        sock = self._address.share()
        if sock is None:
            return
        self.state.begin()
        self._server = serving(self._run, sock, self._emit, self, self._numbers)
        threading.Thread(target=self._serve, args=(self._server,), name="asgiviz-server", daemon=True).start()

    def stop(self, force: bool = False) -> None:
        """See Host."""
        if self._server is not None:
            self._server.stop(force)

    def close(self) -> None:
        """See Host."""
        self._address.close()

    def _serve(self, server: Serving) -> None:
        try:
            server.run()
        finally:
            if server is self._server:
                self.state.set(Phase.ENDED)

    # -- the server's report ---------------------------------------------------------------------------------------

    def loaded(self, facts: dict[str, Any]) -> None:
        """See serve.Report."""
        self.state.load(facts)

    def listening(self) -> None:
        """See serve.Report."""
        self._emit(server_event("started", self.url))
        self.state.set(Phase.LISTENING)

    def failed(self, error: HostError) -> None:
        """See serve.Report."""
        self._emit(server_event("failed", str(error)))
        self.state.set(Phase.ENDED, error)


def server_event(what: str, text: str) -> Raw:
    """A `server` event: started, stopping, stopped, reloaded, failed."""
    return (now(), SERVER, None, None, None, {"what": what, "text": text} if text else {"what": what})
