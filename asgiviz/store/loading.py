"""Loading: a saved recording into a recorder, so that a screen reads it as it reads a live one."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from asgiviz.model.events import Event
from asgiviz.store.raw_events import raw_of
from asgiviz.store.recorder import Recorder


class Loading(threading.Thread):
    """Reads `events` into `recorder` in a thread of its own; `stop` ends it early."""

    def __init__(self, events: Iterable[Event], recorder: Recorder) -> None:
        super().__init__(name="asgiviz-loading", daemon=True)
        self._events = events
        self._recorder = recorder
        self._stopped = False
        #: what went wrong with the reading, beside a file that ends early
        self.trouble: Exception | None = None

    def run(self) -> None:
        """Read to the end."""
        recorder = self._recorder
        try:
            for event in self._events:
                if self._stopped:
                    return
                raw = raw_of(event, recorder.epoch)
                recorder.numbering.put(len(recorder) + 1, event.seq)
                recorder.emit(raw)
        except Exception as error:  # noqa: BLE001  # the top of a thread
            self.trouble = error

    def stop(self) -> None:
        """Read no further."""
        self._stopped = True


def recorder_for(started: str, max_events: int, max_bytes: int) -> Recorder:
    """An empty recorder that began when the recording did."""
    recorder = Recorder(max_events, max_bytes)
    with suppress(ValueError, OverflowError):  # a header without a usable date: it only dates the file
        recorder.started = datetime.fromisoformat(started).astimezone(UTC)
    return recorder
