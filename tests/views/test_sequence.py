"""The sequence: what one connection did is drawn as it happened, in little room, and whatever a recording holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.store.reader import open_recording
from asgiviz.views.lifeline_columns import clock
from asgiviz.views.lifeline_heading import heading
from asgiviz.views.lifelines import Lifelines
from asgiviz.views.sequence import Steps, steps
from asgiviz.views.spans import in_ascii, text_of, width_of
from asgiviz.views.steps import Edge, Fold, Moment
from asgiviz.views.wording import Said, said
from tests.model.malformed import EVENTS
from tests.views.runs import runs
from tests.views.test_plain import HTTP, orders, recorded

SCREENSHOTS = Path(__file__).parent.parent.parent / "screenshots"
MS = 1_000_000


class Tape:
    """Writes the events of one connection; times in milliseconds."""

    def __init__(self, kind: str = "http", **scope: Any) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self.add(0, Ev.SCOPE, scope={"type": kind, "method": "GET", "path": "/feed", **scope})

    def add(self, at: float, ev: str, call: int | None = None, layer: int | None = 0, **fields: Any) -> Tape:
        """Any event."""
        self.events.append(Event(len(self.events) + 1, int(at * MS), ev, 7, layer, call, fields))
        return self

    def receives(self, at: float, back: float | None, kind: str = "http.request", **rest: Any) -> Tape:
        """A receive that comes back with a message; with None it does not come back."""
        self.calls += 1
        self.add(at, Ev.RECEIVE_BEGIN, self.calls)
        return self if back is None else self.add(back, Ev.RECEIVE_END, self.calls, message={"type": kind, **rest})

    def sends(self, at: float, back: float | None, kind: str = "http.response.body", **rest: Any) -> Tape:
        """A send that comes back; with None it does not."""
        self.calls += 1
        self.add(at, Ev.SEND_BEGIN, self.calls, message={"type": kind, **rest})
        return self if back is None else self.add(back, Ev.SEND_END, self.calls)

    def drawn(self, width: int = 78, now: float = 0, **options: Any) -> list[str]:
        """The rows as text."""
        return [text_of(row.spans).rstrip() for row in Lifelines(Steps(self.events), width, int(now * MS), **options)]


def of_recording(name: str, conn: int) -> list[Event]:
    """The events of one connection of a real recording."""
    with open_recording(SCREENSHOTS / name) as reader:
        return [event for event in reader if event.conn == conn]


def drawn(events: Iterable[Event], width: int = 78, **options: Any) -> list[str]:
    """The rows as text."""
    sequence = Steps(events)
    return [text_of(row.spans).rstrip() for row in Lifelines(sequence, width, sequence.last, **options)]


def titled(events: Iterable[Event], width: int, **options: Any) -> list[str]:
    """The two rows above."""
    events = list(events)
    connection, sequence = Connection(7, events[0].t if events else 0), Steps()
    for event in events:
        connection.add(event)
        sequence.add(event)
    return [text_of(row.spans).rstrip() for row in heading(connection, width, steps=sequence, **options)]


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_an_upload_in_two_parts_shows_how_long_the_app_waited_for_the_second() -> None:
    """A real request: arrows for its messages, a hatched lifeline with the length of the waiting, how it ended."""
    assert drawn(of_recording("shop.asgiviz", 3)) == [
        "    0 ms  ┆┄┄┄┄ PUT ┄┄┄┄▶├─── scope ────▶█     PUT /catalogue HTTP/1.1 from 1…",
        " 0.97 ms  ┆              ├── request ───▶█   R 5 B, more to come  “one, ”",
        " 0.98 ms  ┆              │               ░   R waited 395 ms for a message",
        "395.9 ms  ┆              ├── request ───▶█   R 3 B, last  “two”",
        "396.1 ms  ┆              │◀─── start ────█   S 200  content-type: application…",
        '396.2 ms  ┆              │◀──── body ────█   S 11 B, last  “{"bytes":8}”',
        "396.2 ms  ┆              │               ○     returned after 396 ms",
    ]


def test_a_receive_that_is_open_while_the_app_sends_is_drawn_beside_it() -> None:
    """A real download with a watcher for the disconnect: the sends are solid, the open receive is hatched next to them."""
    lines = drawn(of_recording("shop.asgiviz", 4))
    assert [line[41:44].strip() for line in lines] == ["█", "█", "░", "█░", "█░", "█░", "█", "○"]
    assert lines[2].endswith("R waited 5.74 ms for a message")
    assert lines[6].endswith("R http.disconnect  waited 5.74 ms")


def test_a_conversation_has_the_client_on_the_left_and_the_answers_on_the_right() -> None:
    """A real WebSocket: what the client says stands left of the lifelines, what the app says right; the close has a doer."""
    lines = drawn(of_recording("shop.asgiviz", 5))
    assert lines[6:] == [
        " 2.13 ms       text “hello” ┄▶ ├── receive ───▶█   R websocket.receive",
        " 2.15 ms                       │◀──── send ────█   S text, 5 B  “HELLO”",
        " 2.53 ms   text “grüß dich” ┄▶ ├── receive ───▶█   R websocket.receive",
        " 2.54 ms                       │◀──── send ────█   S text, 11 B  “GRÜSS DICH”",
        " 2.97 ms             closes ┄▶ ├─ disconnect ─▶█   R 1000 normal closure",
        " 3.02 ms                       │               ○     returned after 3.02 ms",
    ]


def test_a_lifespan_has_no_client_and_hours_of_waiting_are_one_pause() -> None:
    """A real startup and shutdown: server and app only; the time in between is told once as waiting and once as a pause."""
    lines = drawn(of_recording("shop.asgiviz", 1))
    assert not any("┆" in line for line in lines)
    assert lines[3].endswith("░   R waited 2.714 s for a message")
    assert lines[4].split() == ["┊", "░", "┊", "2.714", "s"]
    later = Tape("lifespan").receives(1, 7_200_000, "lifespan.shutdown").drawn()
    assert "┊ 2 h 00 min" in later[2]
    assert later[3].startswith("  2h 00m")


def test_an_exception_ends_the_sequence_with_the_frames_of_the_users_code() -> None:
    """A real exception: the exit, the error in full, where it was raised and from where that was called."""
    events = recorded(orders, {**HTTP, "path": "/boom"}, [{"type": "http.request", "body": b"", "more_body": False}])
    lines = drawn(events)
    exit_row = next(place for place, line in enumerate(lines) if "✗" in line)
    assert "raised after" in lines[exit_row]
    assert lines[exit_row + 1].strip() == "ValueError: no such order"
    assert lines[exit_row + 2].split()[:4] == ["at", lines[exit_row + 2].split()[1], "in", "orders"]
    assert "views/test_plain.py:" in lines[exit_row + 2]


def test_a_long_error_is_told_whole_where_the_pane_is_narrow() -> None:
    """The text of the error that was raised goes on in the next line."""
    text = "the shelf for " + " and ".join(f"order{n}" for n in range(12)) + " is empty"
    error = {
        "type": "builtins.LookupError",
        "text": text,
        "traceback": f"Traceback (most recent call last):\nLookupError: {text}",
    }
    lines = Tape().add(1, Ev.EXIT, outcome="raised", error=error).drawn(width=78)
    assert " ".join(line.strip() for line in lines[2:]) == f"LookupError: {text}"


def test_frames_of_libraries_are_one_row_until_they_are_unfolded() -> None:
    """The row that counts them says by its event what unfolds it, and then each has a row."""
    frames = "".join(f'  File "/v/site-packages/starlette/r{n}.py", line {n}, in f\n    await g()\n' for n in (1, 2))
    trace = f"Traceback (most recent call last):\n{frames}OSError: gone"
    tape = Tape().add(1, Ev.EXIT, outcome="raised", error={"type": "OSError", "text": "gone", "traceback": trace})
    folded = Lifelines(Steps(tape.events), 78, 0)
    assert text_of(folded[3].spans).strip() == "▸ 2 frames of starlette"
    unfolds = folded.unfolds(3)
    assert unfolds == 2
    assert [line.strip()[:9] for line in tape.drawn(expanded={unfolds})[3:]] == ["▾ 2 frame", "starlette", "starlette"]
    assert folded.unfolds(0) is None


def test_a_send_that_waits_is_drawn_as_waiting_after_its_message() -> None:
    """Back-pressure: the message first, then a hatched row with the length; a send that is back at once has one row."""
    lines = Tape().sends(1, 1.2, body=b"a").sends(2, 42, body=b"b").drawn()
    assert len(lines) == 5
    assert "body ────█" in lines[2]
    assert "░   S waited 40.0 ms" in lines[3]
    assert lines[3].startswith("42.0 ms".rjust(8))


def test_a_call_that_is_not_back_is_open_until_now() -> None:
    """An open call is drawn to the present with how long it has waited; an app in no call is running."""
    waiting = Tape().receives(1, None).drawn(now=3_001)
    assert waiting[1].endswith("▒   R waits for a message")
    assert waiting[-1].startswith(" 3.001 s")
    assert waiting[-1].endswith("▒   R waiting for 3.000 s so far")
    running = Tape().sends(1, 1.5, body=b"a").drawn(now=501.5)
    assert running[-1].endswith("▒     running: no step for 500 ms")


def test_a_receive_that_never_comes_back_is_not_drawn_as_open_once_the_app_has_ended() -> None:
    """What the exit left behind is said; nothing is drawn behind the exit."""
    lines = Tape().receives(1, None).add(5, Ev.EXIT, outcome="returned").drawn(now=9_000)
    assert lines[1].endswith("R never came back")
    assert lines[-1].endswith("○     returned after 5.00 ms")


def test_two_receives_at_once_are_two_hatched_columns() -> None:
    """Each open call has its own column beside the app's lifeline."""
    lines = Tape("websocket").receives(1, None).receives(2, None).sends(3, 3.1, "websocket.send", text="x").drawn()
    assert [line[47:50].rstrip() for line in lines[1:4]] == ["▒", "▒▒", "█░░"]


