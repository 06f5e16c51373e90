"""Thread pools: a full one is told with how long it was full and who waited for a thread."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import Ev, Event
from asgiviz.views.pools import Crowds, rows, told, waiting_in
from asgiviz.views.spans import text_of, width_of

MS = 1_000_000


def pool(seq: int, ms: int, used: int, waiting: int, *conns: int) -> Event:
    """A telling of anyio's pool of 40 threads in which `conns` wait."""
    states = [{"conn": 1, "state": "running"}, *({"conn": conn, "state": "waiting"} for conn in conns)]
    fields = {"name": "anyio", "used": used, "size": 40, "waiting": waiting, "conns": states}
    return Event(seq, ms * MS, Ev.POOL, None, None, None, fields)


def crowds(*events: Event) -> Crowds:
    """The fold over some events."""
    fold = Crowds()
    for event in events:
        fold.add(event)
    return fold


def test_a_time_in_which_threads_were_short_is_one_crowd() -> None:
    """It lasts from the first telling with waiters to the first without, and names all who waited meanwhile."""
    fold = crowds(pool(1, 0, 12, 0), pool(2, 200, 40, 2, 7, 8), pool(3, 400, 40, 1, 9), pool(4, 600, 40, 0), pool(5, 800, 0, 0))
    scope = Event(9, 0, Ev.SCOPE, 7, 0, None, {"scope": {"type": "http", "method": "GET", "path": "/sync"}})
    (crowd,) = fold.crowds
    assert [text_of(row.spans) for row in rows(crowd, Connections([scope]), 0, 80)] == [
        "▓ 40 threads were all in use for 400 ms  (anyio)",
        "  up to 2 waited: #7 GET /sync, #8, #9",
    ]
    assert fold.in_use == {}
    assert not fold.goes_on


def test_a_crowd_that_goes_on_lasts_until_now() -> None:
    """The pool is in use, and the words say so."""
    fold = crowds(pool(1, 100, 40, 3, 7))
    assert text_of(rows(fold.crowds[0], {}, 350 * MS, 80)[0].spans).startswith("▓ 40 threads all in use for 250 ms")
    assert fold.goes_on
    assert told(fold.in_use["anyio"]) == "40 of 40 threads busy, 3 waiting"
    assert waiting_in(fold.in_use["anyio"]) == [7]


VALUES: st.SearchStrategy[Any] = st.none() | st.integers() | st.text() | st.lists(st.dictionaries(st.text(), st.integers()))


@given(st.lists(st.dictionaries(st.sampled_from(["name", "used", "size", "waiting", "conns"]), VALUES)), st.integers(5, 90))
def test_a_damaged_recording_is_drawn_within_its_pane(damaged: list[dict[str, Any]], width: int) -> None:
    """Whatever stands in place of a value, nothing raises and no row is too wide."""
    fold = crowds(*(Event(seq, seq, Ev.POOL, None, None, None, fields) for seq, fields in enumerate(damaged, 1)))
    for crowd in fold.crowds:
        assert all(width_of(row.spans) <= width for row in rows(crowd, {}, 100, width))
