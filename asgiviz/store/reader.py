"""Reading: a recording's header at once, its events one by one, in constant memory, however the file ended.

A file is data: nothing in it is run, no length in it is believed, and the first line that is not whole ends the reading
with a sentence that says so.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Self, TypeVar, cast

from asgiviz.model.events import FORMAT_VERSION, Ev, Event, Raw
from asgiviz.model.recording import Header
from asgiviz.store.errors import RecordingError, reason
from asgiviz.store.lines import decode, loads
from asgiviz.store.raw_lines import RawLines

#: The longest line that is believed to be one, in bytes: a kept body of 32 MiB in base64, and some.
MAX_LINE = 48 * 1024 * 1024
#: Bytes of the lines of a batch.
BATCH_BYTES = 4 * 2**20
#: Name of the note that ends a file which somebody saved while the recording went on.
SAVED = "saved"
_GZIP_MAGIC = b"\x1f\x8b"
Read = TypeVar("Read")


class RecordingReader:
    """An open recording: `header` first, then iterate for the events; `ending` says, once read, how it ended.

    `name` is how messages call the file. Raises RecordingError when this is no recording or one from a newer version.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = stream
        self._line = self._read_bytes = 0
        #: Why the reading stopped before the recording did, in a sentence; None when it is whole.
        self.ending: str | None = None
        self.header = self._read_header()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self._read(decode)

    def raws(self) -> Iterator[tuple[int, Raw]]:
        """The same as raw events on a clock that begins with the recording, with their numbers, and several times faster."""
        return self._read(RawLines().read)

    def batches(self, most: int) -> Iterator[list[tuple[int, Raw]]]:
        """`raws` in lists of at most `most`, and of few megabytes."""
        batch: list[tuple[int, Raw]] = []
        began = self._read_bytes
        for numbered in self.raws():
            batch.append(numbered)
            if len(batch) == most or self._read_bytes - began > BATCH_BYTES:
                yield batch
                batch, began = [], self._read_bytes
        if batch:
            yield batch

    def _read(self, read: Callable[[bytes], Read]) -> Iterator[Read]:
        line = last = None
        while (line := self._next_line()) is not None:
            try:
                event = read(line)
            except ValueError as error:
                self.ending = f"line {self._line} is damaged ({error}); this is everything before it"
                return
            last = line
            yield event
        if self.ending is None:
            self.ending = _how_it_ended(None if last is None else decode(last))

    def _next_line(self) -> bytes | None:
        """The next whole line, or None; `ending` is set when there is a piece of one."""
        self._line += 1
        try:
            line = self._stream.readline(MAX_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.ending = (
                f"the file is cut or damaged behind line {self._line - 1} ({error}); this is everything before that".replace(
                    "\n", " "
                )
            )
            return None
        except OSError as error:
            self.ending = f"the file cannot be read behind line {self._line - 1} ({reason(error)})"
            return None
        if not line:
            return None
        self._read_bytes += len(line)
        if not line.endswith(b"\n"):
            if len(line) >= MAX_LINE:
                self.ending = f"line {self._line} is longer than {MAX_LINE:,} bytes; this is everything before it"
            else:
                self.ending = f"the file is cut in line {self._line}; this is everything before it"
            return None
        return line

    def _read_header(self) -> Header:
        line = self._next_line()
        if line is None:
            if self.ending is None:
                raise RecordingError(f"{self.name} is empty: nothing was recorded in it")
            raise RecordingError(f"{self.name} is not an asgiviz recording: {self.ending}")
        try:
            keys = loads(line)
            version = keys.get("asgiviz")
        except ValueError:
            keys, version = {}, None
        if type(version) is not int:
            raise RecordingError(
                f"{self.name} is not an asgiviz recording: its first line is no header. "
                "`asgiviz trace --record FILE` writes one"
            )
        if version > FORMAT_VERSION:
            raise RecordingError(
                f"{self.name} was written by a newer asgiviz (format {version}; this one reads up to {FORMAT_VERSION}). "
                "Upgrade: pip install --upgrade asgiviz"
            )
        return Header.from_dict(keys)


def _how_it_ended(last: Event | None) -> str | None:
    """Why a file whose lines are all whole does not tell of the end; None when it does."""
    if last is not None and last.get("name") == SAVED:
        return "saved while the server was running"
    if last is not None and last.ev == Ev.SERVER and last.get("what") in ("stopped", "failed"):
        return None
    return "the recording stops in the middle: what wrote it was ended before the server had stopped"


def open_recording(path: Path) -> RecordingReader:
    """The recording in the file `path`, gzip or not. RecordingError when there is none."""
    try:
        stream: BinaryIO = path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {reason(error)}") from None
    try:
        return read_stream(stream, str(path))
    except BaseException:
        stream.close()
        raise


def read_stream(stream: BinaryIO, name: str) -> RecordingReader:
    """The recording in an open binary stream with `peek`, gzip or not; `name` is how messages call it."""
    try:
        magic = stream.peek(2)[:2]  # type: ignore[attr-defined]  # a buffered reader
    except OSError as error:
        raise RecordingError(f"cannot read {name}: {reason(error)}") from None
    if magic == _GZIP_MAGIC:
        stream = cast(BinaryIO, _GzipStream(stream))
    elif name.endswith(".gz") and magic:
        raise RecordingError(f"{name} is named .gz but is not gzip; rename it without .gz to read it as it is")
    return RecordingReader(stream, name)


class _GzipStream(gzip.GzipFile):
    """A gzip file that closes what it reads from, too."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(fileobj=stream)
        self._outer = stream

    def close(self) -> None:
        super().close()
        self._outer.close()


def looks_like_recording(start: bytes) -> bool:
    """Whether a file that begins with `start` is one of ours (plain or gzip), so that it may be replaced by a new one."""
    if start[:2] == _GZIP_MAGIC:
        try:
            start = zlib.decompressobj(31).decompress(start, 4096)
        except zlib.error:
            return False
    line = start.partition(b"\n")[0]
    try:
        return "asgiviz" in json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return line.startswith(b'{"asgiviz": ')
