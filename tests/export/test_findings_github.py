"""The report of a check as commands to a GitHub workflow."""

from __future__ import annotations

import re
from pathlib import Path

from asgiviz.export.findings_github import render
from asgiviz.model.finding import CodePlace
from asgiviz.model.recording import Header
from tests.export.made_findings import made, shown_of


def test_what_is_alike_is_marked_once(tmp_path: Path) -> None:
    """With the file and line, relative to where the check runs, and the connections."""
    checked = made(tmp_path)
    first, *_ = render(checked, shown_of(checked, tmp_path)).splitlines()
    assert first == (
        "::error file=shop.py,line=2,title=HTTP-S-020 (the app)::the app returned after http.response.start, without a body"
        "%0ASeen on #1 POST /orders, #2 POST /orders, #3 GET /orders%0Aasgiviz rules HTTP-S-020"
    )


def test_every_line_but_the_last_is_a_command(tmp_path: Path) -> None:
    """Severities have their commands; what has no line of code has none."""
    checked = made(tmp_path)
    *commands, last = render(checked, shown_of(checked, tmp_path)).splitlines()
    assert [re.match(r"::(\w+) (file=)?", line).groups() for line in commands] == [  # type: ignore[union-attr]  # all match
        ("error", "file="), ("error", "file="), ("error", None), ("warning", None), ("notice", None),
    ]  # fmt: skip
    assert last == "asgiviz check shop:app: 5 errors, 1 warning, and not everything could be tried"


def test_nothing_that_the_app_says_ends_a_command(tmp_path: Path) -> None:
    """Line ends and percent signs are escaped, in properties colons and commas too."""
    checked = made(tmp_path)
    file = str(tmp_path / "a,b:c%0A.py")
    wrong = checked.findings[4]._replace(sentence="100%\n::error::gone", code=(CodePlace(file, 6, "items"),))
    checked.findings = [wrong]
    checked.header = Header("", target="::error ::x")
    line, *_, last = render(checked, shown_of(checked, tmp_path)).splitlines()
    assert last.startswith("asgiviz check ::error")
    assert line.startswith("::error file=a%2Cb%3Ac%250A.py,line=6,title=HTTP-S-021 (the app)::100%25\\n::error::gone%0ALegal")
