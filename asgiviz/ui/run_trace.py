"""A run of a lesson on the trace screen: the same recording, with every message."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from asgiviz.model.recording import Header
from asgiviz.store.recorder import Recorder
from asgiviz.ui.feed import Feed
from asgiviz.ui.trace_screen import TraceScreen


class RunTrace(TraceScreen):
    """The trace screen over a lesson; q leads back to it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "leave", "Back", show=True)]

    def action_leave(self) -> None:
        """Back to the lesson."""
        self.app.pop_screen()


def trace_of(recorder: Recorder) -> RunTrace:
    """The trace screen on a run that is over."""
    return RunTrace(Feed(recorder, growing=False), "run", None, Header.now(recorder.started))
