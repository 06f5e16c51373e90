"""What a rule of the linter looks at: a lesson, its pack, and the texts of its files by line. Rules say where and what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from asgiviz.course.folder import Folder
from asgiviz.course.lesson import Experiment, Lesson, Pack
from asgiviz.course.manuscript import Line, Manuscript
from asgiviz.course.metrics import MetricError, metric_named
from asgiviz.course.reading_pages import LESSON

#: A file of the lesson, a line in it, and a sentence.
Found = tuple[str, int | None, str]
_FAILS = re.compile(r"#\s*fails:\s*([^|]*?)\s*(?:\|\s*(.*))?")


@dataclass(frozen=True)
class Mutant:
    """A typical wrong solution: which checks it must fail, and why people write it; as its first line says."""

    file: str
    fails: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Rule:
    """A rule: its code (E: error, W: warning), what it asks for, and the function that finds where it is broken."""

    code: str
    asks: str
    find: Callable[[Subject], Iterator[Found]]


class Subject:
    """One lesson of a pack, as rules see it."""

    def __init__(self, lesson: Lesson, pack: Pack) -> None:
        self.lesson = lesson
        self.pack = pack
        self.folder = Folder(lesson.directory, [])

    @cached_property
    def manuscript(self) -> Manuscript:
        """The lesson.md."""
        return Manuscript.of(self.text(LESSON))

    @cached_property
    def prose(self) -> tuple[Line, ...]:
        """The lines of the text that are no code."""
        return tuple(line for line in self.manuscript.lines() if not line.code)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {}

    def text(self, file: str) -> str:
        """The text of a file; empty when there is none."""
        if file not in self._texts:
            self._texts[file] = self.folder.text(file) or "" if file in self.folder.files else ""
        return self._texts[file]

    def line(self, file: str, needle: str) -> int | None:
        """The first line of a file in which something stands."""
        return next((at for at, line in enumerate(self.text(file).split("\n"), 1) if needle in line), None)

    def line_of_id(self, file: str, id_: str) -> int | None:
        """The line in which something gets its id."""
        written = re.compile(rf"""\bid\s*=\s*["']{re.escape(id_)}["']""")
        return next((at for at, line in enumerate(self.text(file).split("\n"), 1) if written.search(line)), None)

    @cached_property
    def mutants(self) -> tuple[Mutant, ...]:
        """The typical wrong solutions."""
        return tuple(
            mutant_of(f"mutants/{name}", self.text(f"mutants/{name}"))
            for name in self.folder.under("mutants")
            if "/" not in name
        )


def mutant_of(file: str, text: str) -> Mutant:
    """The mutant in a file; without any check when its first line is not as it should be."""
    found = _FAILS.fullmatch(text.split("\n", 1)[0].strip())
    if found is None:
        return Mutant(file, (), "")
    return Mutant(file, tuple(each.strip() for each in found[1].split(",") if each.strip()), (found[2] or "").strip())


def trouble_with_metric(run: Experiment, name: str) -> str:
    """Why a run has no such metric, as a sentence; empty when it has."""
    try:
        side, _ = metric_named(name)
    except MetricError as error:
        return str(error)
    sides = [each.id for each in run.sides]
    if side is None and len(sides) > 1:
        return f'run "{run.id}" has {len(sides)} sides: write {" or ".join(f"{each}.{name}" for each in sides)}'
    if side is not None and side not in sides:
        return f'run "{run.id}" has no side "{side}"; it has {", ".join(sides)}'
    return ""
