"""Lanes and concurrency: the folds keep what they promise, however many events there are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import Ev, Event
from asgiviz.views.concurrency import MOST_STEPS, Concurrency
from asgiviz.views.lane import LATEST, MOST_STRETCHES, Lane, Stall, Stretch
from tests.model.malformed import EVENTS
from tests.views.lanes import MS, lane
from tests.views.runs import runs


def lanes_of(events: list[Event]) -> dict[int, Lane]:
    """The lanes of a recording."""
    lanes: dict[int, Lane] = {}
    for event in events:
        if event.conn is not None:
            lanes.setdefault(event.conn, Lane(event.conn, event.t)).add(event)
    return lanes


def call(t: int, ev: Ev, number: int, **fields: object) -> Event:
    return Event(1, t * MS, ev, 1, 0, number, fields)


def test_waiting_is_what_lies_between_a_call_and_its_return() -> None:
    """Calls that overlap are one waiting, and an open lane goes on as it is until now."""
    open_lane = lane(1, 0, None, [(10, 20)])
    for event in (call(30, Ev.RECEIVE_BEGIN, 7), call(40, Ev.SEND_BEGIN, 8), call(50, Ev.RECEIVE_END, 7)):
        open_lane.add(event)
    assert list(open_lane.stretches(90 * MS)) == [
        Stretch(0, 10 * MS, 0),
        Stretch(10 * MS, 20 * MS, 10 * MS),
        Stretch(20 * MS, 30 * MS, 0),
        Stretch(30 * MS, 90 * MS, 60 * MS),
    ]
    assert open_lane.waiting


def test_an_inner_layer_and_what_comes_behind_the_exit_change_nothing() -> None:
    """Only the outermost calls count, and only until the app's call ends."""
    made = lane(1, 0, None)
    made.add(call(5, Ev.RECEIVE_BEGIN, 1)._replace(layer=1))
    made.add(call(10, Ev.EXIT, 0, outcome="raised"))
    made.add(call(20, Ev.RECEIVE_BEGIN, 2))
    assert list(made.stretches()) == [Stretch(0, 10 * MS, 0)]
    assert (made.ended, made.failed, made.waiting) == (10 * MS, True, False)


def test_a_wsgi_request_waits_in_line_and_runs_in_its_thread() -> None:
    """Waiting from the line to the call of the app, running from there to the end, however it ends."""
    made = Lane(1, 0)
    for t, ev, fields in (
        (0, Ev.WSGI_QUEUED, {}),
        (30, Ev.WSGI_ENVIRON, {"environ": {}}),
        (40, Ev.WSGI_START_RESPONSE, {"status": "200 OK"}),
        (50, Ev.WSGI_CHUNK, {"body": b""}),
    ):
        assert made.waiting is (0 < t <= 30)
        made.add(call(t, ev, 0, **fields)._replace(call=None))
    assert list(made.stretches(60 * MS)) == [Stretch(0, 30 * MS, 30 * MS), Stretch(30 * MS, 60 * MS, 0)]
    made.add(call(70, Ev.WSGI_EXIT, 0, outcome="raised"))
    assert (made.kind, made.answered, made.ended, made.failed) == ("wsgi", 40 * MS, 70 * MS, True)


def test_a_lane_knows_when_the_answer_began_and_when_it_held_the_loop() -> None:
    """The first start of a response counts; a stall lasts until it is told, for its culprit, and the last word counts."""
    made = lane(1, 0, None)
    start = {"type": "http.response.start", "status": 200}
    for event in (call(5, Ev.SEND_BEGIN, 1, message=start), call(6, Ev.SEND_BEGIN, 2, message=start)):
        made.add(event)
    for t, culprit, number in ((300, 1, 4), (400, 1, 4), (400, 2, 5)):
        made.add(Event(9, t * MS, Ev.STALL, None, None, None, {"id": number, "ms": t - 100, "culprit": culprit}))
    assert made.answered == 5 * MS
    assert made.stalls == [Stall(100 * MS, 400 * MS, 4)]


