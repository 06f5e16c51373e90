"""The moments of a run, one by one, each with a sentence that says what happens then: what `,` and `.` step through.

What happens to one client without anything between it is one moment, so a turn on the loop is one step even where the clock
stands still. Times are those of `views.client_lanes`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from asgiviz.course.run_record import CLOCK, GO, SIDE, RunRecord, SideRecord
from asgiviz.model.events import Ev, Event
from asgiviz.views.client_lanes import is_wsgi, lanes_of, place_of, since
from asgiviz.views.stalls import Stall
from asgiviz.views.text import fit, number, word

#: Things told of one moment.
MOST_TOLD = 4


class Moment(NamedTuple):
    """Something that happens at `at`; `seqs` are its events, the last one being where the run stands then."""

    at: int
    sentence: str
    seqs: tuple[int, ...]

    @property
    def place(self) -> tuple[int, int]:
        """What moments are in order of."""
        return self.at, self.seqs[-1]


def moments(record: RunRecord) -> list[Moment]:
    """All of them, in order; what happened before the clients were let go is not told."""
    whose = {
        (side.id, conn): lane.number for side in record.sides.values() for lane in lanes_of(record, side) for conn in lane.conns
    }
    things = [
        (at, who, client, what, event.seq)
        for at, event in sorted(
            ((since(record, event.t), event) for event in record.events), key=lambda each: (each[0], each[1].seq)
        )
        if at >= 0
        for who, client, what in _said(record, event, whose)
    ]
    return [
        Moment(at, _sentence(at, who, client, [thing[3] for thing in group]), tuple(thing[4] for thing in group))
        for (at, who, client), group in ((key, list(things)) for key, things in groupby(things, lambda thing: thing[:3]))
    ]


def next_moment(
    record: RunRecord, at: int, step: int, known: list[Moment] | None = None, seq: int | None = None
) -> Moment | None:
    """The first moment after `at` (`step` > 0), or the last one until then; None at either end.

    `known`: what `moments` gave, if it is at hand. `seq` is the last event of the moment at which the run stands, if it was
    stepped there: others may be at the same time.
    """
    all_moments = moments(record) if known is None else known
    if seq is None:
        come = bisect_right([moment.at for moment in all_moments], at)
        place = come if step > 0 else come - 1
    else:
        places = [moment.place for moment in all_moments]
        place = bisect_right(places, (at, seq)) if step > 0 else bisect_left(places, (at, seq)) - 1
    return all_moments[place] if 0 <= place < len(all_moments) else None


def moment_at(known: list[Moment], at: int) -> Moment | None:
    """The last of these moments that has come at `at`."""
    place = bisect_right([moment.at for moment in known], at) - 1
    return known[place] if place >= 0 else None


def record_at(record: RunRecord, moment: Moment) -> RunRecord:
    """The run as it stands at a moment, without what comes after it at the very same time.

    A stage that is drawn of it needs the end of the whole run (`Stage.end`).
    """
    return RunRecord(event for event in record.events if (since(record, event.t), event.seq) <= moment.place)


def _sentence(at: int, who: str, client: int | None, what: list[str]) -> str:
    said = list(dict.fromkeys(what))
    more = f", and {number(len(said) - MOST_TOLD)} more" if len(said) > MOST_TOLD else ""
    name = "" if client is None else f"client {number(client)}: "
    return f"{at / 1e9:.3f} s  {who}{name}{'; '.join(said[:MOST_TOLD])}{more}"


def _said(record: RunRecord, event: Event, whose: Mapping[tuple[str, int], int]) -> Iterable[tuple[str, int | None, str]]:
    """(side if there are several, client, what happens) of an event that is worth a step."""
    if event.ev == Ev.CLIENT:
        name = str(event.get("client", ""))
        id_, _, count = name.rpartition("/")
        what = _CLIENT.get(str(event.get("what")))
        if id_ in record.sides and count.isdecimal() and what is not None:
            yield _whose(record, record.sides[id_]), int(count[:9]), what(event)
        return
    side = record.side_of(event.conn)
    if side is None or event.conn is None or event.layer:
        return
    client = whose.get((side.id, event.conn))
    if client is not None:
        for what_happens in _happens(side, event):
            yield _whose(record, side), client, what_happens


def _whose(record: RunRecord, side: SideRecord) -> str:
    """Which side it is, where there are several: its interface if that tells it from the others, else its label."""
    if len(record.sides) < 2:
        return ""
    alike = sum(1 for other in record.sides.values() if other.interface == side.interface)
    name = side.interface.upper() if alike == 1 and side.interface else word(side.facts.get("label") or side.id)
    return f"{fit(name, 24)}, "


_CLIENT: Mapping[str, Callable[[Event], str]] = {
    "sent": lambda _: "it has sent its request",
    "received": lambda event: f"it is served, status {word(event.get('status'))}",
}


def _happens(side: SideRecord, event: Event) -> Iterator[str]:
    match event.ev:
        case Ev.WSGI_QUEUED:
            yield "it stands in line for a thread"
        case Ev.WSGI_ENVIRON:
            yield f"{_thread(event)} takes it: the handler begins"
        case Ev.SCOPE:
            yield "the app is called with its scope: the handler begins"
        case Ev.STEP_BEGIN:
            yield "the loop lets it run"
        case Ev.STEP_END:
            place = place_of(event.get("at"))
            yield "it gives the loop back" + ("" if place is None else f", suspended at {_place(*place)}")
        case Ev.SEND_BEGIN:
            yield f"it sends {_kind(event)}"
        case Ev.WSGI_EXIT | Ev.EXIT:
            failed = event.get("outcome") == "raised"
            yield "its handler fails" if failed else f"its handler is done{', the thread is free' if is_wsgi(side) else ''}"
        case Ev.STALL:
            stall = Stall.of(event)
            where = "" if stall.frame is None else f" in {stall.frame.place}"
            yield f"it has held the loop for {stall.ns / 1e9:.2f} s{where}"
        case Ev.NOTE if event.get("name") not in (SIDE, GO, CLOCK):
            phase = {"begin": " begins", "end": " ends"}.get(str(event.get("phase")), "")
            yield f"{fit(word(event.get('name')), 40)}{phase}"
        case _:
            pass


def _thread(event: Event) -> str:
    name: Any = event.get("thread")
    return f"thread {fit(name, 24)}" if isinstance(name, str) and name else "its thread"


def _place(file: str, line: int) -> str:
    return f"{fit(file.replace(chr(92), '/').rsplit('/', 1)[-1], 40)}:{line}"


def _kind(event: Event) -> str:
    message = event.get("message")
    return fit(word(message.get("type")), 40) if isinstance(message, Mapping) else "something"
