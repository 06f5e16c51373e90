"""``asgiviz lint``: everything that is wrong with a pack or a lesson, found by reading it and by running what is in it."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from asgiviz.cli.learning import INTERRUPTED, MISSING, USAGE, leave, must_be_trusted, print_out
from asgiviz.cli.lint_report import Report, as_json, as_text, is_lesson

if TYPE_CHECKING:
    from asgiviz.course.lesson import Lesson, Pack
    from asgiviz.experiment.lint_runs import Progress

CLEAN, WRONG = 0, 1


@click.command(short_help="For authors: everything that is wrong with a pack or a lesson.")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--rules", is_flag=True, is_eager=True, expose_value=False, callback=lambda *given: _print_rules(*given),
    help="Only list the rules. E is an error, W a warning.",
)  # fmt: skip
@click.option("--json", "json_", is_flag=True, help="One JSON object, as said below.")
@click.option("--quick", is_flag=True, help="Only the virtual clock: seconds instead of minutes.")
@click.option(
    "-n",
    "times",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How often each solution is graded on each clock.",
)
@click.option("--trust", is_flag=True, help="Run the code of a pack that did not come with asgiviz, and remember that.")
def lint(path: Path, json_: bool, quick: bool, times: int, trust: bool) -> None:
    """Look for everything that is wrong in PATH, a pack or the folder of one lesson.

    First it is only read. What has no error then is run: apps are imported, runs made, claims measured, the starter, the
    solutions and the wrong solutions graded.

    \b
    Exit codes: 0 clean (there may be warnings), 1 something is wrong, 2 usage
    (or the pack is not trusted), 4 something is missing on this machine.
    --json: format (1), path, quick, times, seconds, errors, warnings, lessons:
    a list of folder, tried (how many steps), starter_fails (ids of checks),
    untried (why, or null) and complaints (file, line, code, severity,
    sentence).
    """
    began = monotonic()
    report = Report(path.resolve(), quick, times)
    try:
        _examine(report, trust)
    except KeyboardInterrupt:
        leave(INTERRUPTED, "ended; nothing of it runs any more")
    finally:
        report.seconds = monotonic() - began
        print_out(as_json(report) if json_ else as_text(report), for_programs=json_)
    sys.exit(WRONG if report.count(errors=True) else CLEAN)


def all_rules() -> list[tuple[str, str]]:
    """Every rule: its code and what it asks for. The same code may ask for several things."""
    from asgiviz.course.complaints import READING
    from asgiviz.course.lint import RULES
    from asgiviz.experiment.lint_trying import RULES as RUN_RULES

    found = [*READING.items(), *((rule.code, rule.asks) for rule in RULES), *RUN_RULES.items()]
    return sorted(found, key=lambda rule: (rule[0][1:], rule[0]))


def _print_rules(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        print_out("".join(f"{code}  {asks}\n" for code, asks in all_rules()))
        ctx.exit()


def _examine(report: Report, trust: bool) -> None:
    from asgiviz.course.complaints import PackError

    try:
        pack, lessons = _read(report)
    except PackError as error:
        report.add(error.complaints)
        return
    except OSError as error:
        leave(USAGE, f"{report.place} cannot be read: {error.strerror or error}")
    ready = []
    for lesson in lessons:
        if any(each.is_error for each in report.found[lesson.id]):
            report.untried[lesson.id] = "its code was not run: mend the errors first"
        else:
            ready.append(lesson)
    if not ready:
        return
    try:
        must_be_trusted(pack, trust)
    except SystemExit:
        report.untried.update({lesson.id: "its code was not run: the pack is not trusted" for lesson in ready})
        raise
    _run(report, pack, ready)


def _read(report: Report) -> tuple[Pack, list[Lesson]]:
    """The pack and the lessons of it that are meant and could be read; what reading alone finds is in the report."""
    from asgiviz.course.lint import lint_lesson, lint_pack
    from asgiviz.course.reading import read_lesson

    place = report.place
    if not is_lesson(place):
        pack = _pack(place)
        report.found.update({name: [] for name in sorted([*(lesson.id for lesson in pack.lessons), *pack.broken])})
        report.add(lint_pack(pack))
        return pack, list(pack.lessons)
    lesson = read_lesson(place)
    pack = _pack(place.parent)
    report.found[lesson.id] = []
    report.add(lint_lesson(lesson, pack))
    return pack, [lesson]


def _pack(place: Path) -> Pack:
    from asgiviz.course.reading import read_pack
    from asgiviz.lessons_place import lessons_directory

    try:
        official = lessons_directory().resolve() == place.resolve()
    except FileNotFoundError:
        official = False
    return read_pack(place, official)


def _run(report: Report, pack: Pack, lessons: list[Lesson]) -> None:
    from asgiviz.experiment.lint_laboratory import MachineError
    from asgiviz.experiment.lint_runs import RunLinter
    from asgiviz.experiment.lint_trying import Extent

    told = _Told()
    linter = RunLinter(Extent(report.quick, report.times), told)
    for lesson in lessons:
        try:
            outcome = linter.lint(lesson, pack)
        except (MachineError, KeyboardInterrupt) as ended:
            report.untried.update({each.id: "its code was not run to the end" for each in lessons[lessons.index(lesson) :]})
            if isinstance(ended, MachineError):
                leave(MISSING, str(ended))
            raise
        finally:
            told.end()
        report.outcomes[lesson.id] = outcome
        report.add(outcome.complaints)


class _Told:
    """Progress on standard error: on a terminal one line that changes, else one line for each lesson."""

    def __init__(self) -> None:
        self._moving = sys.stderr is not None and sys.stderr.isatty()
        self._lesson = ""

    def __call__(self, progress: Progress) -> None:
        if self._moving:
            from asgiviz.views.text import fit

            line = fit(f"{progress.lesson}: {progress.number} of {progress.of}, {progress.title}", 79)
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)
        elif progress.lesson != self._lesson:
            self._lesson = progress.lesson
            click.echo(f"{progress.lesson}: {progress.of} things to try …", err=True)

    def end(self) -> None:
        """Leave a clean line."""
        if self._moving:
            click.echo("\r\x1b[K", nl=False, err=True)
