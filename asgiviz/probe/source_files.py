"""Whose source file is it: the user's own, ours, or that of Python or a package?"""

from __future__ import annotations

import sysconfig
from functools import lru_cache
from pathlib import Path

_OURS = Path(__file__).parents[1]
#: Parts of asgiviz that are apps to look at.
_SHOWN = ("demo", "_lessons")


@lru_cache(maxsize=4096)
def is_user_file(file: str) -> bool:
    """Whether a source file is the user's own: neither Python's, nor a package's, nor ours (demo and lessons are)."""
    if file.startswith("<"):
        return False
    path = Path(file)
    if _OURS in path.parents:
        return not is_ours(file)
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return False
    return not any(place in path.parents for place in _libraries())


@lru_cache(maxsize=4096)
def is_ours(file: str) -> bool:
    """Whether a source file is asgiviz itself, and no app that comes with it."""
    parents = Path(file).parents
    return _OURS in parents and not any((_OURS / shown) in parents for shown in _SHOWN)


@lru_cache(maxsize=1)
def _libraries() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
