"""One connection of a client: bytes out, bytes in, and every way to end it. No wait outlasts the client's patience."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

from asgiviz.traffic.patience import EnoughError, Patience, shut_down
from asgiviz.traffic.seen import Reporter, TrafficError

_NO_LINGER = struct.pack("ii", 1, 0)  # close() sends RST and forgets what was not sent


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: a host and port, or the path of a unix socket; `authority` is what the Host header says."""

    host: str
    port: int
    path: str
    tls: bool
    authority: str


def parse_url(url: str) -> Address:
    """The address in `http://host:port`, `https://host:port` or `unix:/path`; ValueError with a sentence for anything else."""
    if url.startswith("unix:") and len(url) > len("unix:"):
        return Address("localhost", 80, url.removeprefix("unix:"), False, "localhost")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{url!r} is no server's address; give http://host:port, https://host:port or unix:/path/of/socket")
    tls = parts.scheme == "https"
    return Address(host, port or (443 if tls else 80), "", tls, parts.netloc.rpartition("@")[2])


#: Gives a connected socket to a client; `dial` does so over the network.
Dial = Callable[[Address, Patience, "int | None"], socket.socket]


class Wire:
    """An open connection. `ended` once either side has closed it."""

    def __init__(self, sock: socket.socket, patience: Patience, reporter: Reporter) -> None:
        self._sock = sock
        self._reporter = reporter
        self._by = "client"
        self.patience = patience
        self.ended = False
        #: when bytes last came in
        self.received_at = perf_counter_ns()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._sock.settimeout(self.patience.left())
        try:
            self._sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self._lost()
            raise

    def recv(self, most: int, until: float | None = None) -> bytes:
        """At most so many bytes, once there are any; empty at the end of the stream.

        Raises EnoughError at the `monotonic` time `until`, which takes the place of the time-out.
        """
        left = None if until is None else until - monotonic()
        if left is not None and left <= 0:
            raise EnoughError
        seconds = self.patience.left(left)
        self._sock.settimeout(seconds)
        try:
            data = self._sock.recv(most)
        except TimeoutError:
            raise (EnoughError() if seconds == left else TimeoutError(self.patience.why_over(seconds))) from None
        except ConnectionResetError:
            self._lost()
            raise
        self.received_at = perf_counter_ns()
        if not data:
            self._lost()
        return data

    def _lost(self) -> None:
        """The connection has ended, and not by us, unless we were cancelled, which looks the same from here."""
        self.patience.left()
        self._by = "server"

    def half_close(self) -> None:
        """Close the sending direction."""
        with contextlib.suppress(OSError):  # the other side was faster
            shut_down(self._sock, socket.SHUT_WR)

    def close(self, how: str = "closed", **figures: Any) -> None:
        """Close both directions; `how` and `figures` go into the event."""
        if not self.ended:
            self.ended = True
            self.patience.watch(None)
            self._sock.close()
            self._reporter.say("closed", by=self._by, how=how, **figures)

    def reset(self) -> None:
        """End it with RST, where the kind of socket knows one."""
        with contextlib.suppress(OSError):  # already disconnected
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.close("reset")


def connect(address: Address, patience: Patience, reporter: Reporter, receive_buffer: int | None, dial: Dial) -> Wire:
    """An open connection to the server. TrafficError when there is none to be had."""
    try:
        sock = dial(address, patience, receive_buffer)
    except TimeoutError:
        raise TrafficError(f"{address.path or address.authority} did not let the client connect in time") from None
    except OSError as error:
        place = address.path or address.authority
        raise TrafficError(f"cannot connect to {place}: {(error.strerror or str(error)).lower()}") from None
    local = None if address.path else list(sock.getsockname()[:2])
    reporter.say("connected", to=address.path or address.authority, local=local)
    return Wire(sock, patience, reporter)


def dial(address: Address, patience: Patience, receive_buffer: int | None) -> socket.socket:
    """A connected socket, on which `patience` keeps watch. OSError when there is none to be had."""
    if address.path:
        return _open(socket.AF_UNIX, address.path, patience, receive_buffer)
    trouble: OSError | None = None
    for family, _, _, _, where in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM):
        try:
            sock = _open(family, where, patience, receive_buffer)
        except OSError as error:
            trouble = error
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what a script sends apart arrives apart
        return _secured(sock, address, patience) if address.tls else sock
    raise trouble or OSError("no address found")


def _open(family: int, where: Any, patience: Patience, receive_buffer: int | None) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if receive_buffer is not None:  # the window is agreed on when connecting: later is too late
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(patience.left())
        sock.connect(where)
        patience.watch(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _secured(sock: socket.socket, address: Address, patience: Patience) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the server is the user's own, usually with a certificate of its own making
    try:
        secured = context.wrap_socket(sock, server_hostname=address.host)
    except BaseException:
        patience.watch(None)
        sock.close()
        raise
    patience.watch(secured)
    return secured