def test_broken_calls_say_so() -> None:
    """A send that raised and a receive that was cancelled are told with what was raised, and have no arrow back."""
    tape = Tape().sends(1, None, body=b"x").add(1.1, Ev.SEND_END, 1, raised={"type": "builtins.OSError", "text": "gone"})
    tape.receives(2, None).add(90, Ev.RECEIVE_END, 2, cancelled=True)
    lines = tape.drawn(width=118)
    assert lines[2].endswith("S raised OSError: gone after 100 µs")
    assert lines[4].endswith("R cancelled")
    assert "▶" not in lines[4]


def test_everything_that_happens_beside_the_line_has_one_row_in_its_place() -> None:
    """Prints, logs, notes, stalls, dropped events and events of a newer version stand between the messages."""
    tape = Tape().add(1, Ev.LOG, None, None, logger="stdout", level="INFO", text="one\ntwo")
    tape.add(2, Ev.LOG, None, None, logger="shop", level="ERROR", text="GET /x?token=abc failed")
    tape.add(3, Ev.NOTE, None, None, name="cart", data=3)
    tape.add(4, "stall", None, None, ms=1_900, stack=[{"file": "shop.py", "line": 41}])
    tape.add(5, Ev.GAP, None, None, dropped=12).add(6, "wire", None, None, dir="in")
    stack = [{"file": "shop.py", "line": 7, "function": "buy"}]
    tape.add(7, Ev.SITE, 1, None, what="send", stack=stack).add(7, Ev.UNAWAITED, None, None, what="send", stack=stack)
    assert [line.partition("█")[2].strip() for line in tape.drawn(width=118)[1:8]] == [
        "· print: one  (+1 line)",
        "· shop  ERROR: GET /x?token=*** failed",
        "◆ note cart  data=3",
        "⚠ the loop stood still for 1.900 s: shop.py:41 in",
        "┄ 12 events were dropped here",
        "· wire  dir=in",
        "⚠ send() was never awaited  shop.py:7 in buy",
    ]


