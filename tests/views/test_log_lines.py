"""The Logs pane: what an app prints and logs is readable at any width, folded and unfolded, and never raw."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.log_lines import MOST_ROWS, draw
from asgiviz.views.spans import Role, Row, Span, text_of, width_of
from tests.model.malformed import FROZEN

TRACEBACK = 'Traceback (most recent call last):\n File "shop.py", line 3, in buy\n\traise ValueError\nValueError: no order 17'


def log(text: Any, level: Any = "INFO", logger: Any = "shop", conn: int | None = 7) -> Event:
    return Event(12, 6_748_000_000, Ev.LOG, conn, None, None, {"level": level, "logger": logger, "text": text})


def order() -> Connection:
    made = Connection(7, 0)
    made.method, made.path, made.scope_seen = "POST", "/orders", True
    return made


def lines(rows: list[Row]) -> list[str]:
    return [text_of(row.spans).rstrip() for row in rows]


def test_a_record_stands_beside_its_connection() -> None:
    """When, how grave, of which connection, by which logger, and what; a print has its stream in place of a level."""
    assert lines(draw(log("saved", "WARNING"), order(), 120)) == [
        "   6.748  WARNING  #7 POST /orders          shop             saved"
    ]
    assert lines(draw(log("saved", "WARNING"), order(), 78)) == ["   6.748  WARNING  #7 POST /orders    shop: saved"]
    assert lines(draw(log("saved", "WARNING"), order(), 38)) == ["   6.748  WARN   #7   saved"]
    assert lines(draw(log("hello", "ERROR", "stderr"), order(), 78)) == ["   6.748  stderr   #7 POST /orders    hello"]
    assert lines(draw(log("bye", conn=None), None, 78)) == ["   6.748  INFO                        shop: bye"]


def test_only_what_the_app_calls_an_error_is_drawn_as_one() -> None:
    """A line on standard error is not yet an error."""
    assert Span("ERROR", Role.ERROR) in draw(log("x", "ERROR"), None, 78)[0].spans
    assert all(span.role is not Role.ERROR for span in draw(log("x", "ERROR", "stderr"), None, 78)[0].spans)


def test_a_folded_traceback_shows_its_error_and_how_much_is_folded() -> None:
    """Where there is little room, the error alone."""
    record = log(f"could not save\n{TRACEBACK}", "ERROR")
    (wide,) = draw(record, order(), 120)
    assert Span("  ValueError: no order 17", Role.ERROR) in wide.spans
    assert lines([wide])[0].endswith("▸ +4")
    assert lines(draw(record, order(), 50)) == ["   6.748  ERROR  #7   ValueError: no order 17 ▸ +4"]


def test_an_unfolded_record_is_there_whole() -> None:
    """Every line of it, tabulators as spaces, the last line of a traceback as an error, and all rows stand for one event."""
    rows = draw(log(f"could not save\n{TRACEBACK}", "ERROR"), order(), 78, expanded=True)
    assert [line.strip(" │") for line in lines(rows)[1:]] == [
        "Traceback (most recent call last):",
        'File "shop.py", line 3, in buy',
        "raise ValueError",
        "ValueError: no order 17",
    ]
    assert lines(rows)[0].endswith("▾")
    assert rows[-1].spans[-1] == Span("ValueError: no order 17", Role.ERROR)
    assert {row.seq for row in rows} == {12}


def test_a_line_that_is_too_long_goes_on_below_when_it_is_unfolded() -> None:
    """Nothing of it is lost; folded, a sign says that there is more."""
    text = "".join(f"{number}," for number in range(60))
    (folded,) = lines(draw(log(text), order(), 78))
    assert folded.endswith("… ▸")
    first, *rest = lines(draw(log(text), order(), 78, expanded=True))
    shown = first.partition("shop: ")[2].removesuffix(" ▾")
    assert shown + "".join(line.partition("│ ")[2] for line in rest) == text


def test_an_endless_text_ends() -> None:
    """After so many rows it is said how many more there are; so is what the recorder did not keep."""
    rows = lines(draw(log("\n".join("x" * 700)), None, 78, expanded=True))
    assert len(rows) == MOST_ROWS + 2
    assert rows[-1].endswith("… (199 more rows)")
    kept = {"$text": "a\nb", "$len": 1_003}
    assert lines(draw(log(kept), None, 78, expanded=True))[-1].endswith("… (1,000 more characters were not kept)")


@pytest.mark.parametrize("text", ["GET /x?token=abc&b=1", {"$text": "GET /x?token=abc&b=1", "$len": 99}])
def test_secrets_in_a_logged_request_line_are_masked(text: Any) -> None:
    """The same as everywhere, and only with a mask; of a text that was kept in part, too."""
    assert "token=***&b=1" in lines(draw(log(text), None, 120))[0]
    assert "token=abc&b=1" in lines(draw(log(text), None, 120, mask=None))[0]


@given(FROZEN | st.text(), FROZEN, FROZEN, st.integers(24, 200), st.booleans())
def test_nothing_that_is_logged_is_raw_or_too_wide(text: Any, level: Any, logger: Any, width: int, expanded: bool) -> None:
    """Escapes, line ends, wide characters, no text at all: rows are printable and fit."""
    rows = draw(log(text, level, logger), order(), width, expanded, Mask())
    assert len(rows) == 1 or expanded
    for row in rows:
        assert width_of(row.spans) <= width
        assert text_of(row.spans).replace("\u3000", " ").isprintable()
