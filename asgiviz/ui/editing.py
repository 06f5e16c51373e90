"""Editing: the line that held the loop or raised, opened in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from textual.app import SuspendNotSupported
from textual.screen import Screen

from asgiviz.model.events import Ev, Event
from asgiviz.ui.feed import Feed
from asgiviz.views.stalls import Stall
from asgiviz.views.tracebacks import parse

#: Editors that want ``--goto file:line``; all others are asked with ``+line file``, as vi, nano and emacs take it.
GOTO = ("code", "codium", "cursor", "subl", "zed")


class Editing(Screen[None]):
    """The part of the trace screen that opens files."""

    feed: Feed
    seq: int | None

    def action_edit(self) -> None:
        """Open the line that the selected event blames."""
        event = None if self.seq is None else self.feed.event(self.seq)
        place = None if event is None else line_of(event)
        if place is None:
            self.notify("choose a stall, an exception or a log record with a traceback first")
            return
        file, line = place
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if editor is None or not Path(file).is_file():
            why = "is not here" if editor else "cannot be opened: $EDITOR is not set"
            self.notify(f"{file}:{line} {why}", severity="warning", markup=False)
            return
        try:
            with self.app.suspend():
                subprocess.run(command(editor, file, line), check=False)
        except (OSError, SuspendNotSupported) as error:
            self.notify(f"{editor} does not run: {error}", severity="error", markup=False)


def command(editor: str, file: str, line: int) -> list[str]:
    """The command that opens a file at a line."""
    words = shlex.split(editor)
    if Path(words[0]).name in GOTO:
        return [*words, "--goto", f"{file}:{line}"]
    return [*words, f"+{line}", file]


def line_of(event: Event) -> tuple[str, int] | None:
    """The file and line that an event blames: the user's own code where it is among the frames."""
    if event.ev == Ev.STALL:
        frame = Stall.of(event).frame
        return None if frame is None else (frame.file, frame.line)
    error = event.get("error")
    text = error.get("traceback") if isinstance(error, Mapping) else event.get("text")
    frames = [frame for part in parse(text if isinstance(text, str) else "") for frame in part.own or part.frames]
    return (frames[0].file, frames[0].line) if frames else None