def test_layers_are_columns_with_arrows_between_them() -> None:
    """A recording with an inner layer has its lifeline between server and app, and each layer its own arrows."""
    tape = (
        Tape()
        .add(1, Ev.SCOPE, scope={"type": "http"}, layer=1)
        .add(2, Ev.SEND_BEGIN, 1, 1, message={"type": "http.response.start"})
    )
    tape.add(2.1, Ev.SEND_BEGIN, 1, 0, message={"type": "http.response.start"})
    lines = tape.drawn(width=118, layers=["uvicorn", "GZip", "shop:app"])
    assert lines[1].index("scope") > lines[0].index("scope")
    assert lines[2].index("start") > lines[3].index("start")
    assert " GZip " in titled(tape.events, 118, layers=["uvicorn", "GZip", "shop:app"])[1]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([("close", {"code": 4001, "reason": "bye"})], "the app refuses: 403"),
        (
            [("accept", {}), ("close", {"code": 4001, "reason": "bye"})],
            "the app closes: 4001 (private to the application)  “bye”",
        ),
    ],
)
def test_a_close_by_the_app_says_whether_it_refused(sent: list[tuple[str, dict[str, Any]]], said: str) -> None:
    """A close before the accept is a refusal with a status, one after it a close with a code."""
    tape = Tape("websocket")
    for at, (word, rest) in enumerate(sent, 1):
        tape.sends(at, at + 0.1, f"websocket.{word}", **rest)
    assert said in " ".join(tape.drawn(width=200))


