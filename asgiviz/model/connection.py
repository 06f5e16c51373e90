"""A connection: what the events of one call of the app add up to, known a little better with each event.

A fold: events go in with `add`, facts are read as attributes, and a fact that is once known does not change again (but for
the status that a WSGI app takes back with exc_info before it gave a byte).
Only the outermost tap (layer 0) counts, and only up to the exit of the app's call; whatever a malformed recording
holds in place of a value counts as absent. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from asgiviz.model.environ import client_of, headers_of, latin, length_of, path_of, text_pairs
from asgiviz.model.events import BODIES, CLOSELY, KINDS, RECEIVE_BEGIN, SEND_END, Ev, Event, Raw, expand
from asgiviz.model.values import header_pairs, kept_bytes, kept_text, true_length

#: Calls of one connection that may be open at a time; a real app has one or two, beyond this the oldest is forgotten.
MOST_OPEN_CALLS = 256
#: Status that the specification prescribes for a handshake that the app refuses with websocket.close.
REFUSED = 403
NO_STATUS_RECEIVED = 1005
NORMAL_CLOSURE = 1000
SERVICE_RESTART = 1012


Headers = tuple[tuple[bytes, bytes], ...]


class Outcome(StrEnum):
    """How the app's call ended."""

    #: it came back
    RETURNED = "returned"
    #: an exception left the app
    RAISED = "raised"
    #: its task was cancelled
    CANCELLED = "cancelled"


class Closer(StrEnum):
    """Who ended a WebSocket conversation."""

    #: the app sent websocket.close first
    APP = "app"
    #: the app received websocket.disconnect first
    CLIENT = "client"
    #: the same, with the code that only a server gives when it stops (1012)
    SERVER = "server"


