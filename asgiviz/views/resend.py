"""The same again: from what was recorded of a connection, the text of an errand that repeats it.

What cannot be repeated exactly is told in comment lines at the head of the text: nothing is left out in silence.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from asgiviz.model.connection import beyond_kept, payload
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.model.values import header_pairs, kept_bytes
from asgiviz.traffic.errand import (
    MADE_FOR_HTTP,
    MADE_FOR_WEBSOCKET,
    MOST_WAITING,
    SUBPROTOCOLS,
    Errand,
    HttpErrand,
    Move,
    WebSocketErrand,
    check_header,
    check_move,
    check_subprotocol,
)
from asgiviz.traffic.errand_text import as_text
from asgiviz.traffic.steps import Close, SendBytes, SendText, Wait
from asgiviz.views.figures import size
from asgiviz.views.text import safe, word
from asgiviz.views.wsgi_messages import request_of

#: Bytes of a body, and of all the messages of a conversation, and how many messages stand in a text that is to be edited.
MOST_BYTES, MOST_MESSAGES = 256 * 1024, 1000
#: The longest pause between two messages that is repeated, in seconds.
LONGEST_PAUSE = 5.0
#: They speak of one connection (RFC 9110, section 7.6.1), and the next one is another.
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"}
_PUNCTUATED = string.ascii_letters + string.digits + string.punctuation
_STARS = 4  # a value of so many stars and nothing else is a masked one, whatever its name
_NO_CODE, _VANISHED, _SERVER_STOPS = 1005, 1006, 1012


class Again(NamedTuple):
    """The text of an errand, and the sentences (comments of the text, too) that say where it is not the same again."""

    text: str
    notes: tuple[str, ...]


def resend(events: Sequence[Event]) -> Again | str:
    """The errand that repeats the connection with these events, or a sentence that says why there is none."""
    outermost = [event for event in events if not event.layer]
    scope = request_of(outermost)
    if not isinstance(scope, Mapping) or scope.get("type") not in ("http", "websocket"):
        if isinstance(scope, Mapping) and scope.get("type") == "lifespan":
            return "a lifespan cannot be sent: the server begins it when it starts"
        return "there is no request here that could be sent again"
    notes: list[str] = []
    try:
        errand = _request(scope, outermost, notes) if scope["type"] == "http" else _conversation(scope, outermost, notes)
    except ValueError as error:
        return f"this cannot be sent again: {safe(str(error))}"
    comments = "".join(f"# {note}\n" for note in notes)
    return Again(comments + as_text(errand), tuple(notes))


def _request(scope: Mapping[str, Any], events: Sequence[Event], notes: list[str]) -> Errand:
    method = scope.get("method")
    method = method if isinstance(method, str) else "GET"
    body = _body(scope, events, notes)
    return HttpErrand(method, _target(scope, notes), tuple(_headers(scope, notes)), body)


# -- the head ----------------------------------------------------------------------------------------------------------


def _target(scope: Mapping[str, Any], notes: list[str]) -> str:
    """Path and query as they stood on the line."""
    raw, path = scope.get("raw_path"), scope.get("path")
    if beyond_kept(raw) or beyond_kept(path) or beyond_kept(scope.get("query_string")):
        notes.append("the target was cut: its end was not kept")
    target = quote(kept_bytes(raw), safe=_PUNCTUATED) if kept_bytes(raw) else quote(kept_bytes(path), safe="/:@!$&'()*+,;=~")
    root = quote(kept_bytes(scope.get("root_path")), safe=_PUNCTUATED).rstrip("/")
    if root and target.startswith(root + "/"):
        target = target.removeprefix(root)
        notes.append(f"the target is written without {root}, the root_path, which the server puts before it")
    if not target.startswith("/") and target != "*":
        notes.append(f"the target was written as {safe(target)[:200]}")
        target = "/" + urlsplit(target).path.lstrip("/")
    query = kept_bytes(scope.get("query_string"))
    for name, value in (part.partition(b"=")[::2] for part in query.split(b"&")):
        if _is_masked(name, value):
            notes.append(f"{safe(name.decode('latin-1'))} in the query was masked")
    return target + (f"?{quote(query, safe=_PUNCTUATED)}" if query else "")


def _is_masked(name: bytes, value: bytes) -> bool:
    return bool(value) and not value.strip(b"*") and (len(value) >= _STARS or Mask().is_secret(name.decode("latin-1")))


def _headers(scope: Mapping[str, Any], notes: list[str]) -> Iterator[tuple[str, str]]:
    """The headers that are not the connection's or the client's own; it is noted why another one is missing."""
    websocket = scope["type"] == "websocket"
    pairs = header_pairs(scope.get("headers"))
    named = {
        name.strip().lower()
        for header, value in pairs
        if header.lower() == b"connection"
        for name in value.decode("latin-1").split(",")
    }
    left_out = _HOP_BY_HOP | named | ({*MADE_FOR_WEBSOCKET, SUBPROTOCOLS} if websocket else MADE_FOR_HTTP)
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name.lower() in left_out or (name.lower() == "host" and _is_the_server(value, scope.get("server"))):
            continue
        if _is_masked(raw_name, raw_value):
            notes.append(f"{safe(name)} was masked")
            continue
        try:
            check_header(name, value, websocket)
        except ValueError as error:
            notes.append(f"a header is left out: {safe(str(error))}")
        else:
            yield name, value


def _is_the_server(host: str, server: Any) -> bool:
    """Whether a Host header says no more than the address of the server, which the next one will say by itself."""
    name, _, port = host.rpartition(":") if ":" in host else (host, ":", "80")
    match server:
        case [str(own), own_port]:
            return name in (own, "localhost", "127.0.0.1", "[::1]") and port == str(own_port)
        case _:
            return True


# -- a body ------------------------------------------------------------------------------------------------------------


def _body(scope: Mapping[str, Any], events: Sequence[Event], notes: list[str]) -> bytes:
    kept, lost, more, asked = bytearray(), 0, True, False
    for message in _received(events, "http.request"):
        asked = True
        kept += kept_bytes(message.get("body"))
        lost += beyond_kept(message.get("body"))
        more = bool(message.get("more_body"))
    if not asked:
        if announced := _announced(scope):
            is_wsgi = any(event.ev == Ev.WSGI_ENVIRON for event in events)
            if is_wsgi:
                notes.append(f"the body ({announced}) is not known: what an app reads from wsgi.input is not recorded")
            else:
                notes.append(f"the app did not read the body ({announced}), so it is not known")
    elif more:
        notes.append("the app did not get the body to its end: this is what it got")
    if lost:
        notes.append(f"the body was cut: {size(lost)} of {size(len(kept) + lost)} were not kept")
    if len(kept) > MOST_BYTES:
        notes.append(f"the body was cut: of {size(len(kept))} only the first {size(MOST_BYTES)} stand here")
    return bytes(kept[:MOST_BYTES])


def _announced(scope: Mapping[str, Any]) -> str | None:
    """What the headers say of a body."""
    for name, value in header_pairs(scope.get("headers")):
        if name.lower() == b"content-length" and value.strip() != b"0":
            return f"{word(value.decode('latin-1'))} B"
        if name.lower() == b"transfer-encoding":
            return "of unknown length"
    return None


def _received(events: Iterable[Event], kind: str) -> Iterator[Mapping[str, Any]]:
    for event in events:
        message = event.get("message") if event.ev == Ev.RECEIVE_END else None
        if isinstance(message, Mapping) and message.get("type") == kind:
            yield message


# -- a conversation ----------------------------------------------------------------------------------------------------


def _conversation(scope: Mapping[str, Any], events: Iterable[Event], notes: list[str]) -> Errand:
    offered = scope.get("subprotocols")
    subprotocols = [name for name in offered if isinstance(name, str)] if isinstance(offered, (list, tuple)) else []
    for name in subprotocols:
        check_subprotocol(name)
    target, headers = _target(scope, notes), tuple(_headers(scope, notes))
    moves = _Moves(notes).of(events)
    return WebSocketErrand(target, headers, tuple(subprotocols), moves)


class _Moves:
    """What the client did, with its pauses: a message is taken for sent when the app got it."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._moves: list[Move] = []
        self._last: int | None = None  # when the WebSocket was opened, or the last message came
        self._patience = MOST_WAITING
        self._messages = self._bytes = 0

    def of(self, events: Iterable[Event]) -> tuple[Move, ...]:
        """The moves up to the end of the conversation."""
        for event in events:
            message = event.get("message")
            kind = message.get("type") if isinstance(message, Mapping) else None
            match event.ev, kind:
                case Ev.SEND_BEGIN, "websocket.accept":
                    self._last = event.t
                case Ev.RECEIVE_END, "websocket.receive":
                    if not self._message(event.t, message):
                        break
                case Ev.RECEIVE_END, "websocket.disconnect":
                    self._disconnect(event.t, message.get("code"), message.get("reason"))
                    break
                case (Ev.SEND_BEGIN, "websocket.close") | (Ev.EXIT, _):  # the app ended it, and will again
                    self._pause(event.t)
                    break
                case _:
                    continue
        return tuple(self._moves)

    def _pause(self, t: int) -> None:
        seconds = 0.0 if self._last is None else round((t - self._last) / 1e9, 1)
        self._last = t
        if seconds > LONGEST_PAUSE:
            self._notes.append(f"a pause of {seconds:.1f} s before message {self._messages + 1} is shortened")
        if (pause := min(seconds, LONGEST_PAUSE, self._patience)) > 0:
            self._moves.append(Wait(pause))
            self._patience -= pause

    def _message(self, t: int, message: Mapping[str, Any]) -> bool:
        """One message of the client; false when there is no room for it."""
        value = payload(message)
        data, lost = kept_bytes(value), beyond_kept(value)
        if self._messages >= MOST_MESSAGES or self._bytes + len(data) > MOST_BYTES:
            self._notes.append(f"the conversation was longer: only its first {self._messages} messages stand here")
            return False
        is_text = isinstance(value, str) or (isinstance(value, Mapping) and "$text" in value)
        move: Move = SendText(data) if is_text else SendBytes(data)
        self._pause(t)
        self._messages += 1
        self._bytes += len(data)
        if lost:
            self._notes.append(f"message {self._messages} was cut: {lost:,} more characters or bytes were not kept")
        check_move(move)
        self._moves.append(move)
        return True

    def _disconnect(self, t: int, code: Any, reason: Any) -> None:
        self._pause(t)
        if code == _SERVER_STOPS:
            self._notes.append("the server ended it, because it stopped")
            return
        try:
            close = Close(code, reason if isinstance(reason, str) else "")
            check_move(close)
        except ValueError:
            close = Close()
            if code in (None, _NO_CODE):
                self._notes.append("the client closed without a code; here it closes with 1000")
            elif code == _VANISHED:
                self._notes.append("the client vanished without a close; here it closes with 1000")
            else:
                self._notes.append(f"the client's close code was {word(code)}; here it closes with 1000")
        self._moves.append(close)
