"""Line by line the format keeps everything: what is written is read back equal, and nothing else is read at all."""

from __future__ import annotations

import json
import marshal
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import EXIT, NOTE, RECEIVE_END, SEND_BEGIN, Raw, expand
from asgiviz.model.masking import Mask
from asgiviz.model.values import freeze, plain_lists
from asgiviz.store.lines import Encoder, decode, event_line
from tests.model.frozen import frozen, raws
from tests.store.files import is_one_sentence


def same(one: Any, other: Any) -> bool:
    """Equality that tells types apart, knows NaN and minus zero."""
    return repr(one) == repr(other)


@given(raws(), st.integers(1, 2**40))
def test_an_event_survives_the_round_trip(raw: Raw, seq: int) -> None:
    """Every event of every kind comes back with the same types and values."""
    event = expand(seq, raw, 0)
    line = Encoder(0, None).line(seq, raw)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert line.isascii()
    back = decode(line)
    assert same(tuple(back), (*event[:2], str(event.ev), *event[3:]))


@given(raws(), st.integers(1, 2**40))
def test_a_line_survives_being_written_again(raw: Raw, seq: int) -> None:
    """What was read is written as it was: `event_line` is the inverse of `decode`."""
    event = decode(Encoder(0, None).line(seq, raw))
    assert same(decode(event_line(event)), event)


@given(raws())
def test_every_line_is_json_for_any_other_program(raw: Raw) -> None:
    """No NaN, no infinity, no number beyond 64 bits stands in a line as such."""

    def refuse(text: str) -> Any:
        raise AssertionError(text)

    json.loads(
        Encoder(0, None).line(1, raw), parse_constant=refuse, parse_int=lambda text: abs(int(text)) <= 2**63 or refuse(text)
    )


EXACT = {
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "minus zero": -0.0,
    "tiny": 5e-324,
    "2**63": 2**63,
    "-2**63": -(2**63),
    "2**63-1": 2**63 - 1,
    "6000 digits": 10**6000,
    "true": True,
    "one": 1,
    "empty bytes": b"",
    "all bytes": bytes(range(256)),
    "empty text": "",
    "surrogate": "\ud800x\udfff",
    "control": "\x00\x1b[31m\r\n\u2028",
    "astral": "😀",
    "dollar": {"$bytes": "x", "$int": 1, "plain": [{"$float": "nan"}]},
    "odd keys": {1: {2: {None: b"x"}}, (1, "a"): 2},
    "nested": [[[{"a": [{"b": b"c"}]}]]],
}


@pytest.mark.parametrize("case", EXACT)
def test_hard_values_come_back_exactly(case: str) -> None:
    """The values that JSON has no word for survive the file."""
    value = freeze({"type": "x", "value": EXACT[case]})
    line = Encoder(0, None).line(1, (0, SEND_BEGIN, 1, 0, 1, value))
    back = decode(line).fields["message"]
    assert back == plain_lists(value) or same(back, plain_lists(value))  # NaN equals nothing, 6,000 digits have no repr
    assert type(back["value"]) is type(plain_lists(value)["value"])


def test_a_surrogate_pair_comes_back_as_its_character() -> None:
    """JSON knows only one spelling for a character beyond 16 bits: two halves that an app wrote apart are joined."""
    line = Encoder(0, None).line(1, (0, NOTE, None, None, None, {"name": "\ud83d\ude00"}))
    assert decode(line).get("name") == "😀"


@given(frozen, frozen)
def test_caches_do_not_mix_values_up(one: Any, other: Any) -> None:
    """An encoder that has written one value writes another one as a fresh encoder does."""
    used = Encoder(0, None)
    rows: list[Raw] = [(0, NOTE, None, None, None, {"data": value, "name": "n"}) for value in (one, other, one)]
    assert [used.line(1, raw) for raw in rows] == [Encoder(0, None).line(1, raw) for raw in rows]


@pytest.mark.parametrize("mask", [Mask(), None], ids=["masked", "revealed"])
def test_a_packed_payload_gives_the_line_of_the_plain_one(mask: Mask | None) -> None:
    """However often it comes, in whatever kind of event, and after more others than are remembered."""
    payload = {"type": "x", "text": "?token=hush", "token": "hush", "headers": [(b"cookie", b"a=b")]}
    line = Encoder(0, mask).line
    for number in (0, 1, *range(3_000), 0, 1):
        plain = {**payload, "number": number}
        for kind in (SEND_BEGIN, NOTE, EXIT, RECEIVE_END):
            packed: Raw = (number, kind, 1, 0, 1, marshal.dumps(plain, 2))
            assert line(7, packed) == Encoder(0, mask).line(7, (number, kind, 1, 0, 1, plain))


