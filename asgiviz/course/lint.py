"""The linter's rules that run no code: one table, and what walks it. What must be run is for `asgiviz.experiment`."""

from __future__ import annotations

from pathlib import Path

from asgiviz.course import lint_checks, lint_exercise, lint_questions, lint_runs, lint_structure, lint_text
from asgiviz.course.complaints import Complaint
from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.lint_subject import Rule, Subject

RULES: tuple[Rule, ...] = (
    *lint_structure.RULES,
    *lint_questions.RULES,
    *lint_text.RULES,
    *lint_runs.RULES,
    *lint_checks.RULES,
    *lint_exercise.RULES,
)


def lint_lesson(lesson: Lesson, pack: Pack) -> list[Complaint]:
    """Everything that is wrong with a lesson that could be read, in the order of its files; errors and warnings."""
    subject = Subject(lesson, pack)
    found = [
        Complaint(lesson.directory / file, line, rule.code, sentence)
        for rule in RULES
        for file, line, sentence in rule.find(subject)
    ]
    return _sorted([*subject.folder.complaints, *found])


def lint_pack(pack: Pack) -> list[Complaint]:
    """Everything that is wrong with a pack: what could not be read of it, and what the rules find in the rest."""
    found = [complaint for complaints in pack.broken.values() for complaint in complaints]
    numbers: dict[int, Path] = {}
    for lesson in pack.lessons:
        if lesson.number in numbers:
            found.append(Complaint(lesson.directory, None, "E004", f"has the same number as {numbers[lesson.number].name}"))
        numbers[lesson.number] = lesson.directory
        found += lint_lesson(lesson, pack)
    return _sorted(found)


def _sorted(complaints: list[Complaint]) -> list[Complaint]:
    return sorted(dict.fromkeys(complaints), key=lambda each: (str(each.file), each.line or 0, each.code))
