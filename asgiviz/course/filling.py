"""Puts numbers into the texts of a lesson: ``{metric:RUN.METRIC|.1f}`` as measured, ``{value:SUM|.1f}`` as computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from asgiviz.course.anchors import METRIC, VALUE, Inline, inlines
from asgiviz.course.expression import ExpressionError, expression
from asgiviz.course.metrics import ALIASES

#: Stands for a number that is not there yet.
UNKNOWN = "…"


def fill(text: str, metric: Callable[[str], float | None], names: Mapping[str, float]) -> str:
    """A text with its numbers. `metric` gives the value of ``RUN.METRIC``; what it does not know becomes an ellipsis."""
    for inline in inlines(text):
        if inline.kind in (METRIC, VALUE):
            number = metric(inline.name) if inline.kind == METRIC else _computed(inline, names)
            text = text.replace(inline.written, UNKNOWN if number is None else written(number, inline.format), 1)
    return text


def _computed(inline: Inline, names: Mapping[str, float]) -> float | None:
    try:
        return expression(inline.name).value(names)
    except ExpressionError:
        return None


def written(number: float, form: str = "") -> str:
    """A number in a format of the lesson; without one, as short as it can be said."""
    if form.endswith("d"):
        return format(round(number), form)
    return format(number, form) if form else f"{number:.6g}"


def revealed(form: str, value: float) -> str:
    """A text such as ``{value:.1f} s`` with its number; it has been checked when it was read."""
    before, _, rest = form.partition("{value")
    spec, _, after = rest.partition("}")
    return before + written(value, spec.removeprefix(":")) + after


def figure(figures: Mapping[str, float], name: str) -> float | None:
    """The value of a metric among figures called ``side.metric``; a name without a side means the only side that has it."""
    side, dot, short = name.rpartition(".")
    name = f"{side}{dot}{ALIASES.get(short, short)}"
    if name in figures or side:
        return figures.get(name)
    found = [value for key, value in figures.items() if key.rpartition(".")[2] == name]
    return found[0] if len(found) == 1 else None
