"""However a file ended, and whatever stands in it: everything before the damage is read, and one sentence says the rest."""

from __future__ import annotations

import gzip
import io
import random
import re
from pathlib import Path

import pytest

from asgiviz.model.events import FORMAT_VERSION
from asgiviz.store import reader as reader_module
from asgiviz.store.errors import RecordingError
from asgiviz.store.reader import looks_like_recording, open_recording
from tests.store.files import STOPPED, file_of, is_one_sentence, opened, request, zipped
from tests.store.test_lines import DAMAGED

SMALL = file_of([*request(1), STOPPED])
LARGE = file_of([raw for conn in range(1, 400) for raw in request(conn, random.Random(conn).randbytes(200))] + [STOPPED])
LINES = SMALL.splitlines(keepends=True)


def test_a_whole_file_ends_without_a_word() -> None:
    """A recording whose server stopped is whole: there is nothing to say about its end."""
    for data in (SMALL, zipped(SMALL)):
        reader, events, ending = opened(data)
        assert reader is not None
        assert reader.header.target == "main:app"
        assert [event.seq for event in events] == list(range(1, 10))
        assert ending == ""


def test_a_file_cut_at_any_byte_opens_to_its_last_whole_line() -> None:
    """For every length of the beginning of a file: all whole lines are read, and the end is told."""
    for length in range(len(SMALL)):
        reader, events, ending = opened(SMALL[:length])
        whole = SMALL[:length].count(b"\n")
        assert len(events) == max(0, whole - 1)
        assert (reader is not None) == (whole > 0)
        assert is_one_sentence(ending)


def test_a_gzip_file_cut_at_any_byte_opens_to_its_last_whole_line() -> None:
    """For every cut of a compressed file: what can be decompressed is read line by line, and the end is told."""
    data = zipped(SMALL)
    most = 0
    for length in range(len(data)):
        _, events, ending = opened(data[:length], "file.gz")
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert is_one_sentence(ending)
        assert len(events) >= most
        most = len(events)
    assert most == 9  # all but the checksum at the end was there


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_a_large_file_cut_anywhere_opens_to_its_last_whole_line(compressed: bool) -> None:
    """The same at random bytes of a file of many blocks."""
    data = zipped(LARGE) if compressed else LARGE
    for length in random.Random(1).sample(range(1000, len(data)), 25):
        _, events, ending = opened(data[:length])
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert is_one_sentence(ending)
        whole = LARGE[:length].count(b"\n") - 1 if not compressed else None
        assert whole is None or len(events) == whole
        if compressed:
            assert len(events) >= whole_lines_of_cut_gzip(data[:length]) - 1


def whole_lines_of_cut_gzip(data: bytes) -> int:
    """How many lines the standard library's own decompressor gets out of the beginning of a gzip file."""
    import zlib

    return zlib.decompressobj(31).decompress(data).count(b"\n")


def test_a_recording_that_stops_in_the_middle_says_so() -> None:
    """A file of whole lines without the server's end was written by something that was killed."""
    _, events, ending = opened(b"".join(LINES[:-1]))
    assert len(events) == 8
    assert "stops in the middle" in ending


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_line_ends_the_reading_with_its_number(case: str) -> None:
    """A line that is no event ends the reading; the events before it are there, those behind it are not believed."""
    data = b"".join(LINES[:3]) + DAMAGED[case] + b"".join(LINES[3:])
    _, events, ending = opened(data)
    assert [event.seq for event in events] == [1, 2]
    assert "line 4" in ending
    assert is_one_sentence(ending)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_damage_anywhere_never_raises(compressed: bool) -> None:
    """Flipped bytes at random places give fewer events, other events or a refusal, and a sentence, but never an error."""
    rng = random.Random(2)
    data = zipped(SMALL) if compressed else SMALL
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        reader, events, ending = opened(bytes(damaged))
        assert reader is not None or is_one_sentence(ending)
        assert len(events) <= 9


