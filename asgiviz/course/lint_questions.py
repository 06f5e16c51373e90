"""Linter rules on questions: they are asked, at the right place, with answers that teach (E020 to W025, E030, E049)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asgiviz.course.anchors import METRIC, VALUE, inlines
from asgiviz.course.expression import ExpressionError, expression
from asgiviz.course.knobs import settings_of
from asgiviz.course.lesson import Ask, Go, Kind, Lesson, Question
from asgiviz.course.lint_subject import Found, Rule, Subject, trouble_with_metric
from asgiviz.course.reading_pages import LESSON

FEWEST_OPTIONS = 3
#: An answer this much longer than all others gives itself away.
TELLING = 1.3
_ALL_OF_THEM = re.compile(r"\b(all|none|both|neither) of (the above|these answers)\b", re.IGNORECASE)
_BRACES = re.compile(r"\{[^{}]*\}")


def has_prediction(subject: Subject) -> Iterator[Found]:
    """There is something to predict."""
    if not any(question.kind is Kind.PREDICT for question in subject.lesson.questions.values()):
        yield LESSON, None, "there is no [[predict]]: who has not predicted, does not see"


def wrong_options_have_a_reason(subject: Subject) -> Iterator[Found]:
    """Each wrong option stands for a belief."""
    for question in subject.lesson.questions.values():
        for option in question.options:
            if option.id != question.answer and option.why is None:
                where = subject.line(LESSON, option.text)
                yield LESSON, where, f'option "{option.id}" of "{question.id}" is wrong and has no "why": which belief is it?'
            if option.id == question.answer and option.why is not None:
                where = subject.line(LESSON, option.text)
                yield LESSON, where, f'option "{option.id}" of "{question.id}" is right, so it has no "why"'


def asked_once(subject: Subject) -> Iterator[Found]:
    """Each question stands in the text once."""
    asked = [block.question for block in _blocks(subject.lesson) if isinstance(block, Ask)]
    for question in subject.lesson.questions.values():
        times = asked.count(question.id)
        if times != 1:
            how = "is not asked in the text" if not times else f"is asked {times} times"
            yield (
                LESSON,
                subject.line_of_id(LESSON, question.id),
                (f'question "{question.id}" {how}: write {{{question.kind.value}:{question.id}}} once'),
            )


def asked_in_time(subject: Subject) -> Iterator[Found]:
    """A prediction stands before its run, an observation behind it."""
    made: set[str] = set()
    for block in _blocks(subject.lesson):
        if isinstance(block, Go):
            made.add(block.run)
        elif isinstance(block, Ask):
            question = subject.lesson.questions[block.question]
            where = subject.line(LESSON, f"{question.kind.value}:{question.id}")
            if question.kind is Kind.PREDICT and question.run in made:
                yield LESSON, where, f'prediction "{question.id}" stands behind its run "{question.run}"'
            if question.kind is Kind.OBSERVE and question.run not in made:
                yield LESSON, where, f'observation "{question.id}" stands before its run "{question.run}"'


def predictions_are_shown(subject: Subject) -> Iterator[Found]:
    """The run of every prediction is made in the text."""
    made = {block.run for block in _blocks(subject.lesson) if isinstance(block, Go)}
    for question in subject.lesson.questions.values():
        if question.kind is Kind.PREDICT and question.run not in made:
            where = subject.line_of_id(LESSON, question.id)
            yield (
                LESSON,
                where,
                f'"{question.id}" predicts run "{question.run}", which the text never makes: {{run:{question.run}}}',
            )


def metrics_resolve(subject: Subject) -> Iterator[Found]:
    """What is revealed, looked at or put into a text can be measured in its run."""
    runs = subject.lesson.experiments
    for question in subject.lesson.questions.values():
        named = [question.reveal.metric if question.reveal is not None else None, question.look]
        for name in (each for each in named if each is not None):
            where = subject.line_of_id(LESSON, question.id)
            if question.run is None:
                yield LESSON, where, f'"{question.id}" shows {name}, and names no run to measure it in'
            elif sentence := trouble_with_metric(runs[question.run], name):
                yield LESSON, where, f'"{question.id}": {sentence}'
    for written, at, name in _put_in(subject, METRIC):
        run, _, metric = name.partition(".")
        if run in runs and (sentence := trouble_with_metric(runs[run], metric)):
            yield LESSON, at, f"{written}: {sentence}"


def sums_can_be_computed(subject: Subject) -> Iterator[Found]:
    """Sums use names that their run has; what a question expects comes to a number."""
    lesson = subject.lesson
    known = {"cores": 1.0}
    for run in lesson.experiments.values():
        known |= settings_of(run)
    for question in lesson.questions.values():
        if question.expects is not None and question.run is not None:
            try:
                question.expects.value({"cores": 1.0} | settings_of(lesson.experiments[question.run]))
            except ExpressionError as error:
                yield LESSON, subject.line_of_id(LESSON, question.id), f'what "{question.id}" expects: {error}'
        own = {"cores": 1.0} | settings_of(lesson.experiments[question.run]) if question.run is not None else known
        for text in texts_of(question):
            yield from _uncomputable(text, subject.line(LESSON, text), own)
    for line in subject.prose:
        yield from _uncomputable(line.text, line.number, known)


def _uncomputable(text: str, at: int | None, known: dict[str, float]) -> Iterator[Found]:
    for inline in inlines(text):
        if inline.kind == VALUE:
            try:
                expression(inline.name).value(known)
            except ExpressionError as error:
                yield LESSON, at, f"{inline.written}: {error}"


def options_hide_the_answer(subject: Subject) -> Iterator[Found]:
    """Three options or more, and the right one does not show itself by its length."""
    for question in subject.lesson.questions.values():
        where = subject.line_of_id(LESSON, question.id)
        if question.options and len(question.options) < FEWEST_OPTIONS:
            yield LESSON, where, f'"{question.id}" has {len(question.options)} options; with three there is less to guess'
        long = {option.id: len(_BRACES.sub("0.0", option.text)) for option in question.options}
        right = max((length for id_, length in long.items() if id_ == question.answer), default=0)
        wrong = max((length for id_, length in long.items() if id_ != question.answer), default=0)
        if wrong and right > TELLING * wrong:
            yield LESSON, where, f'the right option of "{question.id}" is by far the longest, which gives it away'
        if any(_ALL_OF_THEM.search(option.text) for option in question.options):
            yield LESSON, where, f'"{question.id}" has an option about the other options; say what is meant'


def texts_of(question: Question) -> Iterator[str]:
    """Everything that a question says."""
    yield question.text
    for option in question.options:
        yield option.text
        yield option.says
    yield question.because


def _put_in(subject: Subject, kind: str) -> Iterator[tuple[str, int | None, str]]:
    for line in subject.prose:
        for inline in inlines(line.text):
            if inline.kind == kind:
                yield inline.written, line.number, inline.name
    for question in subject.lesson.questions.values():
        for text in texts_of(question):
            for inline in inlines(text):
                if inline.kind == kind:
                    yield inline.written, subject.line(LESSON, text), inline.name


def _blocks(lesson: Lesson) -> list[object]:
    return [block for page in lesson.pages for block in page.blocks]


RULES = (
    Rule("E020", "there is something to predict", has_prediction),
    Rule("E021", "sums can be computed", sums_can_be_computed),
    Rule("E022", "each wrong option stands for a belief, the right one for none", wrong_options_have_a_reason),
    Rule("E023", "each question is asked once", asked_once),
    Rule("E024", "predictions before their run, observations behind it", asked_in_time),
    Rule("E024", "the run of every prediction is made", predictions_are_shown),
    Rule("W025", "options do not give the answer away", options_hide_the_answer),
    Rule("E030", "metrics are those of the run", metrics_resolve),
)
