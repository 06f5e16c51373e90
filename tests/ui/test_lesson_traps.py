"""What could break the lesson screen: every key in every state, runs that fail, and whatever authors and learners write."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Input

from asgiviz.settings import Settings
from asgiviz.ui.keys import ACTIONS, SCREENS
from asgiviz.ui.playback import Mode
from asgiviz.ui.run_trace import RunTrace
from tests.course.packs import WAITS
from tests.experiment.processes import children
from tests.ui.lesson_staging import PREDICTED, Learner, LessonShow, learner, learning, learning_ours
from tests.ui.staging import LARGE, SMALL, played

__all__ = ["learner"]

#: children that run code, and every key there is
pytestmark = pytest.mark.slow

#: Ends the app, stops the process, opens slowly, or leaves the lesson: each has a test of its own, or a real terminal.
APART = {"app.quit", "app.suspend", "app.palette", "lesson.back"}
KEYS = [
    key for action in ACTIONS.values() if action.group in SCREENS["lesson"] for key in action.keys if action.id not in APART
]
#: Categories of characters that no terminal may get.
UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: What an author, an app or a file could hold. In TOML and in Python alike, between quotes.
NASTY = "[bold red]no[/] [/nothing] {curly} 漢字 \\u001b[31mred \\u202e 👩‍👩‍👧 `tick"
LONG = "x" * 10_000


async def press_everything(show: LessonShow) -> None:
    """Every key; what it opens is closed again, and the screen is whole."""
    for key in KEYS:
        await show.press(key)
        if (opened := show.top) is not show.screen:
            await show.press("q" if isinstance(opened, RunTrace) else "escape")
            await show.until(partial(lambda opened: show.top is not opened, opened), f"the end of what {key} opens")
        assert show.top is show.screen, key
        if isinstance(show.app.focused, Input):
            await show.press("escape")
        assert show.app.is_running, key
    await show.answers()


async def at_the_beginning(show: LessonShow) -> None:
    """Nothing is done."""


async def half_predicted(show: LessonShow) -> None:
    """How sure is not said yet."""
    await show.press("b")


async def typing(show: LessonShow) -> None:
    """A number is half typed."""
    await show.press("b", "2", "0", ".")


async def free_to_run(show: LessonShow) -> None:
    """All is predicted."""
    await show.press(*PREDICTED)


async def in_a_run(show: LessonShow) -> None:
    """A run on the real clock goes on."""
    await show.press(*PREDICTED, "C", "enter")


async def in_a_playback(show: LessonShow) -> None:
    """A run is played back."""
    await show.press(*PREDICTED, "enter")
    await show.until(lambda: show.showing.playback.mode is Mode.PLAYS, "the playback")


async def seen(show: LessonShow) -> None:
    """The run was seen, and its observation is asked for."""
    await show.press(*PREDICTED, "enter")
    await show.until(lambda: show.showing.over, "the run")
    await show.press("enter")
    await show.until(lambda: show.showing.seen, "its end")


async def at_the_exercise(show: LessonShow) -> None:
    """The exercise is in sight."""
    await seen(show)
    await show.press("a", "n")


async def judged(show: LessonShow) -> None:
    """The learner's file was judged."""
    await at_the_exercise(show)
    await show.press("x")
    await show.judged()


async def passed(show: LessonShow) -> None:
    """And it passed."""
    await at_the_exercise(show)
    assert show.screen.workspace is not None
    show.screen.workspace.main.write_text(WAITS)
    await show.press("x")
    await show.judged()


async def at_the_end(show: LessonShow) -> None:
    """The last question is answered."""
    await passed(show)
    await show.press("n", "c")


STATES: list[Callable[[LessonShow], Awaitable[None]]] = [
    at_the_beginning,
    half_predicted,
    typing,
    free_to_run,
    in_a_run,
    in_a_playback,
    seen,
    at_the_exercise,
    judged,
    passed,
    at_the_end,
]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x50"])
@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
@played
async def test_every_key_can_be_pressed_in_every_state(
    state: Callable[[LessonShow], Awaitable[None]], size: tuple[int, int], learner: Learner
) -> None:
    """None of them breaks the screen."""
    async with learning(learner, size, Settings(animation=True)) as show:
        await state(show)
        await press_everything(show)


