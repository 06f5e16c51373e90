"""Where the app of a side is: a file below the lesson, or the learner's own that takes the place of one.

Modules of the lesson's `support/` come first on the path: what the learner may not change cannot be replaced by a file
of the same name.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from asgiviz.course.lesson import Lesson, Side
from asgiviz.experiment.failure import Blame, NoTrialError

EXERCISE, SUPPORT = "exercise", "support"


@dataclass(frozen=True)
class AppFile:
    """An app: its `file`, what it is called in it, the directories to import from, and whose it is."""

    file: Path
    attribute: str
    paths: tuple[Path, ...]
    learners: bool

    @property
    def target(self) -> str:
        """As a host takes it."""
        return f"{self.file.stem}:{self.attribute}"

    @property
    def blame(self) -> Blame:
        """Whose fault it is when it does not run."""
        return Blame.CODE if self.learners else Blame.LESSON


def app_file(lesson: Lesson, side: Side, exercise: Path | None) -> AppFile:
    """Where the app of `side` is. `exercise`, a directory or the main file, stands for the lesson's `exercise/`.

    NoTrialError when there is no such file, or Python could not import it by its name.
    """
    name, _, attribute = side.app.partition(":")
    learners = exercise is not None and name.startswith(f"{EXERCISE}/")
    file = exercise_file(lesson, exercise, name) if learners else lesson.directory / name
    blame = Blame.CODE if learners else Blame.LESSON
    file = file.absolute()
    if not file.is_file():
        raise NoTrialError(blame, f"{file} is not there" + (". Save your solution under this name" if learners else ""))
    if "." in file.stem or file.stem in sys.stdlib_module_names or file.stem == "asgiviz":
        why = "has a dot in its name" if "." in file.stem else "has the name of a module that Python or asgiviz needs"
        raise NoTrialError(blame, f"{file.name} {why}, so it cannot be imported. Give it another name, for example app.py")
    own = [lesson.directory / EXERCISE] if learners else []
    paths = [path for path in (lesson.directory / SUPPORT, file.parent, *own) if path.is_dir()]
    return AppFile(file, attribute or "app", tuple(path.absolute() for path in paths), learners)


def exercise_file(lesson: Lesson, exercise: Path | None, name: str) -> Path:
    """The file that stands for `name` (``exercise/app.py``): the learner's, else the lesson's."""
    inner = name.removeprefix(f"{EXERCISE}/")
    if exercise is None:
        return lesson.directory / EXERCISE / inner
    if not exercise.is_dir():
        return exercise if lesson.exercise is None or inner == lesson.exercise.main else exercise.parent / inner
    return exercise / inner
