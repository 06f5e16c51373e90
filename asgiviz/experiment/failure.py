"""Why a trial has no result: one sentence for the learner, and whose turn it is to do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Blame(StrEnum):
    """What a trial failed by."""

    #: the code that it ran: it cannot be imported, or ended the process
    CODE = "code"
    #: the run was not over in time, or the code never came back from its import
    TIME = "time"
    #: the lesson: a file that it names is not there, a step that no client can take
    LESSON = "lesson"
    #: this machine: no address, no process, a package that is not installed
    MACHINE = "machine"


@dataclass(frozen=True)
class Failure:
    """`sentence` says what happened and what to do next; `traceback` is of the code that was run, where there is one.

    `in_lifespan`: the app's lifespan is the reason, so a traceback is in its recording.
    """

    blame: Blame
    sentence: str
    traceback: str | None = None
    in_lifespan: bool = False


#: What stands when asgiviz itself has a fault; what was raised goes its way through the thread.
BROKEN = Failure(Blame.MACHINE, "asgiviz itself failed here. That should not happen; please report it")


class NoTrialError(Exception):
    """A trial cannot even begin."""

    def __init__(self, blame: Blame, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = Failure(blame, sentence)
