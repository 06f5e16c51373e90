"""What lasts, and how much of it there is at once, counted in the order of events: no count depends on how fast anything is.

Of two things at the same time the one with the smaller `seq` came first: on a clock that stands still while code runs, all
that a task does happens at one time, and still in an order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from asgiviz.course.run_record import ConnRecord, Mark, SideRecord, Step

#: ``(t, seq)``: when, and in which place of the recording.
Moment = tuple[int, int]


class Stay(NamedTuple):
    """Something that lasts from `began` until `ended` (None: it goes on)."""

    began: Moment
    ended: Moment | None
    conn: int | None

    def is_open_at(self, moment: Moment) -> bool:
        """Whether it has begun by then and not ended."""
        return self.began <= moment and (self.ended is None or moment < self.ended)


def call_stay(call: ConnRecord) -> Stay | None:
    """A call of the app; None before it begins."""
    if call.began is None or call.began_seq is None:
        return None
    return Stay((call.began, call.began_seq), _moment(call.ended, call.ended_seq), call.conn)


def call_stays(calls: Iterable[ConnRecord]) -> list[Stay]:
    """Those of the calls that have begun."""
    return [stay for call in calls if (stay := call_stay(call)) is not None]


def step_stay(step: Step, conn: int) -> Stay:
    """A step of a task."""
    return Stay((step.began, step.seq), _moment(step.ended, step.ended_seq), conn)


def span_stay(mark: Mark) -> Stay:
    """A span of the app."""
    return Stay((mark.began, mark.seq), _moment(mark.ended, mark.ended_seq), mark.conn)


def queue_stays(side: SideRecord) -> list[Stay]:
    """The time that each request stood in line for a thread."""
    stays = []
    for call in side.requests:
        if call.queued is not None:
            until, seq = (call.began, call.began_seq) if call.began is not None else (call.ended, call.ended_seq)
            stays.append(Stay((call.queued, call.events[0].seq), _moment(until, seq), call.conn))
    return stays


def spans(side: SideRecord, name: str | None = None) -> list[Mark]:
    """The spans of the run (of this name), in the order in which they began."""
    return [mark for mark in side.marks if mark.span is not None and side.counts(mark.conn) and name in (None, mark.name)]


def open_at_most(stays: Iterable[Stay]) -> list[Stay]:
    """Those that were open at the moment at which most were, the first such moment."""
    stays = list(stays)
    turns = [(stay.began, 1) for stay in stays]
    turns += [(max(stay.ended, stay.began), -1) for stay in stays if stay.ended is not None]
    most, now, fullest = 0, 0, (0, 0)
    for moment, change in sorted(turns):
        now += change
        if now > most:
            most, fullest = now, moment
    return [stay for stay in stays if most and stay.is_open_at(fullest)]


def _moment(t: int | None, seq: int | None) -> Moment | None:
    return None if t is None or seq is None else (t, seq)
