"""Loading: a saved recording into a recorder, so that a screen reads it as it reads a live one."""

from __future__ import annotations

import marshal
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from asgiviz.model.events import KINDS, LARGE, OTHER, RECEIVE_BROKE, RECEIVE_LARGE, SEND_LARGE, Ev, Event, Raw
from asgiviz.model.values import kept_length
from asgiviz.store.recorder import Recorder

#: ev -> the kind whose payload is one field, and the name of that field; and the kind whose payload are all fields.
_ONE_FIELD: dict[str, tuple[int, str]] = {}
_ALL_FIELDS: dict[str, int] = {}
for _kind, (_ev, _field) in enumerate(KINDS):
    if _field is None:
        _ALL_FIELDS.setdefault(_ev, _kind)
    else:
        _ONE_FIELD.setdefault(_ev, (_kind, _field))
_ALL_FIELDS[Ev.RECEIVE_END] = RECEIVE_BROKE
_LARGE: dict[str, int] = {Ev.RECEIVE_END: RECEIVE_LARGE, Ev.SEND_BEGIN: SEND_LARGE}
#: Bytes of a body from which on it is not packed with its neighbours.
LOOSE = 4_096


def raw_of(event: Event, epoch: int) -> Raw:
    """The raw event that `expand` turns into `event` again (but for its number); any `ev`, known or not."""
    kind, payload = _kind_of(event.ev, dict(event.fields))
    if kind not in LARGE and payload is not None:
        payload = marshal.dumps(payload, 2)
    return (event.t + epoch, kind, event.conn, event.layer, event.call, payload)


def _kind_of(ev: str, fields: dict[str, Any]) -> tuple[int, Any]:
    if ev in _ONE_FIELD and fields.keys() == {_ONE_FIELD[ev][1]}:
        kind, field = _ONE_FIELD[ev]
        value = fields[field]
        if ev in _LARGE and isinstance(value, dict) and any(kept_length(part) > LOOSE for part in value.values()):
            kind = _LARGE[ev]
        return kind, value
    if ev in _ALL_FIELDS:
        return _ALL_FIELDS[ev], fields or None
    return OTHER, {**fields, "ev": ev}


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
