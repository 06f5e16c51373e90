"""The parts of a run's record: calls of the app, clients, marks. Each takes in its own events, in the same time however many.

What an event holds in place of a value of the right kind counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes

#: Numbers beyond this are none that a recording counts with.
MOST = 1 << 62

Peer = tuple[Any, ...]


@dataclass(eq=False)
class Step:
    """One task runs, from when the loop lets it to when it gives the loop back at `where` (None: it goes on, or ended).

    `where` has `file`, `line` and `function` of the await. `seq` and `ended_seq` are its two events.
    """

    task: int
    began: int
    ended: int | None = None
    where: Mapping[str, Any] | None = None
    seq: int = 0
    ended_seq: int | None = None


@dataclass(eq=False)
class Mark:
    """A note: a moment (`ended` is `began`), or with a `span` number something that lasts, and goes on while `ended` is None.

    `data` is what the app said with it, `seq` and `ended_seq` are its events.
    """

    name: str
    conn: int | None
    began: int
    ended: int | None
    seq: int
    data: Any = None
    thread: str | None = None
    span: int | None = None
    ended_seq: int | None = None


@dataclass(eq=False)
class ConnRecord:
    """One call of the app: a scope under ASGI, a request under WSGI.

    `queued` is when a WSGI server put it in line for a thread, `began` when the app was called, `ended` when it was done;
    None as long as it has not happened. `events` are all of its events at the outermost tap; `began_seq` and `ended_seq` say
    which of them these are. `warm_up`: it came before the clients were let go.
    """

    conn: int
    side: str
    kind: str = ""
    queued: int | None = None
    began: int | None = None
    ended: int | None = None
    method: str | None = None
    path: str | None = None
    thread: str | None = None
    outcome: str | None = None
    error: Mapping[str, Any] | None = None
    peer: Peer | None = None
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    began_seq: int | None = None
    ended_seq: int | None = None
    warm_up: bool = False
    _running: dict[Any, Step] = field(default_factory=dict, repr=False)

    @property
    def for_client(self) -> bool:
        """Whether it is a request or a WebSocket, not the lifespan."""
        return self.kind in ("http", "websocket", "wsgi")

    @property
    def came(self) -> int:
        """When it came: in line for a thread, or to the app."""
        known = self.began if self.queued is None else self.queued
        return self.events[0].t if known is None else known

    def take(self, event: Event) -> None:
        """Take in one of its events."""
        self.events.append(event)
        match event.ev:
            case Ev.STEP_BEGIN:
                step = Step(whole(event.get("task")) or 0, event.t, seq=event.seq)
                self.steps.append(step)
                self._running[step.task] = step
            case Ev.STEP_END:
                ended = self._running.pop(whole(event.get("task")) or 0, None)
                if ended is not None:
                    ended.ended, ended.where, ended.ended_seq = event.t, _table(event.get("at")), event.seq
            case Ev.SCOPE:
                self._begin_asgi(event)
            case Ev.WSGI_QUEUED:
                self.kind, self.queued = "wsgi", event.t
                self.peer = _peer(event.get("client")) or self.peer
            case Ev.WSGI_ENVIRON:
                self._begin_wsgi(event)
            case Ev.EXIT | Ev.WSGI_EXIT if self.ended is None:
                self.ended, self.ended_seq = event.t, event.seq
                self.outcome, self.error = text(event.get("outcome")), _table(event.get("error"))
            case _:
                pass

    def _begin_asgi(self, event: Event) -> None:
        scope = event.get("scope")
        if self.began is None and isinstance(scope, Mapping):
            self.began, self.began_seq, self.kind = event.t, event.seq, str(scope.get("type", ""))
            self.method, self.path = text(scope.get("method")), text(scope.get("path"))
            self.peer = _peer(scope.get("client"))

    def _begin_wsgi(self, event: Event) -> None:
        self.kind, self.thread = "wsgi", text(event.get("thread"))
        if self.began is None:
            self.began, self.began_seq = event.t, event.seq
        environ = event.get("environ")
        if isinstance(environ, Mapping):
            self.method, self.path = text(environ.get("REQUEST_METHOD")), text(environ.get("PATH_INFO"))
            port = str(environ.get("REMOTE_PORT"))
            if port.isdecimal() and port.isascii() and len(port) < 6:
                self.peer = self.peer or _peer([environ.get("REMOTE_ADDR"), int(port)])


@dataclass(eq=False)
class Answer:
    """What a client got to one request."""

    at: int
    status: int | None
    ending: str
    length: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seq: int
    path: str | None = None


@dataclass(eq=False)
class ClientRecord:
    """One client: `number` counts from 1 on its side. Times are None until they come; `peer` is the address it calls from
    (the first of `peers`, if it connects anew)."""

    side: str
    number: int
    connected: int | None = None
    sent: int | None = None
    first_byte: int | None = None
    done: int | None = None
    closed: int | None = None
    trouble: str | None = None
    peer: Peer | None = None
    answers: list[Answer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take in one event of this client."""
        self.events.append(event)
        match event.get("what"):
            case "connected":
                self.connected = event.t
                if (local := _peer(event.get("local"))) is not None:
                    self.peers.append(local)
                    self.peer = self.peers[0]
            case "sent":
                self.sent = event.t if self.sent is None else self.sent
            case "first_byte":
                self.first_byte = event.t if self.first_byte is None else self.first_byte
            case "received":
                self.done = event.t
                self.answers.append(_answer(event))
            case "closed":
                self.closed = event.t
                self.trouble = text(event.get("trouble")) or self.trouble
            case _:
                pass


def whole(value: Any) -> int | None:
    """The value, if it is a whole number that can be."""
    return value if type(value) is int and abs(value) < MOST else None


def text(value: Any) -> str | None:
    """The value, if it is a text."""
    return value if isinstance(value, str) else None


def _table(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _peer(value: Any) -> Peer | None:
    return tuple(value[:2]) if isinstance(value, (list, tuple)) and value and _hashable(value) else None


def _hashable(value: Iterable[Any]) -> bool:
    return all(isinstance(part, (str, int)) for part in value)


def _answer(event: Event) -> Answer:
    headers = event.get("headers")
    headers = headers if isinstance(headers, (list, tuple)) else ()
    return Answer(
        event.t,
        whole(event.get("status")),
        str(event.get("ending", "")),
        whole(event.get("bytes")) or 0,
        tuple((str(pair[0]), str(pair[1])) for pair in headers if isinstance(pair, (list, tuple)) and len(pair) == 2),
        kept_bytes(event.get("body")),
        event.seq,
        text(event.get("path")),
    )
