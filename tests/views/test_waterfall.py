"""The waterfall: the axis maps times truly, and the drawing shows what overlapped and what stood in a queue."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.concurrency import Concurrency
from asgiviz.views.lane import Lane
from asgiviz.views.spans import SIGNS, Role, Span, Spans, in_ascii, text_of, width_of
from asgiviz.views.time_axis import STEPS, TimeAxis, moment, rounded
from asgiviz.views.waterfall import concurrency, concurrency_label, draw, label, legend, overlap, ruler
from tests.model.malformed import EVENTS
from tests.views.lanes import MS, lane
from tests.views.runs import runs

SECOND = 1_000 * MS
TIMES = st.integers(0, 10**6) | st.integers(0, 10**13) | st.sampled_from([0, 7, 2**61])


@st.composite
def axes(draw: st.DrawFn) -> TimeAxis:
    """Any window, with idle stretches in it and beyond it."""
    edges = sorted(draw(st.lists(TIMES, max_size=12, unique=True)))
    idle = tuple(zip(edges[::2], edges[1::2], strict=False))
    return TimeAxis(draw(TIMES), draw(TIMES), draw(st.integers(1, 250)), idle)


def bars(lanes: list[Lane], axis: TimeAxis, now: int = 0) -> list[str]:
    return [text_of(draw(each, axis, now)) for each in lanes]


# -- the axis ----------------------------------------------------------------------------------------------------------


@given(axes())
def test_every_column_has_its_time_and_every_time_its_column(axis: TimeAxis) -> None:
    """The first nanosecond of a column stands in it, the one before does not, and time only runs to the right."""
    starts = [axis.time(column) for column in range(axis.width + 1)]
    assert all(left < right for left, right in pairwise(starts))
    assert (starts[0], starts[-1]) == (axis.began, axis.ended)
    assert [axis.column(start) for start in starts] == [*range(axis.width), None]
    assert [axis.column(start - 1) for start in starts] == [None, *range(axis.width)]


@given(axes(), TIMES)
def test_a_place_is_its_column_and_a_fraction(axis: TimeAxis, t: int) -> None:
    """Inside the window they agree; outside, a place is the edge."""
    column, place = axis.column(t), axis.place(t)
    if column is None:
        assert place == (0 if t < axis.began else axis.width)
    else:
        assert column - 1e-6 <= place <= column + 1 + 1e-6


@given(axes())
def test_pieces_fill_the_axis_at_one_scale(axis: TimeAxis) -> None:
    """They follow each other in time and in columns; only what is idle is folded, and most columns show time that is not."""
    assert (axis.pieces[0].began, axis.pieces[-1].ended) == (axis.began, axis.ended)
    assert (axis.pieces[0].left, axis.pieces[-1].right) == (0, axis.width)
    assert all((left.ended, left.right) == (right.began, right.left) for left, right in pairwise(axis.pieces))
    folded = [piece for piece in axis.pieces if piece.folded]
    assert all(any(start <= piece.began and piece.ended <= end for start, end in axis.idle) for piece in folded)
    assert 2 * sum(piece.right - piece.left for piece in folded) <= axis.width
    for piece in axis.pieces:
        columns = piece.right - piece.left
        assert columns > 0
        if not piece.folded and len(axis.pieces) < 4:
            assert abs(columns - (piece.ended - piece.began) / axis.scale) <= 2


@given(axes(), st.floats(0.1, 1), st.data())
def test_zooming_in_keeps_what_is_under_the_cursor(axis: TimeAxis, factor: float, data: st.DataObject) -> None:
    """The window gets smaller around the time that it was zoomed around."""
    around = data.draw(st.integers(axis.began, axis.ended - 1))
    closer = axis.zoomed(factor, around)
    assert closer.ended - closer.began <= max(axis.ended - axis.began + 2, 8 * axis.width + 2)
    assert closer.began - 1 <= around <= closer.ended + 1


def test_zoom_and_pan_on_an_even_axis() -> None:
    """Half the time around a moment, the same moment in the same column; and a move by columns."""
    axis = TimeAxis(0, 100 * MS, 100)
    closer = axis.zoomed(0.5, 40 * MS)
    assert (closer.began, closer.ended) == (20 * MS, 70 * MS)
    assert closer.column(40 * MS) == axis.column(40 * MS) == 40
    assert closer.zoomed(2, 40 * MS) == axis
    assert axis.panned(-10) == TimeAxis(-10 * MS, 90 * MS, 100)
    assert axis.panned(30).within(0, 110 * MS) == TimeAxis(10 * MS, 110 * MS, 100)
    assert axis.zoomed(4, 50 * MS).within(0, 110 * MS) == TimeAxis(0, 110 * MS, 100)
    assert axis.following(250 * MS) == TimeAxis(150 * MS, 250 * MS, 100)


@given(axes())
@example(TimeAxis(0, 100 * MS, 40))
def test_ticks_are_round_moments_that_do_not_touch(axis: TimeAxis) -> None:
    """Each label has its moment's column and room behind it."""
    ticks = axis.ticks()
    ends = [tick.column + 1 + len(tick.label) for tick in ticks]
    assert all(end < tick.column for end, tick in zip(ends, ticks[1:], strict=False)) or len(axis.pieces) > 1
    assert all(end <= axis.width for end in ends)
    assert [label for _, label in TimeAxis(0, 100 * MS, 40).ticks()] == ["0", "50 ms"]


