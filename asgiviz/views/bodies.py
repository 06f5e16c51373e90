"""From bytes and what the headers say about them to forms a person can read; nothing is worked out before it is looked at.

A form is named and has lines. The first is the one that says most, the last is always the bytes themselves. What cannot
be read (other compressions, broken JSON) says so in its place; nothing here raises.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from asgiviz.model.connection import beyond_kept
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import kept_bytes
from asgiviz.views.body_hex import Hex
from asgiviz.views.body_images import Picture, picture
from asgiviz.views.body_json import JSON_LIMIT, Complaint, JsonLines, parsed
from asgiviz.views.body_parts import content_type as split_content_type
from asgiviz.views.body_parts import multipart, server_sent, urlencoded
from asgiviz.views.figures import size
from asgiviz.views.messages import is_text
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import fit
from asgiviz.views.wrapping import Lines, Listing, Wrapped
from asgiviz.views.wsgi_messages import message_of

#: Bytes of a text that are laid out at a time; a longer one has several parts.
PART = 64 * 1024
#: The most that a compressed body is unpacked to.
UNPACKED = 1024 * 1024
#: The most that is joined of the bodies of several messages.
JOINED = 64 * 1024 * 1024
#: Messages whose bodies, in a row, are one body.
BODY_MESSAGES = frozenset({"http.request", "http.response.body", "websocket.http.response.body", "wsgi.chunk"})
#: Codecs of Python that are no character sets of the web, or are slow on purpose-made input.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem"})


class Form:
    """One way to look at a body: a name, a remark in a few words, and its lines, in one or several parts.

    `count` and `row` are those of the first part, and of a last row that tells how many further bytes there are.
    """

    def __init__(self, name: str, remark: str, make: Callable[[int], Lines], parts: int = 1, beyond: int = 0) -> None:
        self.name = name
        self.remark = remark
        self.parts = parts
        self._make = make
        self._beyond = beyond  # bytes in the further parts
        self._first: Lines | None = None

    def part(self, index: int) -> Lines:
        """The lines of one part."""
        return self._make(index)

    def count(self, width: int) -> int:
        """The rows at this width."""
        return self._lines.count(width) + (self.parts > 1)

    def row(self, index: int, width: int) -> Spans:
        """One row, at most `width` columns wide."""
        if self.parts > 1 and index == self._lines.count(width):
            return [Span(fit(f"… ({size(self._beyond)} more)", width), Role.QUIET)]
        return self._lines.row(index, width)

    @property
    def _lines(self) -> Lines:
        if self._first is None:
            self._first = self._make(0)
        return self._first


class _Body(NamedTuple):
    """What a form is chosen by."""

    data: bytes
    kind: str
    parameters: Mapping[str, str]
    missing: int  # bytes that were not kept


def forms(body: bytes, content_type: str = "", encoding: str = "", true_length: int | None = None) -> list[Form]:
    """The forms of a body, the best first; `encoding` is the content-encoding, `true_length` says how long it really was."""
    missing = max(0, (len(body) if true_length is None else true_length) - len(body))
    if not body:
        absent = f"none of its {size(missing)} were kept" if missing else "empty: no bytes"
        return [_said("empty", absent, Role.QUIET)]
    kind, parameters = split_content_type(content_type)
    raw = Form("hex", size(len(body)), lambda _: Hex(body))
    codings = [name for name in encoding.lower().replace(" ", "")[:200].split(",") if name not in ("", "identity")]
    if not codings:
        return [*_plain_forms(_Body(body, kind, parameters, missing)), raw]
    unpacked = _unpacked(body, codings)
    name = fit(", ".join(reversed(codings)), 40)
    if isinstance(unpacked, str):
        return [_said(name, unpacked, Role.ERROR), raw]
    cut = ", its beginning" if len(unpacked) == UNPACKED else ""
    inner = _plain_forms(_Body(unpacked, kind, parameters, missing + len(cut))) or [
        Form("unpacked", "", lambda _: Hex(unpacked))
    ]
    for form in inner:
        form.remark = ", ".join(filter(None, [form.remark, f"unpacked from {name} to {size(len(unpacked))}{cut}"]))
    return [*inner, raw]


def best(found: list[Form]) -> Form:
    """The form that says most."""
    return found[0]


def query_forms(query: bytes) -> list[Form]:
    """The forms of a query string."""
    if not query:
        return forms(query)
    return [Form("query", "decoded", lambda _: urlencoded(query)), *forms(query)]


def joined(events: Iterable[Event], way: str, layer: int | None = 0) -> tuple[bytes, int, bool]:
    """The body that went one way through a layer (``receive``: to the app, ``send``: to the server) in several messages.

    What was kept of it, how long it really was, and whether this is all of it: the last message was seen, no byte was
    left out.
    """
    pieces: list[bytes] = []
    kept = length = 0
    ended, gap = False, False
    for message in _body_messages(events, way, layer):
        body = message.get("body")
        piece, beyond = kept_bytes(body), beyond_kept(body)
        length += len(piece) + beyond
        if gap or kept + len(piece) > JOINED:
            gap = True
        else:
            pieces.append(piece)
            kept += len(piece)
            gap = beyond > 0  # what follows a hole would stand in the wrong place
        ended = not message.get("more_body")
    return b"".join(pieces), length, ended and not gap


def _body_messages(events: Iterable[Event], way: str, layer: int | None) -> Iterable[Mapping[str, Any]]:
    wanted = (Ev.SEND_BEGIN, Ev.WSGI_CHUNK) if way == "send" else (Ev.RECEIVE_END,)
    for event in events:
        if event.ev in wanted and (event.layer or 0) == (layer or 0):
            message = message_of(event)
            if isinstance(message, Mapping) and _named(message.get("type")) in BODY_MESSAGES:
                yield message


def body_messages(events: Iterable[Event], way: str, layer: int | None, most: int) -> int:
    """How many messages that body came in, counted up to `most`."""
    return sum(1 for _ in zip(range(most), _body_messages(events, way, layer), strict=False))


def _named(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _said(name: str, text: str, role: Role) -> Form:
    return Form(name, "", lambda _: Listing([[Span(text, role)]]))


def _plain_forms(body: _Body) -> list[Form]:
    """The forms of bytes that are not compressed, without the bytes themselves."""
    image = picture(body.data)
    special = _declared(body) or _found_out(body)
    found = [_image(image, body)] if image is not None else []
    found += [special] if special is not None else []
    if is_text(body.data) or (image is None and _is_declared_text(body)):
        found.append(_text(body))
    return found


def _declared(body: _Body) -> Form | None:
    """The form that the content-type asks for."""
    if _is_json(body) and not _why_no_json(body):
        return Form("JSON", "", lambda _: JsonLines(_decoded(body.data, _charset(body, "utf-8"))))
    if body.kind == "application/x-www-form-urlencoded":
        return Form("form", "decoded", lambda _: urlencoded(body.data))
    if body.kind.startswith("multipart/"):
        return Form("multipart", "", lambda _: multipart(body.data, body.parameters.get("boundary", "")))
    if body.kind == "text/event-stream":
        return Form("events", "server-sent", lambda _: server_sent(body.data))
    return None


def _found_out(body: _Body) -> Form | None:
    """JSON that nobody declared, as in most WebSocket messages."""
    undeclared = body.kind in ("", "text/plain", "application/octet-stream")
    if not undeclared or body.missing or len(body.data) > JSON_LIMIT or body.data.lstrip()[:1] not in (b"{", b"["):
        return None
    text = _decoded(body.data, "utf-8")
    return None if isinstance(parsed(text), Complaint) else Form("JSON", "not declared", lambda _: JsonLines(text))


def _is_json(body: _Body) -> bool:
    subtype = body.kind.rpartition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def _why_no_json(body: _Body) -> str:
    """Why a body that is declared as JSON is not laid out; empty when it is."""
    if body.missing:
        return f"JSON without its last {size(body.missing)}, which were not kept"
    return f"JSON of more than {size(JSON_LIMIT)}, not laid out" if len(body.data) > JSON_LIMIT else ""


def _image(image: Picture, body: _Body) -> Form:
    pixels = f"{image.width:,} × {image.height:,} pixels" if image.width is not None and image.height is not None else ""
    length = size(len(body.data) + body.missing)
    rows = [[Span(f"{image.format} image", Role.STRONG)], *([[Span(pixels)]] if pixels else []), [Span(length)]]
    return Form("image", ", ".join(filter(None, [image.format, pixels])), lambda _: Listing(rows))


def _is_declared_text(body: _Body) -> bool:
    return body.kind.startswith("text/") or "charset" in body.parameters


def _text(body: _Body) -> Form:
    charset = _charset(body, "")
    codec = charset or "utf-8"

    def lines(index: int) -> Lines:
        begin, end = _edge(body.data, index * PART, codec), _edge(body.data, (index + 1) * PART, codec)
        return Wrapped(_decoded(body.data[begin:end], codec), from_bytes=codec == "utf-8")

    parts = -(-len(body.data) // PART)
    remark = ", ".join(filter(None, [charset, _why_no_json(body) if _is_json(body) else ""]))
    return Form("text", remark, lines, parts, len(body.data) - _edge(body.data, PART, codec))


def _edge(data: bytes, place: int, codec: str) -> int:
    """Where a part begins: not inside a character of UTF-8."""
    place = min(place, len(data))
    if codec == "utf-8":
        for _ in range(3):
            if place < len(data) and data[place] & 0xC0 == 0x80:
                place += 1
    return place


def _charset(body: _Body, absent: str) -> str:
    """The declared character set in Python's spelling, if Python knows it."""
    try:
        name = codecs.lookup(body.parameters["charset"][:40]).name
        b"".decode(name)
    except (KeyError, LookupError, ValueError):
        return absent
    return absent if name.replace("_", "-") in _NO_CHARSETS else name


def _decoded(data: bytes, codec: str) -> str:
    errors = "surrogateescape" if codec == "utf-8" else "replace"
    try:
        return data.decode(codec, errors)
    except (LookupError, ValueError):
        return data.decode("latin-1")


def _unpacked(body: bytes, codings: list[str]) -> bytes | str:
    """What the body is without its compressions, at most UNPACKED bytes of it; or why it cannot be unpacked."""
    data = body
    for coding in reversed(codings):
        if coding not in ("gzip", "x-gzip", "deflate"):
            return f"compressed with {fit(coding, 40)}, which is not unpacked here"
        unpacker = zlib.decompressobj(-15 if coding == "deflate" and not _has_zlib_header(data) else 47)
        try:
            data = unpacker.decompress(data[:UNPACKED], UNPACKED)
        except zlib.error as error:
            return f"not {coding}, although the headers say so: {fit(str(error), 60)}"
    return data


def _has_zlib_header(data: bytes) -> bool:
    return len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
