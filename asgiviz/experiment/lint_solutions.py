"""Linter rules that grade what lies beside an exercise: solutions always pass, wrong solutions fail where they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from asgiviz.course.complaints import Complaint
from asgiviz.course.expression import Condition, Expression
from asgiviz.course.grading import Grade, Verdict, grade
from asgiviz.course.lesson import Check, CheckType, Exercise
from asgiviz.course.lint_subject import Mutant
from asgiviz.course.predicates import is_logical
from asgiviz.experiment.app_file import EXERCISE
from asgiviz.experiment.attempt import GRADED, Attempt, orders_of
from asgiviz.experiment.lint_trying import Step, Trying
from asgiviz.experiment.notes import VIRTUAL
from asgiviz.experiment.workspace import solutions

#: A check of time holds for something that takes so many times as long as the solution: machines differ.
ROOM = 1.5


def solution_steps(trying: Trying, clock: str) -> list[Step]:
    """A step for the solution and for each alternative."""
    if not _is_graded(trying):
        return []
    found = solutions(trying.lesson)
    return [Step(f"{name}, {clock} clock", partial(_passes, trying, directory, clock)) for name, directory in found]


def wrong_steps(trying: Trying) -> list[Step]:
    """A step for the starter and for each wrong solution. The virtual clock is enough: they are there to fail."""
    if not _is_graded(trying):
        return []
    steps = [Step(mutant.file, partial(_fails_as_it_says, trying, mutant)) for mutant in trying.subject.mutants]
    return [Step("starter", partial(_starter_fails, trying)), *steps]


def _is_graded(trying: Trying) -> bool:
    return trying.lesson.exercise is not None and bool(trying.lesson.checks)


def _can_be_graded(trying: Trying) -> bool:
    """Whether all apps of the graded run can be imported, but for the learner's own."""
    apps = [side.app for side in trying.lesson.experiments[GRADED].sides]
    return not any(app in trying.broken and not app.startswith(f"{EXERCISE}/") for app in apps)


def _main(trying: Trying) -> str:
    exercise = trying.lesson.exercise
    assert isinstance(exercise, Exercise)  # without one there is no step
    return exercise.main


# -- what is right -----------------------------------------------------------------------------------------------------


def _passes(trying: Trying, directory: Path, clock: str) -> Iterator[Complaint]:
    """A solution passes on a clock, every time, in any order of the clients. The first time that it does not is told."""
    if not _can_be_graded(trying):
        return
    file = f"{directory.relative_to(trying.lesson.directory).as_posix()}/{_main(trying)}"
    orders = orders_of(trying.extent.times, trying.extent.orders)
    for number, order in enumerate(orders, 1):
        attempt = trying.laboratory.attempt(trying.lesson, directory, clock, order)
        said = _why_not(attempt.grade, every=directory.name == "solution")
        if said:
            which = f"attempt {number} of {len(orders)}" + ("" if order is None else ", the clients in another order")
            yield trying.complaint(file, None, "E052", f"does not pass on the {clock} clock ({which}): {said}")
            return
        if number == 1 and clock == VIRTUAL:
            yield from _falls_back(trying, attempt, file)
            yield from _leaves_room(trying, attempt)


def _why_not(found: Grade | None, every: bool) -> str:
    """Why a grade is not good enough for a solution; empty when it is. `every`: it must also do what is only advised."""
    if found is None or found.failure:
        return found.failure if found is not None else "it was not graded"
    needed = (CheckType.ESSENTIAL, CheckType.ACTIONABLE) if every else (CheckType.ESSENTIAL,)
    wrong = [verdict for verdict in found.verdicts if not verdict.passed and verdict.check.type in needed]
    if not wrong:
        return "" if found.passed else "no check decides"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return f"{_saw(wrong[0])}{more}"


def _saw(verdict: Verdict) -> str:
    return f'check "{verdict.check.id}" saw {verdict.saw}, wanted {verdict.wanted}'


