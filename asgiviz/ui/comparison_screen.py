"""Two connections side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from asgiviz.model.events import Event
from asgiviz.model.masking import Mask
from asgiviz.ui.text_screen import PageScreen
from asgiviz.views.comparison import compare


class ComparisonScreen(PageScreen):
    """A page as wide as the screen."""

    MOST_COLUMNS: ClassVar[int] = 180

    def __init__(self, left: Sequence[Event], right: Sequence[Event], mask: Mask | None) -> None:
        super().__init__("Side by side", lambda width: compare(list(left), list(right), width, mask))
