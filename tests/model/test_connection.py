"""Connection: the facts that the events of one call add up to."""

from __future__ import annotations

import marshal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import MOST_OPEN_CALLS, Closer, Connection, Connections, Outcome
from asgiviz.model.events import BODIES, KINDS, LARGE, OTHER, Ev, Event, Raw, expand
from tests.model.malformed import EVENTS, MESSAGES, WSGI_FIELDS

HTTP = {
    "type": "http",
    "method": "POST",
    "path": "/orders",
    "query_string": b"dry=1",
    "http_version": "1.1",
    "headers": [[b"host", b"shop"]],
    "client": ["127.0.0.1", 5123],
}
WEBSOCKET = {"type": "websocket", "path": "/chat", "headers": []}
LIFESPAN = {"type": "lifespan"}
OUTCOMES = st.sampled_from(["returned", "raised", "cancelled"])
START = {"type": "http.response.start", "status": 200, "headers": [[b"content-type", b"text/plain"]]}


@st.composite
def raws(draw: st.DrawFn) -> Raw:
    """A raw event of one of a few connections: of any kind, with any payload, packed or not."""
    kind = draw(st.integers(0, len(KINDS) - 1))
    payload: Any
    if kind in BODIES:
        payload = draw(st.binary(max_size=9) | MESSAGES.filter(lambda message: not isinstance(message, bytes)))
    elif KINDS[kind][1] is not None:
        payload = draw(MESSAGES)
    else:
        names = st.sampled_from(["message", "raised", "cancelled", "outcome", "error", "scope"])
        payload = draw(st.none() | st.dictionaries(names, MESSAGES | OUTCOMES, max_size=3) | WSGI_FIELDS)
    if kind == OTHER:
        payload = {**(payload or {}), "ev": draw(st.sampled_from([*Ev, "wire"])).lower()}
    if (
        payload is not None
        and kind not in BODIES
        and (isinstance(payload, bytes) or (kind not in LARGE and draw(st.booleans())))
    ):
        payload = marshal.dumps(payload, 2)
    conn, layer, call = (draw(st.none() | st.integers(0, 2)) for _ in range(3))
    return (draw(st.integers(0, 2**40)), kind, conn, layer, call, payload)


class Dialogue:
    """Writes the events of one connection, one microsecond apart."""

    def __init__(self, scope: Any) -> None:
        self.events: list[Event] = []
        self.call = 0
        self.add(Ev.SCOPE, scope=scope)

    def add(self, ev: Ev, call: int | None = None, layer: int = 0, **fields: Any) -> None:
        seq = len(self.events) + 1
        self.events.append(Event(seq, seq * 1_000, ev, 1, layer, call, fields))

    def receives(self, message: Any = None, **ending: Any) -> Dialogue:
        self.call += 1
        self.add(Ev.RECEIVE_BEGIN, self.call)
        self.add(Ev.RECEIVE_END, self.call, **(ending or {"message": message}))
        return self

    def sends(self, message: Any, **ending: Any) -> Dialogue:
        self.call += 1
        self.add(Ev.SEND_BEGIN, self.call, message=message)
        self.add(Ev.SEND_END, self.call, **ending)
        return self

    def exits(self, outcome: Any = "returned", **fields: Any) -> Connection:
        self.add(Ev.EXIT, outcome=outcome, **fields)
        return self.so_far()

    def so_far(self) -> Connection:
        return Connections(self.events)[1]


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_a_whole_request_is_summed_up() -> None:
    """Method, path, status, sizes, times and headers of a finished request stand in its summary."""
    dialogue = Dialogue(HTTP).receives({"type": "http.request", "body": b"12345", "more_body": False})
    found = dialogue.sends(START).sends(body(b"abc", more=True)).sends(body(b"")).exits()
    assert (found.kind, found.method, found.path, found.query) == ("http", "POST", "/orders", b"dry=1")
    assert (found.http_version, found.client) == ("1.1", ("127.0.0.1", 5123))
    assert found.request_headers == ((b"host", b"shop"),)
    assert (found.status, found.response_headers) == (200, ((b"content-type", b"text/plain"),))
    assert (found.bytes_in, found.bytes_out, found.messages_in, found.messages_out) == (5, 3, 1, 3)
    assert (found.began, found.ended, found.duration()) == (1_000, 10_000, 9_000)
    assert (found.waited_receive, found.waited_send) == (1_000, 3_000)
    assert found.response_complete
    assert found.outcome is Outcome.RETURNED
    assert not found.failed


