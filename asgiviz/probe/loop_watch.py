"""A watch on a server's loop, from a thread of its own: one callback that holds the loop too long is a `stall` event.

The watch looks at the loop's stack every few milliseconds and keeps nothing of it. When the loop is busy, a *beat* is put
into its queue; until the loop answers it, two looks that see the same callback prove that this one callback held the loop
in between (see `stacks.Sight`), however long the queue. So many short callbacks are no stall. A callback is reported when it
was proven to hold the loop for the threshold. A loop in Python tells when its turn began, so that the first callback of a
turn (a handler beside little other work) is known from its beginning. For others, and on a loop in C, time counts from the
first look: they are surely reported when they last twice the threshold, and `ms` may lack up to one rest between looks.

A stall is told when it is over, after the loop has gone round a few times, because only then can be seen who had waited.
One that lasts is told while it lasts, too: the same `id`, with `ongoing`, after 1, 2, 4, 8, … seconds; the next event of
that `id` replaces it. The time `t` of the event is the end of the stall (or the moment of the report): it began `ms` before.

What is left out: time in which the watch's own thread did not get to run (the process stopped, the machine asleep or
overloaded) or the loop's thread had no processor, and callbacks that a debugger holds. A C call that keeps the interpreter
stops the watch as well: see `loop_clocks`; such a stall is inferred.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.events import STALL, Emit
from asgiviz.probe.logs import log_event
from asgiviz.probe.loop_clocks import STANDSTILL, LoopClocks, Nap
from asgiviz.probe.pools import Pools
from asgiviz.probe.stacks import Details, Sight, Stack, look, places, user_frame
from asgiviz.probe.waiting import Counted, ready_tasks, timers

#: The time between two looks, in thresholds: before something was seen, and to see whether it is there still; and what it is
#: at most, in seconds. To wake a thread is what a watch costs.
REST, SHORT, LONGEST = 0.8, 0.25, 0.1
#: Nanoseconds after which a stall that still goes on is told first.
TOLD_AFTER = 1_000_000_000
#: Turns of the loop after a stall in which a connection may begin that had waited in the socket's queue: accepting,
#: registering, reading and starting its task take a turn each, with some to spare.
TURNS = 8
#: Looks that the end of a stall waits for the loop to have made these turns.
PATIENCE = 20
#: Nanoseconds between two looks at the thread pools; lines of which a stall remembers how long they held; victims told.
POOLS_EVERY, MOST_LINES, MOST_VICTIMS = 200_000_000, 500, 200


@contextmanager
def watch_loop(emit: Emit, stall_ms: float, begun: Counted) -> Iterator[None]:
    """While open, the running loop is watched (opened in that loop); `begun` counts connections. 0: it is not."""
    if stall_ms <= 0:
        yield
        return
    watch = LoopWatch(asyncio.get_running_loop(), emit, stall_ms, begun)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class LoopWatch:
    """Watches `loop`; made in its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Emit, stall_ms: float, begun: Counted) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._emit = emit
        self._threshold = int(stall_ms * 1e6)
        self._late = self._threshold // 2
        self._rest, self._short = (min(LONGEST, part * stall_ms / 1e3) for part in (REST, SHORT))
        self._begun = begun
        self._clocks = LoopClocks()
        self._epoch = now() - monotonic_ns()  # both clocks go equally fast, and the second is that of the loops
        self._pools = Pools(loop, emit)
        self._watcher = threading.Thread(target=self._watch, name="asgiviz-loop-watch", daemon=True)
        self._stopped = False
        self._ids = itertools.count(1)
        self._beat: _Beat | None = None
        self._hold: _Hold | None = None
        self._ending: _Hold | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._watcher.start()

    def stop(self) -> None:
        """End, within one look; what was seen is told."""
        self._stopped = True
        self._watcher.join(10 * self._rest)

    def _watch(self) -> None:
        pools_at = 0
        try:
            while True:
                rested = self._hold is None and self._ending is None
                nap, sight = self._clocks.nap(self._rest if rested else self._short, self._late, self._look)
                if self._stopped:
                    break
                self._follow(nap, sight, rested)
                if nap.woke > pools_at:
                    pools_at = nap.woke + POOLS_EVERY
                    self._pools.look()
        except Exception as error:  # noqa: BLE001  # the top of a thread; a loop that is closed takes no beat
            if not self._stopped and not self._loop.is_closed():
                log_event(self._emit, "ERROR", "asgiviz", f"the watch on the loop ended: {type(error).__name__}: {error}")
        if self._hold is not None:
            self._release(self._hold)
        if self._ending is not None:
            self._tell(self._ending)
        self._clocks.close()

    # -- looking ---------------------------------------------------------------------------------------------------

    def _look(self, late: int) -> Sight | None:
        return look(self._thread, self._loop, self._hold and self._hold.key, late >= self._late)

    def _follow(self, nap: Nap, sight: Sight | None, rested: bool) -> None:
        """Draw the conclusions from one look."""
        beat, hold = self._beat, self._hold
        answered = beat is not None and beat.answered is not None  # after the look: an answer in between counts
        if hold is not None and (answered or sight is None or not hold.is_same(sight, nap)):
            self._release(hold)
            hold = self._hold = None
        if answered:
            beat = self._beat = None
        if sight is not None and (hold or beat or rested or nap.kept or (self._ending and not answered)):
            if hold is None:
                hold = self._hold = self._take_hold(nap, sight, beat or self._post())
            hold.pass_time(nap, self._late)
            if sight.details is not None:
                self._see(hold, nap, sight.details)
        if self._ending is not None:
            self._see_the_end(self._ending)

    def _post(self) -> _Beat:
        self._beat = beat = _Beat(self._loop, self._begun)
        self._loop.call_soon_threadsafe(beat.answer)
        return beat

    def _take_hold(self, nap: Nap, sight: Sight, beat: _Beat) -> _Hold:
        """A callback is seen for the first time."""
        began = nap.planned if nap.kept else nap.woke
        if sight.turn is not None:
            turn = int(sight.turn * 1e9) + self._epoch
            began = turn if sight.first else max(began, turn)
        return _Hold(sight.key, began, beat)

    def _see(self, hold: _Hold, nap: Nap, details: Details) -> None:
        """The callback has held the loop for a while."""
        hold.see(nap, details)
        if hold.id is None and hold.length - hold.starved >= self._threshold and not details.debugged:
            hold.identify(next(self._ids), self._loop, details)
        if hold.id is not None and hold.length >= hold.tell_at:
            hold.tell_at *= 2
            self._tell(hold, ongoing=True)

    # -- telling ---------------------------------------------------------------------------------------------------

    def _release(self, hold: _Hold) -> None:
        """The callback gave the loop back, or another one runs."""
        if hold.id is None:
            return
        if self._ending is not None:
            self._tell(self._ending)
        if hold.beat.answered is not None and hold.beat.answered > hold.seen:
            hold.seen = hold.beat.answered
        self._ending = hold

    def _see_the_end(self, hold: _Hold) -> None:
        hold.patience -= 1
        if hold.beat.settled or hold.patience < 0:
            self._ending = None
            self._tell(hold)

    def _tell(self, hold: _Hold, ongoing: bool = False) -> None:
        assert hold.id is not None
        stack = hold.longest()
        fields: dict[str, Any] = {"id": hold.id, "ms": round(hold.length / 1e6, 1)}
        if ongoing:
            fields["ongoing"] = True
        fields["stack"] = places(stack)
        fields["user_frame"] = user_frame(stack)
        fields["culprit"] = hold.culprit
        fields["victims"] = hold.victims(self._epoch)
        fields["confidence"] = "inferred" if hold.held_gil else "observed"
        if hold.held_gil:
            fields["held_gil"] = True
        fields["why"] = hold.why()
        self._emit((hold.seen, STALL, None, None, None, fields))


