"""Reads a pack and its lessons from disk. Strict: what is not understood is a complaint with its line; nothing is guessed.

No code of a lesson is imported or run here. A lesson that cannot be read hides no other: the pack has it under `broken`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiviz.course.anchors import inlines, trouble_with
from asgiviz.course.complaints import Complaint, PackError
from asgiviz.course.folder import Folder
from asgiviz.course.keys import ID, Keys, read_toml
from asgiviz.course.lesson import Exercise, Experiment, Lesson, Misconception, Pack, Question
from asgiviz.course.manuscript import Manuscript, ManuscriptError
from asgiviz.course.place import Place
from asgiviz.course.reading_checks import read_checks
from asgiviz.course.reading_pages import LESSON, PageReader
from asgiviz.course.reading_questions import read_questions
from asgiviz.course.reading_runs import read_runs

FORMAT = 1
#: The run that is made of the learner's file.
GRADED = "graded"
LEVELS = ("core", "extra")
_FOLDER = re.compile(r"(\d{2})-[a-z0-9][a-z0-9-]{0,36}")


def read_lesson(directory: Path) -> Lesson:
    """The lesson in a folder. PackError with everything that is wrong with it."""
    complaints: list[Complaint] = []
    if directory.is_symlink() or not directory.is_dir():
        raise PackError([Complaint(directory, None, "E005", "is no folder of a lesson")])
    lesson = _Reading(Folder(directory, complaints)).lesson()
    if lesson is None or complaints:
        raise PackError(complaints)
    return lesson


def read_pack(directory: Path, official: bool = False) -> Pack:
    """The pack in a directory. PackError when pack.toml or misconceptions.toml is wrong; a wrong lesson is in its `broken`."""
    complaints: list[Complaint] = []
    folder = Folder(directory, complaints, deep=False)
    pack = _toml(folder, "pack.toml", required=True)
    fields = {} if pack is None else _pack_fields(pack)
    misconceptions = _misconceptions(folder)
    if complaints:
        raise PackError(complaints)
    lessons, broken = [], {}
    for place in sorted(directory.iterdir()):
        if _FOLDER.fullmatch(place.name) or (place.is_dir() and (place / LESSON).exists()):
            try:
                lessons.append(read_lesson(place))
            except PackError as error:
                broken[place.name] = error.complaints
    return Pack(
        directory=directory, lessons=tuple(lessons), misconceptions=misconceptions, official=official, broken=broken, **fields
    )


def find_lesson(pack: Pack, text: str) -> Lesson:
    """The lesson that is meant by a number, a slug or an id. LookupError with a sentence, PackError when it is a broken one."""
    wanted = text.strip().strip("/").casefold()
    for lesson in pack.lessons:
        if wanted in (lesson.id, lesson.slug) or (_number(wanted) == lesson.number):
            return lesson
    for name, complaints in pack.broken.items():
        number, _, slug = name.partition("-")
        if wanted in (name, slug) or (number.isdecimal() and _number(wanted) == int(number)):
            raise PackError(complaints)
    if not pack.lessons:
        raise LookupError(f"the pack in {pack.directory} has no lessons")
    close = difflib.get_close_matches(wanted, [name for each in pack.lessons for name in (each.slug, each.id)], 1)
    numbers = ", ".join(str(each.number) for each in pack.lessons)
    did = f'Did you mean "{close[0]}"?' if close else f"There are lessons {numbers}: asgiviz lessons lists them."
    raise LookupError(f'there is no lesson "{text}". {did}')


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _pack_fields(keys: Keys) -> dict[str, Any]:
    _format(keys)
    fields = {name: keys.text(name, default) for name, default in (("license", ""), ("lang", "en"))}
    fields |= {"id": keys.id(), "title": keys.text("title")}
    keys.optional_text("requires_asgiviz")
    keys.end()
    return fields


def _format(keys: Keys) -> None:
    value = keys.take("format")
    if value is None:
        return
    if value != FORMAT or isinstance(value, bool):
        newer = isinstance(value, int) and value > FORMAT
        what = "is from a newer asgiviz: pip install --upgrade asgiviz" if newer else f"must be {FORMAT}"
        keys.complain("E008", f'"format" = {value} {what}', "format")


def _toml(folder: Folder, name: str, *, required: bool = False) -> Keys | None:
    if not required and name not in folder.files:
        return None
    text = folder.text(name)
    return None if text is None else read_toml(text, Place.whole(folder.directory / name, text), folder.complaints)


def _misconceptions(folder: Folder) -> dict[str, Misconception]:
    keys = _toml(folder, "misconceptions.toml")
    found: dict[str, Misconception] = {}
    for code in () if keys is None else keys.values:
        assert keys is not None
        if not ID.fullmatch(code):
            keys.complain("E004", f'"{code}" is no code: write small letters, digits and hyphens', code)
        table = keys.table(code)
        if table is not None:
            found[code] = Misconception(code, table.text("belief"), table.text("note"))
            table.end()
    return found


@dataclass
class _Reading:
    """The reading of one folder."""

    folder: Folder

    def lesson(self) -> Lesson | None:
        """The lesson, or None when so much is wrong that there is nothing to build; complaints are in the folder's list."""
        name = self.folder.directory.name
        if not _FOLDER.fullmatch(name):
            self.folder.complain("", None, "E004", f'"{name}" must be named like 06-blocking-the-loop')
            return None
        text = self.folder.text(LESSON)
        try:
            manuscript = None if text is None else Manuscript.of(text)
        except ManuscriptError as error:
            self.folder.complain(LESSON, error.line, error.code, str(error))
            return None
        if manuscript is None:
            return None
        place = Place.whole(self.folder.directory / LESSON, manuscript.front, above=1)
        front = read_toml(manuscript.front, place, self.folder.complaints)
        return None if front is None else self._build(manuscript, front)

    def _build(self, manuscript: Manuscript, front: Keys) -> Lesson:
        fields = self._fields(front)
        questions = read_questions(front)
        front.end()
        runs = self._runs()
        _resolve(front, questions, runs)
        checks = _toml(self.folder, "checks.toml")
        exercise = _exercise(self.folder, runs)
        reader = PageReader(self.folder, questions, runs, exercise is not None, fields["title"])
        return Lesson(
            directory=self.folder.directory,
            pages=reader.read(manuscript),
            questions=questions,
            experiments=runs,
            checks=() if checks is None else read_checks(checks, runs),
            exercise=exercise,
            **fields,
        )

    def _fields(self, front: Keys) -> dict[str, Any]:
        name = self.folder.directory.name
        _format(front)
        id_ = front.text("id")
        if id_ and id_ != name:
            front.complain("E004", f'the id "{id_}" must be the name of the folder, "{name}"', "id")
        return {
            "id": name,
            "number": int(name.partition("-")[0]),
            "title": front.text("title"),
            "minutes": front.whole("minutes", least=1, most=600),
            "level": front.choice("level", LEVELS, "core"),
            "machine": front.text("machine", "", empty=True),
            "requires": front.texts("requires"),
            "syllabus": front.texts("syllabus_points"),
            "objectives": front.texts("objectives"),
            "misconceptions": front.texts("misconceptions"),
            "honest": front.text("honest", "", empty=True),
        }

    def _runs(self) -> dict[str, Experiment]:
        keys = _toml(self.folder, "experiments.toml")
        return {} if keys is None else read_runs(keys, self.folder)


