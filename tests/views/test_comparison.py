"""Comparing two connections: equal things fold, every difference has a line with its sign, any width and recording will do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event
from asgiviz.views.comparison import compare
from asgiviz.views.differences import aligned, first_difference
from asgiviz.views.spans import Row, text_of, width_of
from tests.views.runs import runs

SCOPE = {"type": "http", "method": "GET", "path": "/a", "query_string": b"", "client": ["127.0.0.1", 5000], "headers": []}
CHAT = {"type": "websocket", "path": "/chat", "headers": [[b"sec-websocket-key", b"one"]]}


def call(scope: dict[str, Any], *messages: dict[str, Any], every: int = 10, **end: Any) -> list[Event]:
    """A connection: its scope, messages each `every` milliseconds, sent or received as their type says, and its exit."""
    events = [Event(1, 0, Ev.SCOPE, 7, 0, None, {"scope": scope})]
    for call_number, message in enumerate(messages, 1):
        received = message["type"] in ("http.request", "websocket.receive", "websocket.disconnect", "websocket.connect")
        begin, finish = (Ev.RECEIVE_BEGIN, Ev.RECEIVE_END) if received else (Ev.SEND_BEGIN, Ev.SEND_END)
        t, half = call_number * every * 1_000_000, every * 500_000
        for at, ev, fields in ((t, begin, not received), (t + half, finish, received)):
            shown = {"message": message} if fields else {}
            events.append(Event(len(events) + 1, at, ev, 7, 0, call_number, shown))
    t = (len(messages) + 1) * every * 1_000_000
    return [*events, Event(len(events) + 1, t, Ev.EXIT, 7, 0, None, {"outcome": "returned", **end})]


def start(status: int, *headers: list[bytes]) -> dict[str, Any]:
    """A response begins."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: Any, more: bool = False, kind: str = "http.response.body") -> dict[str, Any]:
    """A piece of a body."""
    return {"type": kind, "body": content, "more_body": more}


def text(content: str) -> dict[str, Any]:
    """A text from the app."""
    return {"type": "websocket.send", "text": content}


def lines(left: list[Event], right: list[Event], width: int = 78) -> list[str]:
    """The comparison as text, without the columns that are empty."""
    return [text_of(row.spans).rstrip() for row in compare(left, right, width)]


def pairs(shown: list[str]) -> list[tuple[str, str, str]]:
    """The lines that have two sides: left, sign, right."""
    return [
        (line[:37].strip(), line[38:39], line[40:].strip()) for line in shown if line[37:38] == " " and line[38:39] in "~+-"
    ]


def test_equal_connections_fold_to_a_few_quiet_lines() -> None:
    """Only the times stand side by side; another client port and another random key are no difference."""
    one = call({**SCOPE, "headers": [[b"a", b"b"]]}, body(b"", kind="http.request"), start(200, [b"x", b"y"]), body(b"ok"))
    other = call({**SCOPE, "headers": [[b"A", b"b"]], "client": ["127.0.0.1", 6000]}, *messages_of(one), every=20)
    shown = lines(one, other)
    assert shown[0] == f"{'  #7 GET /a':<37} │   #7 GET /a"
    assert shown[1:6] == [
        "  the same but for the time",
        "  scope     5 keys equal",
        "  headers   1 request header equal",
        "  messages  3 equal",
        "  time",
    ]
    assert shown[6] == f"{'    duration      40.0 ms':<37} │     duration      80.0 ms  ×2.0"
    assert shown[7] == f"{'    running       25.0 ms':<37} │     running       50.0 ms  ×2.0"
    assert shown[10:] == ["  end       both returned"]
    assert "the same but for the time" in lines(call(CHAT), call({**CHAT, "headers": [[b"sec-websocket-key", b"two"]]}))[1]


def messages_of(events: list[Event]) -> list[dict[str, Any]]:
    """The messages of a connection."""
    return [event.get("message") for event in events if event.get("message")]


def test_every_difference_has_a_line_with_its_sign() -> None:
    """Scope, request headers, status, response headers, body and end; the line at the head names them all."""
    left = call(
        {**SCOPE, "query_string": b"a=1", "root_path": "", "headers": [[b"accept", b"*/*"], [b"x-old", b"1"]]},
        start(200, [b"content-type", b"text/a"], [b"vary", b"a"], [b"same", b"1"]),
        body(b"one\ntwo\nthree"),
    )
    right = call(
        {**SCOPE, "query_string": b"a=2", "headers": [[b"accept", b"text/html"], [b"x-new", b"1"]]},
        start(404, [b"content-type", b"text/b"], [b"same", b"1"], [b"etag", b"e"]),
        body(b"one\ntwo\nthirty"),
        outcome="raised",
        error={"type": "builtins.ValueError", "text": "no"},
    )
    shown = lines(left, right, 150)
    named = "scope, request headers, status, response headers, response body, end"
    assert shown[1] == f"  different: {named}"
    assert pairs([line[:37] + line[73:] for line in shown]) == [
        ("query_string: b'a=1'", "~", "query_string: b'a=2'"),
        ("root_path:", "-", ""),
        ("accept: */*", "~", "accept: text/html"),
        ("x-old: 1", "-", ""),
        ("", "+", "x-new: 1"),
        ("◀ S http.response.start  200", "~", "◀ S http.response.start  404"),
        ("content-type: text/a", "~", "content-type: text/b"),
        ("vary: a", "-", ""),
        ("", "+", "etag: e"),
        ("◀ S http.response.body  13 B", "~", "◀ S http.response.body  14 B"),
        ("…“three”", "~", "…“thirty”"),
        ("returned", "~", "raised ValueError: no"),
    ]
    assert "      the first 10 B are equal, up to line 3" in shown


