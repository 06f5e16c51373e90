"""A run that was recorded closely is drawn as any other; only what went wrong has a row of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from asgiviz.model.connection import Connections
from asgiviz.model.events import Ev, Event, Raw, expand
from asgiviz.probe.tap import Tap
from asgiviz.views.call_site_words import close_words, site_of
from asgiviz.views.differences import crossings
from asgiviz.views.lane import Lane
from asgiviz.views.lifelines import Lifelines
from asgiviz.views.plain import PlainText
from asgiviz.views.sequence import Steps
from tests.views.test_plain import HTTP, STACK, UPLOAD, orders


def recorded_closely() -> list[Raw]:
    """An upload and its answer."""
    raws: list[Raw] = []
    given = iter(UPLOAD)

    async def receive() -> Any:
        return next(given)

    async def send(message: Any) -> None:
        pass

    asyncio.run(Tap(orders, raws.append, closely=True)(HTTP, receive, send))
    return raws


def drawn(numbered: Iterable[tuple[int, Raw]]) -> tuple[Any, ...]:
    """Everything that is shown of the events of a connection, and what is summed up of it."""
    numbered = list(numbered)
    events = [expand(seq, raw, 0) for seq, raw in numbered]
    connections, lane, page = Connections(), Lane(1, events[0].t), PlainText()
    for _, raw in numbered:
        connections.take(raw, 0)
    for event in events:
        lane.add(event)
    one = connections[1]
    return (
        list(Lifelines(Steps(events), 100, events[-1].t)),
        list(lane.stretches()),
        [(crossing.kind, crossing.length) for crossing in crossings(events)],
        [line for event in events for line in page.lines(event)],
        (one.messages_in, one.messages_out, one.bytes_in, one.bytes_out, one.last),
    )


def test_where_calls_were_made_changes_nothing_of_what_is_drawn() -> None:
    """Sequence, lane, messages, page and summary are those of the same events without the call sites."""
    numbered = list(enumerate(recorded_closely(), 1))
    without = [(seq, raw) for seq, raw in numbered if expand(seq, raw, 0).ev != Ev.SITE]
    assert len(without) == len(numbered) - 5  # of the app, and of its four calls
    assert drawn(numbered) == drawn(without)


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (STACK, "shop.py:41"),
        (STACK[:1], "responses.py:9"),
        ([], None),
        (None, None),
        ([3, *STACK], "shop.py:41"),
    ],
    ids=["the user's", "a package's", "empty", "missing", "damaged"],
)
def test_the_place_that_is_told_is_the_users_own(stack: Any, place: str | None) -> None:
    """Else the innermost one; of what is damaged the rest."""
    frame = site_of(stack)
    assert (None if frame is None else frame.place) == place


@pytest.mark.parametrize(
    "fields", [{}, {"what": "\x1b[31m", "with": "\n", "message": {"type": 3}, "stack": [{"file": "\x1b", "line": 1}]}]
)
@pytest.mark.parametrize("ev", [Ev.UNAWAITED, Ev.SHARES])
def test_a_damaged_event_is_told_in_printable_words(ev: Ev, fields: dict[str, Any]) -> None:
    """Whatever a file holds, nothing raw is printed."""
    assert close_words(ev, Event(1, 0, ev, 1, 0, None, fields).fields).isprintable()
