"""The page for authors tells what there is: all of it, and nothing that is not there any more."""

from __future__ import annotations

import re

import pytest

from asgiviz.course.anchors import DIRECTIVES, METRIC, VALUE
from asgiviz.course.expression import expression
from asgiviz.course.lesson import NAMES, CheckType
from asgiviz.course.lint_structure import FILES, FOLDERS
from tests.course.lesson_page import PAGE, keys_known, keys_told, with_tables

TEXT = PAGE.read_text(encoding="utf-8")


def test_its_tables_are_those_of_the_code() -> None:
    """``python -m tests.course.lesson_page`` writes them."""
    assert with_tables(TEXT) == TEXT


@pytest.mark.parametrize("table", keys_known())
def test_it_tells_every_key_of_a_table(table: str) -> None:
    """The keys that the reader knows, no more and no less."""
    assert keys_told(TEXT)[table] == keys_known()[table]


def test_it_tells_every_directive_and_every_name() -> None:
    """What a text may hold in braces, what a sum may name, what a check may weigh, what lies in the folder."""
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.DOTALL | re.MULTILINE).replace("``", "`")
    told = set(re.findall(r"`([^`\n]+)`", prose))
    words = set(re.findall(r"\{([a-z]+)[:}]", prose))
    assert words - {"client", "path"} == {*DIRECTIVES, METRIC, VALUE}
    assert told >= set(NAMES)
    assert told >= {each.value for each in CheckType}
    assert [name for name in (*FILES, *(f"{folder}/" for folder in FOLDERS)) if name not in TEXT] == []


def test_the_sums_it_shows_are_sums() -> None:
    """Each ``{value:…}`` of the page can be read."""
    sums = [found.partition("|")[0] for found in re.findall(r"\{value:([^.}][^}]*)\}", TEXT)]
    assert len(sums) > 2
    for each in sums:
        expression(each)
