"""Arranging the lesson screen: what is in sight at which size, and the titles that name what is hidden.

On a wide terminal the text has the whole height, because it is read, and stage and code stand beside it; on a small one is
one pane at a time, and a run brings the stage to the front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.rows_pane import RowsPane

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

#: Columns and rows from which on panes stand beside each other, and from which the code has more room.
WIDE, HIGH, TALL = 110, 26, 44
TITLES = {"lesson": "Lesson", "stage": "Stage", "code": "Code"}


class LessonArranging(Screen[None]):
    """The part of the lesson screen that arranges its panes."""

    if TYPE_CHECKING:
        app: AsgivizApp

    panes: dict[str, RowsPane]
    current = "lesson"
    maximised = False
    _wide = False

    def on_resize(self) -> None:
        """Another size may have another shape."""
        self.lay_out()

    @property
    def one_at_a_time(self) -> bool:
        """Whether there is room, or wish, for one pane only."""
        return self.maximised or not self._wide

    def lay_out(self) -> None:
        """Show what there is room for."""
        self._wide = self.size.width >= WIDE and self.size.height >= HIGH
        shown = {self.current} if self.one_at_a_time else set(self.panes)
        self.set_class(not self.one_at_a_time, "-wide")
        self.set_class(not self.one_at_a_time and self.size.height >= TALL, "-tall")
        for name, pane in self.panes.items():
            pane.display = name in shown
        self.query_one("#right").display = not shown.isdisjoint({"stage", "code"})
        self.entitle_panes()

    def entitle_panes(self) -> None:
        """The titles of the panes; where one hides others, theirs too."""
        line = self.app.look.spelt("│")
        for name, pane in self.panes.items():
            group = tuple(TITLES) if self.one_at_a_time else (name,)
            here, elsewhere = "[b]{1}[/b]", "[@click=screen.show('{0}')]{1}[/]"
            titles = f" {line} ".join((here if other == name else elsewhere).format(other, TITLES[other]) for other in group)
            pane.entitle(titles)

    def show_pane(self, name: str) -> None:
        """Bring a pane into sight and give it the focus."""
        self.current = name
        self.lay_out()
        self.panes[name].focus()

    def bring_forward(self, name: str) -> None:
        """Bring a pane into sight where only one is."""
        if self.one_at_a_time and self.current != name:
            self.maximised = False
            self.show_pane(name)

    def action_show(self, name: str) -> None:
        """A click on a title."""
        self.show_pane(name)

    def action_next_pane(self, step: int) -> None:
        """The focus to another pane."""
        names = list(self.panes)
        self.show_pane(names[(names.index(self.current) + step) % len(names)])

    def action_zoom(self) -> None:
        """The pane with the focus alone, or all again."""
        self.maximised = not self.maximised
        self.lay_out()
        self.panes[self.current].focus()

    def on_descendant_focus(self) -> None:
        """Remember which pane has the focus."""
        focused = self.focused
        if isinstance(focused, LinesPane) and focused.id in self.panes:
            self.current = focused.id
