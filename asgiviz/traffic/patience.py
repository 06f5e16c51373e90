"""How long a client waits: for any one thing, in all, and not at all once another thread has cancelled it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from time import monotonic


class Cancelled(Exception):  # noqa: N818 - like asyncio's CancelledError, this is no error of anybody
    """Another thread has ended the client."""


class EnoughError(Exception):
    """The time that a step wanted to spend on reading is over."""


class Patience:
    """A client's time: `timeout` seconds for each wait, `limit` seconds for its whole life from `start` on."""

    def __init__(self, timeout: float, limit: float) -> None:
        self._timeout = timeout
        self._limit = limit
        self._deadline = monotonic() + limit
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None

    def start(self, delay: float) -> None:
        """The client's life begins in so many seconds: wait for it."""
        if self._over.wait(delay):
            raise Cancelled
        self._deadline = monotonic() + self._limit

    def left(self, most: float | None = None) -> float:
        """Seconds that the next wait may last: the time-out or `most`, within the client's life.

        Raises TimeoutError when that is over, Cancelled when nobody waits any more.
        """
        if self._over.is_set():
            raise Cancelled
        life = self._deadline - monotonic()
        if life <= 0:
            raise TimeoutError(f"the client's {self._limit:g} s are over")
        return min(life, self._timeout if most is None else most)

    def why_over(self, seconds: float) -> str:
        """Why a wait that `left` had allowed for so many seconds was ended."""
        in_all = f"the client's {self._limit:g} s are over"
        return "nothing came from the server in time" if seconds == self._timeout else in_all

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long, at most until the client's life is over."""
        life = max(self._deadline - monotonic(), 0)
        if self._over.wait(min(seconds, life)):
            raise Cancelled
        if seconds > life:
            raise TimeoutError(f"the client's {self._limit:g} s are over")

    @property
    def cancelled(self) -> bool:
        """Whether somebody has cancelled it."""
        return self._over.is_set()

    def watch(self, sock: socket.socket | None) -> None:
        """Waits on this socket (None: on none) are ended by `cancel`, too."""
        with self._lock:
            self._sock = sock
        if self._over.is_set():
            self.cancel()

    def cancel(self) -> None:
        """End every wait, now and later; from any thread."""
        self._over.set()
        with self._lock, contextlib.suppress(OSError):  # a socket that is not connected needs no waking
            if self._sock is not None:
                shut_down(self._sock, socket.SHUT_RDWR)


def shut_down(sock: socket.socket, how: int) -> None:
    """The plain `shutdown`, also for a TLS socket: its own one would end both directions, and pull the TLS state away from
    under a reader."""
    plain = socket.socket if isinstance(sock, ssl.SSLSocket) else type(sock)
    plain.shutdown(sock, how)
