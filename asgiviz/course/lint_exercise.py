"""Linter rules on the files of an exercise, as far as they can be told without running them (E050 to E057)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

from asgiviz.course.lint_subject import Found, Rule, Subject

FEWEST_MUTANTS = 3
LONGEST_STARTER = 40


def everything_compiles(subject: Subject) -> Iterator[Found]:
    """All Python is Python and all TOML is TOML, wherever it lies in the lesson."""
    for file in subject.folder.files:
        if (wrong := _syntax(file, subject.text(file))) is not None:
            yield file, *wrong


def _syntax(file: str, text: str) -> tuple[int | None, str] | None:
    try:
        if file.endswith(".py"):
            ast.parse(text)
        elif file.endswith(".toml"):
            tomllib.loads(text)
    except SyntaxError as error:
        return error.lineno, f"is no Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return None, f"cannot be read: {error}"
    return None


def starter_says_what_to_do(subject: Subject) -> Iterator[Found]:
    """The starter has a TODO and is short."""
    exercise = subject.lesson.exercise
    if exercise is None:
        return
    main = f"exercise/{exercise.main}"
    if "TODO" not in subject.text(main):
        yield main, None, "there is no TODO in the starter: say what is to be done, where it is to be done"
    if (lines := subject.text(main).count("\n")) > LONGEST_STARTER:
        yield main, None, f"the starter has {lines} lines; at most {LONGEST_STARTER}, so that it can be read at a glance"


def solution_is_there(subject: Subject) -> Iterator[Found]:
    """The solution and its alternatives have the file that the exercise is about, and no file that it does not have."""
    exercise = subject.lesson.exercise
    if exercise is None:
        return
    alternatives = sorted({file.partition("/")[0] for file in subject.folder.under("alternatives")})
    for folder in ("solution", *(f"alternatives/{name}" for name in alternatives)):
        files = subject.folder.under(folder)
        if exercise.main not in files:
            yield folder, None, f'"{exercise.main}" is missing'
        elif subject.text(f"{folder}/{exercise.main}") == subject.text(f"exercise/{exercise.main}"):
            yield f"{folder}/{exercise.main}", None, "is the same as the starter"
        for file in files:
            if file not in exercise.files and file != "about.md":
                yield f"{folder}/{file}", None, "has no counterpart in exercise/"
        if folder != "solution" and "about.md" not in files:
            yield folder, None, '"about.md" is missing: what does this way cost, and what does it give?'


def mutants_say_what_fails(subject: Subject) -> Iterator[Found]:
    """The first line of a typical wrong solution names checks that there are, and says why people write it."""
    known = {check.id for check in subject.lesson.checks}
    exercise = subject.lesson.exercise
    for mutant in subject.mutants:
        if not mutant.fails or not mutant.why:
            yield mutant.file, 1, "the first line must be: # fails: check-id, check-id | why people write this"
        for id_ in mutant.fails:
            if id_ not in known:
                yield mutant.file, 1, f'there is no check "{id_}"; there are {", ".join(sorted(known))}'
        if exercise is not None and PurePosixPath(mutant.file).suffix != PurePosixPath(exercise.main).suffix:
            yield mutant.file, None, f"it is put in the place of {exercise.main}, so it must end in the same way"


def enough_mutants(subject: Subject) -> Iterator[Found]:
    """There are at least three typical wrong solutions in the official pack."""
    if subject.pack.official:
        yield from _too_few_mutants(subject)


def mutants_advised(subject: Subject) -> Iterator[Found]:
    """There are at least three typical wrong solutions in other packs, too."""
    if not subject.pack.official:
        yield from _too_few_mutants(subject)


def _too_few_mutants(subject: Subject) -> Iterator[Found]:
    if subject.lesson.exercise is not None and len(subject.mutants) < FEWEST_MUTANTS:
        count = len(subject.mutants)
        yield "mutants", None, f"there are {count} typical wrong solutions; with {FEWEST_MUTANTS} the checks are tried"


def every_check_is_failed(subject: Subject) -> Iterator[Found]:
    """Each check that decides is failed by a wrong solution, or it is not known whether it can fail."""
    failed = {id_ for mutant in subject.mutants for id_ in mutant.fails}
    for check in subject.lesson.checks:
        if subject.mutants and check.id not in failed and check.points:
            where = subject.line_of_id("checks.toml", check.id)
            yield "checks.toml", where, f'no file of mutants/ says that it fails "{check.id}"'


RULES = (
    Rule("E050", "the starter says what to do", starter_says_what_to_do),
    Rule("E056", "the solution and its alternatives are there", solution_is_there),
    Rule("E053", "wrong solutions say what they fail", mutants_say_what_fails),
    Rule("W054", "each check is failed by a wrong solution", every_check_is_failed),
    Rule("E055", "there are three wrong solutions", enough_mutants),
    Rule("W055", "there are three wrong solutions", mutants_advised),
    Rule("E057", "all files are what their names say", everything_compiles),
)
