"""Checks on what is measured: a metric and a condition, by itself or set against another run (`ratio_to`)."""

from __future__ import annotations

from asgiviz.course.holding import holds
from asgiviz.course.judging import MOST, Case, Finding, JudgingError, NothingError, beginnings, cleaned, quantity
from asgiviz.course.metrics import METRICS, MetricError, measure, metric_named, why_not
from asgiviz.course.run_record import ConnRecord
from asgiviz.course.stays import Stay, call_stays, open_at_most, span_stay, spans


def overlap(case: Case) -> Finding:
    """How many requests (that `where` chooses) were open at the same time, at most."""
    calls = case.calls()
    most = open_at_most(call_stays(calls))
    if not most:
        raise NothingError("no request was begun")
    seqs, conns = beginnings([*_calls_of(case, most), *calls])
    return Finding(case.holds(len(most)), f"{len(most)}", case.wanted(), _once(seqs), _once(conns), case.told_calls(calls))


def span_overlap(case: Case) -> Finding:
    """How many spans (of this `name`) were open at the same time, at most."""
    case.calls()
    marks = spans(case.side, case.key("name"))
    if not marks:
        raise NothingError(f"no span {case.key('name') or ''}".rstrip() + " was marked")
    most = open_at_most(span_stay(mark) for mark in marks)
    told = [f"{case.at(mark.began)}-{'…' if mark.ended is None else case.at(mark.ended)}" for mark in marks[:6]]
    evidence = f"{cleaned(marks[0].name)} {', '.join(told)}" + (" …" if len(marks) > 6 else "") + case.told_hold()
    seqs = _once([*(stay.began[1] for stay in most), *(mark.seq for mark in marks)])
    conns = tuple(dict.fromkeys(mark.conn for mark in marks if mark.conn is not None))[:MOST]
    return Finding(case.holds(len(most)), f"{len(most)}", case.wanted(), seqs, conns, evidence)


def makespan(case: Case) -> Finding:
    """From the moment the clients were let go until the last of them was served."""
    case.calls()
    return _metric(case, "makespan")


def duration(case: Case) -> Finding:
    """How long each request (that `where` chooses) took, or each span of this `name`; all must hold."""
    calls = case.calls()
    name = case.key("name")
    stays = call_stays(calls) if name is None else [span_stay(mark) for mark in spans(case.side, name)]
    if not stays:
        raise NothingError("no request was begun" if name is None else f"no span {name} was marked")
    if case.key("ratio_to") is not None:
        return _metric(case, "duration")
    lengths = [(((case.record.last if s.ended is None else s.ended[0]) - s.began[0]) / 1e9, s) for s in stays]
    wrong = [each for each in lengths if not case.holds(each[0])]
    longest, stay = max(wrong or lengths, key=lambda each: each[0])
    who = "" if stay.conn is None else f" of {case.who(case.side.connections[stay.conn])}"
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    conns = () if stay.conn is None else (stay.conn,)
    saw = quantity(longest, "s") + who + more
    return Finding(not wrong, saw, case.wanted("s"), (stay.began[1],), conns, case.told_calls(calls))


def lag(case: Case) -> Finding:
    """The longest time that one callback held the loop."""
    case.calls()
    return _metric(case, "lag")


def threads(case: Case) -> Finding:
    """How many different threads ran a note of this `name`; without one, a handler or any note."""
    case.calls()
    if case.key("name") is None:
        return _metric(case, "threads")
    marks = [mark for mark in case.side.marks if mark.name == case.key("name") and case.side.counts(mark.conn)]
    first = {mark.thread: mark for mark in reversed(marks) if mark.thread is not None}
    if not first:
        raise NothingError(f"no note {case.key('name')} was made")
    firsts = sorted(first.values(), key=lambda mark: mark.seq)
    evidence = ", ".join(cleaned(mark.thread, 30) for mark in firsts[:6]) + (" …" if len(firsts) > 6 else "")
    conns = tuple(mark.conn for mark in firsts if mark.conn is not None)
    return Finding(
        case.holds(len(firsts)), f"{len(firsts)}", case.wanted(), tuple(mark.seq for mark in firsts)[:MOST], conns, evidence
    )


def metric(case: Case) -> Finding:
    """Any metric of the table."""
    case.calls()
    return _metric(case, str(case.key("metric")))


def knob(case: Case) -> Finding:
    """What the run was made with, such as the threads of a plan; `name` is the knob."""
    name = str(case.key("name"))
    value = case.record.knobs.get(name)
    if value is None:
        value = case.known.get(name) if name in ("threads", "pool") else None
    if value is None:
        raise JudgingError(f"the run {case.check.run!r} has no knob {name!r}; it has {', '.join(case.record.knobs) or 'none'}")
    return Finding(case.holds(value), f"{cleaned(name)} = {value:g}", case.wanted())


def _metric(case: Case, name: str) -> Finding:
    id_, kind = metric_named(name)
    found = measure(case.record, f"{id_ or case.side.id}.{kind.name}")
    if found is None:
        raise NothingError(why_not(case.record, f"{id_ or case.side.id}.{kind.name}"))
    value, unit, saw = found.value, kind.unit, quantity(found.value, kind.unit)
    if (against := case.key("ratio_to")) is not None:
        value, unit = value / _other(case, str(against)), ""
        saw = f"{value:.2f} times {against} ({saw})"
    seqs, conns = found.seqs[:MOST], found.conns[:MOST]
    return Finding(case.holds(value), saw, case.wanted(unit), seqs, conns, _told(case, kind.name))


def _other(case: Case, name: str) -> float:
    """The value of ``run.metric`` or ``run.side.metric``."""
    run, _, rest = name.partition(".")
    if run not in case.records:
        raise NothingError(f"the run {run!r} was not made, and this one is set against it")
    try:
        other = measure(case.records[run], rest)
        if other is None:
            raise NothingError(f"{name}: {why_not(case.records[run], rest)}")
    except MetricError as error:
        raise JudgingError(str(error)) from None
    if other.value <= 0:
        raise NothingError(f"{name} is 0, and nothing can be set against it")
    return other.value


def _told(case: Case, name: str) -> str:
    if name != "lag":
        return case.told_calls(case.side.requests)
    known = [hold for hold in holds(case.record, case.side) if hold.ns > 0]
    if not known:
        return ""
    hold = next((each for each in known if each.place), known[0])
    place = f" at {cleaned(hold.place)}" if hold.place else ""
    return f"{_holder(case, hold.conn)} held the loop for {quantity(hold.ns / 1e9, 's')} until {case.at(hold.ended)}{place}"


def _holder(case: Case, conn: int | None) -> str:
    call = None if conn is None else case.side.connections.get(conn)
    return "something" if call is None else case.who(call)


def _calls_of(case: Case, stays: list[Stay]) -> list[ConnRecord]:
    return [case.side.connections[stay.conn] for stay in stays if stay.conn is not None]


def _once(numbers: tuple[int, ...] | list[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))[:MOST]


def metric_fault(name: object) -> str | None:
    """What is wrong with the name of a metric, in a sentence."""
    if not isinstance(name, str):
        return f"a metric's name must be a text, one of {', '.join(METRICS)}"
    try:
        metric_named(name)
    except MetricError as error:
        return str(error)
    return None