@pytest.mark.parametrize(
    ("code", "said"), [(1001, "closes ┄▶"), (1006, "is gone ┄▶"), (1012, "the server closes: 1012 service restart")]
)
def test_a_disconnect_says_who_ended_it(code: int, said: str) -> None:
    """The client closed, the client is gone without a word, or the server restarts."""
    assert said in Tape("websocket").receives(1, 1.1, "websocket.disconnect", code=code).drawn(width=118)[1]


# -- folds -------------------------------------------------------------------------------------------------------------


def stream(count: int, kind: str = "http.response.body") -> Tape:
    """A response in `count` messages of ten bytes, ten milliseconds apart."""
    tape = Tape()
    for at in range(count):
        tape.sends(
            10 * at,
            10 * at + 0.1,
            kind,
            **({"body": b"0123456789", "more_body": True} if "body" in kind else {"bytes": b"0123456789"}),
        )
    return tape


def test_body_messages_in_a_row_are_one_row_until_they_are_unfolded() -> None:
    """A stream of bodies folds to its count, its bytes and its time; unfolded, every message has its row and its event."""
    tape = stream(30)
    folded = tape.drawn(width=118)
    assert len(folded) == 3
    assert "◀━━━━ 30× body ━━━━█   S ▸ 30 × http.response.body  300 B in 290 ms" in folded[1]
    unfolded = Lifelines(Steps(tape.events), 118, 0, expanded={2})
    assert len(unfolded) == 33
    assert "▾" in text_of(unfolded[1].spans)
    assert [row.seq for row in unfolded[2:32]] == [2 * n for n in range(1, 31)]


@pytest.mark.parametrize(("kind", "least"), [("http.response.body", 4), ("websocket.send", 21), ("http.response.push", 10_000)])
def test_only_runs_that_are_long_enough_fold(kind: str, least: int) -> None:
    """Bodies fold from four on, WebSocket messages from twenty-one, other messages never."""
    assert sum(isinstance(item, Fold) for item in Steps(stream(min(least - 1, 50), kind).events).items) == 0
    assert sum(isinstance(item, Fold) for item in Steps(stream(least, kind).events).items) == (least < 10_000)


def test_an_upload_folds_with_the_time_that_it_waited() -> None:
    """The waiting rows between the messages of an upload go into the fold, and their sum is told."""
    tape = Tape()
    for at in range(6):
        tape.receives(100 * at, 100 * at + 50, body=b"12345", more_body=True)
    tape.receives(600, None)
    lines = tape.drawn(width=118)
    assert "━ 6× request ━" in lines[1]
    assert lines[1].endswith("6 × http.request  30 B in 550 ms, 300 ms of it waiting")
    assert lines[2].endswith("R waits for a message")


