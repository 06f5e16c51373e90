"""``asgiviz report``: what a learner has done as one page, which anybody can read in a browser, on paper, or by ear."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from click.core import ParameterSource

from asgiviz.cli.learning import (
    INTERRUPTED,
    MISSING,
    USAGE,
    leave,
    machine_names,
    must_be_trusted,
    save,
    say,
    the_lesson,
    the_pack,
    the_progress,
)
from asgiviz.cli.options import course_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asgiviz.course.lesson import Experiment, Lesson, Pack
    from asgiviz.course.progress import LessonProgress, Progress
    from asgiviz.export.report_html import Here
    from asgiviz.export.report_lesson import Again

DEFAULT, STANDARD_OUTPUT = "asgiviz-report.html", "-"
#: Seconds that a run gets beyond its own limit, to start and to end its servers.
PATIENCE = 30.0


@click.command(short_help="Write a page of what you predicted, ran and found.")
@click.argument("which", metavar="[LESSON]...", nargs=-1)
@click.option("--out", default=DEFAULT, show_default=True, metavar="FILE", help="Where to write it; - is standard output.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--open", "open_", is_flag=True, help="Open it in the browser.")
@click.option("--run", "run_", is_flag=True, help="Make your runs again, on the virtual clock, and show their timelines.")
@course_options
@click.option("--trust", is_flag=True, help="With --run: trust a pack that did not come with asgiviz, and remember that.")
def report(which: tuple[str, ...], out: str, pack_directory: Path | None, progress_file: Path | None, **options: bool) -> None:
    """Write one page (HTML) of what you have done in the course, or in these LESSONs (number or name).

    It holds your predictions and what they came to, what was measured, your
    exercises and answers. It needs no network and no script, and
    holds neither your name nor your code.

    \b
    asgiviz report
    asgiviz report 6 --run --open
    """
    from asgiviz.export.report_html import begun, render

    if options["open_"] and out == STANDARD_OUTPUT:
        raise click.UsageError("--open needs a file: name it with --out, or leave out both.")
    if out != STANDARD_OUTPUT and Path(out).exists() and not options["force"]:
        _is_there(out)
    pack, progress = the_pack(pack_directory), _progress(progress_file)
    lessons = list({each.id: each for each in (the_lesson(pack, progress, word) for word in which)}.values()) if which else None
    told = begun(pack, progress, lessons)
    if not told:
        _nothing(pack, progress, lessons)
    again = None
    if options["run_"]:
        must_be_trusted(pack, options["trust"])
        again = _again(pack, progress, told)
    page = render(pack, progress, here(), lessons, again)
    if out == STANDARD_OUTPUT:
        click.echo(page.encode(), nl=False)
    else:
        _write(Path(out), page, options["force"])
        _show(Path(out), options["open_"])


def _progress(file: Path | None) -> Progress:
    """The progress; of a damaged file, what was understood is written back, so that reading it loses nothing."""
    named = click.get_current_context().get_parameter_source("progress_file") is ParameterSource.COMMANDLINE
    if named and file is not None and not file.exists():
        leave(USAGE, f"there is no progress in {file}: no such file")
    progress = the_progress(file)
    if progress.warning:
        say(progress.warning)
    if progress.warning and not progress.read_only:
        save(progress)
    return progress


def _nothing(pack: Pack, progress: Progress, lessons: Sequence[Lesson] | None) -> NoReturn:
    """Say that there is nothing to report, and end: it is no mistake not to have begun."""
    if progress.read_only:
        leave(MISSING, "there is nothing to report that could be read")
    first = next(iter(lessons or pack.lessons), None)
    begin = "" if first is None else f". To begin: asgiviz lesson {first.number}"
    where = "this lesson" if lessons and len(lessons) == 1 else "these lessons" if lessons else "this course"
    leave(0, f"nothing to report yet: you have done nothing in {where}{begin}")


def here() -> Here:
    """This machine, now."""
    import platform
    import time
    from importlib.metadata import version

    from asgiviz.export.report_html import Here

    return Here(
        at=time.time(),
        version=version("asgiviz"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        machine=f"{platform.system()} {platform.machine()}",
        cores=int(machine_names()["cores"]),
    )


# -- making the runs again ---------------------------------------------------------------------------------------------


def _again(pack: Pack, progress: Progress, lessons: Sequence[Lesson]) -> dict[tuple[str, str], Again]:
    """The runs of these lessons that the learner has made, made once more, with the same knobs."""
    from asgiviz.views.text import counted

    made = [
        (lesson, experiment, progress.lesson(pack.id, lesson.id))
        for lesson in lessons
        for experiment in lesson.experiments.values()
        if experiment.id in progress.lesson(pack.id, lesson.id).runs
    ]
    say(f"making {counted(len(made), 'run')} again")
    return {(lesson.id, experiment.id): _once_more(lesson, experiment, known) for lesson, experiment, known in made}


def _once_more(lesson: Lesson, experiment: Experiment, known: LessonProgress) -> Again:
    import time

    from asgiviz.experiment.trial import Trial
    from asgiviz.export.report_lesson import Again

    settings = known.runs[experiment.id].settings
    knobs = {knob.name: settings[knob.name] for knob in experiment.knobs if knob.name in settings}
    at = time.time()
    trial = Trial(lesson, experiment, knobs, clock="virtual").start()
    try:
        over = trial.wait(experiment.timeout + PATIENCE)
    except KeyboardInterrupt:
        trial.cancel()
        trial.wait(PATIENCE)
        leave(INTERRUPTED, "ended; nothing was written")
    if not over:
        trial.cancel()
        return Again(None, "It was not over in time", at=at)
    if trial.failure is not None:
        return Again(None, trial.failure.sentence, at=at)
    return Again(trial.record(), remark=f"{trial.fell_back}." if trial.fell_back else "", at=at)


# -- writing -----------------------------------------------------------------------------------------------------------


def _write(path: Path, page: str, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(page)
    except FileExistsError:
        _is_there(path)
    except OSError as error:
        leave(USAGE, f"{path} cannot be written: {error.strerror or error}. Name another file with --out")


def _is_there(path: Path | str) -> NoReturn:
    leave(USAGE, f"{path} is there already. Write over it with --force, or name another file with --out")


def _show(path: Path, open_: bool) -> None:
    """Say where it is, and open it where that is wanted."""
    click.echo(os.fspath(path.absolute()))
    if open_:
        import webbrowser

        sys.stdout.flush()
        if not webbrowser.open(path.absolute().as_uri()):
            say("no browser could be opened; open the file yourself")
