"""The tap: plain ASGI middleware that records scope, receive, send and exit, and changes nothing.

It knows no event loop, starts no task and awaits nothing but what it wraps, so it works on any server and any loop.
The hot path takes a time stamp, makes a safe copy and appends a tuple; everything else happens elsewhere.
"""

from __future__ import annotations

import contextlib
import itertools
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from marshal import dumps
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.asgi import App, Message, Receive, Scope, Send
from asgiviz.model.events import (
    EXIT,
    RECEIVE_BEGIN,
    RECEIVE_BODY,
    RECEIVE_BROKE,
    RECEIVE_END,
    RECEIVE_LARGE,
    SCOPE,
    SEND_BEGIN,
    SEND_BODY,
    SEND_END,
    SEND_LARGE,
    Emit,
)
from asgiviz.model.values import BODY_LIMIT, SCOPE_ITEMS, class_name, freeze, is_one_shot, kept_length, type_name
from asgiviz.probe.current import connection

_RETURNED = dumps({"outcome": "returned"}, 2)
_TEXT = {str}
_FEW = 8
#: Bytes of a body that are copied into the event; a larger one is referred to, which is safe because it is `bytes`.
_SMALL = 1024
#: Characters kept of an exception's text, and of its traceback (whose end says most).
TEXT_LIMIT = BODY_LIMIT
#: Cancellation goes by other names on other loops; GeneratorExit is a loop that closed the app's coroutine.
_CANCELLATIONS = frozenset({"asyncio.exceptions.CancelledError", "trio.Cancelled", "builtins.GeneratorExit"})


class Tap:
    """Wraps `app` and emits a raw event for each scope, receive, send and exit.

    `emit` takes the raw tuples (a `Recorder`'s own, a bound `list.extend`); `limit` is how many bytes are kept of each
    body; `numbers` gives each connection its number (1, 2, 3, … unless several taps share one). `hosted` says
    that the server is uvicorn as our own host runs it: it puts nothing but plain values into a scope (beside `state`), and
    gives each connection a task of its own, which stays that connection's for what the server logs after the app's exit.
    `on_scope` is told the number of each connection whose scope is recorded, in its task.
    """

    def __init__(
        self,
        app: App,
        emit: Emit,
        limit: int = BODY_LIMIT,
        numbers: Iterator[int] | None = None,
        hosted: bool = False,
        on_scope: Callable[[int], None] | None = None,
    ) -> None:
        self.app = app
        self._on_scope = on_scope
        self._hosted = hosted
        self._emit = emit
        self._limit = limit
        self._numbers = numbers if numbers is not None else itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        conn = next(self._numbers)
        emit = self._emit
        lines = _Lines(conn, emit, self._limit, receive, send)
        token = connection.set(conn)
        emit((now(), SCOPE, conn, 0, None, self._copy(scope)))
        if self._on_scope is not None:
            self._on_scope(conn)
        try:
            value = await self.app(scope, lines.receive, lines.send)
        except BaseException as error:
            emit((now(), EXIT, conn, 0, None, how_it_ended(error)))
            raise
        else:
            ending = _RETURNED if value is None else how_it_returned(value, self._limit)
            emit((now(), EXIT, conn, 0, None, ending))
            return value
        finally:
            if not self._hosted:
                with contextlib.suppress(ValueError):  # the loop finished this coroutine in another context
                    connection.reset(token)

    def _copy(self, scope: Any) -> Any:
        if self._hosted and not scope.get("state"):
            with contextlib.suppress(ValueError):  # a protocol class of the user's own put an object of its own into it
                return dumps(scope, 2)
        return dumps(copy_scope(scope, self._limit), 2)


