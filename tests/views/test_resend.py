"""The same again: what was recorded of a real connection can be sent once more, and is then the same for the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.model.events import EXIT, Ev, Event, expand, payload_of
from asgiviz.model.masking import Mask
from asgiviz.traffic.errand import Errand, HttpErrand, WebSocketErrand
from asgiviz.traffic.errand_text import parse_request
from asgiviz.traffic.messenger import Messenger
from asgiviz.traffic.steps import Close, SendBytes, SendText, Wait
from asgiviz.views.comparison import compare
from asgiviz.views.resend import LONGEST_PAUSE, MOST_BYTES, Again, resend
from asgiviz.views.spans import text_of
from tests.traffic.serving import PATIENCE, Served, serving, until
from tests.views.runs import runs


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it got, on WebSockets until it is told "bye"; /deaf reads no body."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        while (message := await receive())["type"] == "websocket.receive" and message.get("text") != "bye":
            await send({**message, "type": "websocket.send"})
        await send({"type": "websocket.close", "code": 4001})
        return
    body, more = b"", scope["path"] != "/deaf"
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The app above on a server that puts a root path before every target."""
    with serving(app, lifespan="off", root_path="/root") as served:
        yield served


def recorded(served: Served, text: str) -> list[Event]:
    """Send the text, and give back the events of the app's call once it is over."""
    errand = parse_request(text)
    assert not isinstance(errand, str), errand
    answer = Messenger(errand, served.url, linger=PATIENCE).start().wait(PATIENCE)
    assert answer is not None
    assert answer.trouble is None
    conn = next(
        raw[2]
        for raw in reversed(served.raws)
        if "client" in (scope := payload_of(raw) or {}) and tuple(scope["client"]) == answer.local
    )
    until(lambda: any(raw[1] == EXIT and raw[2] == conn for raw in served.raws), "the end of the call")
    return events_of(served, conn)


def events_of(served: Served, conn: int | None) -> list[Event]:
    """The events of one connection."""
    return [expand(seq, raw, served.raws[0][0]) for seq, raw in enumerate(served.raws, 1) if raw[2] == conn]


def again(events: list[Event]) -> Again:
    """The text that repeats these events."""
    text = resend(events)
    assert isinstance(text, Again), text
    return text


@pytest.mark.parametrize(
    "text",
    [
        "GET /a%20b/%C3%A9?q=1&r=%26\naccept: */*\nx-twice: 1\nx-twice: 2",
        'PUT /bytes\ncontent-type: application/x\n\n>x 00 ff\n>"\\r\\n"',
        "POST /text\nhost: shop.test\n\n{\n  1\n}\n",
        "POST /chunked\ntransfer-encoding: chunked\n\nin chunks",
        'WS /talk?x=1\nx-a: b\nsec-websocket-protocol: chat, other\n\n> grün\n>"a\\nb"\n>x 00ff\n> bye',
    ],
    ids=["get", "bytes", "host", "chunked", "conversation"],
)
def test_a_recorded_connection_can_be_sent_again(served: Served, text: str) -> None:
    """The app is asked for the same, and comparing the two finds nothing but other times."""
    first = recorded(served, text)
    repeated = again(first)
    second = recorded(served, repeated.text)
    assert text_of(compare(first, second, 100)[1].spans).strip() == "the same but for the time"
    assert repeated.notes == ("the target is written without /root, the root_path, which the server puts before it",)
    assert without_pauses(again(second).text) == without_pauses(repeated.text)


