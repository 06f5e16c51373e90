"""The sieve: lets the events of matching connections through as soon as a filter says so, in bounded memory.

Events of a connection that is not decided are held back; when it is, all of them are given out at once, with the `seq`
they had, or forgotten. Events that belong to no connection pass only when they are `server` or `gap`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush, merge
from operator import attrgetter
from typing import TYPE_CHECKING

from asgiviz.model.connection import Connection, payload
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes
from asgiviz.store.raw_events import raw_of
from asgiviz.views.atoms import Body, Found, Slower
from asgiviz.views.evidence import Evidence, Filter

if TYPE_CHECKING:
    from asgiviz.check.judge import Judge

#: Events held back in all; a body counts as one more for each KiB, so that this bounds bytes too.
HELD = 50_000
#: Finished connections whose answer is remembered for events that come late, and open ones in a damaged recording.
REMEMBERED = 10_000
_KIB = 1024


class Sieve:
    """Filters a stream of events; None lets everything through. `most` bounds what is held back.

    When more would be held, the connection that holds most loses its oldest events, all but its first; a `gap` event
    says how many when the rest is given out. When no connection holds more than one, the oldest is judged by what is
    known of it.
    """

    def __init__(self, only: Filter | None, most: int = HELD) -> None:
        self._filter = only
        self._most = max(1, most)
        atoms = list(only.walk()) if only is not None else []
        self._needles = {atom.needle for atom in atoms if isinstance(atom, Body)}
        self._limits = sorted({atom.than for atom in atoms if isinstance(atom, Slower)})
        self._undecided: dict[int, _Held] = {}
        self._cost = 0
        self._answers: dict[int, bool] = {}
        self._late_answers: dict[int, bool] = {}
        self._deadlines: list[tuple[int, int]] = []
        self._now = 0
        self._judge = _judge() if any(isinstance(atom, Found) for atom in atoms) else None

    def over(self, events: Iterable[Event]) -> Iterator[Event]:
        """What passes of a whole run of events."""
        for event in events:
            yield from self.put(event)
        yield from self.flush()

    def put(self, event: Event) -> list[Event]:
        """Take in one event and give out what passes because of it."""
        if self._filter is None:
            return [event]
        passed = self.advance(event.t)
        conn, found = event.conn, self._found_in(event)
        for other in found.keys() & self._undecided.keys() - {conn}:  # an event of nobody may tell of a connection: a stall
            self._undecided[other].evidence.findings |= found[other]
            passed += self._settle(other, self._undecided[other])
        if conn is None:
            return [*passed, event] if event.ev in (Ev.SERVER, Ev.GAP) else passed
        answer = self._answers.get(conn)
        if answer is None:
            answer = self._late_answers.get(conn)
        if answer is None:
            return passed + self._weigh(conn, event, found.get(conn, set()))
        if event.ev in (Ev.EXIT, Ev.WSGI_EXIT) and not event.layer and conn in self._answers:
            del self._answers[conn]
            _remember(self._late_answers, conn, answer)
        return [*passed, event] if answer else passed

    def advance(self, now: int) -> list[Event]:
        """Let time pass without an event, and give out what has become slow enough by it."""
        self._now = max(self._now, now)
        passed: list[Event] = []
        while self._deadlines and self._deadlines[0][0] < self._now:
            conn = heappop(self._deadlines)[1]
            held = self._undecided.get(conn)
            if held is not None:
                held.evidence.now = self._now
                passed += self._settle(conn, held)
        return passed

    def flush(self) -> list[Event]:
        """The recording is over: what passes of everything that was held back, in the order of `seq`."""
        for finding in self._judge.finish() if self._judge is not None else ():
            if finding.conn in self._undecided:
                self._undecided[finding.conn].evidence.findings.add((finding.rule, finding.severity))
        runs = [self._conclude(conn) for conn in list(self._undecided)]
        return list(merge(*runs, key=attrgetter("seq")))

    @property
    def held(self) -> int:
        """How many events are held back, large bodies counted as said above."""
        return self._cost

    def _found_in(self, event: Event) -> dict[int, set[tuple[str, str]]]:
        """Connection -> rule and severity of what the event shows."""
        found: dict[int, set[tuple[str, str]]] = {}
        if self._judge is not None:
            for finding in self._judge.take([(event.seq, raw_of(event, 0))]):
                if finding.conn is not None:
                    found.setdefault(finding.conn, set()).add((finding.rule, finding.severity))
        return found

    def _weigh(self, conn: int, event: Event, found: set[tuple[str, str]]) -> list[Event]:
        held = self._undecided.get(conn)
        if held is None:
            held = self._undecided[conn] = _Held(Evidence(Connection(conn, event.t), self._needles))
            self._watch_time(conn, event.t)
        held.evidence.findings |= found
        held.evidence.add(event)
        self._cost += held.keep(event)
        passed = self._settle(conn, held)
        while self._cost > self._most:
            passed += self._make_room()
        return passed

    def _watch_time(self, conn: int, began: int) -> None:
        for limit in self._limits:
            heappush(self._deadlines, (began + limit, conn))
        if len(self._deadlines) > 1_000 + 2 * len(self._limits) * len(self._undecided):
            self._deadlines = [deadline for deadline in self._deadlines if deadline[1] in self._undecided]
            heapify(self._deadlines)

    def _settle(self, conn: int, held: _Held) -> list[Event]:
        """What is given out of a connection if it is decided by now; it is not held any more then."""
        assert self._filter is not None  # without a filter nothing is held
        answer = self._filter.decide(held.evidence)
        if answer is None:
            return []
        del self._undecided[conn]
        self._cost -= held.cost
        _remember(self._late_answers if held.evidence.final else self._answers, conn, answer)
        return held.release() if answer else []

    def _conclude(self, conn: int) -> list[Event]:
        held = self._undecided[conn]
        held.evidence.now = self._now
        held.evidence.final = True
        return self._settle(conn, held)

    def _make_room(self) -> list[Event]:
        """Drop about an eighth of what may be held, from the biggest holder; or judge the oldest if all are small."""
        biggest = max(self._undecided.values(), key=attrgetter("cost"))
        if len(biggest.rest) == 0:
            return self._conclude(next(iter(self._undecided)))
        enough = self._most - self._most // 8
        while self._cost > enough and biggest.rest:
            self._cost -= biggest.drop()
        return []


def _judge() -> Judge:
    """The judge and its book are loaded only for a filter that asks for findings."""
    from asgiviz.check.judge import Judge

    return Judge()


class _Held:
    """The events of one undecided connection: the first, how many were dropped behind it, and the rest."""

    __slots__ = ("cost", "dropped", "evidence", "first", "last_dropped", "rest")

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.first: Event | None = None
        self.dropped = 0
        self.last_dropped: Event | None = None
        self.rest: deque[Event] = deque()
        self.cost = 0

    def keep(self, event: Event) -> int:
        if self.first is None:
            self.first = event
        else:
            self.rest.append(event)
        cost = cost_of(event)
        self.cost += cost
        return cost

    def drop(self) -> int:
        event = self.rest.popleft()
        cost = cost_of(event)
        self.cost -= cost
        self.dropped += 1
        self.last_dropped = event._replace(fields={})
        return cost

    def release(self) -> list[Event]:
        assert self.first is not None  # a connection is held because of an event
        events = [self.first]
        if self.last_dropped is not None:
            seq, t, _, conn, *_ = self.last_dropped
            events.append(Event(seq, t, Ev.GAP, conn, None, None, {"dropped": self.dropped}))
        return [*events, *self.rest]


def cost_of(event: Event) -> int:
    """What holding an event counts: one, and one more for each whole KiB of its body or message."""
    message = event.fields if event.ev == Ev.WSGI_CHUNK else event.fields.get("message")
    return 1 + len(kept_bytes(payload(message))) // _KIB if isinstance(message, dict) else 1


def _remember(answers: dict[int, bool], conn: int, answer: bool) -> None:
    answers[conn] = answer
    if len(answers) > REMEMBERED:
        del answers[next(iter(answers))]
