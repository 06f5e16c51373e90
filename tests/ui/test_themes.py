"""Every theme can be read, by everyone, and says without colours what it says with them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Footer, Header, Input, OptionList, Static, TextArea

from asgiviz.settings import SETTINGS, Settings
from asgiviz.ui.themes import NO_COLOUR, PALETTES, TERMINAL, THEMES, cursor_style, role_styles
from asgiviz.views.spans import Role

#: WCAG 2: what text needs against its background, normally and at level AAA.
ENOUGH, PLENTY = 4.5, 7.0
#: How far apart two roles' colours stay for everyone (CIE76; about 2 is the least difference that can be seen).
APART = 10.0
#: Linear RGB as it is seen without the green and without the red cones (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHTS = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
}
MEANINGS = (Role.PLAIN, Role.RECEIVE, Role.SEND, Role.WAITING, Role.ERROR, Role.LIFE)


@pytest.fixture(autouse=True)
def colours_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have switched colours off."""
    monkeypatch.delenv("NO_COLOR", raising=False)


def linear(triplet: tuple[int, int, int]) -> tuple[float, ...]:
    """sRGB, 0 to 255, as linear light, 0 to 1."""
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in triplet))


def contrast(style: Style) -> float:
    """WCAG's contrast ratio of a style that has both colours; reverse changes nothing in it."""
    assert style.color
    assert style.bgcolor
    red, green, blue = zip(linear(style.color.get_truecolor()), linear(style.bgcolor.get_truecolor()), strict=True)
    one, other = (0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in zip(red, green, blue, strict=True))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def lab(style: Style, sight: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """The text colour of a style in CIELAB (D65), as it is seen."""
    assert style.color
    light = linear(style.color.get_truecolor())
    r, g, b = (min(1.0, max(0.0, sum(a * c for a, c in zip(row, light, strict=True)))) for row in sight)

    def cubic(t: float) -> float:
        return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    x = cubic((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047)
    y = cubic(0.2126 * r + 0.7152 * g + 0.0722 * b)
    z = cubic((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def styles_of(name: str) -> Iterator[tuple[str, Style]]:
    """Every role on each ground that it is drawn on: the pane, the cursor, the cursor of a pane without the focus."""
    for role, style in role_styles(name).items():
        yield role, style
        for focused in (True, False):
            yield f"{role} on the cursor, {focused=}", style + cursor_style(name, focused)


@pytest.mark.parametrize("name", PALETTES)
def test_all_text_can_be_read(name: str) -> None:
    """Contrast is at least 4.5 to 1, in the theme of high contrast 7 to 1, on the cursor too."""
    least = PLENTY if name == "asgiviz-high-contrast" else ENOUGH
    assert {what: round(contrast(style), 2) for what, style in styles_of(name) if contrast(style) < least} == {}


@pytest.mark.parametrize("ground", ["surface", "panel"])
@pytest.mark.parametrize("name", PALETTES)
def test_text_on_bars_and_dialogs_can_be_read(name: str, ground: str) -> None:
    """Textual's own widgets stand on the surface and the panel."""
    least = PLENTY if name == "asgiviz-high-contrast" else ENOUGH
    palette = PALETTES[name]
    for text in ("plain", "quiet", "accent", "error"):
        style = Style(color=getattr(palette, text), bgcolor=getattr(palette, ground))
        assert contrast(style) >= least, f"{text} on {ground}"


@pytest.mark.parametrize("sight", SIGHTS.values(), ids=SIGHTS)
@pytest.mark.parametrize("name", PALETTES)
def test_roles_differ_for_everyone(name: str, sight: tuple[tuple[float, ...], ...]) -> None:
    """Whoever sees no green or no red tells the roles apart all the same."""
    styles = role_styles(name)
    for one, other in itertools.combinations(MEANINGS, 2):
        distance = sum((a - b) ** 2 for a, b in zip(lab(styles[one], sight), lab(styles[other], sight), strict=True)) ** 0.5
        assert distance >= APART, f"{one} and {other} are {distance:.1f} apart"


def test_without_colours_roles_differ_by_their_type() -> None:
    """Bold, dim, underline and reverse are enough to tell all roles of text apart, and no colour is used."""
    styles = role_styles(NO_COLOUR)
    texts = [style for role, style in styles.items() if role is not Role.RUNNING]  # its sign is a solid block
    assert len({(style.bold, style.dim, style.underline, style.reverse) for style in texts}) == len(Role) - 1
    used = [*styles.values(), cursor_style(NO_COLOUR, focused=True), cursor_style(NO_COLOUR, focused=False)]
    assert {colour.name for style in used for colour in (style.color, style.bgcolor) if colour} <= {"default"}


def test_the_terminal_theme_uses_its_sixteen_colours() -> None:
    """No colour of ours is in it, so that it suits whatever the terminal's user has chosen."""
    styles = [*role_styles(TERMINAL).values(), cursor_style(TERMINAL, focused=True)]
    assert all(colour.is_system_defined for style in styles for colour in (style.color, style.bgcolor) if colour)


@pytest.mark.parametrize("theme", [*(theme.name for theme in THEMES), "nord"])
def test_every_role_has_a_style_in_every_theme(theme: str) -> None:
    """In one that is not ours too; and the cursor is seen in the focused pane and elsewhere."""
    assert set(role_styles(theme)) == set(Role)
    assert Style() != cursor_style(theme, focused=True) != cursor_style(theme, focused=False) != Style()


def test_every_theme_that_can_be_chosen_exists() -> None:
    """Each name of the setting, and no colour, is a theme."""
    chosen = {Settings(theme=name).theme_name for name in SETTINGS["theme"].among} | {Settings(colour=False).theme_name}
    assert chosen == {theme.name for theme in THEMES}


class Roles(Widget):
    """A line with every role."""

    def render_line(self, y: int) -> Strip:
        """All roles."""
        return Strip([Segment(role, style) for role, style in role_styles(self.app.theme).items()])


class Stage(App[None]):
    """The widgets of Textual that screens use, in one of our themes."""

    CSS = "Roles { height: 1; } Button, Input, OptionList { width: 20; }"
    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012

    def __init__(self, theme: str, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        for ours in THEMES:
            self.register_theme(ours)
        self.theme = theme

    def compose(self) -> ComposeResult:
        yield Header()
        yield Roles()
        yield OptionList("one", "two")
        yield Input("typed")
        yield Button("Send", variant="primary")
        yield TextArea("text")
        yield Static("static", classes="title")
        yield Footer()

    def styles_seen(self) -> list[Style]:
        """The style of each piece that is on the screen."""
        compositor: Any = self.screen._compositor
        return [segment.style for strip in compositor.render_strips() for segment in strip if segment.style]


def colours_drawn(theme: str, ansi_color: bool | None = None) -> set[Color]:
    """The colours that reach the terminal."""

    async def draw() -> set[Color]:
        app = Stage(theme, ansi_color)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            styles = app.styles_seen()
            assert len(styles) > 20
            return {colour for style in styles for colour in (style.color, style.bgcolor) if colour}

    return asyncio.run(draw())


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES if not theme.ansi])
def test_textual_draws_its_widgets_in_our_themes(theme: str) -> None:
    """Every variable that its style sheets ask for is there, and the palette's colours are what is seen."""
    drawn = {colour.get_truecolor().hex for colour in colours_drawn(theme)}
    palette = PALETTES[theme]
    assert {palette.background, palette.plain, palette.accent, palette.send} <= drawn


def test_the_terminal_theme_reaches_the_terminal_as_it_is() -> None:
    """Textual turns none of its colours into another."""
    drawn = colours_drawn(TERMINAL)
    assert all(colour.is_system_defined for colour in drawn)
    assert {"cyan", "green", "red"} <= {colour.name for colour in drawn}


def test_with_no_color_no_colour_reaches_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR, the theme without colours and the terminal's own defaults: nothing else is drawn."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert {colour.name for colour in colours_drawn(NO_COLOUR, ansi_color=True)} == {"default"}
