"""Code of a pack that did not come with asgiviz is run only by those who have said that they trust it."""

from __future__ import annotations

from tests.cli.conftest import Learner
from tests.cli.terminal import Terminal
from tests.course.packs import WAITS


def test_without_a_terminal_nothing_is_run(learner: Learner) -> None:
    """The refusal says how many files would run, some of their names, where they are, and the option."""
    ended = learner.run("lesson", "1", "--from", str(learner.pack.directory), "--plain")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "6 Python files" in ended.stderr
    assert "01-little/apps/waits.py" in ended.stderr
    assert str(learner.pack.directory) in ended.stderr
    assert "--trust" in ended.stderr


def test_trust_is_remembered_until_the_pack_changes(learner: Learner) -> None:
    """After --trust nobody is asked; after a change of one byte everybody is again."""
    learner.write("mine.py", WAITS)
    again = ("lesson", "1", "--from", str(learner.pack.directory), "--check", "mine.py")
    assert learner.lesson("--check", "mine.py").returncode == 0
    assert learner.run(*again).returncode == 0
    learner.pack.write("support/more.py", "")
    assert learner.run(*again).returncode == 2


def test_on_a_terminal_it_is_asked(learner: Learner) -> None:
    """Only a yes is a yes; with it the lesson opens."""
    arguments = ("lesson", "1", "--from", str(learner.pack.directory), "--plain")
    with Terminal(*arguments, directory=learner.directory, environment=learner.environment) as terminal:
        terminal.wait_for("Do you trust who wrote them")
        terminal.press("n", "enter")
        assert terminal.end() == 2
        assert "nothing of this pack was run" in terminal.text
    with Terminal(*arguments, directory=learner.directory, environment=learner.environment) as terminal:
        terminal.wait_for("Do you trust who wrote them")
        terminal.press("y", "enter")
        terminal.wait_for("Your answer")
        terminal.press("q", "enter")
        assert terminal.end() == 0


def test_the_course_itself_asks_nobody(learner: Learner) -> None:
    """The official lessons are trusted, named by their directory too."""
    from asgiviz.lessons_place import lessons_directory

    ended = learner.run("lesson", "1", "--from", str(lessons_directory()), "--plain")
    assert ended.returncode == 0
    assert "trust" not in ended.stderr
