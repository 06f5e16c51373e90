"""The event: our record of something that happened, and the flat tuple it travels as.

A probe must cost next to nothing, so it emits a `Raw` tuple ``(t, kind, conn, layer, call, payload)``; sequence numbers
and named fields are added when somebody looks. `KINDS` says what each raw kind means.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from asgiviz.model.values import plain_lists

FORMAT_VERSION = 1


class Ev(StrEnum):
    """What kind of thing happened: the `ev` key of a recording."""

    #: the app was called with a scope
    SCOPE = "scope"
    #: the app called receive()
    RECEIVE_BEGIN = "receive.begin"
    #: receive() came back
    RECEIVE_END = "receive.end"
    #: the app called send(message)
    SEND_BEGIN = "send.begin"
    #: send() came back
    SEND_END = "send.end"
    #: the app's call ended: returned, raised or cancelled
    EXIT = "exit"
    #: a log record, a print, a warning
    LOG = "log"
    #: the server started, is stopping, stopped, reloaded, failed
    SERVER = "server"
    #: what a built-in client saw
    CLIENT = "client"
    #: a mark made by the app, a client or the user
    NOTE = "note"
    #: events were dropped here
    GAP = "gap"
    #: one callback held the event loop
    STALL = "stall"
    #: what a thread pool holds, and what waits for it
    POOL = "pool"
    #: a WSGI server put a request in line for one of its threads
    WSGI_QUEUED = "wsgi.queued"
    #: a WSGI app was called with an environ, in a thread
    WSGI_ENVIRON = "wsgi.environ"
    #: a WSGI app called start_response
    WSGI_START_RESPONSE = "wsgi.start_response"
    #: a WSGI app gave a piece of the body
    WSGI_CHUNK = "wsgi.chunk"
    #: a WSGI app is done with a request
    WSGI_EXIT = "wsgi.exit"
    #: the loop lets a task run
    STEP_BEGIN = "step.begin"
    #: the task gave the loop back, or ended
    STEP_END = "step.end"
    #: where in the code a call of receive or send was made (recorded closely only), just before it begins
    SITE = "site"
    #: a receive() or send() was written, and never awaited (recorded closely only)
    UNAWAITED = "unawaited"
    #: an object of this connection is that of another one, too (recorded closely only)
    SHARES = "shares"
    #: only of a raw event: one that a newer version wrote, with its own `ev` among its fields
    OTHER = "other"


class Event(NamedTuple):
    """One line of a recording.

    `seq` counts from 1; `t` is nanoseconds since the recording started; `conn`, `layer` and `call` are None where they
    mean nothing; `fields` holds every other key (frozen values).
    """

    seq: int
    t: int
    ev: str
    conn: int | None
    layer: int | None
    call: int | None
    fields: Mapping[str, Any]

    def get(self, key: str, default: Any = None) -> Any:
        """The field `key`, or `default`."""
        return self.fields.get(key, default)


#: ``(t, kind, conn, layer, call, payload)``: `t` in nanoseconds of `time.perf_counter_ns`, `kind` an index into KINDS. The
#: payload is a frozen value, or such a value as `marshal` packs it (bytes), see `payload_of`.
Raw = tuple[int, int, "int | None", "int | None", "int | None", Any]
Emit = Callable[[Raw], None]
Sink = Callable[[Event], None]

#: Raw kind -> (ev, the field that holds the payload; None: the payload is None or a dict of fields).
KINDS: tuple[tuple[Ev, str | None], ...] = (
    (Ev.SCOPE, "scope"),
    (Ev.RECEIVE_BEGIN, None),
    (Ev.RECEIVE_END, "message"),
    (Ev.SEND_BEGIN, "message"),
    (Ev.SEND_END, None),
    (Ev.RECEIVE_END, None),  # raised or cancelled
    (Ev.EXIT, None),
    (Ev.LOG, None),
    (Ev.SERVER, None),
    (Ev.CLIENT, None),
    (Ev.NOTE, None),
    (Ev.GAP, None),
    (Ev.RECEIVE_END, "message"),  # with a large body
    (Ev.SEND_BEGIN, "message"),  # with a large body
    *[(Ev.RECEIVE_END, "message")] * 3,  # a plain body, see BODIES
    *[(Ev.SEND_BEGIN, "message")] * 3,
    (Ev.STALL, None),
    (Ev.POOL, None),
    (Ev.OTHER, None),
    (Ev.WSGI_QUEUED, None),
    (Ev.WSGI_ENVIRON, None),
    (Ev.WSGI_START_RESPONSE, None),
    (Ev.WSGI_CHUNK, None),
    (Ev.WSGI_EXIT, None),
    (Ev.STEP_BEGIN, None),
    (Ev.STEP_END, None),
    (Ev.WSGI_CHUNK, None),  # with a large body
    (Ev.SITE, None),
    (Ev.UNAWAITED, None),
    (Ev.SHARES, None),
)
(
    SCOPE,
    RECEIVE_BEGIN,
    RECEIVE_END,
    SEND_BEGIN,
    SEND_END,
    RECEIVE_BROKE,
    EXIT,
    LOG,
    SERVER,
    CLIENT,
    NOTE,
    GAP,
    RECEIVE_LARGE,
    SEND_LARGE,
    RECEIVE_BODY,
    RECEIVE_BODY_LAST,
    RECEIVE_BODY_MORE,
    SEND_BODY,
    SEND_BODY_LAST,
    SEND_BODY_MORE,
    STALL,
    POOL,
    OTHER,
    WSGI_QUEUED,
    WSGI_ENVIRON,
    WSGI_START_RESPONSE,
    WSGI_CHUNK,
    WSGI_EXIT,
    STEP_BEGIN,
    STEP_END,
    WSGI_CHUNK_LARGE,
    SITE,
    UNAWAITED,
    SHARES,
) = range(len(KINDS))
#: A small plain `http.request` or `http.response.body` is emitted as its bare body; the kind says how `more_body` stood.
BODIES: dict[int, tuple[str, bool | None]] = {
    RECEIVE_BODY: ("http.request", None),  # the key was absent
    RECEIVE_BODY_LAST: ("http.request", False),
    RECEIVE_BODY_MORE: ("http.request", True),
    SEND_BODY: ("http.response.body", None),
    SEND_BODY_LAST: ("http.response.body", False),
    SEND_BODY_MORE: ("http.response.body", True),
}
#: Kinds whose payload is a message with a body that is too large to be copied lightly; it is not packed.
LARGE = (RECEIVE_LARGE, SEND_LARGE, WSGI_CHUNK_LARGE)
#: Kinds by which a connection begins, and those by which it ends.
BEGINNINGS = frozenset({SCOPE, WSGI_QUEUED, WSGI_ENVIRON})
ENDINGS = frozenset({EXIT, WSGI_EXIT})
#: Events that are there only when a run is recorded closely; none of them is a message.
CLOSELY = frozenset({Ev.SITE, Ev.UNAWAITED, Ev.SHARES})


def payload_of(raw: Raw) -> Any:
    """The frozen payload of a raw event, unpacked."""
    payload = raw[5]
    if raw[1] in BODIES:
        name, more = BODIES[raw[1]]
        return {"type": name, "body": payload} if more is None else {"type": name, "body": payload, "more_body": more}
    return marshal.loads(payload) if type(payload) is bytes else payload


def expand(seq: int, raw: Raw, epoch: int) -> Event:
    """The event that a raw tuple stands for; `epoch` is the clock's reading when the recording started."""
    t, kind, conn, layer, call, _ = raw
    payload = payload_of(raw)
    ev, key = KINDS[kind]
    if key is not None:
        fields: Mapping[str, Any] = {key: plain_lists(payload)}
    else:
        fields = {} if payload is None else plain_lists(payload)
    if kind == OTHER:
        return Event(
            seq, t - epoch, fields.get("ev", ev), conn, layer, call, {key: fields[key] for key in fields if key != "ev"}
        )
    return Event(seq, t - epoch, ev, conn, layer, call, fields)
