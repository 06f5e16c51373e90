"""What the tests of the ledger, the roster and the feed share: recorded runs, and everything a ledger knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import EXIT, NOTE, RECEIVE_BEGIN, SCOPE, Event, Raw
from asgiviz.store.raw_events import raw_of
from asgiviz.store.recorder import Recorder
from asgiviz.views.ledger import MARK, Ledger, Numbered
from tests.store.files import filled, request
from tests.views.runs import runs

MARKS = st.builds(
    lambda conn, fields: (0, NOTE, conn, None, None, {"name": MARK, **fields}),
    st.integers(1, 3),
    st.sampled_from([{}, {"data": "slow"}, {"data": 7}, {"phase": "begin", "data": "why?"}, {"phase": "end"}, {"data": None}]),
)


@st.composite
def raw_runs(draw: st.DrawFn) -> list[Raw]:
    """Any short run of raw events, marks among them; the clock begins at 0."""
    raws = [raw_of(event, 0) for event in draw(runs())]
    for mark in draw(st.lists(MARKS, max_size=3)):
        raws.insert(draw(st.integers(0, len(raws))), mark)
    return raws


def recorded(events: Iterable[Event]) -> Recorder:
    """A recorder with these events."""
    return filled([raw_of(event, 0) for event in events])


def numbered(raws: Iterable[Raw]) -> list[Numbered]:
    """Raw events as a recorder counts them."""
    return list(enumerate(raws, 1))


def traffic(count: int, every: int = 0) -> list[Raw]:
    """`count` requests one after the other; connection 1 is a WebSocket that hears something every so many of them."""
    raws: list[Raw] = [(0, SCOPE, 1, 0, None, {"type": "websocket", "path": "/chat", "headers": ()})]
    for conn in range(2, count + 2):
        raws += request(conn, start=100 * conn)
        if every and not conn % every:
            raws.append((100 * conn + 50, RECEIVE_BEGIN, 1, 0, conn, None))
    return raws


def ended(conn: int, t: int) -> Raw:
    """The end of a connection."""
    return (t, EXIT, conn, 0, None, {"outcome": "returned"})


def fed(raws: Iterable[Raw], upto: int | None = None) -> Ledger:
    """A ledger that was given the events up to a number in one go."""
    ledger = Ledger(0)
    ledger.put([item for item in numbered(raws) if upto is None or item[0] <= upto])
    return ledger


def facts(connection: Connection) -> dict[str, Any]:
    """Everything that is known of a connection."""
    return {name: repr(getattr(connection, name)) for name in Connection.__slots__}


def knowledge(ledger: Ledger) -> dict[str, Any]:
    """Everything a ledger knows, but for marks and what it noted for others."""
    return {
        "connections": {conn: facts(connection) for conn, connection in ledger.connections.items()},
        "order": ledger.order,
        "seqs": {conn: list(own) for conn, own in ledger.seqs.items()},
        "first seen": list(ledger.seqs),
        "asides": {ev: list(own) for ev, own in ledger.asides.items()},
        "seq": ledger.seq,
        "t": ledger.t,
    }
