"""A run in the text of a lesson: what it is, its knobs, whether it may be made, and what it measured when it was.

Every figure is of the learner's last run, out of the walk; nothing here knows how a run should come out.
"""

from __future__ import annotations

from collections.abc import Mapping

from asgiviz.course.lesson import Experiment, Interface, Knob, Side
from asgiviz.course.metrics import METRICS, MetricError, metric_named
from asgiviz.course.walk import Walk
from asgiviz.views.boxes import EDGES, boxed
from asgiviz.views.markdown_rows import wrapped
from asgiviz.views.spans import Role, Row, Span, Spans, shortened, text_of
from asgiviz.views.text import cells_of, counted, fit, safe

#: What the names of settings are called, and their units.
_WORDS = {"wait": ("wait", "s"), "chunk": ("chunk", "B"), "stagger": ("stagger", "s"), "read_speed": ("reading", "B/s")}


def run(
    walk: Walk,
    id_: str,
    width: int,
    running: bool = False,
    phase: str = "",
    trouble: str = "",
    clocks: Mapping[str, str] | None = None,
    knob: str | None = None,
) -> list[Row]:
    """The block of a run: what it is made with, what can be done now, and what it measured."""
    experiment, room = walk.lesson.experiments[id_], max(1, width - EDGES)
    clock = (clocks or {}).get(id_) or f"{walk.clock(id_)} clock"
    rows = [Row(line) for side in experiment.sides for line in wrapped(_side(walk, experiment, side), room)]
    rows += [Row(line) for line in wrapped(_settings(walk, experiment, knob), room)]
    rows += _figures(walk, experiment, room)
    if doubt := walk.doubt(id_):
        rows += [Row(line) for line in wrapped([Span("⚠ ", Role.WAITING), Span(safe(doubt))], room)]
    if trouble:
        rows += [Row(line) for line in wrapped([Span("✗ ", Role.ERROR), Span(safe(trouble))], room)]
    rows += [Row([]), *(Row(line) for line in wrapped(_can(walk, experiment, running, phase), room))]
    open_ = walk.may_run(id_)
    return boxed(
        f"▶ {experiment.title}", rows, width, Role.LIFE if open_ and id_ not in walk.progress.runs else Role.QUIET, clock
    )


