"""Writing: a thread that follows the recorder and appends lines to a file or a pipe, flushed ten times a second.

It shares the interpreter with the app, which suits a middleware in somebody's program; the command line lets a process
of its own write (dictation.py). Trouble with the file never reaches the app: it is reported once, in one sentence, and
the recording in memory goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO

from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.store.errors import RecordingError, reason, where_it_ends
from asgiviz.store.lines import Encoder, header_line
from asgiviz.store.reader import looks_like_recording
from asgiviz.store.recorder import Numbered, Recorder
from asgiviz.store.streams import GzipStream, Stream

#: Seconds between two looks at the recorder, and the longest time a line stays in a buffer.
TICK = 0.05
FLUSH_EVERY = 0.1
#: Events written in one go before the server's thread may run again.
SLICE = 64


class Follower:
    """A thread that hands new events to `consume` as they come, and calls `settle` whenever it has caught up.

    An exception of either ends the following and goes to `on_trouble`: an OSError is the stream's, any other is a mistake
    of ours, and neither may reach the app.
    """

    def __init__(
        self,
        recorder: Recorder,
        consume: Callable[[list[Numbered]], None],
        settle: Callable[[], None],
        on_trouble: Callable[[Exception], None],
        name: str,
    ) -> None:
        self._cursor = recorder.cursor()
        self._consume = consume
        self._settle = settle
        self._on_trouble = on_trouble
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self, timeout: float | None = None) -> bool:
        """Hand over everything recorded up to now and end; False if that took longer than `timeout` seconds."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _follow(self) -> None:
        try:
            closing = False
            while not closing:
                closing = self._closing.wait(TICK)
                self._catch_up()
                self._settle()
        except Exception as error:  # noqa: BLE001  # the top of a thread
            self._on_trouble(error)

    def _catch_up(self) -> None:
        settled = monotonic()
        while numbered := self._cursor.take():
            for start in range(0, len(numbered), SLICE):
                self._consume(numbered[start : start + SLICE])
                sleep(0)  # gives the interpreter up: the server goes first
            if monotonic() - settled > FLUSH_EVERY:
                self._settle()
                settled = monotonic()


class LineWriter:
    """Writes the header and then every event of `recorder` to `stream` as lines; `name` is how trouble calls it."""

    def __init__(
        self,
        recorder: Recorder,
        stream: Stream,
        name: str,
        header: Header,
        mask: Mask | None,
        on_trouble: Callable[[str], None],
    ) -> None:
        self._stream = stream
        self._name = name
        self._report = on_trouble
        self._encode = Encoder(recorder.epoch, mask).line
        self._number_of = recorder.numbering.number_of
        self._header = header_line(header.as_dict()).encode()
        self._begun = False
        self._written = 0
        self._follower = Follower(recorder, self._write, self._flush, self._trouble, f"asgiviz-writer-{name}")

    def start(self) -> LineWriter:
        """Write the header and begin to follow; gives back itself."""
        self._follower.start()
        return self

    def close(self, timeout: float | None = 5.0) -> None:
        """Write what is left and close the stream."""
        if not self._follower.close(timeout):
            self._report(f"{self._name} was not written to its end: writing to it does not come back")
            return
        try:
            self._stream.close()
        except OSError as error:
            self._trouble(error)

    def _write(self, numbered: list[Numbered]) -> None:
        self._begin()
        encode, number_of = self._encode, self._number_of
        self._stream.write("".join([encode(number_of(seq), raw) for seq, raw in numbered]).encode("ascii"))
        self._written += len(numbered)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._stream.write(self._header)

    def _flush(self) -> None:
        self._begin()
        self._stream.flush()

    def _trouble(self, error: Exception) -> None:
        self._report(where_it_ends(self._name, error, self._written))
        with contextlib.suppress(OSError):  # the reason is told; what is left in the buffer is lost with it
            self._stream.close()


def write_file(
    recorder: Recorder, path: Path, header: Header, mask: Mask | None, on_trouble: Callable[[str], None]
) -> LineWriter:
    """A running writer to `path` (gzip when the name ends in .gz). RecordingError when it cannot be opened."""
    return LineWriter(recorder, open_stream(path), str(path), header, mask, on_trouble).start()


def open_stream(path: Path) -> Stream:
    """A stream to a new recording at `path`, see `write_file`."""
    stream = open_for_writing(path)
    return GzipStream(stream) if path.suffix == ".gz" else stream


def open_for_writing(path: Path, keep: bool = False) -> BinaryIO:
    """`path` emptied, locked and open. An earlier recording is replaced; any other file with content is refused.

    `keep` leaves what is in it until `empty` is called: for as long as it may turn out that there is nothing to record.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RecordingError(f"cannot write {path}: {reason(error)}. Choose another place: --record FILE") from None
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe or a device has nothing to lock or to empty
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            start = os.pread(descriptor, 4096, 0)
            if start and not looks_like_recording(start):
                raise RecordingError(
                    f"{path} exists and is not a recording; it was left alone. Choose another name: --record FILE"
                )
            if not keep:
                os.ftruncate(descriptor, 0)
        return os.fdopen(descriptor, "wb")
    except BlockingIOError:
        os.close(descriptor)
        sentence = f"{path} is being written by another process. Choose another name: --record FILE"
        raise RecordingError(sentence, busy=True) from None
    except BaseException:
        os.close(descriptor)
        raise


def empty(stream: BinaryIO) -> None:
    """Take away what is in a file that was opened with `keep`; a pipe or a device has nothing."""
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        os.ftruncate(stream.fileno(), 0)


def leave(stream: BinaryIO, path: Path) -> None:
    """Close a file that was opened with `keep` and not used; an empty one was made by us and goes again."""
    status = os.fstat(stream.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size == 0:
        path.unlink(missing_ok=True)
    stream.close()


def complain(sentence: str) -> None:
    """The default way to report trouble: one line on standard error."""
    print(f"asgiviz: {sentence}", file=sys.__stderr__, flush=True)
