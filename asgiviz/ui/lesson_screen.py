"""The lesson screen: the text and its questions, the stage with the run, the code that ran; and where the learner is.

`course.walk.Walk` says what is in sight and what may be done; this screen draws it, and gives keys to it. A run happens in
the background (`ui.lesson_room`), and is read on a timer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.containers import Horizontal, Vertical

from asgiviz.course.lesson import Ask, Go, Kind, Lesson, Pack, Practise
from asgiviz.course.progress import Progress
from asgiviz.course.walk import Walk
from asgiviz.ui.key_footer import KeyFooter
from asgiviz.ui.keys import ACTIONS, bindings, rebind
from asgiviz.ui.lesson_answering import TYPING, Answering
from asgiviz.ui.lesson_arranging import LessonArranging
from asgiviz.ui.lesson_helping import LessonHelping
from asgiviz.ui.lesson_practising import Practising
from asgiviz.ui.lesson_room import LessonRoom
from asgiviz.ui.lesson_running import Running
from asgiviz.ui.lesson_sources import Sources
from asgiviz.ui.playback import Mode
from asgiviz.ui.rows_pane import RowsPane
from asgiviz.ui.spans_bar import SpansBar
from asgiviz.views import lesson_stage, lesson_text
from asgiviz.views.spans import Role, Row, Span, Spans
from asgiviz.views.stage_moments import record_at
from asgiviz.views.text import safe

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

#: action -> when the footer shows it.
WHEN = {action.id: action.when for action in ACTIONS.values() if action.when}
#: The four things one does in a lesson, in their order.
CYCLE = ("predict", "run", "look", "change")
#: Seconds in which what was cancelled is gone.
GONE_WITHIN = 2.5
#: Columns below which only the one that comes next is named.
NARROW = 100


class LessonScreen(LessonArranging, Answering, Running, Practising, LessonHelping):
    """One lesson; what the learner does is saved in `progress` as they do it.

    `names` are the numbers of this machine, `work` is where ``asgiviz-work`` is; `poll` watches the learner's file by looking
    at it, `by_hand` does not watch it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*TYPING, *bindings("lesson")]
    CSS_PATH = "lesson_screen.tcss"
    if TYPE_CHECKING:
        app: AsgivizApp

    def __init__(
        self,
        pack: Pack,
        lesson: Lesson,
        progress: Progress,
        names: dict[str, float],
        work: Path,
        *,
        poll: bool = False,
        by_hand: bool = False,
    ) -> None:
        super().__init__()
        self.pack, self.lesson, self.progress = pack, lesson, progress
        self.walk = Walk(lesson, progress.lesson(pack.id, lesson.id), names, pack.misconceptions)
        self.room = LessonRoom(lesson)
        self.work = work
        self.sources = Sources(lesson.directory)
        self.poll_files, self.by_hand = poll, by_hand
        #: whether the learner left for the other lessons, and did not quit
        self.went_back = False
        self._ticked = monotonic()
        self._stage_drawn: object = None
        self._title = SpansBar(self._facts, self._where)
        self.text = RowsPane(self._draw_text, id="lesson")
        self.stage = RowsPane(self._draw_stage, id="stage")
        self.code = RowsPane(self._draw_code, id="code")
        self.panes = {"lesson": self.text, "stage": self.stage, "code": self.code}

    def compose(self) -> ComposeResult:
        yield self._title
        with Horizontal(id="room"):
            yield self.text
            with Vertical(id="right"):
                yield self.stage
                yield self.code
        yield KeyFooter()

    def on_mount(self) -> None:
        """Open where the learner was."""
        rebind(self, self.app.settings)
        self.lay_out()
        self.text.focus()
        self.open_page()
        if self.progress.warning:
            self.notify(self.progress.warning, severity="warning", timeout=12, markup=False)
        self.set_interval(1 / self.app.settings.refresh_hz, self.tick)

    def on_unmount(self) -> None:
        """Nothing of a lesson goes on without its screen."""
        self.room.cancel()
        self.stop_practising()

    def leave_nothing_behind(self) -> None:
        """When it is closed: wait until nothing that it started runs any more, for a few seconds at most."""
        self.room.cancel()
        if self.room.showing is not None:
            self.room.showing.trial.wait(GONE_WITHIN)
        self.wait_for_attempt(GONE_WITHIN)

    # -- time ------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Read on, move the playback, and draw what is another."""
        now = monotonic()
        passed, self._ticked = now - self._ticked, now
        self.follow_run(passed)
        self.follow_attempt()
        self.text.show_late_news()
        self.text.remark(None if self.text.at_end else self.app.look.spelt("enter: more ↓"))
        drawn = self._stage_state()
        if drawn != self._stage_drawn:
            self._stage_drawn = drawn
            self.stage.changed()
            self.code.changed()
            self.stage.remark(self._stage_remark())

    def _stage_state(self) -> object:
        """What the stage depends on: when it is the same, nothing is drawn."""
        showing = self.room.showing
        if showing is None:
            return None
        picture = (self.as_picture, showing.moment, showing.seen, tuple(id(each) for each in self.room.kept))
        return (id(showing), showing.trial.phase, showing.at, showing.playback.mode, len(showing.record.events), picture)

    # -- the footer ------------------------------------------------------------------------------------------------

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Textual's table of the keys that work, of which the footer shows those that are of use now."""
        now = self._of_use()
        return {
            key: active._replace(binding=replace(active.binding, show=when in now))
            if (when := WHEN.get(active.binding.id or ""))
            else active
            for key, active in super().active_bindings.items()
        }

    def _of_use(self) -> set[str]:
        """The words of `Action.when` that hold."""
        on_exercise = any(isinstance(block, Practise) for block in self.walk.page.blocks)
        run, found = self.run_here(), set()
        if self.walk.can_go_on:
            found.add("done")
        if on_exercise:
            found.add("exercise")
            found.add("passed" if self.walk.progress.passed_at is not None else "failed" if self.grade else "")
        elif run is not None:
            found |= {"run"} | ({"changeable"} if self.lesson.experiments[run].knobs and self.walk.may_turn(run) else set())
            found |= {"ran"} if self.room.showing is not None and self.room.showing.seen else set()
        return found

    # -- what is shown ---------------------------------------------------------------------------------------------

    def refresh_text(self, from_top: bool = False) -> None:
        """The text has changed: draw it, and bring what is new into sight; another page from its top."""
        if from_top:
            self.text.changed()
            self.text.scroll_to_start()
        else:
            self.text.show_what_is_new()
        self._title.refresh()
        self.code.changed()
        self.entitle_panes()
        self.refresh_bindings()

    def _draw_text(self, width: int, height: int) -> list[Row]:
        return lesson_text.page(self.walk, width, self.now())

    def _draw_stage(self, width: int, height: int) -> list[Row]:
        showing = self.room.showing
        if showing is None:
            run = self.run_here()
            locked = run is not None and not self.walk.may_run(run)
            return lesson_stage.empty(None if run is None else self.lesson.experiments[run], locked, width)
        failure = showing.trial.failure
        if failure is not None:
            return lesson_stage.failed(failure.sentence, failure.traceback or "", width)
        if showing.record.zero is None:
            return lesson_stage.starting(showing.title, width)
        shown = [(each.title, each.record) for each in self.room.on_stage]
        moment = showing.moment
        if moment is not None and moment.at == showing.at:
            # many moments of a virtual clock share one time: what comes after this one has not happened
            shown[-1] = (showing.title, record_at(showing.record, moment))
        follows = showing.playback.mode is Mode.FOLLOWS
        end = showing.end if showing.over else 0
        sentence = moment.sentence if moment is not None else ""
        return lesson_stage.draw(shown, self.as_picture, width, height, showing.at, follows, end, sentence)

    def _draw_code(self, width: int, height: int) -> list[Row]:
        showing, run = self.room.showing, self.run_here()
        mine = self.workspace is not None and isinstance(self.walk.gate(), Practise)
        if self.workspace is not None and (mine or (showing is not None and not showing.counts)):
            return self.sources.mine(self.workspace.main, showing, width, height)
        experiment = showing.experiment if showing is not None else None if run is None else self.lesson.experiments[run]
        return [] if experiment is None else self.sources.of_sides(experiment, showing, width, height)

    # -- the title -------------------------------------------------------------------------------------------------

    def _facts(self) -> Spans:
        return [
            Span("asgiviz", Role.STRONG),
            Span(" ▸ ", Role.QUIET),
            Span(f"lesson {self.lesson.number}"),
            Span("   "),
            Span(safe(self.lesson.title), Role.STRONG),
        ]

    def _where(self) -> Spans:
        """Where in the cycle the learner is, and on which page."""
        here = self._phase()
        page = f"page {self.walk.page_index + 1} of {len(self.walk.pages)}"
        if self.size.width < NARROW:
            return [Span(here, Role.MARK), Span(f"  {page}", Role.QUIET)]
        spans: Spans = []
        for word in CYCLE:
            spans += [Span(" ▸ ", Role.QUIET)] if spans else []
            spans.append(Span(word, Role.MARK if word == here else Role.QUIET))
        return [*spans, Span(f"   {page}", Role.QUIET)]

    def _phase(self) -> str:
        showing = self.room.showing
        if showing is not None and (not showing.over or showing.playback.mode is not Mode.STANDS):
            return "look" if showing.record.zero is not None else "run"
        match self.walk.gate():
            case Ask(question=id_):
                return "predict" if self.lesson.questions[id_].kind is Kind.PREDICT else "look"
            case Go():
                return "run"
            case _:
                return "change"

    # -- leaving ---------------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Write down what was done; a file that cannot be written is told once."""
        from asgiviz.course.progress import ProgressError

        try:
            self.progress.save()
        except ProgressError as error:
            if not self._told_unsaved:
                self._told_unsaved = True
                self.notify(str(error), severity="warning", timeout=12, markup=False)

    _told_unsaved = False

    def action_back(self) -> None:
        """Out of the whole-screen pane; to the other lessons."""
        if self.maximised:
            self.action_zoom()
            return
        self.remember()
        self.went_back = True
        self.app.exit()

    @staticmethod
    def clock_time() -> float:
        """Now, as progress counts it."""
        return time()
