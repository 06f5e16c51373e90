"""Hypothesis strategies for events that no tap would write, but that a damaged or hostile file may hold."""

from __future__ import annotations

from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event

MARKS = st.sampled_from(["$bytes", "$text", "$len", "$repr", "$type", "$items", "type", "headers", "status", "body", "code"])
FROZEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | MARKS, inner, max_size=4),
    max_leaves=8,
)
TYPES = st.sampled_from(["http", "websocket", "lifespan", "http.response.start", "http.response.body", "websocket.close"])
MESSAGES = FROZEN | st.fixed_dictionaries(
    {"type": TYPES | FROZEN},
    optional=dict.fromkeys(("status", "headers", "body", "text", "bytes", "code", "reason", "more_body"), FROZEN),
)
_CGI = ("REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "CONTENT_LENGTH", "REMOTE_PORT", "HTTP_HOST")
ENVIRONS = FROZEN | st.dictionaries(st.sampled_from(_CGI), FROZEN, max_size=4)
WSGI_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "environ": ENVIRONS,
        **dict.fromkeys(("client", "thread", "status", "headers", "exc_info", "body", "via"), FROZEN),
    },
)
_PLACES = st.fixed_dictionaries({}, optional=dict.fromkeys(("file", "line", "function", "code"), FROZEN))
NOTE_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(["begin", "end"]) | FROZEN,
        "at": _PLACES | FROZEN,
        **dict.fromkeys(("name", "data", "span", "task", "thread"), FROZEN),
    },
)
FIELDS = (
    WSGI_FIELDS
    | NOTE_FIELDS
    | st.dictionaries(
        st.sampled_from(["scope", "message", "raised", "cancelled", "outcome", "error", "value"]), MESSAGES, max_size=4
    )
)
EVENTS = st.builds(
    Event,
    st.integers(),
    st.integers(),
    st.sampled_from([*(ev.value for ev in Ev), "wire", ""]),
    st.none() | st.integers(0, 2),
    st.none() | st.integers(0, 1),
    st.none() | st.integers(0, 3),
    FIELDS,
)
