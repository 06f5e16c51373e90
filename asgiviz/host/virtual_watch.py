"""What the virtual clock cannot hold is noticed here: whatever takes real time, or reaches out of the process.

A thread that stands outside looks at whoever has the baton. Python's audit events tell the rest, before it happens.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from asgiviz.host.virtual_clock import MOST_COMPUTING, Baton, Member, real_monotonic, real_sleep
from asgiviz.host.virtual_plan import START_WITHIN
from asgiviz.probe.source_files import is_user_file

#: Seconds between two looks, of waiting for something else than a processor, and of what cannot be told apart from that.
LOOK_EVERY, MOST_WAITING, MOST_OF_ANYTHING = 0.01, 0.25, 2.0
#: Seconds of real time that the experiment may take once its apps are imported.
RUN_LIMIT = 20.0

GiveUp = Callable[..., NoReturn]

_OUTSIDE = {
    **dict.fromkeys(
        ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"),
        "the app uses the network itself",
    ),
    **dict.fromkeys(
        ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.spawn", "os.exec", "pty.spawn"),
        "the app starts another process",
    ),
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), "the app sends a signal"),
}


class Watch:
    """Made in the thread that has the baton first. It judges while it is armed: not while an app is imported."""

    def __init__(self, baton: Baton, give_up: GiveUp) -> None:
        self._baton = baton
        self._give_up = give_up
        self._parent = os.getppid()
        self.arm(False)
        baton.on_standstill = self.cannot_hold
        baton.on_computing = self._computes
        _thread.start_new_thread(self._watch, ())
        sys.addaudithook(self._audit)
        _refuse_raw_threads(self)
        _refuse_signals(self)

    def arm(self, armed: bool) -> None:
        """Judge the app from now on, or not."""
        self._armed, self._since = armed, real_monotonic()
        self._baton.forgive()

    def cannot_hold(self, sentence: str) -> None:
        """End the experiment: `sentence` says why it needs real time."""
        self._give_up("cannot_hold", sentence)

    # -- from inside -----------------------------------------------------------------------------------------------

    def _computes(self) -> None:
        if self._armed:
            self.cannot_hold(f"the code computes for more than {MOST_COMPUTING:g} s{place_of(self._baton.running)}")

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import" and self._baton.here() is not None:
            self._baton.forgive()  # to import a module is the machine's work, and done once
        if event in _OUTSIDE and self._armed and self._baton.here() is not None:
            self.cannot_hold(f"{_OUTSIDE[event]} ({event})")

    # -- from outside ----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        before: _Look | None = None
        while True:
            real_sleep(LOOK_EVERY)
            self._bound()
            look = self._look()
            if before is None or look is None or before[:2] != look[:2]:
                before = look
            else:
                self._compare(before, look)

    def _bound(self) -> None:
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGKILL)  # nobody is left who could read what we find
        seconds = real_monotonic() - self._since
        if self._armed and seconds > RUN_LIMIT:
            self.cannot_hold(f"there is too much to do: after {RUN_LIMIT:g} s it was not done")
        elif not self._armed and seconds > START_WITHIN:
            member = self._baton.running
            self._give_up("not_up", place_of(member), side=member.side)

    def _look(self) -> _Look | None:
        member = self._baton.running
        if not self._armed or not member.ident:
            return None
        return _Look(self._baton.rounds, member.ident, real_monotonic(), *_used(member))

    def _compare(self, before: _Look, look: _Look) -> None:
        """The same thread has had the baton since `before`, and nothing has happened."""
        member = self._baton.running
        computed, starved, passed = look.computed - before.computed, look.starved - before.starved, look.at - before.at
        if computed > MOST_COMPUTING:
            self._computes()
        elif not look.computed:
            if passed > MOST_OF_ANYTHING:
                self.cannot_hold(f"the code takes real time{place_of(member)}")
        elif passed - computed - starved > MOST_WAITING and not _could_run(member):
            self.cannot_hold(f"the code waits for something outside the clock{place_of(member)}")


class _Look(NamedTuple):
    """What is seen of the thread that has the baton. Seconds."""

    rounds: int
    ident: int
    at: float
    computed: float
    starved: float


def _used(member: Member) -> tuple[float, float]:
    """For how long a thread has computed, and stood in line for a processor; 0 where that cannot be told (not Linux)."""
    try:
        computed, starved, _ = Path(f"/proc/self/task/{member.native}/schedstat").read_text().split()
    except OSError:
        return 0.0, 0.0
    return int(computed) / 1e9, int(starved) / 1e9


def _could_run(member: Member) -> bool:
    """Whether the thread waits for nothing but a processor: that is counted only when it is over."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/self/task/{member.native}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    return False


def place_of(member: Member) -> str:
    """The line of the user's code in which a thread is, for the end of a sentence."""
    frame = sys._current_frames().get(member.ident)  # noqa: SLF001  # public but for its name
    while frame is not None and not is_user_file(frame.f_code.co_filename):
        frame = frame.f_back
    return "" if frame is None else f" ({Path(frame.f_code.co_filename).name}, line {frame.f_lineno})"


def _refuse_raw_threads(watch: Watch) -> None:
    """Threads that `threading` does not start would run beside the one that has the baton."""

    def refuse(*_: Any, **__: Any) -> None:
        watch.cannot_hold("the app starts a thread below Python's threading module")

    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, refuse)


def _refuse_signals(watch: Watch) -> None:
    """Here no app runs in the main thread, in a child process of its own it does; and alarms ring in real time."""

    def refuse(*_: Any) -> None:
        watch.cannot_hold("the app sets an alarm")

    for name in ("alarm", "setitimer"):
        if hasattr(signal, name):
            setattr(signal, name, refuse)
    set_handler = signal.signal

    def signal_here(number: int, handler: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            watch.cannot_hold("the app sets a signal handler")
        return set_handler(number, handler)

    setattr(signal, "signal", signal_here)  # noqa: B010  # a patch, not an assignment that could be checked
