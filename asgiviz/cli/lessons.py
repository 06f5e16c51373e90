"""``asgiviz lessons``: the course, and how far the learner is in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asgiviz.cli.learning import AT_FAULT, print_out, say, the_pack, the_progress
from asgiviz.cli.options import course_options

if TYPE_CHECKING:
    from asgiviz.course.lesson import Lesson, Pack
    from asgiviz.course.progress import LessonProgress, Progress

FORMAT = 1


@click.command(short_help="All lessons, and how far you are.")
@course_options
@click.option("--plain", "form", flag_value="plain", help="A sentence for each lesson, as in a pipe.")
@click.option("--json", "form", flag_value="json", help="One JSON object, as said above.")
def lessons(pack_directory: Path | None, progress_file: Path | None, form: str | None) -> None:
    """List the lessons with your progress. Exit code 3 when a lesson of the pack is broken.

    \b
    --json: format (1), pack, title, directory, progress_file, next (the id of
    the lesson to go on with, or null), lessons: a list of number, id, title,
    minutes, level, requires, state (new, begun, passed: the exercise, finished:
    everything), page, pages, attempts, changed (since it was begun); and
    broken: a list of folder and complaints (file, line, code, sentence).
    """
    pack = the_pack(pack_directory)
    progress = the_progress(progress_file)
    if progress.warning:
        say(progress.warning)
    if form == "json":
        print_out(json.dumps(as_dict(pack, progress), indent=1) + "\n", for_programs=True)
    else:
        plain = form == "plain" or sys.stdout is None or not sys.stdout.isatty()
        print_out("".join(line + "\n" for line in (sentences if plain else table)(pack, progress)))
    for complaints in pack.broken.values():
        say(str(complaints[0]) + (f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""))
    sys.exit(AT_FAULT if pack.broken else 0)


def state_of(known: LessonProgress) -> str:
    """new, begun, passed or finished."""
    if known.finished_at is not None:
        return "finished"
    if known.passed_at is not None:
        return "passed"
    return "begun" if known.page or known.answers or known.runs or known.attempts else "new"


def _how_far(lesson: Lesson, known: LessonProgress) -> str:
    """The same for people."""
    state = state_of(known)
    page = f"page {min(known.page + 1, len(lesson.pages))} of {len(lesson.pages)}"
    return {"new": "not begun", "begun": page, "passed": f"exercise passed, {page}", "finished": "finished"}[state]


def table(pack: Pack, progress: Progress) -> Iterator[str]:
    """A line for each lesson, in columns."""
    from asgiviz.views.home import next_lesson
    from asgiviz.views.text import cells_of, fit

    titles = {lesson.id: fit(lesson.title, 60) for lesson in pack.lessons}
    width = max(map(cells_of, titles.values()), default=0)
    yield fit(pack.title, 80)
    for lesson in pack.lessons:
        title = titles[lesson.id] + " " * (width - cells_of(titles[lesson.id]))
        yield f"{lesson.number:>4}  {title}  {lesson.minutes:>3} min  {_how_far(lesson, progress.lesson(pack.id, lesson.id))}"
    for folder in pack.broken:
        yield f"      {fit(folder, 60)}  broken"
    if (again := next_lesson(pack, progress)) is not None:
        yield f"Go on with: asgiviz lesson {again.number}"


def sentences(pack: Pack, progress: Progress) -> Iterator[str]:
    """A sentence for each lesson."""
    from asgiviz.views.text import fit

    for lesson in pack.lessons:
        how_far = _how_far(lesson, progress.lesson(pack.id, lesson.id))
        yield f"Lesson {lesson.number}: {fit(lesson.title, 120)}. {lesson.minutes} minutes. {how_far[0].upper()}{how_far[1:]}."
    for folder in pack.broken:
        yield f"{fit(folder, 60)}: broken."


def as_dict(pack: Pack, progress: Progress) -> dict[str, Any]:
    """What --json tells."""
    from asgiviz.views.home import next_lesson

    again = next_lesson(pack, progress)
    return {
        "format": FORMAT,
        "pack": pack.id,
        "title": pack.title,
        "directory": str(pack.directory),
        "progress_file": str(progress.path),
        "next": None if again is None else again.id,
        "lessons": [_lesson(lesson, progress.lesson(pack.id, lesson.id)) for lesson in pack.lessons],
        "broken": [
            {
                "folder": folder,
                "complaints": [
                    {"file": str(each.file), "line": each.line, "code": each.code, "sentence": each.sentence}
                    for each in complaints
                ],
            }
            for folder, complaints in pack.broken.items()
        ],
    }


def _lesson(lesson: Lesson, known: LessonProgress) -> dict[str, Any]:
    from asgiviz.course.fingerprint import fingerprint

    return {
        "number": lesson.number,
        "id": lesson.id,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "level": lesson.level,
        "requires": list(lesson.requires),
        "state": state_of(known),
        "page": min(known.page + 1, len(lesson.pages)),
        "pages": len(lesson.pages),
        "attempts": known.attempts,
        "changed": bool(known.fingerprint) and known.fingerprint != fingerprint(lesson.directory),
    }
