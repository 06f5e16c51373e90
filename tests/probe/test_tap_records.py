"""What the tap writes down stays as it was on the line, whatever the app does with its objects before or afterwards."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asgiviz.model.masking import Mask
from asgiviz.model.values import BODY_LIMIT, true_length
from asgiviz.probe.tap import Tap
from asgiviz.store.lines import Encoder, decode
from asgiviz.store.recorder import BLOCK, Recorder
from tests.apps import hostile
from tests.loops import run
from tests.probe.listening import SCOPE, Listening, deaf_send, silent_receive

PAIRS = [(b"a", b"1"), (b"b", b"2")]


def sent_through(message: Any, limit: int = BODY_LIMIT) -> tuple[Any, Any]:
    """The message as the server got it, and as it was recorded."""
    seen: list[Any] = []

    async def send(message: Any) -> None:
        seen.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)

    heard = Listening(app, limit)
    run("asyncio", lambda: heard.tap(SCOPE, silent_receive, send))
    assert seen[0] is message
    return seen[0], heard.last("send.begin").fields["message"]


ONE_SHOTS: dict[str, Callable[[], Any]] = {
    "generator": lambda: (pair for pair in PAIRS),
    "map": lambda: map(tuple, PAIRS),
    "iterator": lambda: iter(PAIRS),
    "zip": lambda: zip([b"a", b"b"], [b"1", b"2"], strict=True),
    "dict items": lambda: iter(dict(PAIRS).items()),
    "pairs are iterators": lambda: [iter(pair) for pair in PAIRS],
    "iterator of iterators": lambda: (iter(pair) for pair in PAIRS),
}


@pytest.mark.parametrize("kind", ["http.response.start", "http.response.trailers", "websocket.accept"])
@pytest.mark.parametrize("shape", ONE_SHOTS)
def test_headers_that_can_be_read_once_reach_the_server_and_the_recording(kind: str, shape: str) -> None:
    """One-shot headers become a list once; the server reads all of them, as often as it likes, and so does the recording."""
    got, recorded = sent_through({"type": kind, "headers": ONE_SHOTS[shape]()})
    for _ in range(2):
        assert [tuple(pair) for pair in got["headers"]] == PAIRS
    assert recorded["headers"] == [list(pair) for pair in PAIRS]


@pytest.mark.parametrize("headers", [PAIRS, tuple(PAIRS), [list(pair) for pair in PAIRS]], ids=["list", "tuple", "lists"])
def test_headers_that_last_are_not_replaced(headers: Any) -> None:
    """Headers that can be read again are the app's own object at the server, too."""
    message = {"type": "http.response.start", "status": 200, "headers": headers}
    got, recorded = sent_through(message)
    assert got["headers"] is headers
    assert recorded["headers"] == [list(pair) for pair in PAIRS]


def keep_all(pairs: Iterator[Any], kept: list[Any]) -> None:
    """Read pairs into `kept`; what came before an error is there, too."""
    for pair in pairs:
        kept.append(pair)  # noqa: PERF402  # extend would lose it


def test_headers_that_raise_while_they_are_read_raise_at_the_server() -> None:
    """A header generator that fails does so inside the server's send, after the same pairs, as without a tap."""
    failure = ZeroDivisionError("third header")

    def headers() -> Iterator[tuple[bytes, bytes]]:
        yield from PAIRS
        raise failure

    got, _ = sent_through({"type": "http.response.start", "status": 200, "headers": headers()})
    read: list[Any] = []
    with pytest.raises(ZeroDivisionError) as caught:
        keep_all(got["headers"], read)
    assert read == PAIRS
    assert caught.value is failure


def change_everything(message: dict[str, Any]) -> None:
    """Change every object of a message that can be changed."""
    for value in list(message.values()):
        if isinstance(value, bytearray) or (isinstance(value, memoryview) and not value.readonly):
            value[:] = b"?" * len(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, (list, dict, bytearray)):
                    item.clear()
            value.clear()
        elif isinstance(value, dict):
            change_everything(value)
    message.clear()


MUTABLE: dict[str, tuple[Any, Any]] = {
    "body": ({"type": "http.response.body", "body": b"x"}, {"body": b"x"}),
    "header list": ({"type": "t", "status": 200, "headers": [(b"a", b"1")]}, {"headers": [[b"a", b"1"]]}),
    "header pairs": ({"type": "t", "status": 200, "headers": [[b"a", b"1"]]}, {"headers": [[b"a", b"1"]]}),
    "header buffers": (
        {"type": "t", "status": 200, "headers": [(bytearray(b"a"), b"1")]},
        {"headers": [[{"$bytes": b"a", "$type": "bytearray"}, b"1"]]},
    ),
    "bytearray": ({"type": "t", "body": bytearray(b"abc")}, {"body": {"$bytes": b"abc", "$type": "bytearray"}}),
    "memoryview": (
        {"type": "t", "body": memoryview(bytearray(b"abc"))},
        {"body": {"$bytes": b"abc", "$type": "memoryview"}},
    ),
    "strided view": (
        {"type": "t", "body": memoryview(bytearray(b"abcd"))[::2]},
        {"body": {"$bytes": b"ac", "$type": "memoryview"}},
    ),
    "nested": ({"type": "t", "x": {"a": [[1], {"b": 2}]}}, {"x": {"a": [[1], {"b": 2}]}}),
}