def test_lengths_are_those_on_the_line_when_less_was_kept() -> None:
    """A body kept in part counts with its true length, and a text with its bytes in UTF-8."""
    found = Dialogue(WEBSOCKET).receives({"type": "websocket.receive", "bytes": {"$bytes": b"ab", "$len": 70_000}})
    found.sends({"type": "websocket.send", "text": "é"})
    assert (found.so_far().bytes_in, found.so_far().bytes_out) == (70_000, 2)


def test_a_response_with_trailers_is_complete_after_them() -> None:
    """The last body message does not complete a response that announced trailers."""
    dialogue = Dialogue(HTTP).sends({**START, "trailers": True}).sends(body(b"x"))
    assert not dialogue.so_far().response_complete
    assert dialogue.sends({"type": "http.response.trailers", "headers": []}).so_far().response_complete


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(lambda: Dialogue(HTTP).exits("raised", error={"type": "ValueError", "text": "no"}), id="raised"),
        pytest.param(lambda: Dialogue(HTTP).exits(), id="no response"),
        pytest.param(lambda: Dialogue(HTTP).sends(START).exits(), id="no body"),
        pytest.param(lambda: Dialogue(HTTP).sends(START).sends(body(b"x", more=True)).exits(), id="no last body"),
        pytest.param(lambda: Dialogue(WEBSOCKET).receives({"type": "websocket.connect"}).exits(), id="no handshake"),
        pytest.param(
            lambda: Dialogue(WEBSOCKET).sends({"type": "websocket.http.response.start", "status": 404}).exits(),
            id="half a denial",
        ),
        pytest.param(lambda: Dialogue(HTTP).sends(START, raised={"type": "OSError", "text": "gone"}).so_far(), id="send broke"),
        pytest.param(lambda: Dialogue(HTTP).receives(raised={"type": "OSError"}).so_far(), id="receive broke"),
        pytest.param(lambda: Dialogue(LIFESPAN).sends({"type": "lifespan.startup.failed"}).so_far(), id="startup failed"),
    ],
)
def test_what_went_wrong_counts_as_failed(play: Any) -> None:
    """Each way to fail is seen."""
    assert play().failed


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(lambda: Dialogue(HTTP).so_far(), id="not over"),
        pytest.param(lambda: Dialogue(HTTP).exits("cancelled"), id="cancelled"),
        pytest.param(lambda: Dialogue(HTTP).receives(cancelled=True).exits("cancelled"), id="receive cancelled"),
        pytest.param(lambda: Dialogue(HTTP).receives({"type": "http.disconnect"}).exits(), id="the client went first"),
        pytest.param(lambda: Dialogue(HTTP).sends({**START, "status": 500}).sends(body(b"")).exits(), id="a whole 500"),
        pytest.param(lambda: Dialogue(WEBSOCKET).sends({"type": "websocket.accept"}).exits(), id="accepted"),
        pytest.param(lambda: Dialogue(WEBSOCKET).sends({"type": "websocket.close"}).exits(), id="refused"),
        pytest.param(lambda: Dialogue(LIFESPAN).exits(), id="lifespan"),
    ],
)
def test_what_is_in_order_does_not_count_as_failed(play: Any) -> None:
    """Nothing that the specification allows is called a failure."""
    assert not play().failed


