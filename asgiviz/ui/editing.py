"""Editing: the line that held the loop or raised, opened in the user's own editor."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported
from textual.screen import Screen

from asgiviz.experiment.editor import chosen_editor, editor_command
from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.views.stalls import Stall
from asgiviz.views.tracebacks import parse


class Editing(Screen[None]):
    """The part of the trace screen that opens files."""

    feed: Feed
    seq: int | None

    def action_edit(self) -> None:
        """Open the line that the selected event blames."""
        event = None if self.seq is None else self.feed.event(self.seq)
        place = None if event is None else line_of(event) or self._line_found(event.seq)
        if place is None:
            self.notify("choose a stall, an exception, a log record with a traceback or a finding that tells its line first")
            return
        file, line = place
        editor = chosen_editor()
        if editor is None or not Path(file).is_file():
            why = "is not here" if editor else "cannot be opened: $EDITOR is not set"
            self.notify(f"{file}:{line} {why}", severity="warning", markup=False)
            return
        if trouble := edit(self.app, editor, file, line):
            self.notify(trouble, severity="error", markup=False)

    def _line_found(self, seq: int) -> tuple[str, int] | None:
        """The line that broke a rule."""
        from asgiviz.views.finding_words import own_code  # with the book of rules, which an editor is worth

        places = (own_code(finding.code) for finding in self.feed.findings.at(seq))
        return next(((place.file, place.line) for place in places if place is not None), None)


def edit(app: App[Any], editor: str, file: str, line: int) -> str:
    """Let the editor have the terminal until it is closed; a sentence when that could not be, else nothing."""
    trouble: Exception | None = None
    try:
        with app.suspend():
            try:
                subprocess.run(editor_command(editor, file, line), check=False)
            except (OSError, ValueError) as error:  # it must not leave this block: Textual would not take the terminal back
                trouble = error
    except SuspendNotSupported as error:
        trouble = error
    return "" if trouble is None else f"{editor} does not run: {trouble}"


def line_of(event: Event) -> tuple[str, int] | None:
    """The file and line that an event blames: the user's own code where it is among the frames."""
    if event.ev == Ev.STALL:
        frame = Stall.of(event).frame
        return None if frame is None else (frame.file, frame.line)
    error = event.get("error")
    text = error.get("traceback") if isinstance(error, Mapping) else event.get("text")
    frames = [frame for part in parse(text if isinstance(text, str) else "") for frame in part.own or part.frames]
    return (frames[0].file, frames[0].line) if frames else None
