"""An attempt: every run that the checks of a lesson need, with the learner's file in the place of the exercise, and its grade.

The verdict is read from the recordings alone. The clock is the run's own, so it is the same on every machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic

from asgiviz.course.grading import Grade, grade, not_graded
from asgiviz.course.lesson import Check, Lesson
from asgiviz.experiment.failure import BROKEN, Blame, Failure
from asgiviz.experiment.trial import OVER, Phase, Trial
from asgiviz.host.options import Limits

#: The run that a learner's file is graded in.
GRADED = "graded"
#: Seconds that all runs of an attempt may take together.
TIMEOUT = 120.0


class Attempt:
    """Grades `exercise` (the learner's directory or main file; None: the lesson's own exercise as it is).

    `grade` is there when it is over, unless it was cancelled; `failure` says why nothing could be judged, and whose turn it is.
    `trials` are the runs by their id, `trial` is the one that is on its way. `clock` and `order` are as in `Trial`.
    """

    def __init__(
        self,
        lesson: Lesson,
        exercise: Path | None = None,
        clock: str | None = None,
        limits: Limits | None = None,
        order: int | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.lesson = lesson
        self.phase = Phase.STARTING
        self.grade: Grade | None = None
        self.failure: Failure | None = None
        self.trials: dict[str, Trial] = {}
        self.trial: Trial | None = None
        self._exercise = exercise
        self._clock = clock
        self._limits = limits
        self._order = order
        self._timeout = timeout
        self._changed = threading.Condition()
        self._cancelled = threading.Event()

    def start(self) -> Attempt:
        """Begin; gives back itself."""
        threading.Thread(target=self._live, name="asgiviz-attempt", daemon=True).start()
        return self

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over; says whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.phase in OVER, timeout)

    def cancel(self) -> None:
        """End it: within two seconds nothing of it runs any more. Returns at once."""
        self._cancelled.set()
        trial = self.trial
        if trial is not None:
            trial.cancel()

    # -- the attempt's own thread ----------------------------------------------------------------------------------

    def _live(self) -> None:
        self.phase = Phase.RUNNING
        failure: Failure | None = BROKEN
        found: Grade | None = None
        try:
            ended = self._run_all()
            found, failure = self._graded(ended), ended
        finally:
            with self._changed:
                if self._cancelled.is_set():
                    self.phase = Phase.CANCELLED
                else:
                    self.grade, self.failure = found, failure
                    self.phase = Phase.FAILED if failure else Phase.FINISHED
                self._changed.notify_all()

    def _graded(self, failure: Failure | None) -> Grade | None:
        if failure is not None:
            return not_graded(self.lesson, failure.sentence, failure.traceback or "")
        if self._cancelled.is_set():
            return None
        return grade(self.lesson, {id_: trial.record() for id_, trial in self.trials.items()}, self._names())

    def _run_all(self) -> Failure | None:
        until = monotonic() + self._timeout
        for id_ in needed_runs(self.lesson):
            experiment = self.lesson.experiments.get(id_)
            if experiment is None:
                return Failure(Blame.LESSON, f"lesson {self.lesson.id} has no run {id_!r}, but a check needs it")
            trial = Trial(
                self.lesson, experiment, clock=self._clock, exercise=self._exercise, limits=self._limits, order=self._order
            )
            self.trial = self.trials[id_] = trial
            if self._cancelled.is_set():
                return None
            if not trial.start().wait(max(until - monotonic(), 0)):
                trial.cancel()
                trial.wait()
                return Failure(Blame.TIME, f"after {self._timeout:g} s the code was still running, so it was ended")
            if trial.failure is not None:
                return trial.failure
        return None

    def _names(self) -> Mapping[str, float]:
        """What the machine adds to the knobs that stand in each recording."""
        return {"cores": next((trial.names["cores"] for trial in self.trials.values()), 1.0)}


def needed_runs(lesson: Lesson) -> list[str]:
    """The runs that the checks judge, or set something against; the learner's own comes first."""
    found = {run: None for check in lesson.checks for run in _runs_of(check, lesson)}
    return sorted(found, key=lambda run: run != GRADED)


def _runs_of(check: Check, lesson: Lesson) -> Iterator[str]:
    yield check.run
    against = check.keys.get("ratio_to")
    if isinstance(against, str) and (run := against.partition(".")[0]) in lesson.experiments:
        yield run


def orders_of(times: int, orders: int = 1) -> list[int | None]:
    """The orders in which the clients of repeated attempts are let go: `times` their own, and then `orders` - 1 others."""
    return [*[None] * times, *range(1, orders)]


def repeated(lesson: Lesson, exercise: Path | None, times: int, orders: int = 1, clock: str | None = None) -> Iterator[Attempt]:
    """Attempts one after the other, each over when it is given: `times` in the clients' own order, and then one in each of
    `orders` - 1 other orders that are the same every time."""
    for order in orders_of(times, orders):
        attempt = Attempt(lesson, exercise, clock, order=order).start()
        attempt.wait()
        yield attempt