@pytest.mark.parametrize("case", MUTABLE)
def test_what_is_recorded_of_a_message_does_not_change_afterwards(case: str) -> None:
    """Dict, header list, pair, buffer: the app may change or reuse it as soon as send is back."""
    message, expected = MUTABLE[case]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)
        change_everything(message)

    heard = Listening(app)
    run("asyncio", lambda: heard.tap(SCOPE, silent_receive, deaf_send))
    recorded = heard.last("send.begin").fields["message"]
    assert {key: recorded[key] for key in expected} == expected
    assert message == {}


def test_what_is_recorded_of_a_received_message_and_a_scope_does_not_change_afterwards() -> None:
    """An app that takes apart what it was given does not change what it was given in the recording."""
    scope = {"type": "http", "headers": [(b"a", b"1")], "state": {"cache": [1, {"k": "v"}]}, "extensions": {"x": {}}}
    request = {"type": "http.request", "body": bytearray(b"abc"), "more_body": False}

    async def receive() -> Any:
        return request

    async def app(scope: Any, receive: Any, send: Any) -> None:
        change_everything(await receive())
        change_everything(scope)

    heard = Listening(app)
    run("asyncio", lambda: heard.tap(scope, receive, deaf_send))
    assert heard.last("scope").fields["scope"] == {
        "type": "http",
        "headers": [[b"a", b"1"]],
        "state": {"cache": [1, {"k": "v"}]},
        "extensions": {"x": {}},
    }
    assert heard.last("receive.end").fields["message"]["body"]["$bytes"] == b"abc"


@pytest.mark.parametrize("make", [bytes, bytearray, lambda body: memoryview(body)], ids=["bytes", "bytearray", "memoryview"])
@pytest.mark.parametrize("size", [0, 9, 10, 11, 1000])
def test_long_bodies_are_cut_and_their_length_is_known(make: Any, size: int) -> None:
    """Of a body at most `limit` bytes are kept, and its true length always; the server gets all of it."""
    got, recorded = sent_through({"type": "http.response.body", "body": make(b"x" * size)}, limit=10)
    assert len(got["body"]) == size
    assert true_length(recorded["body"]) == size
    kept = recorded["body"]["$bytes"] if isinstance(recorded["body"], dict) else recorded["body"]
    assert kept == b"x" * min(size, 10)


@pytest.mark.parametrize("key", ["text", "bytes"])
def test_long_websocket_messages_are_cut_and_their_length_is_known(key: str) -> None:
    """Texts count in characters, bytes in bytes."""
    data = "é" * 100 if key == "text" else b"x" * 100
    _, recorded = sent_through({"type": "websocket.send", key: data}, limit=10)
    assert true_length(recorded[key]) == 100
    assert recorded[key]["$" + key] == data[:10]


SCOPES: dict[str, Any] = {
    "None": None,
    "a number": 5,
    "a list": [1],
    "empty": {},
    "no type": {"path": "/"},
    "odd keys": {1: 2, b"x": 3, "type": "http", "headers": []},
    "dollar keys": {"type": "http", "$bytes": "x", "headers": [(b"a", b"b")]},
    "headers None": {"type": "http", "headers": None},
    "headers number": {"type": "http", "headers": 5},
    "headers dict": {"type": "http", "headers": {b"a": b"b"}},
    "headers text": {"type": "http", "headers": [("a", "b"), 5, None, (b"x",)]},
    "untouchable": {"type": "http", "app": hostile.Untouchable(), hostile.Untouchable(): 1},
    "headers untouchable": {"type": "http", "headers": hostile.Untouchable()},
    "lazy": {"type": "http", "user": hostile.Lazy(), "headers": []},
    "watchful": hostile.WatchfulDict(type="http", session=hostile.WatchfulDict(a=1), headers=hostile.WatchfulList([1])),
    "nameless": {"type": "http", "x": hostile.Nameless(), "y": hostile.Nameless},
    "quarrelsome": {hostile.QuarrelsomeKey("headers"): 1},
    "knot": {"type": "http", "state": hostile.knot(), "headers": []},
    "avalanche": {"type": "http", "state": hostile.avalanche(), "headers": []},
    "huge": {"type": "http", "state": dict.fromkeys(range(1_000_000)), "list": [0] * 1_000_000, "text": "x" * 10_000_000},
    "many keys": {f"k{n}": n for n in range(2_000)} | {"headers": []},
}