class _Lines:
    """The receive and send of one connection, as the app gets them."""

    __slots__ = ("_calls", "_conn", "_emit", "_limit", "_receive", "_send", "_small")

    def __init__(self, conn: int, emit: Emit, limit: int, receive: Receive, send: Send) -> None:
        self._conn = conn
        self._emit = emit
        self._limit = limit
        self._small = min(_SMALL, limit)
        self._receive = receive
        self._send = send
        self._calls = 0

    async def receive(self) -> Message:
        self._calls = call = self._calls + 1
        emit = self._emit
        conn = self._conn
        emit((now(), RECEIVE_BEGIN, conn, 0, call, None))
        try:
            message = await self._receive()
        except BaseException as error:
            emit((now(), RECEIVE_BROKE, conn, 0, call, why_it_broke(error)))
            raise
        more = None if type(message) is not dict else plain_body(message, "http.request", self._small)
        if more is not None:
            emit((now(), RECEIVE_BODY + more, conn, 0, call, message["body"]))
            return message
        copy = quick_copy(message, self._limit)
        if copy is None:
            copy = packed(freeze(message, self._limit))
        emit((now(), RECEIVE_END if type(copy) is bytes else RECEIVE_LARGE, conn, 0, call, copy))
        return message

    async def send(self, message: Message) -> Any:
        self._calls = call = self._calls + 1
        emit = self._emit
        conn = self._conn
        more = None if type(message) is not dict else plain_body(message, "http.response.body", self._small)
        if more is not None:
            emit((now(), SEND_BODY + more, conn, 0, call, message["body"]))
        else:
            copy = copy_to_send(message, self._limit)
            emit((now(), SEND_BEGIN if type(copy) is bytes else SEND_LARGE, conn, 0, call, copy))
        try:
            value = await self._send(message)
        except BaseException as error:
            emit((now(), SEND_END, conn, 0, call, why_it_broke(error)))
            raise
        emit((now(), SEND_END, conn, 0, call, None))
        return value


def plain_body(message: dict[Any, Any], name: str, most: int) -> int | None:
    """How `more_body` stands in a plain message of type `name`: 0 absent, 1 False, 2 True; None for any other message.

    Plain: nothing but type, more_body and a body of at most `most` bytes, each of exactly its type. Such a message is all
    said with its body and this number, so nothing has to be copied.
    """
    try:
        body = message.get("body")
        if type(body) is not bytes or len(body) > most:
            return None
        kind = message.get("type")
        more = message.get("more_body")
    except Exception:  # noqa: BLE001  # a key of the app that raises when compared: freezing compares none
        return None
    if type(kind) is not str or kind != name:
        return None
    if len(message) == 2:
        return 0
    if len(message) != 3:
        return None
    return 1 if more is False else 2 if more is True else None


def copy_to_send(message: Any, limit: int) -> bytes | dict[str, Any]:
    """A safe copy of any message that is sent; headers that can be read only once are made to last first."""
    try:
        copy = quick_copy(message, limit)
        if copy is None:
            make_headers_last(message)
    except Exception:  # noqa: BLE001  # as above
        copy = None
    return packed(freeze(message, limit)) if copy is None else copy


def quick_copy(message: Any, limit: int) -> bytes | dict[str, Any] | None:
    """A safe copy of the message forms that make up nearly all traffic; None for every other form.

    It looks at each value once and only by exact type: what passes needs no freezing. Packed at once it is flat bytes,
    which cost the garbage collector nothing; a large body stays in a copy of the dict, where it is not copied itself.
    """
    if type(message) is not dict or type(message.get("type")) is not str:
        return None
    size = len(message)
    body = message.get("body")
    if type(body) is bytes:
        plain = size == 2 or (size == 3 and type(message.get("more_body")) is bool)
        if not plain or len(body) > limit:
            return None
        return dumps(message, 2) if len(body) <= _SMALL else message.copy()
    headers = message.get("headers")
    if type(headers) is list:
        plain = size == 3 and type(message.get("status")) is int and is_plain(headers)
        return dumps(message, 2) if plain else None
    data = message.get("text")
    if data is None:
        data = message.get("bytes")
    if (type(data) is str or type(data) is bytes) and size == 2:
        if len(data) <= _SMALL and len(data) <= limit:
            return dumps(message, 2)
        return message.copy() if len(data) <= limit else None
    return None


def packed(frozen: Any) -> bytes | dict[str, Any]:
    """A frozen message as it is emitted: packed, unless it is a dict that holds something large."""
    if type(frozen) is dict and any(kept_length(value) > _SMALL for value in frozen.values()):
        return frozen
    return dumps(frozen, 2)


def is_plain(headers: list[Any]) -> bool:
    """Whether a header list holds nothing but tuples of two short byte strings, which no one can change later."""
    for pair in headers:
        if type(pair) is not tuple or len(pair) != 2:
            return False
        name, value = pair
        if type(name) is not bytes or type(value) is not bytes or len(value) > BODY_LIMIT:
            return False
    return True


