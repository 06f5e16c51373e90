"""Which server serves a run: uvicorn or waitress, and only that one is imported."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from asgiviz.host.options import Run
from asgiviz.model.events import Emit

if TYPE_CHECKING:
    from asgiviz.host.serve import Report


class Serving(Protocol):
    """One run of a server in the thread that calls it."""

    def run(self) -> None:
        """Serve until told to stop, or until it cannot go on; what goes wrong is reported, not raised."""

    def serve(self) -> None:
        """`run` without taking what the process prints, logs and notes: for one of several in it."""

    def stop(self, force: bool = False) -> None:
        """Ask it to finish what is open, or (force) to drop it; for other threads."""


def serving(run: Run, sock: socket.socket, emit: Emit, report: Report, numbers: Iterator[int]) -> Serving:
    """The server for `run`, on a bound socket; `emit` takes events, `report` the news, `numbers` numbers connections."""
    if run.interface == "wsgi":
        from asgiviz.host.serve_wsgi import WsgiRun

        return WsgiRun(run, sock, emit, report, numbers)
    from asgiviz.host.serve import ServerRun

    return ServerRun(run, sock, emit, report, numbers)
