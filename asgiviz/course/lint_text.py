"""Linter rules on the text: numbers come from the machine, and everybody can read it (E026, W081 to W085)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asgiviz.course.anchors import without_code
from asgiviz.course.lint_questions import texts_of
from asgiviz.course.lint_subject import Found, Rule, Subject
from asgiviz.course.reading_pages import LESSON

#: Columns that a line of code has on a small screen.
WIDEST = 76
FIXED = "<!-- fixed -->"
_BRACES = re.compile(r"\{[^{}]*\}")
_MEASURED = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)?\s?(?:s|ms|µs|us|seconds?|milliseconds?|[kKMG]i?B|bytes|x|×|%)(?!\w)")
_COLOUR = re.compile(r"\b(?:the|a|in|is|are|turns?)\s+(red|green|blue|yellow|orange)\b", re.IGNORECASE)
_IMAGE = re.compile(r"!\[\s*\]\(")
_HEADING = re.compile(r"(#+)\s+\S")


def measured_numbers(subject: Subject) -> Iterator[Found]:
    """A number with a unit depends on the machine; it is put in, or marked as one that never changes."""
    for line in subject.prose:
        if FIXED not in line.text and (found := _MEASURED.search(_BRACES.sub("", without_code(line.text)))):
            yield LESSON, line.number, _measured(found[0], FIXED)
    for question in subject.lesson.questions.values():
        for text in texts_of(question):
            at = subject.line(LESSON, text) if text else None
            marked = at is not None and "# fixed" in subject.text(LESSON).split("\n")[at - 1]
            if not marked and (found := _MEASURED.search(_BRACES.sub("", without_code(text)))):
                yield LESSON, at, _measured(found[0], "# fixed (behind the text)")


def _measured(number: str, mark: str) -> str:
    return f'"{number}" depends on the machine or on a knob: write {{metric:…}} or {{value:…}}, or mark the line {mark}'


def heading_order(subject: Subject) -> Iterator[Found]:
    """One # at the top, then ##, and no level is left out."""
    last = 0
    for line in subject.prose:
        found = _HEADING.match(line.text)
        if found is None or line.audience:
            continue
        level = len(found[1])
        if level > last + 1 or (level == 1 and last):
            wanted = "a lesson has one #" if level == 1 else f"{'#' * (last + 1)} comes next"
            yield LESSON, line.number, f"the heading does not fit: {wanted}"
        last = level


def wide_code(subject: Subject) -> Iterator[Found]:
    """Code fits on a small screen."""
    for line in subject.manuscript.lines():
        if line.code and len(line.text) > WIDEST:
            yield LESSON, line.number, f"this line of code has {len(line.text)} columns; {WIDEST} fit on a small screen"
    for file in subject.folder.files:
        shown = file.startswith(("apps/", "exercise/", "solution/", "alternatives/")) and file.endswith((".py", ".toml"))
        for at, text in enumerate(subject.text(file).split("\n") if shown else (), 1):
            if len(text) > WIDEST:
                yield file, at, f"this line has {len(text)} columns; {WIDEST} fit on a small screen"


def pictures_have_words(subject: Subject) -> Iterator[Found]:
    """Who cannot see a picture is told what is on it."""
    for line in subject.prose:
        if _IMAGE.search(without_code(line.text)):
            yield LESSON, line.number, "this picture says nothing to who cannot see it: ![what is on it](file)"


def meaning_by_colour(subject: Subject) -> Iterator[Found]:
    """Nothing is called by its colour alone."""
    for line in subject.prose:
        if found := _COLOUR.search(without_code(line.text)):
            yield LESSON, line.number, f'"{found[0]}": not everybody sees colours; say what it is, or how it is drawn'


def whole_lesson_is_honest(subject: Subject) -> Iterator[Found]:
    """A lesson says what it left out."""
    if not subject.lesson.honest.strip():
        yield LESSON, None, 'there is no "honest": one sentence about what this lesson did not say'


RULES = (
    Rule("E026", "numbers come from the machine", measured_numbers),
    Rule("E081", "headings are in order", heading_order),
    Rule("E082", "code fits on a small screen", wide_code),
    Rule("E084", "pictures have words", pictures_have_words),
    Rule("W085", "nothing is called by its colour alone", meaning_by_colour),
    Rule("W086", "a lesson says what it left out", whole_lesson_is_honest),
)
