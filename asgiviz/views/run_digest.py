"""A run in sentences, for ears and small windows: what became of each side's clients, then of each client.

The figures are those of `course.metrics`; clients that were served together are told together, so that rounds can be heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from asgiviz.course.holding import culprit
from asgiviz.course.metrics import measure
from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.views.client_lanes import HOLD, IN_APP, ClientLane, Phase, is_wsgi, lanes_of
from asgiviz.views.text import counted, fit, number, word

#: Waits of a request that are worth a word, and how far apart two are served who are not told together, in nanoseconds.
WAITED, TOGETHER = 50_000_000, 20_000_000
#: Groups that are told of one side, and clients.
MOST_GROUPS, MOST_CLIENTS = 12, 100


def digest(record: RunRecord) -> list[str]:
    """Each side: its name, and a few sentences."""
    return [line for side in record.sides.values() for line in (f"{name_of(side)}:", *filter(None, _told(record, side)))]


def each_client(record: RunRecord) -> list[str]:
    """A line for each client: when it asked, when the app began with it, when it was served."""
    lines: list[str] = []
    for side in record.sides.values():
        lanes = lanes_of(record, side)
        lines.append(f"{name_of(side)}:")
        lines += [_line(lane) for lane in lanes[:MOST_CLIENTS]]
        if len(lanes) > MOST_CLIENTS:
            lines.append(f"and {number(len(lanes) - MOST_CLIENTS)} clients more")
    return lines


def name_of(side: SideRecord) -> str:
    """What a side is called: its label, and its threads."""
    threads = side.facts.get("threads")
    label = fit(word(side.facts.get("label") or side.id), 60)
    return f"{label} ({counted(threads, 'thread')})" if is_wsgi(side) and type(threads) is int else label


def _told(record: RunRecord, side: SideRecord) -> Iterator[str]:
    lanes = lanes_of(record, side)
    done = [lane for lane in lanes if lane.done is not None and not lane.failed]
    if not lanes:
        yield "No client came."
        return
    if len(done) == len(lanes):
        yield f"All {counted(len(lanes), 'client')} were served." if len(lanes) > 1 else "The client was served."
    else:
        yield f"{number(len(done))} of {counted(len(lanes), 'client')} {'was' if len(done) == 1 else 'were'} served."
    if failed := sum(lane.failed for lane in lanes):
        yield f"{number(failed)} failed{_statuses(lanes)}."
    if done:
        yield _groups(sorted(lane.done for lane in done if lane.done is not None))
    yield _waits(side, lanes)
    if not is_wsgi(side) and (lag := measure(record, f"{side.id}.lag")) is not None and lag.value * 1e9 >= HOLD:
        where = culprit(record, side).partition("  #")[0]  # the code without its comment
        yield f"The loop was held for up to {lag.value:.2f} s at a time{f', longest at {fit(where, 80)}' if where else ''}."


def _groups(times: Sequence[int]) -> str:
    """``Served: 4 after 0.50 s, 4 after 1.00 s, 2 after 1.50 s.``"""
    groups = [[times[0]]]
    for before, after in pairwise(times):
        if after - before > TOGETHER:
            groups.append([])
        groups[-1].append(after)
    alone = len(groups) > 1 and all(len(group) == 1 for group in groups)
    said = [_seconds(group[-1]) if alone else f"{number(len(group))} after {_seconds(group[-1])}" for group in groups]
    if len(said) > MOST_GROUPS:
        said = [*said[:4], "and so on", *said[-2:]]
    return f"{'Served one after the other, after' if alone else 'Served:'} {', '.join(said)}."


def _waits(side: SideRecord, lanes: Sequence[ClientLane]) -> str:
    """How many had to wait before the app began with them."""
    where = "stood in line for a thread" if is_wsgi(side) else "had to wait before the app was called for them"
    waits = [wait for lane in lanes if (wait := _wait(lane)) is not None]
    long = [wait for wait in waits if wait >= WAITED]
    if not long:
        return f"Nobody {where}." if waits else ""
    whom = "the longest" if len(long) > 1 else "that was"
    return f"{number(len(long))} {where}, {whom} {_seconds(max(long))}."


def _wait(lane: ClientLane) -> int | None:
    began = _began(lane)
    return None if lane.came is None or began is None else began - lane.came


def _began(lane: ClientLane) -> int | None:
    return next((stretch.began for stretch in lane.stretches if stretch.phase in IN_APP), None)


def _ran(lane: ClientLane) -> int | None:
    """How long the app ran for it, where it could also be suspended; None where that is not known."""
    if not any(stretch.phase is Phase.SUSPENDED for stretch in lane.stretches):
        return None
    ran, reached = 0, 0
    for began, ended, phase in sorted(lane.stretches):
        if phase in (Phase.RUNNING, Phase.HELD) and ended > max(began, reached):
            ran += ended - max(began, reached)
            reached = ended
    return ran


def _line(lane: ClientLane) -> str:
    began, done = _began(lane), lane.done
    parts = [f"asked at {_seconds(lane.came)}" if lane.came is not None else "never asked"]
    parts.append("the app was never called" if began is None else f"begun at {_seconds(began)}")
    ending = "failed" if lane.failed else "served"
    parts.append(f"{ending} at {_seconds(done)}" if done is not None else "never served")
    parts += [f"status {lane.status}"] if lane.status not in (None, 200) else []
    if (ran := _ran(lane)) is not None:
        parts.append(f"{_seconds(ran)} of it running")
    return f"client {number(lane.number)}: {', '.join(parts)}"


def _statuses(lanes: Sequence[ClientLane]) -> str:
    known = dict.fromkeys(str(lane.status) for lane in lanes if lane.failed and lane.status is not None)
    return f" (status {', '.join(known)})" if known else ""


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.2f} s"
