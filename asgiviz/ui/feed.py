"""The feed: what of a recording the screen shows by now, read in small bites so that keys are answered in between.

It follows the newest event, stands still, steps, jumps, or plays at a speed. The recorder goes on in all cases; nothing
is lost by standing still. Works the same on a live recording and on a saved one.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import StrEnum
from time import perf_counter_ns

from asgiviz.model.events import NOTE, Event
from asgiviz.store.recorder import BLOCK, Numbered, Recorder
from asgiviz.views.findings import Findings
from asgiviz.views.ledger import MARK, Ledger

#: Seconds that one bite may take while the user looks on, and events between two looks at the clock.
BITE, SIP = 0.010, 128
#: Connections of a saved recording after which the collector is told to leave them alone.
SPARED = 5_000
#: Playback speeds that keys step through.
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 100.0)


class Mode(StrEnum):
    """How the feed moves."""

    #: it shows everything there is
    LIVE = "live"
    #: it stands still
    PAUSED = "paused"
    #: it replays at a speed
    PLAYING = "playing"


class Feed:
    """Feeds `ledger` from `recorder`. `growing`: more may come (a live run); else the recording is whole.

    `now` is the moment that is shown, in nanoseconds since the recording began; the same for everything that is drawn
    between two calls of `advance`. Events are counted as the recorder counts them; see `number_of` for what to call them.
    `clock` is the clock of the recorder's epoch; `loaded` tells whether all of a saved recording is in the recorder.
    """

    def __init__(
        self,
        recorder: Recorder,
        growing: bool = True,
        clock: Callable[[], int] = perf_counter_ns,
        loaded: Callable[[], bool] = lambda: True,
    ) -> None:
        self.recorder = recorder
        self.clock = clock
        self.ledger = Ledger(recorder.epoch)
        #: what was found in the events that are shown; somebody who judges puts it there
        self.findings = Findings()
        self.growing = growing
        self.loaded = loaded
        self.mode = Mode.LIVE
        self.speed = 1.0
        #: changes whenever what is shown may have; panes compare it with what they drew
        self.version = 0
        #: how many events there were when it was paused
        self.paused_at = 0
        self._moment = 0  # of the recording, when the clock was last looked at
        self._buffer: list[Numbered] = []
        self._place = 0
        self._target: int | None = None  # where a jump leads, while it is under way
        self._then = Mode.PAUSED
        self._playhead = 0.0
        self._played_at = 0
        self._spared = 0  # connections that the collector does not look at
        self._kept_from = 1  # what was before this event is forgotten

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def behind(self) -> int:
        """How many events are recorded and not shown."""
        return len(self.recorder) - self.ledger.seq

    @property
    def busy(self) -> bool:
        """Whether it is still on its way to what it shall show (a jump, a flood, a large file)."""
        return self._target is not None or (self.mode is Mode.LIVE and self.behind > 4 * BLOCK)

    @property
    def now(self) -> int:
        """The moment that is shown."""
        if self.mode is Mode.PLAYING:
            return int(self._playhead)
        if self.mode is Mode.LIVE and self.growing:
            return max(self._moment, self.ledger.t)
        return self.ledger.t

    @property
    def whole(self) -> bool:
        """Whether all of a finished recording is shown, so that nothing more will be known of what is open."""
        return not self.growing and self.loaded() and self.behind <= 0

    def number_of(self, seq: int) -> int:
        """What to call an event: its number in the file it comes from."""
        return self.recorder.numbering.number_of(seq)

    def as_in_file(self, event: Event) -> Event:
        """The event with the number that it has in the file it comes from."""
        return event._replace(seq=self.number_of(event.seq))

    def place_of(self, number: int) -> int:
        """Which event somebody means who gives its number, or the last before."""
        return self.recorder.numbering.place_of(number)

    def read(self, seqs: Sequence[int]) -> list[Numbered]:
        """Events by number, as far as they are still there."""
        return self.recorder.read(seqs)

    def event(self, seq: int) -> Event | None:
        """One event of those that are shown."""
        return self.ledger.event(seq, self.read) if 0 < seq <= self.ledger.seq else None

    def events(self, conn: int, after: int = 0) -> list[Event]:
        """The events of a connection that are shown, behind number `after`."""
        return self.ledger.events(conn, self.read, after)

    def mark(self, conn: int, comment: str | None) -> None:
        """Mark a connection (None takes the mark away), in the recording and at once."""
        fields = {"name": MARK, "phase": "end"} if comment is None else {"name": MARK, "phase": "begin", "data": comment}
        self.recorder.emit((self._time_of_note(), NOTE, conn, None, None, fields))
        if comment is None:
            self.ledger.marks.pop(conn, None)
        else:
            self.ledger.marks[conn] = comment

    def _time_of_note(self) -> int:
        """Now; in a recording that is over its last moment, so that the time of marking does not seem to belong to it."""
        newest = [] if self.growing else self.read([len(self.recorder)])
        return newest[-1][1][0] if newest else self.clock()

    # -- moving ----------------------------------------------------------------------------------------------------

    def advance(self, bite: float = BITE) -> bool:
        """Move on for about `bite` seconds at most; True when something changed."""
        before, at_the_end = self.ledger.seq, False
        if self._target is not None:
            if self._take(bite, upto=self._target):
                self._target, self.mode = None, self._then
                self._start_clock()
        elif self.mode is Mode.LIVE:
            at_the_end = self._take(2 * bite if self.busy else bite)
        elif self.mode is Mode.PLAYING:
            self._play(bite)
        self._moment = self.ledger.t if self.busy else self.clock() - self.recorder.epoch  # who is behind shows the past
        gone = self._let_go(at_the_end)
        self._reach(before)
        changed = gone or self.ledger.seq != before
        self.version += changed
        return changed

    def pause(self) -> None:
        """Stand still."""
        if self.mode is Mode.LIVE:
            self.paused_at = len(self.recorder)
        self.mode = Mode.PAUSED
        self._target = None

    def go_live(self) -> None:
        """Show everything there is, and what comes."""
        self.mode = Mode.LIVE
        self._target = None

    def play(self, speed: float) -> None:
        """Replay from here at `speed` times the pace at which it happened; from the start when nothing is left."""
        self.speed = speed
        if self.mode is Mode.LIVE or (self.mode is Mode.PAUSED and self.behind <= 0):
            self.go_to(0, Mode.PLAYING)
        else:
            self.mode, self._target = Mode.PLAYING, None
            self._start_clock()

    def step(self, count: int = 1) -> None:
        """One event on, or back (a negative count), and stand still."""
        self.go_to(self.ledger.seq + count)

    def go_to(self, seq: int, then: Mode = Mode.PAUSED) -> None:
        """Show everything up to event `seq`, and nothing behind it; not further back than memory goes."""
        if self.mode is Mode.LIVE:
            self.paused_at = len(self.recorder)
        oldest = self.recorder.oldest
        seq = min(max(seq, oldest if oldest > 1 else 0), len(self.recorder))
        if seq < self.ledger.seq:
            self._buffer, self._place = [], 0
            if seq == 0 or not self.ledger.go_back(seq, self.read):
                self.ledger, self._kept_from = self.ledger.anew(), 1
            self.version += 1
        self.mode, self._target, self._then = Mode.PAUSED, seq, then
        self.advance()

    def last_before(self, moment: int) -> int:
        """The last event at or before a moment of the recording (nanoseconds); the first there is when there is none."""
        low, high = self.recorder.oldest, len(self.recorder)
        while low < high:
            middle = (low + high + 1) // 2
            found = self.read([middle])
            if not found or found[0][1][0] - self.recorder.epoch <= moment:
                low = middle  # or it is gone by now, and what is there comes later
            else:
                high = middle - 1
        return low

    def _start_clock(self) -> None:
        """The replay goes on from what is shown; when nothing is, from the first event, however late that came."""
        first = [] if self.ledger.seq else self.recorder.take(0, 1)
        self._playhead = float(first[0][1][0] - self.recorder.epoch if first else self.ledger.t)
        self._played_at = self.clock()

    def _play(self, bite: float) -> None:
        now = self.clock()
        self._playhead += (now - self._played_at) * self.speed
        self._played_at = now
        self._take(bite, until=int(self._playhead))
        if self.behind <= 0:
            self.mode = Mode.LIVE if self.growing else Mode.PAUSED

    def _take(self, bite: float, upto: int | None = None, until: int | None = None) -> bool:
        """Take events up to a number or a moment, within the time of a bite; True when there are no more up to there."""
        ends = self.clock() + int(bite * 1e9)
        while self.clock() < ends:
            if self._place >= len(self._buffer):
                self._buffer, self._place = self.recorder.take(self.ledger.seq, BLOCK), 0
                self._spare_the_collector()
            end = min(self._place + SIP, len(self._buffer))
            if upto is not None:
                end = min(end, bisect_right(self._buffer, upto, key=_number))
            if until is not None:
                end = self._first_behind(until + self.recorder.epoch, end)
            if end == self._place:
                return True
            self.ledger.put(self._buffer[self._place : end])
            self._place = end
        return False

    def _spare_the_collector(self) -> None:
        """A full collection over a hundred thousand connections stands in the way of keys, and finds nothing.

        Only with a saved recording: beside a running app the collector is the app's.
        """
        if not self.growing and len(self.ledger.order) >= self._spared + SPARED:
            self._spared = len(self.ledger.order)
            gc.freeze()

    def _first_behind(self, moment: int, end: int) -> int:
        """Events are nearly, not strictly, in the order of time: the first that is later ends the run."""
        for place in range(self._place, end):
            if self._buffer[place][1][0] > moment:
                return place
        return end

    def _reach(self, before: int) -> None:
        """What was found in the events that are shown by now is told; where it stands beside its connection, that changed."""
        found, connections = self.findings, self.ledger.connections
        for finding in found.between(min(before, found.upto), self.ledger.seq):
            if finding.conn is not None and finding.conn in connections:
                self.ledger.touched.add(finding.conn)
        found.upto = self.ledger.seq

    def _let_go(self, at_the_end: bool) -> bool:
        """Forget with the recorder: when its oldest events went, so do the connections that were made of them."""
        oldest = self.recorder.oldest
        if oldest == self._kept_from:
            return False
        gone = self.ledger.forget_before(oldest, self.recorder.unfinished if at_the_end else None)
        self.findings.forget_before(oldest, self.ledger.connections)
        if at_the_end and not gone:
            self._kept_from = oldest
        return gone > 0


def _number(item: Numbered) -> int:
    return item[0]
