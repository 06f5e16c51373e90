"""What is told to the learner: what was said and what it was, where to look again, and texts with their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asgiviz.course import asking, filling
from asgiviz.course.knobs import settings_of
from asgiviz.course.lesson import Ask, Claim, Go, Kind, Misconception, Question
from asgiviz.course.metrics import METRICS
from asgiviz.course.progress import Answer
from asgiviz.course.remembered import Remembered, State


@dataclass(frozen=True)
class Recalled:
    """A prediction in hindsight. `was` is empty and `right` None as long as no run has shown."""

    question: Question
    said: str
    was: str
    right: bool | None
    confidence: int | None


class Telling(Remembered):
    """Sentences about what is remembered. Nothing is told of a prediction before its run has shown it."""

    def note_for(self, question_id: str) -> Misconception | None:
        """The note on the belief behind a wrong answer."""
        question = self.lesson.questions[question_id]
        answer = self.answer(question)
        if answer is None or self.state_of(question_id) is not State.WRONG:
            return None
        option = asking.option_of(question, answer.said)
        return None if option is None or option.why is None else self.misconceptions.get(option.why)

    def reply(self, question_id: str) -> str:
        """What is said to an answer that is judged: to this option, and why it is as it is. Empty before.

        The reason is kept back while an observation is asked again.
        """
        question = self.lesson.questions[question_id]
        answer = self.answer(question)
        if answer is None or answer.right is None:
            return ""
        option = asking.option_of(question, answer.said)
        words = [option.says if option is not None else "", question.because if self.is_answered(question) else ""]
        return self.fill_question(question_id, " ".join(each for each in words if each))

    def look_again(self, question_id: str) -> str:
        """Where to look after a wrong observation, as a sentence; empty when there is nothing to look for."""
        question = self.lesson.questions[question_id]
        if question.kind is not Kind.OBSERVE or self.state_of(question_id) is not State.WRONG or self.is_answered(question):
            return ""
        metric = METRICS.get((question.look or "").rpartition(".")[2])
        title = "" if question.run is None else self.lesson.experiments[question.run].title
        where = f"the moment of: {metric.words}" if metric is not None else "the picture"
        return f"Not so. Look again at {where} (run: {title})."

    def said_and_was(self, question_id: str) -> str:
        """``You said 5.0 s. It was 1.51 s.``; empty as long as no run has shown it."""
        recalled = self._recall(self.lesson.questions[question_id])
        if recalled is None or recalled.right is None:
            return ""
        return f"You said {recalled.said}. It was {recalled.was}."

    def recall(self, kind: Kind = Kind.PREDICT) -> tuple[Recalled, ...]:
        """All predictions (or questions of another kind) that were answered, in the order of the lesson: what was said, and
        what it was."""
        asked = [block.question for page in self.pages for block in page.blocks if isinstance(block, Ask)]
        found = [self._recall(self.lesson.questions[id_]) for id_ in dict.fromkeys(asked)]
        return tuple(each for each in found if each is not None and each.question.kind is kind)

    def _recall(self, question: Question) -> Recalled | None:
        answer = self.answer(question)
        if answer is None:
            return None
        was = "" if answer.right is None else self._was(question, answer)
        return Recalled(question, self._in_words(question, answer.said), was, answer.right, answer.confidence)

    def _was(self, question: Question, answer: Answer) -> str:
        if question.reveal is not None and answer.was is not None:
            return filling.revealed(question.reveal.format, answer.was)
        if question.answer is not None:
            return self._in_words(question, question.answer)
        wanted = asking.expected(question, self._names_for(question))
        return filling.UNKNOWN if wanted is None else asking.with_unit(question, wanted)

    def _in_words(self, question: Question, said: str | float) -> str:
        option = asking.option_of(question, said)
        if option is not None:
            return f"“{self.fill_question(question.id, option.text)}”"
        return asking.with_unit(question, said) if isinstance(said, float) else said

    def fill(self, text: str, run_id: str | None = None) -> str:
        """A text with its numbers; an ellipsis where nothing was measured yet. Sums are about a run, or that of this page."""
        return filling.fill(text, self.metric, self._names_of(run_id or self._run_here()))

    def fill_question(self, question_id: str, text: str) -> str:
        """A text of a question with its numbers: those of the run that the question is about."""
        question = self.lesson.questions[question_id]
        return filling.fill(text, self.metric, self._names_for(question))

    def metric(self, name: str) -> float | None:
        """``RUN.METRIC`` in the last run that was made as it is written, which is what a text speaks of; else in the last.

        None when it was not measured.
        """
        run, _, metric = name.partition(".")
        ran = self.progress.runs.get(run)
        return None if ran is None else filling.figure(ran.written or ran.figures, metric)

    def _names_for(self, question: Question) -> dict[str, float]:
        return self._names_of(question.run or self._run_here())

    def _names_of(self, run_id: str | None) -> dict[str, float]:
        """The settings of a run as it is written, whatever was changed since: texts and questions are about that one."""
        return {**(settings_of(self.lesson.experiments[run_id]) if run_id is not None else {}), **self.names}

    def _run_here(self) -> str | None:
        """The run that a text on this page is about: the first of the page, else the last one before it, else the first."""
        here = [block.run for block in self.page.blocks if isinstance(block, Go)]
        before = [block.run for page in self.pages[: self.page_index] for block in page.blocks if isinstance(block, Go)]
        return next(iter((*here[:1], *before[-1:], *self.lesson.experiments)), None)


def doubt_about(claims: Iterable[Claim], figures: Mapping[str, float]) -> str:
    """Why a run with broken claims is not to be trusted, as a sentence; empty without any."""
    broken = next(iter(claims), None)
    if broken is None:
        return ""
    value = filling.figure(figures, broken.metric)
    metric = METRICS.get(broken.metric.rpartition(".")[2])
    words = metric.words if metric is not None else broken.metric
    measured = "it could not be measured" if value is None else f"it was {filling.written(value, '.3g')}"
    return (
        f"This run did not come out as it should ({words}: {broken.holds.text}, but {measured}). "
        "Perhaps this machine was busy. Do not trust its numbers; run it again."
    )
