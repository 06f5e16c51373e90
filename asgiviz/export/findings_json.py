"""The findings of a check as one JSON object; docs/check.md says what each key is."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from asgiviz.export.findings import Checked, Shown
from asgiviz.model.finding import Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.views.finding_words import place_of

FORMAT = 1


def render(checked: Checked, shown: Shown) -> str:
    """The report."""
    counts = {each.value: sum(finding.severity is each for finding in shown.new) for each in reversed(Severity)}
    report = {
        "format": FORMAT,
        "tool": {"name": "asgiviz", "version": version("asgiviz")},
        "target": checked.header.target,
        "server": checked.header.server,
        "layers": checked.header.layers,
        "seconds": round(checked.seconds, 3),
        "events": checked.events,
        "connections": checked.connection_count,
        "trouble": list(checked.trouble),
        "counts": {**counts, "accepted": len(shown.accepted), "hidden": len(shown.hidden)},
        "fail_on": shown.choice.fail_on or "never",
        "failed": bool(shown.failing),
        "findings": [
            *(_finding(finding, checked, shown, accepted=False) for finding in shown.new),
            *(_finding(finding, checked, shown, accepted=True) for finding in shown.accepted),
        ],
    }
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def _finding(finding: Finding, checked: Checked, shown: Shown, accepted: bool) -> dict[str, Any]:
    rule, place = RULES[finding.rule], place_of(finding.code, shown.root)
    return {
        "rule": finding.rule,
        "class": rule.basis,
        "severity": finding.severity,
        "who": finding.who,
        "sentence": finding.sentence,
        "legal": list(finding.legal),
        "connection": finding.conn,
        "connection_name": None if finding.conn is None else checked.connections.get(finding.conn),
        "event": finding.at,
        "layer": finding.layer,
        "call": finding.call,
        "place": None if place is None else {"file": place.file, "line": place.line, "function": place.function},
        "code": [each._asdict() for each in finding.code],
        "url": rule.url,
        "accepted": accepted,
    }
