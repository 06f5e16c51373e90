"""What is wrong with a lesson: one sentence with its file and line. A code that begins with E is an error, with W a warning.

Reading uses E001 missing key, E002 wrong value, E003 unknown key, E004 id, E005 missing file, E006 unreadable file, E007 link
or path out of the folder, E008 format, E021 answer, E030 name that leads nowhere, E031 app, E032 sides and knobs, E033 step of
a client, E046 run of a check, E080 directive. The other codes stand in the table of `course.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


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
