"""What the README and the pictures show is what the program prints."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from asgiviz.cli.main import COMMANDS
from asgiviz.store.lines import event_line
from asgiviz.store.reader import open_recording
from asgiviz.ui.keys import ACTIONS

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "screenshots"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def script() -> ModuleType:
    """screenshots/make.py as a module."""
    spec = importlib.util.spec_from_file_location("make", ROOT / "screenshots" / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass asks for it there
    spec.loader.exec_module(module)
    return module


def test_the_examples_of_the_readme_are_printed_today() -> None:
    """`python screenshots/make.py` would change nothing in it."""
    assert script().with_examples(README) == README


def test_the_keys_in_the_documents_are_those_of_today() -> None:
    """`make screenshots` would change nothing in docs/screen.md."""
    page = (ROOT / "docs" / "screen.md").read_text(encoding="utf-8")
    assert script().with_keys(page) == page


def test_every_group_of_keys_has_its_table() -> None:
    """No key is left out of the documents."""
    assert set(script().GROUPS) == {action.group for action in ACTIONS.values()}


@pytest.mark.parametrize("name", ["trace-plain", "open-filter"])
def test_the_pictures_of_plain_lines_are_drawn_today(name: str) -> None:
    """`make screenshots` would change nothing in them."""
    assert script().picture_of_lines(name) == (PICTURES / f"{name}.svg").read_text(encoding="utf-8")


def test_there_are_the_pictures_that_the_script_draws_and_no_others() -> None:
    """None is left behind, and none was drawn by hand."""
    make = script()
    assert {path.stem for path in PICTURES.glob("*.svg")} == {*make.SHOTS, *make.LESSONS, *make.PRINTS}


def test_pictures_fetch_nothing() -> None:
    """Who looks at one asks no other host for a font, an image or a style."""
    for path in PICTURES.glob("*.svg"):
        assert re.findall(r"url\((?!#)|@import|<image|href=", path.read_text(encoding="utf-8")) == [], path.name


def test_recordings_do_not_tell_where_they_were_made() -> None:
    """Their files lie in neutral places; what a picture shows of them does, too."""
    for path in PICTURES.glob("*.asgiviz*"):
        with open_recording(path) as reader:
            text = "".join(event_line(event) for event in reader)
        files = set(re.findall(r'"file":"(.*?)"|File \\"(.*?)\\"', text))
        places = {name for pair in files for name in pair if name}
        assert {name for name in places if not name.startswith(("/srv/app/", "/usr/lib/python3", "<"))} == set(), path.name


def test_every_command_stands_in_the_readme() -> None:
    """A command that exists is told of, and one that is told of exists."""
    told = set(
        re.findall(
            r"asgiviz (trace|demo|open|explain|config|lessons|lesson|report|lint|new|check|rules|replay|export|teach)\b", README
        )
    )
    assert told == set(COMMANDS)


def test_every_link_of_the_documents_leads_somewhere() -> None:
    """Files that are linked to are there."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name} links to {link}"