# -- runs that fail ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise RuntimeError('[b]no[/b] kitchen')\n", "RuntimeError: [b]no[/b] kitchen"),
        ("def app(:\n", "SyntaxError"),
        ("import time\nasync def app(scope, receive, send):\n    while True:\n        pass\n", "✗"),
        ("import os\nos._exit(7)\n", "✗"),
        (None, "waits.py is not there"),
    ],
    ids=["raises", "syntax", "blocks", "exits", "missing"],
)
@pytest.mark.parametrize("clock", ["virtual", "real"])
@played
async def test_a_lesson_whose_run_fails_says_why_and_can_be_left(
    source: str | None, told: str, clock: str, learner: Learner
) -> None:
    """The sentence stands in the text, the traceback on the stage; nothing is learned from it; it can be run again."""
    learner.pack.change("experiments.toml", 'title = "All at once"', 'title = "All at once"\ntimeout = 2')
    pack = learner.pack.lesson_directory / "apps" / "waits.py"
    async with learning(learner) as show:
        await show.press(*PREDICTED, *(["C"] if clock == "real" else []))
        if source is None:
            pack.unlink()
        else:
            pack.write_text(source)
        await show.runs("enter")
        assert told in " ".join(show.stage.split()), show.stage
        assert "✗" in show.article
        assert "one" not in show.screen.walk.progress.runs
        await show.answers()
        pack.write_text(WAITS)
        await show.runs("enter")
        assert "You said" in show.article


@pytest.mark.parametrize("clock", ["virtual", "real"])
@played
async def test_closing_in_the_middle_of_a_run_leaves_no_process(clock: str, learner: Learner) -> None:
    """The children of the run are gone soon after."""
    learner.pack.write(
        "apps/waits.py", WAITS.replace("asyncio.sleep(WAIT)", "asyncio.to_thread(time.sleep, 30)") + "import time\n"
    )
    async with learning(learner) as show:
        await show.press(*PREDICTED, *(["C"] if clock == "real" else []), "enter")
        found = await show.until(children, "its process")
        await show.press("q")
        await show.until(lambda: show.app._exit, "the end")
    assert not [pid for pid in found if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()]


@played
async def test_a_run_on_which_the_virtual_clock_cannot_hold_is_made_in_real_time(learner: Learner) -> None:
    """It is told why, and its numbers count."""
    busy = "import time\n" + WAITS.replace("await asyncio.sleep(WAIT)", "await asyncio.to_thread(spin)")
    busy += "\ndef spin():\n    until = time.perf_counter_ns() + 10_000_000\n    while time.perf_counter_ns() < until: pass\n"
    learner.pack.write("apps/waits.py", busy)
    async with learning(learner) as show:
        await show.press(*PREDICTED)
        showing = await show.runs("enter")
        assert showing.trial.clock in ("virtual", "real")
        if showing.trial.clock == "real":
            await show.until_told("on the real clock")
        await show.answers()


# -- looks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [free_to_run, judged], ids=["before the run", "judged"])
@played
async def test_ascii_and_no_colour_and_every_theme_show_the_same_words(
    state: Callable[[LessonShow], Awaitable[None]], learner: Learner
) -> None:
    """t goes round; with --ascii every sign is one of ASCII's; without colour nothing is lost."""
    async with learning(learner, by_hand=True) as show:
        await state(show)
        await show.until(lambda: show.screen.room.showing is None or show.showing.seen, "the run")
        await show.until(lambda: show.screen._stage_drawn == show.screen._stage_state(), "the stage")
        rows = {name: show.rows(name) for name in show.screen.panes}
        first, themes = show.app.theme, {show.app.theme}
        await show.press("t")
        while show.app.theme != first:
            themes.add(show.app.theme)
            assert {name: show.rows(name) for name in show.screen.panes} == rows
            assert show.text.startswith(" asgiviz")
            await show.press("t")
        assert len(themes) >= 4
    async with learning(learner, by_hand=True, ascii=True) as show:
        assert show.text.isascii(), [each for each in show.text if not each.isascii()]
    async with learning(learner, settings=Settings(colour=False, animation=False), by_hand=True) as show:
        assert show.text.startswith(" asgiviz")
        await show.answers()


# -- what others write -------------------------------------------------------------------------------------------------


def is_safe(text: str) -> bool:
    """Whether there is nothing in it, beside our own line ends, that a terminal would obey."""
    return not any(unicodedata.category(character) in UNSAFE for character in text.replace("\n", ""))


