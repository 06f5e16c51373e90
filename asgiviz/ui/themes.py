"""Colours: a palette for each theme, from which come Textual's theme, the style of every role, and the cursor's.

A colour has one meaning. Where there are none (NO_COLOR), bold, dim, underline and reverse carry it; nothing is said by
a colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from rich.style import Style
from textual.theme import Theme

from asgiviz.views.spans import Role


@dataclass(frozen=True)
class Palette:
    """The colours of a theme, each ``#rrggbb``."""

    dark: bool
    background: str
    surface: str
    panel: str
    #: borders of panes that have not the focus, scrollbars
    line: str
    #: the focus: borders, keys
    accent: str
    #: the selected row, in the pane with the focus and elsewhere
    cursor: str
    cursor_elsewhere: str
    plain: str
    quiet: str
    receive: str
    send: str
    #: the app running, in bars: large areas, so calmer than text
    running: str
    waiting: str
    error: str
    life: str
    mark: str
    #: text on the cursor; None: what the roles say
    on_cursor: str | None = None


PALETTES = {
    "asgiviz-dark": Palette(
        dark=True,
        background="#0f1419",
        surface="#141b22",
        panel="#1a222b",
        line="#384553",
        accent="#7aa7ff",
        cursor="#17304d",
        cursor_elsewhere="#1f2934",
        plain="#d3dae3",
        quiet="#8c99a8",
        receive="#4fb0ff",
        send="#98e29d",
        running="#8ba3bd",
        waiting="#f0b341",
        error="#ff7b72",
        life="#dab6ff",
        mark="#f5dd72",
    ),
    "asgiviz-light": Palette(
        dark=False,
        background="#fcfbf8",
        surface="#f5f3ee",
        panel="#eceae4",
        line="#bdb9af",
        accent="#3656c8",
        cursor="#d3e5fa",
        cursor_elsewhere="#e6e8eb",
        plain="#22282f",
        quiet="#5a646e",
        receive="#0a5fc2",
        send="#176b34",
        running="#556677",
        waiting="#8f5500",
        error="#a00d18",
        life="#6d2a9c",
        mark="#6b5900",
    ),
    "asgiviz-high-contrast": Palette(
        dark=True,
        background="#000000",
        surface="#0a0a0a",
        panel="#141414",
        line="#a0a0a0",
        accent="#ffe14d",
        cursor="#ffe14d",
        cursor_elsewhere="#222222",
        plain="#ffffff",
        quiet="#c2c2c2",
        receive="#4fbcff",
        send="#a6ffab",
        running="#d8dee6",
        waiting="#ffc233",
        error="#ff8f86",
        life="#e3c7ff",
        mark="#ffe14d",
        on_cursor="#000000",
    ),
}
#: The terminal's own 16 colours, whatever they are; and none at all. A theme that is not ours gets the former.
TERMINAL, NO_COLOUR = "asgiviz-terminal", "asgiviz-no-colour"

_TERMINAL_ROLES = {
    Role.PLAIN: Style(),
    Role.RECEIVE: Style(color="cyan"),
    Role.SEND: Style(color="green"),
    Role.RUNNING: Style(color="white"),
    Role.WAITING: Style(color="yellow"),
    Role.ERROR: Style(color="red", bold=True),
    Role.LIFE: Style(color="magenta"),
    Role.QUIET: Style(dim=True),
    Role.STRONG: Style(bold=True),
    Role.MARK: Style(color="yellow", bold=True, reverse=True),
}
_COLOURLESS_ROLES = {
    Role.PLAIN: Style(),
    Role.RECEIVE: Style(underline=True),
    Role.SEND: Style(bold=True, underline=True),
    Role.RUNNING: Style(),
    Role.WAITING: Style(dim=True, underline=True),
    Role.ERROR: Style(bold=True, reverse=True),
    Role.LIFE: Style(bold=True, dim=True),
    Role.QUIET: Style(dim=True),
    Role.STRONG: Style(bold=True),
    Role.MARK: Style(reverse=True),
}


