"""What stands below a failed test: a paragraph for each thing that was done wrong, its sentence first.

pytest repeats the first line in its short summary, cut to the terminal, so rule and sentence come first; file and line stand as
editors link them.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Mapping
from typing import Any

from asgiviz.model.finding import Finding
from asgiviz.protocol.rules.book import RULES
from asgiviz.views.finding_words import Alike, blamed, connection_names, groups_of, legal_words, through
from asgiviz.views.text import fit, safe

#: Paragraphs that are told.
MOST = 10


def told(findings: Iterable[Finding], names: Mapping[int, str], root: str) -> str:
    """The findings in words; `names` are those of the connections, `root` is where pytest was started."""
    alike = [each for group in groups_of(findings, root) for each in group.alike]
    paragraphs = [_paragraph(each, names, root) for each in alike[:MOST]]
    if len(alike) > MOST:
        paragraphs.append(f"… and {len(alike) - MOST} more")
    return "\n\n".join(paragraphs)


def _paragraph(alike: Alike, names: Mapping[int, str], root: str) -> str:
    finding, place = alike.first, alike.place
    times = f", {alike.count} times" if alike.count > 1 else ""
    lines = [f"{finding.rule}: {safe(finding.sentence)} ({finding.severity}: {safe(blamed(finding.who))}{times})"]
    if place is not None:
        lines.append(str(place))
        lines.append(f"    {safe(linecache.getline(place.path, place.line).strip())}")
        if (inner := through(finding.code, root)) is not None:
            lines.append(f"through {inner}")
    if alike.conns:
        lines.append(f"in {connection_names(alike, names)}")
    if finding.legal:
        lines.append(f"legal: {legal_words(finding.legal)}")
    elif finding.rule in RULES:
        lines.append(f"instead: {RULES[finding.rule].instead}")
    lines.append(f"more: asgiviz rules {finding.rule}")
    return "\n    ".join(line for line in lines if line.strip())


def name_of(scope: Any) -> str:
    """What the connection of a scope is called: ``POST /orders``, ``websocket /chat``, ``lifespan``."""
    if not isinstance(scope, dict):
        return ""
    what = scope.get("method") or scope.get("type")
    return " ".join(fit(word, 60) for word in (what, scope.get("path")) if isinstance(word, str))
