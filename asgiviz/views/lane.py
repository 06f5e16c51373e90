"""A lane: when the app ran and when it waited during one connection; a fold that stays small however long that lasts.

The app *waits* while a receive or send of the outermost layer has been called and has not come back; all the rest from
the call of the app to its end it *runs*. Only receive and send are seen, so running includes awaiting other things: a
timer, a database, a lock. A WSGI request waits in line for a thread, and from the call of its app to the end it runs.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from asgiviz.model.connection import MOST_OPEN_CALLS
from asgiviz.model.events import Ev, Event

#: Stretches kept of one lane; when there are more, neighbours that are short are joined.
MOST_STRETCHES = 2_000
#: How much shorter than its lane a stretch must be to be joined first.
FINEST = 4_000
#: Times beyond this (146 years) are no times; a malformed recording may hold them.
LATEST = 2**62
#: What a WSGI request waits in, in place of a call: the line for a thread.
_IN_LINE = (False, None)
_ANSWERS = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept"})


class Stretch(NamedTuple):
    """A part of a lane, in nanoseconds since the recording began, and for how many of them the app waited.

    None of them: it ran. All: it waited. Between: short turns of both that were joined.
    """

    began: int
    ended: int
    waited: int


class Stall(NamedTuple):
    """A time in which this connection held the event loop; `number` is that of the stall."""

    began: int
    ended: int
    number: int | None


class Lane:
    """The events of one connection, taken in order by `add`.

    `began` and `ended` (None: still open) are those of the app's call, `last` is the time of the last event, `answered`
    that of the start of the response or the accepted handshake, `failed` says that the app or one of its calls raised.
    """

    __slots__ = ("_ends", "_open", "_since", "_waits", "answered", "began", "conn", "ended", "failed", "kind", "last", "stalls")

    def __init__(self, conn: int, began: int) -> None:
        self.conn = conn
        self.began = self.last = self._since = max(-LATEST, min(began, LATEST))
        self.ended: int | None = None
        self.kind: str | None = None
        self.answered: int | None = None
        self.failed = False
        self.stalls: list[Stall] = []
        # one item for each finished stretch: where it ended (it began where the one before ended), how long the app waited
        self._ends = array("q")
        self._waits = array("q")
        self._open: dict[tuple[bool, int | None], None] = {}

    @property
    def waiting(self) -> bool:
        """Whether the app is suspended in receive or send, or the request in line, as far as the events go."""
        return bool(self._open)

    def add(self, event: Event) -> None:
        """Take in one event; those of inner layers and those behind the exit change nothing. A stall belongs to its culprit."""
        if event.ev == Ev.STALL:
            self._stalled(event)
        if event.layer or self.ended is not None:
            return
        self.last = max(self.last, min(event.t, LATEST))
        match event.ev:
            case Ev.SCOPE:
                scope = event.get("scope")
                kind = scope.get("type") if isinstance(scope, Mapping) else None
                self.kind = self.kind or (kind if isinstance(kind, str) else None)
            case Ev.RECEIVE_BEGIN:
                self._begin_call((False, event.call))
            case Ev.SEND_BEGIN:
                self._begin_call((True, event.call))
                self._send(event.get("message"))
            case Ev.RECEIVE_END | Ev.SEND_END:
                self._end_call((event.ev == Ev.SEND_END, event.call))
                self.failed |= event.get("raised") is not None
            case Ev.EXIT | Ev.WSGI_EXIT:
                self._end(event)
            case Ev.WSGI_QUEUED:
                self.kind = self.kind or "wsgi"
                self._begin_call(_IN_LINE)
            case Ev.WSGI_ENVIRON:
                self.kind = self.kind or "wsgi"
                self._end_call(_IN_LINE)
            case Ev.WSGI_START_RESPONSE:
                self.answered = self.last if self.answered is None else self.answered
            case _:  # logs and notes are moments, and change no stretch
                pass

    def stretches(self, now: int | None = None, after: int = -LATEST) -> Iterator[Stretch]:
        """The stretches that end behind `after`, without a hole; the last one of an open lane lasts to `now`."""
        index = bisect_right(self._ends, after)
        began = self._ends[index - 1] if index else self.began
        for place in range(index, len(self._ends)):
            ended = self._ends[place]
            yield Stretch(began, ended, self._waits[place])
            began = ended
        end = self.end(now)
        if end > max(began, after):
            yield Stretch(began, end, end - began if self._open else 0)

    def end(self, now: int | None = None) -> int:
        """Where the lane ends: with the app's call, or while that lasts at `now`, but not before its last event."""
        if self.ended is not None:
            return self.ended
        return self.last if now is None else max(self.last, min(now, LATEST))

    # -- taking in -------------------------------------------------------------------------------------------------

    def _begin_call(self, call: tuple[bool, int | None]) -> None:
        if not self._open:
            self._finish_stretch()
        elif len(self._open) >= MOST_OPEN_CALLS:
            del self._open[next(iter(self._open))]
        self._open[call] = None

    def _end_call(self, call: tuple[bool, int | None]) -> None:
        if self._open.keys() == {call}:
            self._finish_stretch()
        self._open.pop(call, None)

    def _send(self, message: Any) -> None:
        if self.answered is None and isinstance(message, Mapping):
            kind = message.get("type")
            if isinstance(kind, str) and kind in _ANSWERS:
                self.answered = self.last

    def _end(self, event: Event) -> None:
        self._finish_stretch()
        self._open = {}
        self.ended = self.last
        self.failed |= event.get("outcome") == "raised"

    def _stalled(self, event: Event) -> None:
        """A stall is told when it is over; one that is long also on the way, and then the last word counts."""
        ms = event.get("ms")
        if event.get("culprit", event.conn) != self.conn or not isinstance(ms, (int, float)) or not 0 < ms < LATEST:
            return
        number = event.get("id")
        if self.stalls and number is not None and self.stalls[-1].number == number:
            del self.stalls[-1]
        t = max(-LATEST, min(event.t, LATEST))
        self.stalls.append(Stall(t - int(ms * 1_000_000), t, number if isinstance(number, int) else None))
        del self.stalls[:-MOST_STRETCHES]

    def _finish_stretch(self) -> None:
        length = self.last - self._since
        if length:
            self._ends.append(self.last)
            self._waits.append(length if self._open else 0)
            self._since = self.last
            if len(self._ends) > MOST_STRETCHES:
                self._join()

    def _join(self) -> None:
        """Join short neighbours until half the room is free again; no waiting is lost by it."""
        grain = 1 + (self.last - self.began) // FINEST
        while len(self._ends) > MOST_STRETCHES // 2:
            ends, waits, start = array("q"), array("q"), self.began
            for end, waited in zip(self._ends, self._waits, strict=True):
                if ends and end - start <= grain:
                    ends[-1] = end
                    waits[-1] += waited
                else:
                    start = ends[-1] if ends else self.began
                    ends.append(end)
                    waits.append(waited)
            self._ends, self._waits = ends, waits
            grain *= 2