def figures(walk: Walk, experiment: Experiment) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the last run measured: the words of a metric, and (side, value) for each side that was asked for."""
    ran = walk.progress.runs.get(experiment.id)
    return [] if ran is None else told_figures(experiment, ran.figures)


def told_figures(experiment: Experiment, measured: Mapping[str, float]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The figures of any run of an experiment (``side.metric``), in the same form."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in experiment.measures or ("makespan",):
        try:
            side, metric = metric_named(name)
        except MetricError:
            continue
        for each in experiment.sides:
            value = measured.get(f"{each.id}.{metric.name}")
            if value is not None and side in (None, each.id):
                found.setdefault(metric.name, []).append((each.id, _value(value, metric.unit)))
    return [(METRICS[name].words, values) for name, values in found.items()]


def told_settings(experiment: Experiment, settings: Mapping[str, float]) -> str:
    """``10 clients · wait 0.5 s``: what a run was made with."""
    return text_of(_told(experiment, settings, None))


def _figures(walk: Walk, experiment: Experiment, width: int) -> list[Row]:
    """``the last client was served after``, and below it ``WSGI 5.02 s``, ``ASGI 0.51 s``."""
    labels = {side.id: safe(side.label or side.id) for side in experiment.sides}
    several = len(experiment.sides) > 1
    rows: list[Row] = []
    for words, values in figures(walk, experiment):
        column = max(cells_of(labels[side]) for side, _ in values)
        measured = [
            [Span(f"  {fit(labels[side], 32):<{min(column, 32)}}  ", Role.LIFE), Span(value, Role.STRONG)]
            for side, value in values
        ]
        if not several:
            rows += [Row(line) for line in wrapped([Span(f"{words}  "), measured[0][1]], width)]
            continue
        rows += [Row(line) for line in wrapped([Span(words)], width)]
        rows += [Row(shortened(line, width)) for line in measured]
    settings = walk.progress.runs.get(experiment.id)
    if rows and settings is not None:
        told = _told(experiment, settings.settings, None)
        rows = [Row([]), *(Row(line) for line in wrapped([Span("measured with ", Role.QUIET), *told], width)), *rows]
    return rows


def _side(walk: Walk, experiment: Experiment, side: Side) -> Spans:
    what = served_by(side, walk.settings(experiment.id))
    return [Span(safe(side.label or side.id), Role.STRONG), Span(f" · {what} · {safe(side.app)}", Role.QUIET)]


def _settings(walk: Walk, experiment: Experiment, chosen: str | None) -> Spans:
    spans = _told(experiment, walk.settings(experiment.id), chosen)
    if experiment.knobs and walk.may_turn(experiment.id):
        spans += [Span("   + -", Role.STRONG), Span(" change", Role.QUIET)]
        spans += [Span("   o", Role.STRONG), Span(" another value", Role.QUIET)] if len(experiment.knobs) > 1 else []
    return spans


def served_by(side: Side, settings: Mapping[str, float]) -> str:
    """``4 threads`` or ``one event loop``: who runs the app of a side."""
    threads = int(settings.get(f"{side.id}.threads", side.threads))
    return counted(threads, "thread") if side.interface is Interface.WSGI else "one event loop"


def setting_words(experiment: Experiment, settings: Mapping[str, float]) -> dict[str, str]:
    """``10 clients``, ``wait 0.5 s``: the settings that are worth a word, by their names."""
    labelled = {knob.name: knob for knob in experiment.knobs}
    names = dict.fromkeys(("clients", "wait", *labelled))
    return {name: _setting(name, settings[name], labelled.get(name)) for name in names if name in settings}


def _told(experiment: Experiment, settings: Mapping[str, float], chosen: str | None) -> Spans:
    """``10 clients · wait 0.5 s``; the value that + and - turn stands between marks."""
    spans: Spans = []
    for name, said in setting_words(experiment, settings).items():
        spans += [Span(" · ", Role.QUIET)] if spans else []
        spans += [Span(f"[{said}]", Role.MARK)] if name == chosen else [Span(said)]
    return spans


def _setting(name: str, value: float, knob: Knob | None) -> str:
    if knob is not None and knob.label:
        return f"{fit(knob.label, 40)} {_number(value)}"
    side, _, short = name.rpartition(".")
    if short in ("clients", "threads"):
        noun = short[:-1] if value == 1 else short
        return f"{_number(value)} {fit(side, 24) + ' ' if side else ''}{noun}"
    words, unit = _WORDS.get(short, (fit(name, 40), ""))
    return f"{words} {_number(value)}{' ' + unit if unit else ''}"


def _can(walk: Walk, experiment: Experiment, running: bool, phase: str) -> Spans:
    """What can be done now."""
    if running:
        return [Span("… ", Role.LIFE), Span(safe(phase) or "running")]
    if walk.locked_by(experiment.id) is not None:
        return [Span("locked: ", Role.WAITING), Span("answer first, then run it.", Role.QUIET)]
    if not walk.may_run(experiment.id):
        return [Span("It comes later on this page.", Role.QUIET)]
    if experiment.id in walk.progress.runs:
        return [
            Span("r", Role.STRONG),
            Span(" run again   ", Role.QUIET),
            Span("space", Role.STRONG),
            Span(" play back", Role.QUIET),
        ]
    return [Span("enter", Role.STRONG), Span(" run", Role.QUIET)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 1 else f"{value:.4g}"


def _value(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit == "s" else f"{_number(value)}{' ' + unit if unit else ''}"
