"""What a text of a lesson may hold in braces: directives alone on a line, and numbers within a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from asgiviz.course.expression import ExpressionError, expression
from asgiviz.course.reading_questions import NUMBER_FORMAT

#: The words of directives; each but `exercise` takes a name after a colon.
DIRECTIVES = ("predict", "observe", "quiz", "run", "code", "exercise")
#: Numbers that are put in: measured, and computed.
METRIC, VALUE = "metric", "value"
_DIRECTIVE = re.compile(r"\s*\{\s*([a-z]+)\s*(?::\s*([^{}]*?)\s*)?\}\s*")
_INLINE = re.compile(r"\{([a-z]+):([^{}|\"']+)(?:\|([^{}]*))?\}")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


@dataclass(frozen=True)
class Inline:
    """A number in a sentence: `kind` is metric or value, `name` the metric or the sum, `format` how it is written."""

    kind: str
    name: str
    format: str
    written: str


def directive(text: str) -> tuple[str, str] | None:
    """The word and the name of a directive that stands alone on a line; None for any other line."""
    found = _DIRECTIVE.fullmatch(text)
    if found is None or found[1] in (METRIC, VALUE):
        return None
    return found[1], found[2] or ""


def without_code(text: str) -> str:
    """A line of Markdown with blanks in the place of what is code in it."""
    return _CODE_SPAN.sub(lambda found: " " * len(found[0]), text)


def inlines(text: str) -> Iterator[Inline]:
    """Everything in a text that looks like a number to put in, known or not."""
    for found in _INLINE.finditer(text):
        yield Inline(found[1], found[2].strip(), (found[3] or "").strip(), found[0])


def trouble_with(inline: Inline, runs: frozenset[str]) -> tuple[str, str] | None:
    """The code and the sentence of what is wrong with it, as far as can be told without measuring."""
    if inline.kind in DIRECTIVES:
        return "E080", f"{inline.written} must stand alone on its line"
    if inline.kind not in (METRIC, VALUE):
        return "E080", f"there is no {{{inline.kind}:…}}; a sentence may hold {{metric:RUN.METRIC}} and {{value:SUM}}"
    if not NUMBER_FORMAT.fullmatch(inline.format):
        return "E002", f'"{inline.format}" is no way to write a number; write for example |.1f'
    if inline.kind == METRIC:
        run, dot, metric = inline.name.partition(".")
        if not dot or not metric:
            return "E030", f"{inline.written}: write {{metric:RUN.METRIC}}, for example {{metric:one.makespan|.1f}}"
        return None if run in runs else ("E030", f'{inline.written}: there is no run "{run}" in experiments.toml')
    try:
        expression(inline.name)
    except ExpressionError as error:
        return "E002", f"{inline.written}: {error}"
    return None
