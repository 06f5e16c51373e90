"""Linter rules on runs: what they measure and claim can be known, and nothing stands there in vain (E030 to W036)."""

from __future__ import annotations

from collections.abc import Iterator

from asgiviz.course.expression import Condition, ExpressionError
from asgiviz.course.knobs import settings_of
from asgiviz.course.lesson import Ask, Experiment, Go
from asgiviz.course.lint_subject import Found, Rule, Subject, trouble_with_metric
from asgiviz.course.reading import GRADED

RUNS = "experiments.toml"


def metrics_exist(subject: Subject) -> Iterator[Found]:
    """What a run measures and claims is in the table of metrics, for one of its sides."""
    for run in subject.lesson.experiments.values():
        where = subject.line_of_id(RUNS, run.id)
        for name in (*run.measures, *(claim.metric for claim in run.claims)):
            if sentence := trouble_with_metric(run, name):
                yield RUNS, where, sentence


def claims_are_there(subject: Subject) -> Iterator[Found]:
    """Every run of the text claims something, so that it is known whether it came out as it should."""
    for run in _shown(subject):
        if not run.claims:
            where = subject.line_of_id(RUNS, run.id)
            yield RUNS, where, f'run "{run.id}" claims nothing: claims = [{{ metric = "makespan", is = "<= 2 * wait" }}]'


def claims_can_be_computed(subject: Subject) -> Iterator[Found]:
    """Claims use names that their run has."""
    for run in subject.lesson.experiments.values():
        for claim in run.claims:
            if sentence := trouble_with_names(claim.holds, run):
                yield RUNS, subject.line_of_id(RUNS, run.id), f'a claim of run "{run.id}": {sentence}'


def trouble_with_names(condition: Condition, run: Experiment) -> str:
    """Why a condition cannot be computed for a run, as a sentence; empty when it can."""
    try:
        condition.expression.value({"cores": 1.0} | settings_of(run))
    except ExpressionError as error:
        return str(error)
    return ""


def knobs_hold_their_value(subject: Subject) -> Iterator[Found]:
    """The value that the author wrote is one of those that its knob goes through."""
    for run in subject.lesson.experiments.values():
        own = settings_of(run)
        for knob in run.knobs:
            if own.get(knob.name) not in knob.values:
                now = own.get(knob.name)
                value = "has no value" if now is None else f"is {now:g}"
                where = subject.line_of_id(RUNS, run.id)
                yield RUNS, where, f'{knob.name} {value} in run "{run.id}"; put that value among those of its knob'


def runs_are_made(subject: Subject) -> Iterator[Found]:
    """Every run is made in the text, used by a check, or graded."""
    shown = {run.id for run in _shown(subject)} | {check.run for check in subject.lesson.checks} | {GRADED}
    for id_ in subject.lesson.experiments:
        if id_ not in shown:
            yield RUNS, subject.line_of_id(RUNS, id_), f'run "{id_}" is made nowhere: write {{run:{id_}}} in the text'


def something_is_changed(subject: Subject) -> Iterator[Found]:
    """The learner can change at least one run."""
    shown = _shown(subject)
    if shown and not any(run.knobs for run in shown):
        yield RUNS, None, "no run has knobs: let the learner change something, for example clients = [5, 10, 20]"


def something_is_observed(subject: Subject) -> Iterator[Found]:
    """After at least one run the learner is asked what was to be seen."""
    kinds = {subject.lesson.questions[block.question].kind.value for block in _blocks(subject) if isinstance(block, Ask)}
    if _shown(subject) and "observe" not in kinds:
        yield "lesson.md", None, "there is no [[observe]]: one in five sees something else than what happened, unless asked"


def _shown(subject: Subject) -> list[Experiment]:
    ids = dict.fromkeys(block.run for block in _blocks(subject) if isinstance(block, Go))
    return [subject.lesson.experiments[id_] for id_ in ids]


def _blocks(subject: Subject) -> list[object]:
    return [block for page in subject.lesson.pages for block in page.blocks]


RULES = (
    Rule("E030", "what is measured and claimed can be measured", metrics_exist),
    Rule("E034", "every run claims something", claims_are_there),
    Rule("E035", "claims can be computed", claims_can_be_computed),
    Rule("E032", "a knob goes through the value of its run", knobs_hold_their_value),
    Rule("W031", "every run is made", runs_are_made),
    Rule("W036", "the learner can change something", something_is_changed),
    Rule("W037", "the learner is asked what was to be seen", something_is_observed),
)