def test_the_error_is_the_one_that_left_the_app() -> None:
    """An exception that ends the app replaces the one that a call raised before it."""
    dialogue = Dialogue(HTTP).sends(START, raised={"type": "OSError", "text": "gone"})
    assert (dialogue.so_far().error_type, dialogue.so_far().error_text) == ("OSError", "gone")
    found = dialogue.exits("raised", error={"type": "KeyError", "text": "'id'"})
    assert (found.error_type, found.error_text) == ("KeyError", "'id'")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param([("out", {"type": "websocket.close"})], (Closer.APP, 1000, "", 403), id="refused"),
        pytest.param(
            [("out", {"type": "websocket.accept"}), ("out", {"type": "websocket.close", "code": 4001, "reason": "bye"})],
            (Closer.APP, 4001, "bye", None),
            id="the app",
        ),
        pytest.param(
            [("out", {"type": "websocket.accept"}), ("in", {"type": "websocket.disconnect"})],
            (Closer.CLIENT, 1005, "", None),
            id="the client",
        ),
        pytest.param(
            [("out", {"type": "websocket.accept"}), ("in", {"type": "websocket.disconnect", "code": 1012})],
            (Closer.SERVER, 1012, "", None),
            id="the server",
        ),
        pytest.param(
            [
                ("out", {"type": "websocket.accept"}),
                ("out", {"type": "websocket.close", "code": 1001}),
                ("in", {"type": "websocket.disconnect", "code": 1006}),
            ],
            (Closer.APP, 1001, "", None),
            id="first one wins",
        ),
        pytest.param([("out", {"type": "websocket.http.response.start", "status": 404})], (None, None, "", 404), id="denial"),
    ],
)
def test_who_closed_a_websocket(messages: list[tuple[str, Any]], expected: tuple[Any, ...]) -> None:
    """Closer, code and reason are those of the first end that the app saw or made."""
    dialogue = Dialogue(WEBSOCKET)
    for way, message in messages:
        _ = dialogue.sends(message) if way == "out" else dialogue.receives(message)
    found = dialogue.so_far()
    assert (found.closed_by, found.close_code, found.close_reason, found.status) == expected


def test_the_first_response_start_counts() -> None:
    """A second http.response.start, which the client never sees, changes nothing."""
    assert Dialogue(HTTP).sends(START).sends({**START, "status": 500}).so_far().status == 200


def test_nothing_counts_behind_the_exit() -> None:
    """What a stray task does after the app's call ended leaves the summary as it was."""
    dialogue = Dialogue(HTTP)
    dialogue.exits()
    found = dialogue.sends(START).so_far()
    assert (found.status, found.messages_out, found.ended) == (None, 0, 2_000)


def test_inner_layers_do_not_count_twice() -> None:
    """Events of an inner tap belong to the connection and change none of its figures."""
    dialogue = Dialogue(HTTP)
    dialogue.add(Ev.SEND_BEGIN, 1, layer=1, message=START)
    dialogue.add(Ev.EXIT, layer=1, outcome="raised")
    found = dialogue.so_far()
    assert (found.status, found.over, found.messages_out) == (None, False, 0)


def test_open_calls_are_bounded() -> None:
    """A recording of calls that never come back does not fill the memory."""
    dialogue = Dialogue(HTTP)
    for call in range(3 * MOST_OPEN_CALLS):
        dialogue.add(Ev.RECEIVE_BEGIN, call)
    assert len(dialogue.so_far().open_calls) == MOST_OPEN_CALLS


def test_events_without_a_connection_make_none() -> None:
    """A server event belongs to no connection."""
    assert len(Connections([Event(1, 0, Ev.SERVER, None, None, None, {"what": "started"})])) == 0


def test_connections_can_be_forgotten() -> None:
    """Forgetting takes the named connection, and one that is not there is no mistake."""
    found = Connections(Event(conn, 0, Ev.SCOPE, conn, 0, None, {"scope": HTTP}) for conn in (3, 1, 2))
    found.forget(2)
    found.forget(9)
    assert list(found) == [3, 1]


@given(st.lists(EVENTS, max_size=12))
def test_no_recording_is_so_broken_that_it_raises(events: list[Event]) -> None:
    """Whatever stands in a recording, every connection in it can be summed up."""
    found = Connections(events)
    assert set(found) == {event.conn for event in events if event.conn is not None}
    for connection in found.values():
        assert connection.failed in (True, False)
        assert connection.bytes_in >= 0
        assert connection.status is None or type(connection.status) is int
        assert isinstance(connection.duration(), int)


