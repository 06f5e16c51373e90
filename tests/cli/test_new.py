"""``asgiviz new lesson``: a folder to begin with."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.new_lesson import NewLessonError, new_lesson
from asgiviz.course.reading import read_pack
from tests.cli.running import run


def test_a_new_lesson_lints_clean_at_once(tmp_path: Path) -> None:
    """In a pack that is new, too; the next steps are told as commands that can be typed."""
    made = run("new", "lesson", "slow-clients", directory=tmp_path)
    assert made.process.returncode == 0, made.err
    assert "lessons/01-slow-clients is lesson 1" in made.out
    assert "asgiviz lint lessons/01-slow-clients" in made.out
    linted = run(
        "lint", "lessons/01-slow-clients", "--quick", "-n", "1", "--trust",
        directory=tmp_path, HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "data"),
    )  # fmt: skip
    assert linted.process.returncode == 0, linted.out
    assert "clean; " in linted.out
    assert "0 errors, 0 warnings" in linted.out


def test_the_next_lesson_has_the_next_number(tmp_path: Path) -> None:
    """In a pack that is there it brings no pack of its own, and it uses the beliefs of that pack."""
    first, is_new = new_lesson(tmp_path / "pack", "one")
    assert (first.name, is_new) == ("01-one", True)
    (tmp_path / "pack" / "misconceptions.toml").write_text('[mine]\nbelief = "b"\nnote = "n"\n')
    (tmp_path / "pack" / "07-later").mkdir()
    second, is_new = new_lesson(tmp_path / "pack", "two", "Two")
    assert (second.name, is_new) == ("08-two", False)
    pack = read_pack(tmp_path / "pack")
    lesson = next(each for each in pack.lessons if each.number == 8)
    assert lesson.title == "Two"
    assert lesson.misconceptions == ("mine",)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A lesson of that name is there already; what the author has made of it stays."""
    folder, _ = new_lesson(tmp_path, "one")
    (folder / "lesson.md").write_text("mine")
    (tmp_path / "pack.toml").write_text("mine")
    again = run("new", "lesson", "one", "--in", ".", directory=tmp_path)
    assert again.process.returncode == 2
    assert "01-one is there already" in again.err
    assert (folder / "lesson.md").read_text() == "mine"
    new_lesson(tmp_path, "other")
    assert (tmp_path / "pack.toml").read_text() == "mine"


@pytest.mark.parametrize("slug", ["Big", "a/b", "../x", "", "-x", "ü", "x" * 40])
def test_a_name_that_is_none_makes_nothing(tmp_path: Path, slug: str) -> None:
    """One sentence that says how a name is written."""
    with pytest.raises(NewLessonError, match="small letters"):
        new_lesson(tmp_path / "pack", slug)
    assert not (tmp_path / "pack").exists()


def test_a_pack_that_cannot_hold_a_lesson_is_told(tmp_path: Path) -> None:
    """A file, a lesson, no beliefs: a sentence each, and exit code 2."""
    (tmp_path / "file").write_text("")
    (tmp_path / "lesson").mkdir()
    (tmp_path / "lesson" / "lesson.md").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "misconceptions.toml").write_text("# none\n")
    for place, why in (("file", "is a file"), ("lesson", "goes beside it"), ("empty", "no belief yet")):
        command = run("new", "lesson", "x", "--in", place, directory=tmp_path)
        assert command.process.returncode == 2
        assert why in command.err
        assert "Traceback" not in command.err


@given(title=st.text(max_size=40))
def test_any_title_gives_a_lesson_that_can_be_read(tmp_path_factory: pytest.TempPathFactory, title: str) -> None:
    """Whatever is in it, the files stay what they are."""
    place = tmp_path_factory.mktemp("new")
    new_lesson(place, "x", title)
    assert read_pack(place).broken == {}
    assert tomllib.loads((place / "pack.toml").read_text())["format"] == 1
