"""From ``[[predict]]``, ``[[observe]]`` and ``[[quiz]]`` of a lesson's front matter to `Question`s."""

from __future__ import annotations

import re

from asgiviz.course.keys import Keys
from asgiviz.course.lesson import Kind, Option, Question, Reveal

#: How a number may be written: nothing that could reach into an object or fill the memory.
NUMBER_FORMAT = re.compile(r",?(?:\.\d{1,2})?[fg%]?|,?d")
FEWEST_OPTIONS = 2
_REVEAL = re.compile(rf"[^{{}}]*\{{value(:(?:{NUMBER_FORMAT.pattern}))?\}}[^{{}}]*")


def read_questions(front: Keys) -> dict[str, Question]:
    """All questions of a lesson by their id, in the order of the file."""
    questions: dict[str, Question] = {}
    for kind in Kind:
        for keys in front.tables(kind.value):
            question = _question(keys, kind)
            if question.id in questions:
                keys.complain("E004", f'there are two questions "{question.id}"', "id")
            questions[question.id] = question
    return questions


def _question(keys: Keys, kind: Kind) -> Question:
    question = Question(
        id=keys.id(),
        kind=kind,
        text=keys.text("question"),
        options=_options(keys),
        answer=keys.optional_text("answer"),
        expects=keys.expression("expects"),
        tolerance=keys.number("tolerance", 0.15, most=1),
        unit=keys.text("unit", "", empty=True),
        run=keys.optional_text("run") if kind is Kind.QUIZ else keys.text("run"),
        reveal=_reveal(keys),
        confidence=keys.flag("confidence", kind is Kind.PREDICT),
        because=keys.text("because", "", empty=True),
        look=keys.optional_text("look"),
    )
    keys.end()
    _answerable(keys, question)
    return question


def _options(keys: Keys) -> tuple[Option, ...]:
    options = []
    for each in keys.tables("options"):
        options.append(Option(each.id(), each.text("text"), each.optional_text("why"), each.text("says", "", empty=True)))
        each.end()
        if [one.id for one in options].count(options[-1].id) > 1:
            each.complain("E004", f'there are two options "{options[-1].id}"', "id")
    return tuple(options)


def _reveal(keys: Keys) -> Reveal | None:
    table = keys.table("reveal")
    if table is None:
        return None
    reveal = Reveal(table.text("metric"), table.text("format", Reveal.format))
    table.end()
    if not _REVEAL.fullmatch(reveal.format):
        table.complain(
            "E002", f'"format" must be a text with {{value}} or {{value:.1f}} in it, not "{reveal.format}"', "format"
        )
    return reveal


def _answerable(keys: Keys, question: Question) -> None:
    if question.options:
        if len(question.options) < FEWEST_OPTIONS:
            keys.complain("E021", f'question "{question.id}" has one option, so there is nothing to choose', "options")
        if question.expects is not None:
            keys.complain("E021", '"expects" is for a question without options; write "answer"', "expects")
        if question.answer not in {option.id for option in question.options}:
            known = ", ".join(option.id for option in question.options)
            keys.complain("E021", f'"answer" must be one of the options: {known}', "answer")
        return
    if question.answer is not None:
        keys.complain("E021", '"answer" is for a question with options; write "expects" or add options', "answer")
    if question.expects is None and "expects" not in keys.values:
        keys.complain("E021", f'question "{question.id}" has neither options nor "expects", so nothing can be its answer')
    if question.expects is not None and question.run is None:
        keys.complain("E001", f'question "{question.id}" asks for a number, so it needs a "run" whose knobs it is about')
