"""What a learner has done, in one small JSON file. It survives damage and never makes it: written whole, or not at all.

A damaged file is moved aside and whatever can be understood of it is kept; one of a newer asgiviz is read and left alone.
Times are seconds since 1970 and come from whoever writes.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
#: As many damaged files are kept beside; then nothing is written any more.
MOST_DAMAGED = 1_000


class ProgressError(OSError):
    """The file cannot be written; `str()` is one sentence."""


@dataclass
class Answer:
    """What was said to a question: an option's id or a number. `tries` counts the answers, `was` is what the run measured.

    `right` is None until it is judged.
    """

    said: str | float
    confidence: int | None = None
    at: float | None = None
    right: bool | None = None
    was: float | None = None
    tries: int = 1
    rest: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Ran:
    """The last run of an experiment: its figures by the name of their metric, and the settings it was made with.

    `clock` is the one that it really ran on, empty where nobody said it; `at` is when it was made. `written` are the figures of
    the last one that was made as the lesson has it.
    """

    figures: dict[str, float] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)
    times: int = 1
    at: float | None = None
    clock: str = ""
    written: dict[str, float] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class LessonProgress:
    """One lesson. `page` counts from 0, `hints` per check; `fingerprint` is the lesson's when it was last open."""

    page: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    runs: dict[str, Ran] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    passed_at: float | None = None
    finished_at: float | None = None
    fingerprint: str = ""
    rest: dict[str, Any] = field(default_factory=dict, repr=False)