def test_sends_that_wait_count_once_for_a_fold() -> None:
    """Three bodies with the waiting behind each are six rows, and too few messages to fold."""
    tape = Tape()
    for at in range(0, 300, 100):
        tape.sends(at, at + 50, body=b"x")
    assert [type(item) for item in Steps(tape.events).items] == [Moment] * 7


def test_a_log_line_ends_a_fold() -> None:
    """What happened between two messages stays between them."""
    tape = stream(5).add(45, Ev.LOG, None, None, logger="shop", level="INFO", text="half")
    for at in range(5, 10):
        tape.sends(10 * at, 10 * at + 0.1, body=b"x")
    assert [type(item).__name__ for item in Steps(tape.events).items] == ["Moment", "Fold", "Moment", "Fold"]


def test_drawing_costs_the_rows_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a connection with thousands of messages ten rows are ten rows' work, wherever they are."""
    asked: list[Any] = []

    def counting(*given: Any) -> Said:
        asked.append(given)
        return said(*given)

    monkeypatch.setattr("asgiviz.views.lifelines.said", counting)
    rows = Lifelines(Steps(stream(5_000, "http.response.push").events), 78, 0)
    assert len(rows) == 5_002
    assert len(rows[4_000:4_010]) == 10
    assert len(asked) == 10


# -- the rows above ----------------------------------------------------------------------------------------------------


def test_the_heading_tells_how_the_connection_went() -> None:
    """Title, status, duration, running and waiting, bytes of both directions; then the names of the lifelines."""
    first, second = titled(of_recording("shop.asgiviz", 3), 118, layers=["uvicorn", "shop:app"])
    assert first.split("   ")[0] == "#7 PUT /catalogue"
    assert first.endswith("200   396 ms   app 1.07 ms   waited 395 ms   ▶ 8 B   ◀ 11 B")
    assert second.split() == ["client", "server", "app", "shop:app"]


def test_secrets_of_the_query_are_masked_until_they_are_revealed() -> None:
    """Heading and scope hide the value of a token, and show it without a mask."""
    tape = Tape(query_string=b"token=abc&dry=1")
    assert "token=***&dry=1" in titled(tape.events, 118)[0]
    assert "token=***&dry=1" in tape.drawn(width=118)[0]
    assert "token=abc" in titled(tape.events, 118, mask=None)[0]
    assert "token=abc" in tape.drawn(width=118, mask=None)[0]


def test_running_is_what_is_in_no_call_even_when_calls_overlap() -> None:
    """Time in which several calls are open counts once as waiting."""
    tape = Tape().receives(10, None).sends(20, 60, body=b"x").add(70, Ev.RECEIVE_END, 1, message={"type": "http.disconnect"})
    assert Steps(tape.events).running(80 * MS) == 20 * MS
    assert Steps(tape.add(100, Ev.EXIT, outcome="returned").events).running(999 * MS) == 40 * MS


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 ms"),
        (970_000, "0.97 ms"),
        (12_100_000, "12.1 ms"),
        (999_999_999, "999.9 ms"),
        (10**9, "1.000 s"),
        (59_999_999_999, "1m 00s"),
        (3_599 * 10**9, "59m 59s"),
        (25 * 3_600 * 10**9, "25h 00m"),
        (-1, "?"),
        (10**30, "?"),
    ],
)
def test_the_clock_tells_rows_apart_in_eight_columns(ns: int, shown: str) -> None:
    """Finer than a duration in words, and never wider than its column."""
    assert clock(ns) == shown
    assert len(shown) <= 8


# -- whatever a recording holds ----------------------------------------------------------------------------------------

ANY_WIDTH = st.sampled_from([1, 20, 43, 58, 60, 78, 118, 150])


def own(events: list[Event]) -> list[Event]:
    """The events as if they were of one connection."""
    return [event._replace(conn=1) for event in events]


