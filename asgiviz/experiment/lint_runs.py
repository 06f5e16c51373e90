"""The linter's rules that run code, on a lesson that could be read: first on the virtual clock, two at a time, then on the real
one, one at a time, because what is measured there must not be disturbed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, count
from threading import Lock

from asgiviz.course.complaints import Complaint
from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.lint_subject import Subject
from asgiviz.experiment.lint_experiments import import_steps, run_steps
from asgiviz.experiment.lint_laboratory import Laboratory
from asgiviz.experiment.lint_solutions import dead_checks, solution_steps, starter_fails, wrong_steps
from asgiviz.experiment.lint_trying import Extent, Step, Trying
from asgiviz.experiment.notes import REAL, VIRTUAL

#: Steps at the same time where nothing is measured in real time.
WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """What the runs of a lesson came to: what is wrong, how many things were tried, and the checks that its starter fails."""

    complaints: tuple[Complaint, ...]
    tried: int
    starter_fails: tuple[str, ...]


@dataclass(frozen=True)
class Progress:
    """Step `number` of so many begins; some that began before are perhaps not over yet."""

    lesson: str
    title: str
    number: int
    of: int


class RunLinter:
    """Runs the code of lessons, one lesson after the other; `end` is for another thread, or for who was interrupted.

    `told` is called from several threads, but never by two at once.
    """

    def __init__(self, extent: Extent, told: Callable[[Progress], None] = lambda progress: None) -> None:
        self._extent = extent
        self._told = told
        self._telling = Lock()
        self._laboratory = Laboratory()

    def lint(self, lesson: Lesson, pack: Pack) -> Outcome:
        """Try everything. When it is interrupted, nothing of it runs any more once the exception is out."""
        trying = Trying(Subject(lesson, pack), self._laboratory, self._extent)
        phases = _phases(trying)
        of, numbers = sum(len(steps) for _, steps in phases), count(1)

        def found(step: Step) -> list[Complaint]:
            with self._telling:
                self._told(Progress(lesson.id, step.title, next(numbers), of))
            return list(step.find())

        complaints = [each for workers, steps in phases for each in self._all(workers, found, steps)]
        complaints += dead_checks(trying)
        return Outcome(tuple(dict.fromkeys(complaints)), of, starter_fails(trying))

    def end(self) -> None:
        """End what is under way."""
        self._laboratory.end()

    def _all(self, workers: int, found: Callable[[Step], list[Complaint]], steps: list[Step]) -> list[Complaint]:
        with ThreadPoolExecutor(workers, "asgiviz-lint") as pool:
            try:
                return list(chain.from_iterable(pool.map(found, steps)))
            except BaseException:  # Ctrl-C most of all: the pool waits for its threads, and they for what they run
                self._laboratory.end()
                raise


def _phases(trying: Trying) -> list[tuple[int, list[Step]]]:
    """How many at a time, and what; each begins when the one before is over."""
    virtual = [*run_steps(trying, VIRTUAL), *solution_steps(trying, VIRTUAL), *wrong_steps(trying)]
    phases = [(WORKERS, import_steps(trying)), (WORKERS, virtual)]
    if not trying.extent.quick:
        phases.append((1, [*run_steps(trying, REAL), *solution_steps(trying, REAL)]))
    return phases
