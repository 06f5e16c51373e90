"""The findings of a check as text for people: how it came out, each rule that was broken with its places, what to do next."""

from __future__ import annotations

import linecache
from datetime import datetime
from functools import partial
from pathlib import Path

from asgiviz.export.findings import Checked, Shown, subject_of
from asgiviz.views.finding_rows import group_rows, wrapped
from asgiviz.views.finding_words import counts
from asgiviz.views.painting import painted
from asgiviz.views.severities import ROLES
from asgiviz.views.spans import Role, Row
from asgiviz.views.text import counted, safe


def render(checked: Checked, shown: Shown, width: int = 80, colour: bool = False, ascii_only: bool = False) -> str:
    """The report, in lines of at most `width` columns."""
    rows = _headline(checked, shown, width)
    source = partial(source_line, began=_began(checked))
    for group in shown.groups():
        rows += [Row([]), *group_rows(group, checked.connections, shown.root, source, width)]
    rows += [Row([]), *_rest(checked, shown, width)]
    return painted(rows, colour, ascii_only)


def _headline(checked: Checked, shown: Shown, width: int) -> list[Row]:
    subject = safe(subject_of(checked))
    if not shown.new:
        what = "nothing new was found" if shown.accepted else "nothing was found"
        what += ", and not everything could be tried" if checked.trouble else ""
        return wrapped(f"{subject}: {what}", width, role=Role.STRONG)
    groups = shown.groups()
    rules = len({group.rule for group in groups})
    said = f"{subject}: {counts(shown.new)}, {counted(rules, 'rule')}"
    return wrapped(said, width, role=ROLES[groups[0].severity])


def _rest(checked: Checked, shown: Shown, width: int) -> list[Row]:
    rows = [row for sentence in checked.trouble for row in wrapped(sentence, width, role=Role.WAITING)]
    if shown.accepted:
        rows += wrapped(f"Accepted by the baseline: {counts(shown.accepted)}.", width)
    if shown.hidden:
        least = min(shown.hidden, key=lambda finding: finding.severity.rank).severity
        rows += wrapped(f"Not shown: {counts(shown.hidden)}. To see them: --min-severity {least}", width, role=Role.QUIET)
    done = [counted(checked.connection_count, "connection"), counted(checked.events, "event"), f"{checked.seconds:.1f} s"]
    rows += wrapped(f"Checked: {', '.join(done)}.", width, role=Role.QUIET)
    if groups := shown.groups():
        rows += wrapped(f"asgiviz rules {groups[0].rule}", width, label="More about a rule: ")
    return rows


def source_line(file: str, line: int, began: float | None) -> str:
    """The line of source that was run; empty when it is not known, or may have been changed since the recording `began`."""
    try:
        if began is None or Path(file).stat().st_mtime > began:
            return ""
    except (OSError, ValueError):
        return ""
    return linecache.getline(file, line)


def _began(checked: Checked) -> float | None:
    try:
        return datetime.fromisoformat(checked.header.started).timestamp()
    except ValueError:
        return None
