"""Running: a run is begun, followed while it happens or played back, scrubbed, changed and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.course.lesson import Lesson
from asgiviz.course.walk import Walk
from asgiviz.experiment.trial import Phase
from asgiviz.ui.lesson_room import LessonRoom, Showing
from asgiviz.ui.lesson_sources import Sources
from asgiviz.ui.playback import Mode
from asgiviz.ui.rows_pane import RowsPane
from asgiviz.views import run_rows
from asgiviz.views.figures import duration
from asgiviz.views.lesson_stage import run_title
from asgiviz.views.stage_moments import next_moment

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp


class Running(Screen[None]):
    """The part of the lesson screen that makes runs and moves in them."""

    if TYPE_CHECKING:
        app: AsgivizApp

        # what other parts of the screen do
        def refresh_text(self, from_top: bool = False) -> None: ...
        def remember(self) -> None: ...
        def bring_forward(self, name: str) -> None: ...
        def run_here(self) -> str | None: ...
        def clock_time(self) -> float: ...
        @property
        def one_at_a_time(self) -> bool: ...
        @property
        def is_checking(self) -> bool: ...

    walk: Walk
    lesson: Lesson
    room: LessonRoom
    sources: Sources
    stage: RowsPane
    code: RowsPane
    #: the picture instead of lanes, where the lesson has one; None: as the lesson says
    _picture: bool | None = None
    #: which of the run's knobs + and - turn
    knob = 0

    # -- making a run ----------------------------------------------------------------------------------------------

    def action_run_again(self) -> None:
        """Run what the page is about."""
        run = self.run_here()
        if run is None:
            self.notify("There is nothing to run on this page.")
        else:
            self.begin_run(run)

    def begin_run(self, run: str) -> None:
        """Begin a run, when it is free."""
        showing = self.room.showing
        if showing is not None and not showing.over:
            self.notify("A run is under way.")
            return
        if self.is_checking:
            self.notify("Your file is being run.")
            return
        if not self.walk.may_run(run):
            self.bring_forward("lesson")
            self.notify("Say first what you think will happen.", severity="warning")
            return
        knobs = self.walk.settings(run)
        self.room.start(run, knobs, self.walk.clock(run), run_title(self.lesson.experiments[run], knobs))
        self.bring_forward("stage")
        self.refresh_text()

    def follow_run(self, passed: float) -> None:
        """A tick: read on, and move the moment that is shown. `passed` seconds went by."""
        showing = self.room.showing
        if showing is None:
            return
        playback = showing.playback
        showing.read_on()
        if not showing.over:
            if showing.record.zero is not None and showing.trial.clock == "real":
                if playback.mode is not Mode.FOLLOWS:
                    playback.follow(0)
                playback.reach(showing.now)
            return
        if showing.record.zero is not None and playback.ended != showing.end:
            self._came_to_its_end(showing)
        playback.pass_time(passed)
        if not showing.seen and playback.mode is Mode.STANDS and playback.at >= playback.ended:
            self._saw_it(showing)

    def _came_to_its_end(self, showing: Showing) -> None:
        """The run is over: what could not be followed is played back."""
        playback = showing.playback
        watched = playback.mode is Mode.FOLLOWS
        playback.reach(showing.end)
        playback.ended = showing.end
        if (
            watched
            or not self.app.settings.animation
            or not playback.is_worth_watching
            or showing.trial.phase is not Phase.FINISHED
        ):
            playback.show_all()
        else:
            playback.replay(playback.comfortable)

    def _saw_it(self, showing: Showing) -> None:
        """The run was watched to its end: its numbers count now."""
        showing.seen = True
        trial = showing.trial
        if trial.phase is Phase.FINISHED and showing.experiment.id in self.lesson.experiments and showing.counts:
            claims, at = showing.broken_claims(), self.clock_time()
            self.walk.ran(showing.experiment.id, showing.figures(), showing.knobs, claims, at, trial.clock)
            self.remember()
        if trial.fell_back:
            self.notify(f"on the real clock: {trial.fell_back}", timeout=8, markup=False)
        self.refresh_text()

    def watched(self) -> bool:
        """Enter while a run is shown: skip to its end. True when there is nothing to skip."""
        showing = self.room.showing
        if showing is None or showing.seen:
            return True
        if showing.over:
            showing.playback.show_all()
        else:
            self.notify("The run is still going on.")
        return False

    # -- moving in time --------------------------------------------------------------------------------------------

    def _finished(self) -> Showing | None:
        """The run on the stage, if one can move in it."""
        showing = self.room.showing
        return showing if showing is not None and showing.over and showing.record.zero is not None else None

    def action_play(self) -> None:
        """Play or stand still."""
        if (showing := self._finished()) is not None:
            self.bring_forward("stage")
            showing.toggle()

    def action_step(self) -> None:
        """To the next thing that happened."""
        self._step(1)

    def action_step_back(self) -> None:
        """To the thing that happened before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        showing = self._finished()
        if showing is None:
            return
        known = showing.moments()
        here = showing.moment
        at, seq = (showing.at, None) if here is None else (max(here.at, showing.at), here.seqs[-1])
        found = next_moment(showing.record, at, step, known, seq)
        if found is None:
            self.notify("This is where the run ends." if step > 0 else "This is where the run begins.")
            return
        self.bring_forward("stage")
        showing.go_to(found.at, found)

    def go_to_moment(self, at: int) -> None:
        """Stand still at a moment, with its sentence."""
        if (showing := self._finished()) is not None:
            showing.go_to(at)
            self.bring_forward("stage")

    def action_faster(self) -> None:
        """Play back faster."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """Play back slower."""
        self._change_speed(-1)

    def _change_speed(self, step: int) -> None:
        if (showing := self._finished()) is not None:
            showing.playback.change_speed(step)
            self.stage.remark(self._stage_remark())

    def _stage_remark(self) -> str:
        """What stands on the stage's lower border: the clock, the speed, the moment."""
        showing = self.room.showing
        if showing is None:
            return ""
        playback = showing.playback
        parts = ["enter: back to the text"] if self.one_at_a_time and showing.seen else []
        parts.append("VIRTUAL clock" if showing.trial.clock == "virtual" else "real clock")
        if playback.mode is not Mode.FOLLOWS:
            parts.append(f"{playback.speed:.2g}x")
        if showing.record.zero is not None and playback.mode is not Mode.FOLLOWS:
            parts.append(f"at {duration(showing.at)}")
        return "  ".join(parts)

    # -- changing it -----------------------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        """More or less of what is chosen."""
        run = self.run_here()
        knobs = () if run is None else self.lesson.experiments[run].knobs
        if run is None or not knobs:
            self.notify("There is nothing to change in this run.")
            return
        knob = knobs[self.knob % len(knobs)]
        try:
            value = self.walk.turn(run, knob.name, by)
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.refresh_text()
        self.notify(run_rows.setting_words(self.lesson.experiments[run], {knob.name: value})[knob.name], markup=False)

    def action_other_knob(self) -> None:
        """Another value to change."""
        self.knob += 1
        self.refresh_text()

    def action_clock(self) -> None:
        """The other clock for the next run."""
        run = self.run_here()
        if run is None:
            return
        clock = self.walk.switch_clock(run)
        says = "exact, and at once" if clock == "virtual" else "the proof: it takes the time it takes"
        self.notify(f"the next run is on the {clock} clock: {says}")
        self.refresh_text()

    def action_compare(self) -> None:
        """Keep this run on the stage beside the next one."""
        kept = self.room.keep()
        if kept is None:
            self.notify("Make a run first; then it can be kept beside the next one.")
        else:
            self.notify("this run stays on the stage; change something and run again" if kept else "not kept any more")

    @property
    def as_picture(self) -> bool:
        """Whether the stage is a picture."""
        showing = self.room.showing
        run = self.run_here()
        experiment = showing.experiment if showing is not None else None if run is None else self.lesson.experiments[run]
        own = experiment is not None and experiment.picture == "restaurant"
        return own if self._picture is None else self._picture and own

    def action_source(self) -> None:
        """The source of the other side."""
        self.sources.turned += 1
        self.code.changed()

    def action_picture(self) -> None:
        """The stage as a picture or as lanes."""
        self._picture = not self.as_picture
        if self._picture and not self.as_picture:
            self.notify("This run has no picture, only lanes.")
