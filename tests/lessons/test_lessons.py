"""Each lesson is its own test: it is linted, its code is run, and the verdict on it is the same on any machine at any time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest

from asgiviz.course.grading import Grade
from asgiviz.course.lesson import Lesson
from asgiviz.course.lint import lint_lesson, lint_pack
from asgiviz.course.reading import find_lesson, read_pack
from asgiviz.experiment.attempt import repeated
from asgiviz.experiment.lint_runs import RunLinter
from asgiviz.experiment.lint_trying import Extent
from asgiviz.experiment.workspace import solutions
from asgiviz.lessons_place import lessons_directory

PACK = read_pack(lessons_directory(), official=True)
IDS = [lesson.id for lesson in PACK.lessons]
#: How often the verdict must be the same, in attempts at the same time.
TIMES, AT_ONCE = 50, 2


def test_the_course_can_be_read() -> None:
    """All of its lessons, and they fit together."""
    assert PACK.broken == {}
    assert [str(each) for each in lint_pack(PACK)] == []


@pytest.mark.parametrize("lesson", PACK.lessons, ids=IDS)
def test_a_lesson_is_clean(lesson: Lesson) -> None:
    """On the virtual clock: claims hold, the starter fails, solutions pass, wrong solutions fail where they say."""
    assert [str(each) for each in lint_lesson(lesson, PACK)] == []
    outcome = RunLinter(Extent(quick=True, times=1)).lint(lesson, PACK)
    assert [str(each) for each in outcome.complaints] == []
    assert outcome.starter_fails


@pytest.mark.slow
@pytest.mark.parametrize("lesson", PACK.lessons, ids=IDS)
def test_a_lesson_holds_in_real_time(lesson: Lesson) -> None:
    """With real servers: claims hold, solutions pass. What only warns of a slow machine is no matter here."""
    outcome = RunLinter(Extent(times=1, orders=2)).lint(lesson, PACK)
    assert [str(each) for each in outcome.complaints if each.is_error] == []


@contextmanager
def every_core_computes() -> Iterator[None]:
    """A process for each core that does nothing but compute; none outlives this one."""
    burn = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    busy = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def graded(lesson: Lesson, exercise: Path, times: int) -> list[Grade]:
    """So many attempts, some at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(lambda _: list(repeated(lesson, exercise, times // AT_ONCE)), range(AT_ONCE))
        attempts = list(chain.from_iterable(parts))
    return [attempt.grade for attempt in attempts if attempt.grade is not None]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "passes"), [("solution", True), ("mutants/thread-and-join.py", False)])
def test_a_busy_machine_changes_no_verdict_of_lesson_6(name: str, passes: bool) -> None:
    """Fifty attempts while every core computes, and what is said of each check is the same to the letter."""
    lesson = find_lesson(PACK, "6")
    exercise = dict(solutions(lesson)).get(name, lesson.directory / name)
    with every_core_computes():
        grades = graded(lesson, exercise, TIMES)
    assert len(grades) == TIMES
    assert [grade.failure for grade in grades if grade.failure] == []
    assert {grade.passed for grade in grades} == {passes}
    assert len({tuple((each.standing, each.saw, each.evidence) for each in grade.verdicts) for grade in grades}) == 1