def copy_scope(scope: Any, limit: int) -> Any:
    """A frozen copy of a scope; of the app's own objects in it (`state`) at most `SCOPE_ITEMS` entries a container.

    What nearly every scope holds is recognised by exact type and copied at once; the rest is frozen.
    """
    if type(scope) is not dict or len(scope) > SCOPE_ITEMS or not has_plain_keys(scope):
        return freeze(scope, limit, SCOPE_ITEMS)
    copy = scope.copy()
    rest = {}
    for key, value in scope.items():
        kind = type(value)
        if kind is str or kind is bytes:
            if len(value) > limit:
                rest[key] = value
        elif kind is list and is_plain(value):
            copy[key] = tuple(value)
        elif kind is dict and (not value or (has_plain_keys(value) and is_flat(value.values(), limit))):
            copy[key] = value.copy()
        elif kind is not tuple or not is_flat(value, limit):
            rest[key] = value
    if rest:
        copy.update(freeze(rest, limit, SCOPE_ITEMS))
    return copy


def has_plain_keys(value: dict[Any, Any]) -> bool:
    """Whether all keys are strings that mean nothing else in a recording; asks no key of the app to compare itself."""
    return {*map(type, value)} == _TEXT and "$" not in "".join(value)


def is_flat(items: Collection[Any], limit: int) -> bool:
    """Whether there are only few short texts, whole numbers and None, as in `client`, `server` and `asgi`."""
    if len(items) > _FEW:
        return False
    for item in items:
        if type(item) is str:
            if len(item) > limit:
                return False
        elif type(item) is not int and item is not None:
            return False
    return True


def make_headers_last(message: Any) -> None:
    """Headers (or a pair of them) that can be read only once become a list in the message, so that the server reads it too."""
    if not issubclass(type(message), dict):
        return
    headers: Any = dict.get(message, "headers")
    if is_one_shot(headers):
        headers = read_once(headers, list)
        dict.__setitem__(message, "headers", headers)
    if type(headers) in (list, tuple) and any(is_one_shot(pair) for pair in headers):
        lasting = [read_once(pair, tuple) if is_one_shot(pair) else pair for pair in headers]
        dict.__setitem__(message, "headers", lasting)


def read_once(iterable: Iterable[Any], kind: type[list[Any]] | type[tuple[Any, ...]]) -> Iterable[Any]:
    """What `iterable` gives, as a list or tuple; if it raises on the way, what gives the same and raises the same."""
    items: list[Any] = []
    try:
        for item in iterable:
            items.append(item)  # noqa: PERF402  # what came before the error must not be lost
    except Exception as error:  # noqa: BLE001  # the server shall meet it where it would have without the tap
        return _again(items, error)
    return kind(items)


def _again(items: list[Any], error: Exception) -> Iterator[Any]:
    yield from items
    raise error


def why_it_broke(error: BaseException) -> dict[str, Any]:
    """The fields of a receive or send that did not come back with a value."""
    if is_cancellation(error):
        return {"cancelled": True}
    return {"raised": {"type": type_name(error), "text": safe_text(error)}}


def how_it_returned(value: Any, limit: int) -> dict[str, Any]:
    """The fields of an exit with a value, which an app should not have."""
    return {"outcome": "returned", "value": freeze(value, limit, SCOPE_ITEMS)}


def how_it_ended(error: BaseException) -> dict[str, Any]:
    """The fields of an exit by exception; the traceback begins at the app, not at the tap."""
    cause = {"type": type_name(error), "text": safe_text(error)}
    if is_cancellation(error):
        return {"outcome": "cancelled", "error": cause}
    return {"outcome": "raised", "error": {**cause, "traceback": traceback_of(error)}}


def traceback_of(error: BaseException) -> str:
    """The traceback as Python prints it, without the tap's own frame at the top."""
    frames = error.__traceback__
    inner = frames.tb_next if frames is not None and frames.tb_next is not None else frames
    try:
        return "".join(traceback.format_exception(type(error), error, inner))[-TEXT_LIMIT:]
    except Exception as trouble:  # noqa: BLE001  # noqa: BLE001  # an exception whose own __str__ raises
        return f"{type_name(error)} (its traceback could not be written: {type_name(trouble)})\n"


def is_cancellation(error: BaseException) -> bool:
    """Whether this is asyncio's or trio's way to end a task, or a coroutine that was closed."""
    return any(class_name(kind) in _CANCELLATIONS for kind in type.mro(type(error)))


def safe_text(error: BaseException) -> str:
    """``str(error)`` (a `str` itself, no subclass; at most TEXT_LIMIT characters), or a word on why there is none."""
    try:
        return str.__str__(str(error))[:TEXT_LIMIT]
    except Exception as trouble:  # noqa: BLE001  # noqa: BLE001  # the app's own __str__
        return f"(its text could not be read: {type_name(trouble)})"
