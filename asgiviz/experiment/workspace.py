"""The learner's copy of an exercise: ``asgiviz-work/06-blocking-the-loop/`` below the current directory.

Nothing of the learner's is ever overwritten: a reset keeps what was there as ``app.py.bak-1``, ``app.py.bak-2`` …
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from asgiviz.course.lesson import Exercise, Lesson

HOME = "asgiviz-work"


class WorkspaceError(Exception):
    """The learner's copy cannot be made; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Copied:
    """What a copy has done: the files that are new, those that were there and stay as they are, and what was set aside."""

    new: tuple[Path, ...]
    kept: tuple[Path, ...]
    backups: tuple[Path, ...] = ()


class Workspace:
    """Where a learner works on the exercise of a lesson; `directory` need not be there yet."""

    def __init__(self, lesson: Lesson, below: Path | None = None) -> None:
        if lesson.exercise is None:
            raise WorkspaceError(f"lesson {lesson.number} has no exercise")
        self._lesson = lesson
        self._exercise: Exercise = lesson.exercise
        self.directory = (below or Path.cwd()) / HOME / lesson.id

    @property
    def main(self) -> Path:
        """The file that the learner changes."""
        return self.directory / self._exercise.main

    @property
    def started(self) -> bool:
        """Whether there is something of the learner's here."""
        return self.main.exists()

    @property
    def is_untouched(self) -> bool:
        """Whether the file that the learner changes is still the starter."""
        return self.started and not self._is_changed(self._exercise.main, self.main)

    def open(self) -> Copied:
        """Copy what is not there yet. WorkspaceError when the directory cannot be written."""
        return self._copied(self._exercise.files)

    def reset(self) -> Copied:
        """Begin anew: every file that the learner has changed is set aside, then the starter is copied."""
        try:
            backups = [
                _set_aside(path) for name in self._exercise.files if self._is_changed(name, path := self.directory / name)
            ]
        except OSError as error:
            raise self._cannot("set aside", error) from None
        return Copied(*_but_backups(self.open()), tuple(backups))

    def _is_changed(self, name: str, path: Path) -> bool:
        return path.exists() and path.read_bytes() != (self._starter / name).read_bytes()

    @property
    def _starter(self) -> Path:
        return self._lesson.directory / "exercise"

    def _copied(self, names: tuple[str, ...]) -> Copied:
        new: list[Path] = []
        kept: list[Path] = []
        for name in names:
            path = self.directory / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                (new if _copy_new(self._starter / name, path) else kept).append(path)
            except OSError as error:
                raise self._cannot("copied", error) from None
        return Copied(tuple(new), tuple(kept))

    def _cannot(self, done: str, error: OSError) -> WorkspaceError:
        why = error.strerror or str(error)
        return WorkspaceError(
            f"the exercise cannot be {done} in {self.directory}: {why}. Start asgiviz in a directory where you may write"
        )


def solutions(lesson: Lesson) -> list[tuple[str, Path]]:
    """The solution and its alternatives: a name and a directory each, the solution first."""
    found = [("solution", lesson.directory / "solution")]
    alternatives = lesson.directory / "alternatives"
    if alternatives.is_dir():
        found += [(path.name, path) for path in sorted(alternatives.iterdir()) if path.is_dir()]
    return [(name, path) for name, path in found if path.is_dir()]


def _copy_new(source: Path, path: Path) -> bool:
    """Copy, unless there is something: even when it came there this moment."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    with source.open("rb") as starter, os.fdopen(descriptor, "wb") as copy:
        shutil.copyfileobj(starter, copy)
    return True


def _set_aside(path: Path) -> Path:
    """Give a file another name, which nothing has yet."""
    number = 1
    while True:
        backup = path.with_name(f"{path.name}.bak-{number}")
        try:
            os.link(path, backup)  # refuses a name that is taken, which renaming does not
        except FileExistsError:
            number += 1
        else:
            path.unlink()
            return backup


def _but_backups(copied: Copied) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    return copied.new, copied.kept
