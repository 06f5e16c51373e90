"""What the tests of the lesson screen stand on: a little pack, somebody who learns it, and the keys that lead through it.

Runs are made by real child processes, on the virtual clock if nothing else is said; nothing here judges how long they take.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.progress import Progress
from asgiviz.course.reading import find_lesson, read_pack
from asgiviz.lessons_place import lessons_directory
from asgiviz.settings import Settings
from asgiviz.ui.app import AsgivizApp
from asgiviz.ui.lesson_room import Showing
from asgiviz.ui.lesson_screen import LessonScreen
from tests.course.packs import CHECKS, LittlePack, little_pack
from tests.experiment.processes import children
from tests.ui.staging import LARGE, Hands

#: A check with evidence, which an app that does not answer with 200 fails.
ANSWERED = """
[[check]]
id = "answered"
run = "graded"
expect = "clients"
status = 200
message = "Every client must get 200."
hints = ["Look at the status.", "Who answers?"]
"""
#: To the first run of the little lesson: two predictions.
PREDICTED = ("b", "2", *"0.5", "enter")


class Learner:
    """Somebody in a directory of their own: `pack` is what they learn, `work` where their files are."""

    def __init__(self, directory: Path) -> None:
        self.pack: LittlePack = little_pack(directory)
        self.pack.write("checks.toml", CHECKS + ANSWERED)
        self.pack.change("experiments.toml", 'title = "Yours"', 'title = "Yours"\nclients = 10')
        self.work = directory / "here"
        self.work.mkdir()
        self.progress = directory / "progress.json"

    @property
    def file(self) -> Path:
        """Their copy of the exercise of the little lesson."""
        return self.work / "asgiviz-work" / "01-little" / "app.py"

    def saves(self, text: str) -> None:
        """They save their file, as an editor does that writes into it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text, encoding="utf-8")


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learner:
    """A learner who has done nothing yet."""
    one = Learner(tmp_path)
    monkeypatch.chdir(one.work)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return one


class LessonShow(Hands):
    """The app with a lesson screen."""

    screen: LessonScreen

    @property
    def told(self) -> list[str]:
        """The words that were put on top of the screen, oldest first."""
        return [notification.message for notification in self.app._notifications]

    @property
    def article(self) -> str:
        """The text of the page, in sight or not, in one line without its boxes."""
        words = " ".join(self.rows("lesson")).translate(str.maketrans("│╭╮╰╯─", "      "))
        return " ".join(words.split())

    @property
    def stage(self) -> str:
        """What stands on the stage."""
        return "\n".join(self.rows("stage"))

    @property
    def showing(self) -> Showing:
        """The run on the stage."""
        showing = self.screen.room.showing
        assert showing is not None
        return showing

    async def until_told(self, part: str) -> str:
        """Wait for a word of the screen."""

        def said() -> str | None:
            return next((each for each in self.told if part in each), None)

        found: str = await self.until(said, f"{part!r}, told was {self.told}")
        return found

    async def runs(self, *keys: str) -> Showing:
        """Press keys that begin a run, and wait until it was watched to its end."""
        before = self.screen.room.showing
        await self.press(*keys)
        assert self.screen.room.showing is not before, self.told
        showing = self.showing
        await self.until(lambda: showing.seen, "the end of the run")
        await self.settled()
        return showing

    async def judged(self, wanted: Callable[[], Any] = lambda: True) -> str:
        """Wait until the learner's file is judged and that is as it is wanted; what the page says then."""
        screen = self.screen
        await self.until(lambda: not screen.is_checking and screen.grade is not None and wanted(), "the grade")
        await self.settled()
        return self.article

    async def answers(self) -> None:
        """The screen is alive: its help opens and closes, and everything of it can be drawn."""
        from asgiviz.ui.text_screen import PageScreen

        await self.press("f1")
        await self.until(lambda: isinstance(self.top, PageScreen), "the help")
        await self.press("escape")
        await self.until(lambda: self.top is self.screen, "the screen below the help")
        for name in self.screen.panes:
            self.rows(name)
        assert self.text.startswith(" asgiviz")

    async def fills(self, size: tuple[int, int]) -> None:
        """What is drawn has this size."""

        def drawn() -> bool:
            lines = self.text.splitlines()
            return (len(lines[0]), len(lines)) == size

        await self.until(drawn, f"a screen of {size}")

    async def to_page(self, page: int) -> None:
        """Turn to a page whose way is free."""
        while self.screen.walk.page_index + 1 < page:
            before = self.screen.walk.page_index
            await self.press("n")
            assert self.screen.walk.page_index == before + 1, self.told

    async def through_the_first_page(self) -> None:
        """Predictions, the run, and what was seen in it."""
        await self.press(*PREDICTED)
        await self.runs("enter")
        await self.press("a")


@asynccontextmanager
async def _shown(
    pack: Pack, lesson: Lesson, progress: Path, work: Path, size: tuple[int, int], settings: Settings | None, **options: Any
) -> AsyncIterator[LessonShow]:
    before = children()
    names = {"cores": float(os.cpu_count() or 1)}
    look = {name: options.pop(name) for name in ("ascii",) if name in options}
    screen = LessonScreen(pack, lesson, Progress.load(progress), names, work, **options)
    app = AsgivizApp(settings or Settings(animation=False), screen, **look)
    pilot: Pilot[None]
    async with app.run_test(size=size, notifications=True) as pilot:
        show = LessonShow(pilot, screen)
        await show.settled()
        yield show
    await show.until(lambda: children() <= before, "the end of all its processes")


@asynccontextmanager
async def learning(
    learner: Learner, size: tuple[int, int] = LARGE, settings: Settings | None = None, **options: Any
) -> AsyncIterator[LessonShow]:
    """The screen on the little lesson, runs shown as soon as they are over; `children` of it are gone afterwards."""
    pack = learner.pack.read()
    async with _shown(pack, pack.lessons[0], learner.progress, learner.work, size, settings, **options) as show:
        yield show


@asynccontextmanager
async def learning_ours(number: str, learner: Learner, size: tuple[int, int] = LARGE) -> AsyncIterator[LessonShow]:
    """The screen on a lesson of the course."""
    pack = read_pack(lessons_directory(), official=True)
    async with _shown(pack, find_lesson(pack, number), learner.progress, learner.work, size, None) as show:
        yield show
