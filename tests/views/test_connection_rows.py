"""Rows of the Connections pane: exact columns, true words, and one table for drawing and sorting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asgiviz.model.connection import Connection, Connections
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.connection_rows import COLUMNS, GUTTER, WIDEST, cells, column_at, head, layout
from asgiviz.views.connection_words import amount, clock, middle_cut, running_share
from asgiviz.views.spans import Role, Span, in_ascii, text_of, width_of
from tests.model.malformed import EVENTS
from tests.views.runs import runs

MS = 1_000_000
WIDTHS = (24, 43, 60, 78, 118)


def connection(*happened: tuple[int, str, dict[str, Any]], conn: int = 7, **scope: Any) -> Connection:
    """A connection that began at 0; what happened, with milliseconds, is folded."""
    scope = {"type": "http", "method": "POST", "path": "/orders", **scope}
    made = Connection(conn, 0)
    made.add(Event(1, 0, Ev.SCOPE, conn, 0, None, {"scope": scope}))
    for seq, (ms, ev, fields) in enumerate(happened, 2):
        made.add(Event(seq, ms * MS, ev, conn, 0, 1, fields))
    return made


def sent(ms: int, kind: str, **fields: Any) -> tuple[int, str, dict[str, Any]]:
    return ms, Ev.SEND_BEGIN, {"message": {"type": kind, **fields}}


def exit_at(ms: int, outcome: str = "returned") -> tuple[int, str, dict[str, Any]]:
    return ms, Ev.EXIT, {"outcome": outcome}


START, BODY = sent(10, "http.response.start", status=201), sent(11, "http.response.body", body=b"x")
WEBSOCKET: dict[str, Any] = {"type": "websocket", "method": None, "path": "/chat"}
LIFESPAN: dict[str, Any] = {"type": "lifespan", "method": None, "path": None}


def row(made: Connection, width: int = 43, **how: Any) -> str:
    return text_of(cells(made, layout(width), 1_000 * MS, Mask(), **how))


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (connection(START, BODY, (12, Ev.SEND_END, {}), exit_at(41)), "    7 http POST /orders     201     41.0 ms"),
        (connection(START), "    7 http POST /orders     201  ▒  1.000 s"),
        (connection(), "    7 http POST /orders     ···     1.000 s"),
        (connection(exit_at(2, "raised")), "    7 http POST /orders     none ✗  2.00 ms"),
        (connection(exit_at(2, "cancelled")), "    7 http POST /orders     none    2.00 ms"),
        (connection(**WEBSOCKET), "    7 ws   /chat            ···     1.000 s"),
        (connection(sent(1, "websocket.accept"), **WEBSOCKET), "    7 ws   /chat            open    1.000 s"),
        (connection(sent(1, "websocket.close"), exit_at(2), **WEBSOCKET), "    7 ws   /chat            403     2.00 ms"),
        (
            connection(sent(1, "websocket.accept"), sent(2, "websocket.close", code=4001), exit_at(3), **WEBSOCKET),
            "    7 ws   /chat            4001    3.00 ms",
        ),
        (connection(sent(1, "lifespan.startup.complete"), **LIFESPAN), "    7 life lifespan         up      1.000 s"),
        (
            connection(sent(1, "lifespan.startup.failed"), exit_at(2), **LIFESPAN),
            "    7 life lifespan         down ✗  2.00 ms",
        ),
    ],
    ids=["answered", "answering", "open", "raised", "cancelled", "handshake", "talks", "refused", "closed", "up", "failed"],
)
def test_a_row_says_how_its_connection_stands(made: Connection, shown: str) -> None:
    """The code is a status, a close code or a word, with a sign for failed and for still open."""
    assert row(made) == shown


def test_the_bar_is_the_part_of_the_time_in_which_the_app_ran() -> None:
    """A third of the time in receive is a third of the bar, and a call that is open counts until now."""
    waited = connection((0, Ev.RECEIVE_BEGIN, {}), (10, Ev.RECEIVE_END, {"message": {}}), START, BODY, exit_at(30))
    waited.waited_send = 0
    assert "████░░" in row(waited, 60)
    still = connection((250, Ev.RECEIVE_BEGIN, {}))
    assert running_share(still, 1_000 * MS) == 0.25
    assert "█▌░░░░" in row(still, 60)
    hardly = connection((1, Ev.RECEIVE_BEGIN, {}))
    assert "▌░░░░░" in row(hardly, 60)


def test_messages_are_told_of_long_connections() -> None:
    """Both directions with their arrows; an ordinary request is not cluttered with them."""
    short, long = connection(START, BODY), connection(START, *[BODY] * 1_200)
    assert "↑" not in row(short, 78)
    assert "0↓ 1k↑" in row(long, 78)
    assert Span(" 1k↑", Role.SEND) in cells(long, layout(78), 0, None)


def test_a_marked_row_has_its_sign_and_a_comment_its_place() -> None:
    """Neither moves a column."""
    made = connection(START, query_string=b"token=abc")
    plain, marked = row(made, 60), row(made, 60, marked=True, comment="a\x1b one")
    assert marked.startswith("◆")
    assert "“a\\x1b one”" in marked
    assert "POST /orders?token=***" in plain
    assert marked[-24:] == plain[-24:]


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("/orders", 7, "/orders"),
        ("/customers/1234/orders/5678", 15, "/custom…rs/5678"),
        ("/customers", 6, "/cust…"),
        ("/世界/世界/世界", 8, "/世…世界"),
        ("/a/\x1b[31m", 5, "/a…1m"),
        ("/a/b", 1, "…"),
    ],
)
def test_a_long_path_keeps_its_end(text: str, cells: int, shown: str) -> None:
    """The end tells it from its neighbours; a path without parts keeps its beginning."""
    assert cell_len(middle_cut(text, cells)) <= cells
    assert middle_cut(text, cells) == shown


@given(st.integers(24, 140))
def test_a_layout_fills_its_pane_with_what_there_is_room_for(width: int) -> None:
    """Nothing is narrower than its least width; number, what and code are always there; every place has its column."""
    columns = layout(width)
    names = [column.name for column, _ in columns]
    assert {"number", "what", "code"} <= set(names)
    assert all(cells >= column.width for column, cells in columns)
    whole = GUTTER + sum(cells for _, cells in columns) + len(columns) - 1
    assert whole == width or (whole < width and max(cells for _, cells in columns) == WIDEST)
    found = [column_at(columns, x) for x in range(whole)]
    assert [column.name for column in dict.fromkeys(found) if column is not None] == names
    assert column_at(columns, whole + 1) is None
    assert column_at(columns, -1) is None


def test_the_head_stands_above_its_cells_and_points_at_the_sorted_one() -> None:
    """Down for the largest first."""
    assert text_of(head(layout(43), "time", descending=True)) == "    # kind what             code      time▾"
    assert text_of(head(layout(43), "number", descending=False)) == "   #▴ kind what             code       time"


@given(runs(), st.sampled_from(WIDTHS), st.booleans(), st.none() | st.text(max_size=90))
def test_every_row_is_as_wide_as_the_head(events: list[Event], width: int, marked: bool, comment: str | None) -> None:
    """Whatever the connection holds, in Unicode and in ASCII, and all of them can be sorted by any column."""
    columns = layout(width)
    connections = list(Connections(events).values())
    for made in connections:
        spans = cells(made, columns, events[-1].t, Mask(), marked, comment)
        assert width_of(spans) == width_of(head(columns, "code", descending=True)) == width
        assert text_of(spans).isprintable()
        assert not any(ord(letter) < 32 for letter in text_of(in_ascii(spans)))
    for column in COLUMNS:
        keys = [column.key(made) for made in sorted(connections, key=column.key)]
        assert keys == sorted(keys)


@given(st.lists(EVENTS, max_size=20), st.sampled_from(WIDTHS), st.integers())
def test_a_malformed_connection_has_a_row_too(events: list[Event], width: int, now: int) -> None:
    """Texts of any kind, times that go back, numbers of any size: nothing raises and nothing moves."""
    connections = list(Connections(events).values())
    for made in connections:
        made.method = made.path = "\x1b世" * 40
        assert width_of(cells(made, layout(width), now, None)) == width
    for column in COLUMNS:
        assert len(sorted(connections, key=column.key)) == len(connections)


@given(st.integers(0, 2**62))
def test_figures_keep_to_their_columns(value: int) -> None:
    """A duration takes eight columns at most, a count four."""
    assert len(clock(value)) <= 8
    assert len(amount(value)) <= 4
