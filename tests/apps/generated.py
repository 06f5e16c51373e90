"""Hypothesis strategies for programs (see `programs`): legal ones, ones that break one rule, and any sequence at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.apps.programs import BUFFERS, SHAPES, Program, Step

bodies = st.binary(max_size=40)
names = st.sampled_from([b"x-one", b"x-two", b"content-type", b"set-cookie", b"vary"])
header_lists = st.lists(st.tuples(names, st.sampled_from([b"", b"1", b"text/plain", b"a=b; path=/"])), max_size=4)
pauses = st.lists(st.sampled_from([("turn", None)]), max_size=2)


def start(status: Any = 200, headers: Any = ()) -> dict[str, Any]:
    """An `http.response.start`."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: Any = b"", **more: Any) -> dict[str, Any]:
    """An `http.response.body`."""
    return {"type": "http.response.body", "body": data, **more}


#: One deviation from the law each: the messages to send, and whether the response has to be started before.
DEVIATIONS: dict[str, tuple[list[Any], bool]] = {
    "body first": ([body(b"early")], False),
    "no type": ([{"status": 200}], False),
    "not a dict": ([5], False),
    "unknown type": ([{"type": "http.response.sned"}], False),
    "header values are text": ([start(headers=[("x", "y")])], False),
    "headers is None": ([{"type": "http.response.start", "status": 200, "headers": None}], False),
    "status is text": ([start("two hundred")], False),
    "second start": ([start()], True),
    "body is text": ([body("text")], True),
    "body is a number": ([body(5.5)], True),
    "after the end": ([body(b"end"), body(b"more"), start()], True),
}


@st.composite
def legal_programs(draw: st.DrawFn, buffers: Sequence[str] = tuple(BUFFERS), shapes: Sequence[str] = tuple(SHAPES)) -> Program:
    """A complete answer, in any number of pieces, the request read before, after or never."""
    steps: Program = [("receive all", None)] if draw(st.booleans()) else []
    head = start(draw(st.sampled_from([200, 201, 404, 500])), draw(header_lists))
    pieces = draw(st.lists(bodies, max_size=3))
    messages: list[Any] = [head, *(body(piece, more_body=True) for piece in pieces)]
    messages.append(draw(st.sampled_from([body(b"end"), {"type": "http.response.body"}, body(b"", more_body=False)])))
    for message in messages:
        steps.append(("send", (message, draw(st.sampled_from(shapes)), draw(st.sampled_from(buffers)))))
        if draw(st.booleans()):
            steps.append(("spoil", None))
        steps.extend(draw(pauses))
    return steps


@st.composite
def illegal_programs(draw: st.DrawFn, deviations: Sequence[str] = tuple(DEVIATIONS), swallowing: bool = True) -> Program:
    """A program that breaks one rule, or raises, or leaves early; it may swallow what send raises, and finish."""
    prefix: Program = [("receive all", None)] if draw(st.booleans()) else []
    deviation = draw(st.sampled_from([*deviations, "raises", "leaves"]))
    operation = draw(st.sampled_from(["send", "try send"])) if swallowing else "send"
    messages, started = DEVIATIONS.get(deviation, ([], draw(st.booleans()) if swallowing else False))
    if started:
        prefix.append(("send", start(headers=draw(header_lists))))
        prefix += [("send", body(piece, more_body=True)) for piece in draw(st.lists(bodies, max_size=2))]
    prefix += [(operation, message) for message in messages]
    if deviation == "raises":
        prefix.append(("raise", "on purpose"))
    elif operation == "try send" and deviation != "leaves":
        prefix += [("try send", start()), ("try send", body(b"after all"))]
    return prefix


anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5))
odd_messages = st.one_of(
    st.sampled_from([message for messages, _ in DEVIATIONS.values() for message in messages]),
    st.dictionaries(st.sampled_from(["type", "status", "headers", "body", "more_body", "text", "bytes", "$x"]), anything),
    st.builds(start, status=anything, headers=st.lists(st.one_of(st.tuples(anything, anything), anything), max_size=3)),
    st.builds(lambda data, more: body(data, more_body=more), anything, anything),
    anything,
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.sampled_from([("receive", None), ("turn", None), ("spoil", None)]),
    st.tuples(
        st.sampled_from(["send", "try send"]),
        st.one_of(
            odd_messages,
            st.tuples(
                st.builds(start, headers=header_lists) | st.builds(body, bodies),
                st.sampled_from(sorted(SHAPES)),
                st.sampled_from(sorted(BUFFERS)),
            ),
        ),
    ),
    st.tuples(st.just("raise"), st.text(max_size=5)),
    st.tuples(st.just("return"), anything),
)
#: Any sequence of steps at all, which no server would survive; for a server stub in memory.
wild_programs = st.lists(steps, max_size=12)