REFUSED = {
    "empty": (b"", "is empty"),
    "not a recording": (b"hello\nworld\n", "is not an asgiviz recording"),
    "json without the mark": (b'{"a": 1}\n', "is not an asgiviz recording"),
    "a list": (b"[1]\n", "is not an asgiviz recording"),
    "version is text": (b'{"asgiviz": "1"}\n', "is not an asgiviz recording"),
    "version is true": (b'{"asgiviz": true}\n', "is not an asgiviz recording"),
    "no line end": (b'{"asgiviz": 1}', "is not an asgiviz recording"),
    "binary": (bytes(range(256)) * 10, "is not an asgiviz recording"),
    "deep": (b"[" * 1_000_000 + b"\n", "is not an asgiviz recording"),
    "newer": (b'{"asgiviz": %d}\n' % (FORMAT_VERSION + 1), "newer asgiviz"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "gzip of something else": (gzip.compress(b"hello\n"), "is not an asgiviz recording"),
    "gzip magic only": (b"\x1f\x8b", "is not an asgiviz recording"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_recording_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    """A file that is no recording, or from the future, is refused by name and leaves nothing open."""
    data, words = REFUSED[case]
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert is_one_sentence(str(caught.value).replace(str(path), "FILE"))


def test_a_gz_that_is_not_gzip_is_refused_by_that_name(tmp_path: Path) -> None:
    """A plain recording that is called .gz is refused, with the way out."""
    path = tmp_path / "x.asgiviz.gz"
    path.write_bytes(SMALL)
    with pytest.raises(RecordingError, match="rename it"):
        open_recording(path)


def test_gzip_is_known_by_its_bytes_not_by_its_name(tmp_path: Path) -> None:
    """A compressed recording opens under any name; closing the reader closes the file below."""
    path = tmp_path / "x.asgiviz"
    path.write_bytes(zipped(SMALL))
    with open_recording(path) as reader:
        assert len(list(reader)) == 9


@pytest.mark.parametrize("where", ["missing", "a directory", "below a file"])
def test_what_cannot_be_opened_is_refused_in_one_sentence(where: str, tmp_path: Path) -> None:
    """The system's reason is told, without its number and without a traceback."""
    (tmp_path / "file").write_text("x")
    path = {"missing": tmp_path / "none", "a directory": tmp_path, "below a file": tmp_path / "file" / "x"}[where]
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    assert is_one_sentence(str(caught.value).replace(str(path), "FILE"))
    assert "Errno" not in str(caught.value)


def test_a_line_without_an_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line longer than the longest possible one ends the reading before it is whole."""
    monkeypatch.setattr(reader_module, "MAX_LINE", 1000)
    _, events, ending = opened(LINES[0] + LINES[1] + b"x" * 5000 + b"\n")
    assert len(events) == 1
    assert "line 3 is longer than 1,000 bytes" in ending


def test_unknown_kinds_and_keys_are_passed_on(tmp_path: Path) -> None:
    """A reader ignores what it does not know: an event of a later minor version is still an event."""
    line = b'{"seq":1,"t":1,"ev":"quantum.leap","conn":7,"more":{"$new":1}}\n'
    _, events, _ = opened(LINES[0] + line)
    assert (events[0].ev, events[0].conn, events[0].fields) == ("quantum.leap", 7, {"more": {"$new": 1}})


def test_a_header_of_wrong_types_is_still_a_header() -> None:
    """Wrong types in the first line become text or nothing; unknown keys are kept."""
    head = b'{"asgiviz":1,"started":5,"server":"x","layers":7,"python":null,"target":[1],"new":true}\n'
    reader, _, _ = opened(head)
    assert reader is not None
    assert (reader.header.server, reader.header.layers, reader.header.target) == ({}, [], "[1]")
    assert reader.header.more == {"new": True}


STARTS = {
    "plain": (SMALL[:4096], True),
    "gzip": (zipped(SMALL)[:4096], True),
    "cut": (SMALL[:15], True),
    "text": (b"hi", False),
}
STARTS |= {"json": (b'{"a":1}\n', False), "gzip text": (gzip.compress(b"x"), False), "bad gzip": (b"\x1f\x8b\x00\x00", False)}


@pytest.mark.parametrize("case", STARTS)
def test_only_a_recording_may_be_replaced(case: str) -> None:
    """The beginning of a file tells whether it is ours to overwrite."""
    start, ours = STARTS[case]
    assert looks_like_recording(start) is ours


def test_the_events_come_one_by_one() -> None:
    """The first event is there before the rest of the file is read."""
    stream = io.BytesIO(LARGE)
    reader = reader_module.read_stream(io.BufferedReader(stream, 8192), "x")
    assert next(iter(reader)).seq == 1
    assert stream.tell() <= 3 * 8192
    assert re.match("stdin|x", reader.name)