@pytest.mark.parametrize(
    ("t", "step", "shown"),
    [
        (0, 1, "0"),
        (50 * MS, 50 * MS, "50 ms"),
        (1_500_000, 500_000, "1.5 ms"),
        (6_213 * MS, MS, "6.213 s"),
        (2_500, 500, "2.5 µs"),
        (75 * SECOND, 5 * SECOND, "75 s"),
        (5_400 * SECOND, 600 * SECOND, "1 h 30 min"),
        (-50 * MS, 50 * MS, "-50 ms"),
    ],
)
def test_a_moment_has_as_many_digits_as_its_scale(t: int, step: int, shown: str) -> None:
    """The unit fits, and nothing is told that the step does not tell."""
    assert moment(t, step) == shown


@given(st.integers(0, 2**62))
def test_a_rounded_length_is_short(ns: int) -> None:
    """Seven columns are enough for any time, and steps only grow."""
    assert len(rounded(ns)) <= 7
    assert all(low < high for low, high in pairwise(STEPS))


# -- the bars ----------------------------------------------------------------------------------------------------------


def test_ten_requests_at_once_are_seen_beside_each_other() -> None:
    """Every bar spans the same columns; the profile stands at its highest, and the sentence says it."""
    lanes = [lane(conn, 0, 40, [(10, 20)]) for conn in range(1, 11)]
    axis = TimeAxis(0, 40 * MS, 20)
    assert bars(lanes, axis) == ["█████░░░░░██████████"] * 10
    profile = Concurrency.of(lanes)
    assert text_of(concurrency(profile, axis)) == "█" * 20
    assert text_of(concurrency_label(profile, 26)) == "open at once, at most 10  "
    assert overlap(len(lanes), profile.peak) == "10, up to 10 at once"


def test_ten_requests_in_a_queue_are_seen_as_stairs() -> None:
    """Each begins where the one before it ends; never more than one is open."""
    lanes = [lane(conn, 4 * conn, 4 * conn + 4) for conn in range(10)]
    axis = TimeAxis(0, 40 * MS, 20)
    assert bars(lanes, axis) == [" " * (2 * conn) + "██" + " " * (18 - 2 * conn) for conn in range(10)]
    assert set(text_of(concurrency(Concurrency.of(lanes), axis))) == {"▂"}
    assert overlap(len(lanes), Concurrency.of(lanes).peak) == "10, one after the other"


def test_what_is_said_of_few_connections() -> None:
    """Of none and of one there is nothing to compare; the lifespan does not count for the peak."""
    lifespan, one = lane(1, 0, None, kind="lifespan"), lane(2, 0, 9)
    assert overlap(0, Concurrency.of([lifespan]).peak) == "no connection yet"
    assert overlap(1, Concurrency.of([lifespan, one]).peak) == "1 connection"


def test_a_bar_shows_half_columns_moments_and_its_end() -> None:
    """Edges are drawn to half a column, what took most of a column is its sign; an open lane ends in ▒, a failed one in ✗."""
    axis = TimeAxis(0, 100 * MS, 10)
    waiting = lane(1, 5, None, [(20, 49), (50, 70)])
    assert text_of(draw(waiting, axis, 90 * MS)) == "▐█░░░░░██▒"
    assert text_of(draw(lane(1, 0, 84, outcome="raised"), axis, 0)) == "████████✗ "
    assert text_of(draw(lane(1, 0, 84), axis, 0, failed=True)) == "████████✗ "
    assert text_of(draw(lane(1, 0, 84), axis, 0)) == "████████▌ "


def test_the_time_that_held_the_loop_is_marked() -> None:
    """A stall is drawn over the bar of its culprit, as an error, though it is told when the app's call is over."""
    culprit = lane(1, 0, 75)
    culprit.add(Event(9, 80 * MS, Ev.STALL, None, None, None, {"ms": 30, "culprit": 1}))
    assert draw(culprit, TimeAxis(0, 100 * MS, 10), 0) == [
        Span("█████", Role.RUNNING),
        Span("▓▓▓", Role.ERROR),
        Span("  ", Role.QUIET),
    ]


