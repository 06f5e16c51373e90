"""Who held the loop: the stalls that were seen from beside it, and the steps of tasks, since the clients were let go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.model.events import Event

#: Milliseconds beyond which nothing is a length of time (a year).
LONGEST = 3.2e10
_SEPARATOR = re.compile(r"[/\\]")


class Hold(NamedTuple):
    """The loop was held for `ns`, until `ended`; `place` is the line that held it (``app.py:7 time.sleep(1)``), if known."""

    ns: int
    ended: int
    seq: int
    conn: int | None
    place: str


def holds(record: RunRecord, side: SideRecord) -> list[Hold]:
    """All that is known, the longest first; what was seen from beside comes before a step of the same length."""
    zero = record.zero or 0
    return sorted([*_stalls(side, zero), *_steps(record, side, zero)], key=lambda hold: (-hold.ns, hold.place == "", hold.seq))


def culprit(record: RunRecord, side: SideRecord) -> str:
    """Where the loop was held longest, as far as a line is known: ``app.py:7 time.sleep(1)``; else empty."""
    return next((hold.place for hold in holds(record, side) if hold.place), "")


def _stalls(side: SideRecord, zero: int) -> Iterator[Hold]:
    app = _name(str(side.facts.get("app", "")).rpartition(":")[0])
    for event in side.stalls:
        ms, conn = event.get("ms"), event.get("culprit")
        conn = conn if type(conn) is int else None
        if type(ms) in (int, float) and 0 < ms < LONGEST and event.t > zero and side.counts(conn):
            yield Hold(min(int(ms * 1e6), event.t - zero), event.t, event.seq, conn, _line_of(event, app))


def _steps(record: RunRecord, side: SideRecord, zero: int) -> Iterator[Hold]:
    for call in side.connections.values():
        for step in call.steps:
            ended = record.last if step.ended is None else step.ended
            if ended > zero and not call.warm_up:
                yield Hold(ended - max(step.began, zero), ended, step.seq, call.conn, "")


def _line_of(stall: Event, app: str) -> str:
    """The innermost line in the file of the app, which the learner can change; else in what the watch took for theirs."""
    stack, index = stall.get("stack"), stall.get("user_frame")
    if not isinstance(stack, (list, tuple)) or not stack:
        return ""
    own = (frame for frame in stack if app and isinstance(frame, Mapping) and _name(str(frame.get("file"))) == app)
    return line_of(next(own, stack[index if type(index) is int and 0 <= index < len(stack) else 0]))


def _name(file: str) -> str:
    return _SEPARATOR.split(file)[-1]


def line_of(frame: Any) -> str:
    """``app.py:7 time.sleep(1)``, or the function's name where the source is not known; empty when it is no frame."""
    if not isinstance(frame, Mapping):
        return ""
    said = frame.get("code") or frame.get("function") or ""
    return f"{_name(str(frame.get('file', '')))}:{frame.get('line', '?')} {str(said)[:80]}".strip()
