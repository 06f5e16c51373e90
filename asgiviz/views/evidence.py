"""What a filter may ask of one connection, collected event by event; an answer once certain stays.

A filter is a tree of `Filter` nodes. Over a connection that is still going on it answers True, False or None (not
decidable yet) after Kleene: `!` of unknown is unknown, `&` is False as soon as one part is, `|` True as soon as one is.
Over a connection that has ended (or whose recording has) every atom answers True or False.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from asgiviz.model.connection import Connection, beyond_kept, payload
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes

#: Events that hold a body or a message, or a piece of it.
_WITH_BODIES = frozenset({Ev.RECEIVE_END, Ev.SEND_BEGIN, Ev.WSGI_CHUNK})


class Evidence:
    """One connection so far. `needles` are the byte strings that the filter looks for in bodies and messages.

    A needle is found within one WebSocket message, and in an HTTP body even when it lies across two messages.
    """

    __slots__ = ("_needles", "_tails", "connection", "final", "findings", "found", "now")

    def __init__(self, connection: Connection, needles: Iterable[bytes]) -> None:
        self.connection = connection
        #: the time now: that of the newest event of any connection
        self.now = connection.began
        #: whether nothing more will come
        self.final = False
        self.found: set[bytes] = set()
        #: rule and severity of what was found, which somebody else judges
        self.findings: set[tuple[str, str]] = set()
        self._needles = tuple(needles)
        self._tails: dict[str, bytes] = {}

    def add(self, event: Event) -> None:
        """Take in one event of this connection, in order."""
        self.now = max(self.now, event.t)
        if self._needles and not event.layer and not self.connection.over and event.ev in _WITH_BODIES:
            self._search(event.ev, event.fields if event.ev == Ev.WSGI_CHUNK else event.get("message"))
        self.connection.add(event)
        self.final = self.final or self.connection.over

    def _search(self, way: str, message: object) -> None:
        if not isinstance(message, Mapping):
            return
        value = payload(message)
        kept = self._tails.get(way, b"") + kept_bytes(value)
        self.found.update(needle for needle in self._needles if needle not in self.found and needle in kept)
        if "body" in message and not beyond_kept(value):
            longest = max(map(len, self._needles))
            self._tails[way] = kept[len(kept) - min(len(kept), longest - 1) :]
        elif value is not None:
            self._tails.pop(way, None)


class Filter(ABC):
    """A question about a connection; `str()` gives a text that parses to an equal filter."""

    def decide(self, evidence: Evidence) -> bool | None:
        """True, False, or None while that cannot be told."""
        answer = self.judge(evidence)
        return False if answer is None and evidence.final else answer

    @abstractmethod
    def judge(self, evidence: Evidence) -> bool | None:
        """What can be told from the events so far; None may stay None at the end and then means no."""

    def parts(self) -> tuple[Filter, ...]:
        """The filters that this one is made of; none for an atom."""
        return ()

    def walk(self) -> Iterator[Filter]:
        """This filter and everything in it."""
        yield self
        for part in self.parts():
            yield from part.walk()


@dataclass(frozen=True)
class Not(Filter):
    """What the other does not select."""

    part: Filter

    def judge(self, evidence: Evidence) -> bool | None:
        answer = self.part.decide(evidence)
        return None if answer is None else not answer

    def parts(self) -> tuple[Filter, ...]:
        return (self.part,)

    def __str__(self) -> str:
        return f"!({self.part})" if isinstance(self.part, And | Or) else f"!{self.part}"


@dataclass(frozen=True)
class And(Filter):
    """What all select."""

    all: tuple[Filter, ...]

    def judge(self, evidence: Evidence) -> bool | None:
        answer: bool | None = True
        for part in self.all:
            one = part.decide(evidence)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    def parts(self) -> tuple[Filter, ...]:
        return self.all

    def __str__(self) -> str:
        return " & ".join(f"({part})" if isinstance(part, And | Or) else str(part) for part in self.all)


@dataclass(frozen=True)
class Or(Filter):
    """What at least one selects."""

    any: tuple[Filter, ...]

    def judge(self, evidence: Evidence) -> bool | None:
        answer: bool | None = False
        for part in self.any:
            one = part.decide(evidence)
            if one is True:
                return True
            if one is None:
                answer = None
        return answer

    def parts(self) -> tuple[Filter, ...]:
        return self.any

    def __str__(self) -> str:
        return " | ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.any)
