"""The trace screen under a user's hands: each key and each click does what its help says, live and saved, small and large."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, TextArea

from asgiviz.model.events import Ev
from asgiviz.store.reader import open_recording
from asgiviz.traffic.steps import Read, Request
from asgiviz.ui.arrangement import PANES
from asgiviz.ui.comparison_screen import ComparisonScreen
from asgiviz.ui.composer import Composer
from asgiviz.ui.copy_menu import CopyMenu
from asgiviz.ui.keys import ACTIONS, SCREENS
from asgiviz.ui.text_screen import PageScreen
from tests.ui.staging import LARGE, SMALL, Show, client, opened, played, running

#: real terminals, loops that are held, a whole screen: they take their time
pytestmark = pytest.mark.slow

RUDE = "tests.apps.rude:app"
#: Ends the app, stops the process or the server, or opens slowly: each has a test of its own, or belongs to a real terminal.
APART = {"app.quit", "app.suspend", "app.palette", "trace.restart", "trace.stop"}
HERE = [action for action in ACTIONS.values() if action.group in SCREENS["trace"] and action.id not in APART]
KEYS = [key for action in HERE for key in action.keys]


async def come_to(show: Show, pane: str, number: str, key: str) -> None:
    """To a pane, whatever the last key has opened, however late it came."""
    for _ in range(100):
        await show.press(number if show.top is show.screen else "escape")
        if show.top is show.screen and show.app.focused is show.pane(pane) and pane in show.in_sight:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{pane} is not to be had before {key}; there is:\n{show.text}")


async def press_everything(show: Show, pane: str) -> None:
    """Every key in a pane; what it opens is closed again, and the screen is whole."""
    number = str([*PANES].index(pane) + 1)
    for key in KEYS:
        await come_to(show, pane, number, key)
        await show.press(key)
        while show.top is not show.screen:
            await show.press("escape")
        if isinstance(show.app.focused, Input):
            await show.press("escape")
    assert show.text.startswith(" asgiviz")


@pytest.mark.slow
@pytest.mark.parametrize("pane", PANES)
@played
async def test_every_key_can_be_pressed_in_every_pane_of_a_saved_recording(
    pane: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None of them breaks the screen."""
    monkeypatch.chdir(tmp_path)
    async with opened() as show:
        await press_everything(show, pane)


