"""A WSGI request, notes and steps, as every view tells them: plain lines, sequence, state, inspector, comparison, re-send."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.views.automaton import draw as draw_state
from asgiviz.views.automaton import history
from asgiviz.views.comparison import compare
from asgiviz.views.copies import as_curl
from asgiviz.views.headline import Context
from asgiviz.views.inspection import OPEN_FIRST, inspect
from asgiviz.views.lifeline_heading import heading
from asgiviz.views.lifelines import Lifelines
from asgiviz.views.log_lines import draw as draw_log
from asgiviz.views.plain import PlainText
from asgiviz.views.resend import Again, resend
from asgiviz.views.sequence import Steps
from asgiviz.views.spans import Row, text_of
from tests.model.malformed import NOTE_FIELDS, WSGI_FIELDS
from tests.views.drawing import drawn, fits

MS = 1_000_000
ENVIRON = {
    "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/caf\u00c3\u00a9", "QUERY_STRING": "q=1&token=secret",
    "SERVER_NAME": "waitress.invalid", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "5123", "CONTENT_LENGTH": "8", "HTTP_HOST": "127.0.0.1:8000", "HTTP_COOKIE": "session=abc",
    "wsgi.url_scheme": "http", "wsgi.input": {"$repr": "<_io.BytesIO object at 0x7f>", "$type": "_io.BytesIO"},
}  # fmt: skip
HEADERS = [["Content-Type", "text/plain"], ["X-Own", "1"]]


def told(*happened: tuple[int, Ev, dict[str, Any]], conn: int = 3) -> list[Event]:
    """Events of one connection, times in milliseconds."""
    return [
        Event(seq, t * MS, ev, conn, 0 if ev.startswith("wsgi.") else None, None, fields)
        for seq, (t, ev, fields) in enumerate(happened, 1)
    ]


REQUEST = told(
    (0, Ev.WSGI_QUEUED, {"client": ["127.0.0.1", 5123]}),
    (1500, Ev.WSGI_ENVIRON, {"environ": ENVIRON, "thread": "waitress-2"}),
    (1500, Ev.NOTE, {"name": "query", "data": {"table": "orders"}, "thread": "waitress-2", "phase": "begin", "span": 7}),
    (1700, Ev.NOTE, {"name": "query", "data": {"table": "orders"}, "thread": "waitress-2", "phase": "end", "span": 7}),
    (1700, Ev.WSGI_START_RESPONSE, {"status": "200 OK", "headers": HEADERS}),
    (1700, Ev.WSGI_CHUNK, {"body": b"one\n"}),
    (1800, Ev.WSGI_CHUNK, {"body": b"two\n", "via": "write"}),
    (1900, Ev.WSGI_EXIT, {"outcome": "returned"}),
)


def plain(events: list[Event]) -> list[str]:
    """The plain lines."""
    text = PlainText(width=140)
    return [line for event in events for line in text.lines(event)]


def rows_of(events: list[Event], width: int = 120, now: int = 0) -> list[str]:
    """The rows of the sequence."""
    return [text_of(row.spans) for row in Lifelines(Steps(events), width, now)]


def lines_of(rows: list[Row]) -> str:
    """Drawn rows as one text."""
    return "\n".join(text_of(row.spans) for row in rows)


def test_plain_lines_draw_who_gives_and_say_who_waited() -> None:
    """Environ goes to the app, status and chunks come from it; waiting and the length of a span stand in their column."""
    queued, environ, begins, ends, start, chunk, written, end = plain(REQUEST)
    assert queued.endswith("#3   wsgi ░   queued  in line for a thread from 127.0.0.1:5123")
    assert "▶   environ POST /café?q=1&token=****** HTTP/1.1 from 127.0.0.1:5123, thread waitress-2" in environ
    assert environ.endswith("waited  1.500 s")
    assert begins.endswith("◆   note    query begins  table=orders  thread waitress-2")
    assert "query ends  table=orders" in ends
    assert ends.endswith("took   200 ms")
    assert start.endswith("◀   start   start_response  200 OK  Content-Type: text/plain  +1 header")
    assert chunk.endswith("◀   chunk   4 B  “one\\n”")
    assert written.endswith("◀   chunk   4 B, through write()  “two\\n”")
    assert end.endswith("○   exit    returned after 400 ms")


def test_a_step_is_one_line_that_says_where_the_loop_was_given_back() -> None:
    """Its beginning has no line, and its end says how long the task held the loop."""
    at = {"file": "/x/app.py", "line": 8, "function": "main", "code": "await asyncio.sleep(1)"}
    steps = told((0, Ev.STEP_BEGIN, {"task": 4}), (2, Ev.STEP_END, {"task": 4, "at": at}))
    (line,) = plain(steps)
    assert "gives the loop back at app.py:8  await asyncio.sleep(1)" in line
    assert line.endswith("held  2.00 ms")
    assert any("gives the loop back at app.py:8" in row and "after 2.00 ms" in row for row in rows_of(steps))


def test_the_sequence_shows_the_line_for_a_thread_on_the_server() -> None:
    """The client's arrow ends where the request waits; the app's lifeline begins with the environ and ends with the exit."""
    waits, pause, environ, _, span, start, first, second, end = rows_of(REQUEST)
    assert "POST" in waits
    assert "▶░" in waits
    assert "waited 1.500 s for a thread" in waits
    assert "░" in pause
    assert "├" in environ
    assert "environ" in environ
    assert "█" in environ
    assert "query ends after 200 ms  table=orders" in span
    assert "◀─ start_response ─█" in start
    assert "chunk" in first
    assert "◀" in second
    assert "returned after 400 ms" in end
    connection = Connection(3, 0)
    for event in REQUEST:
        connection.add(event)
    (title, _) = heading(connection, 140, steps=Steps(REQUEST))
    assert all(
        text in text_of(title.spans) for text in ("#3 POST /café", "200", "app 400 ms", "waited 1.500 s", "thread waitress-2")
    )


def test_a_request_that_has_no_thread_yet_says_since_when() -> None:
    """While it stands in line the last row counts; when it never gets a thread, the exit says that."""
    in_line = REQUEST[:1]
    assert "in line for a thread, 700 ms so far" in rows_of(in_line, now=700 * MS)[-1]
    gone = [*in_line, *told((900, Ev.WSGI_EXIT, {"outcome": "cancelled"}))]
    assert "cancelled before a thread was free" in rows_of([*in_line, gone[1]._replace(seq=2)])[-1]
    assert "before a thread was free, after 900 ms" in plain(gone)[-1]


def test_pieces_of_a_long_answer_fold() -> None:
    """Many chunks in a row are one row, with their number and size."""
    many = told(
        (0, Ev.WSGI_ENVIRON, {"environ": ENVIRON, "thread": "t"}), *[(n, Ev.WSGI_CHUNK, {"body": b"12345"}) for n in range(50)]
    )
    rows = rows_of(many)
    assert len(rows) == 3
    assert "50× chunk" in rows[1]
    assert "250 B in 49.0 ms" in rows[1]


def test_the_state_tells_the_stages_and_what_is_against_the_rules() -> None:
    """Each stage that was reached has its time; a byte before start_response breaks PEP 3333."""
    state = lines_of(draw_state(history(REQUEST), 80, 20))
    assert "● called          1.500 s  thread waitress-2" in state
    assert "2 pieces, 8 B" in state
    assert "▶ done" in state
    assert "✗" not in state
    assert "▶ in line" in lines_of(draw_state(history(REQUEST, 1), 80, 20))
    wrong = [REQUEST[1], *told((1501, Ev.WSGI_CHUNK, {"body": b"x"}))]
    assert "✗ a piece of the body came before start_response" in lines_of(draw_state(history(wrong), 80, 20))


def test_the_inspector_explains_the_environ_and_hides_its_secrets() -> None:
    """Keys have their sentence from PEP 3333, headers that of the header; a cookie is masked, headers are texts by right."""
    environ = "\n".join(drawn(inspect(REQUEST[1], Context(None, REQUEST[7], REQUEST)), OPEN_FIRST, 200))
    assert "the app is called  environ  server → app" in environ
    assert "ran for 400 ms" in environ
    assert "PEP 3333" in environ
    assert "session=abc" not in environ
    assert "token=******" in environ
    start = "\n".join(drawn(inspect(REQUEST[4], Context(None, None, REQUEST)), OPEN_FIRST, 120))
    assert "Content-Type: text/plain" in start
    assert "str: str" not in start
    chunk = "\n".join(
        drawn(inspect(REQUEST[5], Context(None, None, REQUEST)), OPEN_FIRST | {("whole",), ("whole", "shown")}, 120)
    )
    assert "8 B in all" in chunk
    assert "two" in chunk


def test_a_note_stands_among_the_logs() -> None:
    """With its name and values, its thread in the place of a logger."""
    (row,) = draw_log(REQUEST[2], None, 140)
    assert "note" in text_of(row.spans)
    assert "waitress-2" in text_of(row.spans)
    assert text_of(row.spans).endswith("query begins  table=orders")


def test_a_request_can_be_sent_again_but_for_what_was_not_recorded() -> None:
    """Method, path and query are those of the line; the body and the masked cookie are named as missing."""
    connection = Connection(3, 0)
    for event in REQUEST:
        connection.add(event)
    again = resend(REQUEST)
    assert isinstance(again, Again)
    assert "POST /caf%C3%A9?q=1" in again.text
    assert "wsgi.input is not recorded" in again.notes[-1]
    command = as_curl(connection, REQUEST, None)
    assert "-X POST" in command
    assert "http://127.0.0.1:8000/caf%C3%A9?q=1&token=secret" in command
    assert "wsgi.input" in command


def test_two_requests_are_compared_by_environ_headers_and_body() -> None:
    """Equal ones differ in time at most; another path and another body are named."""
    assert "the same but for the time" in lines_of(compare(REQUEST, REQUEST, 100))
    other = [
        event._replace(fields={**event.fields, "environ": {**ENVIRON, "PATH_INFO": "/other", "REMOTE_PORT": "9"}})
        if event.ev == Ev.WSGI_ENVIRON
        else event._replace(fields={"body": b"three\n"})
        if event.seq == 7
        else event
        for event in REQUEST
    ]
    page = lines_of(compare(REQUEST, other, 100))
    assert "different: environ, response body" in page
    assert "REMOTE_PORT" not in page
    assert "unfinished" not in page


_EVS = st.sampled_from([ev for ev in Ev if ev.startswith(("wsgi.", "step."))] + [Ev.NOTE])


@given(st.lists(st.tuples(_EVS, WSGI_FIELDS | NOTE_FIELDS), max_size=12), st.integers(1, 150))
def test_no_view_stumbles_over_malformed_events(happened: list[tuple[Ev, dict[str, Any]]], width: int) -> None:
    """Whatever the events of a WSGI request, of steps and notes hold, in any order, rows are printable and fit."""
    events = told(*[(place, ev, fields) for place, (ev, fields) in enumerate(happened)])
    connection = Connection(3, 0)
    for event in events:
        connection.add(event)
    steps = Steps(events)
    rows = [*Lifelines(steps, width, 0), *heading(connection, width, steps=steps), *draw_state(history(events), width, 20)]
    rows += [row for event in events if event.ev == Ev.NOTE for row in draw_log(event, connection, width)]
    assert all(fits(row.spans, width) for row in rows)
    assert all(line.isprintable() for line in plain(events))
    for event in events:
        drawn(inspect(event, Context(connection, None, events)), OPEN_FIRST, max(20, width))
    compare(events, events[::-1], 80)
    assert as_curl(connection, events, None)
    assert resend(events)
