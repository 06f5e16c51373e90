"""What stands on the stage of a lesson: nothing yet, a run that starts, its picture or lanes at a moment, or why it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asgiviz.course.lesson import Experiment
from asgiviz.course.run_record import RunRecord
from asgiviz.views import restaurant, stage_lanes, traceback_rows
from asgiviz.views.markdown_rows import wrapped
from asgiviz.views.spans import Role, Row, Span, shortened
from asgiviz.views.text import fit, safe

#: Rows from which on there is room for a line that explains the signs.
ROOMY = 12


def empty(experiment: Experiment | None, locked: bool, width: int) -> list[Row]:
    """Before the first run: what will be seen here."""
    if experiment is None:
        return [Row([Span("Nothing runs on this page.", Role.QUIET)])]
    says = "Answer the question first; then enter runs it." if locked else "Enter runs it."
    rows = [Row([]), Row(shortened([Span(safe(experiment.title), Role.STRONG)], width)), Row([])]
    for side in experiment.sides:
        app = [
            Span(f"{side.interface.value.upper():<5} ", Role.LIFE),
            Span(f"{safe(side.label)}   " if side.label.upper() != side.interface.value.upper() else ""),
            Span(safe(side.app), Role.QUIET),
        ]
        rows.append(Row(shortened(app, width)))
    return [*rows, Row([]), *(Row(line) for line in wrapped([Span(says, Role.QUIET)], width))]


def starting(title: str, width: int) -> list[Row]:
    """The servers are being started."""
    return [
        Row([]),
        Row(shortened([Span(safe(title), Role.STRONG)], width)),
        Row([]),
        Row(shortened([Span("The servers are starting …", Role.QUIET)], width)),
    ]


def failed(sentence: str, traceback: str, width: int) -> list[Row]:
    """Why there is no run to see, and the traceback of the code that ran."""
    rows = [Row([]), *(Row(line) for line in wrapped([Span("✗ ", Role.ERROR), Span(safe(sentence))], width)), Row([])]
    return [*rows, *traceback_rows.draw(traceback, width, everything=True)] if traceback else rows


def draw(
    shown: Sequence[tuple[str, RunRecord]],
    picture: bool,
    width: int,
    height: int,
    at: int,
    growing: bool,
    end: int = 0,
    sentence: str = "",
) -> list[Row]:
    """The newest run as a picture, or all of them as lanes on one axis, which ends at `end` when the run is over; at the foot
    what happens at this moment."""
    foot = [Row(line) for line in wrapped([Span(safe(sentence), Role.LIFE)], width)][:2] if sentence else []
    room = height - len(foot)
    if picture and len(shown) == 1:
        rows = restaurant.draw(shown[0][1], width, room, at)
    else:
        legend = [Row(stage_lanes.legend(width))] if room >= ROOMY else []
        stage = stage_lanes.Stage(shown if len(shown) > 1 else [("", shown[0][1])], growing, deep=True, end=end)
        rows = [*stage_lanes.draw(stage, width, room - len(legend), at), *legend]
    return [*rows, *[Row([])] * (room - len(rows)), *foot]


def run_title(experiment: Experiment, knobs: Mapping[str, float]) -> str:
    """What tells a run from others of the same experiment: the values that can be changed."""
    parts = [f"{safe(knob.label or knob.name)} {knobs[knob.name]:g}" for knob in experiment.knobs if knob.name in knobs]
    return fit(", ".join(parts) or experiment.title, 60)
