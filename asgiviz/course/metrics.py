"""What can be measured in the record of a run: a closed table. Nothing is estimated; what cannot be measured says why.

A name is ``metric``, or ``side.metric`` when a run has several sides. A table, and therefore long.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from asgiviz.course.holding import holds
from asgiviz.course.run_record import ClientRecord, RunRecord, SideRecord
from asgiviz.course.stays import Stay, call_stays, open_at_most, queue_stays, span_stay, spans, step_stay
from asgiviz.model.events import CLOSELY, Ev

_NO_REQUEST = "no request arrived"
_NO_LOOP = "a WSGI server has no event loop"
#: How an answer ends that came whole, or of which the client had as much as it wanted; a message of a WebSocket has no ending.
SERVED = ("complete", "left", "")
#: Events of a connection at which nothing crosses the line.
_BESIDE = CLOSELY | {Ev.STEP_BEGIN, Ev.STEP_END}


class MetricError(ValueError):
    """There is no such metric; `str()` is one sentence."""


@dataclass(frozen=True)
class Measured:
    """A value in the metric's unit, and what to look at: events and connections, the telling ones first."""

    value: float
    seqs: tuple[int, ...] = ()
    conns: tuple[int, ...] = ()


@dataclass(frozen=True)
class Metric:
    """Something to measure. `words` go before the value on the screen, `how` says in a sentence how it is measured.

    `unit` is ``s`` or empty. `logical`: it does not depend on how fast the machine is.
    """

    name: str
    words: str
    unit: str
    how: str
    read: Callable[[RunRecord, SideRecord], Measured | str] = field(repr=False)
    logical: bool = True


def finished(client: ClientRecord) -> int | None:
    """When a client had what it came for; None when it never did."""
    if client.trouble or (client.answers and client.answers[-1].ending not in SERVED):
        return None
    return client.done if client.answers else client.closed


def _from_go(last: bool) -> Callable[[RunRecord, SideRecord], Measured | str]:
    def read(record: RunRecord, side: SideRecord) -> Measured | str:
        if not side.clients:
            return "no client was seen"
        done = [(t, client) for client in side.clients.values() if (t := finished(client)) is not None]
        if not done or (last and len(done) < len(side.clients)):
            return f"{len(side.clients) - len(done)} of {len(side.clients)} clients were never served"
        t, client = (max if last else min)(done, key=lambda each: (each[0], each[1].number))
        call = side.connection_of(client)
        seqs = (client.answers[-1].seq,) if client.answers else (client.events[-1].seq,)
        return Measured(record.since_zero(t), seqs, () if call is None else (call.conn,))

    return read


def _longest_wait(record: RunRecord, side: SideRecord) -> Measured | str:
    waits: list[tuple[int, int, int | None]] = []
    for client in side.clients.values():
        since = client.sent if client.sent is not None else client.connected
        if since is None:
            continue
        call = side.connection_of(client)
        began = record.last if call is None or call.began is None else call.began
        seq = client.events[0].seq if call is None or call.began_seq is None else call.began_seq
        waits.append((max(0, began - max(since, record.zero or 0)), seq, None if call is None else call.conn))
    if not waits:
        return "no client was seen"
    ns, seq, conn = max(waits, key=lambda wait: wait[0])
    return Measured(ns / 1e9, (seq,), () if conn is None else (conn,))


def _peak(stays: Iterable[Stay]) -> Measured:
    most = open_at_most(stays)
    conns = dict.fromkeys(stay.conn for stay in most if stay.conn is not None)
    return Measured(len(most), tuple(stay.began[1] for stay in most), tuple(conns))


def _overlap(_: RunRecord, side: SideRecord) -> Measured | str:
    stays = call_stays(side.requests)
    return _peak(stays) if stays else _NO_REQUEST


def _running(record: RunRecord, side: SideRecord) -> Measured | str:
    if side.interface == "wsgi":
        return _overlap(record, side)
    stays = [step_stay(step, call.conn) for call in side.requests for step in call.steps]
    return _peak(stays) if stays else "the steps of the tasks were not recorded"


def _switches(_: RunRecord, side: SideRecord) -> Measured | str:
    if side.interface == "wsgi":
        return _NO_LOOP
    steps = sorted((step.began, step.seq, step.task, call.conn) for call in side.requests for step in call.steps)
    if not steps:
        return "the steps of the tasks were not recorded"
    changes = [after for before, after in itertools.pairwise(steps) if before[2] != after[2]]
    return Measured(len(changes), tuple(each[1] for each in changes), tuple(dict.fromkeys(each[3] for each in changes)))


def _lag(record: RunRecord, side: SideRecord) -> Measured | str:
    if side.interface == "wsgi":
        return _NO_LOOP
    known = holds(record, side)
    if not known:
        return Measured(0.0) if side.requests else _NO_REQUEST
    return Measured(known[0].ns / 1e9, (known[0].seq,), () if known[0].conn is None else (known[0].conn,))


def _threads(_: RunRecord, side: SideRecord) -> Measured | str:
    first: dict[str, tuple[int, int | None]] = {}
    for call in side.requests:
        if call.thread is not None and call.began_seq is not None:
            first.setdefault(call.thread, (call.began_seq, call.conn))
    for mark in side.marks:
        if mark.thread is not None and side.counts(mark.conn):
            first.setdefault(mark.thread, (mark.seq, mark.conn))
    if not first:
        return "no handler said in which thread it ran" if side.requests else _NO_REQUEST
    return Measured(
        len(first), tuple(seq for seq, _ in first.values()), tuple(conn for _, conn in first.values() if conn is not None)
    )


