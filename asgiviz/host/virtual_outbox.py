"""What the process of an experiment sends to its parent. Sending the end is the last thing that the process does."""

from __future__ import annotations

import os
from _thread import allocate_lock
from typing import Any, NoReturn

from asgiviz.host.frames import FrameSender
from asgiviz.host.virtual_clock import Baton
from asgiviz.model.events import LOG, Raw

#: Events in one frame, and in all: everything is kept until the end is known.
FRAME_EVENTS, MOST_EVENTS = 5_000, 200_000

_exit = os._exit


class Outbox:
    """What goes to the parent: events, many at a time, and how it ended. Only who has the baton emits."""

    def __init__(self, sender: FrameSender, baton: Baton) -> None:
        self._sender = sender
        self._baton = baton
        self._events: list[Raw] = []
        self._sent = 0
        self._sending = allocate_lock()  # the watch's thread may end everything at any time

    def emit(self, raw: Raw) -> None:
        """Take one event; of what the app says outside of a connection, with its side."""
        self._baton.progress()
        if raw[1] == LOG and raw[2] is None and (side := self._baton.running.side) is not None:
            raw = (*raw[:5], {**raw[5], "side": side})
        self._events.append(raw)
        if len(self._events) >= FRAME_EVENTS:
            self._sent += len(self._events)
            if self._sent > MOST_EVENTS:
                self.end("cannot_hold", f"there is too much to record: more than {MOST_EVENTS:,} events")
            with self._sending:
                self._flush()

    def tell(self, what: str, value: Any) -> None:
        """Tell the parent something else."""
        with self._sending:
            self._sender.send((what, value))

    def end(self, way: str, sentence: str = "", **more: Any) -> NoReturn:
        """The experiment is over, and the process with it, whether the parent hears it or not; whoever comes second waits."""
        self._sending.acquire()
        status = 1
        try:
            self._flush()
            self._sender.send(("ended", {"way": way, "sentence": sentence, **more}))
            status = 0
        finally:
            _exit(status)

    def exit(self, status: int) -> NoReturn:
        """`os._exit` for the app: what it did up to here is sent first."""
        self._sending.acquire()
        try:
            self._flush()
        finally:
            _exit(status)

    def _flush(self) -> None:
        events, self._events = self._events, []
        for begin in range(0, len(events), FRAME_EVENTS):
            self._sender.send(("events", events[begin : begin + FRAME_EVENTS]))
