"""Where a loop's thread is: which callback it runs, and the lines that lead there.

Nothing of a stack outlives the call that reads it: a frame that we held would keep the app's objects alive, and they would
end in our thread.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import linecache
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

from asgiviz.probe.current import connection
from asgiviz.probe.source_files import is_user_file
from asgiviz.probe.tap import Tap
from asgiviz.probe.waiting import context_of

#: Frames of a stack that are reported; of a deeper one the innermost.
MOST_FRAMES = 60
#: Modules whose frames mean that somebody stopped the app to look at it.
_DEBUGGERS = frozenset({"pdb", "bdb", "ipdb", "pudb", "debugpy", "pydevd", "_pydevd_bundle", "_pydev_bundle", "pdbpp"})
_HANDLE = asyncio.Handle._run.__code__  # noqa: SLF001  # the frame around each callback of a loop in Python
_ONCE = asyncio.base_events.BaseEventLoop._run_once.__code__  # type: ignore[attr-defined]  # noqa: SLF001  # one turn of such a loop
_RUNNER = asyncio.Runner.run.__code__
_TAP = Tap.__call__.__code__

Place = dict[str, Any]
Stack = tuple[tuple[str, int, str], ...]


class Sight(NamedTuple):
    """A callback that a loop was seen to run.

    `key` is equal in two sights when they show the same callback, provided that a beat was waiting in the loop's queue at
    both (see `loop_watch`): whatever runs before the beat was there when it was posted, so no handle is new and no task
    takes a second step. On a loop in C, what is no task has but its stack (a tuple) to be known by, which proves less.
    """

    key: object
    #: when the turn of the loop began in which it runs, in the loop's time, and whether it is the first callback of that
    #: turn, so that it runs since then; a loop in C does not tell
    turn: float | None
    first: bool
    #: only in a closer look
    details: Details | None


class Details(NamedTuple):
    """What a closer look gives: file, line and function of each frame, innermost first; the connection it runs for
    (of its handler, or of what that has started); whether the app's own call is on the stack, and whether a debugger is."""

    stack: Stack
    conn: int | None
    in_handler: bool
    debugged: bool


def look(thread: int, loop: asyncio.AbstractEventLoop, known: object, closer: bool) -> Sight | None:
    """What `loop`, which runs in `thread`, is doing now; None while it waits for something to do.

    It looks closer when told to, or when the callback has the key `known`.
    """
    frame: FrameType | None = sys._current_frames().get(thread)  # noqa: SLF001  # public but for its name
    root = frame and _root(frame)
    if frame is None or root is None:
        return None
    task = asyncio.current_task(loop)
    handle = root.f_locals.get("self") if root.f_code is _HANDLE else None
    frames = list(_between(frame, root))
    if handle is not None:
        key: object = id(handle)
    elif task is not None:
        key = id(task)
    else:
        key = tuple((frame.f_code, frame.f_lasti) for frame in frames)
    if not closer and (known is None or key != known):
        return Sight(key, *_turn(root), None)
    context = getattr(handle, "_context", None) or context_of(task)
    return Sight(key, *_turn(root), _details(frames, None if context is None else context.get(connection)))


def _root(innermost: FrameType) -> FrameType | None:
    """The outermost frame of the callback that the loop runs, or the loop's own frame around it."""
    root, frame = None, innermost
    while frame.f_code is not _RUNNER:
        if frame.f_code is _HANDLE:
            return frame
        if frame.f_code is _ONCE or frame.f_back is None:
            return None
        root, frame = frame, frame.f_back
    return root


def _turn(root: FrameType) -> tuple[float | None, bool]:
    """When the turn of the loop began that runs `root`, and whether that is the first one in it."""
    if root.f_back is None or root.f_back.f_code is not _ONCE:
        return None, False
    turn = root.f_back.f_locals
    began = turn.get("end_time")
    return (began, turn.get("i") == 0) if isinstance(began, float) else (None, False)


def _between(frame: FrameType, root: FrameType) -> Iterator[FrameType]:
    while frame is not root and frame.f_back is not None:
        yield frame
        frame = frame.f_back
    if frame.f_code is not _HANDLE:
        yield frame


def _details(frames: list[FrameType], conn: int | None) -> Details:
    stack = tuple(
        (frame.f_code.co_filename, frame.f_lineno or frame.f_code.co_firstlineno, frame.f_code.co_name)
        for frame in frames[:MOST_FRAMES]
    )
    in_handler = any(frame.f_code is _TAP for frame in frames)
    modules = {str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames}
    return Details(stack, conn, in_handler, not modules.isdisjoint(_DEBUGGERS))


def user_frame(stack: Stack) -> int | None:
    """Index of the innermost frame in the user's own code."""
    return next((index for index, (file, _, _) in enumerate(stack) if is_user_file(file)), None)


def places(stack: Stack) -> list[Place]:
    """A stack as it is reported; the user's frames with their line of source."""
    told: list[Place] = []
    for file, line, function in stack:
        place: Place = {"file": file, "line": line, "function": function}
        if is_user_file(file) and (code := linecache.getline(file, line).strip()):
            place["code"] = code[:200]
        told.append(place)
    return told
