"""``asgiviz lessons`` tells which lessons there are, and how far the learner is."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from asgiviz.course.reading import find_lesson, read_pack
from asgiviz.lessons_place import lessons_directory
from tests.cli.conftest import PATIENCE, Learner
from tests.cli.terminal import Terminal


def test_every_lesson_is_a_sentence_in_a_pipe(learner: Learner) -> None:
    """Number, title, minutes and progress, one lesson a line."""
    ended = learner.run("lessons", "--from", str(learner.pack.directory))
    assert ended.returncode == 0
    assert ended.stdout == "Lesson 1: A little lesson. 10 minutes. Not begun.\n"


def test_a_terminal_gets_a_table_with_the_next_step(learner: Learner) -> None:
    """The course that came with asgiviz, and what to type."""
    with Terminal("lessons", directory=learner.directory, environment=learner.environment) as terminal:
        assert terminal.end() == 0
        assert "Ten orders, one waiter" in terminal.text
        assert "Go on with: asgiviz lesson 1" in terminal.text


def test_json_tells_state_and_next(learner: Learner) -> None:
    """`--json` has the fields that --help names, and follows the progress."""
    fresh = json.loads(learner.run("lessons", "--json", "--from", str(learner.pack.directory)).stdout)
    assert fresh["next"] == "01-little"
    assert fresh["lessons"][0]["state"] == "new"
    learner.lesson("--plain", stdin="b\n")
    begun = json.loads(learner.run("lessons", "--json", "--from", str(learner.pack.directory)).stdout)
    assert begun["lessons"][0]["state"] == "begun"
    assert begun["lessons"][0]["changed"] is False
    assert begun["progress_file"] == str(learner.progress)
    told = learner.run("lessons", "--help").stdout
    assert [name for name in (*begun, *begun["lessons"][0]) if name not in told] == []


def test_a_broken_lesson_is_listed_with_its_first_mistake(learner: Learner) -> None:
    """It hides no other, it is told with file and line, and the exit code is 3."""
    learner.pack.change("lesson.md", 'answer = "c"', 'answer = "z"')
    ended = learner.run("lessons", "--from", str(learner.pack.directory))
    assert ended.returncode == 3
    assert "01-little: broken." in ended.stdout
    assert "lesson.md:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["lessons", "lesson 1 --plain", "lesson 6 --check own", "lint --rules nothing"])
@pytest.mark.parametrize("output", ["full", "closed"])
def test_output_that_cannot_be_written_is_one_sentence(learner: Learner, command: str, output: str) -> None:
    """A full disk or a closed standard output ends a command of the course with a sentence, and with 2."""
    solution = find_lesson(read_pack(lessons_directory(), official=True), "6").directory / "solution/app.py"
    learner.write("own/app.py", solution.read_text(encoding="utf-8"))
    ours = f"exec {shlex.quote(sys.executable)} -m asgiviz {command} {'>/dev/full' if output == 'full' else '>&-'}"
    ended = subprocess.run(
        ["sh", "-c", ours], cwd=learner.directory, env={**os.environ, **learner.environment},
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("asgiviz: standard output ")
    assert "Traceback" not in ended.stderr


def test_damaged_progress_is_told_and_kept(learner: Learner) -> None:
    """A file that is no progress is set aside with a sentence, and the course is listed all the same."""
    learner.progress.write_text("{")
    ended = learner.run("lessons", "--from", str(learner.pack.directory))
    assert ended.returncode == 0
    assert "damaged" in ended.stderr
    assert learner.progress.with_name("progress.json.damaged-1").read_text() == "{"


def test_lesson_without_a_number_opens_the_next_one_on_the_screen(learner: Learner) -> None:
    """On a terminal it is the screen; what was done in it is kept, and the terminal is left as it was."""
    with Terminal("lesson", directory=learner.directory, environment=learner.environment) as terminal:
        terminal.wait_for("Choose with a, b or c")
        terminal.press("c")
        terminal.wait_for("How sure are you")
        terminal.press("ctrl+q")
        assert terminal.end() == 0
        assert terminal.left_behind == []
    kept = json.loads(learner.progress.read_text())["packs"]["asgiviz"]["01-ten-orders-one-waiter"]
    assert kept["answers"]["p1"]["said"] == "c"
    assert kept["fingerprint"]