@given(st.lists(EVENTS, max_size=30), ANY_WIDTH, st.booleans(), st.lists(st.text(max_size=30), max_size=4))
def test_a_damaged_recording_is_drawn_within_its_pane(events: list[Event], width: int, unfold: bool, layers: list[str]) -> None:
    """No event makes the drawing fail, too wide, unprintable, or of another width in ASCII than its signs have."""
    sequence = Steps(own(events))
    everything = {item.seq for item in sequence.items} if unfold else set()
    rows = Lifelines(sequence, width, sequence.last, layers, everything)
    for place, row in enumerate(rows):
        assert width_of(row.spans) <= width
        assert text_of(row.spans).isprintable()
        assert text_of(in_ascii(row.spans)).isascii()
        rows.unfolds(place)
    for event in events:
        assert 0 <= rows.row_of(event.seq) < max(1, len(rows))  # the beginning of a step has no row
    for title in titled(events, width, layers=layers):
        assert len(title) <= width


@given(runs())
def test_every_event_belongs_to_exactly_one_step(events: list[Event]) -> None:
    """No event is lost and none is told twice."""
    assert sorted(seq for step in steps(own(events)) for seq in step.seqs) == [event.seq for event in events]


@given(runs(), st.data())
def test_a_growing_sequence_is_the_one_that_is_read_at_once(events: list[Event], data: st.DataObject) -> None:
    """Whatever was drawn on the way, what stands there at the end is what a reader of the whole recording sees."""
    stop = data.draw(st.integers(0, len(events)))
    growing = Steps()
    for event in own(events)[:stop]:
        growing.add(event)
        list(Lifelines(growing, 78, event.t))
    assert list(Lifelines(growing, 78, 0)) == list(Lifelines(Steps(own(events)[:stop]), 78, 0))


@given(runs(), st.booleans())
def test_rows_stand_in_the_order_of_their_events_and_are_found_again(events: list[Event], unfold: bool) -> None:
    """The rows follow the order of what happened, and the row of an event is the one that shows it."""
    sequence = Steps(own(events))
    rows = Lifelines(sequence, 78, 0, expanded={item.seq for item in sequence.items} if unfold else set())
    told = [row.seq for row in rows][: len(rows) - sequence.is_open]
    assert told == sorted(told, key=lambda seq: -1 if seq is None else seq)
    for step in sequence:
        assert rows[rows.row_of(step.seq)].seq in step.seqs or any(isinstance(item, Fold) for item in sequence.items)


@given(st.integers(0, 40), st.integers(0, 3), st.sets(st.integers(0, 39), max_size=4))
def test_folding_loses_no_message(count: int, broken: int, logs: set[int]) -> None:
    """Folded and unfolded, there are as many messages and bytes as were sent, in the same order."""
    tape = Tape()
    for at in range(count):
        if at in logs:
            tape.add(at, Ev.LOG, None, None, text="x")
        tape.sends(at, at + (0.5 if at % 4 else broken), body=b"x" * at)
    items = Steps(tape.events).items
    moments = [moment for item in items for moment in (item.moments if isinstance(item, Fold) else [item])]
    sent = [moment for moment in moments if isinstance(moment, Moment) and moment.edge is Edge.MESSAGE]
    assert [len(moment.step.message["body"]) for moment in sent] == list(range(count))
    assert [moment.seq for moment in moments] == sorted(moment.seq for moment in moments)
    folds = {item.seq: item for item in items if isinstance(item, Fold)}
    for fold in folds.values():
        assert fold.bytes == sum(len(m.step.message["body"]) for m in fold.moments if m.edge is Edge.MESSAGE)
    rows = Lifelines(Steps(tape.events), 78, 0, expanded=folds.keys())
    unfolded = [[item.seq, *(m.seq for m in item.moments)] if isinstance(item, Fold) else [item.seq] for item in items]
    assert [row.seq for row in rows][:-1] == [seq for seqs in unfolded for seq in seqs]
    assert [rows[rows.row_of(moment.seq)].seq for moment in moments] == [moment.seq for moment in moments]