def _queued(_: RunRecord, side: SideRecord) -> Measured | str:
    if side.interface != "wsgi":
        return "an ASGI server has no line for threads"
    return _peak(queue_stays(side)) if side.requests else _NO_REQUEST


def _served(_: RunRecord, side: SideRecord) -> Measured | str:
    if not side.clients:
        return "no client was seen"
    answers = [answer for client in side.clients.values() for answer in client.answers]
    good = [each for each in answers if type(each.status) is int and 200 <= each.status < 300 and each.ending in SERVED]
    return Measured(len(good), tuple(sorted(answer.seq for answer in good)))


def _events(_: RunRecord, side: SideRecord) -> Measured | str:
    if not side.requests:
        return _NO_REQUEST
    crossed = [event.seq for call in side.requests for event in call.events if event.ev not in _BESIDE]
    return Measured(len(crossed), tuple(crossed), tuple(call.conn for call in side.requests))


def _span_overlap(_: RunRecord, side: SideRecord) -> Measured | str:
    stays = [span_stay(mark) for mark in spans(side)]
    return _peak(stays) if stays else "the app marked no span"


def _duration(record: RunRecord, side: SideRecord) -> Measured | str:
    stays = call_stays(side.requests)
    if not stays:
        return _NO_REQUEST
    longest = max(stays, key=lambda stay: (record.last if stay.ended is None else stay.ended[0]) - stay.began[0])
    ended = record.last if longest.ended is None else longest.ended[0]
    return Measured((ended - longest.began[0]) / 1e9, (longest.began[1],), (longest.conn or 0,))


_ALL = (
    Metric(
        "makespan", "the last client was served after", "s",
        "From the moment the clients were let go until the last of them had its whole answer.", _from_go(last=True), False,
    ),
    Metric(
        "first", "the first client was served after", "s",
        "From the moment the clients were let go until the first of them had its whole answer.", _from_go(last=False), False,
    ),
    Metric(
        "longest_wait", "the longest wait before a request began", "s",
        "From the moment a client had sent its request until the app was called with it; the longest.", _longest_wait, False,
    ),
    Metric(
        "overlap", "requests open at the same time, at most", "",
        "A request is open from the call of the app until that call ends.", _overlap,
    ),
    Metric(
        "running", "running at the same instant, at most", "",
        "On a loop: the steps of tasks, from when the loop lets one run until it gives the loop back. With threads: the calls.",
        _running,
    ),
    Metric(
        "switches", "times the loop changed from one task to another", "",
        "The steps of the requests' tasks in order; each that is of another task than the one before.", _switches, False,
    ),
    Metric(
        "lag", "the longest time that one callback held the loop", "s",
        "The longest of what the watch on the loop saw and of the steps that were recorded.", _lag, False,
    ),
    Metric("threads", "threads that did the work", "", "The different threads that ran a handler or a note.", _threads),
    Metric(
        "queued", "requests in line for a thread at once, at most", "",
        "A request stands in line from when the server has read it until a thread takes it, however short.", _queued, False,
    ),
    Metric("served", "answers with a status of 2xx", "", "What the clients got, whole.", _served),
    Metric("events", "events of the requests", "", "What was recorded between server and app for the requests.", _events),
    Metric(
        "span_overlap", "spans open at the same time, at most", "",
        "A span is open from its first note until its last (with asgiviz.span).", _span_overlap,
    ),
    Metric(
        "duration", "the longest request took", "s",
        "From the call of the app until that call ended; the longest.", _duration, False,
    ),
)  # fmt: skip
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
#: Other names for some.
ALIASES = {"max_lag": "lag"}


def metric_named(name: str) -> tuple[str | None, Metric]:
    """The side (None: the only one) and the metric that a name means. MetricError when there is no such metric."""
    side, _, short = name.rpartition(".")
    metric = METRICS.get(ALIASES.get(short, short))
    if metric is None:
        raise MetricError(f"there is no metric {short!r}; there are {', '.join(METRICS)}")
    return side or None, metric


def measure(record: RunRecord, name: str) -> Measured | None:
    """What a metric comes to; None when there is nothing to measure (`why_not` says why). MetricError for an unknown name."""
    found = _measure(record, name)
    return found if isinstance(found, Measured) else None


def why_not(record: RunRecord, name: str) -> str:
    """Why a metric cannot be measured, in a few words; empty when it can."""
    found = _measure(record, name)
    return found if isinstance(found, str) else ""


def measure_all(record: RunRecord) -> dict[str, Measured]:
    """All that can be measured, as ``side.metric``."""
    return {
        f"{side.id}.{metric.name}": found
        for side in record.sides.values()
        for metric in _ALL
        if isinstance(found := metric.read(record, side), Measured)
    }


def _measure(record: RunRecord, name: str) -> Measured | str:
    id_, metric = metric_named(name)
    if id_ is None and len(record.sides) == 1:
        side = next(iter(record.sides.values()))
    elif id_ is None:
        return f"the run has the sides {', '.join(record.sides)}: say which" if record.sides else "no server was started"
    elif id_ in record.sides:
        side = record.sides[id_]
    else:
        return f"the run has no side {id_!r}"
    return metric.read(record, side)
