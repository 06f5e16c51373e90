"""The learner's copy of an exercise: nothing of theirs is ever lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asgiviz.experiment.workspace import Workspace, WorkspaceError, solutions
from tests.experiment.lessons import STARTER, lesson, write


def test_the_starter_is_copied_once_and_never_again(tmp_path: Path) -> None:
    """What is there stays, and is told; what is missing comes back."""
    workspace = Workspace(lesson(tmp_path), tmp_path)
    assert not workspace.started
    copied = workspace.open()
    assert workspace.main == tmp_path / "asgiviz-work" / "06-blocking-the-loop" / "app.py"
    assert workspace.main.read_text() == STARTER
    assert [path.name for path in copied.new] == ["app.py", "plan.toml"]
    workspace.main.write_text("mine")
    (workspace.directory / "plan.toml").unlink()
    again = workspace.open()
    assert (workspace.main.read_text(), workspace.started) == ("mine", True)
    assert ([path.name for path in again.new], [path.name for path in again.kept]) == (["plan.toml"], ["app.py"])


def test_a_reset_keeps_what_was_there_under_a_new_name_each_time(tmp_path: Path) -> None:
    """Only what differs from the starter is kept."""
    workspace = Workspace(lesson(tmp_path), tmp_path)
    workspace.open()
    assert workspace.reset().backups == ()
    for number, text in enumerate(("first", "second"), 1):
        workspace.main.write_text(text)
        backup = workspace.main.with_name(f"app.py.bak-{number}")
        assert workspace.reset().backups == (backup,)
        assert (backup.read_text(), workspace.main.read_text()) == (text, STARTER)
    assert workspace.main.with_name("app.py.bak-1").read_text() == "first"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_where_nothing_can_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    """It says where, and what to do."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WorkspaceError, match="where you may write"):
            Workspace(lesson(tmp_path), tmp_path).open()
    finally:
        tmp_path.chmod(0o700)


def test_a_file_where_the_directory_should_be_is_told(tmp_path: Path) -> None:
    """And it is left as it is."""
    write(tmp_path / "asgiviz-work", "my notes")
    with pytest.raises(WorkspaceError, match="Start asgiviz in a directory"):
        Workspace(lesson(tmp_path), tmp_path).open()
    assert (tmp_path / "asgiviz-work").read_text() == "my notes"


def test_the_solution_comes_before_its_alternatives(tmp_path: Path) -> None:
    """Those that are there."""
    made = lesson(tmp_path)
    write(made.directory / "alternatives" / "with-a-pool" / "app.py", "")
    assert [name for name, _ in solutions(made)] == ["solution", "with-a-pool"]
