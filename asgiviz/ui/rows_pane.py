"""A pane of rows that are drawn for its width: to read and to scroll, without a cursor."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher

from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.spans import Row, Spans, text_of


class RowsPane(LinesPane):
    """The rows that `draw` gives for a width and a height; drawn anew when the size is another, or when told to."""

    def __init__(self, draw: Callable[[int, int], list[Row]], *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._draw = draw
        self._rows: list[Row] = []
        self._drawn_for: tuple[int, int] | None = None
        #: the rows as they were when the pane was last seen, while it has news to show
        self._read: list[Row] | None = None

    def rows(self, width: int, height: int) -> list[Row]:
        """The rows at a size."""
        if (width, height) != self._drawn_for:
            self._rows, self._drawn_for = self._draw(width, height), (width, height)
        return self._rows

    def changed(self) -> None:
        """What is drawn has changed."""
        self._drawn_for = None
        if self.is_mounted and self.display:
            self.show_changes()

    def show_what_is_new(self) -> None:
        """The rows have changed: bring what is new into sight, from its beginning, if it has no room as a whole.

        A pane that is hidden does it when it is seen again.
        """
        self._read = self._rows if self._read is None else self._read
        self.changed()
        if not self.is_seen:
            return
        after = self.rows(self._text_width, self.size.height)
        self.top = max(0, min(_where_news_begin(self._read, after), len(after) - self.rows_in_sight))
        self._read = None
        self.redraw()

    def scroll_to_end(self) -> None:
        """Bring the last row into sight."""
        self.top = max(0, self.count() - self.rows_in_sight)
        self.redraw()

    def scroll_to_start(self) -> None:
        """Bring the first row into sight."""
        self.top = 0
        self.redraw()

    @property
    def is_seen(self) -> bool:
        """Whether it has a place on the screen."""
        return self.display and self.size.width > 1

    def show_late_news(self) -> None:
        """Show what came while the pane was hidden, as soon as it is seen again."""
        if self._read is not None and self.is_seen:
            self.show_what_is_new()

    def on_show(self) -> None:
        """Seen again."""
        self.show_late_news()

    @property
    def at_end(self) -> bool:
        """Whether the last row is in sight; of a hidden pane nobody misses anything."""
        return not self.is_seen or self.top + self.rows_in_sight >= self.count()

    def count(self) -> int:
        return len(self.rows(self._text_width, self.size.height))

    def line(self, index: int, width: int) -> Spans:
        return self.rows(width, self.size.height)[index].spans

    def action_move(self, rows: int) -> None:
        """There is no cursor: scroll."""
        self._scroll(rows)

    def action_page(self, pages: int) -> None:
        """There is no cursor: scroll."""
        self._scroll(pages * max(1, self.rows_in_sight - 1))

    def action_first(self) -> None:
        """There is no cursor: scroll."""
        self.scroll_to_start()

    def action_last(self) -> None:
        """There is no cursor: scroll."""
        self.scroll_to_end()

    def select(self, key: object, *, tell: bool = True) -> None:
        """There is no cursor."""


def _where_news_begin(before: list[Row], after: list[Row]) -> int:
    """The first of the longest run of rows that are new."""
    old, now = [text_of(row.spans) for row in before], [text_of(row.spans) for row in after]
    changes = SequenceMatcher(None, old, now, autojunk=False).get_opcodes()
    new = [(end - begin, begin) for kind, _, _, begin, end in changes if kind != "equal"]
    return max(new, key=lambda piece: (piece[0], piece[1]))[1] if new else len(after)
