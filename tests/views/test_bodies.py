"""Bodies in forms that a person can read: true to the bytes, bounded, and safe whatever the bytes are."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event
from asgiviz.views.bodies import PART, UNPACKED, Form, best, forms, joined, query_forms
from asgiviz.views.body_images import Picture, picture
from asgiviz.views.wrapping import Wrapped
from tests.views.drawing import fits, texts

KINDS = st.sampled_from(
    [
        "", "text/plain", "text/html; charset=latin-1", "application/json", "application/problem+json; charset=utf-16",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=ab", 'multipart/mixed; boundary="', "image/png",
        "text/event-stream", "text/plain; charset=idna", "text/plain; charset=\0", "\x1b[31m", ";;==;",
    ]
) | st.text(max_size=20)  # fmt: skip
CODINGS = st.sampled_from(["", "gzip", "deflate", "br", "gzip, deflate", "identity", "\x1b"])
STARTS = st.sampled_from(
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"RIFF....WEBPVP8X",
        b"<svg ",
        b"{",
        b"[",
        b"--ab\r\n",
        b"data:",
        b"\xff",
    ]
)
BODIES = st.builds(
    lambda start, rest, pack: pack(start + rest),
    STARTS,
    st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([bytes, gzip.compress, zlib.compress]),
)


def rows(form: Form, width: int = 78) -> list[str]:
    """All rows of a form without the spaces around them."""
    return [row.strip() for row in texts(form, width)]


def named(found: list[Form], name: str) -> Form:
    """The form of this name."""
    return next(form for form in found if form.name == name)


@settings(max_examples=300)
@given(BODIES, KINDS, CODINGS, st.integers(0, 9), st.sampled_from([1, 5, 30, 78, 200]))
def test_no_body_breaks_the_screen(body: bytes, kind: str, coding: str, missing: int, width: int) -> None:
    """Every form of any bytes, whatever the headers say of them, has rows that are printable and fit."""
    found = forms(body, kind, coding, len(body) + missing)
    assert best(found) is found[0]
    for form in (*found, *query_forms(body)):
        assert fits([(form.name, "plain"), (form.remark, "plain")], 10_000)  # type: ignore[list-item]  # pairs will do
        assert all(fits(form.row(index, width), width) for index in range(form.count(width)))


@given(st.binary(min_size=1, max_size=400), st.sampled_from([(20, 4), (40, 8), (78, 16)]))
def test_a_hex_dump_holds_the_bytes(body: bytes, shape: tuple[int, int]) -> None:
    """The hexadecimal column, read back, is the body, and each row begins with its offset."""
    width, each = shape
    offset = 0
    for row in texts(named(forms(body), "hex"), width):
        assert int(row[:4], 16) == offset
        piece = bytes.fromhex(row[6 : 6 + 3 * each - 1])
        assert body[offset : offset + len(piece)] == piece
        offset += len(piece)
    assert offset == len(body)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]) | st.just("\n"), max_size=300), st.integers(2, 50))
def test_wrapped_lines_hold_the_text(text: str, width: int) -> None:
    """The rows of a printable text, put together, are the text without its line ends."""
    assert "".join(texts(Wrapped(text), width)) == text.replace("\n", "").replace("\r", "")


def test_one_long_line_is_wrapped_part_by_part() -> None:
    """A line of ten million characters is laid out in parts, and a last row counts what follows the first."""
    form = best(forms(b"x" * 10_000_000, "text/plain"))
    assert form.count(100) == -(-PART // 100) + 1
    assert form.row(form.count(100) - 1, 100)[0].text == f"… ({10_000_000 - PART:,} B more)"
    assert form.parts == -(-10_000_000 // PART)
    assert sum(len(row) for row in texts(form.part(form.parts - 1), 100)) == 10_000_000 % PART


def test_a_part_does_not_begin_inside_a_character() -> None:
    """Where a long text is divided, no character of UTF-8 is torn."""
    form = best(forms("x世".encode() * PART, "text/plain; charset=utf-8"))
    assert all("\\x" not in row for index in range(form.parts) for row in texts(form.part(index)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('aé世[]"\\/ ', max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("kö", max_size=4), inner, max_size=4),
        max_leaves=20,
    )
)
def test_json_is_laid_out_as_python_does(value: Any) -> None:
    """The rows of a JSON body are those of json.dumps with an indent of two."""
    body = json.dumps(value).encode()
    form = next((form for form in forms(body, "application/json") if form.name == "JSON"), None)
    assert form is not None
    shown = [row.replace("\u3000", " ") for row in texts(form, 400)]
    assert shown == json.dumps(value, indent=2, ensure_ascii=False).split("\n")


def test_json_keeps_what_python_would_lose() -> None:
    """Numbers stand as they were written, and a key that is there twice stands twice."""
    body = b'{"a": 1.0e2, "a": 12345678901234567890123, "b": -0.10}'
    assert rows(best(forms(body, "application/json"))) == [
        "{",
        '"a": 1.0e2,',
        '"a": 12345678901234567890123,',
        '"b": -0.10',
        "}",
    ]


def test_broken_json_says_where() -> None:
    """What is no JSON is told with line and column, and the place is pointed at."""
    first, line, sign = texts(best(forms(b'{"a": 1,\n "b": oops}', "application/json")))
    assert first == "not JSON: expecting value at line 2, column 7"
    assert line.index("oops") == sign.index("▲")


def test_json_nested_too_deeply_is_no_trap() -> None:
    """A hundred thousand brackets are answered in a sentence."""
    assert rows(best(forms(b"[" * 100_000, "application/json"))) == ["nested too deeply to be laid out as JSON"]
    deep = b"[" * 900 + b"]" * 900
    assert len(texts(best(forms(deep, "application/json")))) in (1, 1799)


def test_json_that_was_not_kept_whole_is_shown_as_text() -> None:
    """Half a JSON body is not called broken: it is text, with a word on what is missing."""
    form = best(forms(b'{"a": 1, "b"', "application/json", true_length=100))
    assert (form.name, rows(form)) == ("text", ['{"a": 1, "b"'])
    assert "88 B, which were not kept" in form.remark


def test_json_that_nobody_declared_is_found() -> None:
    """A WebSocket message that is JSON is laid out; one that only begins like it is text."""
    assert best(forms(b'{"op": "join"}')).name == "JSON"
    assert best(forms(b"[INFO] ready")).name == "text"


def test_forms_and_queries_are_decoded() -> None:
    """Fields stand in their order with their repetitions; a name without a sign of equality has no value."""
    body = b"name=Ann+B&tag=%C3%A9&tag=&flag&x=%1b%5B0m"
    expected = ["name  Ann B", "tag   é", "tag", "flag  (no value)", "x     \\x1b[0m"]
    assert rows(best(forms(body, "application/x-www-form-urlencoded"))) == expected
    assert rows(query_forms(body)[0]) == expected


MULTIPART = (
    b'--XX\r\nContent-Disposition: form-data; name="title"\r\n\r\nHello\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a \\"b\\".png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--XX--\r\n"
)


def test_multipart_shows_its_parts() -> None:
    """Each part has its name, file name, size and headers."""
    shown = rows(best(forms(MULTIPART, 'multipart/form-data; boundary="XX"')))
    assert shown[0] == "part 1  name “title”  5 B"
    assert "Hello" in shown
    assert 'part 2  name “file”  filename “a "b".png”  4 B' in shown
    assert "Content-Type: image/png" in shown
    cut = rows(best(forms(MULTIPART[:150], "multipart/form-data; boundary=XX")))
    assert cut[-1] == "the closing boundary is not there"
    assert "of it are here" in "".join(cut)
    assert rows(best(forms(MULTIPART, "multipart/form-data; boundary=YY"))) == [
        "no part: the boundary of the content-type is not in the body"
    ]


def test_server_sent_events_stand_one_by_one() -> None:
    """Each event has its fields; the one that no empty line has ended is marked."""
    body = b": hi\n\nevent: tick\r\nid: 7\r\ndata: 1\r\ndata: 2\r\n\r\ndata: 3\n"
    assert rows(best(forms(body, "text/event-stream; charset=utf-8"))) == [
        "event 1", "comment hi", "event 2", "event   tick", "id      7", "data    1", "data    2",
        "event 3  not ended yet", "data    3",
    ]  # fmt: skip


def _vp8l(width: int, height: int) -> bytes:
    return b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480), Picture("PNG", 640, 480), id="png"),
        pytest.param(b"GIF89a" + struct.pack("<HH", 3, 5), Picture("GIF", 3, 5), id="gif"),
        pytest.param(
            b"\xff\xd8\xff\xe0\0\x06JFIF\xff\xff\xc2\0\x11\x08" + struct.pack(">HH", 30, 40), Picture("JPEG", 40, 30), id="jpeg"
        ),
        pytest.param(b"\xff\xd8\xff\xe0\x7f\xffJ", Picture("JPEG"), id="jpeg, cut"),
        pytest.param(_vp8l(700, 9), Picture("WebP", 700, 9), id="webp, lossless"),
        pytest.param(b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x0f\x01\0\x01\0\0", Picture("WebP", 272, 2), id="webp, extended"),
        pytest.param(b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + b"\x2c\x01\xc8\0", Picture("WebP", 300, 200), id="webp, lossy"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt ", None, id="a sound"),
        pytest.param(b'<?xml version="1.0"?><svg width="20px" height="10.5">', Picture("SVG", 20, 10), id="svg"),
        pytest.param(b'<svg viewBox="0 0 24 12" width="100%">', Picture("SVG", None, 12), id="svg without pixels"),
        pytest.param(b"\x89PNG\r\n\x1a\n", Picture("PNG"), id="png, cut"),
    ],
)
def test_an_image_tells_its_size(data: bytes, expected: Picture | None) -> None:
    """Format and pixels are read from the first bytes; what is not there is not guessed."""
    assert picture(data) == expected


def test_an_image_is_shown_by_its_size_and_bytes() -> None:
    """The form of an image tells format, pixels and length, and the bytes stand beside it."""
    data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1640, 480) + bytes(100)
    found = forms(data, "image/png", true_length=5000)
    assert rows(best(found)) == ["PNG image", "1,640 × 480 pixels", "5,000 B"]
    assert [form.name for form in found] == ["image", "hex"]


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("x-gzip", gzip.compress)])
def test_a_compressed_body_is_unpacked(coding: str, pack: Any) -> None:
    """What the content-encoding says is undone, and told; the bytes as they were sent are there too."""
    packed = pack(b'{"a": 1}')
    found = forms(packed, "application/json", coding)
    assert rows(best(found)) == ["{", '"a": 1', "}"]
    assert best(found).remark == f"unpacked from {coding} to 8 B"
    assert rows(found[-1])[0].startswith("0000  " + packed[:4].hex(" "))


def test_a_compressed_body_cannot_fill_the_memory() -> None:
    """Of a body that unpacks to 64 MB only the beginning is unpacked."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(64)), packer.flush()])
    tracemalloc.start()
    found = forms(bomb, "text/plain", "gzip")
    texts(best(found))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{UNPACKED:,} B, its beginning" in found[0].remark
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("body", "coding", "said"),
    [
        (b"abc", "br", "compressed with br, which is not unpacked here"),
        (
            b"plain text",
            "gzip",
            "not gzip, although the headers say so: Error -3 while",
        ),
    ],
)
def test_what_cannot_be_unpacked_says_so(body: bytes, coding: str, said: str) -> None:
    """Another compression, or bytes that are not what the headers say, is told in a sentence; the bytes are shown."""
    found = forms(body, "text/plain", coding)
    assert rows(found[0])[0].startswith(said)
    assert [form.name for form in found[1:]] == ["hex"]


