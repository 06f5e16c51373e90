"""How the app's lifespan startup went, told from the recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asgiviz.model.events import Ev, Event


@dataclass(frozen=True)
class Startup:
    """`begun`: the app has received lifespan.startup. `refused`: the message of its startup.failed. `error`: what it raised
    ("Type: text") and `trace`, the whole traceback."""

    begun: bool = False
    refused: str | None = None
    error: str | None = None
    trace: str | None = None


def startup_of(events: Iterable[Event]) -> Startup:
    """What became of the last lifespan in `events`."""
    conn: int | None = None
    begun, refused, error, trace = False, None, None, None
    for event in events:
        if event.ev == Ev.SCOPE and event.get("scope", {}).get("type") == "lifespan":
            conn = event.conn
            begun, refused, error, trace = False, None, None, None
        elif event.conn != conn or conn is None:
            continue
        elif event.ev in (Ev.RECEIVE_END, Ev.SEND_BEGIN):
            message = event.get("message") or {}
            begun = begun or message.get("type") == "lifespan.startup"
            if message.get("type") == "lifespan.startup.failed":
                refused = str(message.get("message", ""))
        elif event.ev == Ev.EXIT and event.get("outcome") == "raised":
            cause = event.get("error") or {}
            error = f"{str(cause.get('type', '')).removeprefix('builtins.')}: {cause.get('text', '')}".strip(": ")
            trace = cause.get("traceback")
    return Startup(begun, refused, error, trace)
