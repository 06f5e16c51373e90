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
FIELDS = st.dictionaries(
    st.sampled_from(["scope", "message", "raised", "cancelled", "outcome", "error", "value"]), MESSAGES, max_size=4
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
