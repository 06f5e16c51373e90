"""``asgiviz lesson --check``: the exercise is run and judged; nothing but the report is on standard output."""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from asgiviz.cli.learning import (
    AT_FAULT,
    INTERRUPTED,
    MISSING,
    NOT_YET,
    OUT_OF_TIME,
    PASSED,
    USAGE,
    begin,
    complain,
    leave,
    machine_names,
    print_out,
    save,
    say,
)
from asgiviz.course.fingerprint import fingerprint
from asgiviz.course.grade_report import Circumstances, as_json, as_junit, as_text
from asgiviz.course.grading import Grade, not_graded
from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.lint import lint_lesson
from asgiviz.course.walk import Walk
from asgiviz.experiment.attempt import Attempt
from asgiviz.experiment.failure import Blame, Failure
from asgiviz.experiment.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from asgiviz.course.progress import LessonProgress, Progress

#: Whose turn it is -> the exit code.
CODES = {Blame.CODE: NOT_YET, Blame.TIME: OUT_OF_TIME, Blame.LESSON: AT_FAULT, Blame.MACHINE: MISSING}
#: Complaints of the linter about checks that cannot be judged.
UNGRADABLE = ("E040", "E042", "E049")
_FORMS = {"text": as_text, "json": as_json, "junit": as_junit}
#: Seconds between two looks at whether somebody wants to end it, and that it gets to end then.
TICK, ENDING = 0.2, 5.0


def check(pack: Pack, lesson: Lesson, progress: Progress, file: str, form: str, clock: str | None) -> int:
    """Judge `file`, or the learner's own copy, and print the report; gives the exit code.

    Only an attempt with the learner's own copy is remembered.
    """
    own, place = _place_of(lesson, file)
    _must_be_gradable(pack, lesson)
    attempt = Attempt(lesson, place, clock).start()
    try:
        while not attempt.wait(TICK):
            pass
    except KeyboardInterrupt:
        attempt.cancel()
        attempt.wait(ENDING)
        return INTERRUPTED
    found = attempt.grade or not_graded(lesson, attempt.failure.sentence if attempt.failure else "it was ended")
    known = _remembered(pack, lesson, progress, found) if own else None
    print_out(_FORMS[form](found, _circumstances(pack, lesson, attempt, place, known)), for_programs=form != "text")
    _explain(attempt, found, form)
    if attempt.failure is not None:
        return CODES[attempt.failure.blame]
    return PASSED if found.passed else NOT_YET


def _must_be_gradable(pack: Pack, lesson: Lesson) -> None:
    """A check that cannot be judged is the author's mistake, and no verdict on the learner."""
    wrong = tuple(each for each in lint_lesson(lesson, pack) if each.code in UNGRADABLE)
    if wrong:
        complain(wrong)
        sys.exit(AT_FAULT)


def _place_of(lesson: Lesson, file: str) -> tuple[bool, Path]:
    """Whether it is the learner's own copy, and where what is to be judged is."""
    try:
        workspace = Workspace(lesson)
    except WorkspaceError as error:
        leave(USAGE, str(error))
    if not file:
        if not workspace.started:
            leave(
                USAGE,
                f"{workspace.main} is not there. asgiviz lesson {lesson.number} makes it; --check FILE judges another",
            )
        return True, workspace.directory
    place = Path(file)
    if not place.exists():
        number = "" if not file.isdecimal() else f". The number of the lesson comes first: asgiviz lesson {file} --check"
        leave(USAGE, f"{file} is not there{number}")
    if not (place.is_file() or place.is_dir()):
        leave(USAGE, f"{file} is neither a file nor a directory")
    if lesson.exercise is not None and place.is_file() and place.suffix != (wanted := Path(lesson.exercise.main).suffix):
        leave(USAGE, f"{file} is no {wanted} file; the exercise of lesson {lesson.number} is {lesson.exercise.main}")
    return place.resolve() in (workspace.main.resolve(), workspace.directory.resolve()), place


def _remembered(pack: Pack, lesson: Lesson, progress: Progress, found: Grade) -> LessonProgress:
    if progress.warning:
        say(progress.warning)
    known = begin(pack, lesson, progress)
    Walk(lesson, known, machine_names(), pack.misconceptions).exercise_graded(found.passed, time())
    save(progress)
    return known


def _circumstances(pack: Pack, lesson: Lesson, attempt: Attempt, place: Path, known: LessonProgress | None) -> Circumstances:
    main = place / lesson.exercise.main if place.is_dir() and lesson.exercise is not None else place
    servers = {
        str(server["name"]): str(server.get("version", ""))
        for trial in attempt.trials.values()
        for side in trial.record().sides.values()
        if isinstance(server := side.facts.get("server"), dict) and "name" in server
    }
    return Circumstances(
        tool=f"asgiviz {version('asgiviz')}",
        pack=pack.id,
        pack_hash=fingerprint(lesson.directory),
        file_sha256=_hash(main),
        servers=servers,
        machine={**{name: int(value) for name, value in machine_names().items()}, "python": platform.python_version()},
        predictions=[] if known is None else _predictions(known),
        attempts=0 if known is None else known.attempts,
        hints_used=0 if known is None else sum(known.hints.values()),
        timed_out=attempt.failure is not None and attempt.failure.blame is Blame.TIME,
    )


def _predictions(known: LessonProgress) -> list[dict[str, Any]]:
    return [
        {"id": id_, "answer": answer.said, "correct": answer.right, "confidence": answer.confidence}
        for id_, answer in known.answers.items()
    ]


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _explain(attempt: Attempt, found: Grade, form: str) -> None:
    """What the report has no room for, on standard error: another clock, and what the learner's code raised."""
    for trial in attempt.trials.values():
        if trial.fell_back:
            say(trial.fell_back)
            break
    failure = attempt.failure
    if failure is not None:
        _explain_failure(failure, form)
        return
    if found.traceback and not found.passed:
        say(f"the app raised:\n{found.traceback.rstrip()}")


def _explain_failure(failure: Failure, form: str) -> None:
    """The report as text says it; one for programs is perhaps read by nobody."""
    if form != "text":
        say(failure.sentence + (f"\n{failure.traceback.rstrip()}" if failure.traceback else ""))