@pytest.mark.parametrize("value", [NASTY, LONG, ""], ids=["nasty", "long", "empty"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x50"])
@played
async def test_whatever_an_author_writes_is_shown_and_obeyed_by_nothing(
    value: str, size: tuple[int, int], learner: Learner
) -> None:
    """In titles, questions, options, labels, checks, hints and the honest word: markup, escapes, wide signs, one long line."""
    text = value or " "
    for file, old, new in (
        ("lesson.md", 'title = "A little lesson"', f'title = "{text}"'),
        ("lesson.md", 'question = "When is the last of them done?"', f'question = "{text}"'),
        ("lesson.md", 'text = "never"', f'text = "{text}"'),
        ("lesson.md", 'because = "They wait together."', f'because = "{text}"'),
        ("lesson.md", 'honest = "This lesson is little."', f'honest = "{text}"'),
        ("lesson.md", "Guests wait {value:wait|.1f} s.", f"Guests {text.replace('{', '').replace('}', '')}"),
        ("experiments.toml", 'title = "All at once"', f'title = "{text}"'),
        ("checks.toml", 'message = "All must be open at once."', f'message = "{text}"'),
        ("checks.toml", 'hints = ["Look at the bars.", ', f'hints = ["{text}", '),
    ):
        learner.pack.change(file, old, new)
    pack = learner.pack.read()
    if not pack.lessons:
        assert pack.broken, "what cannot be shown is refused with a sentence"
        return
    async with learning(learner, size, by_hand=True) as show:
        seen_texts = [show.text]
        await show.press(*PREDICTED)
        await show.runs("enter")
        seen_texts += [show.text, show.article, show.stage]
        await show.press("enter", "a", "n", "x")
        await show.judged()
        await show.press("h", "w", "i", "escape", "?", "escape")
        seen_texts += [show.text, show.article]
        assert show.top is show.screen
        assert all(map(is_safe, seen_texts))
        for name in show.screen.panes:
            assert all(len(row) <= size[0] for row in show.rows(name))


@pytest.mark.parametrize("value", [NASTY, LONG], ids=["nasty", "long"])
@played
async def test_whatever_a_learner_writes_is_shown_and_obeyed_by_nothing(value: str, learner: Learner) -> None:
    """In source lines, in output, in notes, in statuses and in what the app raises."""
    source = f"""\
import asgiviz
import sys

TEXT = "{value}"
print(TEXT, TEXT, file=sys.stderr)


async def app(scope, receive, send):
    asgiviz.note(TEXT[:200])
    with asgiviz.span(TEXT):
        print(TEXT)
    raise ValueError(TEXT)
"""
    learner.saves(source)
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        seen_texts = [await show.judged()]
        await show.until(lambda: show.showing.over, "the run")
        await show.press(",", ",", "w", "w")
        seen_texts += [show.text, show.stage, *show.rows("code")]
        learner.saves(f'raise ValueError("{value}")\n')
        await show.press("x")
        await show.judged(lambda: show.screen.walk.progress.attempts == 2)
        seen_texts += [show.text, show.stage, show.article]
        assert all(map(is_safe, seen_texts))
        await show.answers()


# -- ours --------------------------------------------------------------------------------------------------------------


@played
async def test_lesson_6_is_gone_through_from_its_first_page_to_its_exercise(learner: Learner) -> None:
    """Each prediction right, each run on the virtual clock as it is promised; the exercise asks for the pool."""
    async with learning_ours("6", learner) as show:
        walk = show.screen.walk
        for _ in range(60):
            if show.screen.workspace is not None:
                break
            gate = walk.gate()
            question = getattr(gate, "question", None)
            if question is not None:
                asked = walk.lesson.questions[question]
                await show.press(asked.answer or "a", *(["2"] if asked.confidence else []))
            elif gate is not None:
                await show.runs("enter")
            else:
                await show.press("n")
        assert list(walk.progress.runs) == ["blocking", "awaiting", "half", "pool"]
        assert all(answer.right for answer in walk.progress.answers.values())
        solution = (walk.lesson.directory / "solution" / "app.py").read_text()
        assert show.screen.workspace is not None
        await show.settled()
        show.screen.workspace.main.write_text(solution)
        await show.until(lambda: "Exercise · passed ✓" in show.article, "the exercise to pass")