class Connection:
    """The summary of one connection; times are nanoseconds since the recording started.

    `began` is the time of its first event (a WSGI request's: when it got in line for a thread), `ended` that of its exit.
    `bytes_in` and `bytes_out` are true lengths of bodies and WebSocket payloads (of a text that was kept in part: its kept
    bytes and one for each character more). `messages_in` counts what receive gave, `messages_out` what was handed to send,
    or the chunks of a WSGI app. `waited_receive` and `waited_send` are the nanoseconds spent in calls that came back;
    the time in line counts as the former.

    A screen keeps a hundred thousand of them, so what they hold is made of tuples: those of atoms, unlike lists and dicts
    that were in use, cost the garbage collector nothing.
    """

    __slots__ = (
        "accepted", "began", "broke", "bytes_in", "bytes_out", "called", "client", "close_code", "close_reason", "closed_by",
        "conn", "disconnected", "ended", "error_text", "error_type", "http_version", "kind", "last", "messages_in",
        "messages_out", "method", "open_calls", "outcome", "path", "query", "reported_failure", "request_headers",
        "response_complete", "response_headers", "response_started", "scope_seen", "status", "thread", "trailers_announced",
        "waited_receive", "waited_send",
    )  # fmt: skip

    def __init__(self, conn: int, began: int) -> None:
        self.conn = conn
        self.began = began
        self.ended: int | None = None
        self.last = began
        #: scope type: http, websocket, lifespan, or what the scope says; wsgi; None when it says nothing
        self.kind: str | None = None
        #: the scope or the environ was there
        self.scope_seen = False
        #: of a WSGI request: when the app was called (before, it stood in line), and the name of the thread that it has
        self.called: int | None = None
        self.thread: str | None = None
        self.method: str | None = None
        self.path: str | None = None
        self.query = b""
        self.http_version: str | None = None
        #: host and port as they stand in the scope
        self.client: Any = None
        self.request_headers: Headers = ()
        #: of the response, or of a refused WebSocket handshake
        self.status: int | None = None
        #: of http.response.start, websocket.http.response.start or websocket.accept
        self.response_headers: Headers = ()
        self.response_started = False
        self.response_complete = False
        self.trailers_announced = False
        self.accepted = False
        self.close_code: int | None = None
        self.close_reason = ""
        self.closed_by: Closer | None = None
        self.disconnected = False
        self.bytes_in = self.bytes_out = self.messages_in = self.messages_out = 0
        self.waited_receive = self.waited_send = 0
        #: (receive or send, call) -> when it began, of the calls that have not come back
        self.open_calls: dict[tuple[Ev, int | None], int] = {}
        #: a receive or send raised an error that is not a cancellation
        self.broke = False
        #: the app sent lifespan.startup.failed or lifespan.shutdown.failed
        self.reported_failure = False
        self.outcome: Outcome | None = None
        self.error_type: str | None = None
        self.error_text: str | None = None

    @property
    def over(self) -> bool:
        """Whether the app's call has ended."""
        return self.ended is not None

    @property
    def answered(self) -> bool:
        """Whether the response, or the answer to a WebSocket handshake, has begun."""
        return self.response_started or self.accepted or self.closed_by is Closer.APP

    @property
    def failed(self) -> bool:
        """Whether something went wrong: the app raised, a receive or send broke, it reported that its lifespan failed,
        or it returned and left a client that was still there without a whole response or an answer to its handshake."""
        if self.broke or self.reported_failure or self.outcome is Outcome.RAISED:
            return True
        return self.outcome is Outcome.RETURNED and not self.disconnected and not self._did_its_duty()

    def _did_its_duty(self) -> bool:
        if self.kind == "http":
            return self.response_complete
        if self.kind == "websocket":
            return self.response_complete if self.response_started else self.answered
        return self.response_started if self.kind == "wsgi" else True

    def duration(self, now: int | None = None) -> int:
        """Nanoseconds from its beginning to its end; while it is open to `now`, or to its last event."""
        if self.ended is not None:
            return self.ended - self.began
        return (self.last if now is None else now) - self.began

    def add(self, event: Event) -> None:
        """Take in one event of this connection; events of inner layers and events behind the exit change nothing."""
        if event.layer or self.ended is not None:
            return
        self.last = max(self.last, event.t)
        match event.ev:
            case Ev.SCOPE:
                self._begin(event.get("scope"))
            case Ev.RECEIVE_BEGIN | Ev.SEND_BEGIN:
                self._open_call(event)
            case Ev.RECEIVE_END | Ev.SEND_END:
                self._close_call(event)
            case Ev.EXIT | Ev.WSGI_EXIT:
                self._end(event)
            case Ev.WSGI_QUEUED:
                self._get_in_line(event)
            case Ev.WSGI_ENVIRON:
                self._begin_wsgi(event)
            case Ev.WSGI_START_RESPONSE:
                self._start_wsgi_response(event)
            case Ev.WSGI_CHUNK:
                self.messages_out += 1
                self.bytes_out += self._declared_length() if event.get("via") == "file" else payload_length(event.fields)
            case _:  # logs, notes and what a newer version may write say nothing about the connection itself
                pass

    def _take(self, t: int, kind: int, call: int | None, raw: Raw) -> None:
        """`add` for a raw event of layer 0: the same, without unpacking what changes nothing but a time or a count."""
        if self.ended is not None:
            return
        self.last = max(self.last, t)
        if kind not in _TELLING:
            return
        if kind == RECEIVE_BEGIN:
            self._begin_call(Ev.RECEIVE_BEGIN, call, t)
        elif kind == SEND_END and raw[5] is None:
            self._end_call(Ev.SEND_BEGIN, call, t)
        elif kind in BODIES and type(raw[5]) is bytes:
            self._take_body(t, kind, call, raw[5])
        else:
            self.add(expand(0, (t, *raw[1:]), 0))

    def _take_body(self, t: int, kind: int, call: int | None, body: bytes) -> None:
        name, more = BODIES[kind]
        if name == "http.request":
            self._end_call(Ev.RECEIVE_BEGIN, call, t)
            self.messages_in += 1
            self.bytes_in += len(body)
        else:
            self._begin_call(Ev.SEND_BEGIN, call, t)
            self.messages_out += 1
            self.bytes_out += len(body)
            if self.kind != "lifespan":
                self._continue_response(bool(more) or self.trailers_announced)

    def _begin(self, scope: Any) -> None:
        if self.scope_seen:
            return
        self.scope_seen = True
        if not isinstance(scope, Mapping):
            return
        self.kind = kept_text(scope.get("type"))
        self.method = kept_text(scope.get("method"))
        self.path = kept_text(scope.get("path"))
        self.query = kept_bytes(scope.get("query_string"))
        self.http_version = kept_text(scope.get("http_version"))
        self.client = _as_tuple(scope.get("client"))
        self.request_headers = tuple(header_pairs(scope.get("headers")))

    def _get_in_line(self, event: Event) -> None:
        if self.kind is None:
            self.kind, self.client = "wsgi", _as_tuple(event.get("client"))
            self._begin_call(Ev.WSGI_QUEUED, None, event.t)

    def _begin_wsgi(self, event: Event) -> None:
        if self.scope_seen:
            return
        self._end_call(Ev.WSGI_QUEUED, None, event.t)
        self.scope_seen, self.kind = True, "wsgi"
        self.called, self.thread = event.t, kept_text(event.get("thread"))
        environ = event.get("environ")
        if not isinstance(environ, Mapping):
            return
        self.method = kept_text(environ.get("REQUEST_METHOD"))
        self.path = path_of(environ)
        self.query = latin(environ.get("QUERY_STRING"))
        self.http_version = (kept_text(environ.get("SERVER_PROTOCOL")) or "").removeprefix("HTTP/") or None
        self.client = self.client or client_of(environ)
        self.request_headers = tuple(headers_of(environ))
        self.bytes_in = length_of(latin(environ.get("CONTENT_LENGTH")))  # the server has read it before it calls the app

    def _start_wsgi_response(self, event: Event) -> None:
        if self.response_started and (self.bytes_out or event.get("exc_info") is None):
            return  # the client has seen the first; with exc_info it may be replaced as long as nothing was given
        self.response_started = True
        status = (kept_text(event.get("status")) or "")[:3]
        self.status = int(status) if status.isdecimal() else None
        self.response_headers = tuple(text_pairs(event.get("headers")))

    def _declared_length(self) -> int:
        return next((length_of(value) for name, value in self.response_headers if name.lower() == b"content-length"), 0)

    def _open_call(self, event: Event) -> None:
        way = Ev.SEND_BEGIN if event.ev == Ev.SEND_BEGIN else Ev.RECEIVE_BEGIN
        self._begin_call(way, event.call, event.t)
        if way is Ev.SEND_BEGIN:
            self.messages_out += 1
            self._sent(event.get("message"))

    def _begin_call(self, way: Ev, call: int | None, t: int) -> None:
        if len(self.open_calls) >= MOST_OPEN_CALLS:
            del self.open_calls[next(iter(self.open_calls))]
        self.open_calls[way, call] = t

    def _end_call(self, way: Ev, call: int | None, t: int) -> None:
        waited = t - self.open_calls.pop((way, call), t)
        if way is Ev.SEND_BEGIN:
            self.waited_send += waited
        else:
            self.waited_receive += waited

    def _close_call(self, event: Event) -> None:
        way = Ev.SEND_BEGIN if event.ev == Ev.SEND_END else Ev.RECEIVE_BEGIN
        self._end_call(way, event.call, event.t)
        if event.get("raised") is not None:
            self.broke = True
            self._blame(event.get("raised"))
        elif event.ev == Ev.RECEIVE_END and not event.get("cancelled"):
            self.messages_in += 1
            self._received(event.get("message"))

    def _end(self, event: Event) -> None:
        self.ended = event.t
        self.open_calls = {}
        outcome = event.get("outcome")
        self.outcome = Outcome(outcome) if isinstance(outcome, str) and outcome in _OUTCOMES else None
        if self.outcome is Outcome.RAISED:
            self.error_type = self.error_text = None  # what left the app says more than the call that broke before
        self._blame(event.get("error"))

    def _blame(self, error: Any) -> None:
        if isinstance(error, Mapping) and self.error_type is None and self.error_text is None:
            self.error_type = kept_text(error.get("type"))
            self.error_text = kept_text(error.get("text"))

    def _received(self, message: Any) -> None:
        if not isinstance(message, Mapping):
            return
        self.bytes_in += payload_length(message)
        match message.get("type"):
            case "http.disconnect":
                self.disconnected = True
            case "websocket.disconnect":
                self.disconnected = True
                code = _whole(message.get("code"), NO_STATUS_RECEIVED)
                self._close(Closer.SERVER if code == SERVICE_RESTART else Closer.CLIENT, code, message.get("reason"))
            case _:  # everything else is counted, and changes no fact
                pass

    def _sent(self, message: Any) -> None:
        if not isinstance(message, Mapping):
            return
        self.bytes_out += payload_length(message)
        if self.kind == "lifespan":  # nothing but these is legal there, and nothing else becomes a fact
            self.reported_failure |= message.get("type") in ("lifespan.startup.failed", "lifespan.shutdown.failed")
            return
        match message.get("type"):
            case "http.response.start" | "websocket.http.response.start":
                self._start_response(message)
            case "http.response.body" | "websocket.http.response.body" | "http.response.zerocopysend":
                self._continue_response(bool(message.get("more_body")) or self.trailers_announced)
            case "http.response.pathsend":
                self._continue_response(self.trailers_announced)
            case "http.response.trailers":
                self._continue_response(bool(message.get("more_trailers")))
            case "websocket.accept":
                if not self.answered:
                    self.accepted = True
                    self.response_headers = tuple(header_pairs(message.get("headers")))
            case "websocket.close":
                if not self.answered:
                    self.status = REFUSED
                self._close(Closer.APP, _whole(message.get("code"), NORMAL_CLOSURE), message.get("reason"))
            case _:  # everything else is counted, and changes no fact
                pass

    def _start_response(self, message: Mapping[str, Any]) -> None:
        if self.answered:
            return  # a second start is the app's mistake; the client has seen the first
        self.response_started = True
        self.status = _whole(message.get("status"), None)
        self.response_headers = tuple(header_pairs(message.get("headers")))
        self.trailers_announced = bool(message.get("trailers"))

    def _continue_response(self, more: bool) -> None:
        if self.response_started and not more:
            self.response_complete = True

    def _close(self, closer: Closer, code: int | None, reason: Any) -> None:
        if self.closed_by is None:
            self.closed_by = closer
            self.close_code = code
            self.close_reason = kept_text(reason) or ""


