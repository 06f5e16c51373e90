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


def why_it_ends(name: str, error: Exception) -> str:
    """The beginning of a sentence on why nothing more is written to `name`: "… it ends"."""
    if isinstance(error, BrokenPipeError):
        return f"{name} was closed by its reader, so it ends"
    if isinstance(error, OSError):
        return f"{name} cannot be written any more ({reason(error)}), it ends"
    return f"a mistake in asgiviz itself ({type(error).__name__}: {error}) stopped the writing of {name}, it ends"


def where_it_ends(name: str, error: Exception, written: int) -> str:
    """The whole sentence, when `written` events were handed to the stream and the recording in memory goes on."""
    return f"{why_it_ends(name, error)} near event {written:,}; the app runs on, recorded in memory"