def test_the_cursor_hides_nothing() -> None:
    """It is a thin line where nothing is, and marks the sign where something is; the ruler tells its time."""
    axis = TimeAxis(0, 100 * MS, 20)
    made = lane(1, 50, 51)
    assert draw(made, axis, 0, 20 * MS)[1] == Span("│", Role.STRONG)
    assert Span("▏", Role.MARK) not in draw(made, axis, 0, 50 * MS)
    assert Span("▌", Role.MARK) in draw(made, axis, 0, 50 * MS)
    assert text_of(ruler(axis, 20 * MS)) == "▏0  ▼ 20 ms         "
    assert text_of(ruler(axis, 95 * MS)) == "▏0           95 ms ▼"
    assert text_of(ruler(axis, 200 * MS)) == text_of(ruler(axis))


def test_an_idle_stretch_is_folded_in_all_lines() -> None:
    """The mark has the length of what is left out; the lifespan is drawn through it."""
    lanes = [lane(1, 0, None, [(1, 12_200)], kind="lifespan"), lane(2, 0, 100), lane(3, 12_100, 12_200)]
    axis = TimeAxis(0, 12_200 * MS, 28, Concurrency.of(lanes).idle())
    assert text_of(ruler(axis)) == "▏0        ┊ 12 s ┊▏12.1 s   "
    assert bars(lanes, axis, 12_200 * MS) == [
        "░░░░░░░░░░┊░░░░░░┊░░░░░░░░░▒",
        "██████████┊      ┊          ",
        "          ┊      ┊██████████",
    ]


@given(runs(), st.integers(1, 120), st.integers(0, 700), st.integers(0, 700), st.booleans())
def test_every_line_is_as_wide_as_the_axis(events: list[Event], width: int, t0: int, t1: int, folded: bool) -> None:
    """Whatever is recorded and whatever window is looked at; and nothing is drawn with a sign that has no ASCII twin."""
    connections = Connections(events)
    profile = Concurrency.of(connections.values())
    axis = TimeAxis(t0, t1, width, profile.idle() if folded else ())
    lines: list[Spans] = [ruler(axis, t0), ruler(axis, t1), concurrency(profile, axis), concurrency_label(profile, width)]
    for conn, connection in connections.items():
        made = Lane(conn, connection.began)
        for event in events:
            if event.conn == conn:
                made.add(event)
        lines.append(bar := draw(made, axis, events[-1].t, t0, connection.failed))
        visible = connection.began < axis.ended and made.end(events[-1].t) >= axis.began
        assert visible <= any(sign not in " │┊" for sign in text_of(bar)), "a connection is never invisible"
        assert width_of(label(connection, width, Mask())) == width
    assert [width_of(line) for line in lines] == [width] * len(lines)
    assert all(sign.isascii() or sign in SIGNS for line in lines for sign in text_of(line))
    assert [width_of(in_ascii(line)) for line in lines] == [width] * len(lines)


@given(st.lists(EVENTS, max_size=20), st.integers(1, 60))
def test_a_malformed_recording_is_drawn_all_the_same(events: list[Event], width: int) -> None:
    """Times that go back or lie beyond all clocks, and values of any kind: nothing raises."""
    connections = Connections(events)
    axis = TimeAxis(min((e.t for e in events), default=0), max((e.t for e in events), default=0), width)
    for conn, connection in connections.items():
        made = Lane(conn, connection.began)
        for event in events:
            if event.conn == conn:
                made.add(event)
        assert width_of(draw(made, axis, events[-1].t, events[0].t)) == width
        assert width_of(label(connection, width)) == width
    assert width_of(concurrency(Concurrency.of(connections.values()), axis)) == width
    assert width_of(ruler(axis, 0)) == width


def test_the_label_tells_which_connection_it_is() -> None:
    """Number, method, path and code; secrets are masked; where it is narrow, the code goes first."""
    connection = Connection(7, 0)
    connection.method, connection.path, connection.status, connection.query = "POST", "/orders", 201, b"token=abc"
    assert text_of(label(connection, 36, None)) == "#7   POST /orders?token=abc      201"
    assert text_of(label(connection, 36)) == "#7   POST /orders?token=***      201"
    assert text_of(label(connection, 27)) == "#7   POST /orders?toke… 201"
    assert text_of(label(connection, 18)) == "#7   POST /orders "
    assert text_of(label(connection, 12)) == "#7   POST /…"


def test_the_legend_says_the_most_important_first() -> None:
    """All the signs where there is room, never wider than that."""
    assert legend(100) == "█ in the app  ░ in receive or send  ▒ open  ▓ holds the loop  ✗ failed"
    assert legend(36) == "█ in the app  ░ in receive or send"
    assert all(len(legend(width)) <= width for width in range(150))
