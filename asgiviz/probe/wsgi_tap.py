"""The tap on a WSGI app: middleware that records environ, start_response, each chunk and the end, and changes nothing.

What the app returns stays as lazy as it was: nothing is asked for before the server asks, `close` is called when the server
calls it, and what the server looks for in it (its length, its type where that is a file) is still there.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from marshal import dumps
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.events import WSGI_CHUNK, WSGI_CHUNK_LARGE, WSGI_ENVIRON, WSGI_EXIT, WSGI_START_RESPONSE, Emit
from asgiviz.model.values import BODY_LIMIT, SCOPE_ITEMS, describe, freeze, kept_length, type_name
from asgiviz.probe.current import connection
from asgiviz.probe.tap import how_it_ended, how_it_returned, safe_text

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Any]

_RETURNED, _CANCELLED = {"outcome": "returned"}, {"outcome": "cancelled"}
#: Bytes of a chunk that are copied into the event; a larger one is referred to, which is safe because it is `bytes`.
_SMALL = 1024
#: What holds its whole content: looking at it uses nothing up, and the app is done when it has handed it over.
_AT_HAND = (list, tuple, bytes, str)


class Turn:
    """One request and the number of its connection: from the moment it stands in line, or from the call of the app, to its
    end, which is told once. `called`: the app has been called with it."""

    __slots__ = ("_emit", "_over", "called", "conn", "spent")

    def __init__(self, conn: int, emit: Emit) -> None:
        self.conn = conn
        self.called = False
        #: the app has nothing more to give
        self.spent = False
        self._emit = emit
        self._over = False

    def end(self, how: dict[str, Any]) -> None:
        """The app is done; what is said later does not count."""
        if not self._over:
            self._over = True
            self._emit((now(), WSGI_EXIT, self.conn, 0, None, how))

    def leave(self) -> None:
        """Nobody will ask for more: the app gave everything, or the server did not want it (all of it, or at all)."""
        self.end(_RETURNED if self.spent else _CANCELLED)


#: The turn that the server's thread is about to take, where the server is ours and gives requests their numbers.
in_turn: ContextVar[Turn | None] = ContextVar("asgiviz_turn", default=None)


class WsgiTap:
    """Wraps `app` and emits a raw event for each environ, start_response, chunk and exit.

    `emit`, `limit` and `numbers` are those of `Tap`; a request that has its number already (`in_turn`) keeps it.
    """

    def __init__(self, app: WsgiApp, emit: Emit, limit: int = BODY_LIMIT, numbers: Iterator[int] | None = None) -> None:
        self.app = app
        self._emit = emit
        self._limit = limit
        self._numbers = numbers if numbers is not None else itertools.count(1)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        turn = in_turn.get()
        if turn is None or turn.called:
            turn = Turn(next(self._numbers), self._emit)
        turn.called = True
        exchange = _Exchange(turn, self._emit, self._limit, start_response)
        file_wrapper = environ.get("wsgi.file_wrapper") if issubclass(type(environ), dict) else None
        fields = freeze({"environ": environ, "thread": threading.current_thread().name}, self._limit, SCOPE_ITEMS)
        token = connection.set(turn.conn)
        self._emit((now(), WSGI_ENVIRON, turn.conn, 0, None, dumps(fields, 2)))
        try:
            result = self.app(environ, exchange.start_response)
        except BaseException as error:
            turn.end(how_it_ended(error))
            raise
        finally:
            connection.reset(token)
        return exchange.take(result, file_wrapper)


class _Exchange:
    """One call of the app: its start_response, and what becomes of what it returned (`closes`: it asks to be closed)."""

    __slots__ = ("_emit", "_limit", "_start", "closes", "turn")

    def __init__(self, turn: Turn, emit: Emit, limit: int, start_response: StartResponse) -> None:
        self.turn = turn
        self.closes = False
        self._emit = emit
        self._limit = limit
        self._start = start_response

    def start_response(self, *arguments: Any, **named: Any) -> Any:
        """What the app gets for its start_response; it takes what the server's own takes."""
        fields = {"status": _argument(arguments, named, 0, "status"), "headers": _argument(arguments, named, 1, "headers")}
        exc_info = _argument(arguments, named, 2, "exc_info")
        if exc_info:
            fields["exc_info"] = _error_of(exc_info)
        frozen = freeze(fields, self._limit, SCOPE_ITEMS)
        self._emit((now(), WSGI_START_RESPONSE, self.turn.conn, 0, None, dumps(frozen, 2)))
        write = self._start(*arguments, **named)
        if not callable(write):
            return write

        def recorded(data: Any) -> Any:
            self.chunk(data, "write")
            return write(data)

        return recorded

    def chunk(self, chunk: Any, via: str | None = None) -> None:
        """A piece of the body, from the iterable or through write()."""
        fields = {"body": freeze(chunk, self._limit)}
        if via is not None:
            fields["via"] = via
        if kept_length(fields["body"]) > _SMALL:
            self._emit((now(), WSGI_CHUNK_LARGE, self.turn.conn, 0, None, fields))
        else:
            self._emit((now(), WSGI_CHUNK, self.turn.conn, 0, None, dumps(fields, 2)))

    def take(self, result: Any, file_wrapper: Any) -> Any:
        """What the server gets for what the app returned."""
        kind = type(result)
        if kind in _AT_HAND:
            for chunk in result if kind in (list, tuple) else (result,):
                self.chunk(chunk)
            self.turn.end(_RETURNED)
        elif isinstance(file_wrapper, type) and issubclass(kind, file_wrapper):
            self._hand_over(result)
        elif not hasattr(kind, "__iter__") and not hasattr(kind, "__getitem__"):
            self.turn.end(how_it_returned(result, self._limit))  # the server will say what it thinks of that
        else:
            self.closes = hasattr(result, "close")
            return _SizedBody(self, result) if hasattr(kind, "__len__") else _Body(self, result)
        return result

    def _hand_over(self, file: Any) -> None:
        """The server knows its own kind of file by its type, and may read it without us (sendfile)."""
        fields = {"body": b"", "via": "file", "file": describe(file)}
        self._emit((now(), WSGI_CHUNK, self.turn.conn, 0, None, fields))
        self.turn.end(_RETURNED)

    def next_of(self, iterator: Any) -> Any:
        """The next chunk, when the server asks for it; where there is something to close, that is part of the app's work."""
        token = connection.set(self.turn.conn)
        try:
            chunk = next(iterator)
        except StopIteration:
            self.turn.spent = True
            if not self.closes:
                self.turn.leave()
            raise
        except BaseException as error:
            self.turn.end(how_it_ended(error))
            raise
        finally:
            connection.reset(token)
        self.chunk(chunk)
        return chunk