class Progress:
    """The file at `path`. `warning` is a sentence about what was wrong with it, or empty; `read_only`: it stays as it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning = ""
        self.read_only = False
        self._packs: dict[str, dict[str, LessonProgress]] = {}
        self._rest: dict[str, Any] = {}

    def lesson(self, pack: str, lesson: str) -> LessonProgress:
        """The progress in a lesson of a pack, by their ids; an empty one when it was never opened."""
        return self._packs.setdefault(pack, {}).setdefault(lesson, LessonProgress())

    @classmethod
    def load(cls, path: Path) -> Progress:
        """What stands in a file; nothing when there is none. Never an exception: see `warning`."""
        progress = cls(path)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return progress
        except OSError as error:
            progress.read_only = True
            progress.warning = f"Your progress in {path} cannot be read ({error.strerror}); nothing is saved this time."
            return progress
        try:
            plain = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError):
            plain = None
        progress._take(plain)
        return progress

    def _take(self, plain: Any) -> None:
        reading = _Reading()
        whole = reading.mapping(plain)
        version = whole.pop("format", None)
        if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
            self.read_only = True
            self.warning = f"{self.path} was written by a newer asgiviz; it is read as far as it goes, and nothing is saved."
        elif version != FORMAT or isinstance(version, bool):
            reading.sound = False
        for pack, lessons in reading.mapping(whole.pop("packs", {})).items():
            self._packs[pack] = {id_: reading.lesson(each) for id_, each in reading.mapping(lessons).items()}
        self._rest = whole
        if not reading.sound and not self.read_only:
            self._set_aside()

    def _set_aside(self) -> None:
        try:
            aside = next(
                place
                for number in range(1, MOST_DAMAGED)
                if not (place := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists()
            )
            self.path.replace(aside)
        except (OSError, StopIteration):
            self.read_only = True
            self.warning = f"{self.path} is damaged and cannot be moved aside, so nothing is saved this time."
            return
        kept = sum(len(lessons) for lessons in self._packs.values())
        lessons = "1 lesson" if kept == 1 else f"{kept} lessons"
        what = f"what is known of {lessons} is kept" if kept else "the course begins anew"
        self.warning = f"The file with your progress was damaged; it is now {aside}, and {what}."
        with contextlib.suppress(ProgressError):  # whoever only looks shall not lose it
            self.save()

    def save(self) -> None:
        """Write the file: whole, or not at all. Does nothing when it is read-only. ProgressError when that is impossible."""
        if self.read_only:
            return
        text = json.dumps(self.as_dict(), indent=1, sort_keys=True)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self.path, text.encode("utf-8") + b"\n")
        except OSError as error:
            raise ProgressError(f"your progress cannot be saved in {self.path}: {error.strerror or error}") from error

    def as_dict(self) -> dict[str, Any]:
        """The whole file as plain data; what a newer or another program added is in it again."""
        packs = {
            pack: {id_: _plain(each) for id_, each in lessons.items() if each != LessonProgress()}
            for pack, lessons in self._packs.items()
        }
        return {**self._rest, "format": FORMAT, "packs": {pack: lessons for pack, lessons in packs.items() if lessons}}


def _replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of an old one; who reads at the same time sees one of them, whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # a directory cannot be synced everywhere; the file itself has been
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _plain(record: LessonProgress | Answer | Ran) -> dict[str, Any]:
    """A record as plain data, without what has never been set."""
    plain: dict[str, Any] = dict(record.rest)
    for name, value in vars(record).items():
        if name == "rest" or value is None or value in ("", {}):
            continue
        if name in ("answers", "runs"):
            plain[name] = {id_: _plain(each) for id_, each in value.items()}
        else:
            plain[name] = value
    return plain


class _Reading:
    """Takes what it understands from plain data; `sound` becomes False with the first thing that cannot be right."""

    def __init__(self) -> None:
        self.sound = True

    def mapping(self, value: Any) -> dict[str, Any]:
        """A mapping; an empty one in the place of anything else."""
        if isinstance(value, Mapping):
            return dict(value)
        self.sound = False
        return {}

    def number(self, value: Any) -> float | None:
        """A number or None."""
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value):
            return float(value)
        self.sound = False
        return None

    def count(self, value: Any, least: int = 0) -> int:
        """A whole number from `least` up."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value < 1_000_000:
            return value
        self.sound = False
        return least

    def numbers(self, value: Any) -> dict[str, float]:
        """Numbers by name."""
        read = {name: self.number(each) for name, each in self.mapping(value).items()}
        return {name: number for name, number in read.items() if number is not None}

    def lesson(self, value: Any) -> LessonProgress:
        """The progress in a lesson."""
        plain = self.mapping(value)
        answers = {id_: self._answer(each) for id_, each in self.mapping(plain.pop("answers", {})).items()}
        fingerprint = plain.pop("fingerprint", "")
        self.sound = self.sound and isinstance(fingerprint, str)
        return LessonProgress(
            page=self.count(plain.pop("page", 0)),
            answers={id_: answer for id_, answer in answers.items() if answer is not None},
            runs={id_: self._ran(each) for id_, each in self.mapping(plain.pop("runs", {})).items()},
            hints={id_: self.count(each) for id_, each in self.mapping(plain.pop("hints", {})).items()},
            attempts=self.count(plain.pop("attempts", 0)),
            passed_at=self.number(plain.pop("passed_at", None)),
            finished_at=self.number(plain.pop("finished_at", None)),
            fingerprint=fingerprint if isinstance(fingerprint, str) else "",
            rest=plain,
        )

    def _ran(self, value: Any) -> Ran:
        plain = self.mapping(value)
        figures, settings = self.numbers(plain.pop("figures", {})), self.numbers(plain.pop("settings", {}))
        times, at, clock = self.count(plain.pop("times", 1), 1), self.number(plain.pop("at", None)), plain.pop("clock", "")
        self.sound = self.sound and clock in ("", "virtual", "real")
        written = self.numbers(plain.pop("written", {}))
        return Ran(figures, settings, times, at, clock if clock in ("virtual", "real") else "", written, plain)

    def _answer(self, value: Any) -> Answer | None:
        plain = self.mapping(value)
        said = plain.pop("said", None)
        said = said if isinstance(said, str) else self.number(said)
        right, confidence = plain.pop("right", None), plain.pop("confidence", None)
        if said is None or right not in (None, True, False) or confidence not in (None, 1, 2, 3):
            self.sound = False
            return None
        return Answer(
            said=said,
            confidence=confidence,
            at=self.number(plain.pop("at", None)),
            right=None if right is None else bool(right),
            was=self.number(plain.pop("was", None)),
            tries=self.count(plain.pop("tries", 1), 1),
            rest=plain,
        )