@pytest.mark.slow
@pytest.mark.parametrize("pane", PANES)
@played
async def test_every_key_can_be_pressed_in_every_pane_of_a_live_run(
    pane: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None of them breaks the screen, and the app is served on."""
    monkeypatch.chdir(tmp_path)
    async with running(RUDE) as show:
        await show.get("/a", "/noise", "/boom")
        await press_everything(show, pane)
        await show.press("l")
        await show.get("/after")


# -- looking -------------------------------------------------------------------------------------------------------------


@played
async def test_numbers_arrows_and_z_choose_what_is_in_sight() -> None:
    """A number brings its pane, the arrows turn the views, z gives one pane all the room, escape goes back step by step."""
    async with opened(size=LARGE) as show:
        for place, name in enumerate(PANES, 1):
            await show.press(str(place))
            assert show.app.focused is show.pane(name)
        await show.press("2", "right", "right")
        assert show.screen.view == "state"
        await show.press("left")
        assert show.screen.view == "waterfall"
        await show.press("z")
        assert show.in_sight == {"waterfall"}
        await show.press("escape")
        assert len(show.in_sight) == 4
        assert show.app.focused is show.pane("waterfall")
        await show.press("escape")
        assert show.app.focused is show.pane("connections")


def fills(show: Show, size: tuple[int, int]) -> bool:
    """Whether what stands on the screen has this size."""
    return [len(show.text.splitlines()), len(show.text.splitlines()[0])] == [size[1], size[0]]


@played
async def test_another_size_at_any_moment_keeps_the_selection() -> None:
    """From 200x50 to 80x24 and back, with a pane maximised, a line half typed, or a page open."""
    async with opened(size=LARGE) as show:
        await show.press("down", "2", "down", "down")
        before = show.screen.conn, show.screen.seq, show.screen.current
        for keys in ([], ["z"], ["/", "~", "e"], ["escape", "f1"]):
            await show.press(*keys)
            for size in (SMALL, LARGE):
                await show.resize(size)
                assert (show.screen.conn, show.screen.seq, show.screen.current) == before
                await show.until(partial(fills, show, size), f"a screen of {size}")


@played
async def test_the_inspector_shows_raw_and_reveals() -> None:
    """v shows the line of the recording, with the event's number; again the tree."""
    async with opened(size=LARGE) as show:
        await show.press("home", "down", "6")
        await show.press("v")
        raw = "".join(row.strip() for row in show.rows("inspector"))
        assert '"ev"' in raw
        assert '"scope"' in raw
        await show.press("v")
        assert any("▾ scope" in row for row in show.rows("inspector"))


@played
async def test_the_theme_changes_the_colours_and_no_sign() -> None:
    """t goes through all themes and comes back; what stands on the screen stays."""
    async with opened(size=LARGE) as show:
        first, rows = show.app.theme, show.rows("sequence")
        seen = {first}
        await show.press("t")
        while show.app.theme != first:
            assert show.app.theme not in seen
            seen.add(show.app.theme)
            assert show.rows("sequence") == rows
            assert show.app.look.theme == show.app.theme
            await show.press("t")
        assert len(seen) >= 4


# -- finding -------------------------------------------------------------------------------------------------------------


@played
async def test_the_filter_is_used_while_it_is_typed() -> None:
    """What passes is counted; a mistake is told beside the line and changes nothing; enter keeps it, escape takes it away."""
    async with opened(size=LARGE) as show:
        everything = show.rows("connections")
        await show.press("/")
        await show.write("~m PUT")
        await show.until(lambda: "1 of 5" in show.text, "the count")
        assert [row for row in show.rows("connections")[1:] if "PUT" not in row] == []
        await show.write(" & ~zz")
        assert "~zz" in show.text.splitlines()[-2]
        assert len(show.rows("connections")) == 2
        await show.press(*["backspace"] * 6, "enter")
        assert show.app.focused is show.pane("connections")
        assert len(show.rows("connections")) == 2
        await show.press("/", "escape")
        await show.until(lambda: show.rows("connections") == everything, "all of them")
        await show.press("/", "up")
        assert show.focused.value == "~m PUT"


@played
async def test_the_search_goes_from_hit_to_hit_and_round() -> None:
    """enter finds the first behind the cursor, n the next ones, N the ones before, in whatever connection they are."""
    async with opened(size=LARGE) as show:
        await show.press("home", "ctrl+f")
        await show.write("websocket")
        await show.press("enter")
        hits = [await show.until(lambda: show.screen.seq, "a hit")]
        for _ in range(40):
            await show.press("n")
            hits.append(show.screen.seq)
            if hits[-1] == hits[0]:
                break
        assert len(hits) > 3
        assert hits[:-1] == sorted(hits[:-1])
        await show.press("N")
        assert show.screen.seq == hits[-2]
        assert show.event(hits[-2]).conn in (show.screen.conn, None)


@played
async def test_marks_are_set_commented_gone_to_and_taken_away() -> None:
    """They are in the list, and they are events of the recording."""
    async with opened(size=LARGE) as show:
        await show.press("home", "down", "m", "down", "down", "M")
        await show.write("too slow")
        await show.press("enter")
        assert show.feed.ledger.marks == {2: "", 4: "too slow"}
        assert any("too slow" in row for row in show.rows("connections"))
        await show.press("home", "'")
        assert show.screen.conn == 2
        await show.press("'")
        assert show.screen.conn == 4
        await show.press("m")
        assert set(show.feed.ledger.marks) == {2}


@played
async def test_the_list_is_sorted_by_keys_and_by_clicks_and_keeps_the_cursor() -> None:
    """s takes the next column, S the other way round, a click on a title that column; the cursor stays on its connection."""
    async with opened(size=LARGE) as show:
        await show.press("home", "down")

        def numbers() -> list[int]:
            return list(show.pane("connections").roster.ids)

        assert numbers() == [1, 2, 3, 4, 5]
        await show.press("S")
        assert numbers() == [5, 4, 3, 2, 1]
        heading = show.rows("connections")[0]
        await show.click("connections", heading.index("time"), 0)
        took = [show.feed.ledger.connections[conn].duration() for conn in numbers()]
        assert took == sorted(took, key=lambda ns: -(ns or 0))
        await show.click("connections", heading.index("time"), 0)
        assert [show.feed.ledger.connections[conn].duration() for conn in numbers()] == took[::-1]
        await show.press("s")
        assert numbers() != list(reversed(took))
        assert show.screen.conn == show.pane("connections").selected == 2


@played
async def test_clear_hides_what_is_over_and_brings_it_back() -> None:
    """An open connection stays; what comes later is listed."""
    async with running(RUDE, LARGE) as show:
        await show.get("/a", "/b")
        await show.press("ctrl+l")
        await show.until(lambda: show.pane("connections").roster.ids == [1], "the lifespan alone")
        await show.get("/c")
        await show.until(lambda: len(show.pane("connections").roster.ids) == 2, "the new one")
        await show.press("ctrl+l", "ctrl+l")
        await show.until(lambda: len(show.pane("connections").roster.ids) == 4, "all of them")


@played
async def test_follow_keeps_the_newest_in_sight_until_the_cursor_moves() -> None:
    """f switches it on and off."""
    async with running(RUDE) as show:
        await show.get(*["/a"] * 30)
        pane = show.pane("connections")
        assert pane.top > 0
        await show.press("home")
        await show.get(*["/b"] * 5)
        assert pane.top == 0
        await show.press("f")
        await show.get("/newest")
        assert "/newest" in show.text


# -- time ----------------------------------------------------------------------------------------------------------------


@played
async def test_stepping_moves_the_state_and_the_inspector() -> None:
    """Each step shows one event more or less, in its connection, and nothing behind it."""
    async with opened(size=LARGE) as show:
        await show.press("4", "#")
        await show.write("12")
        await show.press("enter")
        await show.until(lambda: show.screen.seq == 12, "event 12")
        assert show.feed.ledger.seq == 12
        states, inspected = [show.rows("state")], [show.rows("inspector")]
        for seq in (13, 14, 15):
            await show.press(".")
            assert (show.screen.seq, show.feed.ledger.seq) == (seq, seq)
            states.append(show.rows("state"))
            inspected.append(show.rows("inspector"))
        assert states[0] != states[1] != states[2]
        assert len({"\n".join(rows) for rows in inspected}) == 4
        await show.press(",", ",")
        assert show.screen.seq == 13
        assert show.rows("state") == states[1]
        assert show.screen.conn == 2


@played
async def test_a_time_and_a_distance_are_places_too() -> None:
    """`2.5s` is the last event before it, `+5` five on; what is no place is told."""
    async with opened(size=LARGE) as show:
        await show.press("#")
        await show.write("2.5s")
        await show.press("enter")
        await show.until(lambda: show.feed.behind > 0, "an earlier time")
        here = show.feed.ledger.seq
        recorded = [event.t for conn in range(1, 6) for event in show.feed.ledger.events(conn, show.feed.read)]
        assert max(recorded) <= 2.5e9
        await show.press("#")
        await show.write("+5")
        await show.press("enter")
        await show.until(lambda: show.feed.ledger.seq == here + 5, "five events on")
        await show.press("#")
        await show.write("soon")
        await show.press("enter")
        await show.until(lambda: "is no place" in show.text, "the sentence")


@played
async def test_playing_shows_everything_once_more_and_stops_at_the_end() -> None:
    """p begins, faster and slower change the speed, p again stands still, l shows all."""
    async with opened(size=LARGE) as show:
        whole = show.rows("connections")
        await show.press("p")
        assert show.mode == "playing"
        assert show.feed.ledger.seq < len(show.feed.recorder)
        await show.press("p")
        assert show.mode == "paused"
        speed = show.feed.speed
        await show.press(">", ">", ">", ">", ">", ">")
        assert show.feed.speed > speed
        if show.mode == "paused":
            await show.press("p")
        await show.until(lambda: show.feed.behind == 0, "the end")
        await show.until(lambda: show.mode != "playing", "standing still")
        await show.press("l")
        assert show.rows("connections") == whole


# -- the mouse -----------------------------------------------------------------------------------------------------------


@played
async def test_the_mouse_selects_looks_closer_and_scrolls() -> None:
    """A click selects a row, a double click goes where enter goes, the wheel scrolls without moving the cursor."""
    async with opened(size=SMALL) as show:
        await show.click("connections", 5, 3)
        assert show.screen.conn == show.pane("connections").roster.ids[2]
        await show.click("connections", 5, 4, times=2)
        assert show.in_sight == {"sequence"}
        assert show.screen.conn == show.pane("connections").roster.ids[3]
        await show.press("6", "home")
        await show.resize((80, 12))
        inspector = show.pane("inspector")
        await show.until(lambda: inspector.count() > inspector.rows_in_sight, "an inspector with more than fits")
        selected, top = inspector.selected, inspector.top
        await show.wheel("inspector", down=True)
        await show.until(lambda: inspector.top > top, "the inspector to scroll")
        assert inspector.selected == selected
        await show.wheel("inspector", down=False)
        await show.until(lambda: inspector.top == top, "the inspector to scroll back")


@played
async def test_a_click_on_the_waterfall_sets_the_time() -> None:
    """The cursor in time goes there, and the selected event is the last of its connection before it."""
    async with opened(size=LARGE) as show:
        await show.press("3", "home", "down", "down")
        pane = show.pane("waterfall")
        conn = show.screen.conn
        assert conn is not None
        moment, own = pane.moment, show.feed.ledger.seqs[conn]
        await show.click("waterfall", pane.size.width - 3, 4)
        assert pane.moment > moment
        assert show.screen.conn == pane.roster.ids[2]
        assert show.screen.seq == own[-1]


# -- explaining ----------------------------------------------------------------------------------------------------------


@played
async def test_question_mark_explains_what_the_cursor_is_on() -> None:
    """A key of the scope, a message, a close code, an exception, a stall and a state each have their own words."""
    async with running(RUDE, LARGE) as show:
        for _ in range(5):  # on an overloaded machine the watch keeps silent rather than blame the app
            await show.get("/block")
            await asyncio.sleep(0.5)  # it is told when the loop has gone round a few times
            await show.caught_up()
            if show.feed.ledger.asides[Ev.STALL]:
                break
        await show.send(client(Request("/boom"), Read()))
        await show.until(lambda: show.pane("loop").stalls, "the stall")
        pages = {}

        async def explained(what: str) -> None:
            await show.press("?")
            assert isinstance(show.top, PageScreen), what
            pages[what] = "\n".join(show.rows(show.top.page))
            await show.press("escape")

        show.screen.choose_connection(show.conn_of("/boom"))
        await show.press("1")
        await explained("RuntimeError")
        await show.press("7")
        await explained("stall")
        await show.press("6", "home")
        rows = show.rows("inspector")
        await show.press(*["down"] * next(index for index, row in enumerate(rows) if "http_version" in row))
        await explained("http_version")
        show.screen.go_to_event(next(seq for seq in show.feed.ledger.seqs[1] if show.event(seq).get("message")))
        await show.press("2")
        await explained("lifespan.startup")
        await show.press("4", "home", "down")
        await explained("state")
        assert len(set(pages.values())) >= 4
        assert [what for what, page in pages.items() if what.lower() not in page.lower() and what != "state"] == []


@played
async def test_f1_tells_about_the_pane_and_the_keys() -> None:
    """Each pane has its own help, with the keys that work there."""
    async with opened() as show:
        for place, (name, title) in enumerate(PANES.items(), 1):
            await show.press(str(place), "f1")
            assert isinstance(show.top, PageScreen)
            page = "\n".join(show.rows(show.top.page))
            assert title in str(show.top.page.border_title)
            assert show.pane(name).HELP.split()[0] in page
            assert ("Zoom" in page or "A shorter stretch of time." in page) is (name == "waterfall")
            assert "What this is, in a few sentences" in page
            await show.press("escape")


# -- doing ---------------------------------------------------------------------------------------------------------------


@played
async def test_a_request_is_composed_sent_and_shown() -> None:
    """The real answer is told, and the connection that came of it is selected."""
    async with running(RUDE, LARGE) as show:
        await show.get("/a")
        await show.press("c")
        assert isinstance(show.top, Composer)
        show.top.query_one(TextArea).select_all()
        await show.write("GET /composed")
        await show.press("ctrl+s")
        await show.until(lambda: show.screen.conn == show.conn_of("/composed") != 0, "its connection")
        await show.until(lambda: "200 OK" in show.text, "the answer")


@played
async def test_a_request_is_sent_again_and_compared() -> None:
    """r opens it as it was; sent, both stand side by side, and the new one is selected."""
    async with running(RUDE, LARGE) as show:
        await show.send(client(Request("/a?b=c", "POST", body=(b"hello",), headers=(("x-mine", "1"),)), Read()))
        first = show.conn_of("/a")
        show.screen.choose_connection(first)
        await show.press("r")
        assert isinstance(show.top, Composer)
        assert show.top.text.startswith("POST /a?b=c\n")
        assert show.top.text.endswith("hello")
        await show.press("ctrl+s")
        await show.until(lambda: isinstance(show.top, ComparisonScreen), "the comparison")
        assert show.conn_of("/a") == show.screen.conn != first
        await show.until(lambda: show.text.count("POST /a?b=c") >= 1, "both of them")


@played
async def test_the_server_is_stopped_and_started_again_on_the_same_address() -> None:
    """X stops it and the record stays; R starts it; what wants a server says so meanwhile."""
    async with running(RUDE, LARGE) as show:
        assert show.session is not None
        await show.get("/before")
        url = show.session.url
        await show.press("X")
        session = show.session
        await show.until(lambda: not session.serving, "the end")
        await show.press("c")
        assert show.top is show.screen
        await show.until(lambda: "not running" in show.text, "a word on it")
        await show.until(lambda: "starts it again" in show.text, "the word that it is stopped")
        await show.press("R")
        await show.until(lambda: session.serving, "the server")
        assert show.session.url == url
        await show.get("/after")
        assert show.conn_of("/before") < show.conn_of("/after")


@played
async def test_saving_and_the_picture_write_what_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file is a recording with the same events; the picture shows the screen."""
    monkeypatch.chdir(tmp_path)
    async with opened(size=LARGE) as show:
        await show.press("ctrl+s", "ctrl+e")
        await show.until(lambda: "asgiviz open" in show.text, "the word that it is saved")
        with open_recording(next(tmp_path.glob("*.asgiviz"))) as reader:
            assert reader.header.target == "shop:app"
            assert sum(1 for _ in reader) == len(show.feed.recorder)
        picture = next(tmp_path.glob("*.svg")).read_text(encoding="utf-8")
        assert "catalogue" in picture


@played
async def test_the_copy_menu_gives_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value, the row, the event and the connection as JSON, the request as curl; escape copies nothing."""
    monkeypatch.setenv("TERM", "xterm")
    async with opened(size=LARGE) as show:
        await show.press("home", "down", "6", "home", "down", "down", "down")
        copied = {}
        for key in "vrejc":
            await show.press("y")
            assert isinstance(show.top, CopyMenu)
            await show.press(key)
            copied[key] = show.app.clipboard
        assert copied["v"]
        assert copied["r"].strip() in [row.strip() for row in show.rows("inspector")]
        assert json.loads(copied["e"])["seq"] == show.screen.seq
        assert {json.loads(line)["conn"] for line in copied["j"].splitlines()} == {2}
        assert copied["c"].startswith("curl ")
        await show.press("y", "escape")
        assert show.app.clipboard == copied["c"]


@played
async def test_a_saved_recording_says_that_there_is_no_server() -> None:
    """Sending, sending again, stopping and starting answer with one sentence."""
    for key in "crXR":
        async with opened() as show:
            await show.press("down", key)
            await show.until(lambda: "no server" in show.text, key)
            assert show.top is show.screen


@played
async def test_the_palette_finds_an_action_and_runs_it() -> None:
    """It opens over the screen; a word and enter do what the action's key does."""
    async with opened(size=LARGE) as show:
        await show.press("ctrl+p")
        await show.until(lambda: isinstance(show.top, CommandPalette), "the palette")
        await show.write("waterfall")
        await show.until(lambda: "The pane Waterfall." in show.text, "what it found")
        await show.press("down", "enter")
        await show.until(lambda: show.top is show.screen and "waterfall" in show.in_sight, "the pane")


@played
async def test_q_ends_the_app() -> None:
    """Nothing is asked."""
    async with opened() as show:
        await show.press("q")
        await show.until(lambda: not show.app.is_running or show.app._exit, "the end")
