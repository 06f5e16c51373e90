"""The report of a check as JSON, and docs/check.md, which describes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from asgiviz.check.baseline import Baseline
from asgiviz.export.findings_json import render
from asgiviz.views.finding_words import entry_of
from tests.export.made_findings import made, shown_of

PAGE = (Path(__file__).parent.parent.parent / "docs" / "check.md").read_text(encoding="utf-8")


def test_it_has_every_finding_with_its_place(tmp_path: Path) -> None:
    """Nothing is folded; the place is the user's own code, `code` all of it."""
    checked = made(tmp_path)
    report = json.loads(render(checked, shown_of(checked, tmp_path)))
    assert report["format"] == 1
    assert report["counts"] == {"error": 5, "warning": 1, "info": 0, "accepted": 0, "hidden": 1}
    assert report["failed"] is True
    second = report["findings"][1]
    assert (second["rule"], second["who"], second["connection_name"]) == ("HTTP-S-020", "app", "POST /orders")
    assert second["place"] == {"file": "shop.py", "line": 2, "function": "orders"}
    assert [each["function"] for each in second["code"]] == ["__call__", "orders"]
    assert len(report["findings"]) == 6


def test_what_is_accepted_is_marked(tmp_path: Path) -> None:
    """It is no reason to fail any more."""
    checked = made(tmp_path)
    known = frozenset(entry_of(finding, checked.connections, str(tmp_path)) for finding in checked.findings)
    report = json.loads(render(checked, shown_of(checked, tmp_path, Baseline(known, str(tmp_path)))))
    assert report["failed"] is False
    assert all(finding["accepted"] for finding in report["findings"])
    assert report["counts"]["accepted"] == len(report["findings"]) == 7


def test_the_page_tells_every_key(tmp_path: Path) -> None:
    """docs/check.md has the keys that the report has, and no others."""
    checked = made(tmp_path)
    report = json.loads(render(checked, shown_of(checked, tmp_path)))
    tables = [
        set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
        for table in re.findall(r"<!-- keys: json[a-z ]* -->\n(.*?)\n\n", PAGE, re.DOTALL)
    ]
    assert tables == [set(report), set(report["findings"][0])]
