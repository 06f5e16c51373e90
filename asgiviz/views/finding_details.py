"""A finding in full: what is wrong, who did it in which line, what would have been legal, and what to do about the rule.

The book of rules is read when the first finding is drawn: a screen without any opens sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from asgiviz.model.finding import Finding
from asgiviz.views.severities import ROLES, SIGNS
from asgiviz.views.spans import Role, Row, Span
from asgiviz.views.tree import Node, Path
from asgiviz.views.wrapping import Drawn

#: What the key of the node of a finding begins with; the findings of an event that are open at first.
KEY = "finding"
OPEN_FIRST: frozenset[Path] = frozenset((f"{KEY} {place}",) for place in range(4))


def details(finding: Finding, width: int, root: str) -> list[Row]:
    """The lines on one finding; files are called from `root`."""
    from asgiviz.protocol.rules.book import RULES
    from asgiviz.views.finding_rows import wrapped
    from asgiviz.views.finding_words import legal_words, place_of

    rule = RULES.get(finding.rule)
    rows = wrapped(finding.sentence, width)
    if finding.legal:
        rows += wrapped(legal_words(finding.legal), width, label="legal: ")
    if (place := place_of(finding.code, root)) is not None:
        rows += wrapped(str(place), width, label="code: ")
    if rule is not None:
        rows += wrapped(rule.line, width, label="rule: ")
        rows += wrapped(rule.instead, width, label="do: ") if rule.instead else []
    return [*rows, *wrapped(f"asgiviz rules {finding.rule}", width, label="more: ", role=Role.QUIET)]


def nodes(found: Sequence[Finding], root: str) -> list[Node]:
    """The findings of an event as nodes of its tree."""
    return [_node(finding, place, root) for place, finding in enumerate(found)]


def _node(finding: Finding, place: int, root: str) -> Node:
    from asgiviz.views.finding_words import blamed

    label = [
        Span(f"{SIGNS[finding.severity]} {finding.rule}", ROLES[finding.severity]),
        Span(f"  {blamed(finding.who)}, {finding.severity}", Role.QUIET),
    ]
    opening = partial(_drawn, finding, root)
    key = f"{KEY} {place}"
    return Node(key, label, (key,), opening, lambda: said(finding, root))


def finding_of(node: Node, found: Sequence[Finding]) -> Finding | None:
    """The finding that a node stands for."""
    key, _, place = str(node.key).partition(" ")
    return found[int(place)] if key == KEY and place.isdecimal() and int(place) < len(found) else None


def _drawn(finding: Finding, root: str) -> Drawn:
    return Drawn(lambda width: [row.spans for row in details(finding, width, root)])


def said(finding: Finding, root: str) -> str:
    """A finding in one line of text, as it is copied."""
    from asgiviz.views.finding_words import blamed, place_of

    place = place_of(finding.code, root)
    return f"{finding.rule} ({finding.severity}, {blamed(finding.who)}): {finding.sentence}" + (f" ({place})" if place else "")
