"""The exercise on the lesson screen: the learner's file is theirs, it is judged when they save it, and they get help."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgiviz.ui.question_screen import QuestionScreen
from asgiviz.ui.text_screen import PageScreen
from tests.course.packs import STARTER, WAITS
from tests.experiment.processes import children
from tests.ui.lesson_staging import Learner, LessonShow, learner, learning
from tests.ui.staging import LARGE, SMALL, played

__all__ = ["learner"]

#: the learner's file is run by a child process, again and again
pytestmark = pytest.mark.slow

#: Takes in a request and gives no answer, so that every client waits in vain.
SILENT = "async def app(scope, receive, send):\n    await receive()\n"
#: Never gives the loop back.
ENDLESS = "async def app(scope, receive, send):\n    while True:\n        pass\n"


async def at_the_exercise(show: LessonShow) -> None:
    """The first page is done; the second one has the exercise."""
    await show.through_the_first_page()
    await show.press("n")
    assert show.screen.walk.page_index == 1


def tries(show: LessonShow) -> int:
    """How often the learner's file was judged."""
    return show.screen.walk.progress.attempts


async def judged_after(show: LessonShow, before: int) -> str:
    """Wait for one more judgement; what the page says."""
    return await show.judged(lambda: tries(show) > before)


@played
async def test_the_starter_is_copied_and_a_file_that_is_there_is_kept(learner: Learner) -> None:
    """The page brings a copy, and says where; what the learner had before is never overwritten."""
    async with learning(learner, by_hand=True) as show:
        assert not learner.file.exists()
        await at_the_exercise(show)
        assert learner.file.read_text() == STARTER
        await show.until_told("your file is asgiviz-work/01-little/app.py")
    learner.saves("# mine\n")
    async with learning(learner, by_hand=True) as show:
        await show.press("x")
        assert learner.file.read_text() == "# mine\n"
        assert "# mine" in "\n".join(show.rows("code"))


@played
async def test_a_file_is_judged_when_it_is_saved(learner: Learner) -> None:
    """Written in place or replaced, as editors do; the first check that is not met is unfolded, the others wait."""
    async with learning(learner) as show:
        await at_the_exercise(show)
        before = tries(show)
        learner.saves(STARTER + "\n# a first try\n")
        text = await judged_after(show, before)
        assert "✗ All must be open at once. saw 1" in text
        assert "· It takes too long." in text
        assert "1 try" in text or "2 tries" in text
        before = tries(show)
        new = learner.file.with_name("app.py~")
        new.write_text(WAITS)
        new.replace(learner.file)
        text = await judged_after(show, before)
        assert "Exercise · passed ✓" in text
        assert show.screen.walk.progress.passed_at is not None
        assert show.showing.title == "your file"


@played
async def test_hints_come_one_by_one_until_there_are_no_more(learner: Learner) -> None:
    """They are counted, and there again when the lesson is opened anew and the file is checked."""
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("h", "w")
        assert show.told[-2:] == ["Check your file first: x.", "There is nothing to point at."]
        await show.press("x", "x")
        text = await show.judged()
        assert tries(show) == 1
        assert "hint 1" not in text
        await show.press("h")
        assert "hint 1 of 2 Look at the bars." in show.article
        assert "Who could wait elsewhere?" not in show.article
        await show.press("h", "h")
        assert "hint 2 of 2 Who could wait elsewhere?" in show.article
        await show.until_told("There are no more hints on this one.")
    async with learning(learner, by_hand=True) as show:
        await show.press("x")
        assert "hint 2 of 2" in await show.judged()


@played
async def test_w_brings_the_stage_to_the_evidence(learner: Learner) -> None:
    """First in the middle of it, then event by event, and round."""
    async with learning(learner, SMALL, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        await show.judged()
        await show.until(lambda: show.showing.seen, "the run on the stage")
        first = show.screen.grade.first if show.screen.grade else None
        assert first is not None
        seqs = sorted(first.seqs)
        assert seqs
        places = []
        for _ in range(len(seqs) + 2):
            await show.press("w")
            assert show.in_sight == {"stage"}
            places.append(show.showing.at)
        assert places[0] == places[-1]
        assert len(set(places)) > 1
        assert show.showing.moment is not None


@played
async def test_a_reset_asks_and_keeps_what_was_there(learner: Learner) -> None:
    """n and enter leave everything; y sets the learner's file aside, again and again, and brings the starter."""
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        learner.saves("# mine\n")
        for key in ("n", "enter", "escape", "q"):
            await show.press("R")
            await show.until(lambda: isinstance(show.top, QuestionScreen), "the question")
            await show.press(key)
            assert show.top is show.screen
        assert learner.file.read_text() == "# mine\n"
        await show.press("R", "y")
        await show.until_told("app.py is the starter again; yours is app.py.bak-1")
        assert learner.file.read_text() == STARTER
        learner.saves("# mine again\n")
        await show.press("R", "y")
        await show.until_told("yours is app.py.bak-2")
        kept = sorted(path.read_text() for path in learner.file.parent.glob("app.py.bak-*"))
        assert kept == ["# mine\n", "# mine again\n"]
        assert show.app.is_running


@played
async def test_the_solution_opens_only_after_passing(learner: Learner) -> None:
    """Before, s says so; afterwards the learner's file and the solution stand beside each other."""
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("s")
        await show.until_told("It opens when your own file has passed.")
        assert show.top is show.screen
        learner.saves("# of my own\n" + WAITS)
        await show.press("enter")
        await show.judged()
        await show.press("s")
        await show.until(lambda: isinstance(show.top, PageScreen) and "# of my own" in show.text, "the solution")
        await show.press("escape", "h")
        await show.until_told("All is met")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def app(:\n", "SyntaxError"),
        ("import nothing_of_this_name\n", "nothing_of_this_name"),
        ("raise RuntimeError('[bold] no')\n", "RuntimeError: [bold] no"),
        ("", "app"),
        ("async def app(scope, receive, send):\n    raise ValueError('in the middle')\n", "✗"),
        (SILENT, "✗"),
        ("import sys\nsys.exit(3)\n", "✗"),
        ("import os\nos._exit(3)\n", "✗"),
        ("app = 3\n", "✗"),
        ("\x00\xff\n", "✗"),
    ],
    ids=["syntax", "import", "raises", "empty", "app raises", "silent", "sys.exit", "os._exit", "no app", "no text"],
)
@played
async def test_a_file_that_does_not_work_is_told_and_the_screen_goes_on(learner: Learner, text: str, sentence: str) -> None:
    """Whatever is wrong with it stands in the exercise, and the file passes once it is put right."""
    learner.saves(text)
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        said = await show.judged()
        assert sentence in said, said
        assert "asgiviz/host" not in said
        assert "Exercise · passed" not in said
        await show.answers()
        learner.saves(WAITS)
        await show.press("x")
        assert "Exercise · passed ✓" in await judged_after(show, 1)


