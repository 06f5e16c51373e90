"""What a check is judged by: the record of its run, and what is found in it. Nothing to judge is never a pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from asgiviz.course.holding import culprit
from asgiviz.course.lesson import Check
from asgiviz.course.run_record import ConnRecord, RunRecord, SideRecord
from asgiviz.course.selectors import Happening, Selector, happenings, selector

#: Events and connections that a finding points to; connections that one line of evidence tells.
MOST, TOLD = 50, 6
#: What moves a cursor, breaks or turns a line, or cannot be written at all.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Finding:
    """What a predicate found: short texts, and the events and connections to look at, in that order."""

    passed: bool
    saw: str
    wanted: str
    seqs: tuple[int, ...] = ()
    conns: tuple[int, ...] = ()
    evidence: str = ""


class JudgingError(ValueError):
    """A check cannot be judged as it is written; `str()` is one sentence. The lesson is at fault."""


class NothingError(Exception):
    """There is nothing to judge; `str()` says why, in a few words."""


@dataclass(frozen=True)
class Case:
    """One check before one record. `records` are those of all runs, `names` what the machine adds to the knobs."""

    check: Check
    record: RunRecord
    names: Mapping[str, float] = field(default_factory=dict)
    records: Mapping[str, RunRecord] = field(default_factory=dict)

    # -- what the check says ---------------------------------------------------------------------------------------

    def key(self, name: str, default: Any = None) -> Any:
        """One of the check's own keys."""
        return self.check.keys.get(name, default)

    def selector(self, name: str = "where") -> Selector:
        """The selector under a key; without it, one that takes everything."""
        return selector(self.check.keys.get(name, {}))

    def holds(self, value: float, default: bool = True) -> bool:
        """Whether the check's condition holds for a value; `default` without one."""
        return default if self.check.holds is None else self.check.holds.holds(value, self.known)

    def wanted(self, unit: str = "") -> str:
        """The condition in words, with what it comes to: ``>= 10 (clients)``."""
        holds = self.check.holds
        if holds is None:
            return ""
        value = quantity(holds.expression.value(self.known), unit, exact=True)
        return f"{holds.sign} {value}" + (f" ({holds.expression.text})" if holds.expression.names else "")

    @cached_property
    def known(self) -> dict[str, float]:
        """The names that a condition may use."""
        facts = {name: self.side.facts.get(name) for name in ("threads", "pool")}
        told = {name: float(value) for name, value in facts.items() if type(value) in (int, float)}  # type: ignore[arg-type]
        return {**self.names, **told, **self.record.knobs}

    # -- what there is ---------------------------------------------------------------------------------------------

    @cached_property
    def side(self) -> SideRecord:
        """The side that is judged: the one that the check names, or the only one."""
        sides, id_ = self.record.sides, self.key("side")
        if not sides:
            raise NothingError("no server was started")
        if id_ is None and len(sides) > 1:
            raise JudgingError(f"the run {self.check.run!r} has the sides {', '.join(sides)}; the check must say which")
        if id_ is not None and id_ not in sides:
            raise JudgingError(f"the run {self.check.run!r} has no side {id_!r}; it has {', '.join(sides)}")
        return next(iter(sides.values())) if id_ is None else sides[id_]

    @cached_property
    def happenings(self) -> list[Happening]:
        """All that happened on the side."""
        return happenings(self.record, self.side)

    @cached_property
    def lines(self) -> dict[int, list[Happening]]:
        """What happened in each connection, and to the client that caused it."""
        found: dict[int, list[Happening]] = {call.conn: [] for call in self.side.connections.values()}
        for each in self.happenings:
            calls = [each.call] if each.call is not None else self.side.connections_of(each.client) if each.client else []
            for call in calls:
                found[call.conn].append(each)
        return found

    def owner(self, happening: Happening) -> ConnRecord | None:
        """The connection of an event; of one that a client saw, the first that this client caused."""
        if happening.call is not None or happening.client is None:
            return happening.call
        return self.side.connection_of(happening.client)

    def calls(self, chosen: Selector | None = None) -> list[ConnRecord]:
        """The requests that the check speaks of. NothingError when none came."""
        chosen = self.selector() if chosen is None else chosen
        if chosen.of_lifespan:
            calls = [call for call in self.side.connections.values() if call.kind == "lifespan"]
            if not calls:
                raise NothingError("the server never called the app for its lifespan")
            return calls
        if not self.side.requests:
            raise NothingError("no request reached the app" + self._troubles())
        calls = [call for call in self.side.requests if chosen.takes(call, self.side.client_of(call))]
        if not calls:
            raise NothingError(f"no request with {chosen} reached the app")
        return calls

    def _troubles(self) -> str:
        trouble = next((f" (client {each.number}: {each.trouble})" for each in self.side.clients.values() if each.trouble), "")
        return cleaned(trouble)

    # -- in words --------------------------------------------------------------------------------------------------

    def at(self, t: int) -> str:
        """A moment in seconds since the clients were let go: ``0.52``."""
        return f"{self.record.since_zero(t):.2f}"

    def who(self, call: ConnRecord) -> str:
        """``client 3``, as the lanes have it; of a connection that no client of ours made, its own number."""
        client = self.side.client_of(call)
        return f"conn {call.conn}" if client is None else f"client {client.number}"

    def told_calls(self, calls: Iterable[ConnRecord]) -> str:
        """``client 1 open 0.00-1.00, client 2 open 1.00-2.00 …``, and which line held the loop, if one is known."""
        calls = [call for call in calls if call.began is not None]
        told = [
            f"{self.who(call)} open {self.at(call.began or 0)}-{'…' if call.ended is None else self.at(call.ended)}"
            for call in calls[:TOLD]
        ]
        return ", ".join(told) + (" …" if len(calls) > TOLD else "") + self.told_hold()

    def told_hold(self) -> str:
        """``  held at app.py:7 time.sleep(1)``, if a line is known that held the loop."""
        place = culprit(self.record, self.side)
        return f"  held at {cleaned(place)}" if place else ""

    def told_happenings(self, found: Iterable[Happening]) -> str:
        """``0.00 client 1, 0.01 client 2 …``."""
        found = list(found)
        return ", ".join(f"{self.at(each.event.t)} {whose(each)}" for each in found[:TOLD]) + (
            " …" if len(found) > TOLD else ""
        )


