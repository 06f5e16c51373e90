"""The traps that other tools of this kind fell into, each as a test, by the number that the design gives it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from asgiviz.model.events import (
    EXIT,
    LOG,
    NOTE,
    POOL,
    RECEIVE_BEGIN,
    RECEIVE_END,
    SCOPE,
    SEND_BEGIN,
    SEND_END,
    SERVER,
    STALL,
    Raw,
)
from asgiviz.store.reader import open_recording
from asgiviz.store.recorder import BLOCK
from asgiviz.traffic.steps import Close, Expect, OpenWebSocket, Read, Request, SendText
from asgiviz.ui import trace_screen
from asgiviz.ui.arrangement import PANES
from asgiviz.ui.connections_pane import ConnectionsPane
from asgiviz.ui.copy_menu import CopyMenu
from tests.apps.rude import NOISE
from tests.traffic.serving import play_all
from tests.ui.staging import LARGE, SMALL, Show, client, opened, played, recorded, running

#: real terminals, loops that are held, a whole screen: they take their time
pytestmark = pytest.mark.slow

RUDE = "tests.apps.rude:app"
SECRET = "opensesame"
#: Categories of characters that no terminal may get: controls, format (bidi, invisible), surrogates, line ends.
UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def is_safe(text: str) -> bool:
    """Whether there is nothing in it, beside our own line ends, that a terminal would obey."""
    return not any(unicodedata.category(character) in UNSAFE for character in text.replace("\n", ""))


# -- 1: new traffic leaves the user's place alone ------------------------------------------------------------------------


@pytest.mark.parametrize("pane", PANES)
@played
async def test_1_new_traffic_moves_no_cursor_no_scroll_and_no_focus(pane: str) -> None:
    """Whatever pane one reads, forty more connections, logs and all, change nothing of where one is."""
    async with running(RUDE) as show:
        await show.get("/a", "/b", "/noise", "/c")
        await show.press(
            "end", "up", "3" if pane in ("connections", "loop") else "2", *(["down", "down"]), str([*PANES].index(pane) + 1)
        )
        await show.press("home", "down")
        before = show.place
        await show.get(*["/more", "/noise"] * 20)
        assert len(show.feed.ledger.order) > 40
        assert show.place == before


@played
async def test_1_the_first_request_does_not_take_the_reader_of_the_lifespan_away() -> None:
    """The screen shows the first request by itself, but not to somebody who has moved a cursor already."""
    async with running(RUDE) as reader:
        await reader.press("6", "down", "down")
        before = reader.place
        await reader.get("/first")
        assert reader.place == before
    async with running(RUDE) as onlooker:
        await onlooker.get("/first")
        assert onlooker.screen.conn == onlooker.conn_of("/first")


@played
async def test_1_new_traffic_leaves_half_typed_text_alone() -> None:
    """A filter that is not finished stays as it is, with its cursor, and goes on to say what is wrong with it."""
    async with running(RUDE) as show:
        await show.get("/a")
        await show.press("/")
        await show.write("~s 2xx & ~p")
        line = show.app.focused
        assert isinstance(line, Input)
        await show.press("left", "left")
        place = line.cursor_position
        await show.get(*["/b"] * 20)
        assert (show.app.focused, line.value, line.cursor_position) == (line, "~s 2xx & ~p", place)


# -- 2: pause --------------------------------------------------------------------------------------------------------------


@played
async def test_2_pause_counts_what_comes_and_loses_nothing() -> None:
    """While the screen stands still the title counts what is recorded; afterwards every bit of it is there."""
    async with running(RUDE, LARGE) as show:
        await show.get("/before")
        await show.press("space")
        shown, rows = show.feed.ledger.seq, show.rows("connections")
        send = asyncio.create_task(show.get(*[f"/while-{number}" for number in range(30)]))
        recorder = show.feed.recorder
        await show.until(lambda: show.feed.behind >= 30 * 8, "thirty requests of at least eight events each")
        await show.until(lambda: f"+{show.feed.behind:,} while paused" in show.text, "the count in the title")
        assert (show.feed.ledger.seq, show.rows("connections")) == (shown, rows)
        await show.press("space")
        await send
        paths = [connection.path for connection in show.feed.ledger.connections.values()]
        assert [path for path in paths if path != "/before"][1:] == [f"/while-{number}" for number in range(30)]
        assert show.feed.ledger.seq == len(recorder)


# -- 3: what the app does to its surroundings ------------------------------------------------------------------------------


@played
async def test_3_what_the_app_prints_and_logs_is_in_the_logs_and_nowhere_else() -> None:
    """Prints, bytes on the descriptors, a log record, a warning: each is a record, none is drawn raw, and the keys work."""
    async with running(RUDE, LARGE) as show:
        await show.get("/noise")
        noisy = [conn for conn in show.feed.ledger.asides["log"] if "[bold]loud[/bold]" in show.event(conn).get("text")]
        assert len(noisy) >= 6
        await show.press("5")
        assert r"\x1b[2J" in show.text
        assert is_safe(show.text)
        await show.press("1")
        assert show.text.startswith(" asgiviz ▸ trace")
        assert show.screen.current == "connections"


@played
async def test_3_a_handler_that_blocks_leaves_the_keys_alive() -> None:
    """While the app's loop is held the screen answers a key; the stall is told afterwards, with its line."""
    async with running(RUDE, LARGE) as show:
        waiting = asyncio.create_task(show.get("/block"))
        await show.until(lambda: show.conn_of("/block"), "the request that blocks")
        await show.press("4")
        assert "/block" in str(show.feed.ledger.connections[show.conn_of("/block")].path)
        assert show.feed.ledger.connections[show.conn_of("/block")].ended is None
        assert show.in_sight >= {"state"}
        await waiting
        await show.until(lambda: "rude.py" in "".join(show.rows("loop")), "the stall and its line")


