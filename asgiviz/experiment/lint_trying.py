"""What the rules that run code share: a lesson with its files, where its code is run, and what has come out so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from asgiviz.course.complaints import Complaint
from asgiviz.course.lesson import Experiment, Lesson
from asgiviz.course.lint_subject import Subject
from asgiviz.experiment.lint_laboratory import Laboratory

RUNS, CHECKS = "experiments.toml", "checks.toml"
#: What the rules that run code ask for, by their codes.
RULES: Mapping[str, str] = {
    "E027": "the right answer is what is measured",
    "E038": "apps can be imported, within 2 s",
    "E043": "a check of time holds for what takes half as long again as the solution",
    "E051": "the starter can be graded, and fails a check that decides",
    "E052": "the solution and its alternatives pass: on both clocks, every time, in any order of the clients",
    "E053": "wrong solutions fail at least what they say",
    "E054": "each check is failed by the starter or a wrong solution",
    "E060": "claims hold on the virtual clock",
    "E061": "claims hold on the real clock",
    "E070": "apps start no process, and reach this machine only",
    "E073": "a run takes at most 20 s on the real clock",
    "W062": "a run takes as long on the real clock as on the virtual one",
    "W063": "the virtual clock holds where it is asked for",
}


@dataclass(frozen=True)
class Extent:
    """How much is tried: `quick` leaves out the real clock, each solution is graded `times` and then in other orders of its
    clients, so that there are `orders` of them."""

    quick: bool = False
    times: int = 5
    orders: int = 3


class Step(NamedTuple):
    """One thing to try, and what is wrong with the lesson because of how it came out."""

    title: str
    find: Callable[[], Iterator[Complaint]]


@dataclass
class Trying:
    """One lesson while it is tried. Several threads add to it, each under its own key."""

    subject: Subject
    laboratory: Laboratory
    extent: Extent
    #: apps (``apps/waiter.py:app``) that cannot be imported: what needs them is not tried, because that is said already
    broken: set[str] = field(default_factory=set)
    #: run -> side -> seconds until its last client was served, on the virtual clock
    makespans: dict[str, dict[str, float]] = field(default_factory=dict)
    #: file of a wrong solution (the starter, too) -> the checks that it failed
    failed: dict[str, frozenset[str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @property
    def lesson(self) -> Lesson:
        """The lesson."""
        return self.subject.lesson

    def complaint(self, file: str, line: int | None, code: str, sentence: str) -> Complaint:
        """A complaint about a file of the lesson; its code is one of `RULES`."""
        assert code in RULES, code
        return Complaint(self.lesson.directory / file, line, code, sentence)

    def about_run(self, run: Experiment, code: str, sentence: str, written: str = "") -> Complaint:
        """A complaint about a run, at the line where `written` stands in it, or where it begins."""
        begins = self.subject.line_of_id(RUNS, run.id)
        lines = self.subject.text(RUNS).split("\n")[(begins or 1) - 1 :]
        found = next((at for at, line in enumerate(lines) if written and written in line), 0)
        return self.complaint(RUNS, begins + found if begins else None, code, f'run "{run.id}": {sentence}')

    def about_check(self, id_: str, code: str, sentence: str) -> Complaint:
        """A complaint about a check."""
        return self.complaint(CHECKS, self.subject.line_of_id(CHECKS, id_), code, f'check "{id_}": {sentence}')

    def can_run(self, run: Experiment) -> bool:
        """Whether all apps of a run can be imported."""
        return not any(side.app in self.broken for side in run.sides)
