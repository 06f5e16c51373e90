"""What the probe's tests share: a tap with a list as its memory, and the events it wrote there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiviz.model.events import Ev, Event, Raw, expand
from asgiviz.probe.tap import Tap

SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"h")]}


class Listening:
    """A tap around `app`, and what it emitted."""

    #: whether taps record closely, where a test does not say it
    closely = False

    def __init__(self, app: Callable[..., Awaitable[Any]], limit: int = 64 * 1024, closely: bool | None = None) -> None:
        self.raws: list[Raw] = []
        self.tap = Tap(app, self.raws.append, limit=limit, closely=self.closely if closely is None else closely)

    @property
    def events(self) -> list[Event]:
        """The events so far, numbered from 1."""
        return [expand(seq, raw, 0) for seq, raw in enumerate(self.raws, 1)]

    def names(self) -> list[str]:
        """The kinds of the events, in order, without those that only say where a call was made."""
        return [str(event.ev) for event in self.events if event.ev != Ev.SITE]

    def last(self, ev: str) -> Event:
        """The last event of that kind."""
        return [event for event in self.events if event.ev == ev][-1]


async def silent_receive() -> dict[str, Any]:
    """A server that only ever says that the client has gone."""
    return {"type": "http.disconnect"}


async def deaf_send(message: Any) -> None:
    """A server that takes everything and does nothing."""
