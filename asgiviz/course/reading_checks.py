"""From checks.toml to `Check`s. Whether a check's keys fit its predicate is for the linter, which knows the predicates."""

from __future__ import annotations

from collections.abc import Collection

from asgiviz.course.keys import Keys
from asgiviz.course.lesson import Check, CheckType


def read_checks(keys: Keys, runs: Collection[str]) -> tuple[Check, ...]:
    """All checks of a lesson, in the order of the file."""
    checks: list[Check] = []
    for each in keys.tables("check"):
        check = _check(each)
        if check.id in {known.id for known in checks}:
            each.complain("E004", f'there are two checks "{check.id}"', "id")
        if check.run and check.run not in runs:
            each.complain("E046", f'there is no run "{check.run}" in experiments.toml', "run")
        checks.append(check)
    keys.end()
    return tuple(checks)


def _check(keys: Keys) -> Check:
    return Check(
        id=keys.id(),
        run=keys.text("run", "graded"),
        expect=keys.text("expect"),
        message=keys.text("message"),
        hints=keys.texts("hints"),
        points=keys.whole("points", 1, most=100),
        type=CheckType(keys.choice("type", [each.value for each in CheckType], CheckType.ESSENTIAL.value)),
        holds=keys.condition("is"),
        keys=keys.rest(),
    )
