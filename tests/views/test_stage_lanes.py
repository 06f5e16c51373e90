"""The stage says who waited, who ran and who had not begun, at any moment, for any recording; and steps through it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.run_record import SIDE, RunRecord
from asgiviz.model.events import Ev, Event
from asgiviz.views.client_lanes import Phase, end_of, lanes_of
from asgiviz.views.spans import Row, in_ascii, text_of, width_of
from asgiviz.views.stage_lanes import Stage, counts, draw, held_in, legend, suspended_at
from asgiviz.views.stage_moments import moments, next_moment, record_at
from tests.model.malformed import FROZEN
from tests.views.drawing import fits
from tests.views.staged import ZERO, S, Script, lesson_one, looping, threaded

FIELDS = st.dictionaries(
    st.sampled_from(
        ["client", "what", "local", "status", "task", "at", "thread", "environ", "ms", "culprit", "stack", "name", "data"]
    )
    | st.sampled_from(["scope", "message", "outcome", "error", "id", "phase", "span", "trouble", "ending"]),
    FROZEN | st.sampled_from(["a/1", "w/2", "connected", "sent", "received", "closed", "raised"]) | st.just(["127.0.0.1", 9]),
    max_size=8,
)
STRANGE = st.builds(
    Event,
    st.integers(1, 1000),
    st.integers(-(10**12), 10**12) | st.integers(),
    st.sampled_from([ev.value for ev in Ev]),
    st.none() | st.integers(0, 4),
    st.none() | st.just(0),
    st.none(),
    FIELDS,
)


def strange_run(events: list[Event]) -> RunRecord:
    """Both kinds of sides, and whatever happens in them."""
    sides = [
        Event(
            1,
            0,
            Ev.NOTE,
            None,
            None,
            None,
            {"name": SIDE, "data": {"id": id_, "interface": kind, "first": first, "last": last}},
        )
        for id_, kind, first, last in (("a", "asgi", 1, 2), ("w", "wsgi", 3, 4))
    ]
    return RunRecord([*sides, *events])


def texts(rows: list[Row]) -> list[str]:
    return [text_of(row.spans) for row in rows]


@given(
    st.lists(STRANGE, max_size=40),
    st.integers(1, 130),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(-(10**10), 10**14),
    st.booleans(),
)
@settings(max_examples=60)
def test_every_row_is_as_wide_as_it_should_be_whatever_was_recorded(
    events: list[Event], width: int, height: int | None, at: int | None, deep: bool
) -> None:
    """Nothing raises, no row is too wide, there are no more rows than asked for, and the ASCII twin is as wide."""
    record = strange_run(events)
    rows = draw(Stage([("", record), ("again", record)], deep=deep), width, height, at)
    assert height is None or len(rows) <= height
    for row in rows:
        assert fits(row.spans, width)
        assert width_of(row.spans) == width
        assert width_of(in_ascii(row.spans)) == width
    for side in record.sides.values():
        suspended_at(record, side, at)
        held_in(record, side, bool, at)
    known = moments(record)
    assert [moment.place for moment in known] == sorted(moment.place for moment in known)


def test_stairs_under_wsgi_and_one_block_under_asgi() -> None:
    """With one thread each client's solid part begins later than the one before; under ASGI nobody is solid for long."""
    rows = texts(draw(Stage([("", lesson_one())]), 78))
    stairs = [row.index("█") for row in rows[1:11]]
    assert stairs == sorted(stairs)
    assert len(set(stairs)) == 10
    assert all("░" in row and "█" not in row for row in rows[12:22])
    assert rows[0].rstrip().endswith("5.00 s")
    assert rows[11].rstrip().endswith("0.51 s")


def test_waiting_in_line_and_not_begun_are_told_apart_from_suspended() -> None:
    """A blocked loop shows · for those it has not begun with and ▓ for who holds it; WSGI shows ░ for who stands in line."""
    record = lesson_one(blocking=True)
    rows = texts(draw(Stage([("", record)]), 78, None, int(0.7 * S)))
    assert "▓" in rows[13]
    assert "·" in rows[13]
    assert "░" not in rows[13]
    assert set(rows[21][5:].strip()) == {"·"}
    assert set(rows[10][5:].strip()) == {"░"}


@given(st.integers(2, 12), st.integers(1, 45), st.integers(30, 200))
@settings(max_examples=30)
def test_on_one_loop_no_two_clients_are_solid_at_once(clients: int, milliseconds: int, width: int) -> None:
    """Steps one after the other, each too short to hold the loop: one █ at most in a column, and every step is seen."""
    script = Script(clients=clients)
    looping(script, clients, milliseconds / 1000, blocking=True, watched=False)
    rows = texts(draw(Stage([("", script.record())]), width))[1 : clients + 1]
    assert all(sum(row[column] == "█" for row in rows) <= 1 for column in range(5, width))
    assert all(any(sign in row for sign in "█▌▐▏") for row in rows)


def test_the_past_can_be_seen_without_what_came_after_it() -> None:
    """At a moment nothing that came later is drawn, and the heading shows the time that runs."""
    record = lesson_one()
    early = texts(draw(Stage([("", record)]), 78, None, int(1.2 * S)))
    late = texts(draw(Stage([("", record)]), 78, None, int(4.9 * S)))
    assert early[0].rstrip().endswith("1.20 s …")
    assert sum(row.count("█") for row in early) < sum(row.count("█") for row in late)
    assert "█" not in early[10]
    assert "█" in late[10]
    assert early[-1].index("▼") < late[-1].index("▼")


