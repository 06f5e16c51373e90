"""Beside a lesson's text: every word that is explained stands on the page, and the instructor's notes are those of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.lesson import Ask, Go, Lesson, Page, Practise, Prose, ShowCode
from asgiviz.course.progress import Answer, LessonProgress, Ran
from asgiviz.course.reading import read_pack
from asgiviz.course.walk import Walk
from asgiviz.lessons_place import lessons_directory
from asgiviz.views.lesson_notes import notes, terms
from tests.views.test_lesson_text import walk as little_walk

PACK = read_pack(lessons_directory(), official=True)
PAGES = [(lesson, place) for lesson in PACK.lessons for place in range(len(lesson.pages))]
#: What is written into a page, in place of what is in sight.
TEXTS = st.text() | st.sampled_from(["{metric:x.y} {value:1/0}", "`" * 7, "## start (", "\x1b[31m", "{run:", "event loop"])


def opened(lesson: Lesson, place: int, done: bool) -> Walk:
    """A lesson open on a page: as it is first seen, or with all that can be done on it but the exercise."""
    progress = LessonProgress()
    progress.page = place
    for block in lesson.pages[place].blocks if done else ():
        if isinstance(block, Ask):
            asked = lesson.questions[block.question]
            said = asked.answer if asked.answer is not None else 1.0
            progress.answers[asked.id] = Answer(said, confidence=2, right=True)
        elif isinstance(block, Go):
            progress.runs[block.run] = Ran({}, {}, 1, 0.0, "virtual")
    return Walk(lesson, progress, {"cores": 2.0}, PACK.misconceptions)


def sources(lesson: Lesson, place: int) -> dict[str, str]:
    """The files that a page shows."""
    files = [block.file for block in lesson.pages[place].blocks if isinstance(block, ShowCode)]
    return {file: (lesson.directory / file).read_text(encoding="utf-8") for file in files}


def explained(walk: Walk) -> list[str]:
    """The words that are explained on a page."""
    return [entry.word for entry in terms(walk, sources(walk.lesson, walk.page_index))]


@pytest.mark.parametrize(("lesson", "place"), PAGES, ids=lambda value: getattr(value, "slug", str(value)))
@pytest.mark.parametrize("done", [False, True], ids=["first seen", "done"])
def test_every_page_has_words_that_are_explained(lesson: Lesson, place: int, done: bool) -> None:
    """No page of our lessons is without one, none comes twice, and what has been done takes none away."""
    found = explained(opened(lesson, place, done))
    assert found
    assert len(found) == len(set(found))
    assert set(explained(opened(lesson, place, False))) <= set(found)


def test_what_a_newcomer_did_not_know_is_explained() -> None:
    """On the pages that use them, the words of the field and those of the screen are there."""
    wanted = {
        "ASGI", "WSGI", "event loop", "waitress", "uvicorn", "worker", "thread", "handler", "callback", "hold the loop", "lane",
        "coroutine", "task", "suspended", "await", "recording", "note", "virtual clock", "real clock", "speed", "thread pool",
        "driver", "evidence", "saw", "wanted", "side", "scope",
    }  # fmt: skip
    found = {word for lesson, place in PAGES for word in explained(opened(lesson, place, True))}
    assert wanted - found == set()


def test_words_come_in_the_order_of_the_page() -> None:
    """First what stands in the text above, then the question, then what is said around the exercise."""
    page = Page("A thread", (Prose("The *server* calls your app."), Prose("It awaits; the server again."), Practise()))
    assert explained(with_page(page)) == [
        "thread", "server", "application", "await", "recording", "evidence", "saw", "wanted",
    ]  # fmt: skip


def test_what_does_not_stand_on_the_page_is_not_explained() -> None:
    """Ordinary words, what is for the instructor, what is still hidden, and runs that are not in sight explain nothing."""
    hidden = (Prose("Say that the thread sleeps.", "instructor"), Ask("p1"), Prose("A coroutine."), Go("one"))
    assert explained(with_page(Page("Type the path", (Prose("Close it from here: 200."), *hidden)))) == []


def test_a_run_brings_the_words_of_its_stage() -> None:
    """The clock that it is made on, its servers, its lanes: not before it is in sight, and the other clock when it is taken."""
    lesson = next(lesson for lesson in PACK.lessons if lesson.number == 6)
    assert not {"lane", "virtual clock"} & set(explained(opened(lesson, 0, False)))
    walk = opened(lesson, 0, True)
    found = explained(walk)
    assert {"lane", "virtual clock", "uvicorn", "hold the loop"} <= set(found)
    assert not {"waitress", "real clock", "side"} & set(found)  # one side, and that is ASGI
    (run,) = (block.run for block in walk.page.blocks if isinstance(block, Go))
    walk.switch_clock(run)
    assert set(explained(walk)) - set(found) == {"real clock"}


def with_page(page: Page) -> Walk:
    """The little lesson of these tests with only this page."""
    walk = little_walk()
    return Walk(replace(walk.lesson, pages=(page,)), LessonProgress(), {"cores": 2.0}, {})


@given(TEXTS, TEXTS)
def test_any_text_of_an_author_will_do(text: str, written: str) -> None:
    """Whatever is written into a lesson, into its sources and into notes.md, nothing raises."""
    walk = little_walk(text)
    walk.choose("p1", "a")
    walk.be_sure("p1", 2)
    walk.ran("one", {"wsgi.makespan": 5.02})
    assert terms(walk, {"apps/a.py": text})
    walk.progress.page = 1
    assert terms(walk)
    assert isinstance(notes(walk.lesson, walk.page, written), str)


def test_the_instructor_reads_the_sections_of_the_page() -> None:
    """Each section of notes.md stands at its anchor: the first page has start, the last one close, none has the others."""
    written = (
        "# All\n\n## start (3 min)\n\nBegin.\n\n## run:one\n\nWatch.\n\n## exercise (20 min)\n\nHelp.\n\n## close\n\nEnd.\n"
    )
    lesson = little_walk().lesson
    first, last = (notes(lesson, page, written) for page in lesson.pages)
    assert first == "## start (3 min)\n\nBegin.\n\n## run:one\n\nWatch."
    assert last == "## exercise (20 min)\n\nHelp.\n\n## close\n\nEnd."


@pytest.mark.parametrize("lesson", PACK.lessons, ids=lambda lesson: lesson.slug)
def test_every_section_of_our_notes_is_shown_on_some_page(lesson: Lesson) -> None:
    """No note of ours is at an anchor that no page has."""
    written = (Path(lesson.directory) / "notes.md").read_text(encoding="utf-8")
    shown = "\n".join(notes(lesson, page, written) for page in lesson.pages)
    sections = re.findall(r"^## .+$", written, re.MULTILINE)
    assert [section for section in sections if section not in shown] == []
