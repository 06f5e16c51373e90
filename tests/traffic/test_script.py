"""A script is data: it survives the way to plain dicts and back, and what is wrong with one is said in a sentence."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from asgiviz.traffic.forms import MAX_FILL, PIECE, Fill, length, pieces, whole
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import (
    STEPS,
    Close,
    Connect,
    Expect,
    ExpectClose,
    HalfClose,
    HangUp,
    Listen,
    OpenWebSocket,
    Ping,
    Pipeline,
    Raw,
    Read,
    Request,
    Reset,
    SendBytes,
    SendFragments,
    SendText,
    Step,
    Wait,
)

texts = some.text(max_size=20)
seconds = some.floats(0, 3600)
sizes = some.integers(0, MAX_FILL)
counts = some.integers(1, 1_000_000)
byte_strings = some.binary(max_size=40) | some.builds(Fill, sizes, some.binary(min_size=1, max_size=5))
parts = some.lists(byte_strings, max_size=3).map(tuple)
latin = some.text(some.characters(max_codepoint=255), max_size=10)
headers = some.lists(some.tuples(latin, latin), max_size=3).map(tuple)
requests = some.builds(Request, texts, texts, headers, parts, seconds, some.booleans(), some.none() | sizes)
steps: some.SearchStrategy[Step] = some.one_of(
    requests,
    some.builds(Pipeline, some.lists(requests, min_size=1, max_size=2).map(tuple)),
    some.builds(Raw, byte_strings),
    some.builds(Read, counts, some.none() | counts, seconds, some.none() | sizes, some.none() | seconds),
    some.builds(Wait, seconds),
    some.sampled_from([Connect(), HangUp(), Reset(), HalfClose(), ExpectClose()]),
    some.builds(OpenWebSocket, texts, some.lists(texts, max_size=2).map(tuple), headers),
    some.builds(SendText, byte_strings),
    some.builds(SendBytes, byte_strings),
    some.builds(SendFragments, parts, some.booleans(), seconds),
    some.builds(Ping, byte_strings, some.booleans()),
    some.builds(Expect, counts, some.none() | texts),
    some.builds(Listen, seconds),
    some.builds(Close, some.integers(1000, 4999), texts),
)
scripts = some.builds(Script, texts, some.lists(steps, max_size=4).map(tuple), seconds, seconds, seconds, some.none() | counts)


@given(scripts)
def test_a_script_survives_the_way_through_json(script: Script) -> None:
    """The plain form of a script, written as JSON and read back, builds the same script."""
    assert Script.from_dict(json.loads(json.dumps(script.as_dict()))) == script


def test_the_property_covers_every_step() -> None:
    """The strategy above knows each step there is."""
    made: set[type[Step]] = {Connect, HangUp, Reset, HalfClose, ExpectClose}
    made |= {Request, Pipeline, Raw, Read, Wait, OpenWebSocket, SendText, SendBytes, SendFragments, Ping, Expect, Listen, Close}
    assert made == set(STEPS.values())


def test_plain_forms_are_short() -> None:
    """What has its default need not be written, one part needs no list, headers may be a table."""
    plain = {"do": "request", "path": "/up", "method": "POST", "headers": {"x-a": "1"}, "body": "hé"}
    script = Script.from_dict({"name": "ann", "steps": [plain, {"do": "read"}]})
    body = "hé".encode()
    assert script.steps == (Request("/up", "POST", headers=(("x-a", "1"),), body=(body,)), Read())
    assert script.as_dict()["steps"][1] == {"do": "read"}


def test_bytes_that_are_no_text_are_written_in_base64() -> None:
    """A byte string that is not UTF-8 becomes a $bytes dict."""
    assert Script("a", (Raw(b"\xff\x00"),)).as_dict()["steps"] == [{"do": "raw", "data": {"$bytes": "/wA="}}]


WRONG: list[tuple[Any, str]] = [
    ([], 'a client is a table such as {"name": "ann", "steps": […]}'),
    ({"name": "ann"}, 'client "ann": the key "steps" is missing'),
    ({"name": "ann", "steps": [], "speed": 1}, 'client "ann": there is no key "speed"; it takes name, steps, delay'),
    ({"name": "ann", "steps": [], "delay": -1}, 'client "ann": "delay" must be seconds from 0 to 3,600, not -1'),
    ({"name": "ann", "steps": [], "delay": math.nan}, 'client "ann": "delay" must be seconds from 0 to 3,600, not nan'),
    ({"name": "ann", "steps": "read"}, 'client "ann": "steps" must be a list of steps'),
    ({"name": "ann", "steps": [{"do": "read"}, {"do": "fly"}]}, 'client "ann", step 2: there is no step "fly"; the steps'),
    ({"name": "ann", "steps": [7]}, 'client "ann", step 1: a step is a table such as {"do": "read"}'),
    ({"name": "ann", "steps": [{"do": "read", "size": 3}]}, 'client "ann", step 1: read: there is no key "size"; it takes'),
    ({"name": "ann", "steps": [{"do": "read", "count": 0}]}, 'client "ann", step 1: read: "count" must be a whole number'),
    ({"name": "ann", "steps": [{"do": "read", "count": True}]}, '"count" must be a whole number from 1 to 1,000,000, not True'),
    ({"name": "ann", "steps": [{"do": "request"}]}, 'client "ann", step 1: request: the key "path" is missing'),
    ({"name": "ann", "steps": [{"do": "raw", "data": {"$bytes": "?"}}]}, 'raw: "data" has a "$bytes" that is not base64'),
    ({"name": "ann", "steps": [{"do": "raw", "data": 5}]}, 'raw: "data" must be text, {"$bytes": base64} or'),
    ({"name": "ann", "steps": [{"do": "raw", "data": {"size": 1, "filling": ""}}]}, 'the unknown key "filling" beside'),
    ({"name": "ann", "steps": [{"do": "raw", "data": {"size": 1 << 40}}]}, '"data" has a "size" that must be a whole number'),
    ({"name": "ann", "steps": [{"do": "request", "path": "/", "headers": 3}]}, '"headers" must be a table or a list of pairs'),
    ({"name": "ann", "steps": [{"do": "request", "path": "/", "headers": {"a": "π"}}]}, '"headers" must keep to Latin-1'),
    ({"name": "ann", "steps": [{"do": "pipeline", "requests": [{"x": 1}]}]}, '"requests" number 1: request: there is no key'),
    ({"name": "ann", "steps": [{"do": "close", "code": 99}]}, '"code" must be a whole number from 1,000 to 4,999, not 99'),
]  # fmt: skip


@pytest.mark.parametrize(("plain", "sentence"), WRONG, ids=[sentence[:60] for _, sentence in WRONG])
def test_what_is_wrong_is_said_in_one_sentence(plain: Any, sentence: str) -> None:
    """A wrong script raises ValueError with one line that names the client, the step and the key."""
    with pytest.raises(ValueError) as caught:
        Script.from_dict(plain)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_steps_made_in_python_are_checked_too() -> None:
    """A step cannot be built with a value that it has no use for."""
    with pytest.raises(ValueError, match='wait: "seconds" must be seconds'):
        Wait(-1)


@given(some.integers(0, 3 * PIECE), some.binary(min_size=1, max_size=9))
def test_a_fill_is_its_pattern_up_to_its_size(size: int, pattern: bytes) -> None:
    """The pieces of a generated body are the pattern, repeated and cut at its size, in pieces of bounded length."""
    fill = Fill(size, pattern)
    assert whole(fill) == (pattern * (size // len(pattern) + 1))[:size]
    assert length(fill) == size
    assert all(len(piece) <= PIECE for piece in pieces(fill))
