"""Plain text: what a real recording looks like, and that nothing raw ever reaches a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asgiviz.model.asgi import App, Message, Receive, Scope, Send
from asgiviz.model.events import CLIENT, GAP, LOG, SERVER, SHARES, SITE, UNAWAITED, Ev, Event, Raw, expand
from asgiviz.model.recording import Header
from asgiviz.probe.tap import Tap
from asgiviz.views import plain
from asgiviz.views.plain import COLOURS, PlainText
from tests.model.malformed import EVENTS, FROZEN

HTTP = {
    "type": "http",
    "method": "POST",
    "path": "/orders",
    "query_string": b"dry=1&token=abc",
    "http_version": "1.1",
    "headers": [],
    "client": ("127.0.0.1", 5123),
}
WEBSOCKET = {"type": "websocket", "path": "/chat", "http_version": "1.1", "headers": [], "subprotocols": ["chat"]}
SGR = re.compile(r"\x1b\[(?:0|" + "|".join(COLOURS.values()) + r")m")


async def orders(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads an upload and answers, talks on a WebSocket until it ends, starts up and shuts down."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})
        return
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/boom":
        raise ValueError("no such order")
    await send(
        {"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"application/json"), (b"a", b"b")]}
    )
    await send({"type": "http.response.body", "body": b'{"id": 17}'})


def recorded(app: App, scope: Scope, messages: Iterable[Message]) -> list[Event]:
    """The events of one call of `app`, half a second apart, by a real tap."""
    raws: list[Raw] = []
    given = iter(messages)

    async def receive() -> Message:
        return next(given)

    async def send(message: Message) -> None:
        pass

    async def call() -> None:
        with contextlib.suppress(ValueError):
            await Tap(app, raws.append)(scope, receive, send)

    asyncio.run(call())
    return [expand(seq, raw, 0)._replace(t=seq * 500_000_000) for seq, raw in enumerate(raws, 1)]


def text(events: Iterable[Event], page: PlainText | None = None) -> list[str]:
    page = page or PlainText()
    return [line for event in events for line in page.lines(event)]


def lone(kind: int, fields: dict[str, Any], conn: int | None = None) -> Event:
    return expand(1, (1_204_000_000, kind, conn, None, None, fields), 0)


#: A package called by the user's code: the line that counts is the user's.
STACK = [
    {"file": "/lib/site-packages/starlette/responses.py", "line": 9, "function": "__call__"},
    {"file": "/home/anna/shop.py", "line": 41, "function": "buy"},
]
UPLOAD = [
    {"type": "http.request", "body": b"\x00" * 65_536, "more_body": True},
    {"type": "http.request", "body": b"item=tea", "more_body": False},
]
GOLDEN_HTTP = """\
   0.500  #1   http ●   scope   POST /orders?dry=1&token=*** HTTP/1.1 from 127.0.0.1:5123
   1.000  #1   http ░ R receive …
   1.500  #1   http ▶ R receive http.request  65,536 B, more to come                                     waited   500 ms
   2.000  #1   http ░ R receive …
   2.500  #1   http ▶ R receive http.request  8 B, last  “item=tea”                                      waited   500 ms
   3.000  #1   http ◀ S send    http.response.start  201  content-type: application/json  +1 header
   3.500  #1   http · S send    done                                                                       took   500 ms
   4.000  #1   http ◀ S send    http.response.body  10 B, last  “{"id": 17}”
   4.500  #1   http · S send    done                                                                       took   500 ms
   5.000  #1   http ○   exit    returned after 4.500 s"""
GOLDEN_WEBSOCKET = """\
   0.500  #1   ws   @   scope   /chat HTTP/1.1, subprotocols chat
   1.000  #1   ws   . R receive ...
   1.500  #1   ws   > R receive websocket.connect                         500 ms
   2.000  #1   ws   < S send    websocket.accept  subprotocol chat
   2.500  #1   ws   - S send    done                                      500 ms
   3.000  #1   ws   . R receive ...
   3.500  #1   ws   > R receive websocket.receive  text, 5 B  "h\\xe9 ~    500 ms
   4.000  #1   ws   < S send    websocket.send  text, 5 B  "H\\xc9 !"
   4.500  #1   ws   - S send    done                                      500 ms
   5.000  #1   ws   . R receive ...
   5.500  #1   ws   > R receive websocket.disconnect  1001 going away     500 ms
   6.000  #1   ws   o   exit    returned after 5.500 s"""