def test_character_sets_are_followed() -> None:
    """The declared character set decodes; one that nobody knows falls back to UTF-8 with the bytes shown."""
    assert rows(best(forms("é".encode("latin-1"), "text/plain; charset=iso-8859-1"))) == ["é"]
    assert rows(best(forms("é".encode("utf-16"), "text/plain; charset=utf-16"))) == ["é"]
    assert rows(best(forms(b"\xc3\xa9\xff", "text/plain; charset=nonsense"))) == ["é\\xff"]


def test_an_empty_body_says_so() -> None:
    """No bytes are one row, whatever the content-type; bytes that nobody kept are counted."""
    assert rows(best(forms(b"", "application/json"))) == ["empty: no bytes"]
    assert rows(best(forms(b"", "application/json", true_length=9))) == ["none of its 9 B were kept"]


def _send(body: Any, more: bool, layer: int = 0) -> Event:
    return Event(1, 1, Ev.SEND_BEGIN, 1, layer, 1, {"message": {"type": "http.response.body", "body": body, "more_body": more}})


def test_a_body_in_pieces_is_joined() -> None:
    """The pieces of one way and layer stand in order; what was not kept leaves the body incomplete, up to the hole."""
    whole = [_send(b"ab", True), _send(b"XX", True, 1), _send(b"c", False)]
    assert joined(whole, "send") == (b"abc", 3, True)
    assert joined(whole, "receive") == (b"", 0, False)
    assert joined(whole[:2], "send") == (b"ab", 2, False)
    hole = [_send({"$bytes": b"ab", "$len": 10}, True), _send(b"c", False)]
    assert joined(hole, "send") == (b"ab", 11, False)