class _Chunks:
    """An iterator of the app's, chunk by chunk."""

    __slots__ = ("_exchange", "_result")

    def __init__(self, exchange: _Exchange, result: Any) -> None:
        self._exchange = exchange
        self._result = result

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self._exchange.next_of(self._result)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)


class _Body(_Chunks):
    """What the app returned, as the server gets it: everything that it can be asked is asked of the app's own object."""

    __slots__ = ()

    def __iter__(self) -> Any:
        turn = self._exchange.turn
        token = connection.set(turn.conn)
        try:
            iterator = iter(self._result)
        except BaseException as error:
            turn.end(how_it_ended(error))
            raise
        finally:
            connection.reset(token)
        return self if iterator is self._result else _Chunks(self._exchange, iterator)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._result, name)
        return self._closing(found) if name == "close" else found

    def _closing(self, close: Callable[..., Any]) -> Callable[..., Any]:
        turn = self._exchange.turn

        def recorded(*arguments: Any) -> Any:
            token = connection.set(turn.conn)
            try:
                value = close(*arguments)
            except BaseException as error:
                turn.end(how_it_ended(error))
                raise
            finally:
                connection.reset(token)
            turn.leave()
            return value

        return recorded


class _SizedBody(_Body):
    """One with a length, which tells servers that a single chunk is the whole body."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._result)


def _argument(arguments: tuple[Any, ...], named: dict[str, Any], place: int, name: str) -> Any:
    return arguments[place] if len(arguments) > place else named.get(name, named.get(f"response_{name}"))


def _error_of(exc_info: Any) -> Any:
    """Type and text of what `sys.exc_info()` gave."""
    error = exc_info[1] if type(exc_info) is tuple and len(exc_info) > 1 else None
    return {"type": type_name(error), "text": safe_text(error)} if isinstance(error, BaseException) else describe(exc_info)