GOLDEN_LIFESPAN = """\
   0.500  #1   life ●   scope   the app's lifespan: startup, later shutdown
   1.000  #1   life ░ R receive …
   1.500  #1   life ▶ R receive lifespan.startup  waited   500 ms
   2.000  #1   life ◀ S send    lifespan.startup.complete
   2.500  #1   life · S send    done    took   500 ms
   3.000  #1   life ○   exit    returned after 2.500 s"""


def test_an_upload_and_its_answer_read_like_this() -> None:
    """A request with two body messages stands in aligned columns, with every wait and a masked token."""
    assert "\n".join(text(recorded(orders, HTTP, UPLOAD))) == GOLDEN_HTTP


def test_a_websocket_on_a_small_ascii_page_reads_like_this() -> None:
    """80 columns of ASCII carry the same meaning."""
    messages: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hé !"},
        {"type": "websocket.disconnect", "code": 1001},
    ]
    assert "\n".join(text(recorded(orders, WEBSOCKET, messages), PlainText(80, ascii=True))) == GOLDEN_WEBSOCKET


def test_a_lifespan_without_a_width_reads_like_this() -> None:
    """Without a width nothing is padded to a page."""
    events = recorded(orders, {"type": "lifespan"}, [{"type": "lifespan.startup"}])
    lines = [re.sub(r"(?<=\S) {3,}(?=waited|took)", "  ", line) for line in text(events, PlainText(None))]
    assert [line.split() for line in lines] == [line.split() for line in GOLDEN_LIFESPAN.split("\n")]


def test_an_exception_is_followed_by_the_whole_traceback_of_the_app() -> None:
    """The line says what was raised and after how long; below it stands what Python would print, indented."""
    first, *below = text(recorded(orders, {**HTTP, "path": "/boom"}, [{"type": "http.request"}]))[3:]
    assert first == "   2.000  #1   http ✗   exit    raised after 1.500 s  ValueError: no such order"
    assert below[0].strip() == "│ Traceback (most recent call last):"
    assert 'raise ValueError("no such order")' in "\n".join(below)
    assert below[-1].strip() == "│ ValueError: no such order"
    assert len({line.index("│") for line in below}) == 1


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            lone(LOG, {"level": "WARNING", "logger": "shop", "text": "low\x1b"}, 7),
            "#7   ?    │   log     WARNING shop: low\\x1b",
        ),
        (lone(LOG, {"level": "INFO", "logger": "stdout", "text": "hi\n"}), "          │   print   stdout: hi"),
        (lone(SERVER, {"what": "started", "text": "on 8000"}), "          ■   server  started on 8000"),
        (
            lone(CLIENT, {"client": "anna", "what": "connected", "port": 80}),
            "          ◇   client  anna connected  port=80",
        ),
        (lone(GAP, {"dropped": 1024}), "          ┄   gap     (1,024 events were dropped here)"),
        (
            Event(1, 1_204_000_000, "stall", 2, 0, None, {"ms": 1900}),
            "#2   ?    ▓   stall   blocked 1.900 s",
        ),
        (
            Event(1, 1_204_000_000, Ev.SEND_END, 2, 3, 1, {"raised": {"type": "builtins.OSError", "text": "gone"}}),
            "#2.3 ?    ✗ S send    raised OSError: gone",
        ),
        (
            Event(1, 1_204_000_000, Ev.RECEIVE_END, 2, 0, 1, {"cancelled": True}),
            "#2   ?    ▶ R receive cancelled",
        ),
        (
            Event(1, 1_204_000_000, Ev.EXIT, 2, 0, None, {"outcome": "cancelled"}),
            "#2   ?    ○   exit    cancelled",
        ),
        (
            Event(
                1,
                1_204_000_000,
                Ev.SEND_BEGIN,
                2,
                0,
                1,
                {"message": {"type": "websocket.close", "code": 4001, "reason": "x y"}},
            ),
            "#2   ?    ◀ S send    websocket.close  4001 (private to the application)  “x y”",
        ),
        (
            Event(1, 1_204_000_000, Ev.SEND_BEGIN, 2, 0, 1, {"message": {"type": "my.event", "a": [1, b"x"]}}),
            "#2   ?    ◀ S send    my.event  a=[1, b'x']",
        ),
        (
            lone(UNAWAITED, {"what": "send", "stack": STACK, "message": {"type": "http.response.start"}}, 2),
            "#2   ?    ✗   lost    send(http.response.start) was never awaited  shop.py:41 in buy",
        ),
        (lone(UNAWAITED, {"what": "receive"}, 2), "#2   ?    ✗   lost    receive() was never awaited"),
        (lone(SHARES, {"what": "state", "with": 1}, 2), "#2   ?    ≡   shared  its state is the very object that #1 has"),
    ],
)
def test_each_kind_of_event_has_its_line(event: Event, expected: str) -> None:
    """One event is one line that says what happened."""
    assert text([event]) == [f"   1.204  {expected}"]


