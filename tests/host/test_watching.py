"""Watching a file: each way of saving is told, once, and nothing else is."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asgiviz.host.watching import watch_file

PATIENCE = 10.0


class Told:
    """Counts what was told, and waits for it."""

    def __init__(self) -> None:
        self._told = threading.Semaphore(0)
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        self._told.release()

    def comes(self) -> bool:
        """Whether a change is told."""
        return self._told.acquire(timeout=PATIENCE)


@contextmanager
def watched(path: Path, poll: bool = False) -> Iterator[Told]:
    """What is told of a file until the block ends."""
    told = Told()
    watching = watch_file(path, told, poll)
    try:
        yield told
    finally:
        watching.stop()


def write(path: Path, text: str) -> None:
    """As a simple editor saves."""
    path.write_text(text)


def replace(path: Path, text: str) -> None:
    """As vim and many others save: a new file takes the name."""
    beside = path.with_name("4913~")
    beside.write_text(text)
    beside.replace(path)


def delete_and_make(path: Path, text: str) -> None:
    """As some do: away with the old one, then the new one."""
    path.unlink(missing_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("save", [write, replace, delete_and_make])
def test_every_way_of_saving_is_told_again_and_again(tmp_path: Path, save: object) -> None:
    """A file that is written, replaced, or deleted and made again goes on being watched."""
    path = tmp_path / "app.py"
    path.write_text("0")
    assert callable(save)
    with watched(path) as told:
        for number in range(3):
            save(path, f"x = {number}")
            assert told.comes()


def test_a_change_is_told_where_the_system_tells_nothing(tmp_path: Path) -> None:
    """With `poll`, the file itself is looked at."""
    path = tmp_path / "app.py"
    path.write_text("0")
    with watched(path, poll=True) as told:
        path.write_text("x = 1")
        assert told.comes()


def test_a_file_that_goes_and_comes_with_its_directory_is_told(tmp_path: Path) -> None:
    """The directory may be deleted and made again, as a checkout of another branch does."""
    directory = tmp_path / "work"
    directory.mkdir()
    path = directory / "app.py"
    path.write_text("0")
    with watched(path) as told:
        shutil.rmtree(directory)
        assert told.comes()
        directory.mkdir()
        path.write_text("back")
        assert told.comes()
        path.write_text("and changed")
        assert told.comes()


def test_a_link_is_told_when_what_it_leads_to_changes(tmp_path: Path) -> None:
    """The learner's file may be a link into another directory."""
    real = tmp_path / "elsewhere" / "mine.py"
    real.parent.mkdir()
    real.write_text("0")
    path = tmp_path / "app.py"
    path.symlink_to(real)
    with watched(path) as told:
        real.write_text("x = 1")
        assert told.comes()


def test_other_files_are_not_told(tmp_path: Path) -> None:
    """A neighbour that changes before the file does is passed over."""
    path = tmp_path / "app.py"
    path.write_text("0")
    with watched(path) as told:
        (tmp_path / "other.py").write_text("1")
        os.utime(tmp_path)
        path.write_text("x = 1")
        assert told.comes()
        assert told.times == 1


def test_nothing_is_told_after_stop(tmp_path: Path) -> None:
    """A watch that was stopped, also from within what it calls, stays silent."""
    path = tmp_path / "app.py"
    path.write_text("0")
    told = Told()
    stopped = watch_file(path, told)
    stopped.stop()
    with watched(path) as other:
        path.write_text("x = 1")
        assert other.comes()
    assert told.times == 0
