"""What is to be played on the virtual clock, and how that ended: plain values that go to a child process and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from asgiviz.host.options import Run

#: The date of every experiment, in seconds since 1970: the first of January 2026.
WALL = 1_767_225_600
#: Seconds that an app may take until it listens: on the machine's clock for its import, on the virtual one for all of it.
START_WITHIN = 15.0


@dataclass(frozen=True)
class VirtualPlan:
    """One experiment. `sides`: name and run of each; `scripts`: the clients of each side, as `Script.as_dict` gives them; the
    n-th begins `stagger` seconds after the one before it.

    `timeout` is in virtual seconds, from the moment the clients are let go. `go` is the data of the note on that moment;
    `closely` lets the clients tell what they received; the clocks show `wall` at the beginning.
    """

    sides: tuple[tuple[str, Run], ...]
    scripts: Mapping[str, Sequence[Mapping[str, Any]]]
    stagger: float = 0.0
    timeout: float = 60.0
    go: Mapping[str, Any] = field(default_factory=dict)
    closely: bool = False
    wall: int = WALL

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON can carry it."""
        scripts = {side: [dict(script) for script in scripts] for side, scripts in self.scripts.items()}
        sides = [[side, run.as_dict()] for side, run in self.sides]
        return {**vars(self), "sides": sides, "scripts": scripts, "go": dict(self.go)}

    @classmethod
    def from_dict(cls, keys: dict[str, Any]) -> VirtualPlan:
        """The inverse of `as_dict`."""
        return cls(**{**keys, "sides": tuple((side, Run.from_dict(run)) for side, run in keys["sides"])})


class Way(StrEnum):
    """The ways in which an experiment ends."""

    #: every client has ended, and the servers have stopped
    FINISHED = "finished"
    #: it needs real time; nothing of it counts
    CANNOT_HOLD = "cannot_hold"
    #: the virtual time-out was over; the clients were called back
    OUT_OF_TIME = "out_of_time"
    #: an app was not up in time; the sentence is where it is in its code, if that is known
    NOT_UP = "not_up"
    #: an app could not be started, or ended its server
    FAILED = "failed"
    #: the process ended, with all that it had recorded
    DIED = "died"


@dataclass(frozen=True)
class Ending:
    """How it ended: a sentence, the app's own traceback where there is one, and which side it was."""

    way: Way
    sentence: str = ""
    trace: str | None = None
    side: str | None = None
    code: int = 0
    in_lifespan: bool = False
