"""How an answer is read, judged and written. Pure functions of a question, what was said, and numbers by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from asgiviz.course.expression import ExpressionError
from asgiviz.course.lesson import Option, Question

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)")


def read_answer(question: Question, text: str) -> str | float:
    """The option's id or the number in what somebody typed. ValueError with a sentence that says what to type."""
    said = text.strip()
    if question.options:
        return _option_meant(question, said).id
    number = said.removesuffix(question.unit).strip() if question.unit else said
    if not _NUMBER.fullmatch(number) or len(number) > 20:
        unit = f" {question.unit}" if question.unit else ""
        raise ValueError(f"Write a number, for example 1.5{unit}.")
    return float(number.replace(",", "."))


def _option_meant(question: Question, said: str) -> Option:
    wanted = said.casefold().rstrip(").:")
    for option in question.options:
        if wanted == option.id:
            return option
    for place, option in enumerate(question.options):  # options may have other ids than the letters that a screen gives them
        if wanted in (_LETTERS[place : place + 1], str(place + 1)):
            return option
    ids = [option.id for option in question.options]
    raise ValueError(f"Answer with {', '.join(ids[:-1])} or {ids[-1]}.")


def option_of(question: Question, said: str | float) -> Option | None:
    """The option that was chosen; None for a number, and for an option that the lesson no longer has."""
    return next((option for option in question.options if option.id == said), None)


def expected(question: Question, names: Mapping[str, float]) -> float | None:
    """What a question for a number expects; None when that cannot be computed here."""
    try:
        return None if question.expects is None else question.expects.value(names)
    except ExpressionError:
        return None


def is_right(question: Question, said: str | float, names: Mapping[str, float]) -> bool:
    """Whether an answer is right, for a run with these settings."""
    if question.options:
        return said == question.answer
    wanted = expected(question, names)
    if wanted is None or isinstance(said, str):
        return False
    return abs(said - wanted) <= question.tolerance * abs(wanted) + 1e-9


def with_unit(question: Question, number: float) -> str:
    """A number as the question's answers are written: ``1.5 s``."""
    return f"{number:.4g}" + (f" {question.unit}" if question.unit else "")
