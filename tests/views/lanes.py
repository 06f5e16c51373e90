"""Lanes made by hand, times in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiviz.model.events import Ev, Event
from asgiviz.views.lane import Lane

MS = 1_000_000


def lane(
    conn: int,
    began: int,
    ended: int | None,
    waits: Iterable[tuple[int, int]] = (),
    kind: str = "http",
    outcome: str = "returned",
) -> Lane:
    """A connection that receives during each of `waits`; `ended` None: it is open."""
    made = Lane(conn, began * MS)
    happened: list[tuple[int, Ev, int | None, dict[str, Any]]] = [(began, Ev.SCOPE, None, {"scope": {"type": kind}})]
    for call, (begin, end) in enumerate(waits):
        happened += [(begin, Ev.RECEIVE_BEGIN, call, {}), (end, Ev.RECEIVE_END, call, {})]
    if ended is not None:
        happened.append((ended, Ev.EXIT, None, {"outcome": outcome}))
    for seq, (t, ev, number, fields) in enumerate(happened, 1):
        made.add(Event(seq, t * MS, ev, conn, 0, number, fields))
    return made
