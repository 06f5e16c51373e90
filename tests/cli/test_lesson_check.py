"""``asgiviz lesson --check`` says by its exit code whose turn it is, and by its report what was seen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Learner
from tests.course.packs import STARTER, WAITS

APP = "async def app(scope, receive, send):\n    assert scope['type'] == 'http'\n    "
#: what the learner's file is -> the exit code, and what is said of it
BAD: dict[str, tuple[str, int, str]] = {
    "does not import": ("import nothing_here\n", 1, "No module named 'nothing_here'"),
    "raises at import": ("raise RuntimeError('mine')\n", 1, "RuntimeError: mine"),
    "raises in a request": (f"{APP}raise ValueError('mine')\n", 1, "ValueError: mine"),
    "prints": (f"print('loud')\n{APP}print('louder')\n", 1, "All must be open at once."),
    "waits for ever": (f"import asyncio\n{APP}await asyncio.Event().wait()\n", 5, "after 60 s the clients had not got all"),
    "starts a process": (f"import os\n{APP}os.fork()\n", 1, "may not start other processes"),
    "eats memory": ("x = 'a' * (64 << 30)\n", 1, "MemoryError"),
    "opens the network": (f"import socket\n{APP}socket.create_connection(('192.0.2.1', 80))\n", 1, "this machine only"),
    "ends the process": (f"import os\n{APP}os._exit(0)\n", 1, "bad.py"),
    "returns the wrong thing": (f"{APP}return 'x'\n", 1, "All must be open at once."),
    "is saved half-way": ("async def app(scope, rec", 1, "SyntaxError"),
    "is empty": ("", 1, "has no attribute 'app'"),
    "is no text": ("\0\0", 1, "null bytes"),
}


@pytest.mark.parametrize(("source", "code", "said"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_pass(learner: Learner, source: str, code: int, said: str) -> None:
    """Whatever the learner's file does is one report with its reason, and never a traceback of ours."""
    learner.write("bad.py", source)
    ended = learner.lesson("--check", "bad.py")
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert said in ended.stdout + ended.stderr
    assert ended.stdout.startswith("Lesson 1 - exercise")
    assert "loud" not in ended.stdout
    assert "asgiviz/cli" not in ended.stdout + ended.stderr


def test_the_exit_code_is_0_for_a_file_that_passes(learner: Learner) -> None:
    """A solution passes, under any name, and its report is all that is on standard output."""
    learner.write("mine.py", WAITS)
    ended = learner.lesson("--check", "mine.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.endswith("Passed.\n")
    assert ended.stderr == ""


def test_json_is_one_object_with_the_hashes_of_file_and_lesson(learner: Learner) -> None:
    """`--format json` tells the verdict of each check, and what it was given on."""
    learner.write("mine.py", STARTER)
    ended = learner.lesson("--check", "mine.py", "--format", "json", "--clock", "virtual")
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    assert report["status"] == "fail"
    assert report["clock"] == "virtual"
    assert [test["name"] for test in report["tests"]] == ["together", "quick", "answered"]
    assert report["pack"] == "little"
    assert report["pack_hash"].startswith("sha256:")
    assert len(report["file_sha256"]) == 64
    assert not learner.progress.exists(), "who judges a file of somebody else has not tried it"


def test_junit_has_a_case_for_each_check(learner: Learner) -> None:
    """`--format junit` is XML that a test runner reads; the sentence for people is on standard error."""
    learner.write("mine.py", "import nothing_here\n")
    ended = learner.lesson("--check", "mine.py", "--format", "junit")
    assert ended.returncode == 1
    suite = ET.fromstring(ended.stdout).find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "3"
    assert "No module named 'nothing_here'" in ended.stderr


def test_the_own_copy_is_judged_without_a_file_and_counts_as_an_attempt(learner: Learner) -> None:
    """`--check` alone is about the copy below asgiviz-work, and the progress knows of it."""
    learner.write("asgiviz-work/01-little/app.py", WAITS)
    ended = learner.lesson("--format", "json", "--check")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["attempts"] == 1
    known = json.loads(learner.progress.read_text())["packs"]["little"]["01-little"]
    assert known["attempts"] == 1
    assert known["passed_at"]
    assert known["fingerprint"].startswith("sha256:")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check",), "asgiviz lesson 1 makes it"),
        (("--check", "nowhere.py"), "nowhere.py is not there"),
        (("--check", os.devnull), "is neither a file nor a directory"),
        (("--check", str(Path(__file__).parents[2] / "LICENSE")), "is no .py file; the exercise of lesson 1 is app.py"),
        (("--check", "--format", "yaml"), "Invalid value for '--format'"),
        (("--page", "9"), "lesson 1 has 3 pages"),
    ],
)
def test_what_is_typed_wrong_is_2(learner: Learner, arguments: tuple[str, ...], said: str) -> None:
    """A mistake on the command line is one sentence with what to do, and nothing on standard output."""
    ended = learner.lesson(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stdout == ""


def test_a_lesson_that_does_not_exist_is_2(learner: Learner) -> None:
    """The lessons that there are, are named."""
    ended = learner.run("lesson", "99")
    assert ended.returncode == 2
    assert 'there is no lesson "99"' in ended.stderr


def test_a_lesson_that_is_wrong_is_3_with_file_and_line(learner: Learner) -> None:
    """The first thing that is wrong with a lesson is told as the linter tells it."""
    learner.pack.change("checks.toml", 'expect = "overlap"', 'expect = "overlaps"')
    learner.write("mine.py", WAITS)
    ended = learner.lesson("--check", "mine.py")
    assert ended.returncode == 3
    assert "checks.toml:" in ended.stderr
    assert "overlaps" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_lesson_whose_app_is_wrong_is_3(learner: Learner) -> None:
    """When the run fails by what the author wrote, it is not the learner's fault."""
    learner.pack.change("experiments.toml", 'app = "exercise/app.py:app"', 'app = "apps/waits.py:nothing"')
    learner.write("mine.py", WAITS)
    assert learner.lesson("--check", "mine.py").returncode == 3


def test_a_directory_without_a_pack_is_3(learner: Learner, tmp_path: Path) -> None:
    """A directory that is no pack is told so."""
    ended = learner.run("lesson", "1", "--from", str(learner.directory), "--check")
    assert ended.returncode == 3
    assert f"{learner.directory} is no course: there is no pack.toml in it" in ended.stderr
    ended = learner.run("lesson", "1", "--from", str(learner.pack.directory / "01-little"), "--check")
    assert f"The course is perhaps {learner.pack.directory}" in ended.stderr


def test_reset_puts_the_starter_back_and_keeps_the_learners_file(learner: Learner) -> None:
    """`--reset` asks where somebody can answer, needs --yes elsewhere, and loses nothing."""
    mine = learner.write("asgiviz-work/01-little/app.py", "mine = 1\n")
    refused = learner.lesson("--reset")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert mine.read_text() == "mine = 1\n"
    assert learner.lesson("--reset", "--yes").returncode == 0
    assert mine.read_text() == STARTER
    assert mine.with_name("app.py.bak-1").read_text() == "mine = 1\n"