def without_pauses(text: str) -> str:
    """The text but for what a slow machine changes."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("wait "))


def made(scope: dict[str, Any], *messages: tuple[float, str, dict[str, Any]]) -> list[Event]:
    """A recording by hand: a scope, and messages at their seconds."""
    events = [Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": scope})]
    for seq, (seconds, ev, message) in enumerate(messages, 2):
        events.append(Event(seq, int(seconds * 1e9), ev, 1, 0, seq, {"message": message}))
    return events


def errand_in(text: Again) -> Errand:
    """What the text is read as."""
    errand = parse_request(text.text)
    assert not isinstance(errand, str), errand
    return errand


POST = {"type": "http", "method": "POST", "path": "/a", "raw_path": b"/a", "query_string": b"", "headers": []}
CHAT = {"type": "websocket", "path": "/chat", "headers": [[b"sec-websocket-key", b"a"]], "subprotocols": []}


def test_masked_values_are_told_and_not_sent() -> None:
    """A header that was masked is a comment; a value that is only a star is not taken for one."""
    headers = [[b"Authorization", b"Bearer x"], [b"if-match", b"*"], [b"cookie", b"a=b"]]
    scope = Mask().value("scope", {**POST, "headers": headers, "query_string": b"token=abc&a=1"})
    repeated = again(made(scope, (0.1, Ev.RECEIVE_END, {"type": "http.request", "body": b"x", "more_body": False})))
    assert repeated.text == (
        "# token in the query was masked\n# Authorization was masked\n# cookie was masked\n"
        "POST /a?token=***&a=1\nif-match: *\n\nx"
    )


@pytest.mark.parametrize(
    ("messages", "body", "note"),
    [
        ([({"$bytes": b"abc", "$len": 10}, True), (b"de", False)], b"abcde", "the body was cut: 7 B of 12 B were not kept"),
        ([(b"abc", True)], b"abc", "the app did not get the body to its end: this is what it got"),
        ([], b"", "the app did not read the body (12 B), so it is not known"),
        (
            [(b"a" * MOST_BYTES, True), (b"b", False)],
            b"a" * MOST_BYTES,
            f"the body was cut: of {MOST_BYTES + 1:,} B only the first {MOST_BYTES:,} B stand here",
        ),
    ],
    ids=["cut", "unfinished", "unread", "too long"],
)
def test_a_body_that_is_not_all_there_says_so(messages: list[tuple[Any, bool]], body: bytes, note: str) -> None:
    """The part that was kept is sent, and the text says that it is a part."""
    parts = [(0.1, str(Ev.RECEIVE_END), {"type": "http.request", "body": part, "more_body": more}) for part, more in messages]
    repeated = again(made({**POST, "headers": [[b"content-length", b"12"]]}, *parts))
    assert errand_in(repeated) == HttpErrand("POST", "/a", (), body)
    assert repeated.notes == (note,)
    assert repeated.text.startswith(f"# {note}\n")


@pytest.mark.parametrize(
    ("end", "moves", "notes"),
    [
        ((Ev.RECEIVE_END, "disconnect", {"code": 4000, "reason": "by me"}), (Close(4000, "by me"),), ()),
        (
            (Ev.RECEIVE_END, "disconnect", {"code": 1005}),
            (Close(),),
            ("the client closed without a code; here it closes with 1000",),
        ),
        (
            (Ev.RECEIVE_END, "disconnect", {"code": 1006}),
            (Close(),),
            ("the client vanished without a close; here it closes with 1000",),
        ),
        ((Ev.RECEIVE_END, "disconnect", {"code": 1012}), (), ("the server ended it, because it stopped",)),
        ((Ev.SEND_BEGIN, "close", {}), (), ()),
    ],
    ids=["client", "without code", "vanished", "server stops", "app"],
)
def test_a_conversation_keeps_its_order_its_pauses_and_its_end(
    end: tuple[str, str, dict[str, Any]], moves: tuple[Close, ...], notes: tuple[str, ...]
) -> None:
    """Pauses are rounded to a tenth of a second and shortened when they are long; who closed does so again."""
    ev, word, fields = end
    receive = "websocket.receive"
    repeated = again(
        made(
            CHAT,
            (0.01, Ev.RECEIVE_END, {"type": "websocket.connect"}),
            (5.0, Ev.SEND_BEGIN, {"type": "websocket.accept"}),
            (5.52, Ev.RECEIVE_END, {"type": receive, "text": "one", "bytes": None}),
            (5.53, Ev.RECEIVE_END, {"type": receive, "bytes": b"\x00"}),
            (65.5, Ev.RECEIVE_END, {"type": receive, "text": {"$text": "lo", "$len": 9}}),
            (65.8, ev, {"type": f"websocket.{word}", **fields}),
        )
    )
    said = (Wait(0.5), SendText(b"one"), SendBytes(b"\x00"), Wait(LONGEST_PAUSE), SendText(b"lo"), Wait(0.3))
    assert errand_in(repeated) == WebSocketErrand("/chat", (), (), (*said, *moves))
    cuts = (
        "a pause of 60.0 s before message 3 is shortened",
        "message 3 was cut: 7 more characters or bytes were not kept",
    )
    assert repeated.notes == (*cuts, *notes)


def test_a_header_that_cannot_be_sent_is_told() -> None:
    """What is not legal, and what belongs to the old connection, is not sent; only the first is worth a comment."""
    headers = [[b"a b", b"c"], [b"connection", b"x-hop, close"], [b"x-hop", b"1"], [b"x-bell", b"\x07"], [b"x-ok", b"\xe9"]]
    repeated = again(made({**POST, "headers": headers}))
    assert errand_in(repeated) == HttpErrand("POST", "/a", (("x-ok", "é"),))
    assert repeated.notes == (
        "a header is left out: 'a b' is no name of a header",
        "a header is left out: the value of x-bell keeps to one line of printable Latin-1",
    )


def test_a_lifespan_cannot_be_sent() -> None:
    """There is a sentence instead of a text."""
    assert resend(made({"type": "lifespan"})) == "a lifespan cannot be sent: the server begins it when it starts"


@given(runs())
def test_any_recording_gives_a_text_that_can_be_read_or_a_sentence(events: list[Event]) -> None:
    """Malformed ones, too; it never raises."""
    text = resend(events)
    if isinstance(text, Again):
        assert not isinstance(parse_request(text.text), str)
    else:
        assert "\n" not in text
