"""Call sites: the lines of code by which an app came to call receive or send, and calls that it never awaited.

What the app gets is still a coroutine function that gives a coroutine; only that the frames are looked at when it is called.
Nothing of a stack outlives the look but file, line and function: a frame that we held would keep the app's objects alive.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Coroutine, Iterator
from inspect import CO_COROUTINE
from marshal import dumps, loads
from time import perf_counter_ns as now
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar

from asgiviz.model.asgi import Message, Receive, Send
from asgiviz.model.events import SITE, UNAWAITED, Emit
from asgiviz.model.values import freeze
from asgiviz.probe.source_files import is_ours, is_user_file
from asgiviz.probe.tap import Lines, Tap

#: Frames that are told of a call, and those that are looked through for them.
MOST_FRAMES, MOST_WALKED = 12, 100
#: Call sites that are remembered; then they are read anew.
MOST_SITES = 4_096
#: Function and module of frames that are an event loop's own: whatever called that did not lead to our call.
_LOOPS = {"_run": "asyncio.events", "run": "asyncio.runners", "unrolled_run": "trio._core._run"}
_TAP = Tap.__call__.__code__
#: The function in which Python says that a coroutine was never awaited.
_COMPLAINT: CodeType = warnings._warn_unawaited_coroutine.__code__  # type: ignore[attr-defined]  # noqa: SLF001  # see _Name

#: receive or send, and the instruction of each frame -> their codes (so that no other code gets these addresses), the payload.
_sites: dict[tuple[object, ...], tuple[list[CodeType], bytes]] = {}
_F = TypeVar("_F", bound=Callable[..., Any])


def _gives_coroutine(function: _F) -> _F:
    """`function`, which returns a coroutine, as one that says so when asked (`inspect.iscoroutinefunction`)."""
    code = function.__code__
    return FunctionType(code.replace(co_flags=code.co_flags | CO_COROUTINE), function.__globals__, function.__name__)  # type: ignore[return-value]  # it is one


class CloseLines(Lines):
    """The receive and send of one connection, which tell their call sites."""

    __slots__ = ("_root",)

    def __init__(self, conn: int, emit: Emit, limit: int, receive: Receive, send: Send) -> None:
        super().__init__(conn, emit, limit, receive, send)
        self._root = id(sys._getframe(1))  # noqa: SLF001  # public but for its name; the frame of the tap

    @_gives_coroutine
    def receive(self) -> Coroutine[Any, Any, Message]:
        """See Lines."""
        return receive(self, site("receive", sys._getframe().f_back, self._root))  # noqa: SLF001  # as above

    @_gives_coroutine
    def send(self, message: Message) -> Coroutine[Any, Any, Any]:
        """See Lines."""
        return send(self, site("send", sys._getframe().f_back, self._root), message)  # noqa: SLF001  # as above

    def begins(self, site: bytes) -> None:
        """The next call begins, which was made at `site`."""
        self._emit((now(), SITE, self._conn, 0, self._calls + 1, site))

    def is_forgotten(self, site: bytes, message: dict[str, Any]) -> None:
        """A call that was made at `site` (`message`: with this, when it is a send) will never begin."""
        kept = {key: freeze(value, self._limit) for key, value in message.items()}
        self._emit((now(), UNAWAITED, self._conn, 0, None, {**loads(site), **kept}))


async def receive(lines: CloseLines, site: bytes) -> Message:
    """`lines.receive` from when it is awaited."""
    lines.begins(site)
    return await Lines.receive(lines)


async def send(lines: CloseLines, site: bytes, message: Message) -> Any:
    """`lines.send` from when it is awaited."""
    lines.begins(site)
    return await Lines.send(lines, message)


class _Name(str):
    """The qualified name of our coroutines, which notices when Python complains that one of them was never awaited.

    Python formats it into its warning. So what counts is its own judgement: a coroutine that somebody closed, or whose task was
    cancelled before it could begin, is none. And no call has to be watched for that.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        caller = sys._getframe(1)  # noqa: SLF001  # public but for its name
        if caller.f_code is _COMPLAINT:
            kept = caller.f_locals[_COMPLAINT.co_varnames[0]].cr_frame.f_locals
            kept["lines"].is_forgotten(kept["site"], {key: kept[key] for key in kept if key == "message"})
        return super().__format__(spec)


receive.__qualname__ = _Name(Lines.receive.__qualname__)
send.__qualname__ = _Name(Lines.send.__qualname__)


def place_of(app: Any) -> bytes | None:
    """The payload of the `site` event of an app, packed: where it is defined; None where that is nowhere in Python."""
    function = inspect.unwrap(app) if inspect.isroutine(app) else type.__getattribute__(type(app), "__call__")
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, CodeType) or is_ours(code.co_filename):
        return None
    place = {"file": code.co_filename, "line": code.co_firstlineno, "function": _name_of(code)}
    return dumps({"what": "app", "stack": [place]}, 2)


def _name_of(code: CodeType) -> str:
    """A function with its class."""
    return code.co_qualname.rpartition("<locals>.")[2]


def site(what: str, frame: FrameType | None, root: int) -> bytes:
    """The payload of a `site` event, packed: `what` is called in `frame`, inside of the tap whose frame has the id `root`."""
    key: list[object] = [what]
    place = frame
    while place is not None and len(key) <= MOST_WALKED:
        code = place.f_code
        if code is _TAP and id(place) == root:
            break
        key.append(id(code) + place.f_lasti)  # the address of the instruction: it lies inside of the code object
        place = place.f_back
    known = _sites.get(tuple(key))
    if known is None:
        known = _read(what, frame, len(key) - 1)
        if len(_sites) >= MOST_SITES:
            _sites.clear()
        _sites[tuple(key)] = known
    return known[1]


def _read(what: str, frame: FrameType | None, depth: int) -> tuple[list[CodeType], bytes]:
    """The codes of `frame` and those around it, `depth` in all, and the payload that tells of them."""
    frames = list(_outwards(frame, depth))
    told = _told([each for each in _of_the_task(frames) if not is_ours(each.f_code.co_filename)])
    stack = [
        {
            "file": each.f_code.co_filename,
            "line": each.f_lineno or each.f_code.co_firstlineno,
            "function": _name_of(each.f_code),
        }
        for each in told
    ]
    return [each.f_code for each in frames], dumps({"what": what, "stack": stack}, 2)


def _outwards(frame: FrameType | None, depth: int) -> Iterator[FrameType]:
    while frame is not None and depth:
        yield frame
        frame, depth = frame.f_back, depth - 1


def _of_the_task(frames: list[FrameType]) -> list[FrameType]:
    """The frames up to the outermost coroutine; of a plain callback those up to the loop that runs it."""
    for index in reversed(range(len(frames))):
        if frames[index].f_code.co_flags & CO_COROUTINE:
            return frames[: index + 1]
    for index, frame in enumerate(frames):
        module = _LOOPS.get(frame.f_code.co_name)
        if module is not None and frame.f_globals.get("__name__") == module:
            return frames[:index]
    return frames


def _told(frames: list[FrameType]) -> list[FrameType]:
    """The innermost frames; of a stack that is too deep the user's own come first, for those say most."""
    if len(frames) <= MOST_FRAMES:
        return frames
    own = [frame for frame in frames[1:] if is_user_file(frame.f_code.co_filename)]
    others = [frame for frame in frames[1:] if not is_user_file(frame.f_code.co_filename)]
    chosen = {id(frame) for frame in (frames[0], *[*own, *others][: MOST_FRAMES - 1])}
    return [frame for frame in frames if id(frame) in chosen]
