"""The address: bound before the app is loaded, so that a port in use is told at once and survives every restart."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

from asgiviz.host.errors import USAGE, HostError
from asgiviz.host.options import ServerOptions


class Address:
    """Where a host listens: bound once, kept through every restart, given back at the end."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self.url = ""

    def open(self) -> None:
        """Bind it. HostError when it cannot be had."""
        self._sock = bind(self._options)
        self.url = url_of(self._sock, self._options)

    def share(self) -> socket.socket | None:
        """A socket for one run of the server to listen on; None once the address was given back."""
        with self._lock:
            return None if self._sock is None else self._sock.dup()

    def close(self) -> None:
        """Give it back; safe to say again."""
        with self._lock:
            if self._sock is None:
                return
            self._sock.close()
            self._sock = None
        if self._options.uds is not None:
            Path(self._options.uds).unlink(missing_ok=True)


def bind(options: ServerOptions) -> socket.socket:
    """A bound socket for `options` (fd, uds, or host and port; port 0: any free one). HostError says why it cannot be had."""
    try:
        if options.fd is not None:
            return socket.socket(fileno=options.fd)
        if options.uds is not None:
            return _bind_path(options.uds)
        return _bind_port(options.host, options.port)
    except OSError as error:
        raise HostError(_why(error, options), code=USAGE) from None


def _bind_port(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _bind_path(path: str) -> socket.socket:
    """A UNIX socket at `path`; one left behind by a server that is gone is replaced, as other servers do."""
    if Path(path).exists() and stat.S_ISSOCK(Path(path).stat().st_mode) and not _is_served(path):
        Path(path).unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        os.chmod(path, 0o666)  # noqa: PTH101, S103  # as uvicorn does: whoever may reach the directory may connect
    except OSError:
        sock.close()
        raise
    return sock


def _is_served(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(path) == 0


def _why(error: OSError, options: ServerOptions) -> str:
    where = f"descriptor {options.fd}" if options.fd is not None else options.uds or f"{options.host}:{options.port}"
    if isinstance(error, socket.gaierror):
        return f"there is no address for the host {options.host!r}. Choose another: --host 127.0.0.1"
    if error.errno == errno.EADDRINUSE:
        other = "--uds PATH" if options.uds else "--port PORT (0: any free one)"
        return f"{where} is already in use. Choose another: {other}"
    if error.errno in (errno.EACCES, errno.EPERM):
        other = "--uds PATH" if options.uds else "--port 8000"
        return f"no permission to listen on {where}. Choose another: {other}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {options.host!r}. Choose another: --host 127.0.0.1"
    return f"cannot listen on {where}: {error.strerror or error}"


def url_of(sock: socket.socket, options: ServerOptions) -> str:
    """The address to type into a client."""
    if sock.family == socket.AF_UNIX:
        return f"unix:{sock.getsockname()}"
    host, port = sock.getsockname()[:2]
    scheme = "https" if options.ssl_certfile else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
