"""The way through a lesson: predict, run, look, change. A state machine without input or output; what happened is told to it.

Screen and plain text drive the same walk. All it remembers is in the `LessonProgress` that it is given; times (`at`, seconds
since 1970) come from outside. A ValueError carries one sentence for the learner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asgiviz.course import asking, filling
from asgiviz.course.bench import Bench
from asgiviz.course.knobs import settings_of
from asgiviz.course.lesson import Ask, Block, Claim, Go, Kind, Lesson, Misconception, Page, Practise, Prose, Question
from asgiviz.course.progress import Answer, LessonProgress, Ran
from asgiviz.course.remembered import MOST_TRIES, State
from asgiviz.course.telling import Recalled, Telling, doubt_about

__all__ = ["CONFIDENCE", "MOST_TRIES", "Recalled", "State", "Walk"]

#: How sure somebody can be.
CONFIDENCE = (1, 2, 3)


class Walk(Telling, Bench):
    """One learner in one lesson. `names` are those of the machine (``cores``), `misconceptions` those of the pack."""

    def __init__(
        self,
        lesson: Lesson,
        progress: LessonProgress,
        names: Mapping[str, float] | None = None,
        misconceptions: Mapping[str, Misconception] | None = None,
    ) -> None:
        super().__init__(lesson, progress, names, misconceptions)
        self._doubts: dict[str, str] = {}

    # -- where -----------------------------------------------------------------------------------------------------

    def in_sight(self) -> tuple[Block, ...]:
        """The blocks of the page up to the first that waits for the learner, and with it. Notes for others are left out."""
        seen: list[Block] = []
        for block in self.page.blocks:
            if isinstance(block, Prose) and block.audience:
                continue
            seen.append(block)
            if not self.is_done(block):
                break
        return tuple(seen)

    def gate(self) -> Block | None:
        """What is to be done next on this page: a question, a run or the exercise. None when nothing is."""
        return next((block for block in self.page.blocks if not self.is_done(block)), None)

    @property
    def can_go_on(self) -> bool:
        """Whether the next page may be opened. The exercise may wait; questions and runs may not."""
        return self._passable(self.page) and self.page_index < len(self.pages) - 1

    @property
    def finished(self) -> bool:
        """Whether everything of the lesson is done, its exercise too."""
        return all(self.is_done(block) for page in self.pages for block in page.blocks)

    def next_page(self) -> None:
        """Open the next page. ValueError says what is to be done first."""
        if not self._passable(self.page):
            gate = self.gate()
            raise ValueError("Make the run first." if isinstance(gate, Go) else "Answer the question first.")
        if not self.can_go_on:
            raise ValueError("This is the last page.")
        self.progress.page += 1

    def previous_page(self) -> None:
        """Open the page before."""
        if not self.page_index:
            raise ValueError("This is the first page.")
        self.progress.page -= 1

    def _passable(self, page: Page) -> bool:
        return all(self.is_done(block) or isinstance(block, Practise) for block in page.blocks)

    def is_done(self, block: Block) -> bool:
        """Whether a block asks nothing more of the learner."""
        match block:
            case Ask(question=id_):
                return self.is_answered(self.lesson.questions[id_])
            case Go(run=id_):
                return id_ in self.progress.runs
            case Practise():
                return self.progress.passed_at is not None
            case _:
                return True

    # -- questions -------------------------------------------------------------------------------------------------

    def choose(self, question_id: str, text: str, at: float | None = None) -> State:
        """Answer with an option's id, its place in the list, or a number. ValueError says why that is no answer."""
        question = self.lesson.questions[question_id]
        self._must_be_asked(question)
        said = asking.read_answer(question, text)
        before = self.answer(question)
        again = before is not None and question.kind is Kind.OBSERVE
        tries = before.tries + 1 if before is not None and again else 1
        self.progress.answers[question_id] = Answer(said, at=at, tries=tries)
        return self._settle(question, at)

    def be_sure(self, question_id: str, confidence: int, at: float | None = None) -> State:
        """Say how sure the answer is, from 1 (a guess) to 3 (certain)."""
        question = self.lesson.questions[question_id]
        self._must_be_asked(question)
        answer = self.answer(question)
        if answer is None:
            raise ValueError("Answer the question first.")
        if confidence not in CONFIDENCE:
            raise ValueError("How sure are you? Answer with 1, 2 or 3.")
        answer.confidence = int(confidence)
        return self._settle(question, at)

    def _must_be_asked(self, question: Question) -> None:
        if Ask(question.id) not in self.in_sight():
            raise ValueError("This question is not asked yet.")
        if self.state_of(question.id) in (State.RIGHT, State.WRONG):
            if question.kind is Kind.PREDICT:
                raise ValueError("The run has shown it; a prediction cannot be changed any more.")
            if self.is_answered(question):
                raise ValueError("You have answered this question.")

    def _settle(self, question: Question, at: float | None) -> State:
        """Judge an answer that is complete; a prediction only when its run shows."""
        answer = self.progress.answers[question.id]
        complete = not question.confidence or answer.confidence is not None
        if complete and question.kind is not Kind.PREDICT:
            answer.right = asking.is_right(question, answer.said, self._names_for(question))
        self._end(at)
        return self.state_of(question.id)

    # -- runs ------------------------------------------------------------------------------------------------------

    def may_run(self, run_id: str) -> bool:
        """Whether a run may be made: it is in sight or was made before, and its predictions are given."""
        reached = Go(run_id) in self.in_sight() or run_id in self.progress.runs
        return reached and self.locked_by(run_id) is None

    def ran(
        self,
        run_id: str,
        figures: Mapping[str, float],
        settings: Mapping[str, float] | None = None,
        broken_claims: Iterable[Claim] = (),
        at: float | None = None,
        clock: str = "",
    ) -> None:
        """A run was made: what it measured (``side.metric``), with which settings, on which clock, and which of its claims
        do not hold.

        The first run as the author wrote it shows what its predictions are worth, unless a claim is broken: then the walk is
        in doubt, and leaves them as they are.
        """
        if self.locked_by(run_id) is not None:
            raise ValueError("Say first what you think will happen.")
        run = self.lesson.experiments[run_id]
        made = {**settings_of(run, self._turned.get(run_id)), **(settings or {})}
        before = self.progress.runs.get(run_id)
        times = 1 if before is None else before.times + 1
        as_written = self.is_as_written(run, made)
        written = dict(figures) if as_written else {} if before is None else before.written
        self.progress.runs[run_id] = Ran(dict(figures), made, times, at, clock, written)
        self._doubts[run_id] = doubt_about(broken_claims, figures) if as_written else ""
        if as_written and not self._doubts[run_id]:
            self._judge(run_id)
        self._end(at)

    def _judge(self, run_id: str) -> None:
        for question in self.lesson.questions.values():
            answer = self.answer(question)
            if question.run != run_id or answer is None or self.state_of(question.id) is not State.SEALED:
                continue
            answer.right = asking.is_right(question, answer.said, self._names_for(question))
            if question.reveal is not None:
                answer.was = filling.figure(self.progress.runs[run_id].figures, question.reveal.metric)

    def doubt(self, run_id: str) -> str:
        """Why the last run is not to be trusted, as a sentence; empty when it is."""
        return self._doubts.get(run_id, "")

    # -- exercise --------------------------------------------------------------------------------------------------

    def exercise_graded(self, passed: bool, at: float | None = None) -> None:
        """An attempt at the exercise was graded. Once passed, it stays passed."""
        self.progress.attempts += 1
        if passed and self.progress.passed_at is None:
            self.progress.passed_at = 0.0 if at is None else at
        self._end(at)

    def hint(self, check_id: str) -> str | None:
        """The next hint on a check, which is counted; None when there are no more."""
        check = self.check(check_id)
        given = self.progress.hints.get(check_id, 0)
        if given >= len(check.hints):
            return None
        self.progress.hints[check_id] = given + 1
        return check.hints[given]

    def _end(self, at: float | None) -> None:
        if self.progress.finished_at is None and self.finished:
            self.progress.finished_at = 0.0 if at is None else at
