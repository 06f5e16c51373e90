"""Attempts: the verdict on a learner's file, read from what it did."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from asgiviz.course.expression import condition
from asgiviz.course.lesson import Check, Lesson
from asgiviz.experiment.attempt import Attempt, needed_runs, repeated
from asgiviz.experiment.failure import BROKEN, Blame
from asgiviz.experiment.trial import Phase
from tests.experiment.lessons import ASGI, PATIENCE, SOLUTION, STARTER, experiment, lesson, write

CHECKS = (
    Check("answers", "graded", "clients", "Every client gets its answer.", ("a", "b"), keys={"status": 200, "body": "row /"}),
    Check("overlap", "graded", "overlap", "All are open at once.", ("a", "b"), 2, holds=condition(">= clients")),
    Check("free", "graded", "lag", "The loop is free.", ("a", "b"), 2, holds=condition("<= 0.25 * wait")),
)


def graded(directory: Path, clock: str = "virtual", *checks: Check) -> Lesson:
    """The lesson with these checks."""
    made = lesson(directory, experiment(clock=clock, wait=0.5))
    return replace(made, checks=checks or CHECKS)


def over(attempt: Attempt) -> Attempt:
    """The attempt, made."""
    assert attempt.start().wait(PATIENCE)
    return attempt


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_the_solution_passes_and_the_starter_does_not(tmp_path: Path, clock: str) -> None:
    """On both clocks; what fails first is what the starter is about."""
    made = graded(tmp_path, clock)
    right = over(Attempt(made, made.directory / "solution"))
    assert (right.phase, right.failure) == (Phase.FINISHED, None)
    assert right.grade is not None
    assert right.grade.passed
    assert (right.grade.score, right.grade.clock) == (5, clock)
    wrong = over(Attempt(made))
    assert wrong.grade is not None
    assert not wrong.grade.passed
    assert wrong.grade.first is not None
    assert wrong.grade.first.check.id == "overlap"


def test_code_that_cannot_run_has_a_grade_that_says_so(tmp_path: Path) -> None:
    """The sentence and the traceback are the learner's; nothing is judged."""
    attempt = over(Attempt(graded(tmp_path), write(tmp_path / "mine.py", STARTER + "\nraise KeyError('oh')")))
    assert attempt.phase is Phase.FAILED
    assert attempt.failure is not None
    assert attempt.failure.blame is Blame.CODE
    assert attempt.grade is not None
    assert not attempt.grade.passed
    assert "KeyError" in attempt.grade.failure
    assert "raise KeyError('oh')" in attempt.grade.traceback


def test_a_fault_of_ours_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the grading itself raises, the attempt has failed, and says that it was us; what was raised is not swallowed."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    told: queue.Queue[type[BaseException]] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda raised: told.put(raised.exc_type))
    monkeypatch.setattr("asgiviz.experiment.attempt.grade", broken)
    attempt = over(Attempt(graded(tmp_path)))
    assert told.get(timeout=PATIENCE) is ZeroDivisionError
    assert (attempt.phase, attempt.grade, attempt.failure) == (Phase.FAILED, None, BROKEN)


def test_all_runs_together_have_a_time(tmp_path: Path) -> None:
    """An attempt that takes too long is ended, and it is the time that is blamed."""
    code = "import time\nasync def app(scope, receive, send):\n    time.sleep(1000)"
    attempt = over(Attempt(graded(tmp_path, "real"), write(tmp_path / "mine.py", code), timeout=1.0))
    assert attempt.failure is not None
    assert attempt.failure.blame is Blame.TIME
    assert "after 1 s" in attempt.failure.sentence


def test_a_run_that_another_is_set_against_is_made_too(tmp_path: Path) -> None:
    """The learner's own comes first; a run that no check needs is not made."""
    check = Check("ratio", "graded", "makespan", "m", ("a", "b"), holds=condition("<= 2"), keys={"ratio_to": "other.makespan"})
    runs = [experiment(clock="virtual", wait=0.5), replace(experiment(ASGI, clock="virtual", wait=0.5), id="other")]
    made = replace(lesson(tmp_path, *runs, replace(runs[0], id="unused")), checks=(check,))
    assert needed_runs(made) == ["graded", "other"]
    attempt = over(Attempt(made, write(tmp_path / "mine.py", SOLUTION)))
    assert attempt.grade is not None
    assert attempt.grade.passed
    assert set(attempt.trials) == {"graded", "other"}


def test_the_verdict_is_the_same_every_time_and_in_every_order(tmp_path: Path) -> None:
    """Repeated, the findings are equal to the letter in the clients' own order, and the verdict in any other."""
    made = graded(tmp_path)
    attempts = list(repeated(made, made.directory / "solution", times=2, orders=3))
    assert len(attempts) == 4
    grades = [attempt.grade for attempt in attempts]
    assert all(grade is not None and grade.passed for grade in grades)
    assert [v.saw for v in grades[0].verdicts] == [v.saw for v in grades[1].verdicts]  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_busy_machine_changes_no_verdict(tmp_path: Path) -> None:
    """Fifty attempts while every core computes: each finding is the same to the letter."""
    made = graded(tmp_path)
    burn = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    busy = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(os.cpu_count() or 1)]
    try:
        for exercise, passes in ((made.directory / "solution", True), (made.directory / "exercise", False)):
            grades = [attempt.grade for attempt in repeated(made, exercise, times=25)]
            assert all(grade is not None and not grade.failure and grade.passed is passes for grade in grades)
            assert len({tuple((each.saw, each.evidence) for each in grade.verdicts) for grade in grades if grade}) == 1
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_an_attempt_that_is_cancelled_has_no_grade(tmp_path: Path) -> None:
    """Cancelled before or while it runs."""
    made = graded(tmp_path, "real")
    attempt = Attempt(made, made.directory / "solution").start()
    attempt.cancel()
    assert attempt.wait(PATIENCE)
    assert (attempt.phase, attempt.grade, attempt.failure) == (Phase.CANCELLED, None, None)
