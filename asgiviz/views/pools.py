"""Thread pools: when one was full, for how long, and which connections had to wait for a thread.

A pool is told whenever its state changes (see `probe.pools`). From the first telling in which something waits to the next
in which nothing does is one `Crowd`; it lasted at least so long, to the distance of two lookings. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.views.figures import duration
from asgiviz.views.spans import Role, Row, Span, shortened
from asgiviz.views.stalls import who
from asgiviz.views.text import number, word

#: Connections that are named in one row.
NAMED = 20


@dataclass
class Crowd:
    """A time in which work waited for a thread of the pool `name`. `ended` None: it goes on."""

    seq: int
    name: str
    size: int
    began: int
    ended: int | None = None
    most: int = 0
    conns: dict[int, None] = field(default_factory=dict)


class Crowds:
    """A fold over `pool` events, in order."""

    def __init__(self) -> None:
        self.crowds: list[Crowd] = []
        #: pool -> its newest event while it is in use
        self.in_use: dict[str, Event] = {}
        self._open: dict[str, Crowd] = {}

    @property
    def goes_on(self) -> bool:
        """Whether work waits for a thread now."""
        return bool(self._open)

    def add(self, event: Event) -> None:
        """Take in one event; others than `pool` change nothing."""
        if event.ev != Ev.POOL:
            return
        name = word(event.get("name", "?"))
        used, waiting = _whole(event.get("used")), _whole(event.get("waiting"))
        self.in_use[name] = event
        if not used and not waiting:
            del self.in_use[name]
        crowd = self._open.get(name)
        if waiting and crowd is None:
            crowd = self._open[name] = Crowd(event.seq, name, _whole(event.get("size")), event.t)
            self.crowds.append(crowd)
        elif not waiting and crowd is not None:
            crowd.ended = event.t
            del self._open[name]
        if waiting and crowd is not None:
            crowd.most = max(crowd.most, waiting)
            crowd.conns.update(dict.fromkeys(waiting_in(event)))


def waiting_in(event: Event) -> list[int]:
    """The connections that a `pool` event says wait for a thread."""
    conns = event.get("conns")
    items = conns if isinstance(conns, (list, tuple)) else ()
    return [
        item["conn"]
        for item in items
        if isinstance(item, Mapping) and item.get("state") == "waiting" and type(item.get("conn")) is int
    ]


def told(event: Event) -> str:
    """The state of a pool in a few words."""
    used, size, waiting = (_whole(event.get(name)) for name in ("used", "size", "waiting"))
    return f"{number(used)} of {number(size)} threads busy" + (f", {number(waiting)} waiting" if waiting else "")


def rows(crowd: Crowd, connections: Mapping[int, Connection], now: int, width: int) -> list[Row]:
    """Two lines on a time in which threads were short."""
    lasted = duration(max(0, (now if crowd.ended is None else crowd.ended) - crowd.began))
    verb = "all in use for" if crowd.ended is None else "were all in use for"
    head = [
        Span("▓ ", Role.WAITING),
        Span(f"{number(crowd.size)} threads {verb} {lasted}", Role.STRONG),
        Span(f"  ({word(crowd.name)})", Role.QUIET),
    ]
    named = ", ".join(who(conn, connections) for conn in list(crowd.conns)[:NAMED])
    below = [Span(f"  up to {number(crowd.most)} waited: ", Role.QUIET), Span(named or "not known which", Role.WAITING)]
    return [Row(shortened(line, width), crowd.seq) for line in (head, below)]


def _whole(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0
