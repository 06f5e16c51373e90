"""What lies in a lesson's folder: regular files inside it, no links, and not more than a lesson needs."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from asgiviz.course.complaints import Complaint

#: Bytes of one file, and files of one lesson.
LARGEST, MOST = 1_000_000, 500
#: What tools and systems leave behind; no part of a lesson.
LITTER = ("__pycache__", ".DS_Store", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".ipynb_checkpoints", "Thumbs.db")


class Folder:
    """A directory, walked once. What is wrong with it is added to `complaints`; `files` are relative, with slashes, sorted."""

    def __init__(self, directory: Path, complaints: list[Complaint], *, deep: bool = True) -> None:
        self.directory = directory
        self.complaints = complaints
        self.files: tuple[str, ...] = tuple(sorted(self._walk(deep)))

    def complain(self, file: str, line: int | None, code: str, sentence: str) -> None:
        """Add a complaint about a file of this folder."""
        self.complaints.append(Complaint(self.directory / file, line, code, sentence))

    def _walk(self, deep: bool) -> list[str]:
        found: list[str] = []
        for place, folders, files in os.walk(self.directory):
            here = Path(place)
            folders[:] = [name for name in folders if deep and name not in LITTER and self._is_own(here / name)]
            found += [
                (here / name).relative_to(self.directory).as_posix()
                for name in files
                if name not in LITTER and not name.endswith(".pyc") and self._is_own(here / name)
            ]
            if len(found) > MOST:
                self.complain("", None, "E006", f"has more than {MOST} files; a lesson is a small folder")
                break
        return found

    def _is_own(self, path: Path) -> bool:
        if not path.is_symlink():
            return True
        self.complain(path.relative_to(self.directory).as_posix(), None, "E007", "is a link; a pack holds its own files")
        return False

    def under(self, name: str) -> tuple[str, ...]:
        """The files below a folder of this one, relative to that folder."""
        return tuple(file.removeprefix(f"{name}/") for file in self.files if file.startswith(f"{name}/"))

    def text(self, name: str) -> str | None:
        """The text of a file. None when it cannot be read, and then a complaint has been added."""
        path = self.directory / name
        try:
            if not path.is_file():
                self.complain(name, None, "E005", "is missing")
                return None
            if path.stat().st_size > LARGEST:
                self.complain(name, None, "E006", f"is larger than {LARGEST:,} bytes")
                return None
            raw = path.read_bytes()
        except OSError as error:
            self.complain(name, None, "E006", f"cannot be read: {error.strerror or error}")
            return None
        try:
            return raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.complain(name, line, "E006", "is not UTF-8 here; save it as UTF-8")
            return None


def is_inside(name: str) -> bool:
    """Whether a path that an author wrote stays in the folder."""
    path = PurePosixPath(name)
    return bool(name) and "\\" not in name and "\0" not in name and not path.is_absolute() and ".." not in path.parts
