"""asgiviz: see ASGI happen. `Tap` is the part for use inside other projects; the command line is `asgiviz --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgiviz.middleware import Tap

__version__ = "0.1.0"
__all__ = ["Tap", "__version__"]


def __getattr__(name: str) -> object:
    """Loads `Tap` when it is first asked for: `import asgiviz` itself costs nothing."""
    if name == "Tap":
        from asgiviz.middleware import Tap

        return Tap
    raise AttributeError(f"module 'asgiviz' has no attribute {name!r}")