def _falls_back(trying: Trying, attempt: Attempt, file: str) -> Iterator[Complaint]:
    for trial in attempt.trials.values():
        if trial.fell_back is not None:
            yield trying.complaint(file, None, "W063", f"{trial.fell_back}: the verdict depends on the machine")


def _leaves_room(trying: Trying, attempt: Attempt) -> Iterator[Complaint]:
    """Checks of time hold for the solution even when it is asked to be so much better than it need be."""
    tight = tuple(
        replace(check, holds=_tightened(check.holds))
        for check in trying.lesson.checks
        if check.holds is not None and not is_logical(check)
    )
    records = {id_: trial.record() for id_, trial in attempt.trials.items()}
    names = next((trial.names for trial in attempt.trials.values()), {})
    for verdict in grade(replace(trying.lesson, checks=tight), records, {"cores": names.get("cores", 1.0)}).verdicts:
        if not verdict.passed:
            said = f"a solution comes to {verdict.saw}, too near to the limit: give it half as much again, machines differ"
            yield trying.about_check(verdict.check.id, "E043", said)


def _tightened(holds: Condition) -> Condition:
    """The condition with its limit so much nearer. One for equality stays: what has seconds in it will not pass twice."""
    own, factor = holds.expression, {"<": 1 / ROOM, ">": ROOM}.get(holds.sign[0], 1.0)
    return Condition(holds.text, holds.sign, Expression(own.text, own.names, lambda names: own.value(names) * factor))


# -- what is wrong -----------------------------------------------------------------------------------------------------


def _starter_fails(trying: Trying) -> Iterator[Complaint]:
    """The starter can be graded, and fails a check that decides."""
    file = f"{EXERCISE}/{_main(trying)}"
    if not trying.can_run(trying.lesson.experiments[GRADED]):
        return
    found = trying.laboratory.attempt(trying.lesson, trying.lesson.directory / EXERCISE, VIRTUAL).grade
    if found is None or found.failure:
        why = "" if found is None else found.failure
        yield trying.complaint(file, None, "E051", f"the starter cannot be graded, so the learner sees nothing: {why}")
        return
    _remember(trying, file, found)
    if found.passed:
        yield trying.complaint(file, None, "E051", "the starter passes all checks that decide: there is nothing to do")


def _fails_as_it_says(trying: Trying, mutant: Mutant) -> Iterator[Complaint]:
    """A wrong solution fails at least the checks of its first line."""
    if not _can_be_graded(trying):
        return
    found = trying.laboratory.attempt(trying.lesson, trying.lesson.directory / mutant.file, VIRTUAL).grade
    if found is None or found.failure:
        why = "" if found is None else found.failure
        yield trying.complaint(mutant.file, None, "E053", f"cannot be graded, so it fails no check: {why}")
        return
    _remember(trying, mutant.file, found)
    for verdict in found.verdicts:
        if verdict.passed and verdict.check.id in mutant.fails:
            yield trying.complaint(mutant.file, 1, "E053", f"should fail a check that holds: {_saw(verdict)}")


def _remember(trying: Trying, file: str, found: Grade) -> None:
    with trying.lock:
        trying.failed[file] = frozenset(verdict.check.id for verdict in found.verdicts if not verdict.passed)


def dead_checks(trying: Trying) -> Iterator[Complaint]:
    """Each check is failed by the starter or a wrong solution. Told when all of these could be graded."""
    if len(trying.failed) <= len(trying.subject.mutants) or not _is_graded(trying):
        return
    failed = frozenset().union(*trying.failed.values())
    for check in trying.lesson.checks:
        if check.id not in failed and _matters(check):
            yield trying.about_check(check.id, "E054", "neither the starter nor a wrong solution fails it: write one that does")


def _matters(check: Check) -> bool:
    return check.type in (CheckType.ESSENTIAL, CheckType.ACTIONABLE)


def starter_fails(trying: Trying) -> tuple[str, ...]:
    """The checks that the starter failed, in the order of the file."""
    failed = next((ids for file, ids in trying.failed.items() if file.startswith(f"{EXERCISE}/")), frozenset())
    return tuple(check.id for check in trying.lesson.checks if check.id in failed)