@pytest.mark.parametrize("height", [8, 12, 18, 24])
def test_who_finds_no_room_is_counted(height: int) -> None:
    """The lanes and the counted ones are all the clients; the last one has its lane."""
    script = Script(clients=100)
    threaded(script, 100, 0.5, 4)
    rows = texts(draw(Stage([("", script.record())]), 78, height, int(3.3 * S)))
    counted = next(row for row in rows if "more:" in row)
    hidden = int(counted.split("and ")[1].split(" more")[0])
    lanes = sum(1 for row in rows if row[:5].strip().isdecimal())
    assert hidden + lanes == 100
    assert any(row.startswith(" 100 ") for row in rows)
    assert sum(int(part.split()[0]) for part in counted.split(": ")[1].split(", below")[0].split(", ")) == hidden


def test_a_failed_client_says_so() -> None:
    """It ends with ✗ and its status."""
    script = Script(clients=2)
    threaded(script, 2, broken=2)
    rows = texts(draw(Stage([("", script.record())]), 78))
    assert "✗ 500" in rows[2]
    assert "✗" not in rows[1]


def test_runs_are_compared_on_one_axis() -> None:
    """The same length of time is as wide in both runs, and the titles tell them apart."""
    one, four = (lesson_one(threads=threads) for threads in (1, 4))
    rows = texts(draw(Stage([("1 thread", one), ("4 threads", four)]), 100))
    firsts = [row.count("█") for row in rows if row.startswith("   1 ") and "█" in row]
    assert len(firsts) == 2
    assert firsts[0] == firsts[1]
    assert any("   4 threads" in row for row in rows)


def test_below_the_lanes_is_who_runs() -> None:
    """The loop tells its turns in order, a thread whom it served when."""
    rows = texts(draw(Stage([("", lesson_one(clients=3, threads=2))], deep=True), 78))
    assert any("in order: 1 2 3 ┆ 1 2 3" in row for row in rows)
    served = next(row for row in rows if row.startswith("T1"))
    assert served.index("1", 5) < served.index("3", 6)
    assert "2" not in served[5:]


def test_threads_are_shown_all_or_not_at_all() -> None:
    """Ten threads have no lanes, and where there is no room for all of four there is none; clients are drawn instead."""
    assert not any(row.startswith("T") for row in texts(draw(Stage([("", lesson_one(threads=10))], deep=True), 78)))
    four = Stage([("", lesson_one(threads=4))], deep=True)
    assert sum(row.startswith("T") for row in texts(draw(four, 78))) == 4
    assert not any(row.startswith("T") for row in texts(draw(four, 78, 13)))


def test_the_code_pane_knows_where_requests_are_suspended() -> None:
    """While the kitchen cooks all ten stand at the await; when one is served it does not."""
    record = lesson_one()
    side = record.sides["asgi"]
    assert suspended_at(record, side, int(0.2 * S)) == {("/lesson/apps/asgi.py", 7): [*range(1, 11)]}
    assert suspended_at(record, side, 2 * S) == {}
    blocked = lesson_one(blocking=True)
    in_the_app = "/lesson/apps/asgi.py".__eq__
    assert held_in(blocked, blocked.sides["asgi"], in_the_app, int(0.7 * S)) == (2, 7)
    assert held_in(blocked, blocked.sides["asgi"], "/lesson/apps/other.py".__eq__, int(0.7 * S)) is None


def test_phases_are_what_was_recorded() -> None:
    """In line, then running; a client that is done has no phase."""
    record = lesson_one()
    lanes = lanes_of(record, record.sides["wsgi"], int(1.2 * S))
    assert [lane.phase for lane in lanes[:4]] == [None, None, Phase.RUNNING, Phase.LINE]
    assert counts(lanes, wsgi=True) == "2 served, 1 in the app, 7 in line"


def test_stepping_goes_through_every_moment_and_back() -> None:
    """From the first to the last and back, each once; the run at a moment has only what happened until then."""
    record = lesson_one(clients=3)
    known = moments(record)
    seen, here = [known[0]], known[0]
    while (after := next_moment(record, here.at, 1, known, here.seqs[-1])) is not None:
        seen.append(after)
        here = after
    assert seen == known
    assert next_moment(record, known[-1].at, -1, known, known[-1].seqs[-1]) == known[-2]
    assert next_moment(record, -1, 1, known) == known[0]
    assert next_moment(record, end_of(record) * 9, 1, known) is None
    assert any("WSGI, client 2: thread waitress-0 takes it: the handler begins" in moment.sentence for moment in known)
    middle = known[len(known) // 2]
    assert max(event.seq for event in record_at(record, middle).events if event.t == ZERO + middle.at) == middle.seqs[-1]


def test_the_legend_explains_every_sign_that_it_has_room_for() -> None:
    """Wide enough, it has them all."""
    assert all(sign in text_of(legend(120)) for sign in "█░·▓▒─✗")
    assert width_of(legend(30)) == 30
