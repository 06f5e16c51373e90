"""Reading straight to raw events is the same as reading events, line by line and to the same end; it is only faster."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asgiviz.model.events import Event, Raw, payload_of
from asgiviz.store import raw_lines
from asgiviz.store.lines import Encoder, event_line, header_line
from asgiviz.store.raw_events import raw_of
from asgiviz.store.raw_lines import RawLines
from asgiviz.store.reader import RecordingReader, read_stream
from tests.model.frozen import raws
from tests.model.malformed import EVENTS
from tests.store.files import HEADER, STOPPED, file_of, request, zipped
from tests.store.test_lines import DAMAGED

HEAD = header_line(HEADER.as_dict()).encode()
WHOLE = file_of([raw for conn in range(1, 60) for raw in request(conn, random.Random(conn).randbytes(50))] + [STOPPED])


def reader_of(data: bytes) -> RecordingReader:
    """A reader of a file with these bytes."""
    return read_stream(io.BufferedReader(io.BytesIO(data)), "file")


def seen(numbered: Iterator[tuple[int, Raw]]) -> list[str]:
    """What raw events say, packed or not; as text, which tells types apart and knows NaN."""
    return [repr((seq, raw[:5], payload_of(raw))) for seq, raw in numbered]


def assert_read_alike(data: bytes) -> list[str]:
    """Both ways of reading give the same events, and say the same of the end; gives these events."""
    long_way, straight = reader_of(data), reader_of(data)
    found = seen(straight.raws())
    assert found == seen((event.seq, raw_of(event, 0)) for event in long_way)
    assert straight.ending == long_way.ending
    return found


@given(st.lists(st.builds(event_line, EVENTS) | st.builds(Encoder(0, None).line, st.integers(1, 2**40), raws()), max_size=8))
def test_any_events_are_read_alike(lines: list[str]) -> None:
    """Those that a tap has written and those that only a hostile file holds; once, and again with what is remembered."""
    data = HEAD + "".join(lines * 2).encode()
    assert_read_alike(data)
    assert_read_alike(gzip.compress(data))


#: Keys and values of lines as another program may write them, among them keys that are spelt in another way.
_KEYS = st.sampled_from(["seq", "t", "ev", "conn", "layer", "call", "text", "message", "\\u0063onn", "\\u0065v"])
_NUMBERS = ["0", "1", "2", "7", "-1", "-0", "007", "1.0", "1e3", "true", "null", str(10**18 - 1), str(10**18), str(2**63)]
_VALUES = st.sampled_from(
    [*_NUMBERS, '"exit"', '"log"', '"wire"', '""', '"\ud83d"', "{}", '{"$bytes":"aGk="}', '{"seq":1}', "["]
)
_PAIRS = st.tuples(_KEYS, _VALUES)
_SPACES = st.sampled_from(["", "", "", " ", "\t", "\r"])


@st.composite
def line_texts(draw: st.DrawFn) -> bytes:
    """A line that begins as ours do, or not; with keys in any order, missing or twice, with damage here and there."""
    number = st.sampled_from(_NUMBERS)
    head = [("seq", draw(number)), ("t", draw(number)), ("ev", draw(st.sampled_from(['"exit"', '"log"', '"scope"', "5"])))]
    head += [(key, draw(number)) for key in ("conn", "layer", "call") if draw(st.booleans())]
    rest = draw(st.lists(_PAIRS, max_size=3))
    pairs = draw(st.permutations(head + rest)) if draw(st.integers(0, 4)) == 0 else head + rest
    inside = ",".join(f'"{key}":{draw(_SPACES)}{value}' for key, value in pairs)
    return f"{{{inside}}}{draw(_SPACES)}\n".encode("utf-8", "surrogatepass")


@given(st.lists(line_texts(), min_size=1, max_size=6), st.randoms(use_true_random=False))
@example(
    [b'{"seq":1,"t":1,"ev":"exit","layer":0,"conn":5}\n', b'{"seq":2,"t":2,"ev":"exit","layer":0,"conn":5}\n'], random.Random(1)
)
@example(
    [b'{"seq":1,"t":1,"ev":"exit","conn":1,"conn":1}\n', b'{"seq":1,"t":1,"ev":"exit","conn":2,"conn":1}\n'], random.Random(1)
)
@example(
    [b'{"seq":1,"t":1,"ev":"exit","call":null}\n', b'{"seq":1,"t":1,"ev":"exit","conn":2,"call":null}\n'], random.Random(1)
)
@example([b'{"seq":1,"t":1,"ev":"exit"}\n', b'{"seq":007,"t":1,"ev":"exit"}\n'], random.Random(1))
@example([b'{"seq":1,"t":1,"ev":"exit","conn":1%d}\n' % (10**17 + each) for each in (1, 11)], random.Random(1))
def test_any_lines_are_read_alike(lines: list[bytes], chance: random.Random) -> None:
    """Each line is read as it is by itself, whatever lines came before it; so is what makes it no event."""
    straight = RawLines()
    for line in [*lines, *chance.sample(lines, len(lines))]:
        assert outcome(straight.read, line) == outcome(long_way, line)


def long_way(line: bytes) -> tuple[int, Raw]:
    """A line as an event, and that as a raw one."""
    event: Event = next(iter(reader_of(HEAD + line)))
    return event.seq, raw_of(event, 0)


def outcome(read: Any, line: bytes) -> list[str]:
    """What a line says; nothing when it is no event."""
    try:
        return seen(iter([read(line)]))
    except (ValueError, StopIteration):
        return []


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_told_alike(case: str) -> None:
    """The same sentence about a line that is no event, behind the same events."""
    before = b'{"seq":1,"t":1,"ev":"exit","conn":1,"layer":0,"outcome":"returned"}\n' * 2
    assert len(assert_read_alike(HEAD + before + DAMAGED[case] + before)) == 2


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_a_cut_or_damaged_file_is_read_alike(compressed: bool) -> None:
    """Up to the same line, with the same sentence."""
    data = zipped(WHOLE) if compressed else WHOLE
    chance = random.Random(7)
    assert len(assert_read_alike(data)) == 59 * 8 + 1
    for _ in range(150):
        assert_read_alike(data[: chance.randrange(len(data) // 2, len(data))])
        place = chance.randrange(len(data) - 8 if compressed else len(HEAD), len(data))  # of gzip: the checksum
        assert_read_alike(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])


def test_what_is_remembered_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that all differ fill nothing up, and a long one is not remembered at all."""
    monkeypatch.setattr(raw_lines, "REMEMBERED", 16)
    lines = RawLines()
    for number in range(100):
        assert lines.read(b'{"seq":1,"t":1,"ev":"log","text":"%d"}\n' % number)[1][5] is not None
        assert len(lines._known) <= 16
    before = len(lines._known)
    lines.read(b'{"seq":1,"t":1,"ev":"log","text":"%s"}\n' % (b"x" * raw_lines.LONGEST))
    assert len(lines._known) == before
