"""Scopes of connections that are open: is one of them, or its `state`, the very same object as that of another connection?

Nothing is kept alive for it: a scope is its caller's as long as the connection is open, and of a `state` only the id is
remembered, which is believed only when the other scope still holds that object.
"""

from __future__ import annotations

import threading
from time import perf_counter_ns as now
from typing import Any

from asgiviz.model.events import SHARES, Emit
from asgiviz.probe.message_copies import has_plain_keys


class OpenScopes:
    """Emits `shares` when a connection begins whose scope, or state, another open one has."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._changing = threading.Lock()
        #: what it is and its id -> connections that have it, with their scopes
        self._holders: dict[tuple[str, int], dict[int, Any]] = {}
        #: connection -> its keys in `_holders`
        self._held: dict[int, list[tuple[str, int]]] = {}

    def enter(self, conn: int, scope: Any) -> None:
        """A connection begins."""
        for what in ("scope", "state"):
            it = _part(scope, what)
            if it is None:
                continue
            with self._changing:
                others = self._holders.setdefault((what, id(it)), {})
                same = [other for other, theirs in others.items() if _part(theirs, what) is it]
                others[conn] = scope
                self._held.setdefault(conn, []).append((what, id(it)))
            if same:
                self._emit((now(), SHARES, conn, 0, None, {"what": what, "with": same[0]}))

    def leave(self, conn: int) -> None:
        """A connection is over."""
        with self._changing:
            for key in self._held.pop(conn, ()):
                holders = self._holders[key]
                del holders[conn]
                if not holders:
                    del self._holders[key]


def _part(scope: Any, what: str) -> Any:
    """The scope itself, or its state; None where there is none that could be told from another."""
    if not issubclass(type(scope), dict):
        return None
    if what == "scope":
        return scope
    state = scope.get("state") if type(scope) is dict and has_plain_keys(scope) else None
    return state if issubclass(type(state), dict) else None
