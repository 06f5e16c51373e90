"""Packs by others run code on this machine. Which of them the learner has allowed is remembered by what is in them.

A pack that changes by one byte asks again. Nothing is asked here: the command line and the screen do that.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from platformdirs import user_data_path

from asgiviz.course.lesson import Pack

FILE = "trusted.json"


def contents(directory: Path) -> str:
    """A hash over the names and the bytes of all files of a directory. OSError when one cannot be read.

    Unlike the fingerprint of a lesson it leaves out no compiled file, because Python may run those in the place of the source.
    """
    total = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):  # .git changes all the time
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
            total.update(str(name).encode("utf-8", "surrogateescape") + b"\0")
    return total.hexdigest()


class Trust:
    """What was allowed, in a small file; by default among the user's own files of asgiviz."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or user_data_path("asgiviz") / FILE

    def is_trusted(self, pack: Pack) -> bool:
        """Whether the code of this pack may be run: it came with asgiviz, or it was allowed as it is now."""
        return pack.official or contents(pack.directory) in self._allowed()

    def trust(self, pack: Pack) -> None:
        """Allow this pack as it is now. OSError when that cannot be written down."""
        allowed = {**self._allowed(), contents(pack.directory): f"{pack.id}: {pack.directory}"}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._file.parent, prefix=FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"format": 1, "packs": allowed}, file, indent=1)
        Path(name).replace(self._file)

    def _allowed(self) -> dict[str, str]:
        """What was allowed; a file that is damaged or not there allows nothing."""
        try:
            plain = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        packs = plain.get("packs") if isinstance(plain, dict) else None
        return {str(key): str(value) for key, value in packs.items()} if isinstance(packs, dict) else {}
