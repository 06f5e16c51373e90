"""The lesson screen under a learner's hands: predict, run, look, change."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from textual import events

from asgiviz.course.walk import State
from asgiviz.settings import Settings
from asgiviz.ui.playback import Mode
from asgiviz.ui.run_trace import RunTrace
from asgiviz.views.stage_moments import Moment
from tests.ui.lesson_staging import PREDICTED, Learner, learner, learning
from tests.ui.staging import LARGE, SMALL, played

__all__ = ["learner"]


# -- predicting --------------------------------------------------------------------------------------------------------


@played
async def test_a_run_is_locked_until_all_is_predicted_and_sure(learner: Learner) -> None:
    """Enter and r say what is missing, and begin nothing."""
    async with learning(learner) as show:
        for keys, wanted in (
            (("enter",), "Choose an answer first: a b c."),
            (("b", "enter"), "How sure are you? 1 a guess, 2 fairly, 3 certain."),
            (("2", "enter"), "Type a number first."),
        ):
            await show.press(*keys, "r")
            await show.until_told(wanted)
            assert show.screen.room.showing is None
            assert "locked: answer first" in show.article or "p2" not in show.screen.walk.progress.answers
        assert show.told.count("Say first what you think will happen.") == 3
        assert "Answer the question first" in show.stage
        await show.press(*"0.5", "enter")
        await show.runs("enter")


@pytest.mark.slow
@played
async def test_a_prediction_can_be_changed_until_its_run(learner: Learner) -> None:
    """Another letter, another sureness, another number; afterwards it stays."""
    async with learning(learner) as show:
        said = show.screen.walk.progress.answers
        await show.press("b", "c", "1")
        assert (said["p1"].said, said["p1"].confidence) == ("c", 1)
        await show.press(*"7.25", "backspace", "backspace", "backspace", "backspace", *"12", "enter")
        assert said["p2"].said == 12.0
        await show.press(*"0.5")
        assert "your answer: 0.5… s" in show.article
        await show.press("enter")
        assert said["p2"].said == 0.5
        await show.runs("enter")
        assert show.screen.walk.state_of("p1") is State.WRONG
        await show.press("b")
        assert said["p1"].said == "c"


@pytest.mark.slow
@played
async def test_digits_are_a_number_only_where_one_is_asked_for(learner: Learner) -> None:
    """Elsewhere 1 to 3 say how sure one is, and the dot steps through the run."""
    async with learning(learner) as show:
        await show.press("5", "b", "3")
        assert show.screen.walk.progress.answers["p1"].confidence == 3
        await show.press(".", *"1.2.3", "enter")
        assert "is not a number" in show.told[-1] or "number" in show.told[-1]
        await show.press(*["backspace"] * 9, *"0.5", "enter")
        await show.runs("enter")
        await show.press("home", ",")
        assert show.showing.moment is not None
        assert show.screen.typed == ""


@played
async def test_keys_that_are_typed_ahead_keep_their_order(learner: Learner) -> None:
    """A slow line brings many at once: each finds the question that those before it have led to."""
    async with learning(learner) as show:
        driver = show.app._driver
        assert driver is not None
        for key in (*PREDICTED, "enter"):
            driver.send_message(events.Key({".": "full_stop"}.get(key, key), key if len(key) == 1 else None))
        await show.until(lambda: show.screen.room.showing is not None and show.showing.seen, "the run")
        assert show.screen.walk.progress.answers["p2"].said == 0.5


# -- running -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_a_run_is_played_back_to_its_end_before_its_numbers_are_told(learner: Learner) -> None:
    """A virtual run is over at once and is played; then comes what was said and what it was. Enter skips to the end."""
    async with learning(learner, settings=Settings(animation=True)) as show:
        await show.press(*PREDICTED, "enter")
        await show.until(lambda: show.showing.playback.mode is Mode.PLAYS, "the playback")
        assert "You said" not in show.article
        await show.until(lambda: show.showing.seen, "its end")
        await show.settled()
        assert show.showing.at == show.showing.end
        assert "You said “after 0.5 s”. It was 0.50 s." in show.article
        await show.press("r")
        await show.until(lambda: show.showing.playback.mode is Mode.PLAYS, "the second playback")
        await show.press("enter")
        await show.until(lambda: show.showing.seen, "its end")
        assert show.screen.walk.progress.runs["one"].times == 2


@pytest.mark.slow
@played
async def test_a_run_on_the_real_clock_is_followed_while_it_happens(learner: Learner) -> None:
    """C takes the other clock; the moment that is shown moves while the run goes on, and its numbers come at its end."""
    async with learning(learner) as show:
        await show.press(*PREDICTED, "C")
        await show.until_told("the next run is on the real clock")
        assert "real clock" in show.article
        await show.press("enter", "r")
        await show.until_told("A run is under way.")
        await show.until(lambda: show.showing.playback.mode is Mode.FOLLOWS, "the clients")
        first = show.showing.at
        await show.until(lambda: show.showing.at > first, "time to pass")
        await show.until(lambda: show.showing.seen, "the end")
        await show.settled()
        assert show.showing.trial.clock == "real"
        assert show.screen.walk.progress.runs["one"].figures["makespan"] >= 0.5
        assert "You said" in show.article


@played
async def test_a_wrong_observation_moves_the_stage_and_is_asked_again(learner: Learner) -> None:
    """The stage stands in the middle of what was asked for; the right answer is still free."""
    async with learning(learner) as show:
        await show.press(*PREDICTED)
        await show.runs("enter")
        assert show.showing.at == show.showing.end
        await show.press("b")
        assert show.showing.at < show.showing.end
        assert show.showing.playback.mode is Mode.STANDS
        assert "Look again at the moment of" in show.article
        assert "All of them are in the room." not in show.article
        await show.press("n")
        await show.until_told("Answer the question first.")
        await show.press("a")
        assert "All of them are in the room." in show.article


@played
async def test_pages_are_turned_by_n_p_and_enter(learner: Learner) -> None:
    """Forward only when the page is done; back at any time, with its run on the stage; both ends say so."""
    async with learning(learner) as show:
        await show.press("p", "n")
        assert show.told[-2:] == ["This is the first page.", "Answer the question first."]
        await show.through_the_first_page()
        run = show.showing
        await show.press("enter")
        assert show.screen.walk.page_index == 1
        await show.press("n")
        assert "page 3 of 3" in show.text
        await show.press("n")
        await show.until_told("Answer the question first.")
        await show.press("c", "n")
        await show.until_told("This is the last page.")
        await show.press("p", "p")
        assert show.screen.walk.page_index == 0
        assert show.showing is run
        assert show.screen.text.top == 0


# -- changing ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_knobs_are_turned_after_the_first_run(learner: Learner) -> None:
    """Before it + is refused; o chooses the other one; the next run is made with them, and changes no prediction."""
    async with learning(learner) as show:
        await show.press(*PREDICTED, "+")
        await show.until_told("Run it once as it is; then you can change it.")
        await show.runs("enter")
        await show.press("+", "o", "+")
        assert show.screen.walk.settings("one") == {**show.screen.walk.settings("one"), "clients": 20, "wait": 1}
        assert "[wait 1 s]" in show.article
        await show.runs("r")
        ran = show.screen.walk.progress.runs["one"]
        assert ran.figures["overlap"] == 20
        assert ran.figures["makespan"] >= 1
        assert "It was 0.50 s." in show.article
        await show.press("-", "o", "-", "-", "-")
        assert show.screen.walk.settings("one")["clients"] == 5


@pytest.mark.slow
@played
async def test_a_run_stays_beside_the_next_on_one_axis(learner: Learner) -> None:
    """= keeps the run; with the longer one beside it the axis is as long as that. Again it is let go."""
    async with learning(learner) as show:
        await show.press("=")
        await show.until_told("Make a run first; then it can be kept beside the next one.")
        await show.press(*PREDICTED)
        kept = await show.runs("enter")
        await show.press("=", "o", "+")
        await show.runs("r")
        assert show.screen.room.kept == [kept]
        await show.until(lambda: "wait 0.5" in show.stage and "wait 1" in show.stage, "both of them")
        rows = show.rows("stage")
        ends = [max(row.rstrip().rfind(sign) for sign in "░█▒") for row in rows]
        assert len({end for end in ends if end > 0}) > 1, "the short one ends before the long one"
        await show.press("=", "=")
        assert show.screen.room.kept == [kept]


# -- moving in time ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_a_run_is_stepped_through_from_its_end_to_its_beginning_and_back(learner: Learner) -> None:
    """Every moment once, in order, with its sentence at the foot of the stage; both ends are told, and nothing lies beyond."""
    async with learning(learner) as show:
        await show.press(".", ",", " ", "<", ">", "w")
        await show.press(*PREDICTED)
        await show.runs("enter")
        moments = show.showing.moments()
        assert len(moments) > 20
        for key, last in ((",", "This is where the run begins."), (".", "This is where the run ends.")):
            seen: list[Moment | None] = []
            while last not in show.told and len(seen) <= len(moments):
                await show.press(key)
                seen.append(show.showing.moment)
            passed = list(dict.fromkeys(seen))
            assert passed == (moments[::-1] if key == "," else moments[1:]), "the first time it stands behind the last one"
            assert passed[-1] is not None
            sentence = " ".join(passed[-1].sentence.split())
            await show.until(partial(lambda wanted: wanted in " ".join(show.stage.split()), sentence), "its sentence")
            assert 0 <= show.showing.at <= show.showing.end


@pytest.mark.slow
@played
async def test_space_plays_and_stands_and_the_speed_is_told(learner: Learner) -> None:
    """At the end it begins again; < and > change how fast; a step stands still."""
    async with learning(learner) as show:
        await show.press(*PREDICTED)
        await show.runs("enter")
        await show.press(*["<"] * 12, " ")
        await show.until(lambda: show.showing.playback.mode is Mode.PLAYS, "the playback")
        await show.until(lambda: "0.02x" in show.text, "the speed on the border")
        assert show.showing.at < show.showing.end
        await show.press(" ")
        here = show.showing.at
        await show.until(lambda: show.showing.playback.mode is Mode.STANDS, "the stop")
        await show.press(".")
        assert show.showing.at > here
        await show.press(*[">"] * 12, " ")
        await show.until(lambda: show.showing.at == show.showing.end, "the end")


@pytest.mark.slow
@played
async def test_what_was_stepped_to_is_forgotten_when_the_stage_shows_something_else(learner: Learner) -> None:
    """A new run, and a run that comes back with its page, are not drawn up to a moment of another one."""
    async with learning(learner) as show:
        await show.press(*PREDICTED)
        await show.runs("enter")
        await show.press(*[","] * 30)
        assert show.showing.moment is not None
        again = await show.runs("r")
        assert again.moment is None
        assert again.at == again.end
        await show.until(lambda: show.screen._stage_drawn == show.screen._stage_state(), "the stage")
        whole = show.stage
        await show.press(",")
        await show.until(lambda: show.stage != whole, "the moment before the end")
        await show.press(" ")
        await show.until(lambda: show.showing.playback.mode is Mode.STANDS, "the end")
        await show.until(lambda: show.stage == whole, "the whole run")


# -- looking -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_the_stage_is_a_picture_or_lanes_and_files_are_turned(learner: Learner) -> None:
    """v goes there and back where the lesson has a picture, and says so where not; f shows the file of the other side."""
    async with learning(learner) as show:
        await show.press("v")
        await show.until_told("This run has no picture, only lanes.")
    learner.pack.change("experiments.toml", "clients = 10\nwait", 'picture = "restaurant"\nclients = 10\nwait')
    learner.pack.change("experiments.toml", 'app = "apps/waits.py:app"\n', "")
    learner.pack.change("experiments.toml", 'metric = "makespan"', 'metric = "left.makespan"')
    side = '{{ id = "{0}", label = "{0}", interface = "asgi", app = "apps/{1}.py:app" }}'
    sides = f"side = [{side.format('left', 'waits')}, {side.format('right', 'others')}]\n"
    learner.pack.change("experiments.toml", "[run.knobs]", f"{sides}[run.knobs]")
    learner.pack.write("apps/others.py", (learner.pack.lesson_directory / "apps/waits.py").read_text())
    async with learning(learner, SMALL) as show:
        await show.press(*PREDICTED)
        await show.runs("enter")
        assert show.screen.as_picture
        assert show.in_sight == {"stage"}
        picture = show.stage
        await show.press("v")
        await show.until(lambda: show.stage != picture, "the lanes")
        await show.press("v")
        await show.until(lambda: show.stage == picture, "the picture")
        files = []
        await show.press("tab")
        for _ in range(3):
            files.append(show.rows("code")[0].split()[0])
            await show.press("f")
        assert files == ["apps/others.py", "apps/waits.py", "apps/others.py"]


@pytest.mark.slow
@played
async def test_the_run_can_be_looked_at_message_by_message(learner: Learner) -> None:
    """T opens the trace screen on the run, also its filter, where q is a letter; q leads back."""
    async with learning(learner) as show:
        await show.press("T")
        await show.until_told("make a run first")
        await show.press(*PREDICTED)
        await show.runs("enter")
        await show.press("T")
        await show.until(lambda: isinstance(show.top, RunTrace) and "http GET" in show.text, "the trace screen")
        await show.press("/", *"~u q")
        await show.until(lambda: "~u q" in show.text, "what was typed")
        await show.press("escape", "q")
        assert show.top is show.screen
        await show.answers()


@pytest.mark.slow
@played
async def test_panes_are_gone_through_zoomed_and_restored(learner: Learner) -> None:
    """tab and shift+tab change the focus; z gives a pane the whole screen; escape gives it back."""
    async with learning(learner) as show:
        assert show.in_sight == {"lesson", "stage", "code"}
        await show.press("tab")
        assert show.app.focused is show.pane("stage")
        await show.press("z")
        assert show.in_sight == {"stage"}
        await show.press("shift+tab", "escape")
        assert show.in_sight == {"lesson", "stage", "code"}
        assert not show.screen.went_back


@played
async def test_on_a_small_screen_a_run_comes_to_the_front(learner: Learner) -> None:
    """At 80x24 one pane is in sight: a run brings the stage, and stays there; enter brings what is new in the text."""
    async with learning(learner, SMALL) as show:
        assert show.in_sight == {"lesson"}
        await show.press(*PREDICTED, "tab", "tab")
        assert show.in_sight == {"code"}
        await show.press("enter")
        assert show.in_sight == {"lesson"}
        await show.runs("enter")
        assert show.in_sight == {"stage"}
        await show.press("enter")
        assert show.in_sight == {"lesson"}
        await show.until(
            lambda: "You said" in show.text and "What did you see?" in show.text, "what is new, from its beginning"
        )


@played
async def test_enter_reads_on_before_it_goes_on(learner: Learner) -> None:
    """What has no room is not skipped: enter brings the next screenful, and only at the end of the text what comes next."""
    async with learning(learner, (80, 12)) as show:
        await show.until(lambda: "enter: more" in show.text, "a word that there is more")
        assert "Choose with" not in show.text
        await show.press("enter", "enter", "enter")
        await show.until(lambda: "Choose with" in show.text, "the question")
        assert show.screen.walk.page_index == 0


@played
async def test_the_palette_offers_what_the_keys_do(learner: Learner) -> None:
    """Actions of the lesson, and none of the trace screen."""
    async with learning(learner) as show:
        offered = [command.title for command in show.app.get_system_commands(show.screen)]
        assert any(title.startswith("Where") for title in offered)
        assert not any(title.startswith(("Re-send", "Filter")) for title in offered)


# -- what is remembered ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_a_new_screen_goes_on_where_the_learner_was(learner: Learner) -> None:
    """Answers, figures and the page are there again, and a knob that was turned is as the author put it."""
    async with learning(learner) as show:
        await show.through_the_first_page()
        await show.press("o", "+", "n")
    async with learning(learner) as show:
        assert show.screen.walk.page_index == 1
        await show.press("p")
        assert "You said “after 0.5 s”. It was 0.50 s." in show.article
        assert "They needed 0.50 s." in show.article
        assert show.screen.walk.settings("one")["wait"] == 0.5
        assert show.screen.room.showing is None
        await show.runs("r")
        assert show.screen.walk.progress.runs["one"].times == 2


@played
async def test_a_damaged_progress_file_is_kept_and_told(learner: Learner) -> None:
    """The lesson begins anew, and can be saved."""
    learner.progress.write_text('{"format": 1, "packs": [')
    async with learning(learner) as show:
        assert "damaged" in show.told[0]
        await show.press("b", "2")
    assert json.loads(learner.progress.read_text())["packs"]["little"]["01-little"]["answers"]["p1"]["said"] == "b"
    assert learner.progress.with_name("progress.json.damaged-1").exists()


@pytest.mark.slow
@played
async def test_progress_that_cannot_be_saved_is_told_once_and_stops_nobody(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and the lesson goes on."""
    (tmp_path / "no-directory").write_text("")
    learner.progress = tmp_path / "no-directory" / "progress.json"
    async with learning(learner) as show:
        before = list(show.told)
        await show.through_the_first_page()
        await show.press("n")
        assert show.screen.walk.page_index == 1
        told = [each for each in show.told if "cannot be saved" in each or "nothing is saved" in each]
        assert len(told) + len([each for each in before if each not in told]) == 1


@played
async def test_escape_leaves_for_the_other_lessons_and_saves(learner: Learner) -> None:
    """Out of a pane on the whole screen first."""
    async with learning(learner) as show:
        await show.press("b", "z", "escape")
        assert not show.screen.went_back
        await show.press("escape")
        await show.until(lambda: show.screen.went_back, "leaving")
    assert "p1" in learner.progress.read_text()


# -- whatever the size -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@played
async def test_another_size_in_the_middle_of_a_run_changes_nothing_of_it(learner: Learner) -> None:
    """80x24 and 200x50, back and forth, while it is followed and while it is played; it ends as it would."""
    async with learning(learner, settings=Settings(animation=True)) as show:
        await show.press(*PREDICTED, "C", "enter")
        for _ in range(2):
            for size in (SMALL, LARGE):
                await show.resize(size)
                await show.fills(size)
        await show.until(lambda: show.showing.seen, "the end")
        await show.press("a", "C", "r")
        await show.until(lambda: show.showing.playback.mode is Mode.PLAYS, "the playback")
        for size in (SMALL, LARGE, SMALL):
            await show.resize(size)
            await show.fills(size)
        await show.until(lambda: show.showing.seen, "the end")
        await show.answers()
