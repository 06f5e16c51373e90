"""What can keep an app from being served: one sentence, and the app's own traceback where it has one."""

from __future__ import annotations

#: Exit codes of the command line: a mistake in the command, and an app that does not start.
USAGE, NOT_STARTED = 2, 3


class HostError(Exception):
    """The app is not served. `str()` is one sentence with what to do next; `trace` the app's whole traceback or None;
    `in_lifespan`: the reason is in the recording of its lifespan."""

    def __init__(self, sentence: str, trace: str | None = None, code: int = NOT_STARTED, in_lifespan: bool = False) -> None:
        super().__init__(sentence)
        self.in_lifespan = in_lifespan
        self.trace = trace
        self.code = code
