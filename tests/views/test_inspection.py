"""The chosen event in full: everything as it came, safe, masked, and opened only as far as somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.inspection import OPEN_FIRST, Context, inspect, raw
from asgiviz.views.tree import Tree
from tests.model.frozen import frozen, messages
from tests.model.malformed import EVENTS
from tests.views.drawing import drawn, fits, opened, texts

FIELDS = st.dictionaries(
    st.sampled_from(["scope", "message", "error", "text", "stack", "value"]), messages | frozen, max_size=3
)
ANY_EVENT = EVENTS | st.builds(
    lambda ev, fields: event(ev, 1, **fields), st.sampled_from([*(ev.value for ev in Ev), "stall", "?"]), FIELDS
)
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "server": ["127.0.0.1", "8000"],
    "method": "POST",
    "path": "/orders",
    "raw_path": None,
    "query_string": b"token=hush&dry=1",
    "headers": [[b"accept", b"a"], [b"Accept", b"b"], [b"authorization", b"Bearer xyz"], [b"x-name", b"caf\xc3\xa9 \xff"]],
    "app": {"$repr": "<Shop object>", "$type": "shop.Shop"},
}


def event(ev: str, call: int | None = None, t: int = 0, layer: int = 0, **fields: Any) -> Event:
    """An event of connection 7."""
    return Event(t + 1, t, ev, 7, layer, call, fields)


def shown(chosen: Event, *paths: tuple[str | int, ...], **context: Any) -> list[str]:
    """The rows of an event with what is open at first, and `paths`, at 78 columns."""
    return drawn(inspect(chosen, Context(**context)), OPEN_FIRST | set(paths))


def row_of(rows: list[str], start: str) -> str:
    """The one row that begins like this behind its margin."""
    (found,) = [row.strip(" ▸▾") for row in rows if row.strip(" ▸▾").startswith(start)]
    return found


@settings(max_examples=100)
@given(ANY_EVENT, st.none() | ANY_EVENT, st.lists(ANY_EVENT, max_size=3), st.booleans(), st.sampled_from([1, 7, 30, 78, 200]))
def test_any_event_can_be_inspected(chosen: Event, other: Event | None, around: list[Event], hide: bool, width: int) -> None:
    """However malformed an event is, every row, opened as far as it goes, is printable and fits, and so is its raw line."""
    connection = Connections([chosen, *around]).get(chosen.conn or 0)
    mask = Mask() if hide else None
    root = inspect(chosen, Context(connection, other, [chosen, *around], ["a", "b", "c"], mask))
    drawn(root, opened(root, width, 60), width)
    tree = Tree(root, OPEN_FIRST, width)
    for index in range(min(30, tree.count())):
        assert tree.node(index).value is None or tree.node(index).read is not None
    lines = raw(chosen, mask)
    assert all(fits(lines.row(index, width), width) for index in range(lines.count(width)))


def test_a_scope_is_shown_as_it_came() -> None:
    """Every key has its value, its type and its explanation; nothing unusual is mended."""
    rows = shown(event(Ev.SCOPE, scope=SCOPE), ("scope", "server"))
    assert rows[0].split() == ["the", "app", "is", "called", "scope", "http", "server", "→", "app"]
    assert row_of(rows, "method").startswith("method        'POST'  str        The HTTP method")
    assert row_of(rows, "[1] '8000'") == "[1] '8000'  str"
    assert row_of(rows, "asgi ").startswith("asgi          {version: '3.0'}  dict of 1")
    assert row_of(rows, "raw_path").startswith("raw_path      None  NoneType")
    assert row_of(rows, "app ").startswith("app           <Shop object>  shop.Shop")
    assert row_of(rows, "headers").startswith("headers       list of 4 pairs")


def test_headers_keep_their_order_and_repetitions_and_bytes() -> None:
    """Two headers of one name are two rows, UTF-8 is text, and what is no UTF-8 is an escape."""
    rows = shown(event(Ev.SCOPE, scope=SCOPE))
    start = next(index for index, row in enumerate(rows) if "list of 4 pairs" in row) + 1
    assert [row.strip(" ▸").split("  ")[0] for row in rows[start : start + 4]] == [
        "accept: a",
        "Accept: b",
        "authorization: **********",
        "x-name: café \\xff",
    ]


def test_secrets_are_masked_until_they_are_revealed() -> None:
    """A masked value keeps its length, in the row, in what is opened, and in what is copied; without a mask it is there."""
    paths = ("scope", "query_string"), ("scope", "query_string", "shown")
    hidden = shown(event(Ev.SCOPE, scope=SCOPE), *paths)
    assert row_of(hidden, "query_string").startswith("query_string  b'token=****&dry=1'  bytes")
    assert row_of(hidden, "token ").split() == ["token", "****"]
    assert not any("hush" in row or "xyz" in row for row in hidden)
    root = inspect(event(Ev.SCOPE, scope=SCOPE), Context())
    tree = Tree(root, OPEN_FIRST, 78)
    place = tree.place(("scope",))
    assert place is not None
    assert "hush" not in repr(tree.node(place).value)
    revealed = shown(event(Ev.SCOPE, scope=SCOPE), *paths, mask=None)
    assert row_of(revealed, "token ").split() == ["token", "hush"]
    assert row_of(revealed, "authorization").startswith("authorization: Bearer xyz")


def test_all_below_a_secret_name_is_masked() -> None:
    """A dict in a dict with a secret name hides every value in it, and its names stay."""
    state = {"db_password": {"now": ["abc"], "old": {"x": b"de"}}}
    scope = {"type": "http", "state": state}
    below = ("scope", "state", "db_password")
    rows = shown(event(Ev.SCOPE, scope=scope), ("scope", "state"), below, (*below, "now"), (*below, "old"))
    assert row_of(rows, "[0]") == "[0] '***'  str"
    assert row_of(rows, "x ") == "x  b'**'  bytes"


def test_a_key_opens_to_its_explanation() -> None:
    """An atom opens to what the glossary says about its name, with the section of the specification."""
    rows = shown(event(Ev.SCOPE, scope={"type": "http", "asgi": {"version": "3.0"}}), ("scope", "type"), ("scope", "asgi"))
    text = " ".join(row.strip() for row in rows)
    assert "surprises apps that answer everything with http.response.start" in text
    assert "Specification: " in text
    assert "The version of ASGI" in row_of(rows, "version")


def test_a_call_tells_its_direction_and_how_long_it_took() -> None:
    """Begin and end of a call know each other: the time between them stands in the second row of both."""
    begin = event(Ev.SEND_BEGIN, 4, 1_000_000, message={"type": "http.response.start", "status": 418, "headers": []})
    end = event(Ev.SEND_END, 4, 3_000_000)
    titles = "  send  http.response.start  app → server", "  send is done  app → server"
    for chosen, other, title in ((begin, end, titles[0]), (end, begin, titles[1])):
        rows = shown(chosen, other=other)
        assert rows[0] == title
        assert "took 2.00 ms · call 4 · #7" in rows[1]
        assert "client" in row_of(rows, "status") or "418" in row_of(rows, "status")
    layered = shown(event(Ev.SEND_BEGIN, 4, layer=1, message={"type": "x"}), layers=["uvicorn", "GZip", "FastAPI"])
    assert "FastAPI → GZip" in layered[0]


def test_a_receive_that_waits_says_so() -> None:
    """The beginning of a receive shows the message that came, or that none has come yet."""
    begin = event(Ev.RECEIVE_BEGIN, 2)
    assert any("no message has come yet" in row for row in shown(begin))
    end = event(Ev.RECEIVE_END, 2, 5_000_000, message={"type": "http.request", "body": b"", "more_body": False})
    rows = shown(begin, other=end)
    assert "waited 5.00 ms" in rows[1]
    assert any("http.request" in row for row in rows)


def chat() -> Iterator[Event]:
    """An upload in two pieces, and its answer."""
    yield event(Ev.SCOPE, scope={"type": "http", "headers": [[b"content-type", b"application/json"]]})
    yield event(Ev.RECEIVE_END, 1, message={"type": "http.request", "body": b'{"a": ', "more_body": True})
    yield event(Ev.RECEIVE_END, 2, message={"type": "http.request", "body": b"[1, 2]}", "more_body": False})
    yield event(Ev.SEND_BEGIN, 3, message={"type": "http.response.body", "body": b"%PDF\x00"})


def test_a_body_in_several_messages_is_shown_whole_too() -> None:
    """The pieces of one direction are joined and laid out by the content-type of their headers."""
    events = list(chat())
    rows = [row.strip() for row in shown(events[1], ("whole",), events=events)]
    assert any("not JSON" in row for row in rows)  # the piece alone
    start = rows.index("13 B in all")
    assert rows[start + 2 : start + 8] == ["{", '"a": [', "1,", "2", "]", "}"]
    assert not any("whole body" in row for row in shown(events[3], events=events))


def test_an_exception_shows_the_users_own_code_first() -> None:
    """The traceback of an exit begins with the frames of the app; as Python printed it, it opens."""
    traceback = (
        "Traceback (most recent call last):\n"
        '  File "/v/lib/python3.11/site-packages/starlette/routing.py", line 9, in app\n    await route()\n'
        '  File "/home/ann/shop/orders.py", line 41, in create\n    total = 1 / 0\n'
        "ZeroDivisionError: division by zero\n"
    )
    error = {"type": "builtins.ZeroDivisionError", "text": "division by zero", "traceback": traceback}
    rows = [row.strip() for row in shown(event(Ev.EXIT, outcome="raised", error=error), ("error", "printed"))]
    assert rows[0].split() == ["the", "app", "raised"]
    own = rows.index("at shop/orders.py:41 in create")
    assert rows[own + 1] == "total = 1 / 0"
    assert any(row.startswith("1 frame of starlette") for row in rows[own:])
    printed = next(index for index, row in enumerate(rows) if row.startswith('File "/v/lib/'))
    assert any(row.startswith('File "/home/ann/shop/orders.py"') for row in rows[printed:])


def test_a_stall_shows_what_held_the_loop() -> None:
    """The stack of a stall stands innermost first, and its other fields are there."""
    stack = [{"file": "/home/ann/shop.py", "line": 41, "function": "total"}, "odd"]
    rows = shown(event("stall", ms=1900.0, stack=stack, culprit=9, victims=[{"conn": 7, "ms": 400}], confidence="inferred"))
    assert row_of(rows, "ann/shop.py:41  total")
    assert row_of(rows, "confidence").endswith("'inferred'  str")


class Counting(dict[str, Any]):
    """A dict that counts how often a value is taken out."""

    taken = 0

    def __getitem__(self, key: str) -> Any:
        self.taken += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("mask", [Mask(), None], ids=["masked", "revealed"])
def test_a_large_dict_costs_what_is_seen_of_it(mask: Mask | None) -> None:
    """Of a dict with a hundred thousand entries, only those in sight are looked at."""
    state = Counting((f"key {number}", number) for number in range(100_000))
    root = inspect(event(Ev.SCOPE, scope={"type": "http", "state": state}), Context(mask=mask))
    tree = Tree(root, {*OPEN_FIRST, ("scope", "state")}, 78)
    assert tree.count() > 100_000
    assert "key 99999" in "".join(span.text for span in tree.row(tree.count() - 1).spans)
    for index in range(50_000, 50_040):
        tree.row(index)
    assert state.taken <= 41


class Touched(bytes):
    """Bytes that count how many of them were read in slices."""

    seen = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        Touched.seen += len(found) if isinstance(found, bytes) else 1
        return found


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "image/png", "", "multipart/form-data; boundary=x"])
def test_a_large_body_costs_what_is_seen_of_it(kind: str) -> None:
    """Of a body of 50 MB, less than one is read to show its first rows and its last ones as a hex dump."""
    body = Touched(b"0123456789\n" * 4_800_000)
    events = [
        event(Ev.SEND_BEGIN, 1, message={"type": "http.response.start", "headers": [[b"content-type", kind.encode()]]}),
        event(Ev.SEND_BEGIN, 2, message={"type": "http.response.body", "body": body}),
    ]
    Touched.seen = 0
    root = inspect(events[1], Context(events=events))
    tree = Tree(root, {*OPEN_FIRST, ("message", "body", "hex")}, 78)
    for index in (*range(40), *range(tree.count() - 5, tree.count())):
        tree.row(index)
    assert tree.count() > len(body) // 16
    assert 0 < Touched.seen < 1_000_000
    Touched.seen = 0
    texts(raw(events[1], None))
    assert 0 < Touched.seen < 1_000_000


def test_the_raw_line_is_that_of_the_recording() -> None:
    """Raw, an event is the line that a file would hold, wrapped."""
    from asgiviz.store.lines import decode

    chosen = event(Ev.SEND_BEGIN, 3, message={"type": "websocket.send", "text": "[b]\x1b é " * 30})
    assert decode("".join(texts(raw(chosen, None), 40))) == chosen
