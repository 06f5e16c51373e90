"""What a WSGI app gives, as messages that cross the line to the server, so that the same words and pictures serve both sides.

Their types are the names of the events: `wsgi.start_response` and `wsgi.chunk`. Header names and values are bytes, as in
ASGI. What the app was called with is told as a scope (`model.environ.scope_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asgiviz.model.environ import scope_of, text_pairs
from asgiviz.model.events import Ev, Event

#: The events in which something crosses from the app to the server.
GIVES = frozenset({Ev.WSGI_START_RESPONSE, Ev.WSGI_CHUNK})


def message_of(event: Event) -> Any:
    """What crossed the line between server and app in this event, to the app or from it; None when nothing did."""
    if event.ev in (Ev.RECEIVE_END, Ev.SEND_BEGIN):
        return event.get("message")
    return given_in(event) if event.ev in GIVES else None


def given_in(event: Event) -> dict[str, Any]:
    """What a WSGI app gave in an event of `GIVES`."""
    headers = event.get("headers")
    pairs = [list(pair) for pair in text_pairs(headers)]
    well_formed = isinstance(headers, (list, tuple)) and len(pairs) == len(headers)
    return {"type": str(event.ev), **event.fields, **({"headers": pairs} if well_formed else {})}


def request_of(events: Iterable[Event]) -> Any:
    """What the app was called with, in the form of a scope: that of ASGI as it came, for WSGI what the environ tells."""
    for event in events:
        if event.ev == Ev.SCOPE and not event.layer:
            return event.get("scope")
        if event.ev == Ev.WSGI_ENVIRON and not event.layer:
            environ = event.get("environ")
            return scope_of(environ) if isinstance(environ, Mapping) else None
    return None
