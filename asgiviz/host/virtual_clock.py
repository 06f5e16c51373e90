"""Time that is ours: it stands still while anybody works, and jumps to the next wake-up when everybody waits.

The threads of the process run one at a time: who has the *baton* runs, and gives it away only by parking. Who wakes when
is settled by the time and then by the order of asking, so the same program always takes the same course, however fast the
machine is. `install` must be called before anything else takes a function from `time`.

What C code reads of the time (`datetime.now`, `os.stat`) is the machine's.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from _thread import allocate_lock, get_ident, get_native_id
from collections.abc import Callable
from typing import Any, Protocol

#: Nanoseconds that the clocks show at the beginning; not 0, which some take for "never".
START = 1_000 * 10**9
#: Times that threads may park without the time moving on or anything being recorded.
MOST_ROUNDS = 20_000
#: Seconds that a thread may compute between two events or parkings.
MOST_COMPUTING = 0.1

#: The machine's own clocks, for what watches this process from outside.
real_sleep, real_monotonic = time.sleep, time.monotonic
thread_time = time.thread_time


class Blocked(Protocol):
    """Is told when a thread has blocked elsewhere than where its loop waits for work."""

    def held(self, began: int) -> None:
        """The thread did nothing since `began`."""

    def turn(self) -> None:
        """The thread's loop begins a new turn."""


class Member:
    """One thread that takes part; `side` is the side of the experiment it works for."""

    __slots__ = ("gate", "ident", "loop", "native", "number", "side", "woken")

    def __init__(self, side: str | None) -> None:
        self.side = side
        self.gate = allocate_lock()
        self.gate.acquire()  # open only for the moment in which the baton is handed over
        self.ident = self.native = 0
        #: what is told of its blocking, when it runs a loop
        self.loop: Blocked | None = None
        #: its entry in the line of those who will run; 0: nothing but a `wake` will make it
        self.number = 0
        self.woken = False

    def settle(self) -> None:
        """Remember which thread this is; called in it."""
        self.ident, self.native = get_ident(), get_native_id()


class Baton:
    """Who runs, and what time it is: `now`, in nanoseconds. The thread that makes it is the first to run."""

    def __init__(self) -> None:
        self.now = START
        #: counts what happens: parkings here, and whatever else is progress
        self.rounds = self.moved = 0
        self.on_standstill: Callable[[str], None] = _no_one_to_tell
        self.on_computing: Callable[[], None] = _nothing
        self._computed = thread_time()
        self._line: list[tuple[int, int, Member]] = []
        self._numbers = itertools.count(1)
        self._members: dict[int, Member] = {}
        self.running = first = Member(None)
        first.settle()
        self._members[first.ident] = first

    # -- who takes part --------------------------------------------------------------------------------------------

    def here(self) -> Member | None:
        """The member that the calling thread is; None for a thread that takes no part."""
        return self._members.get(get_ident())

    def admit(self, member: Member) -> None:
        """A new member stands in line; its thread is about to `enter`."""
        self._stand_in_line(self.now, member)

    def dismiss(self, member: Member) -> None:
        """The member's thread will not come."""
        member.number = 0

    def enter(self, member: Member) -> None:
        """Wait for the baton, in the new member's thread."""
        member.settle()
        self._members[member.ident] = member
        member.gate.acquire()
        self._computed = thread_time()

    def leave(self, member: Member) -> None:
        """The member's thread ends: it gives the baton away for good."""
        del self._members[member.ident]
        self._hand_to(self._next())

    # -- waiting ---------------------------------------------------------------------------------------------------

    def park(self, until: int | None = None) -> bool:
        """Give the baton away until somebody wakes us (True) or the time has come (False)."""
        self._judge()
        me = self.running
        me.woken = False
        if until is not None:
            self._stand_in_line(max(until, self.now), me)
        other = self._next()
        if other is not me:
            self._hand_to(other)
            me.gate.acquire()
        self._computed = thread_time()
        return me.woken

    def block(self, until: int | None = None) -> bool:
        """`park` for what waits in the middle of its work: a loop that runs in this thread is held meanwhile."""
        began = self.now
        woken = self.park(until)
        loop = self.running.loop
        if loop is not None and self.now > began:
            loop.held(began)
        return woken

    def wake(self, member: Member) -> None:
        """Let a parked member run, after those who are in line for this moment."""
        if not member.woken:
            member.woken = True
            self._stand_in_line(self.now, member)

    def after(self, seconds: float | None) -> int | None:
        """The time in so many seconds; None for ever."""
        return None if seconds is None else self.now + round(seconds * 1e9)

    def progress(self) -> None:
        """Something has happened, though no time may have passed."""
        self._judge()
        self.rounds += 1
        self.moved = self.rounds
        self._computed = thread_time()

    def forgive(self) -> None:
        """What the running thread has computed until now is no fault of the app."""
        self.rounds += 1
        self._computed = thread_time()

    def _judge(self) -> None:
        if thread_time() - self._computed > MOST_COMPUTING:
            self.on_computing()

    def _stand_in_line(self, at: int, member: Member) -> None:
        member.number = next(self._numbers)
        heapq.heappush(self._line, (at, member.number, member))

    def _next(self) -> Member:
        """The member whose turn it is; the time jumps to it."""
        self.rounds += 1
        while self._line:
            at, number, member = heapq.heappop(self._line)
            if number != member.number:
                continue  # it was woken before its time came
            member.number = 0
            if at > self.now:
                self.now, self.moved = at, self.rounds
            elif self.rounds - self.moved > MOST_ROUNDS:
                self.moved = self.rounds
                self.on_standstill("the code goes round and round without letting time pass")
            return member
        self.on_standstill("everybody waits for somebody else")
        raise RuntimeError("everybody waits for somebody else")

    def _hand_to(self, member: Member) -> None:
        self.running = member
        member.gate.release()