def test_the_place_of_a_call_has_no_line() -> None:
    """Of a run that was recorded closely each call would have two lines; what is wrong has its own."""
    assert text([lone(SITE, {"what": "send", "stack": STACK}, 2)]) == []


def test_a_log_record_with_a_traceback_stays_readable() -> None:
    """Further lines of a record stand below it, without escapes for their line ends."""
    lines = text([lone(LOG, {"level": "ERROR", "logger": "x", "text": "failed\nTraceback\n\tdeep"})])
    assert [line.strip() for line in lines[1:]] == ["│ Traceback", "│     deep"]


def test_the_header_names_target_server_and_place() -> None:
    """Two lines say what ran, on which server with which parts, where and when."""
    server = {"name": "uvicorn", "version": "0.54.0", "http": "h11", "ws": "websockets", "loop": "asyncio"}
    header = Header("2026-11-22T10:00:00Z", "shop:app", "http://127.0.0.1:8000", server, python="3.11.7")
    assert PlainText().header(header) == [
        "shop:app on uvicorn 0.54.0  ·  http h11, ws websockets, loop asyncio",
        "http://127.0.0.1:8000  ·  recorded 2026-11-22T10:00:00Z  ·  Python 3.11.7",
    ]
    assert len(PlainText().header(Header.from_dict({}))) == 1


def test_a_long_path_is_cut_by_the_page_only() -> None:
    """A page without a width shows a long path whole, a page of 80 columns says how much is missing."""
    event = Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": {**HTTP, "path": "/" + "x" * 500}})
    assert "x" * 500 in text([event], PlainText(None))[0]
    assert re.search(r"xx… \(\d{3} more\)$", text([event], PlainText(80))[0])


def test_a_compressed_body_is_not_quoted() -> None:
    """A body that its headers call encoded is told by its size only, another connection's is quoted."""
    page = PlainText()
    for conn, encoding in ((1, b"gzip"), (2, b"identity")):
        start = {"type": "http.response.start", "status": 200, "headers": [[b"content-encoding", encoding]]}
        page.lines(Event(1, 0, Ev.SEND_BEGIN, conn, 0, 1, {"message": start}))
    body = {"message": {"type": "http.response.body", "body": b"looks like text"}}
    assert "looks" not in text([Event(2, 0, Ev.SEND_BEGIN, 1, 0, 2, body)], page)[0]
    assert "looks" in text([Event(2, 0, Ev.SEND_BEGIN, 2, 0, 2, body)], page)[0]


def test_secrets_are_shown_only_when_asked() -> None:
    """The mask hides a token in the query; no mask shows it."""
    events = recorded(orders, HTTP, UPLOAD)
    assert "token=abc" not in "\n".join(text(events))
    assert "token=abc" in "\n".join(text(events, PlainText(mask=None)))


def test_colour_says_nothing_of_its_own() -> None:
    """Without its colour codes a coloured page is the page without colour."""
    events = [*recorded(orders, HTTP, UPLOAD), *recorded(orders, {**HTTP, "path": "/boom"}, UPLOAD)]
    coloured = text(events, PlainText(colour=True))
    assert [SGR.sub("", line) for line in coloured] == text(events)
    for code in COLOURS.values():
        assert f"\x1b[{code}m" in "\n".join(coloured)