@given(st.lists(raws(), max_size=25), st.integers(0, 2**40))
def test_a_raw_event_counts_as_the_event_it_stands_for(run: list[Raw], epoch: int) -> None:
    """However it is packed, and of whatever kind: `take` learns from a raw event what `add` learns from the event."""
    taken, added = Connections(), Connections()
    for seq, raw in enumerate(run, 1):
        one, other = taken.take(raw, epoch), added.add(expand(seq, raw, epoch))
        assert (one is None) is (other is None)
        if one is not None and other is not None:
            facts = [(repr(getattr(one, name)), repr(getattr(other, name)), name) for name in Connection.__slots__]
            assert [fact for fact in facts if fact[0] != fact[1]] == []
    assert list(taken) == list(added)


ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "/shop",
    "PATH_INFO": "/caf\xc3\xa9",
    "QUERY_STRING": "dry=1",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "CONTENT_LENGTH": "3",
    "HTTP_X_REQUEST_ID": "7",
    "wsgi.input": {"$repr": "<BytesIO>", "$type": "_io.BytesIO"},
}


def wsgi(*told: tuple[Ev, dict[str, Any]]) -> Connection:
    """A request of WSGI that got in line at 1,000, and then an event each microsecond."""
    connection = Connection(1, 1_000)
    connection.add(Event(1, 1_000, Ev.WSGI_QUEUED, 1, 0, None, {"client": ["127.0.0.1", 5123]}))
    for number, (ev, fields) in enumerate(told, 2):
        connection.add(Event(number, number * 1_000, ev, 1, 0, None, fields))
    return connection


def test_a_wsgi_request_waits_in_line_and_then_runs() -> None:
    """It begins in line, is called with its thread, and what it says and gives becomes its facts."""
    connection = wsgi(
        (Ev.WSGI_ENVIRON, {"environ": ENVIRON, "thread": "waitress-2"}),
        (Ev.WSGI_START_RESPONSE, {"status": "201 Created", "headers": [["Content-Type", "text/plain"]]}),
        (Ev.WSGI_CHUNK, {"body": b"hello"}),
        (Ev.WSGI_CHUNK, {"body": {"$bytes": b"w", "$len": 6}}),
        (Ev.WSGI_EXIT, {"outcome": "returned"}),
    )
    assert (connection.kind, connection.method, connection.path, connection.query) == ("wsgi", "POST", "/shop/café", b"dry=1")
    assert (connection.began, connection.called, connection.ended, connection.waited_receive) == (1_000, 2_000, 6_000, 1_000)
    assert (connection.client, connection.thread, connection.http_version) == (("127.0.0.1", 5123), "waitress-2", "1.1")
    assert connection.request_headers == ((b"content-length", b"3"), (b"x-request-id", b"7"))
    assert (connection.status, connection.response_headers) == (201, ((b"Content-Type", b"text/plain"),))
    assert (connection.bytes_in, connection.bytes_out, connection.messages_out) == (3, 11, 2)
    assert (connection.outcome, connection.failed, connection.open_calls) == (Outcome.RETURNED, False, {})


def test_exc_info_replaces_a_status_that_nobody_has_seen() -> None:
    """As long as no byte was given, the second start_response counts; after that it is the app's error and changes nothing."""
    early = [(Ev.WSGI_START_RESPONSE, {"status": "200 OK", "headers": []})]
    late = (Ev.WSGI_START_RESPONSE, {"status": "500 Oops", "headers": [], "exc_info": {"type": "E", "text": ""}})
    assert wsgi(*early, late).status == 500
    assert wsgi(*early, (Ev.WSGI_CHUNK, {"body": b""}), late).status == 500
    assert wsgi(*early, (Ev.WSGI_CHUNK, {"body": b"x"}), late).status == 200


@pytest.mark.parametrize(
    ("how", "failed"),
    [({"outcome": "returned"}, True), ({"outcome": "raised"}, True), ({"outcome": "cancelled"}, False)],
    ids=str,
)
def test_a_wsgi_app_that_ends_without_an_answer(how: dict[str, Any], failed: bool) -> None:
    """It has failed, unless the server itself gave the request up."""
    assert wsgi((Ev.WSGI_EXIT, how)).failed is failed


def test_a_file_that_was_handed_over_counts_as_long_as_it_was_announced() -> None:
    """Its bytes never pass the app's iterable; Content-Length says how many there are."""
    start = (Ev.WSGI_START_RESPONSE, {"status": "200 OK", "headers": [["content-length", "70"]]})
    assert wsgi(start, (Ev.WSGI_CHUNK, {"body": b"", "via": "file"})).bytes_out == 70