@played
async def test_a_file_that_blocks_for_ever_is_ended(learner: Learner) -> None:
    """While it runs the keys are answered and no run begins beside it; then it is told what held the loop."""
    learner.pack.change("experiments.toml", 'title = "Yours"', 'title = "Yours"\ntimeout = 2')
    learner.saves(ENDLESS)
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        assert "running your file …" in show.article
        await show.answers()
        await show.press("p", "r")
        await show.until_told("Your file is being run.")
        await show.press("n")
        said = await show.judged()
        assert "✗" in said
        await show.answers()


@played
async def test_a_file_that_is_deleted_is_told_and_comes_back_by_reset(learner: Learner) -> None:
    """Its deletion is noticed; so is the file that is made again."""
    async with learning(learner) as show:
        await at_the_exercise(show)
        learner.file.unlink()
        await show.until_told("asgiviz-work/01-little/app.py is not there. R starts the exercise afresh")
        assert "app.py is not there (yet)." in "\n".join(show.rows("code"))
        before = tries(show)
        await show.press("R", "y")
        await show.until_told("app.py is the starter again")
        assert learner.file.read_text() == STARTER
        await judged_after(show, before)


@played
async def test_a_file_that_is_saved_half_way_is_judged_again_with_its_rest(learner: Learner) -> None:
    """Changes that come while it is run are not missed: the last word is of what stands there now."""
    async with learning(learner) as show:
        await at_the_exercise(show)
        half = len(WAITS) // 2
        learner.saves(WAITS[:half])
        await show.until(lambda: show.screen.is_checking, "the first half to be run")
        learner.saves(WAITS)
        await show.until(lambda: "Exercise · passed ✓" in show.article, "the whole file to pass")


@played
async def test_a_work_directory_that_cannot_be_written_is_told(learner: Learner) -> None:
    """One sentence, and the rest of the lesson goes on."""
    (learner.work / "asgiviz-work").write_text("a file where the directory should be")
    async with learning(learner) as show:
        await at_the_exercise(show)
        assert any("asgiviz-work" in each for each in show.told)
        await show.press("e", "x", "h", "w", "R", "s")
        await show.answers()
        await show.to_page(3)


@played
async def test_the_editor_is_started_or_named(learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without $EDITOR the file is named; an editor that cannot be started is told."""
    async with learning(learner, LARGE, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("e")
        await show.until_told("$EDITOR is not set. Edit asgiviz-work/01-little/app.py")
        monkeypatch.setenv("EDITOR", str(tmp_path / "no-such-editor"))
        await show.press("e")
        await show.until_told("does not run")


@played
async def test_enter_does_not_judge_what_nobody_has_touched(learner: Learner) -> None:
    """The starter is no try: enter says how to begin; x judges whatever stands there."""
    async with learning(learner, LARGE, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("G", "enter")
        await show.until_told("Change your file first")
        assert tries(show) == 0
        await show.press("x")
        await show.until(lambda: tries(show) == 1, "the starter to be judged")


@played
async def test_what_a_handler_raises_is_shown_whole(learner: Learner) -> None:
    """Beside the check that does not hold stands the learner's own traceback, with its line."""
    learner.saves("async def app(scope, receive, send):\n    assert scope['type'] == 'http'\n    return 1 / nothing\n")
    async with learning(learner, LARGE, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        await show.until(lambda: tries(show) == 1, "the grade")
        assert show.screen.grade is not None
        assert "NameError: name 'nothing' is not defined" in show.screen.grade.traceback
        assert "NameError" in show.article
        assert "return 1 / nothing" in show.article


@played
async def test_leaving_while_the_file_is_run_leaves_no_process(learner: Learner) -> None:
    """The screen closes in the middle of an attempt that would take for ever."""
    learner.saves(ENDLESS)
    others = set(children())  # what earlier tests have started and not waited for
    async with learning(learner, by_hand=True) as show:
        await at_the_exercise(show)
        await show.press("x")
        await show.until(lambda: set(children()) - others, "its process")
        pids = set(children()) - others
        assert show.screen.is_checking
        await show.press("q")
        await show.until(lambda: show.app._exit, "the end")
        show.screen.leave_nothing_behind()  # as the command line does
    assert not pids & set(children())
