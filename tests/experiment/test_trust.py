"""Which packs may run code: the official one, and those that were allowed as they are now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from asgiviz.course.lesson import Pack
from asgiviz.experiment.trust import Trust
from tests.experiment.lessons import write


def pack(directory: Path) -> Pack:
    """A pack by somebody else."""
    write(directory / "01-one" / "apps" / "app.py", "x = 1")
    return Pack("theirs", "Theirs", directory, ())


@pytest.mark.parametrize("file", ["01-one/apps/app.py", "01-one/apps/new.py", "01-one/apps/__pycache__/app.cpython-311.pyc"])
def test_a_pack_that_changes_asks_again(tmp_path: Path, file: str) -> None:
    """A file that changes, a new one, and a compiled one, which Python might run in the place of the source."""
    theirs, trust = pack(tmp_path / "pack"), Trust(tmp_path / "data" / "trusted.json")
    assert not trust.is_trusted(theirs)
    trust.trust(theirs)
    assert Trust(tmp_path / "data" / "trusted.json").is_trusted(theirs)
    write(theirs.directory / file, "y = 2")
    assert not trust.is_trusted(theirs)
    trust.trust(theirs)
    assert trust.is_trusted(theirs)


def test_names_and_contents_cannot_change_places(tmp_path: Path) -> None:
    """The same bytes in another file are another pack."""
    theirs, trust = pack(tmp_path / "pack"), Trust(tmp_path / "trusted.json")
    trust.trust(theirs)
    (theirs.directory / "01-one" / "apps" / "app.py").rename(theirs.directory / "01-one" / "apps" / "ap.py")
    assert not trust.is_trusted(theirs)


def test_what_came_with_asgiviz_is_trusted(tmp_path: Path) -> None:
    """Without any file."""
    assert Trust(tmp_path / "none.json").is_trusted(replace(pack(tmp_path / "pack"), official=True))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"packs": 3}', "\x00"])
def test_a_damaged_file_allows_nothing_and_can_be_written_again(tmp_path: Path, text: str) -> None:
    """The learner is asked once more, that is all."""
    theirs, file = pack(tmp_path / "pack"), write(tmp_path / "trusted.json", text)
    assert not Trust(file).is_trusted(theirs)
    Trust(file).trust(theirs)
    assert Trust(file).is_trusted(theirs)
