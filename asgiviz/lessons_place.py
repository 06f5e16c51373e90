"""Where the lessons are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path


def lessons_directory() -> Path:
    """The directory of the lessons that came with asgiviz. FileNotFoundError when the installation has none."""
    here = Path(__file__).parent
    for place in (here / "_lessons", here.parent / "lessons"):
        if (place / "pack.toml").is_file():
            return place
    raise FileNotFoundError("this installation of asgiviz has no lessons; reinstall it: pip install --force-reinstall asgiviz")
