"""How long something lasted that a recording tells in two events of its own: a span of the app's, a step of a task."""

from __future__ import annotations

from collections.abc import Hashable

from asgiviz.model.events import Ev, Event

#: Spells whose beginning is remembered.
REMEMBERED = 20_000


class Spells:
    """Remembers when each began."""

    def __init__(self) -> None:
        self._began: dict[Hashable, int] = {}

    def took(self, event: Event) -> int | None:
        """Nanoseconds since its beginning when the event ends a spell; None for every other event, and for a lost beginning.

        Each event must come by once, in order.
        """
        match event.ev:
            case Ev.NOTE:
                key: Hashable = ("span", repr(event.get("span")))
                begins, ends = event.get("phase") == "begin", event.get("phase") == "end"
            case Ev.STEP_BEGIN | Ev.STEP_END:
                key = ("step", repr(event.get("task")))
                begins, ends = event.ev == Ev.STEP_BEGIN, event.ev == Ev.STEP_END
            case _:
                return None
        if begins:
            self._began[key] = event.t
            if len(self._began) > REMEMBERED:
                del self._began[next(iter(self._began))]
        began = self._began.pop(key, None) if ends else None
        return None if began is None else max(0, event.t - began)
