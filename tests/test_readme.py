"""What the README and the pictures show is what the program prints."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from asgiviz.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def script() -> ModuleType:
    """screenshots/make.py as a module."""
    spec = importlib.util.spec_from_file_location("make", ROOT / "screenshots" / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_examples_of_the_readme_are_printed_today() -> None:
    """`python screenshots/make.py` would change nothing in it."""
    assert script().with_examples(README) == README


@pytest.mark.parametrize("name", ["trace-plain.svg", "open-filter.svg"])
def test_the_pictures_are_drawn_today(name: str) -> None:
    """`python screenshots/make.py` would change nothing in them."""
    assert script().picture(name) == (ROOT / "screenshots" / name).read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    """A command that exists is told of, and one that is told of exists."""
    told = set(re.findall(r"asgiviz (trace|demo|open|explain|config|lesson|check|replay|export|teach)\b", README))
    assert told == set(COMMANDS)


def test_every_link_of_the_documents_leads_somewhere() -> None:
    """Files that are linked to are there."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name} links to {link}"