def _by_number(clocks: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """`clock_gettime` and its twin: the date and what only goes on are ours, what counts processor time is the machine's."""
    real, real_ns = time.clock_gettime, time.clock_gettime_ns
    kinds = {
        "CLOCK_REALTIME": "time",
        "CLOCK_MONOTONIC": "monotonic",
        "CLOCK_MONOTONIC_RAW": "monotonic",
        "CLOCK_BOOTTIME": "monotonic",
    }
    ours = {getattr(time, name): kind for name, kind in kinds.items() if hasattr(time, name)}

    def seconds(number: int, /) -> float:
        return float(clocks[ours[number]]()) if number in ours else real(number)

    def nanoseconds(number: int, /) -> int:
        return int(clocks[f"{ours[number]}_ns"]()) if number in ours else real_ns(number)

    return {"clock_gettime": seconds, "clock_gettime_ns": nanoseconds}


def _nothing() -> None:
    """Nobody judges yet."""


def _no_one_to_tell(sentence: str) -> None:
    raise RuntimeError(sentence)


def install(wall: int) -> Baton:
    """Put our clocks in the place of the machine's, in `time` and wherever its functions were taken to already.

    `wall` is the date and time that the experiment begins, in seconds since 1970.
    """
    baton = Baton()
    offset = wall * 10**9 - START

    def sleep(seconds: float, /) -> None:
        if baton.here() is None:
            real_sleep(seconds)
        elif seconds < 0:
            raise ValueError("sleep length must be non-negative")
        else:
            baton.block(baton.after(seconds))

    clocks: dict[str, Callable[..., Any]] = {
        "time": lambda: (baton.now + offset) / 1e9,
        "time_ns": lambda: baton.now + offset,
        "monotonic": lambda: baton.now / 1e9,
        "monotonic_ns": lambda: baton.now,
        "perf_counter": lambda: baton.now / 1e9,
        "perf_counter_ns": lambda: baton.now,
        "sleep": sleep,
    }
    if hasattr(time, "clock_gettime"):
        clocks |= _by_number(clocks)
    ours = {id(getattr(time, name)): clock for name, clock in clocks.items()}
    for module in list(sys.modules.values()):
        if module is not sys.modules[__name__]:
            for name, value in list(vars(module).items()):
                if id(value) in ours:
                    setattr(module, name, ours[id(value)])
    return baton
