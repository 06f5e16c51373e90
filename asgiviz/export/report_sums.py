"""What a learner has done, counted: what the top of the page says, and the table of all lessons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from asgiviz.course.lesson import Ask, Go, Kind, Practise
from asgiviz.course.progress import LessonProgress
from asgiviz.course.walk import CONFIDENCE, Walk


@dataclass
class Sums:
    """Counts over one or several lessons. `judged` counts predictions by (how sure, whether right); sure None: not asked.

    `steps` are the questions, runs and exercises of the lessons, `done` those of them that ask nothing more.
    """

    lessons: int = 0
    begun: int = 0
    finished: int = 0
    steps: int = 0
    done: int = 0
    judged: Counter[tuple[int | None, bool]] = field(default_factory=Counter)
    runs: int = 0
    exercises: int = 0
    passed: int = 0
    attempts: int = 0
    hints: int = 0

    @property
    def predictions(self) -> int:
        """Predictions of which a run has shown what they are worth."""
        return self.judged.total()

    @property
    def right(self) -> int:
        """Those of them that were right."""
        return sum(count for (_, right), count in self.judged.items() if right)

    @property
    def certain_and_wrong(self) -> int:
        """Those of them that somebody was certain of, and that were not so."""
        return self.judged[CONFIDENCE[-1], False]


def is_begun(progress: LessonProgress) -> bool:
    """Whether something was done in a lesson; only to open it is nothing."""
    ended = progress.passed_at is not None or progress.finished_at is not None
    return bool(ended or progress.answers or progress.runs or progress.hints or progress.attempts)


def sums_of(walks: Iterable[Walk]) -> Sums:
    """The counts of these lessons together."""
    sums = Sums()
    for walk in walks:
        _add(sums, walk)
    return sums


def _add(sums: Sums, walk: Walk) -> None:
    progress = walk.progress
    asking = [block for page in walk.pages for block in page.blocks if isinstance(block, (Ask, Go, Practise))]
    sums.lessons += 1
    sums.begun += is_begun(progress)
    sums.finished += progress.finished_at is not None
    sums.steps += len(asking)
    sums.done += sum(map(walk.is_done, asking))
    sums.judged.update((each.confidence, each.right) for each in walk.recall(Kind.PREDICT) if each.right is not None)
    sums.runs += sum(ran.times for id_, ran in progress.runs.items() if id_ in walk.lesson.experiments)
    if walk.lesson.exercise is not None:
        sums.exercises += 1
        sums.passed += progress.passed_at is not None
        sums.attempts += progress.attempts
        sums.hints += sum(len(walk.hints_given(check.id)) for check in walk.lesson.checks)
