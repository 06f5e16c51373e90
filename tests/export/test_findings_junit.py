"""The report of a check as JUnit."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.export.findings_junit import render
from asgiviz.junit import Case, Result, junit_xml
from asgiviz.protocol.rules.book import RULES
from tests.export.made_findings import made, shown_of


def test_each_rule_is_a_case(tmp_path: Path) -> None:
    """All that could be decided and were asked for; a broken one has failed, with its places, a remark has passed."""
    checked = made(tmp_path)
    (suite,) = ET.fromstring(render(checked, shown_of(checked, tmp_path, ignore="RFC")))
    cases = {case.attrib["name"].split()[0]: case for case in suite}
    assert set(cases) == {rule.id for rule in RULES.values() if rule.decidable and rule.basis != "RFC"} | {"Everything"}
    assert cases["Everything"].find("skipped") is not None, "what could not be tried has not passed"
    assert suite.attrib["tests"] == str(len(cases))
    assert suite.attrib["failures"] == "3"
    failed = cases["HTTP-S-020"].find("failure")
    assert failed is not None
    assert failed.attrib["message"].startswith("3 errors; the first: the app returned after http.response.start")
    assert "shop.py:2 in orders" in (failed.text or "")
    assert cases["HTTP-C-004"].find("failure") is None
    assert "http_version is '1'" in (cases["HTTP-C-004"].findtext("system-out") or "")


@given(texts=st.lists(st.text(st.characters(codec=None)), min_size=4, max_size=4))
def test_whatever_is_said_it_is_xml(texts: list[str]) -> None:
    """Also with what XML cannot hold."""
    suite, name, message, text = texts
    (read,) = ET.fromstring(junit_xml("checked", [Case(suite, name, Result.FAILURE, message, text)]))
    assert read.attrib["failures"] == "1"
    assert read.attrib["tests"] == "1"


def test_words_of_the_app_do_not_break_the_xml(tmp_path: Path) -> None:
    """Control characters stand as escapes."""
    checked = made(tmp_path)
    text = render(checked, shown_of(checked, tmp_path))
    assert "\\x1b[31mlifespan.startup" in text
    assert "\x1b" not in text
