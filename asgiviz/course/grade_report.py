"""A grade as text, as JSON and as JUnit: the same facts, for eyes, for programs and for test runners.

Texts of the learner's app go through unharmed: no control character reaches a terminal, nothing breaks the XML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgiviz.course.grading import Grade, Standing, Verdict
from asgiviz.course.judging import CONTROL, cleaned
from asgiviz.junit import Case, Result, junit_xml

FORMAT = 1
_LABELS = {Standing.PASS: "PASS", Standing.FAIL: "FAIL", Standing.WAIT: "WAIT", Standing.ADVICE: "NOTE"}


@dataclass(frozen=True)
class Circumstances:
    """What a report says beside the verdicts; all of it is known to who runs the exercise."""

    tool: str = "asgiviz"
    pack: str = ""
    pack_hash: str = ""
    file_sha256: str = ""
    servers: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    predictions: Sequence[Mapping[str, Any]] = ()
    attempts: int = 0
    hints_used: int = 0
    timed_out: bool = False


def as_text(grade: Grade, about: Circumstances | None = None) -> str:
    """Lines for a terminal or a screen reader: one for each check that is decided, the first failure with its evidence."""
    about = about or Circumstances()
    parts = [f"Lesson {grade.lesson.number}", "exercise"]
    parts += [f"attempt {about.attempts}"] if about.attempts else []
    parts += [f"clock: {grade.clock}"] if grade.clock else []
    lines = [" - ".join(parts)]
    if grade.failure:
        lines += [cleaned(grade.failure, 1000), *(_plain(line) for line in grade.traceback.splitlines())]
    else:
        width = max((len(verdict.check.id) for verdict in grade.verdicts), default=0)
        for verdict in grade.verdicts:
            if verdict.standing is not Standing.WAIT:
                lines += _told(verdict, width)
            if verdict.standing is Standing.FAIL and grade.waiting:
                lines.append(_waiting(len(grade.waiting)))
    lines.append(f"Score {grade.score}/{grade.max_score}." + (" Passed." if grade.passed else ""))
    return "\n".join(lines) + "\n"


def as_json(grade: Grade, about: Circumstances | None = None) -> str:
    """One JSON object, as docs describe it; `status` is pass, fail, or error when nothing could be judged."""
    about = about or Circumstances()
    report = {
        "format": FORMAT,
        "tool": about.tool,
        "pack": about.pack,
        "pack_hash": about.pack_hash,
        "lesson": grade.lesson.id,
        "file_sha256": about.file_sha256,
        "clock": grade.clock,
        "servers": dict(about.servers),
        "machine": dict(about.machine),
        "status": _status(grade),
        "message": grade.failure,
        "traceback": grade.traceback,
        "score": grade.score,
        "max_score": grade.max_score,
        "timed_out": about.timed_out,
        "tests": [_test(verdict) for verdict in grade.verdicts],
        "predictions": [dict(each) for each in about.predictions],
        "attempts": about.attempts,
        "hints_used": about.hints_used,
    }
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def as_junit(grade: Grade, about: Circumstances | None = None) -> str:
    """One test suite with a test case for each check; what does not keep from passing is skipped, not failed."""
    about = about or Circumstances()
    name = f"{about.pack}.{grade.lesson.id}" if about.pack else grade.lesson.id
    if grade.failure:
        cases = [Case(name, check.id, Result.ERROR, grade.failure, grade.traceback) for check in grade.lesson.checks]
    else:
        cases = [_case(verdict, name) for verdict in grade.verdicts]
    return junit_xml(name, cases)


def _told(verdict: Verdict, width: int) -> list[str]:
    check = verdict.check
    points = f"{verdict.points}/{verdict.max_points}"
    head = f"{_LABELS[verdict.standing]}  {check.id:<{width}}  {points:>5}  "
    if verdict.passed:
        return [head + cleaned(verdict.saw)]
    compared = f"saw {verdict.saw}" + (f", wanted {verdict.wanted}" if verdict.wanted else "")
    lines = [head + cleaned(check.message, 1000), f"      {cleaned(compared, 500)}"]
    return [*lines, f"      evidence: {cleaned(verdict.evidence, 500)}"] if verdict.evidence else lines


def _waiting(number: int) -> str:
    return f"      ({number} more check{'s are' if number > 1 else ' is'} waiting: fix this one first)"


def _status(grade: Grade) -> str:
    if grade.failure:
        return "error"
    return "pass" if grade.passed else "fail"


def _test(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.check.id,
        "status": "pass" if verdict.passed else "fail",
        "standing": verdict.standing.value,
        "type": verdict.check.type.value,
        "points": verdict.points,
        "max_points": verdict.max_points,
        "message": verdict.check.message,
        "saw": verdict.saw,
        "wanted": verdict.wanted,
        "evidence": list(verdict.seqs),
        "connections": list(verdict.conns),
        "evidence_text": verdict.evidence,
    }


def _case(verdict: Verdict, suite: str) -> Case:
    name, message = verdict.check.id, verdict.check.message
    said = f"saw {verdict.saw}, wanted {verdict.wanted}" if verdict.wanted else f"saw {verdict.saw}"
    if verdict.standing in (Standing.FAIL, Standing.WAIT):
        return Case(name=name, suite=suite, result=Result.FAILURE, message=message, text=f"{said}\n{verdict.evidence}".rstrip())
    if verdict.standing is Standing.ADVICE:
        return Case(name=name, suite=suite, result=Result.SKIPPED, message=message, text=said)
    return Case(suite, name)


def _plain(line: str) -> str:
    """A line of a traceback as a terminal can show it, with its spaces."""
    return CONTROL.sub(_escaped, line.expandtabs())


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
