"""A trial: one run of an experiment, in the background, on the clock that was asked for or on the one that holds."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from asgiviz.course.holding import culprit
from asgiviz.course.lesson import Experiment, Lesson
from asgiviz.course.run_record import RunRecord
from asgiviz.experiment.failure import BROKEN, Blame, Failure, NoTrialError
from asgiviz.experiment.notes import REAL, VIRTUAL, clock_note
from asgiviz.experiment.real_run import RealRun
from asgiviz.experiment.setup import Setup, set_up
from asgiviz.experiment.virtual_run import VirtualRun
from asgiviz.experiment.wording import too_much
from asgiviz.host.options import Limits
from asgiviz.store.recorder import Recorder


class Phase(StrEnum):
    """How far a trial has come."""

    #: not begun, or servers are being started
    STARTING = "starting"
    #: the clients are on their way
    RUNNING = "running"
    #: all clients came to their end
    FINISHED = "finished"
    #: there is no result: `failure` says why
    FAILED = "failed"
    #: somebody has ended it
    CANCELLED = "cancelled"


OVER = (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


class Trial:
    """One run of `experiment`; what happens is in `recorder` while it happens.

    `exercise` is the learner's directory, or their main file, and stands for the lesson's `exercise/`. `clock` is the one
    really used, `fell_back` the sentence that says why it is not virtual though it was to be. `order` seeds the order in
    which the clients are let go.
    """

    def __init__(
        self,
        lesson: Lesson,
        experiment: Experiment,
        knobs: Mapping[str, float] | None = None,
        clock: str | None = None,
        exercise: Path | None = None,
        limits: Limits | None = None,
        order: int | None = None,
    ) -> None:
        self.lesson = lesson
        self.experiment = experiment
        self.clock = clock or experiment.clock
        self.fell_back: str | None = None
        self.failure: Failure | None = None
        self.recorder = Recorder().start()
        self.phase = Phase.STARTING
        #: what an expression about the run may name; known once it has begun
        self.names: Mapping[str, float] = {}
        self._knobs = dict(knobs or {})
        self._exercise = exercise
        self._limits = limits or Limits()
        self._order = order
        self._changed = threading.Condition()
        self._run: RealRun | VirtualRun | None = None
        self._cancelled = False

    def start(self) -> Trial:
        """Begin; gives back itself."""
        threading.Thread(target=self._live, name="asgiviz-trial", daemon=True).start()
        return self

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is over; says whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.phase in OVER, timeout)

    def cancel(self) -> None:
        """End it: within two seconds nothing of it runs any more. Returns at once."""
        with self._changed:
            self._cancelled = True
            run = self._run
        if run is not None:
            run.cancel()

    def record(self) -> RunRecord:
        """What has happened up to now."""
        return RunRecord(self.recorder.cursor())

    # -- the trial's own thread ------------------------------------------------------------------------------------

    def _live(self) -> None:
        failure: Failure | None = BROKEN
        try:
            setup = set_up(self.lesson, self.experiment, self._knobs, self._exercise, self._order)
            self.names = setup.names
            failure = self._attempt(setup)
            self.recorder.close()
            if failure is None and self.recorder.oldest > 1:
                failure = too_much(setup.sides)
        except NoTrialError as error:
            failure = error.failure
        finally:
            self.recorder.close()
            with self._changed:
                self.failure = None if self._cancelled else failure
                self.phase = Phase.CANCELLED if self._cancelled else Phase.FAILED if failure else Phase.FINISHED
                self._changed.notify_all()

    def _attempt(self, setup: Setup) -> Failure | None:
        """One run on the clock that was asked for, and one more on the real clock when the virtual one cannot hold."""
        if self.clock == VIRTUAL:
            virtual = VirtualRun(setup, self.recorder.emit, self._limits, self._going)
            failure = self._make(virtual)
            if virtual.cannot_hold is None or self._cancelled:
                return self._explained(failure)
            self._fall_back(virtual.cannot_hold)
        else:
            self.recorder.emit(clock_note(REAL, None))
        return self._explained(self._make(RealRun(setup, self.recorder.emit, self._limits, self._going)))

    def _fall_back(self, why: str) -> None:
        """Nothing of the virtual attempt is in the recording."""
        self.fell_back = f"The virtual clock cannot hold here: {why.rstrip('.')}. So this ran on the real clock"
        self.clock = REAL
        self.recorder.emit(clock_note(REAL, why))

    def _make(self, run: RealRun | VirtualRun) -> Failure | None:
        with self._changed:
            self._run = run
            if self._cancelled:
                return None
        return run.run()

    def _going(self) -> None:
        """The clients are let go."""
        with self._changed:
            self.phase = Phase.RUNNING
            self._changed.notify_all()

    def _explained(self, failure: Failure | None) -> Failure | None:
        """With what only the recording knows: what a lifespan raised, and who held the loop when time was up."""
        if failure is None:
            return None
        record = self.record()
        if failure.in_lifespan and failure.traceback is None:
            errors = [call.error for call in record.connections() if call.kind == "lifespan" and call.error is not None]
            return replace(failure, traceback=str(errors[0].get("traceback", "")) or None) if errors else failure
        held = [where for side in record.sides.values() if (where := culprit(record, side))]
        if failure.blame is Blame.TIME and held:
            return replace(failure, sentence=f"{failure.sentence}. The loop was held longest at {' and '.join(held)}")
        return failure
