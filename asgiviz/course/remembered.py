"""What is remembered of one learner in one lesson, as the lesson is today: answers that it no longer has do not count."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from asgiviz.course import asking
from asgiviz.course.lesson import Ask, Check, Go, Kind, Lesson, Misconception, Page, Question
from asgiviz.course.progress import Answer, LessonProgress

#: An observation that asks for a number gives it away after so many wrong ones; options run out by themselves.
MOST_TRIES = 3


class State(StrEnum):
    """How far a question is."""

    #: not answered
    OPEN = "open"
    #: answered, but not yet how sure
    CHOSEN = "chosen"
    #: a prediction that is given, and can be changed until its run shows
    SEALED = "sealed"
    #: answered, and so it is
    RIGHT = "right"
    #: answered, and it is not so
    WRONG = "wrong"


class Remembered:
    """Reads the progress, and changes nothing but a page that is gone."""

    def __init__(
        self,
        lesson: Lesson,
        progress: LessonProgress,
        names: Mapping[str, float] | None = None,
        misconceptions: Mapping[str, Misconception] | None = None,
    ) -> None:
        self.lesson = lesson
        self.progress = progress
        self.names = dict(names or {})
        self.misconceptions = misconceptions or {}
        self.progress.page = min(self.progress.page, len(lesson.pages) - 1)

    @property
    def pages(self) -> tuple[Page, ...]:
        """All pages."""
        return self.lesson.pages

    @property
    def page_index(self) -> int:
        """The number of the page, from 0."""
        return self.progress.page

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.pages[self.page_index]

    def state_of(self, question_id: str) -> State:
        """How far a question is."""
        question = self.lesson.questions[question_id]
        answer = self.answer(question)
        if answer is None:
            return State.OPEN
        if question.confidence and answer.confidence is None:
            return State.CHOSEN
        if answer.right is None:
            return State.SEALED
        return State.RIGHT if answer.right else State.WRONG

    def answer(self, question: Question) -> Answer | None:
        """The answer that is remembered, if the lesson still has it."""
        answer = self.progress.answers.get(question.id)
        if answer is None or (asking.option_of(question, answer.said) is None) != isinstance(answer.said, float):
            return None
        if bool(question.options) == isinstance(answer.said, float):
            return None
        return answer

    def is_answered(self, question: Question) -> bool:
        """Whether a question asks nothing more."""
        state = self.state_of(question.id)
        if question.kind is not Kind.OBSERVE:
            return state in (State.SEALED, State.RIGHT, State.WRONG)
        answer = self.progress.answers.get(question.id)
        given_up = not question.options and answer is not None and answer.tries >= MOST_TRIES
        return state is State.RIGHT or (state is State.WRONG and given_up)

    def locked_by(self, run_id: str) -> str | None:
        """The id of the first prediction that must be given, with its confidence, before this run; None when it is free."""
        for id_ in self.predictions(run_id):
            if self.state_of(id_) in (State.OPEN, State.CHOSEN):
                return id_
        return None

    def predictions(self, run_id: str) -> list[str]:
        """The predictions on a run that stand before it in the text."""
        found = []
        for block in (block for page in self.pages for block in page.blocks):
            if block == Go(run_id):
                break
            if isinstance(block, Ask):
                question = self.lesson.questions[block.question]
                if question.kind is Kind.PREDICT and question.run == run_id:
                    found.append(question.id)
        return found

    def hints_given(self, check_id: str) -> tuple[str, ...]:
        """The hints on a check that were given so far."""
        return self.check(check_id).hints[: self.progress.hints.get(check_id, 0)]

    def check(self, check_id: str) -> Check:
        """A check by its id."""
        return next(check for check in self.lesson.checks if check.id == check_id)
