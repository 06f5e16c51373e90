"""Linter rules that make the runs of a lesson: apps that import, claims that hold, and answers that are what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from asgiviz.course.anchors import VALUE, inlines
from asgiviz.course.complaints import Complaint
from asgiviz.course.expression import expression
from asgiviz.course.judging import quantity
from asgiviz.course.lesson import Experiment, Question, Side
from asgiviz.course.metrics import measure, metric_named, why_not
from asgiviz.course.reading_pages import LESSON
from asgiviz.course.run_record import RunRecord
from asgiviz.experiment.app_file import app_file
from asgiviz.experiment.attempt import GRADED
from asgiviz.experiment.failure import NoTrialError
from asgiviz.experiment.lint_laboratory import IMPORT_WITHIN, LONGEST_RUN
from asgiviz.experiment.lint_trying import Step, Trying
from asgiviz.experiment.notes import REAL, VIRTUAL
from asgiviz.experiment.trial import Trial
from asgiviz.host.limits import was_refused

#: Seconds that an import may take: who has saved a file waits for it.
LONGEST_IMPORT = 2.0
#: How far the clocks may be from each other: a share, and the seconds that real servers need for a crowd at any rate.
CLOCKS_DIFFER, ALWAYS = 0.1, 0.1
CODES = {VIRTUAL: "E060", REAL: "E061"}


def import_steps(trying: Trying) -> list[Step]:
    """A step for each app."""
    sides = {side.app: side for run in trying.lesson.experiments.values() for side in run.sides}
    return [Step(f"import {side.app}", partial(_imports, trying, side)) for side in sides.values()]


def run_steps(trying: Trying, clock: str) -> list[Step]:
    """A step for each run that is not the learner's."""
    runs = [run for run in trying.lesson.experiments.values() if run.id != GRADED]
    return [Step(f"run {run.id}, {clock} clock", partial(_makes, trying, run, clock)) for run in runs]


def _imports(trying: Trying, side: Side) -> Iterator[Complaint]:
    """An app can be imported within two seconds; who is slow gets a second chance, when the files are in memory."""
    file = side.app.partition(":")[0]
    try:
        app = app_file(trying.lesson, side, None)
        found = trying.laboratory.imported(app, side.interface)
        if not found.trouble and LONGEST_IMPORT < found.seconds < IMPORT_WITHIN:
            found = trying.laboratory.imported(app, side.interface)
        trouble, seconds = found.trouble, found.seconds
    except NoTrialError as error:
        trouble, seconds = error.failure.sentence, 0.0
    if trouble or seconds >= IMPORT_WITHIN:
        trying.broken.add(side.app)
    if trouble:
        yield trying.complaint(file, None, "E038", trouble)
    elif seconds > LONGEST_IMPORT:
        took = f"takes {seconds:.1f} s" if seconds < IMPORT_WITHIN else "does not end"
        yield trying.complaint(
            file, None, "E038", f"the import {took}; at most {LONGEST_IMPORT:g} s, because people wait for it"
        )


def _makes(trying: Trying, run: Experiment, clock: str) -> Iterator[Complaint]:
    """A run can be made on a clock, in time; what it claims holds, and the answers of questions are what it comes to."""
    if not trying.can_run(run):
        return
    trial = trying.laboratory.trial(trying.lesson, run, clock)
    if trial is None:
        yield trying.about_run(run, "E073", f"{_too_long(clock)}: it was not over, and was ended")
        return
    if trial.failure is not None:
        yield trying.about_run(run, CODES[trial.clock], f"cannot be made on the {trial.clock} clock: {trial.failure.sentence}")
        return
    if trial.fell_back is not None:
        if run.clock == VIRTUAL:
            yield trying.about_run(run, "W063", f'{trial.fell_back}; write clock = "real"', "clock")
        if not trying.extent.quick:
            return  # the real clock comes later, when nothing else runs
    record = trial.record()
    yield from _claims(trying, run, trial, record)
    yield from _keeps_to_itself(trying, record)
    yield from _spans(trying, run, trial.clock, record)
    if clock == VIRTUAL:
        yield from _answers(trying, run, trial, record)


