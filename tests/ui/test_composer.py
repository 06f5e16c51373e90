"""The composer: it checks while one types, gives back a text that can be sent, and loses nothing that was written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static, TextArea

from asgiviz.traffic.errand_text import parse_request
from asgiviz.ui.composer import EXAMPLES, Composer, drafts_of
from asgiviz.views.errand_words import hint

#: each starts a process or a whole screen
pytestmark = pytest.mark.slow

Play = Callable[[Pilot[None]], Awaitable[None]]


class Desk(App[None]):
    """An app that does nothing but open composers; `answers` is what they gave back."""

    def __init__(self, ascii: bool = False) -> None:  # noqa: A002  # as the real app has it
        super().__init__()
        self.answers: list[str | None] = []
        self.look = SimpleNamespace(ascii=ascii)

    def open(self, text: str | None = None) -> None:
        """A composer, with this text."""
        self.push_screen(Composer(text), self.answers.append)


def played(play: Play, size: tuple[int, int] = (80, 24), desk: Desk | None = None) -> Desk:
    """The app after `play`."""
    app = desk or Desk()

    async def main() -> None:
        async with app.run_test(size=size) as pilot:
            await play(pilot)

    asyncio.run(main())
    return app


async def opened(pilot: Pilot[None], text: str | None = None) -> Composer:
    """A new composer, on the screen."""
    assert isinstance(pilot.app, Desk)
    pilot.app.open(text)
    await pilot.pause()
    assert isinstance(pilot.app.screen, Composer)
    return pilot.app.screen


async def written(pilot: Pilot[None], composer: Composer, text: str) -> None:
    """Replace what stands there by typing."""
    composer.query_one(TextArea).select_all()
    await pilot.press(*("enter" if character == "\n" else character for character in text))
    await pilot.pause()


def said(composer: Composer, where: str = "#said") -> str:
    """What a line under the editor says."""
    return str(composer.query_one(where, Static).render())


def test_typing_is_checked_and_what_is_right_is_given_back() -> None:
    """A mistake is named with its line and cannot be sent: the cursor goes there instead. Then the text is given back."""

    async def play(pilot: Pilot[None]) -> None:
        composer = await opened(pilot)
        await written(pilot, composer, "POST /orders\nx-a b\n\nhello")
        assert said(composer).startswith("✗ line 2: this is no header")
        assert composer.query_one("#said").has_class("-wrong")
        await pilot.press("ctrl+s")
        assert pilot.app.screen is composer
        assert composer.query_one(TextArea).cursor_location == (1, 0)
        await pilot.press("right", "right", "right", ":")
        await pilot.pause()
        assert said(composer) == "✓ POST /orders, 1 header, 5 B of body"
        assert not composer.query_one("#said").has_class("-wrong")
        assert "content-type" in said(composer, "#hint")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert pilot.app.screen is not composer

    assert played(play).answers == ["POST /orders\nx-a: b\n\nhello"]


def test_escape_gives_nothing_back_and_keeps_what_was_written() -> None:
    """The next composer opens with it, also when one for another text was opened in between, and behind that one it stands."""

    async def play(pilot: Pilot[None]) -> None:
        await written(pilot, await opened(pilot), "GET /mine")
        await pilot.press("escape")
        again = await opened(pilot, "GET /recorded")
        assert again.text == "GET /recorded"
        await pilot.press("ctrl+up")
        assert again.text == "GET /mine"
        await pilot.press("ctrl+down", "escape")
        assert (await opened(pilot)).text == "GET /mine"

    assert played(play).answers == [None, None]


def test_earlier_texts_are_behind_the_arrows() -> None:
    """What was sent, and drafts that others took the place of, newest first; what is changed on the way stays changed."""

    async def play(pilot: Pilot[None]) -> None:
        for text in ("GET /one", "GET /two"):
            await opened(pilot, text)
            await pilot.press("ctrl+s")
            await pilot.pause()
        composer = await opened(pilot, "GET /three")
        await pilot.press("!")
        seen = []
        for key in ("ctrl+up", "ctrl+up", "ctrl+up", "ctrl+down", "ctrl+down", "ctrl+down"):
            await pilot.press(key)
            seen.append(composer.text)
        assert seen == ["GET /two", "GET /one", "GET /one", "GET /two", "GET /three!", "GET /three!"]
        await pilot.press("escape")
        await pilot.pause()
        assert drafts_of(pilot.app).draft == "GET /three!"

    assert played(play).answers == ["GET /one", "GET /two", None]


def test_every_example_can_be_sent_and_none_takes_what_was_written() -> None:
    """They follow each other in a ring; the text from before is one step earlier."""

    async def play(pilot: Pilot[None]) -> None:
        composer = await opened(pilot, "GET /mine")
        seen = []
        for _ in EXAMPLES:
            await pilot.press("f2")
            seen.append(composer.text)
        assert sorted(seen) == sorted(EXAMPLES)
        await pilot.press("ctrl+up")
        assert composer.text == "GET /mine"

    played(play)
    assert [example for example in EXAMPLES if isinstance(parse_request(example), str)] == []


@pytest.mark.parametrize(("size", "wide"), [((80, 24), False), ((120, 36), True)], ids=["80x24", "120x36"])
def test_everything_has_its_place(size: tuple[int, int], wide: bool) -> None:
    """The editor, both lines and the keys are on the screen, no key is cut off; the forms are there when there is room."""

    async def play(pilot: Pilot[None]) -> None:
        composer = await opened(pilot, "GET /")
        area, keys = composer.query_one(TextArea).region, composer.query_one("#keys", Static)
        assert area.height >= 12
        assert area.width >= 70
        assert composer.query_one("#forms").display is wide
        assert composer.region.contains_region(keys.region)
        assert len(str(keys.render())) <= keys.size.width

    played(play, size)


def test_the_keys_can_be_clicked() -> None:
    """The names of the keys under the editor do what the keys do."""

    async def play(pilot: Pilot[None]) -> None:
        await opened(pilot, "GET /clicked")
        await pilot.click("#keys", offset=(2, 0))
        await pilot.pause()

    assert played(play).answers == ["GET /clicked"]


def test_in_ascii_nothing_else_is_drawn() -> None:
    """The composer follows the app's signs."""

    async def play(pilot: Pilot[None]) -> None:
        composer = await opened(pilot, "GET /é")
        assert said(composer) == "+ GET /\\xe9, no body"
        assert said(composer, "#keys").isascii()

    played(play, desk=Desk(ascii=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("get /", "methods are written in capitals: get is not GET"),
        ("BREW /", "this is a method of your own; servers and apps may refuse it"),
        ("GET /\n\nbody", "a GET with a body is legal, and many apps do not look at it"),
        ("DELETE /", "DELETE takes away what is at the target"),
        ("WS /", "the client says nothing: it listens for a second and closes; > text sends a text"),
        ("WS /\n> a", "without a close line the client listens for another second and closes with 1000"),
        ("WS /\n> a\nclose", "it closes at once, and may not hear the answer: put wait 0.5 before close"),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_a_hint_fits_what_is_written(text: str, words: str) -> None:
    """It says what a beginner may not know."""
    errand = parse_request(text)
    assert not isinstance(errand, str)
    assert hint(errand) == words
