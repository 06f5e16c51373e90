"""Threads that run one at a time, and locks that hand the baton on.

With these two, whatever is built on them is virtual, too, and stays the library's own: events, conditions, queues, thread
pools, waitress's workers, our clients.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import Any

from asgiviz.host.virtual_clock import Baton, Member, real_sleep

#: Attribute of a thread that takes part: its member and an event that is set when it is over.
_PART = "_asgiviz_part"
Part = tuple[Member, threading.Event]
#: Seconds between two tries of a thread that takes no part.
_RETRY = 0.001


def install_threads(baton: Baton) -> None:
    """From now on threads take part, and new locks are ours."""

    class Lock(VirtualLock):
        def __init__(self) -> None:
            super().__init__(baton)

    for name in ("Lock", "_allocate_lock"):
        setattr(threading, name, Lock)
    threading._CRLock = None  # type: ignore[attr-defined]  # noqa: SLF001  # reentrant locks are those in Python then
    queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined,misc]  # noqa: SLF001  # the one in C has locks of its own
    _install_starts(baton)


class VirtualLock:
    """`threading.Lock`, given to those who wait in the order in which they came."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self._held = False
        self._waiting: deque[Member] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """See threading.Lock."""
        if not self._held:
            self._held = True
            return True
        if not blocking:
            return False
        me = self._baton.here()
        if me is None:
            return self._acquire_outside()
        self._waiting.append(me)
        got = self._baton.block(None if timeout < 0 else self._baton.after(timeout))
        if not got:
            self._waiting.remove(me)
        return got

    def _acquire_outside(self) -> bool:
        while self._held:
            real_sleep(_RETRY)
        self._held = True
        return True

    def release(self) -> None:
        """See threading.Lock; it goes straight to the first who waits."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        if self._waiting:
            self._baton.wake(self._waiting.popleft())
        else:
            self._held = False

    def locked(self) -> bool:
        """See threading.Lock."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held = False
        self._waiting.clear()


def _install_starts(baton: Baton) -> None:
    start, bootstrap, join = threading.Thread.start, threading.Thread._bootstrap, threading.Thread.join  # type: ignore[attr-defined]  # noqa: SLF001

    def start_here(self: threading.Thread) -> None:
        parent = baton.here()
        if parent is None:
            start(self)
            return
        member, before = Member(parent.side), getattr(self, _PART, None)
        setattr(self, _PART, (member, threading.Event()))
        baton.admit(member)
        try:
            start(self)
        except BaseException:
            baton.dismiss(member)
            setattr(self, _PART, before)
            raise

    def bootstrap_here(self: threading.Thread) -> None:
        part: Part | None = getattr(self, _PART, None)
        if part is None:
            bootstrap(self)
            return
        member, over = part
        baton.enter(member)
        try:
            bootstrap(self)
        finally:
            over.set()
            baton.leave(member)

    def join_here(self: threading.Thread, timeout: float | None = None) -> None:
        part: Part | None = getattr(self, _PART, None)
        if part is not None and baton.here() is not None and self is not threading.current_thread():
            if not part[1].wait(None if timeout is None else max(timeout, 0)):
                return
            timeout = None  # it is over: what is left takes no time
        join(self, timeout)

    patches: dict[str, Any] = {"start": start_here, "_bootstrap": bootstrap_here, "join": join_here}
    for name, patch in patches.items():
        setattr(threading.Thread, name, patch)
