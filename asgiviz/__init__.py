"""asgiviz: see ASGI happen. `Tap`, `note` and `span` are for other projects; the command line is `asgiviz --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgiviz.middleware import Tap
    from asgiviz.probe.notes import note, span

__version__ = "0.1.0"
__all__ = ["Tap", "__version__", "note", "span"]


def __getattr__(name: str) -> object:
    """Loads `Tap`, `note` and `span` when they are first asked for: `import asgiviz` itself costs nothing."""
    if name == "Tap":
        from asgiviz.middleware import Tap

        return Tap
    if name in ("note", "span"):
        from asgiviz.probe import notes

        globals().update(note=notes.note, span=notes.span)  # found without us from now on
        return globals()[name]
    raise AttributeError(f"module 'asgiviz' has no attribute {name!r}")
