"""Sockets that are two buffers in this process.

They answer as TCP on one machine does: what is sent is there at once, a full buffer takes no more, a close that leaves
something unread resets. asyncio's transports, waitress's channels and our clients run on them unchanged.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from asgiviz.host.virtual_clock import Baton, Member

#: Bytes that fit between a sender and a receiver who does not read: Linux's usual receive buffer.
CAPACITY = 212_992

Address = tuple[str, int]
Forget = Callable[[int], object]


class Ringing(Protocol):
    """Wants to know when a socket changes."""

    def ring(self) -> None:
        """It has changed."""


#: Who wants to know, in the order of asking.
Bells = dict[Ringing, None]


class Bell:
    """Where members wait for something to change."""

    def __init__(self, baton: Baton) -> None:
        self.baton = baton
        self._waiting: list[Member] = []

    def ring(self) -> None:
        """Wake all who wait."""
        for member in self._waiting:
            self.baton.wake(member)

    def wait(self, until: int | None, park: Callable[[int | None], bool]) -> bool:
        """Wait for the next ring (True), at most until then; `park` is one of the baton's ways to wait."""
        me = self.baton.running
        self._waiting.append(me)
        try:
            return park(until)
        finally:
            self._waiting.remove(me)


class Pipe:
    """One direction of a connection: what was sent and not read yet. Any change is told to both ends."""

    def __init__(self, capacity: int, *ends: Bells) -> None:
        self._capacity = capacity
        self._ends = ends
        self._content = bytearray()
        #: the sender sends no more; it has reset the connection; the receiver is gone
        self.ended = self.reset = self.deserted = False

    def __len__(self) -> int:
        return len(self._content)

    @property
    def room(self) -> int:
        """Bytes that can be put."""
        return self._capacity - len(self._content)

    def put(self, data: bytes | memoryview) -> int:
        """Take what there is room for; how much that was."""
        taken = data[: self.room]
        self._content += taken
        self.ring()
        return len(taken)

    def take(self, most: int) -> bytes:
        """At most so many bytes."""
        data = bytes(self._content[:most])
        del self._content[:most]
        self.ring()
        return data

    def end(self) -> None:
        """The sender sends no more."""
        self.ended = True
        self.ring()

    def break_off(self) -> None:
        """The sender resets the connection."""
        self.reset = True
        self.ring()

    def ring(self) -> None:
        """Something has changed."""
        for bells in self._ends:
            for bell in bells:
                bell.ring()


