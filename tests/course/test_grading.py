"""A grade: which check is shown first, what waits, what counts, and what is said when there is nothing to judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asgiviz.course.expression import condition
from asgiviz.course.grading import Grade, Standing, grade, not_graded
from asgiviz.course.lesson import Check, CheckType, Lesson
from asgiviz.course.run_record import RunRecord
from tests.course.recordings import Recording, in_a_row, scaled, together


def check(
    id_: str, expect: str, is_: str | None = None, points: int = 1, type_: str = "essential", run: str = "graded", **keys: Any
) -> Check:
    """A check as a lesson has it."""
    holds = None if is_ is None else condition(is_)
    return Check(id_, run, expect, f"{id_} must hold.", ("look", "think"), points, CheckType(type_), holds, keys)


def lesson(*checks: Check) -> Lesson:
    """A lesson with these checks."""
    return Lesson("06-blocking-the-loop", 6, "One blocking call stops everybody", Path(), (), checks=checks)


#: The checks of the lesson on blocking.
BLOCKING = lesson(
    check("answers-right", "clients", status=200, body="ok"),
    check("legal", "legal"),
    check("overlap", "overlap", ">= clients", points=2),
    check("loop-free", "lag", "<= 0.25", points=2),
    check("fast-enough", "makespan", "<= 2.5"),
)


def graded(of: Lesson, run: Recording | None, **others: Recording) -> Grade:
    """The grade of a lesson whose graded run went so."""
    records = {name: other.record() for name, other in others.items()}
    return grade(of, records if run is None else {"graded": run.record(), **records}, {"cores": 2})


def standings(given: Grade) -> list[str]:
    """What each verdict means to the learner."""
    return [verdict.standing.value for verdict in given.verdicts]


def test_a_blocked_loop_fails_at_the_overlap_and_the_rest_waits() -> None:
    """What is right stays passed, the first that fails is shown, what fails behind it waits."""
    given = graded(BLOCKING, in_a_row(3).stall(1.0, 1000, 1))
    assert standings(given) == ["pass", "pass", "fail", "wait", "wait"]
    assert given.first is not None
    assert given.first.check.id == "overlap"
    assert (given.score, given.max_score, given.passed) == (2, 7, False)


def test_requests_that_overlap_pass_everything() -> None:
    """All points, passed, nothing waits."""
    given = graded(BLOCKING, together(3))
    assert standings(given) == ["pass"] * 5
    assert (given.score, given.max_score, given.passed, given.first) == (7, 7, True, None)
    assert given.clock == "virtual"


def test_only_essential_checks_keep_from_passing() -> None:
    """Advice that is not followed costs its points at most; what is only said, and praise, has none."""
    of = lesson(
        check("quick", "makespan", "<= 0.1", type_="actionable"),
        check("legal", "legal"),
        check("told", "overlap", ">= 9", points=5, type_="informative"),
        check("wow", "overlap", ">= 9", points=5, type_="celebratory"),
    )
    given = graded(of, together(3))
    assert standings(given) == ["advice", "pass", "advice", "advice"]
    assert (given.score, given.max_score, given.passed, given.first) == (1, 2, True, None)


def test_a_lesson_without_an_essential_check_is_never_passed() -> None:
    """Nothing that must hold is no success."""
    assert not graded(lesson(), together()).passed
    assert not graded(lesson(check("told", "legal", type_="informative")), together()).passed


def test_a_run_that_was_not_made_says_so() -> None:
    """A check on a run without a record fails with the reason for that."""
    of = lesson(check("first", "legal"), check("second", "legal", run="crowd"))
    given = graded(of, together())
    assert standings(given) == ["pass", "fail"]
    assert "the run 'crowd' was not made: an earlier run failed" in given.verdicts[1].saw
    told = grade(of, {"graded": together().record()}, {}, {"crowd": "the app did not start again"})
    assert told.verdicts[1].saw.endswith("the app did not start again")


def test_code_that_cannot_be_run_gets_a_sentence_in_place_of_verdicts() -> None:
    """The grade has the failure and the traceback, no points, and all points that there would have been."""
    given = not_graded(BLOCKING, "app.py could not be imported: invalid syntax in line 3.", "Traceback …")
    assert (given.score, given.max_score, given.passed, given.verdicts) == (0, 7, False, ())


def test_an_app_that_nobody_reached_passes_nothing() -> None:
    """Without requests every check says that there was nothing to judge."""
    given = graded(BLOCKING, Recording(clients=3))
    assert standings(given) == ["fail", "wait", "wait", "wait", "wait"]
    assert all("nothing to judge" in verdict.saw for verdict in given.verdicts)


@pytest.mark.parametrize("slower", [0.01, 1, 2.4])
def test_a_grade_is_the_same_on_a_slow_machine(slower: float) -> None:
    """The same facts at another speed are the same grade, within the slack of the checks on time."""
    good, bad = together(3).events(), in_a_row(3).stall(1.0, 1000, 1).events()
    assert grade(BLOCKING, {"graded": RunRecord(scaled(good, slower))}, {}).passed
    given = grade(BLOCKING, {"graded": RunRecord(scaled(bad, slower))}, {})
    assert given.first is not None
    assert (given.first.check.id, given.first.standing, given.first.saw) == ("overlap", Standing.FAIL, "1")
