"""The findings of a check as commands to a GitHub workflow: a mark at each line of code, one for those that are alike."""

from __future__ import annotations

from asgiviz.export.findings import Checked, Shown, all_alike, came_to, subject_of
from asgiviz.model.finding import Severity
from asgiviz.views.finding_words import Alike, blamed, connection_names, legal_words
from asgiviz.views.text import safe

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
#: What would end a command, or one of its properties, and how it is written instead.
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = {**_IN_MESSAGE, **str.maketrans({":": "%3A", ",": "%2C"})}


def render(checked: Checked, shown: Shown) -> str:
    """The commands, then a line for people."""
    lines = [_command(alike, checked) for _, alike in all_alike(shown.new, shown.root)]
    lines += [f"::notice title=asgiviz check::{safe(sentence).translate(_IN_MESSAGE)}" for sentence in checked.trouble]
    lines.append(f"asgiviz check {safe(subject_of(checked))}: {came_to(checked, shown)}")
    return "".join(f"{line}\n" for line in lines)


def _command(alike: Alike, checked: Checked) -> str:
    finding, place = alike.first, alike.place
    properties = {} if place is None else {"file": safe(place.file), "line": str(place.line)}
    properties["title"] = f"{finding.rule} ({blamed(finding.who)})"
    told = [safe(finding.sentence)]
    if finding.legal:
        told.append(f"Legal: {legal_words(finding.legal)}")
    if names := connection_names(alike, checked.connections):
        told.append(f"Seen on {names}")
    told.append(f"asgiviz rules {finding.rule}")
    given = ",".join(f"{name}={value.translate(_IN_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{chr(10).join(told).translate(_IN_MESSAGE)}"
