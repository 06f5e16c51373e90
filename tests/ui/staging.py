"""What the tests of screens stand on: the app over a written recording or over a real run, its keys, and what it shows.

Nothing here waits for a time to pass: `until` waits for a condition, and only a condition that never comes true takes long.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Offset, Size
from textual.keys import _character_to_key, key_to_character
from textual.pilot import Pilot
from textual.screen import Screen

from asgiviz.host.options import Run, ServerOptions
from asgiviz.model.events import Event, Raw
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.session import Session
from asgiviz.settings import Settings
from asgiviz.store.loading import Loading, recorder_for
from asgiviz.store.reader import open_recording
from asgiviz.store.recorder import Recorder
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import Read, Request, Step
from asgiviz.ui.app import AsgivizApp
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.stage import Stage
from asgiviz.ui.trace_screen import TraceScreen
from asgiviz.views.spans import text_of
from tests.store.files import HEADER, filled
from tests.traffic.serving import play_all

ROOT = Path(__file__).parents[2]
#: A recording of a small shop: a lifespan, three requests (one failed), a WebSocket that was closed with 1000.
SHOP = ROOT / "screenshots" / "shop.asgiviz"
#: The smallest screen that is served (one pane at a time), and one with several panes.
SMALL, LARGE = (80, 24), (200, 50)
#: Seconds that a condition may take to come true before the test fails.
PATIENCE = 20.0

P = ParamSpec("P")


def played(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """The test, on an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        asyncio.run(main())

    return run


def text_of_screen(app: AsgivizApp) -> str:
    """What stands on the screen, as the compositor gives it to the terminal, without its colours."""
    app.screen._on_timer_update()  # lay out and draw what is due
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


class Hands:
    """The app on the stage, and a user's hands on it. `screen` is the one that is tried; another one may lie over it."""

    screen: Any

    def __init__(self, pilot: Pilot[None], screen: Screen[Any]) -> None:
        assert isinstance(pilot.app, AsgivizApp)
        self.app = pilot.app
        self.pilot = pilot
        self.screen = screen

    # -- what is there ---------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return text_of_screen(self.app)

    @property
    def top(self) -> Screen[Any]:
        """The screen that has the keys."""
        return self.app.screen

    def pane(self, name: str) -> Any:
        """A pane; any, because each has its own attributes."""
        return self.screen.panes[name]

    def rows(self, pane: str | LinesPane) -> list[str]:
        """All rows of a pane, in sight or not, behind its heading."""
        self.app.screen._on_timer_update()  # lay out what is due
        shown = self.pane(pane) if isinstance(pane, str) else pane
        width = shown._text_width
        lines = [*shown.heading(width), *(shown.line(index, width) for index in range(shown.count()))]
        return [text_of(spans).rstrip() for spans in lines]

    @property
    def in_sight(self) -> set[str]:
        """The panes that are displayed."""
        return {name for name, pane in self.screen.panes.items() if pane.display}

    @property
    def focused(self) -> Any:
        """The widget that has the focus; any, because each has its own attributes."""
        return self.app.focused

    # -- what a user does ------------------------------------------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Press keys (a text of one character is that character), and let what they do happen.

        Pilot's own `press` waits until the process is idle, which it never is beside a server at work.
        """
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            driver.send_message(events.Key(name, key if len(key) == 1 else key_to_character(key)))
            await self.settled()

    async def write(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def resize(self, size: tuple[int, int]) -> None:
        """Another size of the terminal."""
        driver = self.app._driver
        assert isinstance(driver, HeadlessDriver)
        driver._size = Size(*size)
        self.app.post_message(events.Resize(Size(*size), Size(*size)))
        await self.until(lambda: self.screen.size == Size(*size), f"the size {size}")
        await self.settled()

    async def click(self, pane: str | LinesPane, x: int, y: int, times: int = 1) -> None:
        """Click into a pane, at a place inside its border; y -1 is its title."""
        shown = self.pane(pane) if isinstance(pane, str) else pane
        at = Offset(shown.region.x + 1 + x, shown.region.y + 1 + y)
        for chain in range(1, times + 1):
            for kind in (events.MouseDown, events.MouseUp, events.Click):
                self._mouse(kind, at, 1, chain)
                await self.settled()

    async def wheel(self, pane: str, down: bool) -> None:
        """Turn the wheel over a pane."""
        middle = self.pane(pane).region.center
        self._mouse(events.MouseScrollDown if down else events.MouseScrollUp, Offset(*map(int, middle)), 0, 1)
        await self.settled()

    def _mouse(self, kind: type[events.MouseEvent], at: Offset, button: int, chain: int) -> None:
        keywords: dict[str, Any] = {"widget": None, "x": at.x, "y": at.y, "delta_x": 0, "delta_y": 0, "button": button}
        keywords |= dict.fromkeys(("shift", "meta", "ctrl"), False)
        if kind is events.Click:
            keywords["chain"] = chain
        self.app.mouse_position = at
        self.app.screen._forward_event(kind(**keywords))

    async def settled(self) -> None:
        """Let everything that was told to the screen and its panes be done, and what that told them in turn."""
        for _ in range(50):
            await self.pilot._wait_for_screen()
            pumps = [self.app, *self.app.screen.walk_children(with_self=True)]
            if all(pump._message_queue.empty() for pump in pumps):
                break

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for a condition, and give what it gave."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited in vain for {what}; there is:\n{self.text}"
            await asyncio.sleep(0.01)
        return found


class Show(Hands):
    """The app with a trace screen."""

    screen: TraceScreen

    def __init__(self, pilot: Pilot[None], screen: TraceScreen, session: Session | None = None) -> None:
        super().__init__(pilot, screen)
        self.feed = screen.feed
        self.session = session

    # -- what is recorded ------------------------------------------------------------------------------------------

    @property
    def place(self) -> tuple[Any, ...]:
        """Everything of the user's that new traffic must leave alone."""
        panes = {name: (pane.selected, None if pane.follows else pane.top) for name, pane in self.screen.panes.items()}
        return self.screen.conn, self.screen.seq, self.screen.current, self.screen.view, self.app.focused, panes

    @property
    def mode(self) -> str:
        """How the feed moves."""
        return self.feed.mode

    def event(self, seq: int | None) -> Event:
        """An event that is shown."""
        event = self.feed.event(seq or 0)
        assert event is not None
        return event

    def conn_of(self, path: str) -> int:
        """The number of the newest connection with this path; 0 when there is none."""
        found = (conn for conn, connection in self.feed.ledger.connections.items() if connection.path == path)
        return max(found, default=0)

    def kinds(self) -> dict[str | None, int]:
        """Scope type -> the number of the first connection of it."""
        found: dict[str | None, int] = {}
        for conn, connection in self.feed.ledger.connections.items():
            found.setdefault(connection.kind, conn)
        return found

    async def caught_up(self) -> None:
        """Wait until all that is recorded is drawn."""
        screen, feed = self.screen, self.feed
        judging = screen.judging
        await self.until(
            lambda: feed.behind <= 0 and judging.done and screen._drawn_version == feed.version, "the feed to catch up"
        )
        await self.settled()

    # -- a run -----------------------------------------------------------------------------------------------------

    async def send(self, *scripts: Script) -> None:
        """Let clients visit the app, side by side, and wait until they have gone and what they did is drawn."""
        assert self.session is not None
        url = self.session.url
        seen = await asyncio.to_thread(lambda: play_all(scripts, url, timeout=PATIENCE))
        assert [one.trouble for one in seen if one.trouble] == []
        await self.caught_up()

    async def get(self, *paths: str) -> None:
        """Ask for each path and read the answers, on one connection."""
        await self.send(asking(*paths))