class VirtualSocket(socket.socket):
    """One end of a connection: one of the system's sockets in type only, with the methods that are used of it."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, number: int, name: Address, peername: Address, bell: Bell, forget: Forget) -> None:
        self._number = number
        self._name, self._peername = name, peername
        self._forget = forget
        self._bell = bell
        self.bells: Bells = {bell: None}
        self._inbox = self._outbox = Pipe(0)
        self._timeout: float | None = None
        self._closed = self._lingers_not = False
        #: the error of a reset was raised: it is only once
        self._told = False

    def join(self, inbox: Pipe, outbox: Pipe) -> None:
        """Connect it."""
        self._inbox, self._outbox = inbox, outbox

    # -- what it says of itself ------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """Its number; -1 when it is closed."""
        return -1 if self._closed else self._number

    def getsockname(self) -> Address:
        """Its own address."""
        return self._name

    def getpeername(self) -> Address:
        """The other end's address."""
        return self._peername

    def getsockopt(self, level: int, option: int, *_: Any) -> int:  # type: ignore[override]  # nobody asks for a buffer
        """Only the size of a buffer means something here."""
        return CAPACITY if option in (socket.SO_SNDBUF, socket.SO_RCVBUF) else 0

    def setsockopt(self, level: int, option: int, *_: Any) -> None:
        """Only SO_LINGER means something here: it is set to close with a reset."""
        self._lingers_not = self._lingers_not or option == socket.SO_LINGER

    def settimeout(self, seconds: float | None, /) -> None:
        """How long to wait in one call; 0 not at all, None for ever."""
        self._timeout = seconds

    def setblocking(self, flag: bool, /) -> None:
        """Wait for ever, or not at all."""
        self._timeout = None if flag else 0.0

    def readable(self) -> bool:
        """Whether `recv` would come back at once."""
        return len(self._inbox) > 0 or self._inbox.ended or self._inbox.reset or self._closed

    def writable(self) -> bool:
        """Whether `send` would come back at once."""
        out = self._outbox
        return out.room > 0 or out.ended or out.deserted or self._inbox.reset or self._closed

    # -- bytes -----------------------------------------------------------------------------------------------------

    def recv(self, most: int, flags: int = 0, /) -> bytes:
        """At most so many bytes; empty at the end of the stream."""
        self._wait_until(self.readable)
        if len(self._inbox):
            return self._inbox.take(most)
        self._tell_reset()
        return b""

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send what there is room for, and say how much that was."""
        self._wait_until(self.writable)
        self._tell_reset()
        if self._inbox.reset or self._outbox.ended:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        if self._outbox.deserted:  # nobody is there to read it: the answer is a reset
            self._inbox.break_off()
            return len(data)
        return self._outbox.put(data)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest) :]

    def sendmsg(self, buffers: Iterable[Any], *_: Any) -> int:
        """Send several pieces at once."""
        return self.send(b"".join(buffers))

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        baton = self._bell.baton
        until = baton.after(self._timeout)
        while not ready():
            if self._timeout == 0:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            if not self._bell.wait(until, baton.block):
                raise TimeoutError("timed out")
        self._refuse_closed()

    def _tell_reset(self) -> None:
        if self._inbox.reset and not self._inbox.ended and not self._told:
            self._told = True
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    def _refuse_closed(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    # -- the end ---------------------------------------------------------------------------------------------------

    def shutdown(self, how: int, /) -> None:
        """Send no more (SHUT_WR), read no more (SHUT_RD), or both."""
        self._refuse_closed()
        if how != socket.SHUT_RD:
            self._outbox.end()
        if how != socket.SHUT_WR:
            self._inbox.end()

    def close(self) -> None:
        """Both directions end; what was not read makes it a reset."""
        if self._closed:
            return
        self._closed = self._inbox.deserted = True
        self._forget(self._number)
        if len(self._inbox) or self._lingers_not:
            self._outbox.break_off()
        else:
            self._outbox.end()

    def reset(self) -> None:
        """The connection is refused after all."""
        self._lingers_not = True
        self.close()


class Listener(socket.socket):
    """A listening socket; it never waits."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, number: int, name: Address, forget: Forget) -> None:
        self._number = number
        self._name = name
        self._forget = forget
        self._backlog: list[VirtualSocket] = []
        self.listening = False
        self.bells: Bells = {}

    def fileno(self) -> int:
        """Its number."""
        return self._number

    def getsockname(self) -> Address:
        """Where it listens."""
        return self._name

    def listen(self, backlog: int = 0, /) -> None:
        """Clients may connect from now on."""
        self.listening = True

    def welcome(self, sock: VirtualSocket) -> None:
        """A client has connected; the server learns it when it accepts."""
        self._backlog.append(sock)
        for bell in self.bells:
            bell.ring()

    def accept(self) -> tuple[socket.socket, Address]:
        """The next connection."""
        if not self._backlog:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        sock = self._backlog.pop(0)
        return sock, sock.getpeername()

    def readable(self) -> bool:
        """Whether a connection waits."""
        return bool(self._backlog)

    def writable(self) -> bool:
        """Never."""
        return False

    def setblocking(self, flag: bool, /) -> None:
        """There is nothing to set."""

    def setsockopt(self, *_: Any) -> None:
        """There is nothing to set."""

    def getsockopt(self, *_: Any) -> int:  # type: ignore[override]  # nobody asks for a buffer
        """There is nothing to get."""
        return 0

    def close(self) -> None:
        """Whoever was not accepted is reset."""
        self.listening = False
        self._forget(self._number)
        for sock in self._backlog:
            sock.reset()
        self._backlog.clear()