@pytest.mark.parametrize("case", SCOPES)
def test_no_scope_makes_the_tap_raise(case: str) -> None:
    """Whatever a server hands over as scope reaches the app untouched, and something storable is recorded of it."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    hostile.Lazy.evaluated = False
    keeps_what_is_emitted(app, SCOPES[case])
    assert seen[0] is SCOPES[case]
    assert hostile.Lazy.evaluated is False


MESSAGES: dict[str, Any] = {
    "None": None,
    "text": "x",
    "empty": {},
    "type missing": {"body": b""},
    "type odd": {"type": 5, "body": b"", "more_body": "false"},
    "untouchable": hostile.Untouchable(),
    "untouchable inside": {"type": "x", "body": hostile.Untouchable(), "headers": [hostile.Untouchable()]},
    "untouchable key": {"type": "x", hostile.Untouchable(): 1},
    "untouchable headers": {"type": "x", "headers": hostile.Untouchable()},
    "lazy": hostile.Lazy(),
    "lazy inside": {"type": "x", "body": hostile.Lazy(), "headers": hostile.Lazy()},
    "watchful dict": hostile.WatchfulDict(type="x", body=b""),
    "watchful list": {"type": "x", "headers": hostile.WatchfulList([(b"a", b"b")])},
    "watchful tuple": {"type": "x", "headers": hostile.WatchfulTuple([(b"a", b"b")])},
    "watchful atoms": {
        "type": hostile.WatchfulStr("x"),
        "body": hostile.WatchfulBytes(b"x"),
        "status": hostile.WatchfulInt(5),
        hostile.WatchfulStr("k"): 1,
    },
    "slice": {"type": "x", "body": slice(hostile.Untouchable(), None)},
    "nameless": {"type": "x", "body": hostile.Nameless()},
    "quarrelsome": {hostile.QuarrelsomeKey("type"): "x", hostile.QuarrelsomeKey("headers"): []},
    "refusing": hostile.RefusingDict(type="x", headers=[]),
    "knot": {"type": "x", "headers": hostile.knot()},
    "avalanche": {"type": "x", "body": hostile.avalanche()},
    "huge": {"type": "x", "status": 10**6000, "headers": [(b"a", b"b" * 1_000_000)] * 3, "body": b"x" * 10_000_000},
    "surrogates": {"type": "\ud800", "text": "\udfff"},
}


@pytest.mark.parametrize("case", MESSAGES)
def test_no_message_makes_the_tap_raise(case: str) -> None:
    """Whatever an app sends reaches the server as the same object, none of its code is run, and it can be stored."""
    message, seen = MESSAGES[case], []

    async def send(message: Any) -> None:
        seen.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)

    hostile.Lazy.evaluated = False
    keeps_what_is_emitted(app, SCOPE, send)
    assert seen[0] is message
    assert hostile.Lazy.evaluated is False


@pytest.mark.parametrize("error", [hostile.MuteError(), hostile.MarkupError(), ValueError("x" * 100_000)], ids=type)
def test_no_exception_makes_the_recorder_stumble(error: Exception) -> None:
    """Exceptions without text, with text of another class, or with too much of it are recorded in bounds."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    async def main() -> None:
        while len(recorder) < BLOCK:
            with pytest.raises(type(error)) as caught:
                await tap(SCOPE, silent_receive, deaf_send)
            assert caught.value is error
            error.__traceback__ = None  # it would grow with every raise

    recorder = Recorder()
    tap = Tap(app, recorder.emit)
    run("asyncio", main)
    assert recorder.tidy()
    exits = [event.get("error") for event in recorder.cursor() if event.ev == "exit"]
    assert len(exits) == BLOCK // 2
    assert all(type(text) is str and len(text) <= BODY_LIMIT for error in exits for text in error.values())


def keeps_what_is_emitted(app: Any, scope: Any, send: Any = deaf_send) -> None:
    """Run the app through a tap; every event must survive being packed as the recorder packs, and being written."""
    heard = Listening(app)
    run("asyncio", lambda: heard.tap(scope, silent_receive, send))
    assert heard.names()[0] == "scope"
    assert heard.names()[-1] == "exit"
    assert marshal.loads(marshal.dumps(heard.raws, 2)) == heard.raws
    for seq, raw in enumerate(heard.raws, 1):
        assert decode(Encoder(0, Mask()).line(seq, raw)).seq == seq