def test_the_deepest_value_that_is_written_can_be_read() -> None:
    """A value as deep as freezing allows, in the form that nests most, comes back."""
    value: Any = 1
    for _ in range(100):
        value = {1: value}
    line = Encoder(0, None).line(1, (0, SEND_BEGIN, 1, 0, 1, freeze(value)))
    assert decode(line).fields["message"] == plain_lists(freeze(value))


DAMAGED = {
    "empty": b"\n",
    "not json": b"hello\n",
    "a list": b"[]\n",
    "a number": b"5\n",
    "null": b"null\n",
    "no keys": b"{}\n",
    "no ev": b'{"seq":1,"t":1}\n',
    "seq is text": b'{"seq":"1","t":1,"ev":"scope"}\n',
    "seq is true": b'{"seq":true,"t":1,"ev":"scope"}\n',
    "seq is a fraction": b'{"seq":1.5,"t":1,"ev":"scope"}\n',
    "t is null": b'{"seq":1,"t":null,"ev":"scope"}\n',
    "ev is a list": b'{"seq":1,"t":1,"ev":[]}\n',
    "conn is text": b'{"seq":1,"t":1,"ev":"scope","conn":"1"}\n',
    "call is a dict": b'{"seq":1,"t":1,"ev":"scope","call":{}}\n',
    "a long number": b'{"seq":' + b"9" * 10_000 + b',"t":1,"ev":"scope"}\n',
    "seq beyond 64 bits": b'{"seq":{"$int":"0x' + b"f" * 6000 + b'"},"t":1,"ev":"x"}\n',
    "call beyond 64 bits": b'{"seq":1,"t":1,"ev":"x","call":' + b"9" * 30 + b"}\n",
    "deep enough for the parser": b'{"seq":1,"t":1,"ev":"x","d":' + b"[" * 700 + b"]" * 700 + b"}\n",
    "deep lists": b'{"seq":1,"t":1,"ev":"x","d":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
    "deep dicts": b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"\n",
    "deep and open": b"[" * 1_000_000 + b"\n",
    "bad base64": b'{"seq":1,"t":1,"ev":"x","d":{"$bytes":"?"}}\n',
    "half base64": b'{"seq":1,"t":1,"ev":"x","d":{"$bytes":"abc"}}\n',
    "base64 of a number": b'{"seq":1,"t":1,"ev":"x","d":{"$bytes":5}}\n',
    "base64 beyond ascii": '{"seq":1,"t":1,"ev":"x","d":{"$bytes":"ö"}}\n'.encode(),
    "int of a list": b'{"seq":1,"t":1,"ev":"x","d":{"$int":[]}}\n',
    "int of words": b'{"seq":1,"t":1,"ev":"x","d":{"$int":"many"}}\n',
    "float of words": b'{"seq":1,"t":1,"ev":"x","d":{"$float":"1.5"}}\n',
    "float of a dict": b'{"seq":1,"t":1,"ev":"x","d":{"$float":{}}}\n',
    "a whole line of bytes": b'{"$bytes":""}\n',
    "not utf-8": b'{"seq":1,"t":1,"ev":"\xff"}\n',
    "nul": b"\x00" * 100 + b"\n",
    "control": b'{"seq":1,"t":1,"ev":"\x01"}\n',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_line_is_a_value_error(case: str) -> None:
    """Whatever stands in a line, the decoder gives an event or one ValueError with a sentence."""
    with pytest.raises(ValueError) as caught:
        decode(DAMAGED[case])
    assert is_one_sentence(str(caught.value))


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_make_the_decoder_stumble(line: bytes) -> None:
    """Random bytes are no event, and nothing worse."""
    with pytest.raises(ValueError):
        decode(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$bytes", "$int", "$float", "$text", "$len", "$items", "seq", "t", "ev"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["seq", "t", "ev", "conn", "layer", "call", "message", "$bytes"]), json_values))
def test_no_json_makes_the_decoder_stumble(value: Any) -> None:
    """A line of well-formed JSON is an event with checked types, or a ValueError."""
    try:
        event = decode(json.dumps(value))
    except ValueError as error:
        assert is_one_sentence(str(error))  # noqa: PT017  # either way is right
    else:
        assert type(event.seq) is type(event.t) is int
        assert isinstance(event.ev, str)
