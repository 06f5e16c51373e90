"""The scribe: a process that turns packed events into lines, so that the server's interpreter does not have to.

Frames come on its standard input (see dictation.py, the other end), lines go to its standard output, and if that fails
one sentence goes to its standard error. It ends when its input does and not before: a parent that is killed leaves a
file with everything it had sent. It must start quickly and beside an app, so it imports little.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import select
import signal
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any

from asgiviz.model.masking import Mask
from asgiviz.store.errors import where_it_ends
from asgiviz.store.lines import Encoder

if TYPE_CHECKING:
    from asgiviz.store.streams import Stream

#: What stands before the marshalled value of a frame: the number of its first event, how many of its events are to be
#: left out because they were sent before, and the length of the value. The first frame holds the order, a dict.
HEAD = struct.Struct("!QIQ")
#: The frame that ends a recording.
END = HEAD.pack(0, 0, 0)
#: Seconds that a line stays in a buffer while more come in; when none do, it does not stay at all.
FLUSH_EVERY = 0.1
#: How much less urgent than the server it is: on a busy machine it comes after it, and still gets a quarter of a core.
MANNERS = 5
#: Exit status when the sentence on standard error says what went wrong.
COMPLAINED = 74

_WIDTH = 6  # atoms of an event
_PIECE = 256 * 1024  # bytes read or written in one go

Frame = tuple[int, int, bytes]


def frames(source: int) -> Iterator[Frame | None]:
    """Every whole frame of the descriptor `source` up to its end; None each time when the next one is not there yet."""
    there = select.poll()
    there.register(source, select.POLLIN)
    held = bytearray()
    while True:
        if not there.poll(0):
            yield None
        piece = os.read(source, _PIECE)
        if not piece:
            return  # the parent is gone, maybe in the middle of a frame
        held += piece
        begin = 0
        while len(held) >= begin + HEAD.size:
            first, skip, length = HEAD.unpack_from(held, begin)
            if not length:
                return
            end = begin + HEAD.size + length
            if len(held) < end:
                break
            yield first, skip, bytes(held[begin + HEAD.size : end])
            begin = end
        del held[:begin]


class Scribe:
    """Writes one recording to `stream` as the parent's `order` asks for it."""

    def __init__(self, order: dict[str, Any], stream: Stream) -> None:
        if order["zipped"]:
            from asgiviz.store.streams import GzipStream

            stream = GzipStream(stream)
        self._stream = stream
        self._header: bytes = order["header"]
        self._encode = Encoder(order["epoch"], None if order["mask"] is None else Mask(order["mask"])).line
        #: how many events were handed to the stream
        self.written = 0

    def write(self, feed: Iterable[Frame | None]) -> None:
        """Write the header and everything from `feed`, and close the stream."""
        self._stream.write(self._header)
        dirty, flushed = True, monotonic()
        for frame in feed:
            if frame is not None:
                self._add(*frame)
                dirty = True
            if dirty and (frame is None or monotonic() - flushed > FLUSH_EVERY):
                self._stream.flush()
                dirty, flushed = False, monotonic()
        self._stream.close()

    def _add(self, first: int, skip: int, data: bytes) -> None:
        atoms = iter(marshal.loads(data))
        numbered = enumerate(zip(*[atoms] * _WIDTH, strict=True), first)
        encode = self._encode
        lines = [encode(seq, raw) for seq, raw in islice(numbered, skip, None)]
        self._stream.write("".join(lines).encode("ascii"))
        self.written += len(lines)


def main() -> int:
    """Write what comes on standard input; gives the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever ends everything ends the parent, too: its last events are to come
    os.nice(MANNERS)
    gc.disable()  # what it makes of a frame holds no cycles
    feed = frames(0)
    order = next((frame for frame in feed if frame is not None), None)
    if order is None:
        return 0
    wanted = marshal.loads(order[2])
    stream = os.fdopen(1, "wb", _PIECE)
    scribe = Scribe(wanted, stream)
    try:
        scribe.write(feed)
    except Exception as error:  # noqa: BLE001  # the top of a process
        sentence = where_it_ends(wanted["name"], error, scribe.written)
        with contextlib.suppress(OSError):  # what is left in the buffer is lost for the same reason
            stream.close()
        os.write(2, sentence.encode("utf-8", "surrogateescape"))
        return COMPLAINED
    return 0


if __name__ == "__main__":
    os._exit(main())  # all is written, and the interpreter's own farewell could only add noise