class Connections(Mapping[int, Connection]):
    """The connections of a recording by number, in the order in which they began; grows with each event."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._by_number: dict[int, Connection] = {}
        for event in events:
            self.add(event)

    def add(self, event: Event) -> Connection | None:
        """Take in one event and give back its connection; None when it belongs to none."""
        if event.conn is None:
            return None
        connection = self._by_number.get(event.conn)
        if connection is None:
            connection = self._by_number[event.conn] = Connection(event.conn, event.t)
        connection.add(event)
        return connection

    def take(self, raw: Raw, epoch: int) -> Connection | None:
        """`add` for a raw event, several times faster; `epoch` as in `expand`."""
        conn = raw[2]
        if conn is None:
            return None
        t = raw[0] - epoch
        connection = self._by_number.get(conn)
        if connection is None:
            connection = self._by_number[conn] = Connection(conn, t)
        if not raw[3]:
            connection._take(t, raw[1], raw[4], raw)  # noqa: SLF001  # the two make one fold
        return connection

    def forget(self, conn: int) -> None:
        """Let a connection go, for a reader that must stay small."""
        self._by_number.pop(conn, None)

    def __getitem__(self, conn: int) -> Connection:
        return self._by_number[conn]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_number)

    def __len__(self) -> int:
        return len(self._by_number)


#: Raw kinds that `Connection.add` learns more from than a time.
_TELLING = frozenset(
    kind
    for kind, (ev, _) in enumerate(KINDS)
    if ev not in (Ev.LOG, Ev.SERVER, Ev.CLIENT, Ev.NOTE, Ev.GAP, Ev.STALL, Ev.POOL, Ev.STEP_BEGIN, Ev.STEP_END, *CLOSELY)
)
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def payload(message: Mapping[str, Any]) -> Any:
    """The frozen body of an http message, or the bytes or text of a WebSocket message; None when it has none."""
    for key in ("body", "bytes", "text"):
        value = message.get(key)
        if value is not None:
            return value
    return None


def payload_length(message: Mapping[str, Any]) -> int:
    """Bytes of the payload as they were on the line."""
    value = payload(message)
    beyond = beyond_kept(value)
    return len(kept_bytes(value)) + beyond


def beyond_kept(value: Any) -> int:
    """How many bytes or characters of a frozen byte string or text were not kept."""
    if not isinstance(value, dict):
        return 0
    kept = value.get("$bytes", value.get("$text"))
    return max(0, true_length(value) - len(kept)) if isinstance(kept, (bytes, str)) else 0


def _whole(value: Any, absent: int | None) -> int | None:
    if value is None:
        return absent
    return value if type(value) is int else None
