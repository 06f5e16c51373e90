"""What a run came to, for the walk: its figures, and the claims of its author that do not hold."""

from __future__ import annotations

from collections.abc import Mapping

from asgiviz.course.lesson import Claim, Experiment
from asgiviz.course.metrics import measure, measure_all
from asgiviz.course.run_record import RunRecord


def figures(record: RunRecord) -> dict[str, float]:
    """What was measured: ``side.metric``, and the bare metric where there is one side."""
    measured = {name: found.value for name, found in measure_all(record).items()}
    if len(record.sides) == 1:
        measured |= {name.rpartition(".")[2]: value for name, value in measured.items()}
    return measured


def broken_claims(experiment: Experiment, record: RunRecord, names: Mapping[str, float]) -> list[Claim]:
    """What the lesson says of this run and did not come true. `names` are the run's knobs and the machine's numbers."""
    broken = []
    for claim in experiment.claims:
        found = measure(record, claim.metric)
        if found is None or not claim.holds.holds(found.value, names):
            broken.append(claim)
    return broken