def asking(*paths: str) -> Script:
    """A client that asks for each path and reads the answers."""
    return Script("visitor", tuple(step for path in paths for step in (Request(path), Read())))


def client(*steps: Step) -> Script:
    """A client with these steps."""
    return Script("client", steps)


@asynccontextmanager
async def _shown(
    recorder: Recorder,
    header: Header,
    size: tuple[int, int],
    session: Session | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> AsyncIterator[Show]:
    stage: Stage | None = session
    screen = TraceScreen(Feed(recorder, growing=session is not None), "trace" if session else "open", stage, header)
    app = AsgivizApp(settings or Settings(), screen, **{"mask": Mask(), **options})
    async with app.run_test(size=size, notifications=True) as pilot:
        show = Show(pilot, screen, session)
        await show.caught_up()
        yield show


@asynccontextmanager
async def recorded(raws: Iterable[Raw], size: tuple[int, int] = SMALL, **options: Any) -> AsyncIterator[Show]:
    """The screen on a recording that holds these events."""
    async with _shown(filled(list(raws)), HEADER, size, **options) as show:
        yield show


@asynccontextmanager
async def opened(path: Path = SHOP, size: tuple[int, int] = SMALL, **options: Any) -> AsyncIterator[Show]:
    """The screen on a recording in a file."""
    with open_recording(path) as reader:
        recorder = recorder_for(reader.header.started, 100_000, 1 << 28)
        loading = Loading(reader, recorder)
        loading.run()
    assert loading.trouble is None
    async with _shown(recorder, reader.header, size, **options) as show:
        yield show


@asynccontextmanager
async def running(
    target: str, size: tuple[int, int] = SMALL, *, max_events: int = 50_000, **options: Any
) -> AsyncIterator[Show]:
    """The screen over a real session: the app is served in a thread of this process, on a port that the system chose."""
    server = ServerOptions(port=0, timeout_graceful_shutdown=1)
    session = Session(Run(target, str(ROOT), options=server), max_events=max_events)
    session.start()
    try:
        async with _shown(session.recorder, session.header(), size, session, **options) as show:
            await show.until(lambda: session.serving, "the server")
            show.screen.know(session.header())
            await show.caught_up()
            yield show
    finally:
        session.ask_to_stop(force=True)
        came_back = await asyncio.to_thread(session.finish, PATIENCE)
        session.release()
        assert came_back
