"""Was it the app, or the machine? What the system knows of two threads: the loop's, and the one that watches it.

A watching thread that wakes late has learnt nothing of the app by that alone: the process may have been stopped, the
machine asleep or overloaded. Only when it stood in line for the interpreter all that time, and the loop's thread was
computing meanwhile, did the loop's thread keep the interpreter.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from time import perf_counter_ns as now
from typing import NamedTuple, TypeVar

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

Seen = TypeVar("Seen")
#: Nanoseconds of computing in one nap below which a thread did nothing but wait.
STANDSTILL = 1_000_000
#: How much of the time of a late waking the loop's thread must have computed, or been about to, to be the reason; and how
#: much all other threads may have: when they compute, they have had the interpreter.
_SHARE, _OTHERS = 0.85, 0.15


class Nap(NamedTuple):
    """One sleep of the watching thread: when it began, should have ended, and did (perf_counter_ns), whether the loop's thread
    kept the interpreter in between, and for how long that computed, and was ready and had no processor. Nanoseconds."""

    began: int
    planned: int
    woke: int
    kept: bool
    computed: int
    starved: int

    @property
    def late(self) -> int:
        """How much later than planned it ended."""
        return self.woke - self.planned


class LoopClocks:
    """Made on the loop's thread, read on the watching one."""

    def __init__(self) -> None:
        clock_of = getattr(time, "pthread_getcpuclockid", None)
        self._clock: int | None = None if clock_of is None else clock_of(threading.get_ident())
        self._schedule = _opened("schedstat")
        self._status = _opened("stat")

    def close(self) -> None:
        """Read no more."""
        for fd in (self._schedule, self._status):
            if fd is not None:
                os.close(fd)
        self._schedule = self._status = None

    def nap(self, seconds: float, enough: int, at_once: Callable[[int], Seen]) -> tuple[Nap, Seen]:
        """Sleep; a waking that is `enough` nanoseconds late is looked into.

        `at_once` is called with the lateness before anything else that could give the interpreter to another thread.
        """
        starved, waits, computed, used = self._starved(), _waits(), self._computed(), time.process_time_ns()
        began = now()
        planned = began + int(seconds * 1e9)
        time.sleep(seconds)
        woke = now()
        late = woke - planned
        seen = at_once(late)
        starved = self._starved() - starved
        computed = self._computed() - computed
        if seen is not None and computed < STANDSTILL and self._could_run():
            starved = max(starved, int(seconds * 1e9) + late)  # it is counted only when it is over
        others = time.process_time_ns() - used - computed
        alone = computed + starved >= _SHARE * late and others <= _OTHERS * late
        kept = late >= enough and alone and self._stood_in_line(waits, late)
        return Nap(began, planned, woke, kept, computed, starved), seen

    def _computed(self) -> int:
        """Nanoseconds that the loop's thread has computed so far; where that cannot be told, as if it always did."""
        return now() if self._clock is None else time.clock_gettime_ns(self._clock)

    def _starved(self) -> int:
        """Nanoseconds that the loop's thread was ready so far and had no processor (Linux; elsewhere 0)."""
        return 0 if self._schedule is None else int(os.pread(self._schedule, 64, 0).split()[1])

    def _could_run(self) -> bool:
        """Whether the loop's thread waits for nothing but a processor (Linux; elsewhere never)."""
        return self._status is not None and os.pread(self._status, 512, 0).rpartition(b")")[2].split()[0] == b"R"

    def _stood_in_line(self, before: int | None, late: int) -> bool:
        """A thread that waits for the interpreter wakes once in each switch interval, and one that is not run, never. One that
        wakes more often was called each time that the loop's thread gave the interpreter away, and came too late: then
        that thread did many things and not one."""
        after = _waits()
        if before is None or after is None:
            return True
        intervals = late / 1e9 / sys.getswitchinterval()
        return max(2, intervals / 10) <= after - before <= 1.1 * intervals + 4


def _opened(name: str) -> int | None:
    """What Linux tells of this thread."""
    try:
        return os.open(f"/proc/self/task/{threading.get_native_id()}/{name}", os.O_RDONLY)
    except OSError:  # not Linux
        return None


def _waits() -> int | None:
    """How often this thread has waited for something so far."""
    who = getattr(resource, "RUSAGE_THREAD", None)
    return None if who is None else resource.getrusage(who).ru_nvcsw
