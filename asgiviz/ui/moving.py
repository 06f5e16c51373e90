"""Moving in time: pause, step, jump, play, and live again. The recording goes on meanwhile."""

from __future__ import annotations

import re

from textual import on
from textual.screen import Screen

from asgiviz.ui.asking_lines import NumberLine
from asgiviz.ui.feed import SPEEDS, Feed, Mode

_PLACE = re.compile(r"([+-]?)(\d{1,12})|(\d{1,9}(?:\.\d{0,9})?)\s*(ms|s|m)")
_CONNECTION = re.compile(r"#(\d{1,12})")
_UNITS = {"ms": 1e6, "s": 1e9, "m": 60e9}


class Moving(Screen[None]):
    """The part of the trace screen that moves the feed."""

    feed: Feed

    def tick(self) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def draw_again(self) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def go_to_event(self, seq: int) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def action_pause(self) -> None:
        """Stand still, or go on with what is live."""
        if self.feed.mode is Mode.LIVE:
            self.feed.pause()
        else:
            self.feed.go_live()
        self._moved()

    def action_live(self) -> None:
        """Show everything there is, and what comes."""
        self.feed.go_live()
        self._moved()

    def action_step(self) -> None:
        """One event on."""
        self._step(1)

    def action_step_back(self) -> None:
        """One event back."""
        self._step(-1)

    def _step(self, count: int) -> None:
        self.feed.step(count)
        self._moved()
        if self.feed.ledger.seq:
            self.go_to_event(self.feed.ledger.seq)

    def action_play(self) -> None:
        """Replay from here; again: stand still."""
        if self.feed.mode is Mode.PLAYING:
            self.feed.pause()
        else:
            self.feed.play(self.feed.speed)
        self._moved()

    def action_faster(self) -> None:
        """Replay faster."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """Replay slower."""
        self._change_speed(-1)

    def _change_speed(self, step: int) -> None:
        place = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.feed.speed))
        self.feed.speed = SPEEDS[max(0, min(place + step, len(SPEEDS) - 1))]
        if self.feed.mode is Mode.PLAYING:
            self.feed.play(self.feed.speed)
            self._moved()
        else:
            self.notify(f"p plays back at {self.feed.speed:g}x")

    def action_goto(self) -> None:
        """Ask for the event to go to."""
        self.query_one(NumberLine).open("")

    @on(NumberLine.Wanted)
    def go_where_asked(self, message: NumberLine.Wanted) -> None:
        """Show everything up to an event, by number, by distance or by time; a connection stays in what is shown."""
        if (conn := _CONNECTION.fullmatch(message.text)) is not None:
            self._go_to_connection(int(conn[1]))
            return
        seq = self._number_of(message.text)
        if seq is None:
            sentence = f"{message.text!r} is no place: write 610, +100, -100, 2.5s, or #14 for a connection"
            self.notify(sentence, severity="error", markup=False)
            return
        self.feed.go_to(seq)
        self._moved()
        self.call_after_refresh(self.go_to_event, min(seq, self.feed.ledger.seq))

    def _go_to_connection(self, conn: int) -> None:
        if conn in self.feed.ledger.seqs:
            self.go_to_event(self.feed.ledger.seqs[conn][0])
        else:
            self.notify(f"there is no connection #{conn} by now", severity="error")

    def _number_of(self, text: str) -> int | None:
        match = _PLACE.fullmatch(text.replace(",", ""))
        if match is None:
            return None
        if match[3] is not None:
            return self.feed.last_before(int(float(match[3]) * _UNITS[match[4]]))
        number = int(match[2])
        here = self.feed.ledger.seq
        return max(1, {"+": here + number, "-": here - number}.get(match[1], self.feed.place_of(number)))

    def _moved(self) -> None:
        self.draw_again()
        self.tick()
