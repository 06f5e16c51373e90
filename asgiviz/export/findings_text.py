"""The findings of a check as text for people: how it came out, each rule that was broken with its places, what to do next."""

from __future__ import annotations

import linecache
from datetime import datetime
from functools import partial
from pathlib import Path
from stat import S_ISREG

from asgiviz.export.findings import Checked, Shown, came_to, subject_of
from asgiviz.views.finding_rows import group_rows, wrapped
from asgiviz.views.finding_words import counts
from asgiviz.views.painting import painted
from asgiviz.views.severities import ROLES
from asgiviz.views.spans import Role, Row
from asgiviz.views.text import counted, safe

#: How the names of files of source end.
_PYTHON = (".py", ".pyw")


def render(checked: Checked, shown: Shown, width: int = 80, colour: bool = False, ascii_only: bool = False) -> str:
    """The report, in lines of at most `width` columns."""
    rows = _headline(checked, shown, width)
    source = partial(source_line, began=_began(checked))
    for group in shown.groups():
        rows += [Row([]), *group_rows(group, checked.connections, shown.root, source, width)]
    rows += [Row([]), *_rest(checked, shown, width)]
    return painted(rows, colour, ascii_only)


def _headline(checked: Checked, shown: Shown, width: int) -> list[Row]:
    groups = shown.groups()
    rules = counted(len({group.rule for group in groups}), "rule")
    said = f"{safe(subject_of(checked))}: {came_to(checked, shown, f', {rules}')}"
    return wrapped(said, width, role=ROLES[groups[0].severity] if groups else Role.STRONG)


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
    """The line of source that was run; empty when it is not known, or may have been changed since the recording `began`.

    A recording may come from anybody and name any file of this machine: only Python's are read, and none that never ends.
    """
    try:
        found = Path(file).stat()
        if began is None or found.st_mtime > began or not (S_ISREG(found.st_mode) and file.endswith(_PYTHON)):
            return ""
    except (OSError, ValueError):
        return ""
    return linecache.getline(file, line)


def _began(checked: Checked) -> float | None:
    try:
        return datetime.fromisoformat(checked.header.started).timestamp()
    except ValueError:
        return None
