"""Answering and turning pages: what the learner says, and where that leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.actions import SkipAction
from textual.binding import Binding
from textual.screen import Screen

from asgiviz.course.lesson import Ask, Go, Kind, Practise, Question
from asgiviz.course.metrics import measure
from asgiviz.course.walk import State, Walk
from asgiviz.experiment.workspace import Workspace
from asgiviz.ui.lesson_room import LessonRoom
from asgiviz.ui.rows_pane import RowsPane
from asgiviz.views.client_lanes import since

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

#: Characters of a number that is typed.
MOST_TYPED = 12
BACKSPACE = "backspace"
#: What a number is typed with. As bindings, and not as what is typed into a widget, they keep their place among other keys.
TYPING = [Binding("full_stop" if sign == "." else sign, f"type('{sign}')", show=False) for sign in (*"0123456789.", BACKSPACE)]


class Answering(Screen[None]):
    """The part of the lesson screen that takes answers and turns pages."""

    if TYPE_CHECKING:
        app: AsgivizApp

        # what other parts of the screen do
        def refresh_text(self, from_top: bool = False) -> None: ...
        def remember(self) -> None: ...
        def begin_run(self, run: str) -> None: ...
        def watched(self) -> bool: ...
        def begin_practice(self) -> None: ...
        def action_check(self) -> None: ...
        def bring_forward(self, name: str) -> None: ...
        def clock_time(self) -> float: ...
        @property
        def one_at_a_time(self) -> bool: ...

    walk: Walk
    room: LessonRoom
    current: str
    text: RowsPane
    workspace: Workspace | None
    #: what is typed as the answer to a question for a number
    typed = ""

    # -- pages -----------------------------------------------------------------------------------------------------

    def open_page(self) -> None:
        """Show the page that the walk is at, from its top; with the last run that it is about."""
        if (run := self.run_here()) is not None:
            self.room.show(run)
        if any(isinstance(block, Practise) for block in self.walk.page.blocks):
            self.begin_practice()
        self.typed = ""
        self.bring_forward("lesson")
        self.refresh_text(from_top=True)

    def run_here(self) -> str | None:
        """The run that the page is about: the next one to be made, else the last that was."""
        here = [block.run for block in self.walk.page.blocks if isinstance(block, Go)]
        undone = [run for run in here if run not in self.walk.progress.runs]
        return next(iter(undone or here[-1:]), None)

    def action_next_page(self) -> None:
        """The next page, when this one is done."""
        try:
            self.walk.next_page()
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.remember()
        self.open_page()

    def action_previous_page(self) -> None:
        """The page before."""
        try:
            self.walk.previous_page()
        except ValueError as error:
            self.notify(str(error), markup=False)
            return
        self.open_page()

    def action_go_on(self) -> None:
        """Whatever comes next."""
        if not self.watched():
            return
        if self.one_at_a_time and self.current != "lesson":  # what comes next stands in the text
            self.bring_forward("lesson")
            return
        if self.typed and (typing := self.asked()) is not None:
            self._say(typing, self.typed)
            return
        if not self.text.at_end:  # nobody shall miss what stands below
            self.text.action_page(1)
            return
        gate = self.walk.gate()
        match gate:
            case Ask(question=id_):
                self._urge(self.walk.lesson.questions[id_])
            case Go(run=id_):
                self.begin_run(id_)
            case Practise() if self.workspace is not None and self.workspace.is_untouched:
                self.notify("Change your file first: e opens it in your editor, n leaves it for later.", markup=False)
            case Practise():
                self.action_check()
            case _ if self.walk.can_go_on:
                self.action_next_page()
            case _:
                self.notify("This was the last page. Escape leads to the other lessons.")

    def _urge(self, question: Question) -> None:
        """Enter at a question: it takes what is typed, or says what is missing."""
        self.bring_forward("lesson")
        state = self.walk.state_of(question.id)
        if state is State.CHOSEN:
            self.notify("How sure are you? 1 a guess, 2 fairly, 3 certain.")
        elif question.options:
            letters = " ".join("abcd"[: len(question.options)])
            self.notify(f"Choose an answer first: {letters}.")
        else:
            self.notify("Type a number first.")

    # -- answers ---------------------------------------------------------------------------------------------------

    def asked(self) -> Question | None:
        """The question that an answer would be for."""
        gate = self.walk.gate()
        return self.walk.lesson.questions[gate.question] if isinstance(gate, Ask) else self._changeable()

    def _changeable(self) -> Question | None:
        """A prediction that is given, as long as its run has not been made."""
        gate = self.walk.gate()
        if not isinstance(gate, Go):
            return None
        asked = [block.question for block in self.walk.in_sight() if isinstance(block, Ask)]
        sealed = [id_ for id_ in asked if self.walk.state_of(id_) is State.SEALED]
        return self.walk.lesson.questions[sealed[-1]] if sealed else None

    def action_answer(self, letter: str) -> None:
        """One of the options."""
        question = self.asked()
        if question is None or not question.options:
            return
        place = "abcd".index(letter)
        if place < len(question.options):
            self._say(question, question.options[place].id)

    def _say(self, question: Question, said: str) -> None:
        try:
            self.walk.choose(question.id, said, self.clock_time())
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.typed = ""
        self._answered(question)

    def action_sure(self, number: int) -> None:
        """How sure the answer is."""
        question = self.asked()
        if question is None or not question.confidence:
            return
        try:
            self.walk.be_sure(question.id, number, self.clock_time())
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self._answered(question)

    def action_type(self, character: str) -> None:
        """A character of the number that is asked for; where none is, the key does what else it does."""
        question = self.asked()
        if question is None or question.options or self.walk.state_of(question.id) is State.CHOSEN:
            raise SkipAction
        if character == "." and not self.typed:  # a number begins with a digit, so that one can step before
            raise SkipAction
        self.typed = self.typed[:-1] if character == BACKSPACE else (self.typed + character)[:MOST_TYPED]
        self.refresh_text()

    def _answered(self, question: Question) -> None:
        self.remember()
        self.refresh_text()
        if question.kind is Kind.OBSERVE and self.walk.state_of(question.id) is State.WRONG:
            self._look_again(question)

    def _look_again(self, question: Question) -> None:
        """Bring the stage to the moment that a wrong observation is about."""
        if question.run is not None:
            self.room.show(question.run)
        showing = self.room.showing
        if showing is None or question.look is None or showing.record.zero is None:
            return
        found = measure(showing.record, question.look)
        seqs = set(found.seqs) if found is not None else set()
        times = [event.t for event in showing.record.events if event.seq in seqs]
        if times:
            began, ended = since(showing.record, min(times)), since(showing.record, max(times))
            showing.go_to((began + ended) // 2)
