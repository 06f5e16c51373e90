"""The clipboard: OSC 52 through the terminal, which works over ssh; a file where the terminal cannot, or it is too much."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App

#: Characters that terminals take by OSC 52; more than this is cut by some without a word.
MOST = 70_000
#: Terminals that have no clipboard.
WITHOUT = ("linux", "dumb", "vt100", "vt102", "vt220", "ansi")


def put_on_clipboard(app: App[Any], text: str) -> str:
    """Put `text` on the clipboard, or in a file of the user's own; gives a sentence on what was done."""
    text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is nothing that could be sent
    if len(text) <= MOST and os.environ.get("TERM", "") not in WITHOUT:
        app.copy_to_clipboard(text)
        return f"copied {len(text):,} characters"
    descriptor, name = tempfile.mkstemp(prefix="asgiviz-copied-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    why = "too long for the terminal's clipboard" if len(text) > MOST else "this terminal has no clipboard"
    return f"{why}: {len(text):,} characters are in {Path(name)}"
