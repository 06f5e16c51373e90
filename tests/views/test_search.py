"""Search: finds exactly the events in which a person could read the word."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from asgiviz.model.events import (
    BODIES,
    EXIT,
    KINDS,
    LARGE,
    LOG,
    OTHER,
    RECEIVE_BEGIN,
    RECEIVE_BODY_LAST,
    RECEIVE_LARGE,
    SCOPE,
    SEND_BEGIN,
    SEND_BODY,
    Raw,
    payload_of,
)
from asgiviz.model.values import freeze
from asgiviz.views.search import FOLDED, Search
from tests.model.frozen import values

PIECES = st.sampled_from(
    ["Zebra", "zeBRA", "Straße", "STRASSE", "ﬁsh", "Kelvin", "ΟΔΟΣ", "οδος", "é世", "404", "\ud800", "$len", "body"]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=3).map("".join)
LEAVES = (
    TEXTS | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=6) | st.integers() | st.floats()
)
SAID = st.recursive(
    LEAVES | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.integers(), inner, max_size=3),
    max_leaves=6,
)
WORDS = (
    st.sampled_from(
        ["zebra", "ZEBRA", "ss", "ß", "fi", "k", "οδο", "é", "4", "40", "e", "-1", "$", "bytes", "more_body", "request"]
    )
    | TEXTS
)


@st.composite
def events(draw: st.DrawFn) -> Raw:
    """A raw event of any kind with any payload, packed as a probe packs it."""
    kind = draw(st.integers(0, len(KINDS) - 1))
    payload: Any
    if kind in BODIES:
        payload = draw(LEAVES.filter(lambda leaf: isinstance(leaf, bytes)))
        return (0, kind, 1, 0, 1, payload)
    if KINDS[kind][1] is not None:
        payload = freeze(draw(SAID), draw(st.sampled_from([4, 10**6])))
    else:
        payload = freeze(draw(st.dictionaries(st.sampled_from(["text", "error", "zebra", "ev"]), SAID, max_size=3))) or None
    if kind in LARGE and isinstance(payload, dict):
        return (0, kind, 1, 0, 1, payload)
    return (0, kind, 1, 0, 1, None if payload is None else marshal.dumps(payload, 2))


# -- what can be read, told once more and differently: all pieces of text in an event ----------------------------------


def pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$bytes"), bytes):
            yield from pieces(value["$bytes"])
            return
        for key, item in value.items():
            if not key.startswith("$"):
                yield key
            if key != "$len":
                yield from pieces(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from pieces(item)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield hex(value) if isinstance(value, int) and abs(value) >= 10**20 else str(value)


def holds(raw: Raw, word: str) -> bool:
    if raw[5] is None:
        return False
    payload = payload_of(raw)
    fields = (
        [payload] if KINDS[raw[1]][1] is not None else [item for key, item in payload.items() if (raw[1], key) != (OTHER, "ev")]
    )
    return any(word.casefold() in piece.casefold() for field in fields for piece in pieces(field))


@given(events(), WORDS)
def test_an_event_is_found_when_the_word_can_be_read_in_it(raw: Raw, word: str) -> None:
    """Neither more nor less, whatever the kind, the packing, the letters and the case."""
    assert Search(word).finds(1, raw) is holds(raw, word)


@given(events(), st.data())
def test_any_part_of_what_can_be_read_is_found(raw: Raw, data: st.DataObject) -> None:
    """Every stretch of every text, in small letters and in capitals, finds the event it stands in."""
    assume(raw[5] is not None)
    fields = payload_of(raw) if KINDS[raw[1]][1] is None else {"field": payload_of(raw)}
    found = [text for key, item in fields.items() if key != "ev" for text in pieces(item) if text]
    assume(found)
    text = data.draw(st.sampled_from(found))
    start = data.draw(st.integers(0, len(text) - 1))
    word = text[start : data.draw(st.integers(start + 1, len(text)))]
    assert Search(word).finds(1, raw)
    assert Search(word.casefold()).finds(1, raw)


@pytest.mark.parametrize(
    ("word", "kind", "payload"),
    [
        pytest.param("/Orders", SCOPE, {"type": "http", "path": "/orders/7"}, id="path"),
        pytest.param("dry=1", SCOPE, {"query_string": b"dry=1"}, id="query"),
        pytest.param("user-AGENT", SCOPE, {"headers": [[b"user-agent", b"curl/8"]]}, id="header name"),
        pytest.param("curl", SCOPE, {"headers": [[b"user-agent", b"curl/8"]]}, id="header value"),
        pytest.param("http.response.push", SCOPE, {"extensions": {"http.response.push": {}}}, id="key in the scope"),
        pytest.param("64123", SCOPE, {"client": ["127.0.0.1", 64123]}, id="port"),
        pytest.param("404", SEND_BEGIN, {"type": "http.response.start", "status": 404}, id="status"),
        pytest.param("1.5", EXIT, {"outcome": "returned", "value": 1.5}, id="fraction"),
        pytest.param("http.request", RECEIVE_BODY_LAST, b"", id="type of a bare body"),
        pytest.param("grün", SEND_BODY, "Das GRÜNE".encode(), id="bare body"),
        pytest.param("end", RECEIVE_LARGE, {"type": "http.request", "body": b"x" * 70_000 + b"END"}, id="large body"),
        pytest.param("begin", SEND_BEGIN, {"text": {"$text": "Beginning", "$len": 10**6}}, id="$text"),
        pytest.param("begin", SEND_BEGIN, {"bytes": {"$bytes": b"Beginning", "$len": 10**6}}, id="$bytes"),
        pytest.param("session", SCOPE, {"state": {"db": {"$repr": "<Session at 0x7>", "$type": "orm.Session"}}}, id="$repr"),
        pytest.param("lost", LOG, {"level": "ERROR", "text": "Connection LOST"}, id="log"),
        pytest.param("keyerror", EXIT, {"outcome": "raised", "error": {"type": "KeyError", "text": "'id'"}}, id="error"),
    ],
)  # fmt: skip
def test_where_words_are_found(word: str, kind: int, payload: Any) -> None:
    """One example of each place that a person thinks of; and it is not found by everything."""
    packed = payload if kind in (*BODIES, *LARGE) else marshal.dumps(payload, 2)
    assert Search(word).finds(1, (0, kind, 1, 0, 1, packed))
    assert not Search(word + "?").finds(1, (0, kind, 1, 0, 1, packed))


@pytest.mark.parametrize(
    ("word", "text"), [("fish", "a \ufb01sh"), ("kelvin", "\u212aelvin"), ("strasse", "Straße"), ("SSTRASSE", "ẞtraße")]
)
@pytest.mark.parametrize("kind", [LOG, SEND_BODY], ids=["text", "bytes"])
def test_a_plain_word_finds_what_is_written_with_other_letters(word: str, text: str, kind: int) -> None:
    """Ligatures, the long s, the sharp s and the kelvin sign are letters like others to one who does not mind the case."""
    payload = text.encode() if kind == SEND_BODY else marshal.dumps({"text": text}, 2)
    assert Search(word).finds(1, (0, kind, 1, 0, 1, payload))


@pytest.mark.parametrize("word", ["message", "$bytes", 'bytes"', "300000", "true", "none", "4"])
def test_what_nobody_wrote_is_not_found(word: str) -> None:
    """Names of our own fields, our marks, a length, bare truth values, and times and numbers of events are no text."""
    message = {"type": "websocket.send", "x": {"$bytes": b"ab", "$len": 300_000}, "more": True, "reason": None}
    assert not Search(word).finds(4, (4, SEND_BEGIN, 4, 0, 4, marshal.dumps(message, 2)))
    assert not Search(word).finds(4, (4, RECEIVE_BEGIN, 4, 0, 4, None))


def test_an_event_that_cannot_hold_the_word_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search looks at the packed bytes first; only what may hold the word is opened."""
    opened: list[int] = []
    monkeypatch.setattr("asgiviz.views.search.expand", lambda seq, raw, epoch: opened.append(seq))
    for seq, text in enumerate(["horse", "grüner Esel", "donkey " * 1_000], 1):
        assert not Search("zebra").finds(seq, (0, LOG, None, None, None, marshal.dumps({"text": text}, 2)))
    assert opened == []


def test_the_characters_that_fold_to_ascii_letters_are_all_known() -> None:
    """Of all characters exactly these must be looked at twice, or a word in plain letters would miss them."""
    for code in range(0x80, 0x110000):
        character = chr(code)
        folds = any(letter.isascii() for letter in character.casefold())
        assert (FOLDED.fullmatch(character.encode("utf-8", "surrogatepass")) is not None) is folds, hex(code)
