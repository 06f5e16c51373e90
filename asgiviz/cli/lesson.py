"""``asgiviz lesson``: a lesson on the screen, as text, or (``--check``) only its exercise judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asgiviz.cli.learning import USAGE, begin, leave, must_be_trusted, save, say, the_lesson, the_pack, the_progress, yes_or_no
from asgiviz.cli.options import course_options, lesson_options

if TYPE_CHECKING:
    from asgiviz.cli.look import Look
    from asgiviz.course.lesson import Lesson, Pack
    from asgiviz.course.progress import Progress


@click.command(short_help="Learn ASGI by experiment: predict, run, look, change.")
@click.argument("which", metavar="[N]", required=False)
@course_options
@lesson_options
def lesson(which: str | None, pack_directory: Path | None, progress_file: Path | None, ascii_: bool, **options: Any) -> None:
    """Open lesson N (its number or name), or the next one that is not finished.

    Your copy of the exercise is below asgiviz-work/ in this directory.

    \b
    Exit codes of --check: 0 passed, 1 not yet, 2 usage, 3 the lesson is at
    fault, 4 something is missing on this machine, 5 out of time.
    """
    from asgiviz.cli.look import look_here

    shown = {"width": None, "reveal": False, "masked": (), "form": "plain" if options["plain"] else None, "filter_": None}
    pack = the_pack(pack_directory)
    progress = the_progress(progress_file)
    found = the_lesson(pack, progress, which)
    _must_have_page(found, options["page"])
    if options["reset"]:
        sys.exit(reset(found, options["yes"]))
    must_be_trusted(pack, options["trust"])
    look = look_here({**shown, "ascii_": ascii_})
    if options["checked"] is not None:
        from asgiviz.cli.lesson_check import check

        sys.exit(check(pack, found, progress, options["checked"], options["form"], options["clock"]))
    sys.exit(_open(pack, found, progress, look, options))


def _open(pack: Pack, found: Lesson, progress: Progress, look: Look, options: dict[str, Any]) -> int:
    """The lesson itself, on the screen or as text."""
    known = begin(pack, found, progress)
    if options["page"] is not None:
        known.page = options["page"] - 1
    if look.form != "screen":
        from asgiviz.cli.lesson_plain import read_aloud

        return read_aloud(pack, found, progress, look, options["clock"])
    from asgiviz.cli.lesson_screen import lesson_screen
    from asgiviz.cli.show_screen import show_screen

    screen = lesson_screen(pack, found, progress, options)
    code = show_screen(screen, look.ascii)
    screen.leave_nothing_behind()
    save(progress)
    if code or not screen.went_back:
        return code
    from asgiviz.cli.home import home

    return home(look.ascii, pack, progress)


def _must_have_page(found: Lesson, page: int | None) -> None:
    if page is not None and page > len(found.pages):
        leave(USAGE, f"lesson {found.number} has {len(found.pages)} pages")


def reset(found: Lesson, yes: bool) -> int:
    """Put the starter in the place of the learner's copy, which is kept."""
    from asgiviz.experiment.workspace import Workspace, WorkspaceError

    try:
        workspace = Workspace(found)
        if workspace.started and not yes:
            if not (sys.stdin is not None and sys.stdin.isatty()):
                leave(USAGE, f"this starts {workspace.main} afresh, and there is nobody to ask. If you are sure: add --yes")
            name = workspace.main.name
            if not yes_or_no(f"Start {workspace.main} afresh? Yours is kept beside it as {name}.bak-1, -2, … [y/N] "):
                say("nothing was changed")
                return 0
        copied = workspace.reset()
    except WorkspaceError as error:
        leave(USAGE, str(error))
    for backup in copied.backups:
        say(f"your file is now {backup}")
    say(f"{workspace.main} is the starter")
    return 0
