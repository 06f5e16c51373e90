"""What the app prints, logs and warns becomes `log` events, in order with its messages and tied to its connection.

A log record is recorded once, as the record; what the app's own handlers then write to standard error is that record
again and is left out. Records below the level that the app has set are not made, here as without us.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns as now
from typing import Any, TextIO

from asgiviz.model.events import LOG, Emit
from asgiviz.model.values import BODY_LIMIT, freeze
from asgiviz.probe.current import current_connection

_local = threading.local()


@contextmanager
def capture_logs(emit: Emit, limit: int = BODY_LIMIT) -> Iterator[None]:
    """While open, log records and warnings are emitted, and standard output and error (Python's) are lines of log."""
    with _logging(emit, limit), _warnings(emit, limit), _prints(emit, limit):
        yield


def log_event(emit: Emit, level: str, logger: str, text: str, limit: int = BODY_LIMIT, conn: int | None = None) -> None:
    """Emit one `log` event."""
    emit((now(), LOG, conn, None, None, {"level": level, "logger": logger, "text": freeze(text, limit)}))


@contextmanager
def _logging(emit: Emit, limit: int) -> Iterator[None]:
    call_handlers = logging.Logger.callHandlers

    def record_and_call(self: logging.Logger, record: logging.LogRecord) -> None:
        log_event(emit, str(record.levelname), str(record.name), record_text(record), limit, current_connection())
        outer = getattr(_local, "handling", False)
        _local.handling = True
        try:
            call_handlers(self, record)
        finally:
            _local.handling = outer

    logging.Logger.callHandlers = record_and_call  # type: ignore[method-assign]
    try:
        yield
    finally:
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]


def record_text(record: logging.LogRecord) -> str:
    """The message of a log record with its traceback; a message that cannot be formatted is shown as it was given."""
    try:
        text = record.getMessage()
    except Exception as error:  # noqa: BLE001  # the app's own arguments do not fit its format
        text = f"{record.msg!s} (could not be formatted: {type(error).__name__}: {error})"
    if record.exc_info and record.exc_info[0] is not None:
        text = text.rstrip("\n") + "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    return text


@contextmanager
def _warnings(emit: Emit, limit: int) -> Iterator[None]:
    show = warnings.showwarning

    def record(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
        text = f"{category.__name__}: {message} ({filename}:{lineno})"
        log_event(emit, "WARNING", "warnings", text, limit, current_connection())

    warnings.showwarning = record
    try:
        yield
    finally:
        if warnings.showwarning is record:
            warnings.showwarning = show


@contextmanager
def _prints(emit: Emit, limit: int) -> Iterator[None]:
    out, err = sys.stdout, sys.stderr
    sys.stdout = _stream("stdout", out, emit, limit)
    sys.stderr = _stream("stderr", err, emit, limit)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and not stream.closed:
                stream.flush()
        sys.stdout, sys.stderr = out, err


def flush_prints() -> None:
    """Unfinished lines are shown, because nothing will follow."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the app may have closed them, or put anything in their place
            stream.flush()


def _stream(name: str, original: TextIO, emit: Emit, limit: int) -> TextIO:
    """A text stream of the usual class, so that all that can be done with `sys.stdout` can be done with it."""
    errors = getattr(original, "errors", None) or "strict"
    return io.TextIOWrapper(_Lines(name, emit, limit), encoding="utf-8", errors=errors, write_through=True)


class _Lines(io.RawIOBase):
    """Collects what is written into lines, one unfinished line for each thread and connection."""

    def __init__(self, name: str, emit: Emit, limit: int) -> None:
        self.name = name
        self._emit = emit
        self._limit = limit
        self._started: dict[tuple[int, int | None], bytes] = {}

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return {"stdout": 1, "stderr": 2}[self.name]

    def write(self, data: Any, /) -> int:
        written = bytes(data)
        if getattr(_local, "handling", False):
            return len(written)
        key = (threading.get_ident(), current_connection())
        *lines, rest = (self._started.pop(key, b"") + written).split(b"\n")
        for line in lines:
            self._log(line, key[1])
        if len(rest) > self._limit:
            self._log(rest, key[1])
        elif rest:
            self._started[key] = rest
        return len(written)

    def flush(self) -> None:
        """Unfinished lines of this thread are shown now: somebody wants them seen (a prompt, a progress bar)."""
        super().flush()
        thread = threading.get_ident()
        for key in [key for key in self._started if key[0] == thread]:
            self._log(self._started.pop(key), key[1])

    def close(self) -> None:
        if not self.closed:
            for key in list(self._started):
                self._log(self._started.pop(key), key[1])
        super().close()

    def _log(self, line: bytes, conn: int | None) -> None:
        level = "INFO" if self.name == "stdout" else "ERROR"
        log_event(self._emit, level, self.name, line.decode("utf-8", "backslashreplace"), self._limit, conn)
