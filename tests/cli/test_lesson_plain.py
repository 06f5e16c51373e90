"""``asgiviz lesson --plain`` is the whole lesson as a conversation in lines."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Learner
from tests.cli.terminal import Terminal
from tests.course.packs import WAITS

#: To the end of the first page of the little lesson: two predictions, the run, and what was seen in it.
FIRST_PAGE = ("b", "2", "0.5", "", "", "a", "")


def said(learner: Learner, *answers: str, code: int = 0, options: tuple[str, ...] = ()) -> str:
    """What the lesson says to these answers, after which its input ends."""
    ended = learner.lesson("--plain", *options, stdin="".join(f"{answer}\n" for answer in answers))
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stderr == ""
    return ended.stdout


def known(learner: Learner) -> dict[str, object]:
    """What is remembered of the little lesson."""
    lesson: dict[str, object] = json.loads(learner.progress.read_text())["packs"]["little"]["01-little"]
    return lesson


def test_a_whole_lesson_from_a_script_of_answers(learner: Learner) -> None:
    """Every part of the lesson is said once, in its order, up to the sentence that it was finished."""
    learner.write("asgiviz-work/01-little/app.py", WAITS)
    text = said(learner, *FIRST_PAGE, "", "s", "", "", "c")
    parts = [
        "Lesson 1. A little lesson",
        "Page 1 of 3. A little lesson",
        "Guests wait 0.5 s.",
        "apps/waits.py, with the numbers of its lines:",
        "b) after 0.5 s",
        "Your answer (a, b or c): b",
        "Your answer (a number of s): 0.5",
        "Run: All at once.",
        "All 10 clients were served.",
        "Served: 10 after 0.5",
        "the last client was served after: 0.5",
        "Right. You said “after 0.5 s”.",
        "They needed 0.5",
        "What did you see?",
        "All of them are in the room.",
        "Page 2 of 3. Your turn",
        "Your file, as you left it: asgiviz-work/01-little/app.py",
        "4 of 4 points, on the virtual clock. Passed.",
        "solution:",
        "\nWell done.",
        "Page 3 of 3. The end",
        "Your answer (a, b or c): c",
        "What you thought before",
        "To be honest: This lesson is little.",
        "You have finished this lesson.",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, [part for part in parts if part not in text]
    assert places == sorted(places)
    assert "Be silent" not in text, "what is for the instructor is not read to the learner"
    assert known(learner)["finished_at"]


def test_nothing_moves_the_cursor_and_no_line_is_too_long(learner: Learner) -> None:
    """In a pipe there is no escape, no box, and no line that is wider than the text."""
    text = said(learner, *FIRST_PAGE)
    assert not re.search(r"[\x00-\x09\x0b-\x1f│┌─━▶]", text)
    assert max(map(len, text.splitlines())) <= 92


def test_the_end_of_input_ends_it_and_the_next_time_goes_on(learner: Learner) -> None:
    """What was answered is kept, and is not asked again."""
    assert "You can go on later: asgiviz lesson 1 --plain" in said(learner, "b", "2")
    text = said(learner)
    assert "Your answer was b, fairly sure." in text
    assert text.count("Your answer (") == 1


def test_a_wrong_answer_opens_its_note_and_an_observation_is_asked_again(learner: Learner) -> None:
    """The belief behind the answer is told, then the moment to look at, then the question comes again."""
    text = said(learner, "a", "3", "7", "", "", "b", "a", "")
    assert "Not so. You said “after 5.0 s”. It was 0.5" in text
    assert "Many think: One after the other." in text
    assert "Not so. Look again at the moment of: requests open at the same time" in text
    assert "What happened there:\n" in text
    assert text.count("Your answer (a, b or c):") == 3


def test_what_cannot_be_understood_is_asked_again(learner: Learner) -> None:
    """An answer that is none is told what would be one."""
    text = said(learner, "z", "", "b", "4", "2", "soon")
    assert text.count("Answer with a, b or c.") == 2
    assert "Answer with 1, 2 or 3." in text
    assert "Write a number, for example 1.5 s." in text


def test_a_run_can_be_told_in_detail_changed_and_made_again(learner: Learner) -> None:
    """`each` and `more` tell it, a knob and its value run it anew, and what is no value is refused."""
    text = said(learner, *FIRST_PAGE[:4], "each", "more", "clients 5", "clients 6", "fly", "")
    assert "client 10: asked at 0.00 s" in text
    assert re.search(r"0\.\d{3} s  client \d+: the app is called with its scope", text)
    assert "All 5 clients were served." in text
    assert "clients can be 5, 10, 20." in text
    assert '"fly" cannot be done here.' in text


def test_the_exercise_is_judged_again_and_again_and_hints_are_counted(learner: Learner) -> None:
    """The starter does not pass; hints come one by one; skip goes on, and the exercise is said to wait."""
    text = said(learner, *FIRST_PAGE, "h", "", "h", "s", "where", "skip", "", "c")
    assert "Your file is asgiviz-work/01-little/app.py" in text
    assert "Check your file first" in text
    assert "Check 1 of 3, together, does not hold yet: All must be open at once." in text
    assert "Hint 1 of 2: Look at the bars." in text
    assert "It opens when your own file has passed." in text
    assert "What happened there:" in text
    assert "The exercise still waits for you: asgiviz lesson 1 --plain --page 2" in text
    assert known(learner)["attempts"] == 1
    assert known(learner)["hints"] == {"together": 1}


def test_help_back_repeat_and_quit_work_everywhere(learner: Learner) -> None:
    """The words of `help` do what it says."""
    text = said(learner, "?", "back", "repeat", "b", "quit", "0.5")
    assert "quit: end; what you have done is kept" in text
    assert "This is the first page." in text
    assert text.count("Page 1 of 3.") == 3
    assert "0.5\n" not in text.rpartition("quit")[2]


def test_a_run_that_fails_is_told_with_its_traceback(learner: Learner) -> None:
    """A lesson whose app is wrong does not end the conversation."""
    learner.pack.write("apps/waits.py", "raise RuntimeError('no kitchen')\n")
    text = said(learner, *FIRST_PAGE[:4])
    assert "RuntimeError: no kitchen" in text
    assert text.count("Enter: run it.") == 2


def test_a_run_that_is_locked_by_an_earlier_page_leads_there(learner: Learner) -> None:
    """`--page` opens any page, but a prediction comes before its run."""
    learner.pack.change("lesson.md", "{run:one}", "## The run\n\n{run:one}")
    text = said(learner, options=("--page", "2"))
    assert text.index("Page 2 of 4. The run") < text.index("First comes a question on page 1.") < text.index("Page 1 of 4.")


def test_ascii_is_ascii_whatever_the_lesson_says(learner: Learner) -> None:
    """`--ascii` spells what an author wrote, too."""
    learner.pack.change("lesson.md", "Guests wait", "Gäste → wait")
    text = said(learner, options=("--ascii",))
    assert text.isascii()
    assert "G\\xe4ste > wait" in text


@pytest.mark.slow
def test_a_terminal_of_60_columns_and_control_c(learner: Learner) -> None:
    """Lines are wrapped at the terminal's width, nothing is left behind, and Ctrl-C keeps what was done."""
    arguments = ("lesson", "1", "--from", str(learner.pack.directory), "--trust", "--plain")
    with Terminal(*arguments, directory=learner.directory, columns=60, environment=learner.environment) as terminal:
        terminal.wait_for("Your answer")
        terminal.press("b", "enter")
        terminal.wait_for("How sure")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_behind == []
        assert "You can go on later" in terminal.text
    assert known(learner)["answers"]
