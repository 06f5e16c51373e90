"""The State pane of a WSGI request. WSGI has no messages and so no automaton: it has a call, and five stages in a fixed order.

What of them there was, when, and what is against the rules of PEP 3333 in it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from asgiviz.model.connection import payload_length
from asgiviz.model.events import Ev, Event
from asgiviz.views.figures import size
from asgiviz.views.lifeline_columns import time_column
from asgiviz.views.messages import error_words
from asgiviz.views.note_words import thread_of
from asgiviz.views.spans import Role, Row, Span, Spans, shortened
from asgiviz.views.text import counted, word

#: Columns of a sentence, which is hard to read when it is longer.
READABLE = 96
_ABOUT = (
    "WSGI has no messages and no automaton. A thread calls the app once, and belongs to this request until the app is done: "
    "while the app waits for something, the thread waits with it."
)


class Stage(StrEnum):
    """Where a request stands."""

    #: it waits for a thread
    IN_LINE = "in line"
    #: a thread called the app with the environ
    CALLED = "called"
    #: the app called start_response
    STARTED = "start_response"
    #: the app gave pieces of the body
    BODY = "chunks"
    #: the app is done
    DONE = "done"


_MEANINGS = {
    Stage.IN_LINE: "All threads are busy, or one is just about to take it. Nothing of the app runs for it.",
    Stage.CALLED: "The app runs. It has to call start_response before it gives the first byte.",
    Stage.STARTED: "Status and headers are chosen. They go out with the first piece of the body; until then they may change.",
    Stage.BODY: "The server asks the app's iterable for a piece and sends it, again and again, until it has no more.",
    Stage.DONE: "The iterable is at its end, or closed. The thread is free for the next request in line.",
}


class _Passed(NamedTuple):
    """A stage that was reached: the event, when it was, and what is told of it."""

    seq: int
    t: int
    told: str


class Stages:
    """The stages of one request so far, an event at a time; `wrong` are sentences on what is against the rules."""

    def __init__(self) -> None:
        self.passed: dict[Stage, _Passed] = {}
        self.wrong: list[Row] = []
        self.raised = False
        self._chunks = self._bytes = 0

    @property
    def stage(self) -> Stage:
        """The last one that was reached."""
        return list(self.passed)[-1] if self.passed else Stage.IN_LINE

    def add(self, event: Event) -> None:
        """Take in an event of the connection."""
        if event.layer or Stage.DONE in self.passed:
            return
        match event.ev:
            case Ev.WSGI_QUEUED:
                self._reach(Stage.IN_LINE, event, "")
            case Ev.WSGI_ENVIRON:
                self._reach(Stage.CALLED, event, thread_of(event.fields))
            case Ev.WSGI_START_RESPONSE:
                self._start(event)
            case Ev.WSGI_CHUNK:
                self._chunk(event)
            case Ev.WSGI_EXIT:
                self.raised = event.get("outcome") == "raised"
                said = f"raised {error_words(event.get('error'))}" if self.raised else word(event.get("outcome", "ended"))
                self._reach(Stage.DONE, event, said)
            case _:  # logs, notes, and what a newer version may write
                pass

    def _start(self, event: Event) -> None:
        again = Stage.STARTED in self.passed
        if again and event.get("exc_info") is None:
            self._complain(event, "start_response was called again, without exc_info")
        elif again and self._bytes:
            self._complain(event, "start_response was called again after the body had begun")
        if not again or event.get("exc_info") is not None:
            self._reach(Stage.STARTED, event, word(event.get("status")))

    def _chunk(self, event: Event) -> None:
        length = payload_length(event.fields)
        if length and Stage.STARTED not in self.passed and not self._bytes:
            self._complain(event, "a piece of the body came before start_response")
        self._chunks += 1
        self._bytes += length
        pieces = f"{counted(self._chunks, 'piece')}, {size(self._bytes)}"
        what = "a file" if event.get("via") == "file" else pieces
        self._reach(Stage.BODY, event, what)

    def _reach(self, stage: Stage, event: Event, told: str) -> None:
        first = self.passed.pop(stage, None)
        self.passed[stage] = _Passed(event.seq, event.t if first is None else first.t, told)

    def _complain(self, event: Event, sentence: str) -> None:
        if len(self.wrong) < len(Stage):
            self.wrong.append(Row([Span(f" ✗ {sentence} (PEP 3333)", Role.ERROR)], event.seq))


def draw(stages: Stages, width: int, height: int) -> list[Row]:
    """The pane: each stage a line, the meaning of the last one, and what WSGI is where there is room for it."""
    current = stages.stage
    rows = [Row(shortened(_line(stages, stage, current), width), _seq(stages, stage)) for stage in Stage]
    rows += [Row([]), *_wrapped(_meaning(stages, current), width, Role.PLAIN)]
    rows += [Row(shortened(row.spans, width), row.seq) for row in stages.wrong]
    about = [Row([]), *_wrapped(_ABOUT, width, Role.QUIET)]
    return [*rows, *about] if len(rows) + len(about) <= height else rows


def _line(stages: Stages, stage: Stage, current: Stage) -> Spans:
    """``▶ called          after 300 ms  thread waitress-0``"""
    passed = stages.passed.get(stage)
    sign, role = ("▶", Role.STRONG) if stage is current else ("●", Role.PLAIN) if passed else ("·", Role.QUIET)
    line = [Span(f" {sign} {stage:<15}", role)]
    if passed is not None:
        began = min(one.t for one in stages.passed.values())
        failed = stage is Stage.DONE and stages.raised
        line += [time_column(passed.t - began), Span(passed.told, Role.ERROR if failed else Role.PLAIN)]
    return line


def _meaning(stages: Stages, current: Stage) -> str:
    if current is Stage.DONE and Stage.CALLED not in stages.passed:
        return "No thread was free before the server stopped or the client was gone: the app was never called."
    if stages.raised:
        return "An exception left the app. If nothing was sent yet the server answers 500, else the answer breaks off."
    return _MEANINGS[current]


def _seq(stages: Stages, stage: Stage) -> int | None:
    return stages.passed[stage].seq if stage in stages.passed else None


def _wrapped(text: str, width: int, role: Role) -> Iterator[Row]:
    for line in textwrap.wrap(text, max(8, min(width, READABLE) - 1)):
        yield Row(shortened([Span(f" {line}", role)], width))
