"""What a child process and its parent say to each other: frames of a length and a marshalled value.

They travel over a socket pair that the child inherits, so nobody else can connect. marshal is fast and only ever reads
what our own child has written.
"""

from __future__ import annotations

import marshal
import select
import socket
import struct
import threading
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!I")
_VERSION = 2


class FrameSender:
    """Sends values, whole, from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """Whether a small frame can be sent without waiting for the other side to read."""
        poll = select.poll()  # one for each question: two threads must not ask the same one at once
        poll.register(self._sock, select.POLLOUT)
        return bool(poll.poll(0))

    def send(self, value: Any) -> None:
        """Send one value; OSError when the other side is gone."""
        data = marshal.dumps(value, _VERSION)
        with self._lock:
            self._sock.sendall(_LENGTH.pack(len(data)) + data)


def read_frame(stream: BinaryIO) -> Any:
    """The next value. EOFError when the other side is gone, in the middle of a frame too, or when it makes no sense."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    try:
        return marshal.loads(data)  # written by our own child, over a socket that only it holds
    except (TypeError, ValueError) as error:
        raise EOFError from error  # an app that writes to any descriptor has written to this one
