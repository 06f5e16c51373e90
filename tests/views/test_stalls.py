"""Stalls in words: what a pane and the lane of the loop show of them, whatever the recording holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import Ev, Event
from asgiviz.views.plain import PlainText
from asgiviz.views.spans import SIGNS, text_of, width_of
from asgiviz.views.stalls import Stall, hint, lane, rows, stalls_of
from tests.model.malformed import FROZEN

SECOND = 1_000_000_000
SCOPES = {7: ("GET", "/menu"), 9: ("POST", "/orders"), 10: ("GET", "/")}
STACK = [
    {"file": "/srv/shop/shop.py", "line": 41, "function": "total", "code": "time.sleep(2)"},
    {"file": "/srv/shop/shop.py", "line": 12, "function": "app", "code": "price = total()"},
    {"file": "/v/lib/python3.11/site-packages/uvicorn/run.py", "line": 5, "function": "run_asgi"},
]
FIELDS: dict[str, Any] = {
    "id": 1,
    "ms": 1900.0,
    "stack": STACK,
    "user_frame": 0,
    "culprit": 9,
    "victims": [{"conn": 7, "ms": 400.0}, {"conn": 10, "ms": 1900.0, "inferred": True}],
    "confidence": "observed",
    "why": "The same callback was seen on the loop's stack 150 times.",
}
PANE = """\
█ blocked the loop for 1.900 s  by #9 POST /orders
  shop.py:41  time.sleep(2)
who waited
  at most  1.900 s  #10 GET /
            400 ms  #7 GET /menu
instead
  `await asyncio.sleep(…)` waits and lets everybody else go on.
the stack, your code first
  shop.py:41 total  time.sleep(2)
  shop.py:12 app  price = total()
  run.py:5 run_asgi  (uvicorn)
observed
  The same callback was seen on the loop's stack 150 times."""


def stall(seq: int = 5, t: int = 3 * SECOND, **fields: Any) -> Event:
    return Event(seq, t, Ev.STALL, None, None, None, {**FIELDS, **fields})


def connections() -> Connections:
    return Connections(
        Event(1, 0, Ev.SCOPE, conn, 0, None, {"scope": {"type": "http", "method": method, "path": path}})
        for conn, (method, path) in SCOPES.items()
    )


def test_a_stall_reads_like_this() -> None:
    """How long, where, whose, who waited, what to do instead, the stack and how it is known; each row leads to the event."""
    shown = rows(Stall.of(stall()), connections(), 78)
    assert "\n".join(text_of(row.spans) for row in shown) == PANE
    assert {row.seq for row in shown} == {5}


def test_a_stall_is_one_line_of_plain_text() -> None:
    """The line says the same in short, and further frames of the user's code stand below it."""
    first, *below = PlainText(None).lines(stall())
    assert first.endswith("▓   stall   blocked 1.900 s by #9  shop.py:41 time.sleep(2)  waited: #7 400 ms, #10 up to 1.900 s")
    assert [line.strip() for line in below] == ["│ from shop.py:12 price = total()"]


def test_a_pool_is_one_line_of_plain_text() -> None:
    """The line counts the threads and names the connections."""
    conns = [{"conn": 7, "state": "running"}, {"conn": 9, "state": "waiting"}]
    event = Event(1, 0, Ev.POOL, None, None, None, {"name": "anyio", "used": 1, "size": 1, "waiting": 1, "conns": conns})
    (line,) = PlainText(None).lines(event)
    assert line.endswith("□   pool    anyio  1 of 1 threads in use, 1 waiting  running: #7  waiting: #9")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("time.sleep(2)", "asyncio.sleep"),
        ("rows = cursor.execute(query)", "asynchronous driver"),
        ("re.match(pattern, text)", "regular expression"),
        ("answer = requests.get(url)", "asynchronous client"),
        ("text = open(path).read()", "files in a thread"),
        ("self.lock.acquire()", "asyncio.Lock"),
        ("item = jobs.get()", "another thread"),
        ("total += price", "asyncio.to_thread"),
    ],
)
def test_each_kind_of_stall_has_its_advice(code: str, advice: str) -> None:
    """What to do instead follows from the line, and a kept interpreter asks for a process of its own."""
    one = Stall.of(stall(stack=[{**STACK[0], "code": code}]))
    assert advice in hint(one)
    assert "--isolate" not in hint(one)
    assert "--isolate" in hint(Stall.of(stall(held_gil=True)))


def test_a_stall_that_lasts_is_told_once() -> None:
    """What was told while it lasted gives way to the last word; a second run of the server has numbers of its own."""
    events = [
        stall(1, SECOND, ms=1000.0, ongoing=True),
        stall(2, 2 * SECOND, ms=2000.0, ongoing=True),
        stall(3, 2 * SECOND, ms=2100.0),
        stall(4, 5 * SECOND, ms=60.0),
        stall(5, 9 * SECOND, id=2, ms=1000.0, ongoing=True),
    ]
    assert [(one.seq, one.ongoing) for one in stalls_of(events)] == [(3, False), (4, False), (5, True)]


def test_the_lane_shows_when_the_loop_was_blocked() -> None:
    """Ten columns for ten seconds: nothing known, healthy, blocked for two, healthy, nothing known."""
    one = Stall.of(stall(t=5 * SECOND, ms=2000.0))
    assert text_of(lane([one], [2 * SECOND, 8 * SECOND - 1], 0, 10 * SECOND, 10)) == "  ▁██▁▁▁  "
    assert text_of(lane([one], [], 0, 10 * SECOND, 10)) == "   ██     "
    assert text_of(lane([], [], 0, 10 * SECOND, 10)) == " " * 10


TIMES = st.integers(-(10**20), 10**20)


@given(st.lists(st.tuples(TIMES, st.floats() | st.integers()), max_size=4), st.lists(TIMES, max_size=3), TIMES, TIMES)
def test_a_lane_is_as_wide_as_asked(given: list[tuple[int, float]], beats: list[int], t0: int, t1: int) -> None:
    """Whatever the times are, the lane has its columns and only its signs, and a short stall within it is seen."""
    stalls = [Stall.of(stall(t=t, ms=ms)) for t, ms in given]
    drawn = text_of(lane(stalls, sorted(beats), t0, t1, 30))
    assert len(drawn) == 30
    assert set(drawn) <= set(" ▁█")
    if any(t0 <= one.began <= one.ended < t1 for one in stalls):
        assert "█" in drawn


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), FROZEN), TIMES, st.integers(1, 120))
def test_a_malformed_stall_is_shown_all_the_same(fields: dict[str, Any], t: int, width: int) -> None:
    """Any values give rows of safe text that fit, drawn with signs that have an ASCII twin."""
    event = Event(1, t, Ev.STALL, None, None, None, fields)
    for row in rows(Stall.of(event), connections(), width):
        assert width_of(row.spans) <= width
        assert all(character.isprintable() for character in text_of(row.spans))
    PlainText().lines(event)
    PlainText(80, ascii=True).lines(event._replace(ev=Ev.POOL))
    assert {"█", "▁"} <= set(SIGNS)