def test_messages_face_the_ones_they_are_like() -> None:
    """One more message on one side moves nothing: what is equal before and behind it folds."""
    said = [text(f"number {number}") for number in range(6)]
    shown = lines(call(CHAT, *said), call(CHAT, *said[:3], text("extra"), *said[3:5], text("number five")))
    start_at = shown.index("  messages")
    assert shown[start_at + 1] == "    3 messages equal"
    assert shown[start_at + 3] == "    2 messages equal"
    assert pairs(shown) == [
        ("", "+", "◀ S websocket.send  text, 5 B  “extr…"[:37]),
        ("◀ S websocket.send  text, 8 B", "~", "◀ S websocket.send  text, 11 B"),
        ("“number 5”", "~", "“number five”"),
    ]


def test_the_pieces_in_which_the_server_reads_are_no_difference_but_an_apps_are() -> None:
    """A request body is compared as a whole; that an app sends its body in other pieces is told."""
    reads = [body(b"ab", True, "http.request"), body(b"c", kind="http.request")]
    one = call(SCOPE, *reads, start(200), body(b"xy"))
    assert "same but for the time" in lines(one, call(SCOPE, body(b"abc", kind="http.request"), start(200), body(b"xy")))[1]
    shown = lines(one, call(SCOPE, *reads, start(200), body(b"x", True), body(b"y")))
    assert shown[1] == "  different: messages"
    assert "      the same body in other pieces" in shown


def test_a_body_that_was_cut_is_equal_only_as_far_as_it_was_kept() -> None:
    """Two beginnings that agree do not make two bodies equal when their lengths differ."""
    left, right = (call(SCOPE, start(200), body({"$bytes": b"abc", "$len": size})) for size in (10, 11))
    shown = lines(left, right)
    assert shown[1] == "  different: response body"
    assert "      the same as far as they were kept" in shown


def test_secrets_are_compared_and_not_shown() -> None:
    """Two tokens differ, and stand masked unless they are to be revealed."""
    sides = [call({**SCOPE, "headers": [[b"authorization", value]]}) for value in (b"Bearer a", b"Bearer b")]
    assert pairs(lines(sides[0], sides[1])) == [("authorization: ********", "~", "authorization: ********")]
    assert "Bearer b" in text_of([span for row in compare(sides[0], sides[1], 78, mask=None) for span in row.spans])


def test_objects_in_a_scope_are_not_told_apart_by_their_address() -> None:
    """The app's object is another one for every call."""
    sides = [call({**SCOPE, "app": {"$repr": f"<App at 0x7f{digit}>", "$type": "a.App"}}) for digit in "12"]
    assert "the same but for the time" in lines(sides[0], sides[1])[1]


def test_an_open_connection_says_so() -> None:
    """It has no end to compare."""
    one = call(SCOPE, start(200))
    assert pairs(lines(one, one[:-1]))[-1] == ("returned", "~", "still open")


@pytest.mark.parametrize("width", [20, 78, 150])
@settings(max_examples=40)
@given(left=runs(), right=runs())
def test_any_two_recordings_can_be_compared(width: int, left: list[Event], right: list[Event]) -> None:
    """No line is wider than asked for, or holds what cannot be printed; a recording is the same as itself."""
    rows: list[Row] = compare(left, right, width)
    assert all(width_of(row.spans) <= width for row in rows)
    assert all(text_of(row.spans).isprintable() for row in rows)
    assert text_of(compare(left, left, 78)[1].spans).strip() == "the same but for the time"
    assert "the same" not in text_of(rows[1].spans) or not any(" ~ " in text_of(row.spans) for row in compare(left, right, 150))


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), max_size=12))
def test_aligning_keeps_both_sides_whole_and_in_order(left: list[int], right: list[int]) -> None:
    """Nothing is lost, and what faces each other is alike."""
    faced = aligned(left, right, lambda item: item, lambda item: item % 2)
    assert [one for one, _ in faced if one is not None] == left
    assert [other for _, other in faced if other is not None] == right
    assert all(one % 2 == other % 2 for one, other in faced if one is not None and other is not None)


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_the_first_difference_is_the_first(left: bytes, right: bytes) -> None:
    """All before it is equal, and nothing longer is."""
    place = first_difference(left, right)
    if place is None:
        assert left == right
    else:
        assert left[:place] == right[:place]
        assert left[: place + 1] != right[: place + 1]
