"""The restaurant shows who stands in line, who sits, which waiter stands still; it moves with time and stays in its frame."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.run_record import RunRecord
from asgiviz.model.events import Event
from asgiviz.views.restaurant import draw
from asgiviz.views.restaurant_room import room_of, sentence
from asgiviz.views.spans import SIGNS, in_ascii, text_of, width_of
from tests.views.drawing import fits
from tests.views.staged import S, lesson_one
from tests.views.test_stage_lanes import STRANGE, strange_run

ONE, ASLEEP = lesson_one(), lesson_one(blocking=True, threads=4)
MANY = lesson_one(60, threads=7)


def picture(record: object, width: int, height: int, seconds: float) -> list[str]:
    rows = draw(record, width, height, int(seconds * S))  # type: ignore[arg-type]
    return [text_of(row.spans) for row in rows]


@given(st.sampled_from([ONE, ASLEEP, MANY]), st.integers(1, 220), st.integers(1, 60), st.floats(-1, 7))
@settings(max_examples=80)
def test_the_picture_stays_in_its_frame(record: object, width: int, height: int, seconds: float) -> None:
    """Rows are exactly as wide as the pane and no more than it has; every sign has its ASCII twin, one column each."""
    rows = draw(record, width, height, int(seconds * S))  # type: ignore[arg-type]
    assert len(rows) <= height
    for row in rows:
        text = text_of(row.spans)
        assert width_of(row.spans) == width == len(text)
        assert all(character.isascii() or character in SIGNS for character in text)
        assert text_of(in_ascii(row.spans)).isascii()
        assert width_of(in_ascii(row.spans)) == width


@given(st.lists(STRANGE, max_size=40), st.integers(1, 130), st.integers(1, 40), st.integers(-(10**10), 10**13))
@settings(max_examples=50)
def test_whatever_was_recorded_can_be_drawn(events: list[Event], width: int, height: int, at: int) -> None:
    """Nothing raises, and no row is too wide."""
    assert all(fits(row.spans, width) for row in draw(strange_run(events), width, height, at))


def test_a_nap_that_goes_on_is_seen_before_anybody_tells_of_it() -> None:
    """A watch tells of a hold when it is over; a step that has begun and does not end is one, at the moment that has come."""
    before_its_end = [event for event in ASLEEP.events if event.t - (ASLEEP.zero or 0) <= int(1.2 * S)]
    live = RunRecord(before_its_end)
    told, _ = sentence(room_of(live, live.sides["asgi"], int(1.4 * S)))
    assert told.startswith("The waiter is stuck at table 3")
    assert any("Wzz" in row for row in picture(live, 78, 18, 1.4)[9:])


def test_ten_guests_of_two_sides_are_seen_at_80x24() -> None:
    """In 78 columns and 18 rows every guest of both sides has a table or stands in line, and both sentences are whole."""
    rows = picture(ONE, 78, 18, 0.2)
    assert len(rows) == 18
    assert "○2 ○3 ○4 ○5 ○6 ○7 ○8 ○9 ○10" in rows[5]
    assert all(f"[{guest}]" in rows[11] for guest in range(1, 11))
    assert rows[7].strip() == "The waiter stands still at table 1 until the dish is there. 9 in line."
    assert rows[15].strip() == "The waiter has taken 10 orders and walks on. Nobody stands in line."


def test_one_waiter_stands_still_and_the_other_walks_on() -> None:
    """The thread stays above its table; the loop has left its last one."""
    rows = picture(ONE, 78, 18, 0.2)
    assert rows[2].index("W░") in range(rows[3].index("[1]") - 1, rows[3].index("[1]") + 3)
    assert rows[10].index("W→") in range(rows[11].index("[10]") - 1, rows[11].index("[10]") + 4)


def test_a_waiter_that_sleeps_leaves_everybody_at_the_door() -> None:
    """It is above the table where it sleeps, the sentence says in which line, and the others stand in line."""
    rows = picture(ASLEEP, 78, 18, 1.2)
    assert "Wzz" in rows[10]
    assert "[3]" in rows[11]
    assert "○4 ○5 ○6 ○7 ○8 ○9 ○10" in rows[13]
    assert rows[15].strip() == "The waiter sleeps at table 3 (time.sleep, asgi.py:7). 7 wait at the door."


def test_the_picture_moves_forwards_and_backwards() -> None:
    """Each moment has one picture, however it is reached; later ones have served more, and the frame does not jump."""
    times = [0.2, 0.7, 1.2, 3.3, 6.0]
    forwards = [picture(ONE, 78, 18, seconds) for seconds in times]
    assert forwards == [picture(ONE, 78, 18, seconds) for seconds in reversed(times)][::-1]
    served = [rows[6].split("served ")[1].split()[0] for rows in forwards]
    assert served == ["0", "1", "2", "6", "10"]
    assert len({tuple(row[:1] for row in rows[:7]) for rows in forwards}) == 1


def test_sides_stand_beside_each_other_where_there_is_room() -> None:
    """From 100 columns on both headings are in one row."""
    assert "WSGI" in picture(ONE, 100, 20, 1)[0]
    assert "ASGI" in picture(ONE, 100, 20, 1)[0]
    assert "ASGI" not in picture(ONE, 99, 20, 1)[0]


def test_more_guests_than_tables_are_counted() -> None:
    """Tables that are not drawn and guests that do not fit at the door are told as numbers; nobody is lost."""
    rows = picture(MANY, 78, 18, 0.2)
    assert "more tables" in rows[1]
    assert "door 53" in rows[4]
    drawn = rows[5].split("│")[1]
    assert drawn.count("○") + int(drawn.split("+")[1]) == 53


def test_the_sentence_follows_the_evening() -> None:
    """Before anybody came, and when all have left."""
    side = ONE.sides["wsgi"]
    assert sentence(room_of(ONE, side, -S))[0] == "The restaurant is open. No guest has come yet."
    assert sentence(room_of(ONE, side))[0] == "Each of the 10 guests has been served, the last one after 5.00 s."
