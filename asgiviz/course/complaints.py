"""What is wrong with a lesson: one sentence with its file and line. A code that begins with E is an error, with W a warning.

The codes are those of the rules: of reading (`READING`), of `course.lint`, and of what runs code in `asgiviz.experiment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: What reading asks for; a lesson with one of these complaints is not used.
READING: Mapping[str, str] = {
    "E001": "no key is missing",
    "E002": "every value is of the right kind",
    "E003": "every key is known",
    "E004": "ids are well formed, their own, and that of a lesson is its folder",
    "E005": "no file is missing",
    "E006": "every file can be read",
    "E007": "there are no links, and no paths out of the folder",
    "E008": "the format is known",
    "E021": "every question has an answer",
    "E030": "every name leads somewhere",
    "E031": "every app is FILE:NAME",
    "E032": "sides and knobs belong to their run",
    "E033": "every step of a client can be taken",
    "E046": "every check judges a run",
    "E080": "every directive is known",
}


@dataclass(frozen=True)
class Complaint:
    """One mistake of an author. `line` counts from 1; None is the whole file. `code` is that of the rule."""

    file: Path
    line: int | None
    code: str
    sentence: str

    @property
    def is_error(self) -> bool:
        """Whether it must be mended; a warning only wants to be read."""
        return self.code.startswith("E")

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}: {self.code} {self.sentence}"


class PackError(Exception):
    """A pack or a lesson that cannot be used; `str()` is all that is wrong with it, one complaint a line."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(str(each) for each in self.complaints))
