"""Playback: at which moment of a run the stage stands. It follows a run, plays it back at a speed, or stands still.

Times are nanoseconds of the run; the passing of real time is given in, so that this reads no clock.
"""

from __future__ import annotations

from enum import StrEnum

#: How fast a run can be played back, in seconds of the run for one of ours.
SPEEDS = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0)
#: Seconds that a run which is over before it could be watched is played back in, at most, and in which a short one is.
LONG, SHORT = 5.0, 1.5
#: Seconds of a run below which there is nothing to play back.
WORTH = 0.001


class Mode(StrEnum):
    """What the stage does."""

    #: it shows the run while it happens
    FOLLOWS = "follows"
    #: it plays back
    PLAYS = "plays"
    #: it stands still
    STANDS = "stands"


class Playback:
    """`at` is the moment that is shown, between `began` and `ended`."""

    def __init__(self) -> None:
        self.mode = Mode.STANDS
        self.speed = 1.0
        self.began = self.ended = self.at = 0

    def follow(self, began: int) -> None:
        """A run begins at this moment: show it while it happens."""
        self.mode, self.speed = Mode.FOLLOWS, 1.0
        self.began = self.ended = self.at = began

    def reach(self, ended: int) -> None:
        """The run has come to this moment."""
        self.ended = max(self.ended, ended)
        if self.mode is Mode.FOLLOWS:
            self.at = self.ended

    def stand(self) -> None:
        """Stand still."""
        self.mode = Mode.STANDS

    def show_all(self) -> None:
        """Stand still at the end."""
        self.mode, self.at = Mode.STANDS, self.ended

    def replay(self, seconds: float | None = None) -> None:
        """Play it from its beginning; in so many seconds, else at the speed that is set."""
        self.at, self.mode = self.began, Mode.PLAYS
        if seconds is not None:
            self.speed = self.length / seconds if self.length else 1.0

    @property
    def length(self) -> float:
        """Seconds of the run."""
        return (self.ended - self.began) / 1e9

    @property
    def is_worth_watching(self) -> bool:
        """Whether anything lasted long enough to be played back."""
        return self.length >= WORTH

    @property
    def comfortable(self) -> float:
        """Seconds in which it is pleasant to watch the run: its own time, if that is not too short or too long."""
        return max(SHORT, min(self.length, LONG))

    def pass_time(self, seconds: float) -> bool:
        """Real time passes; True when this has moved the stage."""
        if self.mode is not Mode.PLAYS:
            return False
        self.at += max(1, round(seconds * self.speed * 1e9))
        if self.at >= self.ended:
            self.show_all()
        return True

    def toggle(self) -> None:
        """Play or stand still; at the end it plays from the beginning."""
        if self.mode is Mode.PLAYS:
            self.stand()
        elif self.mode is Mode.STANDS:
            if self.at >= self.ended:
                self.at = self.began
            self.mode = Mode.PLAYS

    def go_to(self, at: int) -> None:
        """Stand still at a moment."""
        self.mode, self.at = Mode.STANDS, max(self.began, min(at, self.ended))

    def change_speed(self, step: int) -> None:
        """Faster or slower, to the next of `SPEEDS`."""
        others = [speed for speed in SPEEDS if (speed > self.speed * 1.001 if step > 0 else speed < self.speed / 1.001)]
        if others:
            self.speed = others[0] if step > 0 else others[-1]
