"""What held a loop in virtual time: code that blocked in the loop's own thread, told as a `stall` as `loop_watch` tells it.

Nothing has to be sampled here: whoever blocks comes by. Blocking again in the same callback is the same stall.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from asgiviz.host.virtual_clock import Baton
from asgiviz.model.events import STALL, Emit
from asgiviz.probe.stacks import Sight, Stack, look, places, user_frame
from asgiviz.probe.waiting import connection_of, ready_tasks, timers

_HERE = str(Path(__file__).with_name("virtual_"))


class Holds:
    """Watches the loop that runs in the thread of one side; the loop's thread calls it."""

    def __init__(self, baton: Baton, side: str, emit: Emit, threshold_ms: float) -> None:
        self._baton = baton
        self._side = side
        self._emit = emit
        self._threshold = threshold_ms * 1e6
        self._hold: _Hold | None = None
        self._told = 0

    def held(self, began: int) -> None:
        """See Blocked."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # before the loop, or after it
        sight = look(threading.get_ident(), loop, None, closer=True)
        if sight is None:
            return
        if self._hold is None or self._hold.key != sight.key:
            self.turn()
            self._hold = _Hold(sight, began)
        self._hold.add(loop, sight, began, self._baton.now)

    def turn(self) -> None:
        """See Blocked: the callback has come back."""
        hold, self._hold = self._hold, None
        if hold is not None and hold.ended - hold.began >= self._threshold:
            self._told += 1
            self._emit((hold.ended, STALL, None, None, None, hold.fields(self._told, self._side)))


class _Hold:
    """One callback that has blocked."""

    def __init__(self, sight: Sight, began: int) -> None:
        self.key = sight.key
        self.began = self.ended = began
        self._culprit = sight.details and sight.details.conn
        self._longest = 0
        self._stack: Stack = ()
        #: connection -> since when it has waited
        self._waited: dict[int, int] = {}

    def add(self, loop: asyncio.AbstractEventLoop, sight: Sight, began: int, ended: int) -> None:
        """It has blocked once more."""
        self.ended = ended
        if sight.details is not None and ended - began > self._longest:
            self._longest = ended - began
            self._stack = tuple(place for place in sight.details.stack if not place[0].startswith(_HERE))
        for conn, _ in ready_tasks(loop):
            self._waited.setdefault(conn, began)
        due = timers(loop)
        for task in asyncio.all_tasks(loop):
            waiter = getattr(task, "_fut_waiter", None)
            since = round(due.get(id(waiter), ended) * 1e9) if id(waiter) in due else ended
            whose = connection_of(task)
            if whose is not None and since < ended:
                self._waited.setdefault(whose, max(since, self.began))

    def fields(self, number: int, side: str) -> dict[str, Any]:
        """The event's fields, as `loop_watch` has them, and the side."""
        said = "The callback blocked in the loop's own thread."
        if self._culprit is not None:
            said += f" It is in the handler of connection {self._culprit}, or was started for it."
        return {
            "id": number,
            "ms": round((self.ended - self.began) / 1e6, 1),
            "stack": places(self._stack),
            "user_frame": user_frame(self._stack),
            "culprit": self._culprit,
            "victims": [
                {"conn": conn, "ms": round((self.ended - since) / 1e6, 1)}
                for conn, since in sorted(self._waited.items())
                if conn != self._culprit
            ],
            "confidence": "observed",
            "why": said,
            "side": side,
        }
