"""The learner's own editor: $VISUAL, else $EDITOR, and how it is asked for a line."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

#: Editors that want ``--goto file:line``; all others are asked with ``+line file``, as vi, nano and emacs take it.
GOTO = ("code", "codium", "cursor", "subl", "zed")


def chosen_editor() -> str | None:
    """What the learner has said that they edit with."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or None


def editor_command(editor: str, file: str, line: int) -> list[str]:
    """The command that opens a file at a line. ValueError when `editor` is no command, such as one with an open quote."""
    words = shlex.split(editor)
    if not words:
        raise ValueError("the name of the editor is empty")
    if Path(words[0]).name in GOTO:
        return [*words, "--goto", f"{file}:{line}"]
    return [*words, f"+{line}", file]
