"""A traceback in running text: the error first, then where in the learner's own code; each line wrapped, its source below."""

from __future__ import annotations

from asgiviz.views.boxes import indented
from asgiviz.views.markdown_rows import wrapped
from asgiviz.views.spans import Role, Row, Span
from asgiviz.views.text import safe
from asgiviz.views.tracebacks import Line, parse, told

_ROLES = {Line.ERROR: Role.ERROR, Line.TIED: Role.ERROR, Line.OWN: Role.STRONG}


def draw(traceback: str, width: int, everything: bool) -> list[Row]:
    """All of it, or without `everything` the frames of others as one line."""
    rows: list[Row] = []
    for line in told(parse(traceback), everything):
        lead = f"{line.lead} " if line.lead else ""
        text = Span(safe(line.text), _ROLES.get(line.what, Role.QUIET))
        rows += [Row(each) for each in wrapped([Span(lead, Role.QUIET), text], width)]
        if line.source:
            rows += indented([Row(each) for each in wrapped([Span(safe(line.source))], max(1, width - 4))], 4)
    return rows
