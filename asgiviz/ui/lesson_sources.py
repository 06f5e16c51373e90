"""The sources beside a run: the apps of its sides, or the learner's file, with marks where requests stand at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asgiviz.course.lesson import Experiment, Page, ShowCode
from asgiviz.ui.lesson_room import Showing
from asgiviz.views import code_rows, stage_lanes
from asgiviz.views.code_rows import LineMark
from asgiviz.views.spans import Role, Row, Span, Spans, padded
from asgiviz.views.text import fit

#: Columns from which on two sources stand beside each other.
BESIDE = 96
#: Bytes of a source that are read.
MOST = 1 << 20


class Sources:
    """Reads files of a lesson, and of the learner, afresh when they change."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        #: how often another of several sources was asked for
        self.turned = 0
        self._read: dict[Path, tuple[tuple[int, int], str]] = {}

    def text(self, name: str) -> str:
        """A file of the lesson; empty when it cannot be read."""
        return self.file(self._directory / name)

    def file(self, path: Path) -> str:
        """Any file; empty when it cannot be read."""
        return self._text(path) or ""

    def shown_on(self, page: Page) -> Mapping[str, str]:
        """The files that a page shows in its text."""
        names = [block.file for block in page.blocks if isinstance(block, ShowCode)]
        found = {name: self._text(self._directory / name) for name in names}
        return {name: text for name, text in found.items() if text is not None}

    def mine(self, path: Path, showing: Showing | None, width: int, height: int) -> list[Row]:
        """The learner's file."""
        source = self._text(path)
        if source is None:
            return [Row([Span(f"{path.name} is not there (yet).", Role.QUIET)])]
        record = showing if showing is not None and not showing.counts else None
        marks = _marks(record, None, path.name)
        return code_rows.code(source, width, max(1, height), marks, None if marks else _where_it_begins(source, height))

    def of_sides(self, experiment: Experiment, showing: Showing | None, width: int, height: int) -> list[Row]:
        """The apps of a run, beside each other where there is room and they differ."""
        files = {side.app.partition(":")[0]: side.id for side in experiment.sides}
        if len(files) == 1 or width < BESIDE:
            place = (len(files) - 1 + self.turned) % len(files)
            file, side = list(files.items())[place]
            others = f"   f: {place + 1} of {len(files)}" if len(files) > 1 else ""
            return self._one(file, side, showing, width, height, others)
        each = (width - 1) // 2
        left, right = (self._one(file, side, showing, each, height) for file, side in list(files.items())[:2])
        rows = []
        for place in range(max(len(left), len(right))):
            spans: Spans = padded(left[place].spans if place < len(left) else [], each)
            rows.append(Row([*spans, Span("│", Role.QUIET), *(right[place].spans if place < len(right) else [])]))
        return rows

    def _one(self, file: str, side: str, showing: Showing | None, width: int, height: int, others: str = "") -> list[Row]:
        source = self._text(self._directory / file)
        title = Row(padded([Span(fit(file, width), Role.LIFE), Span(others, Role.QUIET)], width))
        if source is None:
            return [title, Row([Span("This file cannot be read.", Role.ERROR)])]
        marks = _marks(showing, side, file)
        top = None if marks else _where_it_begins(source, height - 1)
        return [title, *code_rows.code(source, width, max(1, height - 1), marks, top)]

    def _text(self, path: Path) -> str | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if self._read.get(path, (None, ""))[0] != stamp:
                with path.open("rb") as file:
                    self._read[path] = stamp, file.read(MOST).decode("utf-8", "replace")
        except OSError:
            return None
        return self._read[path][1]


def _where_it_begins(source: str, height: int) -> int:
    """The line to show first: the top, or where the app begins if that is what there is room for."""
    lines = source.splitlines()
    if len(lines) <= height:
        return 0
    begins = next((place for place, line in enumerate(lines) if line.startswith(("async def app", "def app"))), 0)
    return min(begins, len(lines) - height)


def _marks(showing: Showing | None, side: str | None, file: str) -> dict[int, LineMark]:
    """Where requests stand at the moment that is shown."""
    if showing is None or showing.record.zero is None:
        return {}
    marks: dict[int, LineMark] = {}
    record, at = showing.record, showing.at
    for each in record.sides.values():
        if side is not None and each.id != side:
            continue
        marks |= code_rows.suspended(stage_lanes.suspended_at(record, each, at), file, len(each.clients))
        held = stage_lanes.held_in(record, each, lambda other: code_rows.is_same_file(other, file), at)
        if held is not None:
            marks |= code_rows.held(held[1], held[0])
    return marks
