"""What ``asgiviz lint`` has found, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asgiviz.course.complaints import Complaint
    from asgiviz.experiment.lint_runs import Outcome

FORMAT = 1


@dataclass
class Report:
    """What was found, by the folder of the lesson (empty: the pack); `untried` are lessons whose code was not run, and why."""

    place: Path
    quick: bool
    times: int
    found: dict[str, list[Complaint]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, complaints: Iterable[Complaint]) -> None:
        """More complaints, each to its lesson; errors stand before warnings."""
        for complaint in complaints:
            known = self.found.setdefault(self._folder(complaint.file), [])
            known.append(complaint)
            known.sort(key=lambda each: (not each.is_error, str(each.file), each.line or 0, each.code))

    def _folder(self, file: Path) -> str:
        """The folder of the lesson that a file is about."""
        if is_lesson(self.place):
            return self.place.name if file.is_relative_to(self.place) else ""
        first = file.relative_to(self.place).parts[:1] if file.is_relative_to(self.place) else ()
        return first[0] if first and (self.place / first[0]).is_dir() else ""

    def count(self, errors: bool) -> int:
        """How many errors there are, or how many warnings."""
        return sum(each.is_error is errors for complaints in self.found.values() for each in complaints)


def is_lesson(place: Path) -> bool:
    """Whether a directory is that of one lesson; else it should be a pack."""
    return (place / "lesson.md").exists() and not (place / "pack.toml").exists()


def as_text(report: Report) -> str:
    from asgiviz.views.text import safe

    lines: list[str] = []
    for folder, complaints in report.found.items():
        lines.append(_heading(report, folder))
        lines += [f"  {_near(each)}" for each in complaints]
    lines.append(_summary(report))
    return "".join(f"{safe(line)}\n" for line in lines)


def _heading(report: Report, folder: str) -> str:
    wrong = any(each.is_error for each in report.found[folder])
    said = ["wrong" if wrong else "nothing wrong so far" if folder in report.untried else "clean"]
    outcome = report.outcomes.get(folder)
    if outcome is not None:
        said.append(f"{outcome.tried} things tried")
        if outcome.starter_fails:
            said.append(f"the starter fails {', '.join(outcome.starter_fails)}")
    if folder in report.untried:
        said.append(report.untried[folder])
    return f"{folder or 'the pack'}: {'; '.join(said)}"


def _near(complaint: Complaint) -> str:
    """A complaint with its file as it is called from here."""
    text, here = str(complaint), f"{Path.cwd()}/"
    return text.removeprefix(here)


def _summary(report: Report) -> str:
    from asgiviz.views.text import counted

    lessons = sum(bool(folder) for folder in report.found)
    counts = [counted(lessons, "lesson"), counted(report.count(True), "error"), counted(report.count(False), "warning")]
    said = f"{', '.join(counts)}, {report.seconds:.1f} s."
    if report.outcomes and report.quick:
        return f"{said} Only on the virtual clock (--quick): nothing was tried in real time."
    return said


def as_json(report: Report) -> str:
    lessons = [
        {
            "folder": folder,
            "tried": report.outcomes[folder].tried if folder in report.outcomes else 0,
            "starter_fails": list(report.outcomes[folder].starter_fails) if folder in report.outcomes else [],
            "untried": report.untried.get(folder),
            "complaints": [_complaint(each) for each in complaints],
        }
        for folder, complaints in report.found.items()
    ]
    whole = {
        "format": FORMAT,
        "path": str(report.place),
        "quick": report.quick,
        "times": report.times,
        "seconds": round(report.seconds, 1),
        "errors": report.count(errors=True),
        "warnings": report.count(errors=False),
        "lessons": lessons,
    }
    return json.dumps(whole, indent=1) + "\n"


def _complaint(each: Complaint) -> dict[str, Any]:
    severity = "error" if each.is_error else "warning"
    return {"file": str(each.file), "line": each.line, "code": each.code, "severity": severity, "sentence": each.sentence}