def _resolve(front: Keys, questions: dict[str, Question], runs: dict[str, Experiment]) -> None:
    """Complain of questions that name a run which is not there, or put in a number that is not known."""
    for kind in ("predict", "observe", "quiz"):
        for keys in front.tables(kind):
            question = questions.get(str(keys.values.get("id")))
            if question is None:
                continue
            if question.run is not None and question.run and question.run not in runs:
                keys.complain("E030", f'there is no run "{question.run}" in experiments.toml', "run")
            texts = [question.text, question.because, *(each for one in question.options for each in (one.text, one.says))]
            for inline in (found for text in texts for found in inlines(text)):
                wrong = trouble_with(inline, frozenset(runs))
                if wrong is not None:
                    keys.complain(wrong[0], wrong[1])


def _exercise(folder: Folder, runs: dict[str, Experiment]) -> Exercise | None:
    """The exercise: the plan of the graded run, or ``app.py``."""
    files = folder.under("exercise")
    plan = runs[GRADED].plan if GRADED in runs else None
    main = plan or "app.py"
    if not files and GRADED not in runs:
        return None
    if GRADED not in runs:
        folder.complain("experiments.toml", None, "E030", f'there is an exercise, but no run "{GRADED}" that makes use of it')
    elif main not in files:
        folder.complain("exercise", None, "E005", f'"{main}" is missing')
    return Exercise(main, files)
