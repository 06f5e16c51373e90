"""docs/rules.md is the book of today."""

from __future__ import annotations

from tests.protocol.rules_page import PAGE, with_rules


def test_the_page_is_made_from_the_book() -> None:
    """``python -m tests.protocol.rules_page`` would change nothing in it."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_rules(page) == page
