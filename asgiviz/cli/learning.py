"""What the commands of the course share: the pack, the lesson that is meant, the progress, and whose code may be run.

Each of them ends the command with one sentence and an exit code when it cannot be had.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import click

if TYPE_CHECKING:
    from asgiviz.course.complaints import Complaint
    from asgiviz.course.lesson import Lesson, Pack
    from asgiviz.course.progress import LessonProgress, Progress

#: Exit codes of the course. AT_FAULT: the lesson or its pack; MISSING: something on this machine; INTERRUPTED: Ctrl-C.
PASSED, NOT_YET, USAGE, AT_FAULT, MISSING, OUT_OF_TIME, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
#: Files that are named in a question, complaints that are told.
MOST_NAMED, MOST_COMPLAINTS = 6, 20


def say(sentence: str) -> None:
    """A sentence of ours, on standard error."""
    click.echo(f"asgiviz: {sentence}", err=True)


def leave(code: int, sentence: str) -> NoReturn:
    """End with a sentence."""
    say(sentence)
    sys.exit(code)


def standard_output() -> BinaryIO:
    """Where to write bytes to; there is one unless it was closed before we began."""
    if sys.stdout is None:
        leave(USAGE, "standard output is closed; there is nothing to write to")
    return sys.stdout.buffer


def print_out(text: str, for_programs: bool = False) -> None:
    """A text on standard output: UTF-8 where programs read it, else as the terminal can show it."""
    out = standard_output()
    encoding = "utf-8" if for_programs else sys.stdout.encoding or "ascii"
    try:
        out.write(text.encode(encoding, "backslashreplace"))
        out.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `| head`
        forget_output()
    except OSError as error:
        forget_output()
        leave(USAGE, f"standard output cannot be written to: {error.strerror or error}")


def forget_output() -> None:
    """What is written to standard output from now on goes nowhere, also what still waits in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def default_progress_file() -> Path:
    """Where progress is kept unless --progress or ASGIVIZ_PROGRESS names another file."""
    from platformdirs import user_data_path

    return user_data_path("asgiviz") / "progress.json"


def the_pack(directory: Path | None) -> Pack:
    """The pack in a directory, by default the course that came with asgiviz."""
    from asgiviz.course.complaints import PackError
    from asgiviz.course.reading import read_pack
    from asgiviz.lessons_place import lessons_directory

    try:
        ours = lessons_directory()
    except FileNotFoundError as error:
        if directory is None:
            leave(MISSING, str(error))
        ours = None
    place = (directory or ours or Path()).absolute()
    if not (place / "pack.toml").is_file():
        above = f". The course is perhaps {place.parent}" if (place.parent / "pack.toml").is_file() else ""
        leave(AT_FAULT, f"{place} is no course: there is no pack.toml in it{above}")
    try:
        return read_pack(place, official=ours is not None and place.resolve() == ours.resolve())
    except PackError as error:
        complain(error.complaints)
        sys.exit(AT_FAULT)
    except OSError as error:
        leave(AT_FAULT, f"the pack in {place} cannot be read: {error.strerror or error}")


def complain(complaints: tuple[Complaint, ...]) -> None:
    """What is wrong with a pack, one mistake a line, on standard error."""
    for complaint in complaints[:MOST_COMPLAINTS]:
        say(str(complaint))
    if len(complaints) > MOST_COMPLAINTS:
        say(f"and {len(complaints) - MOST_COMPLAINTS} more: asgiviz lint tells all of them")


def the_progress(file: Path | None) -> Progress:
    """The learner's progress; what was wrong with its file is said."""
    from asgiviz.course.progress import Progress

    return Progress.load(file or default_progress_file())


def the_lesson(pack: Pack, progress: Progress, wanted: str | None) -> Lesson:
    """The lesson that is meant, or without a word the next one that is not finished."""
    from asgiviz.course.complaints import PackError
    from asgiviz.course.reading import find_lesson
    from asgiviz.views.home import next_lesson

    if wanted is None and (found := next_lesson(pack, progress)) is not None:
        return found
    if wanted is None and pack.broken:
        complain(tuple(each for complaints in pack.broken.values() for each in complaints))
        sys.exit(AT_FAULT)
    if wanted is None and pack.lessons:
        leave(PASSED, f"all lessons are finished. To see one again: asgiviz lesson {pack.lessons[0].number}")
    try:
        return find_lesson(pack, wanted or "1")
    except LookupError as error:
        leave(USAGE, str(error))
    except PackError as error:
        complain(error.complaints)
        sys.exit(AT_FAULT)


def begin(pack: Pack, lesson: Lesson, progress: Progress) -> LessonProgress:
    """The learner's progress in a lesson, which is now of the lesson as it is today; a change since then is said."""
    from asgiviz.course.fingerprint import fingerprint

    known, now = progress.lesson(pack.id, lesson.id), fingerprint(lesson.directory)
    if known.fingerprint and known.fingerprint != now:
        say(f"lesson {lesson.number} has changed since you began it; what you have done is kept")
    known.fingerprint = now
    return known


def save(progress: Progress) -> None:
    """Write the progress; a sentence when that cannot be done."""
    from asgiviz.course.progress import ProgressError

    try:
        progress.save()
    except ProgressError as error:
        say(str(error))


def machine_names() -> dict[str, float]:
    """The numbers of this machine that texts and conditions may use."""
    return {"cores": float(os.cpu_count() or 1)}


def must_be_trusted(pack: Pack, trusted: bool) -> None:
    """Go on only when the code of this pack may be run: it is ours, or was allowed before, or is now."""
    from asgiviz.experiment.trust import Trust

    trust = Trust()
    try:
        if trust.is_trusted(pack):
            return
        if not (trusted or _asked(pack)):
            leave(USAGE, "nothing of this pack was run")
    except OSError as error:
        leave(AT_FAULT, f"the pack in {pack.directory} cannot be read: {error}")
    try:
        trust.trust(pack)
    except OSError as error:
        say(f"this cannot be remembered, so you will be asked again: {error}")


def _asked(pack: Pack) -> bool:
    """Whether the learner allows the code of a pack, asked on the terminal."""
    files = sorted(path.relative_to(pack.directory).as_posix() for path in pack.directory.rglob("*.py"))
    more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
    named = ", ".join(map(_shown, files[:MOST_NAMED])) + more
    count = "1 Python file" if len(files) == 1 else f"{len(files)} Python files"
    says = (
        f'the pack "{_shown(pack.title)}" did not come with asgiviz. Its lessons run {count} from {pack.directory} on this '
        f"machine, in your name: {named}"
    )
    if not (sys.stdin is not None and sys.stdin.isatty()):
        leave(USAGE, f"{says}. If you trust who wrote them, add --trust")
    say(f"{says}. They are run with limits of time and memory, but they can read your files.")
    return yes_or_no("Do you trust who wrote them? [y/N] ")


def yes_or_no(question: str) -> bool:
    """Ask on the terminal; anything but a yes is a no, the end of input and Ctrl-C too."""
    click.echo(question, nl=False, err=True)
    try:
        said = sys.stdin.buffer.readline()  # what comes after this line is for others to read
    except KeyboardInterrupt:
        said = b""
    if not said.endswith(b"\n"):
        click.echo(err=True)
    return said.strip().lower() in (b"y", b"yes")


def _shown(text: str) -> str:
    from asgiviz.views.text import fit

    return fit(text, 80)
