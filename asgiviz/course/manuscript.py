"""A lesson.md as its lines: where the front matter ends, which lines are code, which belong to a note for the instructor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = "+++"
_CODE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OPEN = re.compile(r":::\s*note\s*\{\s*for\s*=\s*([a-z]+)\s*\}\s*")
#: Who a note may be for.
AUDIENCES = ("instructor",)


class ManuscriptError(ValueError):
    """A text that is no lesson; `line` is where."""

    def __init__(self, line: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.line, self.code = line, code


@dataclass(frozen=True)
class Line:
    """A line of the body. `number` is that of the file; `code` is true within a code block and for its fences."""

    number: int
    text: str
    code: bool = False
    audience: str = ""


@dataclass(frozen=True)
class Manuscript:
    """A lesson.md. `front` is TOML, which begins after the first line; `body` begins at line `body_at`."""

    front: str
    body: tuple[str, ...]
    body_at: int

    @classmethod
    def of(cls, text: str) -> Manuscript:
        """The manuscript in a text. ManuscriptError when the front matter is not there."""
        lines = text.split("\n")
        if lines[0].strip() != FENCE:
            raise ManuscriptError(1, "E006", f"the first line must be {FENCE}: a lesson begins with its front matter")
        end = next((at for at, line in enumerate(lines) if at and line.strip() == FENCE), None)
        if end is None:
            raise ManuscriptError(1, "E006", f"the front matter has no end: a line {FENCE} is missing")
        return cls("\n".join(lines[1:end]), tuple(lines[end + 1 :]), end + 2)

    def lines(self) -> Iterator[Line]:
        """The lines of the body, without those that open and close a note. ManuscriptError when a note is not closed."""
        fence, audience, opened = "", "", 0
        for number, text in enumerate(self.body, self.body_at):
            found = _CODE.match(text)
            if fence:
                closes = found is not None and found[1].startswith(fence) and not text.strip().strip(fence[0])
                fence = "" if closes else fence
                yield Line(number, text, code=True, audience=audience)
            elif found is not None:
                fence = found[1]
                yield Line(number, text, code=True, audience=audience)
            elif text.startswith(":::"):
                audience, opened = _note(number, text, audience), number
            else:
                yield Line(number, text, audience=audience)
        if audience:
            raise ManuscriptError(opened, "E080", "this note is not closed: a line ::: is missing")


def _note(number: int, text: str, audience: str) -> str:
    """Who is meant from this ``:::`` line on."""
    opens = _OPEN.fullmatch(text)
    if text.strip() == ":::" and audience:
        return ""
    if opens is None or audience:
        raise ManuscriptError(number, "E080", "write :::note{for=instructor} to open a note and ::: to close it")
    if opens[1] not in AUDIENCES:
        raise ManuscriptError(number, "E080", f'a note is for "{AUDIENCES[0]}", not for "{opens[1]}"')
    return opens[1]