@played
async def test_3_exits_and_signal_handlers_of_the_app_end_as_its_errors() -> None:
    """`sys.exit` and `signal.signal` in a handler are told in their connections; Ctrl-C stays ours, and the screen stays."""
    before = signal.getsignal(signal.SIGINT)
    async with running(RUDE, LARGE) as show:
        url = show.session.url if show.session else ""
        for path, error in (("/signals", "ValueError"), ("/leave", "SystemExit")):
            await asyncio.to_thread(_ask, url, path)
            await show.until(partial(is_over, show, path), path)
            assert show.feed.ledger.connections[show.conn_of(path)].error_type == f"builtins.{error}"
        assert signal.getsignal(signal.SIGINT) is before
        await show.press("3")
        assert show.in_sight >= {"waterfall"}
        assert "/leave" in show.text


def is_over(show: Show, path: str) -> bool:
    """Whether the app's call for this path has ended."""
    conn = show.conn_of(path)
    return conn > 0 and show.feed.ledger.connections[conn].over


def _ask(url: str, path: str) -> None:
    """One request of a client that does not mind how it is answered."""
    play_all([client(Request(path), Read())], url, timeout=20)


# -- 4: a flood ------------------------------------------------------------------------------------------------------------


@played
async def test_4_a_flood_is_bounded_in_memory_and_in_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 12,000 messages the recorder keeps what it may; the list is drawn about once a tick, not once a message."""
    counts = {"ticks": 0, "drawn": 0}
    draw, tick = ConnectionsPane.line, trace_screen.TraceScreen.tick

    def counted_line(self: ConnectionsPane, index: int, width: int) -> Any:
        counts["drawn"] += index == 0
        return draw(self, index, width)

    def counted_tick(self: Any) -> None:
        counts["ticks"] += 1
        tick(self)

    async with running(RUDE, max_events=4_000) as show:
        await show.get("/a")
        monkeypatch.setattr(ConnectionsPane, "line", counted_line)
        monkeypatch.setattr(trace_screen.TraceScreen, "tick", counted_tick)
        await show.get("/flood")
        assert len(show.feed.recorder) > 24_000
        show.feed.recorder.tidy()
        assert show.feed.recorder.kept <= 4_000 + 2 * BLOCK
        assert 0 < counts["drawn"] <= 2 * counts["ticks"] + 10
        await show.press("2", "end")
        assert len(show.rows("sequence")) < 20  # folded
        assert show.in_sight == {"sequence"}


@played
async def test_4_nothing_is_drawn_when_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred ticks over a saved recording, and over a paused run, draw no line, however long they take."""
    monkeypatch.setattr(trace_screen, "HEARTBEAT", 0.0)  # as if a second passed between any two of them
    drawn: list[object] = []
    async with opened(size=LARGE) as show:
        monkeypatch.setattr(trace_screen.TraceScreen, "_show", lambda self, touched: drawn.append(touched))
        for _ in range(100):
            show.screen.tick()
        assert drawn == []
    monkeypatch.undo()
    monkeypatch.setattr(trace_screen, "HEARTBEAT", 0.0)
    async with running(RUDE, LARGE) as live:
        await live.press("space")
        monkeypatch.setattr(trace_screen.TraceScreen, "_show", lambda self, touched: drawn.append(touched))
        for _ in range(100):
            live.screen.tick()
        assert drawn == []