class _Hold:
    """One callback that holds the loop: since when it was seen, until when, and in which lines. Nanoseconds."""

    def __init__(self, key: object, began: int, beat: _Beat) -> None:
        self.key = key
        self.began = self.seen = began
        self.beat = beat
        self.looks = 0
        #: time in which the watch did not get to run, and in which the loop's thread had no processor
        self.lost = self.starved = 0
        self._kept = 0
        self.id: int | None = None
        self.culprit: int | None = None
        self.in_handler = False
        self.tell_at = TOLD_AFTER
        self.patience = PATIENCE
        self._ready: set[int] = set()
        #: (file, line) where it stood -> for how long, and the last stack there
        self._lines: dict[tuple[str, int], tuple[int, Stack]] = {}

    def is_same(self, sight: Sight, nap: Nap) -> bool:
        """Whether this is what was seen before. Equal stacks prove that only when the thread has stood still."""
        return sight.key == self.key and (nap.computed < STANDSTILL or not isinstance(sight.key, tuple))

    @property
    def length(self) -> int:
        """How long it held the loop."""
        return self.seen - self.began - self.lost

    @property
    def held_gil(self) -> bool:
        """Whether it kept the interpreter most of the time."""
        return 2 * self._kept > self.length

    def pass_time(self, nap: Nap, enough: int) -> None:
        """What a nap says of the time in it."""
        starved = nap.starved
        if nap.computed >= STANDSTILL and self.looks:  # of what computes, only that can be blamed, whatever it waited for
            starved = max(starved, nap.woke - nap.began - nap.computed)
        self.starved += starved
        if nap.kept:
            self._kept += nap.late
        elif nap.late >= enough or nap.computed < STANDSTILL:
            self.lost += nap.late

    def see(self, nap: Nap, details: Details) -> None:
        """It holds the loop still, in this line."""
        since, self.seen = nap.woke - self.seen, nap.woke
        self.looks += 1
        stack = details.stack
        if not stack:
            return
        place = stack[user_frame(stack) or 0][:2]
        before = self._lines.get(place, (0, ()))[0]
        if before or len(self._lines) < MOST_LINES:
            self._lines[place] = (before + since, stack)

    def longest(self) -> Stack:
        """The stack with the line that held the loop for the longest time."""
        return max(self._lines.values(), default=(0, ()))[1]

    def identify(self, number: int, loop: asyncio.AbstractEventLoop, details: Details) -> None:
        """It is a stall: whose, and who is ready and waits from the beginning."""
        self.id = number
        self.culprit, self.in_handler = details.conn, details.in_handler
        self._ready = {conn for conn, _ in ready_tasks(loop)}
        self.beat.watch_for(timers(loop))

    def victims(self, epoch: int) -> list[dict[str, Any]]:
        """The connections that waited, and how long each; `inferred`: at most so long."""
        whole = self.seen - self.began
        told: dict[int, tuple[int, bool]] = dict.fromkeys(self._ready, (whole, False))
        for conn, due in list(self.beat.ready.items()):
            if due is None:
                told.setdefault(conn, (whole, True))
            else:
                wait = min(whole, self.seen - int(due * 1e9) - epoch)
                if wait > 0 and conn not in told:
                    told[conn] = (wait, False)
        for conn in self.beat.fresh:
            told.setdefault(conn, (whole, True))
        if self.culprit is not None:
            told.pop(self.culprit, None)
        return [
            {"conn": conn, "ms": round(min(wait, self.length) / 1e6, 1)} | ({"inferred": True} if inferred else {})
            for conn, (wait, inferred) in sorted(told.items())[:MOST_VICTIMS]
        ]

    def why(self) -> str:
        """What was observed, and what was inferred."""
        if self.held_gil:
            said = (
                "The loop's thread computed and kept the interpreter, so nothing could look at it meanwhile; "
                "the line is where it stood right after."
            )
        else:
            said = f"The same callback was seen on the loop's stack {self.looks + 1} times, and the loop answered nothing."
        if self.culprit is not None:
            whose = "is in the handler of" if self.in_handler else "is in what was started for"
            said += f" It {whose} connection {self.culprit}."
        return said


