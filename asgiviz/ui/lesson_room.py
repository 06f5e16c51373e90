"""The room of a lesson: its runs, while they happen and afterwards. Draws nothing and never blocks.

The screen asks it on each tick what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns

from asgiviz.course.lesson import Claim, Experiment, Lesson
from asgiviz.course.outcome import broken_claims, figures
from asgiviz.course.run_record import RunRecord
from asgiviz.experiment.trial import OVER, Phase, Trial
from asgiviz.model.events import expand
from asgiviz.store.recorder import Cursor
from asgiviz.ui.playback import Mode, Playback
from asgiviz.views.client_lanes import end_of, since
from asgiviz.views.stage_moments import Moment, moment_at, moments

#: Runs that stay on the stage beside the newest.
MOST_KEPT = 3
#: Events that are taken in on one tick.
MOST_AT_ONCE = 5_000


@dataclass(eq=False)
class Showing:
    """A run as the stage shows it: its recording so far, how it was made, and at which moment it stands."""

    title: str
    trial: Trial
    knobs: Mapping[str, float] = field(default_factory=dict)
    record: RunRecord = field(default_factory=RunRecord)
    playback: Playback = field(default_factory=Playback)
    #: whether the walk is told of it: a run of the lesson, not of the learner's file
    counts: bool = True
    #: whether it was watched to its end; only then its numbers are told
    seen: bool = False
    #: whether nothing more will happen in it, and all that did was read
    over: bool = False
    _stood: tuple[int, Moment | None] = (0, None)
    _cursor: Cursor | None = None
    _moments: list[Moment] | None = None

    @property
    def experiment(self) -> Experiment:
        """What was run."""
        return self.trial.experiment

    def read_on(self) -> None:
        """Take in what is new."""
        if self._cursor is None:
            self._cursor = self.trial.recorder.cursor()
        ended = self.trial.phase in OVER  # asked first: what is recorded while we read is read the next time
        epoch, room = self.trial.recorder.epoch, MOST_AT_ONCE
        while room > 0 and (numbered := self._cursor.take(room)):
            room -= len(numbered)
            for seq, raw in numbered:
                self.record.add(expand(seq, raw, epoch))
        self.over = ended and room > 0

    @property
    def now(self) -> int:
        """The moment that has come in a run that goes on, since its clients were let go."""
        return since(self.record, perf_counter_ns() - self.trial.recorder.epoch)

    @property
    def at(self) -> int:
        """The moment that is shown, since the clients were let go."""
        return self.playback.at

    @property
    def moment(self) -> Moment | None:
        """What happens where the run was made to stand, as long as it stands there."""
        at, moment = self._stood
        return moment if self.playback.mode is Mode.STANDS and self.at == at else None

    def go_to(self, at: int, moment: Moment | None = None) -> None:
        """Stand still at a time: where this moment is, else the last one that has come by then."""
        self.playback.go_to(at)
        self._stood = self.at, moment or moment_at(self.moments(), at)

    def toggle(self) -> None:
        """Play or stand still."""
        self._stood = (0, None)
        self.playback.toggle()

    @property
    def end(self) -> int:
        """The last moment there is."""
        return end_of(self.record)

    def moments(self) -> list[Moment]:
        """All moments of a run that is over."""
        if self._moments is None or not self.over:
            self._moments = moments(self.record)
        return self._moments

    def figures(self) -> dict[str, float]:
        """What was measured: ``side.metric``, and the bare metric where there is one side."""
        return figures(self.record)

    def broken_claims(self) -> list[Claim]:
        """What the lesson says of this run and did not come true."""
        return broken_claims(self.experiment, self.record, self.trial.names)


class LessonRoom:
    """The runs of one lesson."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        #: the run on the stage, and earlier ones that stay beside it
        self.showing: Showing | None = None
        self.kept: list[Showing] = []
        self._last: dict[str, Showing] = {}

    def start(self, run: str, knobs: Mapping[str, float], clock: str, title: str, exercise: Path | None = None) -> Showing:
        """Begin a run; one that is under way is ended."""
        self.cancel()
        trial = Trial(self.lesson, self.lesson.experiments[run], knobs, clock, exercise)
        self.put(run, Showing(title, trial, dict(knobs)))
        trial.start()
        assert self.showing is not None
        return self.showing

    def put(self, run: str, showing: Showing) -> None:
        """Bring a run onto the stage."""
        if self.showing is not None and self.showing.experiment is not showing.experiment:
            self.kept.clear()
        self.showing = self._last[run] = showing

    def show(self, run: str) -> None:
        """Bring the last run of an experiment back onto the stage; nothing where there was none."""
        if self.showing is None or self.showing.over:
            self.showing = self._last.get(run)
            self.kept = [each for each in self.kept if self.showing and each.experiment is self.showing.experiment]

    def keep(self) -> bool | None:
        """Keep the run beside those that come, or let it go again: whether it is kept now. None: there is none to keep."""
        showing = self.showing
        if showing is None or showing.trial.phase is not Phase.FINISHED:
            return None
        if showing in self.kept:
            self.kept.remove(showing)
            return False
        self.kept = [*self.kept, showing][-MOST_KEPT:]
        return True

    def cancel(self) -> None:
        """End the run that is under way."""
        if self.showing is not None and not self.showing.over:
            self.showing.trial.cancel()

    @property
    def on_stage(self) -> list[Showing]:
        """The kept runs, and the newest."""
        if self.showing is None:
            return []
        return [*(each for each in self.kept if each is not self.showing), self.showing]
