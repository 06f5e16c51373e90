"""Recordings of runs, written by hand: seconds from the moment the clients were let go, one line for what one request did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asgiviz.course.run_record import RunRecord
from asgiviz.model.events import Ev, Event

#: Seconds of the recording before the clients are let go.
EARLY = 1.0


class Recording:
    """One run with one side (more with `side`), told in any order; what happens at one time stays in the order of telling."""

    def __init__(self, interface: str = "asgi", clock: str = "virtual", **knobs: float) -> None:
        self.interface = interface
        self._told: list[tuple[float, str, int | None, int | None, int | None, dict[str, Any]]] = []
        self._calls = 0
        self._spans = 0
        self._conn = 0
        self.side(interface, interface, 1)
        self.note("asgiviz.clock", -EARLY, clock=clock)
        self.tell(0, Ev.NOTE, name="asgiviz.go", data=knobs)

    # -- words ---------------------------------------------------------------------------------------------------------

    def tell(
        self, at: float, ev: str, conn: int | None = None, call: int | None = None, layer: int | None = None, **fields: Any
    ) -> Recording:
        """Any event."""
        self._told.append((at, ev, conn, 0 if conn is not None and layer is None else layer, call, fields))
        return self

    def side(self, id_: str, interface: str, first: int, last: int | None = None, **facts: Any) -> Recording:
        """A server with connections from `first` on; what is told next happens there."""
        self.interface, self.id, self._conn = interface, id_, first - 1
        last = first + 999 if last is None else last
        return self.note("asgiviz.side", -EARLY, id=id_, label=id_, interface=interface, first=first, last=last, **facts)

    def note(self, name: str, at: float, conn: int | None = None, thread: str | None = None, **data: Any) -> Recording:
        """A moment that the app or the laboratory told."""
        said: dict[str, Any] = {"thread": thread} if thread else {}
        return self.tell(at, Ev.NOTE, conn, layer=None, name=name, data=data, **said)

    def span(
        self, name: str, began: float, ended: float | None, conn: int | None = None, thread: str | None = None, **data: Any
    ) -> Recording:
        """Something that the app says lasts."""
        self._spans += 1
        fields: dict[str, Any] = {"name": name, "data": data, "span": self._spans, "thread": thread}
        self.tell(began, Ev.NOTE, conn, phase="begin", **fields)
        return self if ended is None else self.tell(ended, Ev.NOTE, conn, phase="end", **fields)

    def stall(self, ended: float, ms: float, culprit: int | None = None, number: int = 1, **fields: Any) -> Recording:
        """One callback held the loop, in app.py:7."""
        stack = [{"file": "/x/app.py", "line": 7, "function": "app", "code": "time.sleep(1)"}]
        return self.tell(ended, Ev.STALL, id=number, ms=ms, culprit=culprit, stack=stack, user_frame=0, **fields)

    def step(self, conn: int, began: float, ended: float | None, task: int | None = None) -> Recording:
        """A task of this connection runs."""
        task = conn if task is None else task
        self.tell(began, Ev.STEP_BEGIN, conn, task=task)
        return self if ended is None else self.tell(ended, Ev.STEP_END, conn, task=task)

    def client(self, number: int, what: str, at: float, **figures: Any) -> Recording:
        """What a client saw."""
        return self.tell(at, Ev.CLIENT, client=f"{self.id}/{number}", what=what, **figures)

    # -- messages ------------------------------------------------------------------------------------------------------

    def begin(self, at: float, client: int | None = None, kind: str = "http", path: str = "/", method: str = "GET") -> int:
        """The app is called; the number of the connection."""
        self._conn += 1
        peer = None if client is None else ["127.0.0.1", 50_000 + client]
        if kind == "wsgi":
            host, port = peer or ("", "")
            environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": host, "REMOTE_PORT": str(port)}
            self.tell(at, Ev.WSGI_ENVIRON, self._conn, environ=environ, thread=f"waitress-{client}")
        else:
            self.tell(at, Ev.SCOPE, self._conn, scope={"type": kind, "path": path, "method": method, "client": peer})
        return self._conn

    def receive(self, conn: int, at: float, type_: str = "http.request", **keys: Any) -> Recording:
        """The app received a message."""
        self._calls += 1
        self.tell(at, Ev.RECEIVE_BEGIN, conn, self._calls)
        return self.tell(at, Ev.RECEIVE_END, conn, self._calls, message={"type": type_, **keys})

    def send(self, conn: int, at: float, type_: str, waited: float = 0, **keys: Any) -> Recording:
        """The app sent a message."""
        self._calls += 1
        self.tell(at, Ev.SEND_BEGIN, conn, self._calls, message={"type": type_, **keys})
        return self.tell(at + waited, Ev.SEND_END, conn, self._calls)

    def start(self, conn: int, at: float, status: int = 200, **headers: str) -> Recording:
        """The app sent the status and these headers (``_`` for ``-``)."""
        pairs = [[name.replace("_", "-").encode(), value.encode()] for name, value in headers.items()]
        return self.send(conn, at, "http.response.start", status=status, headers=pairs)

    def body(self, conn: int, at: float, body: bytes = b"", more: bool = False) -> Recording:
        """The app sent a piece of the body."""
        return self.send(conn, at, "http.response.body", body=body, more_body=more)

    def exit(self, conn: int, at: float, outcome: str = "returned", **error: str) -> Recording:
        """The app's call ended."""
        fields: dict[str, Any] = {"error": error} if error else {}
        return self.tell(at, Ev.WSGI_EXIT if self.interface == "wsgi" else Ev.EXIT, conn, outcome=outcome, **fields)

    # -- whole requests ------------------------------------------------------------------------------------------------

    def asks(self, number: int, at: float = 0.0) -> Recording:
        """A client connects and sends its request."""
        self.client(number, "connected", at, local=["127.0.0.1", 50_000 + number])
        return self.client(number, "sent", at, bytes=40)

    def gets(
        self, number: int, at: float, body: bytes = b"ok", status: int | None = 200, ending: str = "complete"
    ) -> Recording:
        """A client has its answer."""
        return self.client(
            number, "received", at, status=status, bytes=len(body), ending=ending, body=body, path="/", headers=[]
        )

    def request(
        self, number: int, began: float = 0.0, ended: float = 1.0, body: bytes = b"ok", status: int = 200, sent: float = 0.0
    ) -> int:
        """A client asks, the app is called, answers and ends; the number of the connection."""
        self.asks(number, sent)
        if self.interface == "wsgi":
            self.tell(sent, Ev.WSGI_QUEUED, self._conn + 1, client=["127.0.0.1", 50_000 + number])
        conn = self.begin(began, number, "wsgi" if self.interface == "wsgi" else "http", f"/item/{number}")
        if self.interface == "wsgi":
            self.tell(ended, Ev.WSGI_START_RESPONSE, conn, status=f"{status} OK", headers=[["Content-Length", str(len(body))]])
            self.tell(ended, Ev.WSGI_CHUNK, conn, body=body)
        else:
            self.receive(conn, began).start(conn, ended, status, content_length=str(len(body))).body(conn, ended, body)
        self.exit(conn, ended).gets(number, ended, body, status)
        return conn

    def lifespan(self, at: float = -0.9) -> int:
        """The app is told to start up."""
        conn = self.begin(at, kind="lifespan")
        self.receive(conn, at, "lifespan.startup").send(conn, at, "lifespan.startup.complete")
        return conn

    # -- the end -------------------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """All of it, in order of time."""
        told = sorted(self._told, key=lambda each: each[0])
        return [
            Event(seq, round((at + EARLY) * 1e9), ev, conn, layer, call, fields)
            for seq, (at, ev, conn, layer, call, fields) in enumerate(told, 1)
        ]

    def record(self) -> RunRecord:
        """What the run was."""
        return RunRecord(self.events())


def in_a_row(clients: int = 3, each: float = 1.0, interface: str = "asgi") -> Recording:
    """Each request begins when the one before has ended."""
    run = Recording(interface, clients=clients)
    for number in range(clients):
        run.request(number + 1, number * each, (number + 1) * each)
    return run


def together(clients: int = 3, each: float = 1.0, interface: str = "asgi") -> Recording:
    """All requests begin and end at the same time."""
    run = Recording(interface, clients=clients)
    for number in range(clients):
        run.request(number + 1, 0, each)
    return run


def scaled(events: Iterable[Event], factor: float) -> list[Event]:
    """The same on a machine that is slower by this factor."""
    return [event._replace(t=round(event.t * factor), fields=_slower(event.fields, factor)) for event in events]


def _slower(fields: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
    return {**fields, "ms": fields["ms"] * factor} if "ms" in fields else fields
