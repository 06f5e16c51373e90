"""The book of rules: each rule is whole, short and well-formed, and its two conversations can be read."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest

from asgiviz.model.events import EXIT, SCOPE
from asgiviz.protocol import rules
from asgiviz.protocol.rules.book import RULES as BOOK
from asgiviz.protocol.rules.example import numbered
from asgiviz.protocol.rules.rule import Rule


def _tables() -> Iterator[tuple[str, tuple[Rule, ...]]]:
    for module in pkgutil.iter_modules(rules.__path__):
        if module.name.startswith("rules_"):
            yield module.name, importlib.import_module(f"{rules.__name__}.{module.name}").RULES


TABLES = dict(_tables())
RULES = [rule for table in TABLES.values() for rule in table]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
each_example = pytest.mark.parametrize(
    "example",
    [
        pytest.param(text, id=f"{rule.id}-{which}")
        for rule in RULES
        for which, text in (("breaks", rule.breaks), ("keeps", rule.keeps))
        if text
    ],
)


def test_every_table_stands_in_the_book() -> None:
    """A module that begins with rules_ is a part of the book, and the book has no other rules."""
    assert RULES
    assert set(BOOK) == {rule.id for rule in RULES}


def test_no_two_rules_share_an_id() -> None:
    """An id names one rule of the book."""
    assert [id_ for id_, times in Counter(rule.id for rule in RULES).items() if times > 1] == []


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_part_of_the_book_counts_upwards(table: tuple[Rule, ...]) -> None:
    """Within a table the rules of one family stand together and in the order of their numbers."""
    families = [rule.id.rpartition("-")[0] for rule in table]
    assert len(set(families)) == len([family for i, family in enumerate(families) if i == 0 or family != families[i - 1]])
    for family in set(families):
        ids = [rule.id for rule in table if rule.id.startswith(f"{family}-")]
        assert ids == sorted(ids)


@each_rule
def test_a_rule_says_what_it_asks_and_what_to_do_instead(rule: Rule) -> None:
    """The rule is one sentence that fits into a line, the advice one to three sentences, all with a full stop."""
    assert len(rule.line) <= 110
    assert "\n" not in rule.line
    for text in (rule.line, rule.instead, rule.servers, rule.needs):
        assert not text or text.endswith(".")
    assert rule.instead


@each_rule
def test_a_rule_names_where_it_is_written(rule: Rule) -> None:
    """It has the name of a section and that section's address."""
    assert rule.section
    assert rule.url.startswith("https://")
    assert "#" in rule.url


@each_rule
def test_a_rule_has_the_examples_that_it_can_have(rule: Rule) -> None:
    """A rule that a recording decides has both; one that it cannot decide has none that breaks it."""
    if rule.decidable:
        assert rule.breaks.strip()
        assert rule.keeps.strip()
        assert rule.breaks.split() != rule.keeps.split()
    else:
        assert not rule.breaks
    assert not (rule.needs and rule.allows)


@each_example
def test_an_example_can_be_read_and_is_short(example: str) -> None:
    """It is a conversation of a few lines that begins with a call of the app."""
    events = numbered(example)
    assert events[0][1][1] == SCOPE
    assert len(example.strip().splitlines()) <= 12


@each_example
def test_a_call_in_an_example_ends_once(example: str) -> None:
    """No connection of an example has two exits at the same layer, and none before its scope."""
    begun: set[tuple[int | None, int | None]] = set()
    ended: set[tuple[int | None, int | None]] = set()
    for _, raw in numbered(example):
        place = raw[2], raw[3]
        if raw[1] == SCOPE:
            begun.add(place)
        elif raw[1] == EXIT:
            assert place in begun - ended
            ended.add(place)