# -- 5: values -------------------------------------------------------------------------------------------------------------

HOSTILE = {
    "control": NOISE + "[/] [@click=app.quit]y[/] \u2066a\u2069\u200f\u200b\ufeff a\r\nb\tc\x0b\x0c\x85d\u2028e\u2029",
    "surrogates": "\ud800 \udcff",
    "empty": "",
    "wide": "世界e\u0301🇩🇪👩‍👩‍👧" * 20,
    "long": "x" * 200_000,
}


def hostile(text: str, conn: int) -> Iterator[Raw]:
    """A connection that holds the text, or its bytes and some that are no UTF-8, wherever something can be."""
    data = text.encode("utf-8", "surrogatepass") + b"\xff\xfe\x9b"
    pairs = [[data, data], [b"content-type", data], [b"authorization", data]]
    own: dict[str, Any] = {
        "path": text,
        "query_string": data,
        "headers": pairs,
        "client": [text, text],
        "server": [text, None],
        text: text,
    }
    events: list[tuple[int, int | None, Any]] = [
        (
            SCOPE,
            None,
            {"type": ("http", "websocket", "lifespan", text)[conn % 4], "method": text, "subprotocols": [text], **own},
        ),
        (RECEIVE_BEGIN, 1, None),
        (RECEIVE_END, 1, {"type": "http.request", "body": data, "more_body": False}),
        (SEND_BEGIN, 2, {"type": "http.response.start", "status": 200, "headers": pairs}),
        (SEND_END, 2, {"raised": {"type": text, "text": text}}),
        (SEND_BEGIN, 3, {"type": "websocket.send", "text": text}),
        (SEND_BEGIN, 4, {"type": "websocket.close", "code": 1000, "reason": text}),
        (SEND_BEGIN, 5, {"type": text, text: data}),
        (NOTE, None, {"name": "mark", "phase": "begin", "data": text}),
        (LOG, None, {"level": text, "logger": text, "text": text}),
        (
            EXIT,
            None,
            {"outcome": "raised", "error": {"type": text, "text": text, "traceback": f"{text}\n{text}"}, "value": text},
        ),
    ]
    yield from ((conn * 10**6 + place, kind, conn, 0, call, load) for place, (kind, call, load) in enumerate(events))
    stack = [{"file": text, "line": text, "function": text}]
    stall = {"ms": 500, "stack": stack, "culprit": conn, "victims": [{"conn": conn, "ms": 3}], "confidence": text}
    for kind, fields in ((STALL, stall), (POOL, {"name": text, "used": 3, "size": 4}), (SERVER, {"what": text, "text": text})):
        yield (conn * 10**6 + 100, kind, None, None, None, fields)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind in ("wide", "long") else ()) for kind in HOSTILE]
)
@played
async def test_5_no_value_reaches_the_terminal_raw_or_breaks_a_pane(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the value stands, every pane, every event, explanations, help, the raw form and copies show it safely."""
    monkeypatch.setenv("TERM", "xterm")
    raws = [raw for conn in range(1, 5) for raw in hostile(HOSTILE[kind], conn)]
    async with recorded(raws) as show:
        for place, pane in enumerate(PANES, 1):
            show.screen.choose_connection(place % 4 + 1)
            await show.press(str(place), "end")
            assert pane in show.in_sight
            assert is_safe(show.text), pane
            for conn in range(1, 5):
                show.screen.choose_connection(conn)
                assert all(is_safe(row) for row in show.rows(pane)), (pane, conn)
        await show.press("6")
        for seq in show.feed.ledger.seqs[1]:
            show.screen.choose_event(seq)
            assert all(is_safe(row) for row in show.rows("inspector")), seq
        await show.press("?")
        assert is_safe(show.text)
        await show.press("escape", "v", "u", "end")
        assert is_safe(show.text)


@played
async def test_5_what_comes_over_the_wire_is_shown_safely() -> None:
    """Escapes in a path, in an exception and in a WebSocket's text, from a real client and a real app."""
    async with running(RUDE, LARGE) as show:
        talk = client(OpenWebSocket("/%1b[2J%c2%9b"), SendText(NOISE.encode()), Expect(1), Close())
        await show.send(client(Request("/%1b]0;x%07[bold]%ff"), Read()), client(Request("/boom"), Read()), talk)
        for conn in list(show.feed.ledger.order):
            show.screen.choose_connection(conn)
            for key in "2345":
                await show.press(key)
                assert is_safe(show.text)
        assert r"\x1b[2J" in show.text


@played
async def test_5_what_a_user_types_is_no_markup() -> None:
    """Nonsense in brackets, looked for or gone to, comes back in a sentence as it was typed."""
    async with opened(size=LARGE) as show:
        for key in ("#", "ctrl+f", "M"):
            await show.press(key)
            await show.write("[/b][x")
            await show.press("enter")
            await show.until(lambda: "[/b][x" in show.text, "what was typed")
        show.screen.tell(NOISE)
        await show.settled()
        assert is_safe(show.text)


# -- 6: the clipboard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("term", "has"), [("xterm-256color", True), ("linux", False)], ids=["osc52", "file"])
@played
async def test_6_a_copy_goes_to_the_terminal_or_into_a_file(
    term: str, has: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No program is asked for it: the terminal gets OSC 52; where it has no clipboard, a file of the user's own does."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    async with opened() as show:
        written: list[str] = []
        monkeypatch.setattr(show.app._driver, "write", written.append)
        await show.press("y", "j")
        files = list(tmp_path.iterdir())
        assert any(text.startswith("\x1b]52;c;") for text in written) is has
        assert len(files) == (0 if has else 1)
        copied = show.app.clipboard if has else files[0].read_text(encoding="utf-8")
        assert json.loads(copied.splitlines()[0])["conn"] == show.screen.conn
        if not has:
            assert (files[0].stat().st_mode & 0o077, files[0].stat().st_uid) == (0, os.getuid())
            await show.until(lambda: "no clipboard" in show.text, "a word on where it is")


@played
async def test_6_what_cannot_be_encoded_is_copied_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone surrogate, which no UTF-8 holds, crashes nothing."""
    monkeypatch.setenv("TERM", "xterm")
    async with recorded(hostile(HOSTILE["surrogates"], 1)) as show:
        for key in "rejc":
            await show.press("y")
            assert isinstance(show.top, CopyMenu)
            await show.press(key)
            await show.until(lambda: show.top is show.screen, "the menu to close")
            show.app.clipboard.encode()


# -- 7: unusual scopes -----------------------------------------------------------------------------------------------------


@played
async def test_7_unusual_scopes_are_shown_as_they_came() -> None:
    """Ports as texts, addresses as lists, no spec_version, a body of None: nothing is turned into what it is not."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": "/odd",
        "headers": [],
        "client": ["::1", "8080"],
    }
    scope |= {"server": ["unix.sock", None], "http_version": "1.1", "scheme": "http", "query_string": b""}
    raws: list[Raw] = [
        (0, SCOPE, 1, 0, None, scope),
        (1, RECEIVE_BEGIN, 1, 0, 1, None),
        (2, RECEIVE_END, 1, 0, 1, {"type": "http.request", "body": None, "more_body": None}),
        (3, SCOPE, 2, 0, None, {"type": "websocket", "path": "/ws"}),
        (4, RECEIVE_END, 2, 0, 1, {"type": "websocket.receive", "bytes": None, "text": "hi"}),
        (5, SCOPE, 3, 0, None, {}),
    ]
    async with recorded(raws, LARGE) as show:
        show.screen.choose_connection(1)
        await show.settled()
        assert "['::1', '8080']" in show.text
        assert "['unix.sock', None]" in show.text
        assert "{version: '3.0'}" in show.text
        show.screen.go_to_event(3)
        assert any("body" in row and "None" in row for row in show.rows("inspector"))
        show.screen.go_to_event(5)
        assert any("bytes" in row and "None" in row for row in show.rows("inspector"))
        show.screen.choose_connection(3)
        await show.press("2", "3", "4")
        assert len(show.rows("connections")) == 4


# -- 8: small terminals ----------------------------------------------------------------------------------------------------


@played
async def test_8_on_a_small_terminal_every_hidden_pane_is_named_and_reached() -> None:
    """The title of the pane in sight names all the others; a number, the arrows, tab and a click on the name lead there."""
    async with opened(size=SMALL) as show:
        names = list(PANES)
        assert show.in_sight == {"connections"}
        for _ in names:
            assert all(title in show.text for title in PANES.values())
            await show.press("right")
            assert len(show.in_sight) == 1
        assert show.in_sight == {"connections"}
        seen: list[str] = []
        for place in range(1, len(names) + 1):
            await show.press(str(place))
            seen += show.in_sight
        assert seen == names
        await show.press("tab")
        assert show.in_sight == {names[0]}
        for name, title in PANES.items():
            line = next(line for line in show.text.splitlines() if all(other in line for other in PANES.values()))
            (current,) = show.in_sight
            await show.click(current, line.index(title) - 1, -1)
            assert show.in_sight == {name}


@played
async def test_8_on_a_large_terminal_the_views_behind_the_one_in_sight_are_named() -> None:
    """Their titles stand beside its own, and a click on one brings it to the front."""
    async with opened(size=LARGE) as show:
        for name in ("waterfall", "logs", "state", "sequence"):
            shown = next(iter(show.in_sight & {"sequence", "waterfall", "state", "logs"}))
            line = next(line for line in show.text.splitlines() if PANES["waterfall"] in line)
            await show.click(shown, line.index(PANES[name]) - show.pane(shown).region.x - 1, -1)
            assert name in show.in_sight


# -- 9: noise --------------------------------------------------------------------------------------------------------------


@played
async def test_9_a_connection_is_one_row_and_a_stream_is_folded() -> None:
    """500 messages of a real stream are one row of the list, and one of the sequence until somebody unfolds it."""
    async with running("asgiviz.demo.app:app", LARGE) as show:
        await show.get("/stream?chunks=500&gap=0")
        assert len(show.rows("connections")) == 1 + 2  # heading, lifespan, request
        await show.press("2")
        folded = show.rows("sequence")
        assert len(folded) < 15
        place = next(index for index, row in enumerate(folded) if "▸" in row and "501×" in row)
        heading = len(show.pane("sequence").heading(show.pane("sequence")._text_width))
        await show.press("home", *["down"] * (place - heading), "enter")
        assert len(show.rows("sequence")) > 500


# -- 11: every kind of connection has the same verbs -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lifespan", "websocket", "http"])
@played
async def test_11_every_kind_has_the_same_verbs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is selected, inspected, has a state, is explained, copied, filtered and marked."""
    monkeypatch.setenv("TERM", "xterm")
    async with opened(size=LARGE) as show:
        conn = show.kinds()[kind]
        await show.press("home", *["down"] * (conn - 1))
        assert show.screen.conn == conn
        assert any(f"'{kind}'" in row for row in show.rows("inspector"))
        await show.press("4")
        assert any("Now legal" in row for row in show.rows("state"))
        await show.press("1", "?")
        assert show.top is not show.screen
        assert kind.lower() in show.text.lower()
        await show.press("escape", "y", "j")
        lines = [json.loads(line) for line in show.app.clipboard.splitlines()]
        assert lines[0]["scope"]["type"] == kind
        await show.press("m")
        assert set(show.feed.ledger.marks) == {conn}
        await show.press("/")
        await show.write(f"~t {kind}")
        await show.press("enter")
        await show.until(lambda: conn in show.pane("connections").roster.ids, "what passes the filter")
        listed = show.pane("connections").roster.ids
        assert {show.feed.ledger.connections[one].kind for one in listed} == {kind}
        await show.press("1", "home", "2", "end")
        assert show.event(show.screen.seq).conn in listed


# -- 12: secrets -----------------------------------------------------------------------------------------------------------


def unpacked(text: str) -> str:
    """The text with the bytes in it as they were before a recording wrote them down."""
    return re.sub(r'\{"\$bytes": ?"([^"]*)"', lambda match: base64.b64decode(match[1]).decode("latin-1"), text)


@pytest.mark.parametrize("revealed", [False, True], ids=["masked", "revealed"])
@played
async def test_12_secrets_leave_the_machine_only_when_they_are_shown(
    revealed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Saved, copied as JSON and as curl, on the screen and in its picture: masked, until a key reveals them."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)
    async with running(RUDE, LARGE) as show:
        asked = Request(f"/a?token={SECRET}", headers=(("authorization", f"Bearer {SECRET}"), ("cookie", f"a={SECRET}")))
        await show.send(client(asked, Read()))
        show.screen.choose_connection(show.conn_of("/a"))
        if revealed:
            await show.press("u")
        found = {}
        for key in "jce":
            await show.press("y", key)
            found[key] = SECRET in unpacked(show.app.clipboard)
        await show.press("2", "6")
        found["screen"] = SECRET in show.text
        await show.press("ctrl+e", "ctrl+s")
        await show.until(lambda: len(list(tmp_path.iterdir())) == 2, "two files")
        await show.until(lambda: "asgiviz open" in show.text, "the word that it is saved")
        found |= {path.suffix: SECRET in unpacked(path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()}
        assert found == dict.fromkeys(["j", "c", "e", "screen", ".svg", ".asgiviz"], revealed)
        with open_recording(next(tmp_path.glob("*.asgiviz"))) as reader:
            assert sum(event.conn == show.screen.conn for event in reader) >= 6