@given(runs(), st.integers(0, 50))
def test_the_stretches_of_a_lane_fill_it_without_a_hole(events: list[Event], beyond: int) -> None:
    """They follow one another from its beginning to its end; their lengths add up to its duration."""
    connections = Connections(events)
    for conn, made in lanes_of(events).items():
        now = events[-1].t + beyond
        stretches = list(made.stretches(now))
        assert sum(ended - began for began, ended, _ in stretches) == connections[conn].duration(now)
        assert all(left.ended == right.began for left, right in pairwise(stretches))
        assert all(waited in (0, ended - began) for began, ended, waited in stretches)
        assert (made.began, made.ended) == (connections[conn].began, connections[conn].ended)


@given(runs(), st.data())
def test_a_lane_that_was_looked_at_on_the_way_is_the_same(events: list[Event], data: st.DataObject) -> None:
    """Reading stretches changes nothing, and those behind a moment are the last ones of all."""
    for conn, made in lanes_of(events).items():
        again = Lane(conn, made.began)
        for event in events:
            if event.conn == conn:
                again.add(event)
                list(again.stretches(event.t + 5))
        now = events[-1].t
        assert list(again.stretches(now)) == list(made.stretches(now))
        after = data.draw(st.integers(-1, now + 1))
        assert list(made.stretches(now, after)) == [each for each in made.stretches(now) if each.ended > after]


@pytest.mark.parametrize("calls", [MOST_STRETCHES, 20_000])
def test_a_long_lane_stays_small_and_loses_no_waiting(calls: int) -> None:
    """Short stretches are joined, a long one stays as it was, and the whole waiting is still right."""
    made = lane(1, 0, None, [(begin, begin + 3) for begin in range(5, 10 * calls, 10)])
    made.add(call(10 * calls + 5, Ev.RECEIVE_BEGIN, 0))
    made.add(call(20 * calls, Ev.RECEIVE_END, 0))
    stretches = list(made.stretches())
    assert len(stretches) <= MOST_STRETCHES + 1
    assert sum(stretch.waited for stretch in stretches) == (3 * calls + 10 * calls - 5) * MS
    assert stretches[-1] == Stretch((10 * calls + 5) * MS, 20 * calls * MS, (10 * calls - 5) * MS)
    assert all(left.ended == right.began for left, right in pairwise(stretches))


@given(st.lists(EVENTS, max_size=20))
def test_no_malformed_event_breaks_a_lane(events: list[Event]) -> None:
    """Whatever stands in a recording, stretches go forward and stay within the times there are."""
    for made in lanes_of(events).values():
        assert all(began < ended <= LATEST for began, ended, _ in made.stretches(events[-1].t))


STAYS = st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 20)), max_size=12)


def concurrency_at(concurrency: Concurrency, t: int) -> int:
    """How many were open in the millisecond that begins at `t`."""
    return next((step.most for step in concurrency.steps() if step.began <= t * MS < step.ended), 0)


@given(STAYS)
def test_the_count_at_each_moment_is_that_of_the_connections_open_then(stays: list[tuple[int, int | None]]) -> None:
    """Counted one by one it is the same; idle is where that is none, and the peak is the highest."""
    made = [lane(conn, began, None if length is None else began + length) for conn, (began, length) in enumerate(stays)]
    concurrency = Concurrency.of([*made, lane(99, 0, None, kind="lifespan")])
    counts = [sum(each.began <= t * MS and (each.ended is None or t * MS < each.ended) for each in made) for t in range(90)]
    lasting = [each for each in made if each.ended != each.began]
    if len(lasting) == len(made):  # a connection without any length is in none of the moments
        assert [concurrency_at(concurrency, t) for t in range(90)] == counts
        assert concurrency.peak == max(counts)
    for began, ended in concurrency.idle():
        assert not any(counts[max(0, -(-began // MS)) : max(0, min(90, ended // MS))])


def test_ten_thousand_connections_need_few_steps() -> None:
    """Short steps are joined to what they were at most; a long pause stays a pause."""
    concurrency = Concurrency()
    for start in (0, 1_000_000):
        for t in range(start, start + 20_000, 4):
            concurrency.begin(t)
            concurrency.begin(t + 1)
            concurrency.end(t + 2)
            concurrency.end(t + 3)
    assert len(list(concurrency.steps())) <= MOST_STEPS
    assert (concurrency.peak, concurrency.open) == (2, 0)
    assert any(began <= 19_999 and ended == 1_000_000 for began, ended in concurrency.idle())