def whose(happening: Happening) -> str:
    """``client 3``; of a connection that no client of ours made, its own number."""
    if happening.client is not None:
        return f"client {happening.client.number}"
    return "no connection" if happening.call is None else f"conn {happening.call.conn}"


def pointed(found: Iterable[Happening]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The events, and the connections that they belong to."""
    found = list(found)[:MOST]
    conns = dict.fromkeys(each.call.conn for each in found if each.call is not None)
    return tuple(each.event.seq for each in found), tuple(conns)


def beginnings(calls: Iterable[ConnRecord]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The events with which calls came, and their connections."""
    calls = list(calls)[:MOST]
    return tuple(call.events[0].seq for call in calls), tuple(call.conn for call in calls)


def quantity(value: float, unit: str, exact: bool = False) -> str:
    """A number as it is read: ``10``, ``0.52 s``; what was measured is rounded, what was asked for is not."""
    if not unit or exact or value == 0:
        return f"{value:.10g} {unit}".rstrip()
    return f"{value:.3f} {unit}" if abs(value) < 0.1 else f"{value:.2f} {unit}"


def quoted(value: bytes | str, most: int = 60) -> str:
    """A value of an app or a client in quotation marks, on one line."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return f'"{cleaned(text, most)}"'


def cleaned(text: Any, most: int = 200) -> str:
    """A text that can stand on one line of a terminal."""
    text = str(text)
    short = text if len(text) <= most else text[: most - 1] + "…"
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), short)
