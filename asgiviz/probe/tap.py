"""The tap: plain ASGI middleware that records scope, receive, send and exit, and changes nothing.

It knows no event loop, starts no task and awaits nothing but what it wraps, so it works on any server and any loop.
The hot path takes a time stamp, makes a safe copy and appends a tuple; everything else happens elsewhere.
"""

from __future__ import annotations

import contextlib
import itertools
import traceback
from collections.abc import Callable, Iterator
from marshal import dumps
from time import perf_counter_ns as now
from typing import TYPE_CHECKING, Any

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
    SITE,
    Emit,
    Raw,
)
from asgiviz.model.values import BODY_LIMIT, SCOPE_ITEMS, class_name, freeze, type_name
from asgiviz.probe.current import connection, current_connection
from asgiviz.probe.message_copies import SMALL, copy_scope, copy_to_send, packed, plain_body, quick_copy

if TYPE_CHECKING:
    from asgiviz.probe.open_scopes import OpenScopes

_RETURNED = dumps({"outcome": "returned"}, 2)
_NEVER = object()
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

    `layer`: 0 is the outermost, between server and app. A tap further in records with its own layer and the number that the
    outermost one has given, and nothing where there is none around it; its app may be called with objects of a framework in
    the scope, so it is never `hosted`. `closely` records the line of code of each call, too (see `call_sites`).
    """

    def __init__(
        self,
        app: App,
        emit: Emit,
        limit: int = BODY_LIMIT,
        numbers: Iterator[int] | None = None,
        hosted: bool = False,
        on_scope: Callable[[int], None] | None = None,
        layer: int = 0,
        closely: bool = False,
    ) -> None:
        self.app = app
        self._on_scope = on_scope
        self._hosted = hosted
        self._emit = _at_layer(layer, emit) if layer else emit
        self._limit = limit
        self._numbers: Iterator[int | None] = itertools.count(1) if numbers is None else numbers
        if layer:
            self._numbers = iter(current_connection, _NEVER)
        self._lines = Lines
        self._open_scopes: OpenScopes | None = None
        self._place: bytes | None = None
        if closely:
            from asgiviz.probe.call_sites import CloseLines, place_of

            self._lines = CloseLines
            self._place = place_of(app)
        if closely and not layer:
            from asgiviz.probe.open_scopes import OpenScopes

            self._open_scopes = OpenScopes(emit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        conn = next(self._numbers)
        if conn is None:
            return await self.app(scope, receive, send)
        emit = self._emit
        lines = self._lines(conn, emit, self._limit, receive, send)
        token = connection.set(conn)
        emit((now(), SCOPE, conn, 0, None, self._copy(scope)))
        if self._place is not None:
            emit((now(), SITE, conn, 0, None, self._place))
        if self._open_scopes is not None:
            self._open_scopes.enter(conn, scope)
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
            if self._open_scopes is not None:
                self._open_scopes.leave(conn)
            if not self._hosted:
                with contextlib.suppress(ValueError):  # the loop finished this coroutine in another context
                    connection.reset(token)

    def _copy(self, scope: Any) -> Any:
        if self._hosted and not scope.get("state"):
            with contextlib.suppress(ValueError):  # a protocol class of the user's own put an object of its own into it
                return dumps(scope, 2)
        return dumps(copy_scope(scope, self._limit), 2)


class Lines:
    """The receive and send of one connection, as the app gets them."""

    __slots__ = ("_calls", "_conn", "_emit", "_limit", "_receive", "_send", "_small")

    def __init__(self, conn: int, emit: Emit, limit: int, receive: Receive, send: Send) -> None:
        self._conn = conn
        self._emit = emit
        self._limit = limit
        self._small = min(SMALL, limit)
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


def _at_layer(layer: int, emit: Emit) -> Emit:
    """What an inner tap emits with: the outermost one, which has all the traffic, does not pay for there being others."""

    def emit_there(raw: Raw) -> None:
        t, kind, conn, _, call, payload = raw
        emit((t, kind, conn, layer, call, payload))

    return emit_there


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
