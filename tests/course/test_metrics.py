"""What is measured in the record of a run: each metric on a run that one can count by hand, and against plain counting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.metrics import METRICS, MetricError, measure, measure_all, why_not
from asgiviz.course.run_record import RunRecord
from asgiviz.course.stays import Stay, open_at_most
from asgiviz.model.events import CLOSELY, Event
from tests.course.recordings import Recording, in_a_row, together

MOMENTS = st.integers(0, 12)


def value(run: Recording, name: str) -> float | None:
    """What a metric of a recording comes to."""
    found = measure(run.record(), name)
    return None if found is None else found.value


def steps(*tasks: int) -> Recording:
    """One request for each task; the loop lets these tasks run one after the other, 0.1 s each."""
    run = Recording()
    conns = {task: run.begin(0, task) for task in sorted(set(tasks))}
    for place, task in enumerate(tasks):
        run.step(conns[task], place / 10, (place + 1) / 10, task)
    return run


ROW_OF_THREE: dict[str, Any] = {"makespan": 3, "first": 1, "longest_wait": 2, "overlap": 1, "served": 3, "duration": 1}


@pytest.mark.parametrize(("name", "wanted"), ROW_OF_THREE.items())
def test_a_row_of_three_requests_of_a_second_is_measured(name: str, wanted: float) -> None:
    """Three requests of one second, one after the other, come to what one counts on one's fingers."""
    assert value(in_a_row(3), name) == pytest.approx(wanted)


def test_where_a_call_was_made_is_no_event_that_crossed() -> None:
    """A run that was recorded closely comes to the same figures."""
    run = in_a_row(3)
    before = {name: value(run, name) for name in METRICS if measure(run.record(), name) is not None}
    for ev in CLOSELY:
        run.tell(0.5, ev, 1, what="send", stack=[])
    assert {name: value(run, name) for name in before} == before
    assert before["events"]


def test_three_requests_together_are_open_at_once_and_done_after_one() -> None:
    """Requests that overlap take as long as one of them."""
    assert value(together(3), "overlap") == 3
    assert value(together(3), "makespan") == pytest.approx(1)


def test_a_wsgi_side_counts_its_line_and_its_threads() -> None:
    """Of three requests in a row two stand in line at first, and the different threads of the handlers are counted."""
    run = in_a_row(3, interface="wsgi")
    assert value(run, "queued") == 2  # the first is taken at once
    assert value(run, "threads") == 3  # the recording gives each client a thread of its own
    assert value(run, "running") == 1
    assert "no event loop" in why_not(run.record(), "lag")


def test_a_loop_changes_between_tasks_and_never_runs_two() -> None:
    """Three tasks that take turns make five changes in six steps; in a row they make two; one runs at any instant."""
    assert value(steps(1, 2, 3, 1, 2, 3), "switches") == 5
    assert value(steps(1, 1, 2, 2, 3, 3), "switches") == 2
    assert value(steps(1, 2, 3, 1, 2, 3), "running") == 1


def test_lag_is_the_longest_of_stalls_and_steps() -> None:
    """A step that the watch did not see counts, and a stall longer than each step does."""
    run = Recording()
    conn = run.request(1, 0, 1)
    run.step(conn, 0.0, 0.4)
    assert value(run, "lag") == pytest.approx(0.4)
    run.stall(0.9, 700, conn)
    assert value(run, "lag") == pytest.approx(0.7)


def test_a_stall_counts_once_and_only_since_the_clients_were_let_go() -> None:
    """What is told again replaces what was told, and an import that took long before the run is none of its lag."""
    run = together(2)
    run.stall(0.1, 900, number=1).stall(0.5, 300, number=2, ongoing=True).stall(0.6, 400, number=2)
    assert value(run, "lag") == pytest.approx(0.4)
    assert len(next(iter(run.record().sides.values())).stalls) == 2


def test_makespan_is_not_measured_when_a_client_was_never_served() -> None:
    """Nobody is told that the last client was served when one was not."""
    run = together(2)
    run.asks(3).client(3, "closed", 2.0, trouble="it took too long")
    assert value(run, "makespan") is None
    assert "1 of 3 clients" in why_not(run.record(), "makespan")
    assert value(run, "first") == pytest.approx(1)


def test_a_request_that_never_began_waits_until_the_end() -> None:
    """A client whose request the app never saw is the one that waited longest."""
    run = together(1)
    run.asks(2, 0.5)
    run.note("later", 3.0)
    assert value(run, "longest_wait") == pytest.approx(2.5)


