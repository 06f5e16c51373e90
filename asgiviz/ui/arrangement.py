"""Which panes are in sight, from the size of the screen: one at a time, two columns, or three.

A table and two functions; the screen carries them out.
"""

from __future__ import annotations

from enum import StrEnum

#: name of a pane -> its title, in the order of the number keys
PANES = {
    "connections": "Connections",
    "sequence": "Sequence",
    "waterfall": "Waterfall",
    "state": "State",
    "logs": "Logs",
    "inspector": "Inspect",
    "loop": "Loop",
    "findings": "Findings",
}
#: the panes that share one place
VIEWS = ("sequence", "waterfall", "state", "logs", "findings")


class Shape(StrEnum):
    """How much there is room for."""

    #: one pane at a time
    ONE = "-one"
    #: connections beside a view above the inspector
    TWO = "-two"
    #: connections, view and inspector beside each other
    THREE = "-three"


def shape_of(width: int, height: int) -> Shape:
    """The shape for a screen of this size, in columns and rows."""
    if width < 100 or height < 24:
        return Shape.ONE
    return Shape.THREE if width >= 170 else Shape.TWO


def panes_in_sight(shape: Shape, view: str, current: str, maximised: bool) -> frozenset[str]:
    """The panes to show: `view` is the one in the place of views, `current` the one with the focus."""
    if maximised or shape is Shape.ONE:
        return frozenset({current})
    return frozenset({"connections", "loop", "inspector", view})
