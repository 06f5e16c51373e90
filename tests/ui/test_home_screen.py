"""The home screen: the course with its progress, what to go on with, and what else there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from asgiviz.course.progress import Progress
from asgiviz.settings import Settings
from asgiviz.ui.app import AsgivizApp
from asgiviz.ui.home_screen import AskScreen, HomeScreen
from asgiviz.ui.keys import ACTIONS, SCREENS
from tests.course.packs import LittlePack, little_pack
from tests.ui.staging import LARGE, SMALL, Hands, played

FIRST, SECOND = "01-little", "02-next"


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack of two lessons."""
    pack = little_pack(tmp_path)
    text = (pack.lesson_directory / "lesson.md").read_text()
    second = pack.directory / SECOND
    for path in pack.lesson_directory.rglob("*"):
        if path.is_file():
            place = second / path.relative_to(pack.lesson_directory)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    (second / "lesson.md").write_text(text.replace(FIRST, SECOND).replace("A little lesson", "The next lesson"))
    return pack


@asynccontextmanager
async def at_home(pack: LittlePack, progress: Path, size: tuple[int, int] = SMALL) -> AsyncIterator[Hands]:
    """The home screen of somebody with this progress."""
    screen = HomeScreen(pack.read(), Progress.load(progress))
    async with AsgivizApp(Settings(), screen).run_test(size=size, notifications=True) as pilot:
        show = Hands(pilot, screen)
        await show.until(lambda: screen.pane.cursor is not None, "the cursor")
        await show.settled()
        yield show


def known(tmp_path: Path, *, page: int = 0, passed: bool = False) -> Path:
    """A progress file in which the first lesson is at a page, or passed."""
    progress = Progress.load(tmp_path / "progress.json")
    progress.lesson("little", FIRST).page = page
    progress.lesson("little", FIRST).passed_at = 1.0 if passed else None
    progress.save()
    return progress.path


@played
async def test_the_cursor_stands_on_the_lesson_to_go_on_with(pack: LittlePack, tmp_path: Path) -> None:
    """The first one that is not passed; how far each one is stands beside it."""
    for passed, page, wanted, words in (
        (False, 0, FIRST, "A little lesson"),
        (False, 1, FIRST, "page 2 of 3"),
        (True, 2, SECOND, "✓ passed"),
    ):
        async with at_home(pack, known(tmp_path, page=page, passed=passed)) as show:
            assert show.screen.pane.selected == f"lesson:{wanted}"
            assert words in show.text
            assert "The next lesson" in show.text


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x50"])
@played
async def test_enter_opens_what_the_cursor_is_on(size: tuple[int, int], pack: LittlePack, tmp_path: Path) -> None:
    """Arrows stop only at lines that open something, and at both ends."""
    for keys, wanted in (
        ((), ("lesson", FIRST)),
        (("down",), ("lesson", SECOND)),
        (("end",), ("demo", "")),
        (("end", "down", "home", "up"), ("lesson", FIRST)),
    ):
        async with at_home(pack, tmp_path / "progress.json", size) as show:
            await show.press(*keys, "enter")
            await show.until(lambda: show.app._exit, "the end")
            assert show.screen.chosen == wanted


@played
async def test_a_click_chooses_and_a_second_one_opens(pack: LittlePack, tmp_path: Path) -> None:
    """As in every list."""
    async with at_home(pack, tmp_path / "progress.json") as show:
        pane = show.screen.pane
        place = pane.index_of(f"lesson:{SECOND}")
        await show.click(pane, 8, place - pane.top)
        assert pane.selected == f"lesson:{SECOND}"
        assert show.screen.chosen is None
        await show.click(pane, 8, place - pane.top, times=2)
        assert show.screen.chosen == ("lesson", SECOND)


@pytest.mark.parametrize(("up", "door"), [(2, "trace"), (1, "open")])
@played
async def test_a_door_asks_for_its_target_and_can_be_left(up: int, door: str, pack: LittlePack, tmp_path: Path) -> None:
    """Escape and an empty line lead back; what is typed is the answer, q and all."""
    async with at_home(pack, tmp_path / "progress.json") as show:
        await show.press("end", *["up"] * up)
        for leave in (("escape",), ("enter",), (" ", "enter")):
            await show.press("enter")
            await show.until(lambda: isinstance(show.top, AskScreen), "the question")
            await show.press(*leave)
            await show.until(lambda: show.top is show.screen, "the home screen")
            assert show.screen.chosen is None
        await show.press("enter")
        await show.write("quiet:app[b]")
        await show.press("enter")
        await show.until(lambda: show.app._exit, "the end")
        assert show.screen.chosen == (door, "quiet:app[b]")


@played
async def test_broken_lessons_and_damaged_progress_are_told(pack: LittlePack, tmp_path: Path) -> None:
    """The others can be opened."""
    (pack.directory / SECOND / "lesson.md").write_text("+++\nformat = [bold]\n+++\n")
    progress = tmp_path / "progress.json"
    progress.write_text("{")
    async with at_home(pack, progress) as show:
        told = [notification.message for notification in show.app._notifications]
        assert any("damaged" in each for each in told)
        assert any(f"lesson {SECOND} cannot be read" in each for each in told)
        await show.press("enter")
        assert show.screen.chosen == ("lesson", FIRST)


@played
async def test_a_pack_without_lessons_still_has_its_doors(pack: LittlePack, tmp_path: Path) -> None:
    """It says that there is none."""
    for lesson in (FIRST, SECOND):
        (pack.directory / lesson / "lesson.md").unlink()
    async with at_home(pack, tmp_path / "progress.json") as show:
        assert show.screen.pane.selected == "trace"
        assert "Trace an app" in show.text


@played
async def test_every_key_can_be_pressed_and_every_size_is_filled(pack: LittlePack, tmp_path: Path) -> None:
    """None of them breaks the screen."""
    apart = {"app.quit", "app.suspend", "app.palette", "home.open"}
    keys = [
        key for action in ACTIONS.values() if action.group in SCREENS["home"] for key in action.keys if action.id not in apart
    ]
    async with at_home(pack, tmp_path / "progress.json", LARGE) as show:
        for key in keys:
            await show.press(key)
            while show.top is not show.screen:
                await show.press("escape")
        for size in (SMALL, LARGE, (40, 10), SMALL):
            await show.resize(size)
            assert "A little" in show.text or size[1] < 20
        await show.press("q")
        await show.until(lambda: show.app._exit, "the end")
        assert show.screen.chosen is None
