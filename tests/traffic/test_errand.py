"""Errands: their text form is read and written alike, and running one tells what a real server did."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.asgi import Receive, Scope, Send
from asgiviz.traffic.errand import Errand, HttpErrand, Move, WebSocketErrand
from asgiviz.traffic.errand_text import as_text, parse_request
from asgiviz.traffic.messenger import Answer, Messenger
from asgiviz.traffic.seen import Ending
from asgiviz.traffic.steps import Close, SendBytes, SendText, Wait
from tests.traffic.serving import PATIENCE, Served, serving, until

TOKEN = st.text("abcXYZ019-_!|~", min_size=1, max_size=8)
LINE = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=12)
TARGET = st.text("abc/?&=%20.~#é漢:", max_size=12).map(lambda rest: "/" + rest)
VALUE = st.text([chr(code) for code in [9, *range(32, 127), *range(160, 256)]], max_size=12).map(lambda text: text.strip(" \t"))
BODY = (
    st.binary(max_size=80) | st.text(max_size=40).map(str.encode) | st.sampled_from([b">x 00", b"a\n\nb\n", b"\r\n", b"# no"])
)
HEADERS = st.lists(st.tuples(TOKEN, VALUE), max_size=3).map(tuple)
ASCII_HEADERS = st.lists(st.tuples(TOKEN, VALUE.filter(str.isascii)), max_size=3).map(tuple)
CODES = st.sampled_from([1000, 1001, 1011, 1014, 3000, 4999])
MESSAGES: st.SearchStrategy[Move] = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: SendText(text.encode())),
    st.binary(max_size=20).map(SendBytes),
    st.floats(0, 100).map(Wait),
)
ERRANDS: st.SearchStrategy[Errand] = st.one_of(
    st.builds(HttpErrand, TOKEN.filter(lambda method: method.upper() != "WS"), TARGET, HEADERS, BODY),
    st.builds(
        lambda target, headers, offers, moves, close: WebSocketErrand(target, headers, offers, (*moves, *close)),
        TARGET,
        ASCII_HEADERS,
        st.lists(TOKEN, max_size=3).map(tuple),
        st.lists(MESSAGES, max_size=5),
        st.lists(st.builds(Close, CODES, LINE), max_size=1),
    ),
)


@given(ERRANDS)
def test_the_text_of_an_errand_is_read_back_as_the_same_errand(errand: Errand) -> None:
    """Whatever it holds, and also when an editor has split the text into its lines."""
    text = as_text(errand)
    assert parse_request(text) == errand
    assert text.splitlines() == (text.removesuffix("\n").split("\n") if text else [])
    assert "\r" not in text


@given(st.text(max_size=60) | st.text('GWS/ \n:>x"0#', max_size=30).map(lambda rest: "WS /a\n" + rest))
def test_any_text_is_an_errand_or_a_sentence_with_its_line(text: str) -> None:
    """Reading never raises, and what can be read can be written."""
    read = parse_request(text)
    if isinstance(read, str):
        assert read.startswith("line ")
        assert 1 <= int(read.split(":")[0].removeprefix("line ")) <= text.count("\n") + 1
    else:
        assert parse_request(as_text(read)) == read


def test_a_request_is_read_as_a_person_types_it() -> None:
    """Comments, a version behind the target and line ends of Windows do not matter; the body is taken as it stands."""
    text = "# twice\r\n\r\nPOST /orders?dry=1 HTTP/1.1\r\ncontent-type:  application/json \n# note\n\n{\n # body\n}\n"
    expected = HttpErrand("POST", "/orders?dry=1", (("content-type", "application/json"),), b"{\n # body\n}\n")
    assert parse_request(text) == expected


def test_a_conversation_is_read_line_by_line() -> None:
    """Each line is one thing that the client does, in order."""
    head = "ws /chat?room=x\norigin: http://a\nSec-WebSocket-Protocol: a, b\n\n"
    text = head + '> hi  \n>"a\\nb"\n>x 00 FF\n>\nwait .5\n# so\nclose 4000 by me'
    moves = (SendText(b"hi  "), SendText(b"a\nb"), SendBytes(b"\x00\xff"), SendText(b""), Wait(0.5), Close(4000, "by me"))
    assert parse_request(text) == WebSocketErrand("/chat?room=x", (("origin", "http://a"),), ("a", "b"), moves)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: begin with a method and a target, for example GET /"),
        ("GET", "line 1: the target is missing, for example GET /"),
        ("GET http://a/", "line 1: a target begins with a slash, for example GET /orders?dry=1"),
        ("\nGET /a b", "line 2: a target holds no spaces and no control characters; write a space as %20"),
        ("G(T /", "line 1: 'G(T' is no method; begin with GET, POST or another one"),
        ("GET /\nx y", "line 2: this is no header, which is written name: value; a blank line comes before the body"),
        ("GET /\nContent-Length: 5\n\nhello", "line 2: Content-Length is made by the client itself; leave it out"),
        ("GET /\nx: 漢", "line 2: the value of x keeps to one line of printable Latin-1"),
        ("PUT /\n\n>x 0", "line 3: this is not pairs of hexadecimal digits, >x 00 ff"),
        ('PUT /\n\n>"a', 'line 3: this is not text in JSON\'s form, >"so"'),
        ("PUT /\n\n> quoted", 'line 3: a body that begins with > is written in pieces: each line is >"text" or >x 00 ff'),
        ("WS /\n>hello", 'line 2: put a space between > and the text; >x 00 ff sends bytes, >"…" a text in JSON\'s form'),
        ("WS /\nwait long", "line 2: wait takes a number of seconds, for example wait 0.5"),
        ("WS /\nwait 500\nwait 101", "line 3: the pauses last more than 600 s together"),
        ("WS /\n\nclose 1006", "line 3: no client may close with 1006; 1000 is the normal one, 4000 to 4999 are the app's own"),
        ("WS /\nclose 9", "line 2: the code must be a whole number from 1,000 to 4,999, not 9"),
        ("WS /\nclose\n> more", "line 3: nothing can follow behind close"),
        ("WS /\n> a\nb: c", "line 3: write > text, >x 00 ff, wait 0.5 or close 1000 bye"),
        ("WS /\nhost: a", "line 2: host is made by the client itself; leave it out"),
    ],
    ids=lambda text: repr(text)[:30],
)
def test_a_mistake_is_one_sentence_with_its_line(text: str, sentence: str) -> None:
    """It says what would have been right."""
    assert parse_request(text) == sentence


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it got; /missing is 404, /wait says nothing, /cut breaks off. Echoes on WebSockets but on /no."""
    if scope["type"] == "websocket":
        await converse(scope, receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    if scope["path"] == "/wait":
        await receive()
        return
    status = 404 if scope["path"] == "/missing" else 201
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-method", scope["method"].encode())]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if scope["path"] == "/cut":
        raise RuntimeError("cut")
    await send({"type": "http.response.body", "body": b"."})


async def converse(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes, and closes with 4001 when it is told "bye"; /late says something of its own a while after."""
    await receive()
    if scope["path"] == "/no":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001})
            return
        await send({**message, "type": "websocket.send"})
        if scope["path"] == "/late":
            await asyncio.sleep(0.2)
            await send({"type": "websocket.send", "text": "late"})
            await send({"type": "websocket.close", "code": 4001})
            return


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The app above on a server."""
    with serving(app, lifespan="off") as served:
        yield served


def answer_to(served: Served, text: str, **how: Any) -> Answer:
    """What comes back when the text is sent."""
    errand = parse_request(text)
    assert not isinstance(errand, str), errand
    answer = Messenger(errand, served.url, served.raws.append, **how).start().wait(PATIENCE)
    assert answer is not None
    return answer


def test_a_get_is_answered(served: Served) -> None:
    """Status, headers and body are there; the target arrives as it was typed, and the app knows the client by `local`."""
    answer = answer_to(served, "GET /get/%41é?q=a%20b&c")
    assert answer.exchange is not None
    assert (answer.status, answer.reason, answer.ending, answer.trouble) == (201, "Created", Ending.COMPLETE, None)
    assert (dict(answer.headers)[b"x-method"], bytes(answer.exchange.body), answer.exchange.length) == (b"GET", b".", 1)
    scope = served.scope("/get/Aé")
    assert (scope["raw_path"], scope["query_string"]) == (b"/get/%41%C3%A9", b"q=a%20b&c")
    assert tuple(scope["client"]) == answer.local
    assert answer.began_at < (answer.exchange.first_byte_at or 0) <= answer.ended_at


def test_a_post_carries_its_headers_and_its_body(served: Served) -> None:
    """The body arrives byte for byte, with its length; the client's events say what it saw."""
    answer = answer_to(served, 'POST /post\nX-Mine: a, b\nx-mine: \xe9\n\n>x 00 ff\n>"\\r\\n"', name="poster")
    assert answer.exchange is not None
    assert bytes(answer.exchange.body) == b"\x00\xff\r\n."
    headers = served.scope("/post")["headers"]
    mine = [tuple(pair) for pair in headers if pair[0] in (b"x-mine", b"content-length")]
    assert mine == [(b"x-mine", b"a, b"), (b"x-mine", b"\xe9"), (b"content-length", b"4")]
    said = [event["what"] for _, event in served.client_events() if event["client"] == "poster"]
    assert said == ["connected", "sent", "first_byte", "received", "closed"]


def test_a_404_is_an_answer_like_any_other(served: Served) -> None:
    """It is no trouble."""
    answer = answer_to(served, "DELETE /missing")
    assert (answer.status, answer.reason, answer.ending, answer.trouble) == (404, "Not Found", Ending.COMPLETE, None)


def test_an_answer_that_breaks_off_says_so(served: Served) -> None:
    """The part that came is there."""
    answer = answer_to(served, "PUT /cut\n\nhalf")
    assert answer.exchange is not None
    assert (answer.status, answer.ending, bytes(answer.exchange.body)) == (201, Ending.CUT, b"half")


def test_silence_ends_with_the_time_out(served: Served) -> None:
    """The trouble says who was waited for."""
    answer = answer_to(served, "GET /wait", timeout=0.2)
    assert (answer.status, answer.ending) == (None, Ending.TIMED_OUT)
    assert answer.trouble == "nothing came from the server in time"


def test_an_errand_can_be_cancelled(served: Served) -> None:
    """The client hangs up, the app hears of it, and `on_end` has the answer that says so."""
    answers: list[Answer] = []
    before = len(served.conns("/wait"))
    messenger = Messenger(HttpErrand("GET", "/wait"), served.url, on_end=answers.append).start()
    until(lambda: len(served.conns("/wait")) > before, "the request")
    assert messenger.wait(0) is None
    messenger.cancel()
    assert messenger.wait(PATIENCE) is not None
    (answer,) = answers
    assert (answer.cancelled, answer.trouble, answer.ending) == (True, None, Ending.LEFT)


def test_nobody_at_the_address_is_trouble() -> None:
    """A server that is gone does not raise."""
    with serving(app, lifespan="off") as gone:
        url = gone.url
    answer = Messenger(HttpErrand("GET", "/"), url).run()
    assert (answer.exchange, answer.status, answer.headers) == (None, None, [])
    assert answer.trouble == f"cannot connect to {url.removeprefix('http://')}: connection refused"


def test_a_conversation_is_held(served: Served) -> None:
    """Texts and bytes come back, and the subprotocol is agreed on."""
    text = "WS /talk?room=x\nx-mine: yes\nsec-websocket-protocol: chat, other\n\n> grün\n>x 00ff\n> bye\nwait 60"
    answer = answer_to(served, text)
    assert answer.websocket is not None
    assert [message.content for message in answer.websocket.messages] == ["grün", b"\x00\xff"]
    assert (answer.accepted, answer.status, answer.websocket.subprotocol, answer.trouble) == (True, 101, "chat", None)
    scope = served.scope("/talk")
    assert (scope["query_string"], list(scope["subprotocols"])) == (b"room=x", ["chat", "other"])
    assert [b"x-mine", b"yes"] in [list(pair) for pair in scope["headers"]]


@pytest.mark.parametrize(
    ("path", "moves", "code", "reason"),
    [("/closed", "close 4000 by me", 4000, "by me"), ("/left", "", 1000, "")],
    ids=["as it says", "by itself"],
)
def test_a_conversation_ends_with_a_close(served: Served, path: str, moves: str, code: int, reason: str) -> None:
    """The app gets the code and the reason of the errand, or the normal ones when it has none."""
    answer = answer_to(served, f"WS {path}\n{moves}", linger=0)
    gone = served.wait_received(path, "websocket.disconnect")
    assert (gone["code"], gone["reason"] or "") == (code, reason)
    assert (answer.ending, answer.trouble) == (Ending.COMPLETE, None)


def test_a_conversation_without_a_close_goes_on_listening(served: Served) -> None:
    """What the app says a while later is heard."""
    answer = answer_to(served, "WS /late\n> early", linger=PATIENCE)
    assert answer.websocket is not None
    assert [message.content for message in answer.websocket.messages] == ["early", "late"]
    assert (answer.ending, answer.trouble, answer.websocket.close_code) == (Ending.COMPLETE, None, 4001)


def test_the_server_may_close_first(served: Served) -> None:
    """Its code is there; that is trouble only when something was left to send."""
    answer = answer_to(served, "WS /e\n> bye")
    assert answer.websocket is not None
    assert (answer.websocket.close_code, answer.ending, answer.trouble) == (4001, Ending.COMPLETE, None)
    answer = answer_to(served, "WS /e\n> bye\nwait 60\n> too late")
    assert answer.trouble == "cannot send a text: the WebSocket is closed (code 4001)"


def test_a_denied_websocket_has_a_status(served: Served) -> None:
    """Closing before accepting is 403 for the client."""
    answer = answer_to(served, "WS /no")
    assert (answer.accepted, answer.status, answer.reason) == (False, 403, "Forbidden")
    assert (answer.ending, answer.trouble) == (Ending.REFUSED, None)
