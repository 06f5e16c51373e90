"""What the first bytes of an image tell: its format and its size in pixels."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

#: Bytes that are searched for the size of an SVG image, and segments for that of a JPEG.
_SVG_HEAD, _SEGMENTS = 4096, 500
_SVG = re.compile(rb"<svg\b[^>]*>")
_ATTRIBUTE = re.compile(rb"\b(width|height|viewBox)\s*=\s*[\"']([^\"']{0,80})[\"']")
#: JPEG markers that begin a frame, and so tell the size (DHT, JPG and DAC lie between them and do not).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Picture(NamedTuple):
    """An image: format, and width and height in pixels where they could be read."""

    format: str
    width: int | None = None
    height: int | None = None


def picture(data: bytes) -> Picture | None:
    """The image that these bytes begin; None when they begin none that we know."""
    try:
        for starts, read in _READERS:
            if data.startswith(starts):
                return read(data)
        return _svg(data)
    except (struct.error, IndexError):  # the format is known, the rest was not kept
        return Picture(next(name for start, name in _NAMES if data.startswith(start)))


def _png(data: bytes) -> Picture:
    return Picture("PNG", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> Picture:
    return Picture("GIF", *struct.unpack_from("<HH", data, 6))


def _jpeg(data: bytes) -> Picture:
    place = 2
    for _ in range(_SEGMENTS):
        mark, kind, length = struct.unpack_from(">BBH", data, place)
        if mark != 0xFF:
            break
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return Picture("JPEG", width, height)
        place += 2 + length if kind != 0xFF else 1  # 0xFF may be repeated as a filler
    return Picture("JPEG")


def _webp(data: bytes) -> Picture | None:
    if data[8:12] != b"WEBP":
        return None
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return Picture("WebP", width & 0x3FFF, height & 0x3FFF)
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return Picture("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8X":
            sizes = data[24:30]
            return Picture("WebP", *(1 + (sizes[at] | sizes[at + 1] << 8 | sizes[at + 2] << 16) for at in (0, 3)))
        case _:
            return Picture("WebP")


def _svg(data: bytes) -> Picture | None:
    start = data[:_SVG_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"<") or not (found := _SVG.search(start)):
        return None
    given = {name: value.decode("latin-1") for name, value in _ATTRIBUTE.findall(found[0])}
    box = given.get(b"viewBox", "").replace(",", " ").split()
    width, height = (box[2], box[3]) if len(box) == 4 else ("", "")
    return Picture("SVG", _pixels(given.get(b"width", width)), _pixels(given.get(b"height", height)))


def _pixels(text: str) -> int | None:
    number = re.fullmatch(r"\s*(\d{1,9})(?:\.\d*)?(?:px)?\s*", text)
    return int(number[1]) if number else None


_READERS = ((b"\x89PNG\r\n\x1a\n", _png), ((b"GIF87a", b"GIF89a"), _gif), (b"\xff\xd8\xff", _jpeg), (b"RIFF", _webp))
_NAMES = ((b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"\xff\xd8", "JPEG"), (b"RIFF", "WebP"))
