"""The pane of lines: draws the rows that are in sight, and nothing else, however many there are.

It scrolls by itself, because setting a `virtual_size` would lay out the whole screen. Rows come from `count` and `line`
of the pane; what is selected is remembered by the row's key, so that rows which come or go do not move the cursor.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple, Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from asgiviz.ui.keys import bindings
from asgiviz.ui.look import Look, look_of
from asgiviz.ui.themes import NO_COLOUR
from asgiviz.views.spans import Role, Span, Spans, cut, in_ascii, width_of

#: Rows that one turn of the wheel scrolls.
WHEEL = 3


class _Line(NamedTuple):
    """A line of the pane as it is drawn: two that are equal look alike. `bar` is the scroll bar's sign beside it."""

    spans: Spans
    bar: str = " "
    chosen: bool = False


class LinesPane(Widget, can_focus=True):
    """A pane of rows with a cursor. Subclasses say what there is: `count`, `line`, `key_at`, `index_of`."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pane")]
    DEFAULT_CSS = """
    LinesPane {
        border: round $panel-lighten-2;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        background: $background;
        height: 1fr;
        width: 1fr;
        &:focus { border: round $accent; border-title-color: $accent; }
        &.-ascii { border: ascii $panel-lighten-2; }
        &.-ascii:focus { border: ascii $accent; }
        &.-colourless:focus { border-title-style: reverse; }
    }
    """
    ALLOW_SELECT = False

    #: what the pane is, for its border, the tab strip and the help
    TITLE: ClassVar[str] = ""
    #: what keys of rows are: numbers of connections, numbers of events, or places
    KEYS_ARE: ClassVar[str] = "places"
    #: the pane's help, shown by F1
    HELP: ClassVar[str] = ""

    _only_border = False
    #: the lines as they were drawn; None: all are to be drawn anew
    _picture: list[_Line] | None = None

    #: the newest row stays in sight
    follows: reactive[bool] = reactive(False, repaint=False)

    class Moved(Message):
        """The cursor stands on another row; `key` says which."""

        def __init__(self, pane: LinesPane, key: Hashable) -> None:
            super().__init__()
            self.pane = pane
            self.key = key

        @property
        def control(self) -> LinesPane:
            """The pane."""
            return self.pane

    class Chosen(Moved):
        """Enter, or a second click, on a row."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self._on_border: dict[str, str | None] = {}
        self.entitle(self.TITLE)
        self.layer_names = []
        self.top = 0
        #: key of the selected row; None: none is
        self.selected: Hashable | None = None
        self._width = 1
        self._due = False

    # -- what a pane says ------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> Spans:
        """One row, at most `width` columns wide."""
        raise NotImplementedError

    def key_at(self, index: int) -> Hashable:
        """What a row stands for; by default its place."""
        return index

    def index_of(self, key: Hashable) -> int | None:
        """Where the row with this key is; None when it is not there."""
        return key if isinstance(key, int) and 0 <= key < self.count() else None

    def event_at(self, key: Hashable) -> int | None:
        """The event that a row stands for; None when it stands for none."""
        return key if self.KEYS_ARE == "events" and isinstance(key, int) else None

    def unfold(self) -> bool:
        """Open or close what the cursor is on; False when there is nothing to."""
        return False

    def heading(self, width: int) -> list[Spans]:
        """Lines above the rows that do not scroll."""
        return []

    def nothing(self, width: int) -> list[Spans]:
        """What to say when there are no rows."""
        return [[Span("nothing here yet", Role.QUIET)]]

    # -- what the screen tells it ----------------------------------------------------------------------------------

    #: names of the recording's layers
    layer_names: list[str]

    def note_changes(self, touched: set[int]) -> None:
        """These connections changed; told also while the pane is out of sight."""

    def take_changes(self, touched: set[int]) -> bool:
        """The feed has moved on; `touched` are the connections that changed. Called only while the pane is in sight."""
        return False

    def show_connection(self, conn: int) -> None:
        """Another connection is selected."""

    def show_event(self, seq: int) -> None:
        """Another event is selected."""

    # -- drawing ---------------------------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """Colours and signs in use."""
        return look_of(self.app)

    @property
    def rows_in_sight(self) -> int:
        """How many rows fit below the heading."""
        return max(1, self.size.height - len(self.heading(self._text_width)))

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - 1)  # the last column is the scroll bar's

    def show_changes(self) -> None:
        """Rows were added, changed or taken away: keep to the place, or to the newest, and draw the lines that differ."""
        self._due = False
        if self.follows:
            self.top = max(0, self.count() - self.rows_in_sight)
        self._stay_inside()
        before, self._picture = self._picture, self._draw_lines()
        if before is None or len(before) != len(self._picture):
            super().refresh()
        elif other := [y for y, (old, new) in enumerate(zip(before, self._picture, strict=True)) if old != new]:
            width = self.size.width
            super().refresh(*[Region(0, y, width, 1) for y in other])

    def redraw(self) -> None:
        """`show_changes` when the message at hand is dealt with: once, however much changes because of it."""
        if not self._due and self.is_mounted:
            self._due = True
            self.call_next(self._redraw_if_due)

    def _redraw_if_due(self) -> None:
        if self._due and self.display:
            self.show_changes()
        self._due = False

    def entitle(self, title: str) -> None:
        """The title on the upper border."""
        self._write_on_border("border_title", title)

    def remark(self, text: str | None) -> None:
        """A remark on the lower border."""
        self._write_on_border("border_subtitle", text)

    def _write_on_border(self, place: str, text: str | None) -> None:
        """Textual would draw what is inside the border, too."""
        if self._on_border.get(place) != text:
            self._on_border[place] = text
            self._only_border = True
            setattr(self, place, text)
            self._only_border = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw all lines anew, unless `regions` say which."""
        if self._only_border and self.size:
            width, height = self.size
            regions = (Region(-1, -1, width + 2, 1), Region(-1, height, width + 2, 1))
        elif not regions:
            self._picture = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _stay_inside(self) -> None:
        self.top = max(0, min(self.top, self.count() - self.rows_in_sight))

    def render_line(self, y: int) -> Strip:
        """Textual's call for one line of the screen."""
        if self._picture is None or y >= len(self._picture):
            self._picture = self._draw_lines()
        line = self._picture[y] if y < len(self._picture) else _Line([])
        over = self._look.cursor(self.has_focus) if line.chosen else None
        return strip_of(line.spans, self._width, self._look, over, line.bar)

    def _draw_lines(self) -> list[_Line]:
        """Every line in sight, as it is now."""
        size, self._look = self.size, self.look
        self._width = width = max(1, size.width - 1)
        lines = [_Line([*spans]) for spans in self.heading(width)][: size.height]
        room, count = size.height - len(lines), self.count()
        for index in range(self.top, min(self.top + room, count)):
            chosen = self.selected is not None and self.key_at(index) == self.selected
            lines.append(_Line(self.line(index, width), self._bar(index - self.top, count, room), chosen))
        if not count:
            lines += [_Line(spans) for spans in self.nothing(width)[:room]]
        return lines + [_Line([])] * (size.height - len(lines))

    def _bar(self, y: int, count: int, height: int) -> str:
        """The scroll bar's sign beside row `y` of the `height` rows that fit."""
        if count <= height:
            return " "
        size = max(1, height * height // count)
        start = round((height - size) * self.top / max(1, count - height))
        return "▐" if start <= y < start + size else " "

    # -- moving ----------------------------------------------------------------------------------------------------

    def select(self, key: Hashable | None, *, tell: bool = True) -> None:
        """Put the cursor on a row and bring it into sight."""
        changed = key != self.selected
        self.selected = key
        index = None if key is None else self.index_of(key)
        if index is not None:
            self.bring_into_sight(index)
        self.redraw()
        if changed and tell and key is not None:
            self.post_message(self.Moved(self, key))

    def bring_into_sight(self, index: int) -> None:
        """Scroll as little as is needed."""
        height = self.rows_in_sight
        if index < self.top:
            self.top = index
        elif index >= self.top + height:
            self.top = index - height + 1

    def _go_to(self, index: int) -> None:
        count = self.count()
        if count:
            index = max(0, min(index, count - 1))
            self.follows = False
            self.select(self.key_at(index))

    @property
    def cursor(self) -> int | None:
        """Where the selected row is."""
        return None if self.selected is None else self.index_of(self.selected)

    def action_move(self, rows: int) -> None:
        """Up or down; without a cursor it begins at the edge of what is in sight."""
        if self.cursor is None:
            last = min(self.top + self.rows_in_sight, self.count()) - 1
            self._go_to(last if rows < 0 or self.follows else self.top)
        else:
            self._go_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """A page up or down."""
        place = self.cursor if self.cursor is not None else self.top
        self._go_to(place + pages * max(1, self.rows_in_sight - 1))

    def action_first(self) -> None:
        """To the first row."""
        self._go_to(0)

    def action_last(self) -> None:
        """To the last row."""
        self._go_to(self.count() - 1)

    # -- the mouse -------------------------------------------------------------------------------------------------

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves what is in sight, not the cursor."""
        event.stop()
        self._scroll(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves what is in sight, not the cursor."""
        event.stop()
        self._scroll(-WHEEL)

    def _scroll(self, rows: int) -> None:
        self.follows = False
        self.top += rows
        self._stay_inside()
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """A click selects a row, a second one chooses it."""
        place = event.get_content_offset(self)
        if place is None:
            return
        heading = len(self.heading(self._text_width))
        if place.y < heading:
            self.click_heading(place.y, place.x)
            return
        if place.x >= self._text_width:
            self._jump_by_bar(place.y - heading)
            return
        index = self.top + place.y - heading
        if index < self.count():
            key = self.key_at(index)
            self.follows = False
            self.select(key)
            self.click_row(index, place.x)
            if event.chain >= 2:
                self.post_message(self.Chosen(self, key))

    def _jump_by_bar(self, y: int) -> None:
        height = self.rows_in_sight
        self.follows = False
        self.top = (self.count() - height) * y // max(1, height - 1)
        self._stay_inside()
        self.redraw()

    def click_heading(self, y: int, x: int) -> None:
        """A click on the heading; nothing by default."""

    def click_row(self, index: int, x: int) -> None:
        """A click on a row, which is selected by now; nothing by default."""

    # -- Textual ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Take over the signs in use."""
        self.styles_changed()

    def on_resize(self) -> None:
        """Keep to the newest row, or keep the cursor in sight."""
        if self.follows:
            self.top = max(0, self.count() - self.rows_in_sight)
        elif self.cursor is not None:
            self.bring_into_sight(self.cursor)
        self._stay_inside()
        self.refresh()

    def on_focus(self) -> None:
        """The cursor is drawn differently."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is drawn differently."""
        self.refresh()

    def styles_changed(self) -> None:
        """Another theme or other signs."""
        self.set_class(self.look.ascii, "-ascii")
        self.set_class(self.look.theme == NO_COLOUR, "-colourless")
        self.refresh()


def strip_of(spans: Spans, width: int, look: Look, over: Style | None = None, bar: str = "") -> Strip:
    """A line of exactly `width` columns as Textual draws it, with the style `over` all of it, and behind it a `bar`'s sign."""
    if look.ascii:
        spans = in_ascii(spans)
    drawn = width_of(spans)
    if drawn > width:
        spans, drawn = cut(spans, width), width
    segments = [Segment(text, look.style(role, over)) for text, role in spans]
    if drawn < width:
        segments.append(Segment(" " * (width - drawn), look.style(Role.PLAIN, over)))
    if bar:
        segments.append(Segment(look.spelt(bar), look.style(Role.QUIET)))
    return Strip(segments, width + len(bar))
