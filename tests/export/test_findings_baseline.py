"""What is shown of findings: the choice, the baseline, the exit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.check.baseline import Baseline, BaselineError, Entry, baseline_text, read_baseline
from asgiviz.check.choice import Choice, UnknownRuleError, chosen_rules, rules_called
from asgiviz.export.findings import sort_out
from asgiviz.model.finding import CodePlace, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.views.finding_words import entry_of, file_from
from tests.export.made_findings import LIBRARY, made, shown_of


def test_a_rule_is_named_by_its_id_a_beginning_or_its_class() -> None:
    """Capitals do not matter; a beginning ends at a hyphen."""
    assert rules_called("http-s-021") == ["HTTP-S-021"]
    assert rules_called("HTTP-S") == [id_ for id_ in RULES if id_.startswith("HTTP-S-")]
    assert rules_called("rfc") == [rule.id for rule in RULES.values() if rule.basis == "RFC"]
    assert chosen_rules(["HTTP"], ["HTTP-S", "RFC"]) == {
        rule.id for rule in RULES.values() if rule.id.startswith(("HTTP-C", "HTTP-R")) and rule.basis != "RFC"
    }
    assert chosen_rules() == set(RULES)


@pytest.mark.parametrize(
    ("word", "meant"), [("HTTP-S-21", "HTTP-S-021"), ("portable", "portability"), ("WEBSOKET", "lists them all")]
)
def test_a_wrong_name_is_told_with_the_right_one(word: str, meant: str) -> None:
    """What may have been meant, else where to look."""
    with pytest.raises(UnknownRuleError, match=meant):
        rules_called(word)


def test_everybody_can_be_asked_about(tmp_path: Path) -> None:
    """`app` is the app with its layers, `server` the server alone."""
    checked = made(tmp_path)
    blamed = {
        who: {finding.who for finding in sort_out(checked, Choice(chosen_rules(), who=who), None, "/").new}
        for who in ("app", "server", "all")
    }
    assert blamed == {"app": {"app", "Sessions"}, "server": {"server"}, "all": {"app", "Sessions", "server"}}


def test_what_makes_a_check_fail_is_always_shown(tmp_path: Path) -> None:
    """Also when it is not bad enough for --min-severity."""
    checked = made(tmp_path)
    shown = sort_out(checked, Choice(chosen_rules(), Severity.ERROR, Severity.WARNING), None, str(tmp_path))
    assert {finding.severity for finding in shown.new} == {Severity.ERROR, Severity.WARNING}
    assert len(shown.failing) == 6
    assert sort_out(checked, Choice(chosen_rules(), fail_on=None), None, "/").failing == []


def test_a_baseline_accepts_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    """Other numbers of connections, events and lines are the same finding; another function is a new one."""
    checked = made(tmp_path)
    entries = [entry_of(finding, checked.connections, str(tmp_path)) for finding in checked.findings]
    text = baseline_text(entries)
    baseline = Baseline(read_baseline(text), str(tmp_path))
    assert baseline.entries == set(entries)
    assert Entry("HTTP-S-020", "app", "shop.py in orders") in entries
    assert Entry("HTTP-C-004", "server", "POST /orders") in entries

    later = [
        finding._replace(
            at=finding.at + 1_000,
            conn=None if finding.conn is None else finding.conn + 10,
            code=tuple(place._replace(line=place.line + 5) for place in finding.code),
        )
        for finding in checked.findings
    ]
    new = later[4]._replace(code=(CodePlace(str(tmp_path / "shop.py"), 3, "create"),))
    checked.findings = [*later, new]
    checked.connections = {conn + 10: name for conn, name in checked.connections.items()}
    shown = shown_of(checked, tmp_path, baseline)
    assert shown.new == (new,)
    assert len(shown.accepted) == len(later)


@given(entries=st.lists(st.builds(Entry, st.text(), st.text(), st.text())))
def test_a_baseline_is_the_same_text_whatever_the_order(entries: list[Entry]) -> None:
    """So that its history shows what came and went; and it is read as it was written."""
    text = baseline_text(entries)
    assert baseline_text([*reversed(entries), *entries]) == text
    assert read_baseline(text) == set(entries)
    assert text.count("\n") == len(set(entries)) + (2 if entries else 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1 is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "no 'asgiviz_baseline' in it"),
        ('{"asgiviz_baseline": 9}', "a newer asgiviz"),
        ('{"asgiviz_baseline": 1}', "its findings are no list"),
        ('{"asgiviz_baseline": 1, "findings": [{"rule": "CORE-001"}]}', "each of its findings has rule, who, place"),
    ],
)
def test_what_is_no_baseline_is_told(text: str, said: str) -> None:
    """One sentence, no traceback."""
    with pytest.raises(BaselineError, match=said):
        read_baseline(text)


def test_a_file_is_called_as_one_calls_it() -> None:
    """Below the directory relative to it, of a library from the library on, elsewhere whole."""
    assert file_from("/srv/app/shop/main.py", "/srv/app") == "shop/main.py"
    assert file_from(LIBRARY, "/srv") == "starlette/responses.py"
    assert file_from("/etc/other.py", "/srv/app") == "/etc/other.py"
    assert file_from("<string>", "/srv/app") == "<string>"
