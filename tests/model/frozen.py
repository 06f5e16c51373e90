"""Hypothesis strategies for frozen values and raw events: everything that a recording can hold."""

from __future__ import annotations

import marshal
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from asgiviz.model.events import KINDS, Raw
from asgiviz.model.values import freeze


def without_pairs(text: str) -> bool:
    """Whether a text has no high surrogate before a low one: JSON writes such a pair and the character it stands for alike."""
    return not any("\ud800" <= high <= "\udbff" and "\udc00" <= low <= "\udfff" for high, low in pairwise(text))


texts = st.text(st.characters(codec=None), max_size=12).filter(without_pairs)
numbers = st.integers() | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**40]) | st.floats()
atoms = st.none() | st.booleans() | numbers | texts | st.binary(max_size=20)
keys = texts | st.sampled_from(["$bytes", "$len", "$int", "$float", "$repr", "$items", "$", "headers", "seq", "t", "ev"])
odd_keys = keys | st.integers() | st.binary(max_size=5) | st.none() | st.tuples(st.integers(), texts)
#: What an app may put into a message or a state.
values = st.recursive(
    atoms | st.binary(max_size=20).map(bytearray),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(odd_keys, inner, max_size=4),
    max_leaves=12,
)
frozen = st.builds(freeze, values, limit=st.sampled_from([3, 65536]))
headers = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=4)
messages = st.dictionaries(st.sampled_from(["type", "status", "body", "text", "more_body", "$x"]), values, max_size=4).map(
    freeze
)
numbering = st.none() | st.integers(1, 2**40)


@st.composite
def raws(draw: st.DrawFn) -> Raw:
    """A raw event of any kind, with a payload of the shape that this kind has."""
    kind = draw(st.integers(0, len(KINDS) - 1))
    payload: Any
    if KINDS[kind][1] is not None:
        payload = draw(messages | frozen | headers.map(lambda pairs: {"type": "x", "headers": tuple(pairs)}))
    else:
        names = st.sampled_from(["text", "data", "name", "what", "dropped", "raised"])
        payload = draw(st.none() | st.dictionaries(names, frozen, max_size=3))
    if type(payload) is bytes:  # bytes are taken for something packed
        payload = marshal.dumps(payload, 2)
    return (draw(st.integers(0, 2**62)), kind, draw(numbering), draw(numbering), draw(numbering), payload)