def _claims(trying: Trying, run: Experiment, trial: Trial, record: RunRecord) -> Iterator[Complaint]:
    for claim in run.claims:
        found, written = measure(record, claim.metric), claim.metric
        on = f"on the {trial.clock} clock {written}"
        if found is None:
            yield trying.about_run(
                run, CODES[trial.clock], f"{on} cannot be measured: {why_not(record, written)}", f'"{written}"'
            )
        elif not claim.holds.holds(found.value, trial.names):
            unit = metric_named(written)[1].unit
            sums = f" ({claim.holds.expression.value(trial.names):.6g})" if claim.holds.expression.names else ""
            said = f"{on} is {quantity(found.value, unit)}, and the run claims {claim.holds.text}{sums}"
            yield trying.about_run(run, CODES[trial.clock], said, f'"{claim.holds.text}"')


def _keeps_to_itself(trying: Trying, record: RunRecord) -> Iterator[Complaint]:
    for side in record.sides.values():
        refused = [call.error for call in side.connections.values() if was_refused(call.error)]
        file = str(side.facts.get("app")).partition(":")[0]
        for error in refused[:1]:
            yield trying.complaint(file, None, "E070", str((error or {}).get("text")))


def _spans(trying: Trying, run: Experiment, clock: str, record: RunRecord) -> Iterator[Complaint]:
    """How long a run takes, and whether it is as long on the other clock."""
    longest = record.since_zero(record.last)
    if longest > LONGEST_RUN:
        yield trying.about_run(run, "E073", f"{_too_long(clock)}: it takes {longest:.0f} s")
    found = _makespans(record)
    if clock == VIRTUAL:
        with trying.lock:
            trying.makespans[run.id] = found
        return
    virtual = trying.makespans.get(run.id, {})
    if _apart(found, virtual) and (again := trying.laboratory.trial(trying.lesson, run, REAL)) is not None:
        second = _makespans(again.record())  # a machine that does something else makes a run longer, hardly twice
        found = {id_: min(seconds, second.get(id_, seconds)) for id_, seconds in found.items()}
    for id_ in _apart(found, virtual):
        said = f"{id_}.makespan is {found[id_]:.2f} s on the real clock and {virtual[id_]:.2f} s on the virtual one"
        yield trying.about_run(run, "W062", f"{said}: what does it do beside waiting?")


def _makespans(record: RunRecord) -> dict[str, float]:
    """Side -> seconds until its last client was served."""
    return {id_: found.value for id_ in record.sides if (found := measure(record, f"{id_}.makespan")) is not None}


def _apart(real: Mapping[str, float], virtual: Mapping[str, float]) -> list[str]:
    """The sides whose clocks differ by more than is to be expected."""
    both = [id_ for id_ in real if id_ in virtual]
    return [id_ for id_ in both if abs(real[id_] - virtual[id_]) > max(CLOCKS_DIFFER * virtual[id_], ALWAYS)]


def _too_long(clock: str) -> str:
    also = "" if clock == REAL else "on the real clock, which the learner may choose, "
    return f"{also}a run may take {LONGEST_RUN:g} s"


# -- answers -----------------------------------------------------------------------------------------------------------


def _answers(trying: Trying, run: Experiment, trial: Trial, record: RunRecord) -> Iterator[Complaint]:
    """A right answer that is computed is what is measured; the learner sees both beside each other."""
    for question in trying.lesson.questions.values():
        if question.run != run.id or question.reveal is None:
            continue
        found, wanted = measure(record, question.reveal.metric), _computed(question, trial)
        where = trying.subject.line_of_id(LESSON, question.id)
        if found is None:
            why = why_not(record, question.reveal.metric)
            yield trying.complaint(LESSON, where, "E027", f'"{question.id}" reveals {question.reveal.metric}: {why}')
        elif wanted is not None and abs(found.value - wanted) > question.tolerance * abs(wanted) + 1e-9:
            said = f'the answer of "{question.id}" comes to {wanted:.4g}, and {question.reveal.metric} is {found.value:.4g}'
            yield trying.complaint(LESSON, where, "E027", said)


def _computed(question: Question, trial: Trial) -> float | None:
    """What the right answer comes to; None when it is no number, or says several."""
    if question.expects is not None:
        return question.expects.value(trial.names)
    right = next((option.text for option in question.options if option.id == question.answer), "")
    sums = [inline.name for inline in inlines(right) if inline.kind == VALUE]
    return expression(sums[0]).value(trial.names) if len(sums) == 1 else None
