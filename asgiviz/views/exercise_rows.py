"""The exercise in the text of a lesson: which file, what its recording showed check by check, and the hints so far.

The first check that does not hold is unfolded; those behind it wait. What is drawn is the grade, and nothing is graded here.
"""

from __future__ import annotations

from asgiviz.course.grading import Grade, Standing, Verdict
from asgiviz.course.walk import Walk
from asgiviz.views import traceback_rows
from asgiviz.views.boxes import EDGES, boxed, indented
from asgiviz.views.markdown_rows import markdown, wrapped
from asgiviz.views.spans import Role, Row, Span
from asgiviz.views.text import cells_of, fit, number, safe

_SIGNS = {
    Standing.PASS: ("✓ ", Role.SEND),
    Standing.FAIL: ("✗ ", Role.ERROR),
    Standing.WAIT: ("· ", Role.QUIET),
    Standing.ADVICE: ("○ ", Role.LIFE),
}


def exercise(walk: Walk, width: int, grade: Grade | None = None, file: str = "", said: str = "") -> list[Row]:
    """The block of the exercise. `file` is the learner's copy, `said` a sentence on what is going on (``checking …``)."""
    room = max(1, width - EDGES)
    rows = [Row([Span("your file  ", Role.QUIET), Span(_path(file, max(1, room - 11)), Role.STRONG)])] if file else []
    rows += [Row(line) for line in wrapped([Span(safe(said), Role.LIFE)], room)] if said else []
    if grade is None:
        rows += [Row([]), *(row for check in walk.lesson.checks for row in _check("· ", Role.QUIET, check.message, room))]
    elif grade.failure:
        rows += [Row([]), *_failure(grade, room)]
    else:
        rows += [Row([]), *(row for verdict in grade.verdicts for row in _verdict(walk, verdict, room))]
        if grade.traceback and not grade.passed:
            rows += [Row([]), *traceback_rows.draw(grade.traceback, room, everything=True)]
        rows += [Row([]), *_score(grade, room)]
    passed = grade.passed if grade is not None else walk.progress.passed_at is not None
    keys = [Span("e", Role.STRONG), Span(" edit   ", Role.QUIET), Span("x", Role.STRONG), Span(" check   ", Role.QUIET)]
    keys += [Span("s", Role.STRONG), Span(" solutions", Role.QUIET)] if passed else _help(grade)
    rows += [Row([]), *(Row(line) for line in wrapped(keys, room))]
    attempts = walk.progress.attempts
    tried = f"{number(attempts)} {'try' if attempts == 1 else 'tries'}" if attempts else ""
    return boxed("Exercise" + (" · passed ✓" if passed else ""), rows, width, Role.SEND if passed else Role.LIFE, tried)


def _path(file: str, width: int) -> str:
    """A path whose end, which says most, is whole."""
    parts = safe(file).split("/")
    while len(parts) > 1 and cells_of("/".join(parts)) > width:
        parts = ["…", *parts[2 if parts[0] == "…" else 1 :]]
    return fit("/".join(parts), width)


def _help(grade: Grade | None) -> list[Span]:
    if grade is None or grade.first is None:
        return []
    where = [Span("w", Role.STRONG), Span(" where   ", Role.QUIET)] if grade.first.seqs else []
    return [*where, Span("h", Role.STRONG), Span(" hint", Role.QUIET)]


def _verdict(walk: Walk, verdict: Verdict, width: int) -> list[Row]:
    """A line for a check; unfolded when it is the one to look at."""
    sign, role = _SIGNS[verdict.standing]
    seq = verdict.seqs[0] if verdict.seqs else None
    rows = [Row(row.spans, seq) for row in _check(sign, role, verdict.check.message, width)]
    if verdict.standing is Standing.ADVICE:
        return [*rows, *indented(_compared(verdict, width - 4), 4)]
    if verdict.standing is not Standing.FAIL:
        return rows
    rows += indented(_compared(verdict, width - 4), 4)
    hints = walk.hints_given(verdict.check.id)
    for place, hint in enumerate(hints, 1):
        lead = Row([Span(f"hint {place} of {len(verdict.check.hints)}", Role.LIFE)])
        rows += indented([lead, *indented(markdown(hint, max(1, width - 6)), 2)], 4)
    return rows


def _compared(verdict: Verdict, width: int) -> list[Row]:
    """Saw, wanted, evidence: each on its line."""
    told_rows: list[Row] = []
    for name, text, role in (
        ("saw      ", verdict.saw, Role.ERROR if verdict.standing is Standing.FAIL else Role.PLAIN),
        ("wanted   ", verdict.wanted, Role.STRONG),
        ("evidence ", verdict.evidence, Role.PLAIN),
    ):
        lines = wrapped([Span(safe(text), role)], max(1, width - len(name))) if text else []
        lead = [Span(name, Role.QUIET)]
        told_rows += [Row([*(lead if not place else [Span(" " * len(name))]), *line]) for place, line in enumerate(lines)]
    return told_rows


def _check(sign: str, role: Role, message: str, width: int) -> list[Row]:
    lines = markdown(message, max(1, width - 2), Role.QUIET if sign == "· " else Role.PLAIN) or [Row([])]
    return [Row([Span(sign if not place else "  ", role), *row.spans]) for place, row in enumerate(lines)]


def _failure(grade: Grade, width: int) -> list[Row]:
    """Why nothing could be judged, and the traceback of the learner's code as it is read best."""
    rows = [Row(line) for line in wrapped([Span("✗ ", Role.ERROR), Span(safe(grade.failure))], width)]
    if not grade.traceback:
        return rows
    return [*rows, Row([]), *traceback_rows.draw(grade.traceback, width, everything=True)]


def _score(grade: Grade, width: int) -> list[Row]:
    waiting = len(grade.waiting)
    spans = [Span(f"{number(grade.score)} of {number(grade.max_score)} points", Role.STRONG)]
    if grade.clock:
        spans.append(Span(f" · {safe(grade.clock)} clock", Role.QUIET))
    if waiting:
        more = "1 more check waits" if waiting == 1 else f"{number(waiting)} more checks wait"
        spans.append(Span(f" · {more} (·): put this one right first", Role.QUIET))
    if grade.passed:
        spans.append(Span(" · Passed. Well done.", Role.SEND))
    return [Row(line) for line in wrapped(spans, width)]
