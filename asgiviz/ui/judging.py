"""Judging: reads the recorder by a cursor of its own, in small bites between keys, and gives the feed what the judge finds.

It runs ahead of what is shown when the screen stands still, and never waits for it: the feed tells a finding when its
event is reached. What the recorder has let go before it was judged is counted, because nobody will know what was in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from time import perf_counter
from typing import Protocol

from asgiviz.model.events import GAP, NOTE, Raw, payload_of
from asgiviz.model.finding import Finding
from asgiviz.store.recorder import Numbered
from asgiviz.ui.feed import Feed

#: Seconds of a tick that judging may take beside an app that runs, and with a saved recording; events between two looks at
#: the clock.
BITE, SAVED_BITE, SIP = 0.004, 0.012, 128
#: Events behind from which on that is told.
BUSY = 4_096


class Judges(Protocol):
    """What is asked of `check.judge.Judge`."""

    def take(self, numbered: Iterable[tuple[int, Raw]]) -> list[Finding]:
        """What these events, the next in order, show."""

    def finish(self, t: int | None = None) -> list[Finding]:
        """The recording is over: what never came back."""


class Judging:
    """Judges what `feed` shows or will show; `layers` are the names in the header of the recording."""

    def __init__(self, feed: Feed, layers: Sequence[str] = (), judge: Callable[[Sequence[str]], Judges] | None = None) -> None:
        self._feed = feed
        self._make = judge
        self._loader: Thread | None = None
        self._loaded = False
        self._layers = tuple(layers)
        self._begin()

    def _begin(self) -> None:
        self._judge: Judges | None = None
        #: the last event that was judged
        self.seq = 0
        #: events that were gone, or never recorded, before they could be judged
        self.unseen = 0
        self._buffer: list[Numbered] = []
        self._place = 0
        self._finished = False

    def know(self, layers: Sequence[str]) -> None:
        """The names of the layers are known (better) now; with other names findings blame others, so all is judged anew."""
        if tuple(layers) != self._layers:
            self._layers = tuple(layers)
            if self.seq:
                self._begin_anew()

    @property
    def behind(self) -> int:
        """How many events are recorded and not judged."""
        return len(self._feed.recorder) - self.seq

    @property
    def done(self) -> bool:
        """Whether all is judged that there is, to the end of a saved recording."""
        return self.behind <= 0 and (self._feed.growing or self._judge is None or self._finished)

    @property
    def busy(self) -> bool:
        """Whether it is far behind."""
        return self.behind > BUSY

    def advance(self, bite: float | None = None) -> bool:
        """Judge for about `bite` seconds at most; True when a finding came to what is shown."""
        if bite is None:
            bite = (BITE if self._feed.growing else SAVED_BITE) * (2 if self.busy else 1)
        if not self._ready():
            return False
        ends, before, changed = perf_counter() + bite, (self.unseen, self.busy), False
        self._loaded = self._feed.loaded()  # asked first: what is loaded meanwhile is still taken
        while numbered := self._next():
            changed = self._tell(self._judged(numbered)) or changed
            if perf_counter() >= ends:
                break
        else:
            changed = self._come_to_the_end() or changed
        self._feed.version += self.busy or (self.unseen, self.busy) != before  # that is told, too
        return changed

    def _ready(self) -> bool:
        """Whether the judge can be had: its book is long, and is loaded in a thread so that keys are answered meanwhile."""
        if self._make is not None or self._judge is not None or self.behind <= 0:
            return True
        if self._loader is None:
            self._loader = Thread(target=_the_judge, args=((),), name="asgiviz-book", daemon=True)
            self._loader.start()
        return not self._loader.is_alive()

    def _judged(self, numbered: list[Numbered]) -> list[Finding]:
        if self._finished:
            if all(raw[1] == NOTE for _, raw in numbered):  # the user marked something: that is no part of what happened
                return []
            self._begin_anew()
            return []
        if self._judge is None:
            self._judge = (self._make or _the_judge)(self._layers)
        self.unseen += sum(_dropped(raw) for _, raw in numbered if raw[1] == GAP)
        return self._judge.take(numbered)

    def _next(self) -> list[Numbered]:
        if self._place >= len(self._buffer):
            self._buffer, self._place = self._feed.recorder.take(self.seq, SIP), 0
        numbered = self._buffer[self._place : self._place + SIP]
        self._place += len(numbered)
        if numbered:
            self.seq = numbered[-1][0]
        return numbered

    def _come_to_the_end(self) -> bool:
        """All is judged that there is. When no more can come, what never came back is told, too."""
        if self._feed.growing or self._finished or self._judge is None or not self._loaded:
            return False
        self._finished = True
        return self._tell(self._judge.finish())

    def _begin_anew(self) -> None:
        self._begin()
        self._feed.findings.clear()
        self._feed.version += 1

    def _tell(self, found: list[Finding]) -> bool:
        feed = self._feed
        for finding in found:
            feed.findings.add(finding)
            if finding.conn is not None and finding.conn in feed.ledger.connections:
                feed.ledger.touched.add(finding.conn)
        shown = any(finding.at <= feed.findings.upto for finding in found)
        feed.version += shown
        return shown


def _dropped(raw: Raw) -> int:
    fields = payload_of(raw)
    count = fields.get("dropped") if isinstance(fields, dict) else None
    return count if type(count) is int and count > 0 else 0


def _the_judge(layers: Sequence[str]) -> Judges:
    from asgiviz.check.judge import Judge

    return Judge(layers)
