"""Where a table of a TOML file stands in its text, because `tomllib` tells no lines. Found by search, not further off than
its table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(?:#.*)?$")


@dataclass(frozen=True)
class Place:
    """The lines `start` to `end` (not included) of a file. `name` is the table's dotted name, `above` what stands before."""

    file: Path
    lines: tuple[str, ...]
    start: int
    end: int
    name: str = ""
    above: int = 0

    @classmethod
    def whole(cls, file: Path, text: str, above: int = 0) -> Place:
        """The whole of a text that begins after `above` lines of its file."""
        lines = tuple(text.split("\n"))
        return cls(file, lines, 0, len(lines), "", above)

    def line(self, key: str | None = None) -> int:
        """The line of a key, or of the table when it cannot be found."""
        return self.above + 1 + (self.start if key is None else self._find(key))

    def _find(self, key: str) -> int:
        written = re.compile(rf"""(?:^|[{{,\s])["']?{re.escape(key)}["']?\s*=""")
        header = f"{self.name}.{key}" if self.name else key
        for at in range(self.start, self.end):
            found = _HEADER.match(self.lines[at])
            if written.search(self.lines[at]) if found is None else found[1] == header:
                return at
        return self.start

    def table(self, key: str, index: int = 0, id_: object = None, nth: int = 0) -> Place:
        """The place of the table (number `index` of them) under a key.

        One that is written within a line is found by its `id_`; `nth` says which, when several have the same.
        """
        name = f"{self.name}.{key}" if self.name else key
        headers = [(at, found[1]) for at in range(self.start, self.end) if (found := _HEADER.match(self.lines[at])) is not None]
        own = [at for at, known in headers if known == name]
        if index < len(own):
            start = own[index]
            end = next((at for at, known in headers if at > start and not known.startswith(f"{name}.")), self.end)
            return Place(self.file, self.lines, start, end, name, self.above)
        start = self._inline(key, id_, nth)
        return Place(self.file, self.lines, start, start + 1, name, self.above)

    def _inline(self, key: str, id_: object, nth: int) -> int:
        if isinstance(id_, str):
            written = re.compile(rf"""\bid\s*=\s*["']{re.escape(id_)}["']""")
            found = [at for at in range(self._find(key), self.end) if written.search(self.lines[at])]
            if nth < len(found):
                return found[nth]
        return self._find(key)
