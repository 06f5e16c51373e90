"""Why code does not run, in a sentence for a beginner. What a host says is for those who type its options."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asgiviz.experiment.app_file import AppFile
from asgiviz.experiment.failure import Blame, Failure
from asgiviz.experiment.setup import SideSetup
from asgiviz.host.errors import HostError

_OPTION = re.compile(r"(?<![\w-])--[a-z]")


def not_running(app: AppFile, error: HostError | None) -> Failure:
    """The failure of an app that is not served, or not any more."""
    if error is None:
        return Failure(app.blame, f"{app.file.name}: the app ended its server")
    return Failure(app.blame, f"{app.file.name}: {for_learners(str(error))}", error.trace, error.in_lifespan)


def for_learners(sentence: str) -> str:
    """What is said, without the sentences behind the first that speak of options of the command line."""
    first, *more = re.split(r"(?<=[.?]) ", sentence)
    return " ".join([first, *(part for part in more if not _OPTION.search(part))])


def not_ready(app: AppFile, seconds: float, imported: bool, place: str = "") -> Failure:
    """The failure of an app that does not answer after so many seconds, at a `place` in its code as far as that is known."""
    if imported:
        what, why = "the app had not finished its lifespan startup", "Does it answer lifespan.startup?"
    else:
        what, why = "its import was still running", "Is there a loop, or something that waits, outside of the functions?"
    blame = Blame.TIME if app.learners else Blame.LESSON
    return Failure(blame, f"{app.file.name}: after {seconds:g} s {what}{place}. {why}")


def too_much(sides: Sequence[SideSetup]) -> Failure:
    """The failure of a run whose beginning is not in its recording any more."""
    app = next((side.app for side in sides if side.app.learners), sides[0].app)
    why = "so much was recorded that the beginning is gone, and nothing can be judged"
    return Failure(app.blame, f"{app.file.name}: {why}. Does something print, note or send without end?")
