"""Linter rules on checks and their hints (E040 to E049)."""

from __future__ import annotations

from collections.abc import Iterator

from asgiviz.course.lesson import Check, CheckType
from asgiviz.course.lint_runs import trouble_with_names
from asgiviz.course.lint_subject import Found, Rule, Subject
from asgiviz.course.predicates import faults, is_logical

CHECKS = "checks.toml"
HINTS = (2, 4)
#: Shorter lines of a solution (``return``, ``else:``) give nothing away, and so many characters in common do.
TELLING_LINE, TELLING_PART = 8, 25


def exercise_is_checked(subject: Subject) -> Iterator[Found]:
    """An exercise has checks, and checks have an exercise."""
    lesson = subject.lesson
    if lesson.exercise is not None and not lesson.checks:
        yield CHECKS, None, "there is an exercise, and no check that grades it"
    if lesson.exercise is None and lesson.checks:
        yield CHECKS, None, "there are checks, and no exercise that they grade"


def predicates_fit(subject: Subject) -> Iterator[Found]:
    """Each check uses a predicate of the closed list, with keys that it takes."""
    for check, where in _checks(subject):
        for sentence in faults(check):
            yield CHECKS, where, f'check "{check.id}": {sentence}'


def hints_are_few(subject: Subject) -> Iterator[Found]:
    """Each check has two to four hints."""
    least, most = HINTS
    for check, where in _checks(subject):
        if not least <= len(check.hints) <= most and check.type is not CheckType.CELEBRATORY:
            yield CHECKS, where, f'check "{check.id}" has {len(check.hints)} hints; give {least} to {most}'


def hints_give_nothing_away(subject: Subject) -> Iterator[Found]:
    """No hint and no message has a line of a solution in it, or a long part of one."""
    starter = {_plain(line) for file in subject.folder.under("exercise") for line in _lines(subject, f"exercise/{file}")}
    lines = dict.fromkeys(
        _plain(line)
        for file in subject.folder.files
        if file.startswith(("solution/", "alternatives/")) and file.endswith((".py", ".toml"))
        for line in _lines(subject, file)
    )
    secret = [line for line in lines if line not in starter and len(line) >= TELLING_LINE]
    for check, where in _checks(subject):
        for text in (check.message, *check.hints):
            if (found := _given_away(_plain(text), secret, starter)) is not None:
                yield CHECKS, subject.line(CHECKS, text) or where, f'check "{check.id}" gives the solution away: "{found}"'


def _given_away(text: str, secret: list[str], starter: set[str]) -> str | None:
    for line in secret:
        if line in text:
            return line
        for at in range(len(line) - TELLING_PART + 1):
            part = line[at : at + TELLING_PART]
            if part in text and not any(part in known for known in starter):
                return part
    return None


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def _lines(subject: Subject, file: str) -> list[str]:
    return [line for line in subject.text(file).split("\n") if not line.lstrip().startswith("#")]


def not_only_time(subject: Subject) -> Iterator[Found]:
    """At least one check that decides does not depend on how fast the machine is."""
    essential = [check for check in subject.lesson.checks if check.type is CheckType.ESSENTIAL]
    if subject.lesson.checks and not any(is_logical(check) for check in essential):
        yield CHECKS, None, "all checks that decide measure time: grade what happens first (order, overlap, who held the loop)"


def points_add_up(subject: Subject) -> Iterator[Found]:
    """There is something to gain."""
    if subject.lesson.checks and not sum(check.points for check in subject.lesson.checks):
        yield CHECKS, None, "all checks together give no points"


def conditions_can_be_computed(subject: Subject) -> Iterator[Found]:
    """Conditions use names that their run has."""
    for check, where in _checks(subject):
        if check.holds is not None and (said := trouble_with_names(check.holds, subject.lesson.experiments[check.run])):
            yield CHECKS, where, f'check "{check.id}": {said}'


def _checks(subject: Subject) -> Iterator[tuple[Check, int | None]]:
    for check in subject.lesson.checks:
        yield check, subject.line_of_id(CHECKS, check.id)


RULES = (
    Rule("E040", "an exercise has checks, and checks have an exercise", exercise_is_checked),
    Rule("E042", "each check uses a predicate with keys that it takes", predicates_fit),
    Rule("E044", "each check has 2 to 4 hints", hints_are_few),
    Rule("E045", "hints give nothing away", hints_give_nothing_away),
    Rule("E047", "not only time is graded", not_only_time),
    Rule("E048", "there are points to gain", points_add_up),
    Rule("E049", "conditions can be computed", conditions_can_be_computed),
)
