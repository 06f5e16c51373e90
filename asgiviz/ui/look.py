"""The look in use: role to style, the cursor's style, Unicode or ASCII signs, masked or revealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rich.style import Style

from asgiviz.model.masking import Mask
from asgiviz.ui.themes import cursor_style, role_styles
from asgiviz.views.spans import Role, spelt

if TYPE_CHECKING:
    from textual.app import App


class Look:
    """What panes draw with; replaced as a whole when the theme, the signs or the mask change."""

    def __init__(self, theme: str, ascii: bool, mask: Mask | None) -> None:  # noqa: A002  # the option's name
        self.theme = theme
        self.ascii = ascii
        #: None: secrets are revealed
        self.mask = mask
        self._styles = role_styles(theme)
        self._cursor = cursor_style(theme, focused=True)
        self._cursor_elsewhere = cursor_style(theme, focused=False)
        self._combined: dict[tuple[Role, Style | None], Style] = {}

    def style(self, role: Role, over: Style | None = None) -> Style:
        """The style of a role, with another (the cursor's) over it."""
        key = (role, over)
        style = self._combined.get(key)
        if style is None:
            style = self._styles[role] if over is None else self._styles[role] + over
            self._combined[key] = style
        return style

    def cursor(self, focused: bool) -> Style:
        """What the selected row is drawn with."""
        return self._cursor if focused else self._cursor_elsewhere

    def spelt(self, text: str) -> str:
        """Text in the signs in use."""
        return spelt(text) if self.ascii else text


def look_of(app: App[Any]) -> Look:
    """The look of our app."""
    return cast("Any", app).look  # type: ignore[no-any-return]  # only our own app has these panes