class _Beat:
    """A sign of life that the loop is asked for; after a stall it also sees who had waited, before they run."""

    def __init__(self, loop: asyncio.AbstractEventLoop, begun: Counted) -> None:
        self._loop = loop
        self._begun = begun
        self._first = 0
        self._timers: dict[int, float] | None = None
        self.answered: int | None = None
        #: connection -> when its timer was due in the loop's time, None when its waiting began at an unknown moment
        self.ready: dict[int, float | None] = {}
        self.fresh: range = range(0)
        self.settled = False

    def watch_for(self, due: dict[int, float]) -> None:
        """There is a stall: when it ends, see who waited. `due` are the timers that ran then."""
        self._timers = due

    def answer(self) -> None:
        """Called by the loop."""
        self.answered = now()
        if self._timers is None:
            self.settled = True
            return
        self._first = self._begun.last + 1
        self._see_ready()  # a loop in C has woken them before it comes here
        self._loop.call_soon(self._see_woken)  # one in Python wakes them in this turn, and they run in the next

    def _see_woken(self) -> None:
        self._see_ready()
        self._go_round(TURNS)

    def _see_ready(self) -> None:
        due = self._timers or {}
        for conn, waiter in ready_tasks(self._loop):
            since = due.get(id(waiter))
            known = self.ready.get(conn)
            if conn not in self.ready or (known is not None and since is not None and since < known):
                self.ready[conn] = since

    def _go_round(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._go_round, turns - 1)
        else:
            self.fresh = range(self._first, self._begun.last + 1)
            self.settled = True
