"""The grade of an exercise: a verdict for each check, in the order of the file, out of the records of its runs alone.

What failed first among the essential checks is what the learner is shown; the others wait until it is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from asgiviz.course.judging import Case, Finding
from asgiviz.course.lesson import Check, CheckType, Lesson
from asgiviz.course.predicates import judge
from asgiviz.course.run_record import RunRecord

#: The types whose points count; the others are only said.
_SCORED = (CheckType.ESSENTIAL, CheckType.ACTIONABLE)


class Standing(StrEnum):
    """What a verdict means to the learner."""

    #: the check holds
    PASS = "pass"  # noqa: S105  # no password
    #: the first essential check that does not hold
    FAIL = "fail"
    #: an essential check that does not hold either, and waits for the first
    WAIT = "wait"
    #: does not hold, and does not keep from passing
    ADVICE = "advice"


@dataclass(frozen=True)
class Verdict:
    """What one check came to: short texts, the events and connections to look at, and a line of evidence."""

    check: Check
    standing: Standing
    saw: str
    wanted: str
    seqs: tuple[int, ...] = ()
    conns: tuple[int, ...] = ()
    evidence: str = ""

    @property
    def passed(self) -> bool:
        """Whether the check holds."""
        return self.standing is Standing.PASS

    @property
    def points(self) -> int:
        """What it adds to the score."""
        return self.check.points if self.passed and self.check.type in _SCORED else 0

    @property
    def max_points(self) -> int:
        """What it could add."""
        return self.check.points if self.check.type in _SCORED else 0


@dataclass(frozen=True)
class Grade:
    """The verdicts, or the sentence why there are none (`failure`). `traceback` is that of the learner's code, if it raised,
    at its start or in a request."""

    lesson: Lesson
    verdicts: tuple[Verdict, ...] = ()
    failure: str = ""
    traceback: str = ""
    clock: str = ""

    @property
    def first(self) -> Verdict | None:
        """The first essential check that does not hold."""
        return next((verdict for verdict in self.verdicts if verdict.standing is Standing.FAIL), None)

    @property
    def waiting(self) -> tuple[Verdict, ...]:
        """The essential checks that do not hold either."""
        return tuple(verdict for verdict in self.verdicts if verdict.standing is Standing.WAIT)

    @property
    def passed(self) -> bool:
        """Whether every essential check holds, and there is at least one."""
        essential = [verdict for verdict in self.verdicts if verdict.check.type is CheckType.ESSENTIAL]
        return not self.failure and bool(essential) and all(verdict.passed for verdict in essential)

    @property
    def score(self) -> int:
        """The points of the checks that hold."""
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def max_score(self) -> int:
        """All points there are."""
        return sum(check.points for check in self.lesson.checks if check.type in _SCORED)


def grade(
    lesson: Lesson,
    records: Mapping[str, RunRecord],
    names: Mapping[str, float],
    not_made: Mapping[str, str] | None = None,
) -> Grade:
    """Judge all checks. `records` are the runs by their id, `names` the numbers of this machine that conditions may use
    (`cores`), `not_made` says of a run without a record why there is none."""
    findings = [(check, _found(check, records, names, not_made or {})) for check in lesson.checks]
    verdicts: list[Verdict] = []
    failed = False
    for check, found in findings:
        standing = _standing(check, found, failed)
        failed = failed or standing is Standing.FAIL
        verdicts.append(Verdict(check, standing, found.saw, found.wanted, found.seqs, found.conns, found.evidence))
    clocks = dict.fromkeys(record.clock for record in records.values() if record.clock)
    return Grade(lesson, tuple(verdicts), traceback=_raised(records), clock=" and ".join(clocks))


def _raised(records: Mapping[str, RunRecord]) -> str:
    """The traceback of the first request in which the app raised; empty where none did."""
    for call in (call for record in records.values() for call in record.connections()):
        if call.for_client and call.outcome == "raised" and call.error is not None:
            return str(call.error.get("traceback") or "")
    return ""


def not_graded(lesson: Lesson, failure: str, traceback: str = "") -> Grade:
    """The grade of code that no run could be made with: one sentence, and the traceback if it raised."""
    return Grade(lesson, failure=failure, traceback=traceback)


def _found(check: Check, records: Mapping[str, RunRecord], names: Mapping[str, float], not_made: Mapping[str, str]) -> Finding:
    record = records.get(check.run)
    if record is None:
        why = not_made.get(check.run) or "an earlier run failed"
        return Finding(False, f"nothing to judge: the run {check.run!r} was not made: {why}", "")
    return judge(Case(check, record, names, records))


def _standing(check: Check, found: Finding, failed: bool) -> Standing:
    if found.passed:
        return Standing.PASS
    if check.type is not CheckType.ESSENTIAL:
        return Standing.ADVICE
    return Standing.WAIT if failed else Standing.FAIL