@cache
def role_styles(theme: str) -> dict[Role, Style]:
    """The style of each role in a theme; another style can be added over it."""
    if theme == NO_COLOUR:
        return _COLOURLESS_ROLES
    palette = PALETTES.get(theme)
    if palette is None:
        return _TERMINAL_ROLES
    ground = palette.background
    return {
        Role.PLAIN: Style(color=palette.plain, bgcolor=ground),
        Role.RECEIVE: Style(color=palette.receive, bgcolor=ground),
        Role.SEND: Style(color=palette.send, bgcolor=ground),
        Role.RUNNING: Style(color=palette.running, bgcolor=ground),
        Role.WAITING: Style(color=palette.waiting, bgcolor=ground),
        Role.ERROR: Style(color=palette.error, bgcolor=ground, bold=True),
        Role.LIFE: Style(color=palette.life, bgcolor=ground),
        Role.QUIET: Style(color=palette.quiet, bgcolor=ground),
        Role.STRONG: Style(color=palette.plain, bgcolor=ground, bold=True),
        Role.MARK: Style(color=palette.mark, bgcolor=ground, reverse=True),  # reverse is seen on the cursor too
    }


@cache
def cursor_style(theme: str, focused: bool) -> Style:
    """What goes over the styles of the selected row, in the pane with the focus or in another."""
    palette = PALETTES.get(theme)
    if palette is None:
        return Style(color="default", bgcolor="default", reverse=True) if focused else Style(underline=True)
    if focused:
        return Style(color=palette.on_cursor, bgcolor=palette.cursor)
    return Style(bgcolor=palette.cursor_elsewhere)


def _theme(name: str, palette: Palette) -> Theme:
    """Textual's theme for its own widgets, from the same colours."""
    on_cursor = palette.on_cursor or palette.plain
    return Theme(
        name,
        primary=palette.accent,
        secondary=palette.life,
        warning=palette.waiting,
        error=palette.error,
        success=palette.send,
        accent=palette.accent,
        foreground=palette.plain,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=palette.dark,
        variables={
            "text": palette.plain,
            "text-muted": palette.quiet,
            "foreground-muted": palette.quiet,
            "border": palette.accent,
            "border-blurred": palette.line,
            "panel-lighten-1": palette.line,
            "panel-lighten-2": palette.line,
            "panel-lighten-3": palette.line,
            "block-cursor-background": palette.cursor,
            "block-cursor-foreground": on_cursor,
            "block-cursor-blurred-background": palette.cursor_elsewhere,
            "block-cursor-blurred-foreground": palette.plain,
            "block-hover-background": palette.cursor_elsewhere,
            "input-cursor-background": palette.plain,
            "input-cursor-foreground": palette.background,
            "input-selection-background": palette.cursor,
            "input-selection-foreground": on_cursor,
            "screen-selection-background": palette.cursor,
            "screen-selection-foreground": on_cursor,
            "scrollbar": palette.line,
            "scrollbar-hover": palette.quiet,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.background,
            "footer-background": palette.background,
            "footer-foreground": palette.quiet,
            "footer-description-foreground": palette.quiet,
            "footer-key-foreground": palette.accent,
            "link-color": palette.accent,
            "link-color-hover": on_cursor,
            "link-background-hover": palette.cursor,
            "button-foreground": palette.plain,
            "button-color-foreground": palette.background,
        },
    )


def _native(name: str, line: str, accent: str, receive: str, send: str, waiting: str, error: str) -> Theme:
    """A theme in the terminal's own colours; what Textual would draw invisibly or not at all has a colour here."""
    return Theme(
        name,
        ansi=True,
        primary=accent,
        secondary=receive,
        warning=waiting,
        error=error,
        success=send,
        accent=accent,
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "text-muted": "ansi_default",
            "text-disabled": "ansi_default",
            "foreground-muted": "ansi_default",
            "foreground-disabled": "ansi_default",
            "surface-active": "transparent",
            "border": accent,
            "border-blurred": line,
            "panel-lighten-1": line,
            "panel-lighten-2": line,
            "panel-lighten-3": line,
            "block-cursor-background": "ansi_default",
            "block-cursor-foreground": "ansi_default",
            "block-cursor-text-style": "reverse",
            "block-cursor-blurred-text-style": "underline",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_default",
            "input-selection-foreground": "ansi_default",
            "scrollbar": line,
            "scrollbar-hover": accent,
            "scrollbar-active": accent,
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
            "link-color": accent,
            "link-color-hover": accent,
            "link-background-hover": "ansi_default",
            "footer-key-foreground": accent,
        },
    )


#: Our themes, as Textual registers them.
THEMES = (
    *(_theme(name, palette) for name, palette in PALETTES.items()),
    _native(TERMINAL, "ansi_bright_black", "ansi_blue", "ansi_cyan", "ansi_green", "ansi_yellow", "ansi_red"),
    _native(NO_COLOUR, *["ansi_default"] * 6),
)
