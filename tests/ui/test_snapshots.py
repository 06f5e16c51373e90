"""The pictures of the screen are what the screen shows: fixed recordings, sizes and keys (`screenshots/make.py`)."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from tests.test_readme import PICTURES, script

#: each starts a process or a whole screen
pytestmark = pytest.mark.slow

MAKE = script()
#: One for each shape of the screen; the others are left to `make test`.
QUICK = {"one-pane", "screen", "wide"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in MAKE.SHOTS])
def test_a_picture_holds_the_text_that_the_screen_shows_today(name: str) -> None:
    """Line for line. Colours, the way SVG is written, and the footer are Textual's and may differ with its version."""
    committed = MAKE.text_of_picture((PICTURES / f"{name}.svg").read_text(encoding="utf-8"))[:-1]
    today = MAKE.text_of_picture(MAKE.picture_of_screen(name))[:-1]
    changed = "\n".join(unified_diff(committed, today, f"screenshots/{name}.svg", "the screen today", lineterm="", n=0))
    assert not changed, f"{changed}\n\nIf this is meant: `make screenshots`, look at the pictures, commit them."


@pytest.mark.parametrize("name", MAKE.LESSONS)
def test_a_picture_of_a_lesson_holds_what_it_shows_today(name: str) -> None:
    """The runs in it are made anew, on the virtual clock, and come out the same."""
    committed = MAKE.text_of_picture((PICTURES / f"{name}.svg").read_text(encoding="utf-8"))[:-1]
    today = MAKE.text_of_picture(MAKE.picture_of_lesson(name))[:-1]
    changed = "\n".join(unified_diff(committed, today, f"screenshots/{name}.svg", "the screen today", lineterm="", n=0))
    assert not changed, f"{changed}\n\nIf this is meant: `make screenshots`, look at the pictures, commit them."


def test_a_picture_has_the_size_of_its_screen() -> None:
    """As many lines as the terminal had rows: nothing is cut off."""
    for name, shot in {**MAKE.SHOTS, **MAKE.LESSONS}.items():
        lines = MAKE.text_of_picture((PICTURES / f"{name}.svg").read_text(encoding="utf-8"))
        assert (len(lines), max(map(len, lines)) <= shot.size[0]) == (shot.size[1], True), name
