"""`asgiviz.Tap`: the tap for use inside any project, under any server, without the command line.

app = asgiviz.Tap(app, record="shop.asgiviz")      # a file, read with `asgiviz open shop.asgiviz`
app = asgiviz.Tap(app, sink=events.append)         # every event, as it happens
"""

from __future__ import annotations

import atexit
import itertools
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from asgiviz.model.asgi import App, Receive, Scope, Send
from asgiviz.model.events import SERVER, Raw, Sink, expand
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.model.values import BODY_LIMIT
from asgiviz.probe import tap
from asgiviz.probe.notes import hear_notes
from asgiviz.store.errors import RecordingError
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import LineWriter, complain, write_file


class Tap(tap.Tap):
    """ASGI middleware that records what passes and changes nothing.

    Give one of `sink` (called with each `Event` in the app's own task: be quick; what it raises is reported once and
    never reaches the app) and `record` (a file; gzip when it ends in .gz). `body_limit` is how many bytes are kept of
    each message. In the file secrets are masked unless `reveal`; `mask` names more of them. A thread of this process
    writes it: that costs more than the process of its own in `asgiviz trace --record`, but starts nothing behind your back.
    """

    def __init__(
        self,
        app: App,
        *,
        sink: Sink | None = None,
        record: str | os.PathLike[str] | None = None,
        body_limit: int = BODY_LIMIT,
        reveal: bool = False,
        mask: Iterable[str] = (),
    ) -> None:
        if (sink is None) == (record is None):
            raise TypeError("asgiviz.Tap needs one of sink=… and record=…")
        if sink is not None:
            emit = _ToSink(sink).emit
        else:
            name = getattr(app, "__qualname__", type(app).__qualname__)
            emit = _ToFile(Path(record or ""), name, None if reveal else Mask(mask)).emit
        super().__init__(app, emit, body_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        with hear_notes(self._emit):  # `asgiviz.note` inside of the app
            return await super().__call__(scope, receive, send)


class _ToSink:
    """Numbers events and hands them to a sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._numbers = itertools.count(1)
        self._epoch = perf_counter_ns()
        self._complained = False

    def emit(self, raw: Raw) -> None:
        """Hand one event on."""
        try:
            self._sink(expand(next(self._numbers), raw, self._epoch))
        except Exception as error:  # noqa: BLE001  # the sink is not the app: the app must not feel it
            if not self._complained:
                self._complained = True
                complain(f"the sink of asgiviz.Tap raised {type(error).__name__}: {error}; later errors are not shown")


class _ToFile:
    """Records to a file that is opened with the first event, in each process that has one."""

    def __init__(self, path: Path, target: str, mask: Mask | None) -> None:
        self._path = path
        self._target = target
        self._mask = mask
        self._opening = threading.Lock()
        self._recorder: Recorder | None = None
        self._writer: LineWriter | None = None
        os.register_at_fork(after_in_child=self._forget)

    def emit(self, raw: Raw) -> None:
        """Record one event."""
        if self._recorder is None:
            self._open()
        if self._recorder is not None:
            self._recorder.emit(raw)

    def _open(self) -> None:
        with self._opening:
            if self._recorder is not None:
                return
            recorder = Recorder()
            header = Header.now(recorder.started, target=self._target, layers=[self._target])
            try:
                self._writer = self._write(recorder, header)
            except RecordingError as error:
                complain(f"{error} (asgiviz.Tap records to memory only)")
            self._recorder = recorder.start()
            atexit.register(self._close)

    def _write(self, recorder: Recorder, header: Header) -> LineWriter:
        """A writer to our file, or, when another worker process writes there, to one with our process id in its name."""
        # in a thread, not by a scribe (store/dictation.py): a middleware starts no processes in other people's programs
        try:
            return write_file(recorder, self._path, header, self._mask, complain)
        except RecordingError as error:
            if not error.busy:
                raise
        suffix = "".join(self._path.suffixes[-2:])
        own = self._path.with_name(f"{self._path.name.removesuffix(suffix)}-{os.getpid()}{suffix}")
        return write_file(recorder, own, header, self._mask, complain)

    def _close(self) -> None:
        if self._recorder is None:
            return
        self._recorder.emit((perf_counter_ns(), SERVER, None, None, None, {"what": "stopped"}))
        self._recorder.close()
        if self._writer is not None:
            self._writer.close()

    def _forget(self) -> None:
        """In a forked child: the file and its thread are the parent's."""
        self._recorder = self._writer = None
        self._opening = threading.Lock()
