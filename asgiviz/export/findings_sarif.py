"""The findings of a check as SARIF 2.1.0, the format that code hosts and editors read; those that are alike are one result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asgiviz.check.baseline import Entry
from asgiviz.export.findings import Checked, Shown, all_alike
from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.views.finding_words import Alike, Group, Place, blamed, connection_names, entry_of, legal_words
from asgiviz.views.text import safe

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: What relative addresses are relative to: the root of the sources, which the reader of the file knows.
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(checked: Checked, shown: Shown) -> str:
    """The report."""
    new, accepted = all_alike(shown.new, shown.root), all_alike(shown.accepted, shown.root)
    rules = {id_: index for index, id_ in enumerate(dict.fromkeys(group.rule for group, _ in (*new, *accepted)))}
    driver = {
        "name": "asgiviz",
        "semanticVersion": version("asgiviz"),
        "informationUri": "https://asgi.readthedocs.io/en/latest/",
        "rules": [_rule(id_) for id_ in rules],
    }
    results = [
        *(_result(group, alike, rules, checked, shown, "new") for group, alike in new),
        *(_result(group, alike, rules, checked, shown, "unchanged") for group, alike in accepted),
    ]
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The directory in which the check was run."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(checked.trouble)}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _rule(id_: str) -> dict[str, Any]:
    rule = RULES[id_]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.line},
        "fullDescription": {"text": f"{rule.line} {rule.instead}"},
        "help": {"text": f"{rule.instead} ({rule.section})"},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.basis.value]},
    }


def _result(group: Group, alike: Alike, rules: dict[str, int], checked: Checked, shown: Shown, state: str) -> dict[str, Any]:
    finding = alike.first
    told = [f"{safe(finding.sentence)} ({blamed(finding.who)})"]
    told += [f"Legal: {legal_words(finding.legal)}"] if finding.legal else []
    told += [f"Seen on {connection_names(alike, checked.connections)}"] if alike.conns else []
    result = {
        "ruleId": group.rule,
        "ruleIndex": rules[group.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(told)},
        "occurrenceCount": alike.count,
        "locations": [_location(alike.place, alike, checked, shown.root)],
        "partialFingerprints": {"asgivizFinding/v1": _fingerprint(entry_of(finding, checked.connections, shown.root))},
    }
    return {**result, "baselineState": state} if shown.has_baseline else result


def _location(place: Place | None, alike: Alike, checked: Checked, root: str) -> dict[str, Any]:
    if place is None:
        conn = alike.first.conn
        name = "the run" if conn is None else checked.connections.get(conn) or f"#{conn}"
        return {"logicalLocations": [{"fullyQualifiedName": name}]}
    return {
        "physicalLocation": {"artifactLocation": _artifact(place, root), "region": {"startLine": max(1, place.line)}},
        "logicalLocations": [{"name": place.function, "kind": "function"}],
    }


def _artifact(place: Place, root: str) -> dict[str, str]:
    """A file below the root is called from there, every other one by its whole address."""
    if Path(place.path).is_relative_to(root) and place.package is None:
        return {"uri": quote(_writable(place.file)), "uriBaseId": _ROOT}
    path = Path(_writable(place.path))
    return {"uri": path.as_uri() if path.is_absolute() else quote(str(path))}


def _writable(path: str) -> str:
    """The path without halves of characters, which no address can hold; a recording may name any file."""
    return path.encode("utf-8", "backslashreplace").decode()


def _fingerprint(entry: Entry) -> str:
    """What is the same in every run, though lines move and connections are counted anew."""
    return hashlib.sha256("\0".join(entry).encode("utf-8", "surrogatepass")).hexdigest()


def _notifications(trouble: Iterable[str]) -> list[dict[str, Any]]:
    return [{"level": "warning", "message": {"text": sentence}} for sentence in trouble]