def test_signs_differ_without_colour_and_in_ascii() -> None:
    """Every kind of event can be told by its sign alone, in both alphabets; those of WSGI by sign and word."""
    looks = plain._LOOKS
    alone = [look for ev, look in looks.items() if not ev.startswith(("wsgi.", "step."))]
    for signs in ([look.sign for look in alone], [look.ascii for look in alone]):
        assert len(set(signs)) == len(signs)
    assert len({(look.letter, look.word, look.sign) for look in looks.values()}) == len(looks)
    assert {looks[ev].sign for ev in (Ev.WSGI_START_RESPONSE, Ev.WSGI_CHUNK, Ev.SEND_BEGIN)} == {"◀"}
    assert looks[Ev.WSGI_ENVIRON].sign == looks[Ev.RECEIVE_END].sign
    assert all(look.ascii.isascii() for look in plain._LOOKS.values())


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that never come back and connections that never end do not fill the memory."""
    monkeypatch.setattr(plain, "REMEMBERED", 50)
    page = PlainText()
    scope = {"type": "http", "headers": [[b"content-encoding", b"gzip"]]}
    for conn in range(500):
        page.lines(Event(1, 0, Ev.SCOPE, conn, 0, None, {"scope": scope}))
        page.lines(Event(1, 0, Ev.RECEIVE_BEGIN, conn, 0, 1, {}))
    assert max(len(page._begun), len(page._kinds), len(page._compressed)) <= 50


WIDTHS = st.sampled_from([None, 20, 80, 120])


@given(st.lists(EVENTS, max_size=5), WIDTHS, st.booleans(), st.booleans())
def test_nothing_raw_reaches_the_terminal(events: list[Event], width: int | None, colour: bool, ascii_only: bool) -> None:
    """For any event made of any values no line holds a character that could steer a terminal, but our own colours."""
    page = PlainText(width, colour=colour, ascii=ascii_only)
    for event in events:
        for line in page.lines(event):
            seen = SGR.sub("", line) if colour else line
            assert all(character.isprintable() or character == "\u3000" for character in seen)
            assert seen.isascii() or not ascii_only


@given(st.text(), FROZEN, st.sampled_from([60, 80, 120]))
def test_a_line_keeps_to_its_width(said: str, value: Any, width: int) -> None:
    """The first line of an event is never wider than the page."""
    scope = {"type": "http", "method": said, "path": said, "query_string": said.encode("utf-8", "replace"), "client": value}
    messages = [
        {"type": "websocket.receive", "text": said},
        {"type": "http.request", "body": said.encode("utf-8", "replace")},
        {"type": said, "x": value},
    ]
    events = [Event(1, 1, Ev.SCOPE, 1, 0, None, {"scope": scope})]
    events += [Event(2, 2, Ev.RECEIVE_END, 1, 0, 1, {"message": message}) for message in messages]
    events += [Event(2, 2, Ev.LOG, 1, 0, 1, {"logger": said, "level": value, "text": said})]
    for ascii_only in (False, True):
        page = PlainText(width, ascii=ascii_only)
        page.lines(Event(1, 0, Ev.RECEIVE_BEGIN, 1, 0, 1, {}))
        assert all(cell_len(page.lines(event)[0]) <= width for event in events)


@given(FROZEN, FROZEN)
def test_a_header_of_any_values_can_be_shown(server: Any, other: Any) -> None:
    """A hostile first line gives one or two printable lines."""
    header = Header.from_dict({"server": {"name": server, "http": other}, "url": server, "started": other, "target": other})
    lines = PlainText(80).header(header)
    assert 1 <= len(lines) <= 2
    assert all(character.isprintable() or character == "\u3000" for line in lines for character in line)


def test_numbers_that_python_refuses_to_print_are_shown() -> None:
    """Numbers of many thousand digits as status, time and connection make a line."""
    huge = 1 << 50_000
    event = Event(huge, huge, Ev.SEND_BEGIN, huge, huge, huge, {"message": {"type": "http.response.start", "status": huge}})
    page = PlainText(120)
    page.lines(event)
    assert "took for ever" in re.sub(" +", " ", page.lines(Event(huge, 2 * huge, Ev.SEND_END, huge, huge, huge, {}))[0])


def test_a_server_that_logs_what_an_app_raised_does_not_repeat_it() -> None:
    """The traceback stands whole at the exit; the server's log of the same error refers to it, once."""
    trace = "Traceback (most recent call last):\n  in app\nValueError: sour"
    log = "Exception in ASGI application\nTraceback (most recent call last):\n  in server\n  in app\nValueError: sour"
    plain = PlainText()
    error = {"type": "builtins.ValueError", "text": "sour", "traceback": trace}
    at_exit = plain.lines(Event(1, 0, Ev.EXIT, 2, 0, None, {"outcome": "raised", "error": error}))
    logged = plain.lines(Event(2, 0, Ev.LOG, None, None, None, {"level": "ERROR", "logger": "uvicorn.error", "text": log}))
    again = plain.lines(Event(3, 0, Ev.LOG, None, None, None, {"level": "ERROR", "logger": "uvicorn.error", "text": log}))
    assert len(at_exit) == 4
    assert "the traceback above" in logged[1]
    assert len(again) == 5
