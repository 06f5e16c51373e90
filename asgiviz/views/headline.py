"""The first two lines on an event: what happened and who handed over to whom; when, how long it took, in which connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.finding import Finding
from asgiviz.model.masking import Mask
from asgiviz.views.figures import duration, seconds
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import fit, number, word
from asgiviz.views.wsgi_messages import GIVES

#: Columns of a connection's path.
_TITLE_PATH = 40
_MASK = Mask()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around an event. `other` is the beginning to its end, or the end to its beginning; `events` are those
    of its connection in order; `layers` the names from the header of the recording; `mask` None shows secrets. `found` is what
    was found in it; the files of the code that did it are called from `root`.
    """

    connection: Connection | None = None
    other: Event | None = None
    events: Sequence[Event] = ()
    layers: Sequence[str] = ()
    mask: Mask | None = _MASK
    found: Sequence[Finding] = ()
    root: str = ""


def title_of(connection: Connection) -> str:
    """``#7 http POST /orders``; without the query, where secrets are."""
    parts = [f"#{number(connection.conn)}", connection.kind, connection.method, connection.path]
    return " ".join(fit(part, _TITLE_PATH) for part in parts if part)


_TITLES = {
    Ev.SCOPE: "the app is called",
    Ev.RECEIVE_BEGIN: "receive begins",
    Ev.RECEIVE_END: "receive",
    Ev.SEND_BEGIN: "send",
    Ev.SEND_END: "send is done",
    Ev.EXIT: "the app",
    Ev.WSGI_QUEUED: "the request stands in line",
    Ev.WSGI_ENVIRON: "the app is called",
    Ev.WSGI_START_RESPONSE: "the app calls",
    Ev.WSGI_CHUNK: "the app gives",
    Ev.WSGI_EXIT: "the app",
}
#: Events with nothing between server and app to point to.
_UNDIRECTED = (Ev.EXIT, Ev.WSGI_EXIT, Ev.WSGI_QUEUED)
#: The events of a send call.
SEND_CALL = (Ev.SEND_BEGIN, Ev.SEND_END)


def title(event: Event, context: Context) -> Spans:
    """What happened, with the arrow of its direction."""
    head = Span(_TITLES.get(event.ev, fit(str(event.ev), 20)), _role(event))  # type: ignore[call-overload]  # any text
    parts = [[head], _what(event), _direction(event, context)]
    return [span for part in parts if part for span in (*part, Span("  "))][:-1]


def _role(event: Event) -> Role:
    if event.get("raised") is not None or event.get("outcome") == "raised":
        return Role.ERROR
    if event.ev in (Ev.RECEIVE_BEGIN, Ev.RECEIVE_END):
        return Role.RECEIVE
    return Role.SEND if event.ev in (*SEND_CALL, *GIVES) else Role.LIFE


def _what(event: Event) -> Spans:
    match event.ev:
        case Ev.SCOPE:
            scope = event.get("scope")
            return [Span(f"scope {word(scope.get('type'))}" if isinstance(scope, Mapping) else "scope", Role.STRONG)]
        case Ev.EXIT | Ev.WSGI_EXIT:
            return [Span(word(event.get("outcome", "ended")), Role.STRONG)]
        case Ev.WSGI_ENVIRON | Ev.WSGI_START_RESPONSE | Ev.WSGI_CHUNK:
            return [Span("a chunk" if event.ev == Ev.WSGI_CHUNK else str(event.ev).removeprefix("wsgi."), Role.STRONG)]
        case Ev.RECEIVE_END | Ev.SEND_BEGIN | Ev.RECEIVE_BEGIN | Ev.SEND_END:
            if event.get("raised") is not None:
                return [Span("raised", Role.ERROR)]
            if event.get("cancelled"):
                return [Span("cancelled", Role.STRONG)]
            message = event.get("message")
            return [Span(word(message.get("type", "(no type)")), Role.STRONG)] if isinstance(message, Mapping) else []
        case _:
            return [Span(word(event.get(key)), Role.STRONG) for key in ("what", "name", "level") if event.get(key)][:1]


def _direction(event: Event, context: Context) -> Spans:
    """Who hands over to whom: the names of the layers on both sides where there are several."""
    if event.ev not in _TITLES or event.ev in _UNDIRECTED:
        return []
    layer = event.layer or 0
    names = list(context.layers)
    between = len(names) > 2 and 0 <= layer < len(names) - 1
    outer, inner = (fit(names[layer], 24), fit(names[layer + 1], 24)) if between else ("server", "app")
    if event.ev == Ev.RECEIVE_BEGIN:
        return [Span(f"{inner} asks {outer}", Role.RECEIVE)]
    if event.ev in SEND_CALL or event.ev in GIVES:
        return [Span(f"{inner} → {outer}", Role.SEND)]
    return [Span(f"{outer} → {inner}", Role.RECEIVE)]


def when(event: Event, context: Context) -> Spans:
    """Where in the recording it stands, and how long the call took that it begins or ends."""
    parts = [f"event {number(event.seq)}", f"at {seconds(event.t)} s", _took(event, context.other)]
    parts += [f"call {number(event.call)}"] if event.call is not None else []
    parts += [f"layer {number(event.layer)}"] if event.layer else []
    if context.connection is not None:
        parts.append(title_of(context.connection))
    elif event.conn is not None:
        parts.append(f"#{number(event.conn)}")
    return [Span(" · ".join(part for part in parts if part), Role.QUIET)]


def _took(event: Event, other: Event | None) -> str:
    """How long the call took that this event begins or ends."""
    verbs = {
        Ev.SCOPE: "ran for", Ev.EXIT: "ran for", Ev.RECEIVE_BEGIN: "waited", Ev.RECEIVE_END: "waited",
        Ev.SEND_BEGIN: "took", Ev.SEND_END: "took",
        Ev.WSGI_QUEUED: "waited", Ev.WSGI_ENVIRON: "ran for", Ev.WSGI_EXIT: "ran for",
    }  # fmt: skip
    verb = verbs.get(event.ev)  # type: ignore[call-overload]  # any text
    if verb is None:
        return ""
    if other is not None:
        return f"{verb} {duration(abs(event.t - other.t))}"
    is_begin = event.ev in (Ev.SCOPE, Ev.RECEIVE_BEGIN, Ev.SEND_BEGIN, Ev.WSGI_QUEUED, Ev.WSGI_ENVIRON)
    return "no end recorded" if is_begin else "no beginning recorded"
