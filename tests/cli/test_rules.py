"""`asgiviz rules`: the book on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asgiviz.protocol.rules.book import PARTS, RULES
from asgiviz.protocol.rules.rule import Rule
from asgiviz.views.example_rows import example_rows, findings_of
from asgiviz.views.rule_rows import rule_page
from asgiviz.views.spans import in_ascii, text_of, width_of
from tests.cli.running import run


def test_the_book_is_listed_by_part(tmp_path: Path) -> None:
    """Every rule with its severity, under the heading of its part; not wider than wanted."""
    command = run("rules", "--width", "80", directory=tmp_path)
    assert command.process.returncode == 0
    assert re.findall(r"^  ([A-Z]+(?:-[A-Z]+)*-\d+) +(error|warning|info)", command.out, re.MULTILINE) == [
        (rule.id, rule.severity.value) for rule in RULES.values()
    ]
    assert [line for line in command.out.splitlines() if line in PARTS] == list(PARTS)
    assert max(map(len, command.out.splitlines())) <= 80
    assert "\x1b" not in command.out


def test_one_rule_is_a_page_with_both_examples(tmp_path: Path) -> None:
    """The sentence, the way out, the conversation that breaks it with what is found there, the one that keeps it, the place."""
    out = run("rules", "http-s-021", "--width", "80", directory=tmp_path).out
    rule = RULES["HTTP-S-021"]
    assert out.startswith(f"HTTP-S-021  error  specification, for app\n{rule.line}\n")
    breaks, _, keeps = out.partition("This breaks it\n")[2].partition("This keeps it\n")
    assert re.search(r"◀ send +http\.response\.body .*\n +✗ error, app: ", breaks)
    assert "✗" not in keeps
    assert rule.url in out
    assert "Measured with uvicorn" in out


def test_what_cannot_be_decided_says_what_would_be_needed(tmp_path: Path) -> None:
    """All of them, and no others."""
    out = run("rules", "--undecidable", directory=tmp_path).out
    assert re.findall(r"^  ([A-Z]+(?:-[A-Z]+)*-\d+) ", out, re.MULTILINE) == [
        id_ for id_, rule in RULES.items() if not rule.decidable
    ]
    squeezed = " ".join(out.split())
    assert [rule.id for rule in RULES.values() if rule.needs and " ".join(rule.needs.split()) not in squeezed] == []


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--class", "rfc"), {rule.id for rule in RULES.values() if rule.basis == "RFC"}),
        (("--severity", "info"), {rule.id for rule in RULES.values() if rule.severity == "info"}),
        (
            ("HTTP-R", "--severity", "error"),
            {id_ for id_, rule in RULES.items() if id_[:7] == "HTTP-R-" and rule.severity == "error"},
        ),
        (("--search", "cipher SUITE"), {"TLS-007"}),
    ],
)
def test_rules_are_chosen(tmp_path: Path, arguments: tuple[str, ...], wanted: set[str]) -> None:
    """By class, severity, beginning, words."""
    found = json.loads(run("rules", *arguments, "--json", directory=tmp_path).out)
    assert wanted
    assert {rule["id"] for rule in found} == wanted


def test_the_same_as_data(tmp_path: Path) -> None:
    """`--json` has every rule with all that is said of it."""
    found = json.loads(run("rules", "--json", directory=tmp_path).out)
    assert [rule["id"] for rule in found] == list(RULES)
    assert set(found[0]) >= {"class", "who", "severity", "line", "instead", "breaks", "keeps", "decidable", "url"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("HTTP-S-21",), "Did you mean HTTP-S-021?"),
        (("\x1b[31mred",), "\\x1b[31mred"),
        (("--class", "law"), "there are specification, RFC, portability"),
        (("--search", "zzzzzz"), "no rule is like that"),
    ],
)
def test_a_wrong_word_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2."""
    command = run("rules", *arguments, directory=tmp_path)
    assert command.process.returncode == 2
    assert said in command.err
    assert "\x1b" not in command.err
    assert command.out == ""


def test_explain_finds_a_rule(tmp_path: Path) -> None:
    """`asgiviz explain HTTP-S-021` is its page, beside other words."""
    both = run("explain", "HTTP-S-021", "more_body", "--width", "80", directory=tmp_path).out
    page = run("rules", "HTTP-S-021", "--width", "80", directory=tmp_path).out
    assert both.startswith(page)
    assert 'http.request["more_body"]' in both[len(page) :]
    found = json.loads(run("explain", "HTTP-S-021", "--json", directory=tmp_path).out)
    assert [rule["id"] for rule in found] == ["HTTP-S-021"]


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_page_can_be_drawn(rule: Rule) -> None:
    """In 60 columns (addresses stay whole), in ASCII; its bad example is marked, its good one is not."""
    for spans, _ in rule_page(rule, 60):
        assert text_of(in_ascii(spans)).isascii()
        assert width_of(spans) <= 60 or text_of(spans) == rule.url
    for text, marked in ((rule.breaks, True), (rule.keeps, False)):
        if text.strip():
            rows = [text_of(row.spans) for row in example_rows(text, 100, rule.id)]
            assert any("✗" in row for row in rows) == marked
            assert bool([finding for finding in findings_of(text) if finding.rule == rule.id]) == marked


def test_it_is_read_by_head(tmp_path: Path) -> None:
    """Who has seen enough closes the pipe, and nothing is said of it."""
    command = f"{sys.executable} -m asgiviz rules | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() in PARTS
    assert done.stderr == ""
