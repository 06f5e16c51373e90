"""Arranging: which panes are in sight, which has the focus, and the titles that name what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from asgiviz.model.events import Ev
from asgiviz.ui.arrangement import PANES, VIEWS, Shape, panes_in_sight, shape_of
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.text import cells_of

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp


class Arranging(Screen[None]):
    """The part of the trace screen that arranges its panes."""

    if TYPE_CHECKING:
        app: AsgivizApp

    feed: Feed
    panes: dict[str, LinesPane]
    #: the pane with the focus, and the one in the place of the views
    current = "connections"
    view = VIEWS[0]
    maximised = False
    _shape = Shape.ONE
    _any_stall = False
    _findings_told = 0

    def draw_again(self) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Another size may have another shape."""
        self.lay_out()

    def show_pane(self, name: str) -> None:
        """Bring a pane into sight and give it the focus."""
        if name in VIEWS:
            self.view = name
        self.current = name
        self.lay_out()
        self.panes[name].focus()

    def action_tab(self, number: int) -> None:
        """A pane by its number."""
        self.show_pane(tuple(PANES)[number - 1])

    def action_show(self, name: str) -> None:
        """Bring a pane into sight (a click on its title)."""
        self.show_pane(name)

    def action_tab_next(self) -> None:
        """The view to the right."""
        self._turn(1)

    def action_tab_previous(self) -> None:
        """The view to the left."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        """The next pane of those that share a place; when there is room for one only, the next of all."""
        names = tuple(PANES) if self.one_at_a_time else VIEWS
        here = self.current if self.one_at_a_time else self.view
        self.show_pane(names[(names.index(here) + step) % len(names)])

    def action_next_pane(self, step: int) -> None:
        """The next pane in sight; when there is room for one only, the next of all."""
        names = [name for name in PANES if self.one_at_a_time or name in self.in_sight]
        place = names.index(self.current) if self.current in names else 0
        self.show_pane(names[(place + step) % len(names)])

    def action_zoom(self) -> None:
        """The pane with the focus alone, or all again."""
        self.maximised = not self.maximised
        self.lay_out()
        self.panes[self.current].focus()

    @property
    def one_at_a_time(self) -> bool:
        """Whether there is room, or wish, for one pane only."""
        return self.maximised or self._shape is Shape.ONE

    @property
    def in_sight(self) -> frozenset[str]:
        """The panes that are shown."""
        return panes_in_sight(self._shape, self.view, self.current, self.maximised)

    def lay_out(self) -> None:
        """Show what there is room for, and say in the titles what is hidden."""
        self._shape = shape_of(self.size.width, self.size.height)
        for shape in Shape:
            self.set_class(shape is self._shape and not self.maximised, shape.value)
        shown = self.in_sight
        for name, pane in self.panes.items():
            pane.display = name in shown
            pane.entitle(self._titles(name))
        self.query_one("#left").display = not shown.isdisjoint({"connections", "loop"})
        self.query_one("#views").display = not shown.isdisjoint(VIEWS)
        self.query_one("#work").display = not shown.isdisjoint({*VIEWS, "inspector"})
        self.draw_again()

    def _titles(self, name: str) -> str:
        """The pane's title; beside it those of the panes that are hidden behind it."""
        group = tuple(PANES) if self.one_at_a_time else VIEWS if name in VIEWS else (name,)
        titles = {other: self._title_of(other) for other in group}
        line = self.app.look.spelt("│")
        here, elsewhere = "[b]{1}[/b]", "[@click=screen.show('{0}')]{1}[/]"
        roomy = not self.one_at_a_time or sum(cells_of(title) + 3 for title in titles.values()) <= self.size.width - 2
        between = f" {line} " if roomy else line
        return between.join((here if other == name else elsewhere).format(other, title) for other, title in titles.items())

    def _title_of(self, name: str) -> str:
        """Those of panes that may be hidden when they have something to say: stalls, findings."""
        if name == "findings" and self._findings_told:
            return f"{PANES[name]} {self._findings_told:,}"
        return PANES[name] + (self.app.look.spelt(" ⚠") if name == "loop" and self._any_stall else "")

    def on_descendant_focus(self) -> None:
        """Remember which pane has the focus."""
        focused = self.focused
        if isinstance(focused, LinesPane) and focused.id in self.panes:
            self.current = focused.id

    def mark_titles(self) -> None:
        """The first stall, or none any more, changes a title; so does each finding."""
        said = len(self.feed.ledger.asides[Ev.STALL]) > 0, len(self.feed.findings)
        if said != (self._any_stall, self._findings_told):
            self._any_stall, self._findings_told = said
            for name, pane in self.panes.items():
                pane.entitle(self._titles(name))
