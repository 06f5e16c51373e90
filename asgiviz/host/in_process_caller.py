"""The server without sockets as its clients know it."""

from __future__ import annotations

from typing import Protocol

from asgiviz.host.in_process_http import HttpLine
from asgiviz.host.in_process_scope import State
from asgiviz.host.in_process_websocket import WebSocketLine

Line = HttpLine | WebSocketLine


class Caller(Protocol):
    """Calls the app for its clients."""

    #: what the app has put into the lifespan's state
    shared: State

    def call(self, line: Line, after: HttpLine | None = None) -> None:
        """Call the app for this connection; for a request, once the answer to the one before it is over."""

    def port(self) -> int:
        """The port of a client's new connection."""
