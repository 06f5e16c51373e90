"""``asgiviz`` alone: the home screen, and what is opened from it; afterwards it is there again."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from asgiviz.cli.learning import begin, save, the_lesson, the_pack, the_progress
from asgiviz.cli.show_screen import show_screen

if TYPE_CHECKING:
    from asgiviz.course.lesson import Pack
    from asgiviz.course.progress import Progress

#: What a lesson is opened with from here.
_AS_USUAL = {"clock": None, "poll": False, "manual": False}


def home(ascii_: bool, pack: Pack | None = None, progress: Progress | None = None) -> int:
    """Show it until the user quits; gives the exit code. `pack` and `progress` are those of this user, unless given."""
    from asgiviz.ui.home_screen import HomeScreen

    pack, progress = pack or the_pack(None), progress or the_progress(None)
    while True:
        screen = HomeScreen(pack, progress)
        code = show_screen(screen, ascii_)
        if code or screen.chosen is None:
            return code
        what, which = screen.chosen
        if what != "lesson":
            run_command([what, *([which] if which else [])])
        elif not _came_back(pack, progress, which, ascii_):
            return 0


def _came_back(pack: Pack, progress: Progress, lesson: str, ascii_: bool) -> bool:
    """Open a lesson; whether the learner left it for the home screen."""
    from asgiviz.cli.lesson_screen import lesson_screen

    found = the_lesson(pack, progress, lesson)
    begin(pack, found, progress)
    screen = lesson_screen(pack, found, progress, _AS_USUAL)
    code = show_screen(screen, ascii_)
    screen.leave_nothing_behind()
    save(progress)
    return not code and screen.went_back


def run_command(arguments: list[str]) -> None:
    """Another command, in a process of its own, because it takes standard output for the app that it runs."""
    done = subprocess.run([sys.executable, "-m", "asgiviz", *arguments], check=False)
    if done.returncode:
        print("Enter leads back to asgiviz. ", end="", file=sys.stderr, flush=True)
        sys.stdin.readline()
