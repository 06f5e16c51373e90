"""Practising: the learner's file is copied, edited, watched, run and judged; hints, evidence and the solution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.course.grading import Grade, not_graded
from asgiviz.course.lesson import Lesson, Question
from asgiviz.course.walk import Walk
from asgiviz.experiment.attempt import GRADED, Attempt
from asgiviz.experiment.editor import chosen_editor
from asgiviz.experiment.trial import OVER, Phase
from asgiviz.experiment.workspace import Workspace, WorkspaceError, solutions
from asgiviz.host.watching import Watching, watch_file
from asgiviz.ui.editing import edit
from asgiviz.ui.lesson_room import LessonRoom, Showing
from asgiviz.ui.lesson_sources import Sources
from asgiviz.ui.question_screen import QuestionScreen
from asgiviz.ui.rows_pane import RowsPane
from asgiviz.ui.text_screen import PageScreen
from asgiviz.views import lesson_solution
from asgiviz.views.client_lanes import since
from asgiviz.views.lesson_text import Now

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp


class Practising(Screen[None]):
    """The part of the lesson screen that is about the learner's own file."""

    if TYPE_CHECKING:
        app: AsgivizApp

        # what other parts of the screen do
        def refresh_text(self, from_top: bool = False) -> None: ...
        def remember(self) -> None: ...
        def bring_forward(self, name: str) -> None: ...
        def run_here(self) -> str | None: ...
        def go_to_moment(self, at: int) -> None: ...
        def clock_time(self) -> float: ...
        def asked(self) -> Question | None: ...
        @property
        def one_at_a_time(self) -> bool: ...

    walk: Walk
    lesson: Lesson
    room: LessonRoom
    #: the directory in which ``asgiviz-work`` is
    work: Path
    poll_files: bool
    by_hand: bool
    workspace: Workspace | None = None
    grade: Grade | None = None
    typed: str
    knob: int
    sources: Sources
    code: RowsPane
    _attempt: Attempt | None = None
    _watching: Watching | None = None
    #: how often the evidence of this grade was asked for
    _pointed = 0
    #: the file has changed since it was last run
    _again = False

    def now(self) -> Now:
        """What the page shows beside what the walk knows."""
        showing = self.room.showing
        run = self.run_here()
        knobs = () if run is None else self.lesson.experiments[run].knobs
        asked = self.asked()
        failed = showing is not None and showing.counts and showing.trial.failure is not None
        return Now(
            running=showing.experiment.id if showing is not None and showing.counts and not showing.seen else None,
            troubled=showing.experiment.id if showing is not None and failed else None,
            trouble=showing.trial.failure.sentence if showing is not None and showing.trial.failure is not None else "",
            knob=knobs[self.knob % len(knobs)].name if knobs else None,
            sources=self.sources.shown_on(self.walk.page),
            beside=frozenset() if self.one_at_a_time else self.sources_beside(),
            file="" if self.workspace is None else _short(self.workspace.main),
            grade=self.grade,
            said="running your file …" if self._attempt is not None else "",
            asked=asked.id if asked is not None else None,
            typed=self.typed,
        )

    def sources_beside(self) -> frozenset[str]:
        """The files that the code pane shows."""
        showing, run = self.room.showing, self.run_here()
        experiment = showing.experiment if showing is not None else None if run is None else self.lesson.experiments[run]
        return frozenset() if experiment is None else frozenset(side.app.partition(":")[0] for side in experiment.sides)

    # -- the file --------------------------------------------------------------------------------------------------

    def begin_practice(self) -> None:
        """Copy what is not there yet, and watch the file."""
        if self.workspace is not None:
            return
        try:
            workspace = Workspace(self.lesson, self.work)
            copied = workspace.open()
        except WorkspaceError as error:
            self.notify(str(error), severity="error", timeout=12, markup=False)
            return
        self.workspace = workspace
        if copied.new:
            self.notify(f"your file is {_short(workspace.main)}", timeout=6, markup=False)
        if not self.by_hand:
            self._watching = watch_file(workspace.main, self._file_changed, self.poll_files)

    def _file_changed(self) -> None:
        """Called in the watching thread."""
        self._again = True  # a tick sees it

    def wait_for_attempt(self, seconds: float) -> None:
        """Wait until an attempt that was cancelled is over."""
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt.wait(seconds)

    def stop_practising(self) -> None:
        """Watch and run nothing any more."""
        if self._watching is not None:
            self._watching.stop()
        if self._attempt is not None:
            self._attempt.cancel()

    def action_edit(self) -> None:
        """The learner's file in their own editor."""
        self.begin_practice_here()
        if self.workspace is None:
            return
        editor = chosen_editor()
        file = self.workspace.main
        if editor is None:
            says = f"$EDITOR is not set. Edit {_short(file)} in any editor: it is checked when you save it"
            self.notify(says, timeout=10, markup=False)
            return
        if trouble := edit(self.app, editor, str(file), 1):
            self.notify(trouble, severity="error", markup=False)

    def begin_practice_here(self) -> None:
        """Keys of the exercise work on every page of a lesson that has one."""
        if self.lesson.exercise is None:
            self.notify("This lesson has no exercise.")
        else:
            self.begin_practice()

    def action_reset(self) -> None:
        """Start the exercise afresh, after asking."""
        self.begin_practice_here()
        workspace = self.workspace
        if workspace is None:
            return

        def reset(yes: bool | None) -> None:
            if yes:
                self._reset(workspace)

        asked = f"Start {workspace.main.name} afresh? Yours is kept beside it as {workspace.main.name}.bak-1, -2, …"
        self.app.push_screen(QuestionScreen(asked, "start afresh"), reset)

    def _reset(self, workspace: Workspace) -> None:
        try:
            copied = workspace.reset()
        except WorkspaceError as error:
            self.notify(str(error), severity="error", timeout=12, markup=False)
            return
        kept = f"; yours is {copied.backups[0].name}" if copied.backups else ""
        self.notify(f"{workspace.main.name} is the starter again{kept}", markup=False)
        self.grade = None
        self.refresh_text()

    @property
    def checking(self) -> bool:
        """Whether the learner's file is run at the moment."""
        return self._attempt is not None

    # -- judging ---------------------------------------------------------------------------------------------------

    def action_check(self) -> None:
        """Run the learner's file, and judge what it did."""
        self.begin_practice_here()
        if self.workspace is None or self._attempt is not None:
            return
        if not self.workspace.started:
            says = f"{_short(self.workspace.main)} is not there. R starts the exercise afresh"
            self.notify(says, severity="warning", markup=False)
            self.code.changed()
            return
        if self.room.showing is not None and not self.room.showing.over:
            self.notify("The run was stopped: your file is run now.")
            self.room.cancel()
        self._attempt = Attempt(self.lesson, self.workspace.directory).start()
        self.refresh_text()

    @property
    def is_checking(self) -> bool:
        """Whether the learner's file is being run."""
        return self._attempt is not None

    def follow_attempt(self) -> None:
        """A tick: see whether the attempt is over."""
        attempt = self._attempt
        if attempt is not None and attempt.phase in OVER:
            self._attempt = None
            if attempt.phase is not Phase.CANCELLED:
                self._judged(attempt)
        if self._again and self._attempt is None:
            self._again = False
            self.action_check()

    def _judged(self, attempt: Attempt) -> None:
        failure = attempt.failure
        self.grade = attempt.grade or not_graded(
            self.lesson, failure.sentence if failure else "", (failure.traceback if failure else None) or ""
        )
        self.walk.exercise_graded(self.grade.passed, self.clock_time())
        self._pointed = 0
        self.remember()
        trial = attempt.trials.get(GRADED)
        if trial is not None:
            self.room.put(GRADED, Showing("your file", trial, counts=False))
        self.refresh_text()

    def action_hint(self) -> None:
        """The next hint on the first check that is not met."""
        first = None if self.grade is None else self.grade.first
        if first is None:
            passed = self.grade is not None and self.grade.passed
            self.notify("All is met: there is nothing to hint at." if passed else "Check your file first: x.")
            return
        if self.walk.hint(first.check.id) is None:
            self.notify("There are no more hints on this one.")
        self.remember()
        self.refresh_text()

    def action_evidence(self) -> None:
        """Where in the run the first check was not met: in the middle of its evidence, and then event by event."""
        first = None if self.grade is None else self.grade.first
        showing = self.room.showing
        if first is None or showing is None or not first.seqs or showing.counts:
            self.notify("There is nothing to point at.")
            return
        seqs = set(first.seqs)
        times = [since(showing.record, event.t) for event in showing.record.events if event.seq in seqs]
        if times:
            self.go_to_moment(((times[0] + times[-1]) // 2, *times)[self._pointed % (len(times) + 1)])
            self._pointed += 1

    def action_solution(self) -> None:
        """The solution and its alternatives beside the learner's file."""
        if self.walk.progress.passed_at is None:
            self.notify("It opens when your own file has passed. h gives a hint.")
            return
        self.begin_practice_here()
        if self.workspace is None or self.lesson.exercise is None:
            return
        main = self.lesson.exercise.main
        mine = self.sources.file(self.workspace.main)
        found = [
            (name, self.sources.file(place / main), self.sources.file(place / "about.md"))
            for name, place in solutions(self.lesson)
        ]
        self.app.push_screen(PageScreen("The solution, and other ways", lambda width: lesson_solution.draw(mine, found, width)))


def _short(path: Path) -> str:
    """A path as the learner would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
