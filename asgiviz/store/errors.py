"""What can be wrong with a recording's file, in one sentence for the user."""

from __future__ import annotations


class RecordingError(Exception):
    """A recording cannot be read or written; the text is one sentence that says why and what to do.

    `busy`: another process is writing it.
    """

    def __init__(self, sentence: str, busy: bool = False) -> None:
        super().__init__(sentence)
        self.busy = busy


def reason(error: OSError) -> str:
    """The operating system's reason in words, without its number."""
    return (error.strerror or str(error)).lower() if error.errno is None or error.strerror else str(error)
