"""Hypothesis strategies for filters, and for runs of events with well-formed and broken connections."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event
from asgiviz.views.atoms import Body, Failed, HasHeader, Method, Path, ScopeType, Slower, Status
from asgiviz.views.evidence import And, Filter, Not, Or

WORDS = st.sampled_from(["GET", "/orders", "hello", "a b", "'", '"x\\"', "é世", "\x1b", "!", "~e", "\\", "(a|b)"])
ATOM: st.SearchStrategy[Filter] = st.one_of(
    st.sampled_from(["GET", "POST"]).map(Method),
    (WORDS | st.text(min_size=1)).map(Path),
    st.sampled_from(["5xx", "2xx", "200", "404", "503"]).map(Status),
    st.sampled_from(["http", "websocket", "lifespan"]).map(ScopeType),
    st.integers(0, 10**18).map(Slower) | st.integers(0, 40).map(Slower),
    (WORDS | st.text(min_size=1) | st.sampled_from(["l", "lo w"])).map(Body),
    st.builds(HasHeader, st.sampled_from(["accept", "x-id", "x y"]), st.sampled_from(["", "7", "text", "a:b", "'q"])),
    st.just(Failed()),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    ATOM,
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=6,
)

HEADERS = st.lists(st.sampled_from([[b"accept", b"text/html"], [b"x-id", b"7"], [b"X-ID", b"a:b"], "broken"]), max_size=2)
SCOPES = st.fixed_dictionaries(
    {"type": st.sampled_from(["http", "websocket", "lifespan", "other"])},
    optional={"method": st.sampled_from(["GET", "post"]), "path": WORDS, "headers": HEADERS},
)
BODIES = st.sampled_from([b"hel", b"lo w", b"hello", {"$bytes": b"hel", "$len": 9}, None])
MESSAGES: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda body, more: {"type": "http.request", "body": body, "more_body": more}, BODIES, st.booleans()),
    st.builds(lambda body, more: {"type": "http.response.body", "body": body, "more_body": more}, BODIES, st.booleans()),
    st.builds(
        lambda status, headers: {"type": "http.response.start", "status": status, "headers": headers},
        st.sampled_from([200, 404, 503, "200"]),
        HEADERS,
    ),
    st.sampled_from(["hello", "l", "é世"]).map(lambda text: {"type": "websocket.send", "text": text}),
    st.sampled_from(["accept", "close", "disconnect"]).map(lambda word: {"type": f"websocket.{word}"}),
    st.just({"type": "lifespan.startup.failed"}),
)
HAPPENINGS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(Ev.SCOPE), SCOPES.map(lambda scope: {"scope": scope})),
    st.tuples(
        st.sampled_from([Ev.RECEIVE_END, Ev.SEND_BEGIN, Ev.SEND_END]), MESSAGES.map(lambda message: {"message": message})
    ),
    st.tuples(st.just(Ev.SEND_END), st.sampled_from([{}, {"cancelled": True}, {"raised": {"type": "OSError", "text": "x"}}])),
    st.tuples(st.just(Ev.EXIT), st.sampled_from(["returned", "raised", "cancelled"]).map(lambda how: {"outcome": how})),
    st.tuples(st.sampled_from([Ev.LOG, Ev.NOTE, Ev.SERVER, Ev.GAP]), st.just({"text": "x"})),
)


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """A recording in which time passes, connections interleave, and some lack their scope or their exit."""
    t = 0
    events = []
    for seq, (ev, fields) in enumerate(draw(st.lists(HAPPENINGS, max_size=30)), 1):
        t += draw(st.integers(0, 20))
        conn = draw(st.none() | st.integers(1, 3))
        events.append(Event(seq, t, ev, conn, draw(st.sampled_from([0, 0, 0, 1])), draw(st.integers(0, 2)), fields))
    return events
