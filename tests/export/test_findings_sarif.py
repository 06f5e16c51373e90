"""The report of a check as SARIF: what the standard asks for, held to by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from asgiviz.check.baseline import Baseline
from asgiviz.export.findings_sarif import render
from asgiviz.model.finding import CodePlace, Severity
from asgiviz.views.finding_words import entry_of
from tests.export.made_findings import LIBRARY, Made, made, shown_of

#: Which properties objects of SARIF 2.1.0 may have that we write, and which of them they must; by the name of the object.
OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"$schema", "version", "runs"}, {"version", "runs"}),
    "run": ({"tool", "originalUriBaseIds", "columnKind", "invocations", "results"}, {"tool"}),
    "driver": ({"name", "semanticVersion", "informationUri", "rules"}, {"name"}),
    "rule": (
        {"id", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties"},
        {"id"},
    ),
    "result": (
        {
            "ruleId", "ruleIndex", "level", "message", "occurrenceCount", "locations", "partialFingerprints", "baselineState",
        },
        {"message"},
    ),
    "location": ({"physicalLocation", "logicalLocations"}, set()),
}  # fmt: skip


def holds(name: str, value: dict[str, Any]) -> None:
    """An object has what it must have, and nothing that the standard does not know."""
    may, must = OBJECTS[name]
    assert must <= set(value) <= may, name


def results_of(report: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each result with its rule."""
    (run,) = report["runs"]
    for result in run["results"]:
        yield result, run["tool"]["driver"]["rules"][result["ruleIndex"]]


def validate(report: dict[str, Any]) -> None:
    """Hold a report to the structure of SARIF 2.1.0."""
    holds("log", report)
    assert report["version"] == "2.1.0"
    for run in report["runs"]:
        holds("run", run)
        holds("driver", run["tool"]["driver"])
        assert urlparse(run["tool"]["driver"]["informationUri"]).scheme == "https"
        for rule in run["tool"]["driver"]["rules"]:
            holds("rule", rule)
            assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")
            assert all(rule[each]["text"] for each in ("shortDescription", "fullDescription", "help"))
            assert urlparse(rule["helpUri"]).scheme == "https"
        assert all(call["executionSuccessful"] in (True, False) for call in run["invocations"])
    for result, rule in results_of(report):
        holds("result", result)
        assert result["ruleId"] == rule["id"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        assert result["occurrenceCount"] >= 1
        assert all(isinstance(value, str) and value for value in result["partialFingerprints"].values())
        assert result.get("baselineState", "new") in ("new", "unchanged", "updated", "absent")
        for location in result["locations"]:
            holds("location", location)
            _validate_location(location, report["runs"][0])


def _validate_location(location: dict[str, Any], run: dict[str, Any]) -> None:
    if "physicalLocation" in location:
        artifact, region = (location["physicalLocation"][key] for key in ("artifactLocation", "region"))
        assert region["startLine"] >= 1
        address = urlparse(artifact["uri"])
        if "uriBaseId" in artifact:
            assert artifact["uriBaseId"] in run["originalUriBaseIds"]
            assert not address.scheme
            assert not address.path.startswith("/")
        else:
            assert address.scheme == "file"
    for logical in location["logicalLocations"]:
        assert logical.get("name") or logical["fullyQualifiedName"]


def test_it_is_sarif(tmp_path: Path) -> None:
    """The structure holds, and each result has its rule, its level and its line."""
    checked = made(tmp_path)
    checked.findings.append(checked.findings[0]._replace(code=(CodePlace(LIBRARY, 9, "render"),)))
    report = json.loads(render(checked, shown_of(checked, tmp_path, least=Severity.INFO)))
    validate(report)
    told = [(result["ruleId"], result["level"], result["occurrenceCount"], *_where(result)) for result, _ in results_of(report)]
    assert told == [
        ("HTTP-S-020", "error", 3, "shop.py", 2),
        ("HTTP-S-021", "error", 1, "shop.py", 6),
        ("LIFE-001", "error", 1, "the run", 0),
        ("HTTP-C-004", "warning", 1, "POST /orders", 0),
        ("HTTP-C-004", "warning", 1, Path(LIBRARY).as_uri(), 9),
        ("HTTP-S-014", "note", 1, "shop.py", 6),
    ]


def _where(result: dict[str, Any]) -> tuple[str, int]:
    (location,) = result["locations"]
    if "physicalLocation" in location:
        physical = location["physicalLocation"]
        return physical["artifactLocation"]["uri"], physical["region"]["startLine"]
    return location["logicalLocations"][0]["fullyQualifiedName"], 0


def test_a_fingerprint_survives_another_run(tmp_path: Path) -> None:
    """Lines move and connections are counted anew: the finding stays the same one, and two findings are two."""
    checked = made(tmp_path)
    before = _fingerprints(checked, tmp_path)
    checked.findings = [
        finding._replace(at=finding.at + 5, code=tuple(place._replace(line=place.line + 1) for place in finding.code))
        for finding in checked.findings
    ]
    assert _fingerprints(checked, tmp_path) == before
    assert len(set(before)) == len(before)


def _fingerprints(checked: Made, directory: Path) -> list[str]:
    report = json.loads(render(checked, shown_of(checked, directory)))
    return [result["partialFingerprints"]["asgivizFinding/v1"] for result, _ in results_of(report)]


def test_a_baseline_is_told(tmp_path: Path) -> None:
    """What it knows is unchanged, the rest is new; without one nothing is said of it."""
    checked = made(tmp_path)
    known = frozenset({entry_of(checked.findings[1], checked.connections, str(tmp_path))})
    report = json.loads(render(checked, shown_of(checked, tmp_path, Baseline(known, str(tmp_path)))))
    validate(report)
    states = {result["ruleId"]: result["baselineState"] for result, _ in results_of(report)}
    assert states == {"HTTP-S-020": "unchanged", "HTTP-S-021": "new", "LIFE-001": "new", "HTTP-C-004": "new"}
    without = json.loads(render(checked, shown_of(checked, tmp_path)))
    assert not any("baselineState" in result for result, _ in results_of(without))


def test_what_could_not_be_done_is_a_notification(tmp_path: Path) -> None:
    """And no result."""
    checked = made(tmp_path)
    (call,) = json.loads(render(checked, shown_of(checked, tmp_path)))["runs"][0]["invocations"]
    assert [each["message"]["text"] for each in call["toolExecutionNotifications"]] == checked.trouble


@pytest.mark.parametrize("file", ["\ud800.py", "/srv/\ud800.py", "\0", ""])
def test_no_name_of_a_file_is_too_strange(tmp_path: Path, file: str) -> None:
    """A recording may name any; the report is written all the same."""
    checked = made(tmp_path)
    checked.findings = [checked.findings[4]._replace(code=(CodePlace(file, 6, "items"),))]
    assert len(json.loads(render(checked, shown_of(checked, tmp_path)))["runs"][0]["results"]) == 1


@pytest.mark.parametrize("name", ["a b.py", "é.py", "50%.py"])
def test_a_file_of_any_name_has_an_address(tmp_path: Path, name: str) -> None:
    """Escaped as addresses are."""
    checked = made(tmp_path)
    checked.findings = [checked.findings[4]._replace(code=(CodePlace(str(tmp_path / name), 1, "f"),))]
    report = json.loads(render(checked, shown_of(checked, tmp_path)))
    validate(report)
    assert _where(report["runs"][0]["results"][0])[0] == Path("/", name).as_uri().removeprefix("file:///")
