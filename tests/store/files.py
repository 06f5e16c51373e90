"""What the store's tests share: a recorder with some events in it, and the file they make."""

from __future__ import annotations

import gzip
import io
from typing import Any

from asgiviz.model.events import EXIT, RECEIVE_BEGIN, RECEIVE_END, SCOPE, SEND_BEGIN, SEND_END, SERVER, Event, Raw
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.store.errors import RecordingError
from asgiviz.store.lines import Encoder, header_line
from asgiviz.store.reader import RecordingReader, read_stream
from asgiviz.store.recorder import Recorder

HEADER = Header(started="2026-01-01T00:00:00.000000Z", target="main:app")


def request(conn: int, body: bytes = b"hello", start: int = 0) -> list[Raw]:
    """The events of one small request."""
    times = iter(range(start, start + 100))
    return [
        (next(times), SCOPE, conn, 0, None, {"type": "http", "path": "/", "headers": ((b"host", b"h"),)}),
        (next(times), RECEIVE_BEGIN, conn, 0, 1, None),
        (next(times), RECEIVE_END, conn, 0, 1, {"type": "http.request", "body": b"", "more_body": False}),
        (next(times), SEND_BEGIN, conn, 0, 2, {"type": "http.response.start", "status": 200, "headers": ()}),
        (next(times), SEND_END, conn, 0, 2, None),
        (next(times), SEND_BEGIN, conn, 0, 3, {"type": "http.response.body", "body": body}),
        (next(times), SEND_END, conn, 0, 3, None),
        (next(times), EXIT, conn, 0, None, {"outcome": "returned"}),
    ]


STOPPED: Raw = (1000, SERVER, None, None, None, {"what": "stopped", "text": ""})


def filled(raws: list[Raw], **bounds: int) -> Recorder:
    """A recorder that got these events; its clock starts at 0."""
    recorder = Recorder(**bounds)
    recorder.epoch = 0
    for raw in raws:
        recorder.emit(raw)
    return recorder


def file_of(raws: list[Raw], mask: Mask | None = None) -> bytes:
    """The recording's file with these events."""
    line = Encoder(0, mask).line
    return (header_line(HEADER.as_dict()) + "".join(line(seq, raw) for seq, raw in enumerate(raws, 1))).encode()


def zipped(data: bytes) -> bytes:
    """The same, gzip."""
    return gzip.compress(data, mtime=0)


def opened(data: bytes, name: str = "file") -> tuple[RecordingReader | None, list[Event], str]:
    """The reader (None when it is refused), its events, and the sentence about how it ended."""
    try:
        reader = read_stream(io.BufferedReader(io.BytesIO(data)), name)
    except RecordingError as error:
        return None, [], str(error)
    with reader:
        events = list(reader)
    return reader, events, reader.ending or ""


def is_one_sentence(text: Any) -> bool:
    """Whether the text is there, on one line, and short enough for a person."""
    return isinstance(text, str) and bool(text) and "\n" not in text and len(text) < 400
