"""The lesson on the screen, as the command line opens it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from asgiviz.cli.learning import machine_names
from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.progress import Progress

if TYPE_CHECKING:
    from asgiviz.ui.lesson_screen import LessonScreen


def lesson_screen(pack: Pack, lesson: Lesson, progress: Progress, options: dict[str, Any]) -> LessonScreen:
    """The screen of a lesson. Of `options` are used: clock, poll, manual."""
    from asgiviz.ui.lesson_screen import LessonScreen

    files = {"poll": options["poll"], "by_hand": options["manual"]}
    screen = LessonScreen(pack, lesson, progress, machine_names(), Path.cwd(), **files)
    take_clock(screen.walk, options["clock"])
    return screen


def take_clock(walk: Any, clock: str | None) -> None:
    """Make all runs of a walk on this clock."""
    for run in walk.lesson.experiments if clock is not None else ():
        if walk.clock(run) != clock:
            walk.switch_clock(run)
