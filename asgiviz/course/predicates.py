"""The closed vocabulary of checks: a name, the keys that it takes and the function that judges it. Nothing is evaluated.

`fault` says what is wrong with a check before anything runs, `judge` what a record shows. Not in the list: `buffered`,
`peak_held` and `same_object`, because a recording holds no evidence of what a server or an app keeps in memory; an app
can say the identity of a thing in a note, and then `note` with `data` judges it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asgiviz.course import predicates_answers as answers
from asgiviz.course import predicates_calls as calls
from asgiviz.course import predicates_measures as measures
from asgiviz.course import predicates_order as order
from asgiviz.course.expression import ExpressionError
from asgiviz.course.judging import Case, Finding, JudgingError, NothingError
from asgiviz.course.lesson import Check
from asgiviz.course.metrics import METRICS, metric_named
from asgiviz.course.selectors import CALL_KEYS, selector


@dataclass(frozen=True)
class Predicate:
    """A word of the vocabulary.

    `takes` are the keys that a check may have beside `side`, `needs` those that it must have; `condition`: whether it needs
    an `is` (True), may have one (None) or must not. `events`: its `where` chooses events, not only connections.
    `logical`: its verdict does not depend on how fast anything was (of `metric`: that is the metric's).
    """

    judge: Callable[[Case], Finding]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    condition: bool | None = True
    events: bool = False
    logical: bool = True


PREDICATES: Mapping[str, Predicate] = {
    "count": Predicate(order.count, ("where", "per"), ("where",), events=True),
    "note": Predicate(order.note, ("name", "data", "per"), ("name",), condition=None),
    "never": Predicate(order.never, ("where",), ("where",), condition=False, events=True),
    "order": Predicate(order.order, ("where", "sequence", "per"), ("sequence",), condition=False),
    "before": Predicate(
        order.before, ("where", "other", "which", "per"), ("where", "other"), condition=False, events=True
    ),
    "after": Predicate(
        order.after, ("where", "other", "which", "per"), ("where", "other"), condition=False, events=True
    ),
    "gap": Predicate(order.gap, ("where",), ("where",), events=True, logical=False),
    "overlap": Predicate(measures.overlap, ("where",)),
    "span_overlap": Predicate(measures.span_overlap, ("name",)),
    "makespan": Predicate(measures.makespan, ("ratio_to",), logical=False),
    "duration": Predicate(measures.duration, ("where", "name", "ratio_to"), logical=False),
    "lag": Predicate(measures.lag, ("ratio_to",), logical=False),
    "threads": Predicate(measures.threads, ("name",)),
    "metric": Predicate(measures.metric, ("metric", "ratio_to"), ("metric",)),
    "knob": Predicate(measures.knob, ("name",), ("name",)),
    "clients": Predicate(answers.clients, ("status", "body", "contains", "headers"), condition=None),
    "header": Predicate(answers.header, ("where", "name", "value", "matches", "absent"), ("name",), condition=False),
    "body_bytes": Predicate(answers.body_bytes, ("where",)),
    "content_length_ok": Predicate(answers.content_length_ok, ("where",), condition=False),
    "legal": Predicate(calls.legal, ("where",), condition=False),
    "raises": Predicate(calls.raises, ("where", "type", "text", "at"), condition=None),
    "closed_with": Predicate(calls.closed_with, ("where", "client", "app"), condition=False),
    "send_waits": Predicate(calls.send_waits, ("where",), logical=False),
    "ended_within": Predicate(calls.ended_within, ("where",), ("where",), events=True, logical=False),
}  # fmt: skip
#: key -> the types that its value may have in a file.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "side": (str,), "name": (str,), "data": (dict,), "value": (str,), "matches": (str,), "absent": (bool,), "type": (str,),
    "text": (str,), "at": (str,), "client": (int,), "app": (int,), "status": (int, list), "body": (str,), "contains": (str,),
    "headers": (dict,), "ratio_to": (str,), "metric": (str,),
}  # fmt: skip
#: key -> the words that it may be.
_WORDS = {"per": ("run", "conn"), "which": ("first", "all")}


def is_logical(check: Check) -> bool:
    """Whether a check's verdict is the same on a fast and on a slow machine."""
    predicate = PREDICATES.get(check.expect)
    if check.expect == "metric" and measures.metric_fault(check.keys.get("metric")) is None:
        return metric_named(str(check.keys["metric"]))[1].logical
    return predicate is not None and predicate.logical


def faults(check: Check) -> list[str]:
    """What is wrong with a check as it is written, a sentence each."""
    predicate = PREDICATES.get(check.expect)
    if predicate is None:
        return [f"there is no predicate {check.expect!r}; there are {', '.join(PREDICATES)}"]
    found = [f"{check.expect} needs {key!r}" for key in predicate.needs if key not in check.keys]
    if predicate.condition and check.holds is None:
        found.append(f"{check.expect} needs a condition, such as is = '>= 1'")
    if predicate.condition is False and check.holds is not None:
        found.append(f"{check.expect} takes no 'is'")
    if check.expect == "closed_with" and not {"client", "app"} & check.keys.keys():
        found.append("closed_with needs 'client' or 'app', the code that each saw")
    known = (*predicate.takes, "side")
    for key, value in check.keys.items():
        if key not in known:
            found.append(f"{check.expect} does not know {key!r}; it knows {', '.join(known)}")
        else:
            found += [f"{check.expect}: {said}" for said in _value_faults(predicate, key, value)]
    return found


def judge(case: Case) -> Finding:
    """What the record shows. What cannot be judged is not passed, and says why."""
    check = case.check
    if said := faults(check):
        return Finding(False, f"this check is written wrong: {said[0]}", "")
    try:
        return PREDICATES[check.expect].judge(case)
    except NothingError as nothing:
        return Finding(False, f"nothing to judge: {nothing}", _wanted(case), evidence=_where_it_hangs(case))
    except (JudgingError, ExpressionError) as error:
        return Finding(False, f"this check is written wrong: {error}", "")


def _wanted(case: Case) -> str:
    """The condition in words, as far as it can be told."""
    name = str(case.key("metric", case.check.expect))
    unit = "s" if case.check.expect in ("gap", "send_waits", "ended_within") else ""
    if measures.metric_fault(name) is None and case.key("ratio_to") is None:
        unit = metric_named(name)[1].unit
    try:
        return case.wanted(unit) if case.record.sides else ""
    except (NothingError, JudgingError, ExpressionError):
        return ""


def _where_it_hangs(case: Case) -> str:
    """What is known when there is nothing to judge: who held the loop while the clients waited."""
    try:
        return case.told_calls(case.side.requests)
    except (NothingError, JudgingError):
        return ""


def _value_faults(predicate: Predicate, key: str, value: Any) -> Iterator[str]:
    if key in ("where", "other"):
        try:
            asked = selector(value).asked
        except ValueError as error:
            yield str(error)
            return
        if not predicate.events and (strange := [name for name in asked if name not in CALL_KEYS]):
            yield f"'where' chooses connections here, by {', '.join(CALL_KEYS)}, not by {strange[0]!r}"
    elif key == "sequence":
        yield from filter(None, [order.sequence_fault(value)])
    elif key in _WORDS:
        if value not in _WORDS[key]:
            yield f"{key!r} must be {' or '.join(_WORDS[key])}, not {value!r}"
    elif type(value) not in _KINDS[key]:
        yield f"{key!r} must be {' or '.join(kind.__name__ for kind in _KINDS[key])}, not {value!r}"
    else:
        yield from _text_faults(key, value)


def _text_faults(key: str, value: Any) -> Iterator[str]:
    if key == "metric":
        yield from filter(None, [measures.metric_fault(value)])
    elif key == "ratio_to":
        run, _, rest = value.partition(".")
        if not run or measures.metric_fault(rest) is not None:
            yield f"'ratio_to' must be 'run.metric' with one of {', '.join(METRICS)}, not {value!r}"
    elif key == "matches":
        try:
            re.compile(value)
        except re.error as error:
            yield f"'matches' is no regular expression: {error}"
