"""Helping on the lesson screen: the keys, what words mean, the instructor's notes, the run on the trace screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.course.lesson import Lesson
from asgiviz.course.walk import Walk
from asgiviz.ui.explaining import keys_of, marked_up
from asgiviz.ui.lesson_room import LessonRoom
from asgiviz.ui.lesson_sources import Sources
from asgiviz.ui.text_screen import PageScreen
from asgiviz.views.lesson_notes import notes, terms
from asgiviz.views.markdown_rows import markdown

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

HELP = """
A lesson goes round: `predict`, `run`, `look`, `change`. A run is locked until you have said what you think will happen and how
sure you are. A wrong guess costs nothing: it is the best way to remember.

`Enter` does what comes next. On the stage `space` plays the run again, `,` and `.` step through it, `+` and `-` change it.

The clock of a run is virtual (time jumps: exact, and at once) or real (it takes the time it takes). `C` takes the other one.
"""


class LessonHelping(Screen[None]):
    """The part of the lesson screen that helps."""

    if TYPE_CHECKING:
        app: AsgivizApp

    walk: Walk
    lesson: Lesson
    room: LessonRoom
    sources: Sources

    def show_help(self) -> None:
        """About this screen, and its keys."""
        self.app.push_screen(
            PageScreen("Help", lambda width: [*marked_up(HELP, width), *keys_of(self.app.settings, ("lesson", "app"), width)])
        )

    def action_explain(self) -> None:
        """The words of this page that the glossary knows."""
        from asgiviz.views.explanation import draw_words

        entries = terms(self.walk, self.sources.shown_on(self.walk.page))
        if not entries:
            self.notify("there is no further explanation of this page; asgiviz explain lists what there is")
            return
        self.app.push_screen(PageScreen("Words on this page", lambda width: draw_words(entries, width)))

    def action_notes(self) -> None:
        """What is meant for the instructor on this page."""
        said = notes(self.lesson, self.walk.page, self.sources.text("notes.md"))
        if not said:
            self.notify("there are no notes on this page")
            return
        self.app.push_screen(PageScreen("Notes for the instructor", lambda width: markdown(said, width)))

    def action_trace(self) -> None:
        """This run with every message."""
        showing = self.room.showing
        if showing is None or not showing.over:
            self.notify("make a run first; then it can be looked at message by message")
            return
        from asgiviz.ui.run_trace import trace_of

        self.app.push_screen(trace_of(showing.trial.recorder))
