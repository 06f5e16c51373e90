"""The home screen lists the lessons with progress, and what else there is."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.lesson import Lesson, Pack, Page
from asgiviz.course.progress import Progress
from asgiviz.views.home import home, next_lesson
from asgiviz.views.spans import text_of
from tests.views.drawing import fits


def pack(*titles: str) -> Pack:
    lessons = tuple(
        Lesson(f"{place:02}-x", place, title, Path(), tuple(Page("p", ()) for _ in range(7)))
        for place, title in enumerate(titles, 1)
    )
    return Pack("own", "A course", Path(), lessons)


def test_lessons_say_how_far_they_are() -> None:
    """Passed, on a page, or nothing; each can be chosen, and so can everything else there is."""
    course, progress = pack("One", "Two", "Three"), Progress(Path("nowhere"))
    progress.lesson("own", "01-x").passed_at = 1.0
    progress.lesson("own", "02-x").page = 2
    drawn = {entry.id: text_of(entry.row.spans) for entry in home(course, progress, 78)}
    assert "One" in drawn["lesson:01-x"]
    assert "✓ passed" in drawn["lesson:01-x"]
    assert "page 3 of 7" in drawn["lesson:02-x"]
    assert "20 min" in drawn["lesson:02-x"]
    assert drawn["lesson:03-x"].rstrip().endswith("min")
    assert "asgiviz trace" in drawn["trace"]
    assert "asgiviz open" in drawn["open"]
    assert "asgiviz demo" in drawn["demo"]
    assert next_lesson(course, progress) is course.lessons[1]


@given(st.lists(st.text(max_size=120), max_size=5), st.integers(1, 200))
def test_any_title_fits(titles: list[str], width: int) -> None:
    """No row is too wide, and nothing of a title steers the terminal."""
    entries = home(pack(*titles), Progress(Path("nowhere")), width)
    assert all(fits(entry.row.spans, width) for entry in entries)
    assert sum((entry.id or "").startswith("lesson:") for entry in entries) == len(titles)