def test_warm_up_requests_are_none_of_the_run_and_the_lifespan_is_there() -> None:
    """What came before the clients were let go does not count, whenever its server is announced."""
    run = together(2)
    run.lifespan()
    warm = run.begin(-0.5, 99)
    run.exit(warm, 0.7)
    run.span("query", -0.5, 0.7, warm)
    side = run.record().sides["asgi"]
    assert [call.conn for call in side.requests] == [1, 2]
    assert [call.kind for call in side.connections.values()] == ["lifespan", "http", "http", "http"]
    assert value(run, "overlap") == 2
    assert value(run, "span_overlap") is None


def test_what_comes_before_its_side_is_placed_when_the_side_is_known() -> None:
    """A lifespan that is recorded before the laboratory says whose it is belongs to its side all the same."""
    side = RunRecord(_late_side(together(2))).sides["asgi"]
    assert [call.kind for call in side.connections.values()] == ["lifespan", "http", "http"]
    assert len(side.requests) == 2


def _late_side(run: Recording) -> list[Event]:
    run.lifespan(-0.95)
    events = run.events()
    side = next(event for event in events if event.get("name") == "asgiviz.side")
    rest = [event for event in events if event is not side]
    place = next(place for place, event in enumerate(rest) if event.get("name") == "asgiviz.go")
    return [*rest[:place], side, *rest[place:]]


def test_sides_are_measured_apart_and_a_bare_name_is_not_guessed() -> None:
    """With two sides each has its numbers, and a name without a side says that there are two."""
    run = in_a_row(2, interface="wsgi")
    run.side("asgi", "asgi", 1001)
    for number in (1, 2):
        run.request(number, 0, 1)
    assert value(run, "wsgi.makespan") == pytest.approx(2)
    assert value(run, "asgi.makespan") == pytest.approx(1)
    assert value(run, "asgi.max_lag") == 0
    assert value(run, "makespan") is None
    assert "wsgi, asgi" in why_not(run.record(), "makespan")
    assert measure_all(run.record())["wsgi.overlap"].value == 1


def test_an_unknown_metric_is_refused_with_the_list() -> None:
    """Who misspells a metric reads which there are."""
    with pytest.raises(MetricError, match="makespan, first"):
        measure(together().record(), "asgi.speed")


def test_nothing_at_all_measures_nothing() -> None:
    """Of an empty run every metric says why it has no value; none is 0 by accident, and none raises."""
    for name in METRICS:
        assert value(Recording(), name) is None
        assert why_not(Recording().record(), name)
        assert why_not(RunRecord(), name) == "no server was started"


def test_a_fold_that_grows_is_what_a_whole_recording_gives() -> None:
    """What is measured at any moment of a run is what its recording up to there gives."""
    events = in_a_row(3).events()
    growing = RunRecord()
    for place, event in enumerate(events, 1):
        growing.add(event)
        assert measure_all(growing) == measure_all(RunRecord(events[:place]))


@given(st.lists(st.tuples(MOMENTS, MOMENTS | st.none()), max_size=12))
def test_overlap_is_what_plain_counting_gives(times: list[tuple[int, int | None]]) -> None:
    """The most that are open at once is the largest count over all beginnings."""
    stays = [Stay((a, 2 * i), None if b is None else (max(a, b), 2 * i + 1), i) for i, (a, b) in enumerate(times)]
    counted = [sum(other.is_open_at(stay.began) for other in stays) for stay in stays]
    assert len(open_at_most(stays)) == max(counted, default=0)


@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=8))
def test_the_overlap_of_a_recording_is_what_plain_counting_gives(times: list[tuple[int, int]]) -> None:
    """The same through a recording: requests that begin and end at any time."""
    run = Recording()
    for number, (one, other) in enumerate(times, 1):
        run.request(number, min(one, other), max(one, other))
    ends: dict[int, int] = {}
    most = 0
    for event in run.events():
        if event.ev == "scope":
            ends[event.conn or 0] = 1
        elif event.ev == "exit":
            del ends[event.conn or 0]
        most = max(most, len(ends))
    assert value(run, "overlap") == most


def test_each_of_five_hundred_clients_finds_its_own_request() -> None:
    """A client and its request find each other by the address that the client calls from, also when a connection is kept."""
    run = together(500)
    again = run.begin(2, 7)
    side = run.record().sides["asgi"]
    for number, client in side.clients.items():
        calls = side.connections_of(client)
        assert [call.path for call in calls] == [f"/item/{number}"] + ["/"] * (number == 7)
        assert all(side.client_of(call) is client for call in calls)
    assert side.connection_of(side.clients[7]) is not side.connections[again]
