"""Notes: what an app says of itself in its recording, as a moment or as a span. Without a recording they do nothing.

asgiviz.note("order placed", items=3)
with asgiviz.span("query", table="orders"):
    ...
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.events import NOTE, Emit
from asgiviz.model.values import BODY_LIMIT, SCOPE_ITEMS, freeze
from asgiviz.probe.current import connection, current_connection

#: Where notes of this process go: to every run that is open.
_runs: tuple[Emit, ...] = ()
_changing = threading.Lock()
_spans = itertools.count(1)

Ear = tuple[Emit | None, int | None]
Listeners = list[tuple[Emit, int | None]]


#: Who hears notes in this context, outermost first, and the number that the connection has there; None is every open run. The
#: last one's number is what `current_connection` says, because that is the number the innermost tap has given.
_ears: ContextVar[tuple[Ear, ...]] = ContextVar("asgiviz_ears", default=((None, None),))
#: Whether there was a middleware yet that could hear a note.
_tapped = False


@contextmanager
def take_notes(emit: Emit) -> Iterator[None]:
    """While open, notes from anywhere in this process are emitted; once, though the same `emit` is opened twice."""
    global _runs
    with _changing:
        _runs = (*_runs, emit)
    try:
        yield
    finally:
        with _changing:
            index = _runs.index(emit)
            _runs = _runs[:index] + _runs[index + 1 :]


@contextmanager
def hear_notes(emit: Emit) -> Iterator[None]:
    """While open, `emit` gets the notes of this context: of one call of a middleware, with its own number of the connection."""
    global _tapped
    _tapped = True
    before = _ears.get()
    _ears.set((*before[:-1], (before[-1][0], connection.get()), (emit, None)))
    try:
        yield
    finally:
        _ears.set(before)


def note(name: str, /, **data: Any) -> None:
    """Put a note into the recording: what happened, and any values with it (as they are now)."""
    if _runs or _tapped:
        _say(_listeners(), name, data)


def span(name: str, /, **data: Any) -> AbstractContextManager[None]:
    """A note with a beginning and an end: `with asgiviz.span("query"): …`, in plain and in async code and in threads."""
    return _Span(name, data) if _runs or _tapped else _NO_SPAN


_NO_SPAN: AbstractContextManager[None] = nullcontext()


class _Span:
    """Each time it is entered it is a span with a number of its own; its end goes where its beginning went."""

    __slots__ = ("_data", "_name", "_open")

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self._name = name
        self._data = data
        self._open: list[tuple[Listeners, int]] = []

    def __enter__(self) -> None:
        listeners, number = _listeners(), next(_spans)
        self._open.append((listeners, number))
        _say(listeners, self._name, self._data, phase="begin", span=number)

    def __exit__(self, *_: object) -> None:
        listeners, number = self._open.pop()
        _say(listeners, self._name, self._data, phase="end", span=number)


def _listeners() -> Listeners:
    """Who hears a note that is made here, and of which connection it is there."""
    *outer, (innermost, _) = _ears.get()
    found: Listeners = []
    for emit, conn in (*outer, (innermost, current_connection())):
        found += [(emit, conn)] if emit is not None else [(run, conn) for run in dict.fromkeys(_runs)]
    return found


def _say(listeners: Listeners, name: str, data: dict[str, Any], **fields: Any) -> None:
    if not listeners:
        return
    told: dict[str, Any] = {"name": freeze(name, BODY_LIMIT)}
    if data:
        told["data"] = freeze(data, BODY_LIMIT, SCOPE_ITEMS)
    told |= {"thread": threading.current_thread().name, **fields}
    t = now()
    for emit, conn in listeners:
        emit((t, NOTE, conn, None, None, told))
