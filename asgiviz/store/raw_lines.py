"""A line of a file straight to a raw event, for readers of millions: the numbers by a pattern, what follows them remembered.

Servers and apps say the same things again and again, so most lines differ in their numbers only. What the pattern does not
know, and what says one of the numbers once more, is read the long way.
"""

from __future__ import annotations

import re
from typing import Any

from asgiviz.model.events import Event, Raw
from asgiviz.store.lines import decode, loads
from asgiviz.store.raw_events import raw_of, unpacked_raw_of

_LINE = re.compile(
    rb'\{"seq":(N),"t":(N),"ev":("[a-z_.]+")(?:,"conn":(N))?(?:,"layer":(N))?(?:,"call":(N))?(.*)\n'.replace(
        b"N", rb"0|[1-9]\d{0,17}"
    )
)
_NUMBERS = ("seq", "t", "conn", "layer", "call")
#: Ends of lines that are remembered, and the longest of them in bytes.
REMEMBERED, LONGEST = 4_096, 1_024


class RawLines:
    """Reads lines; `t` of its events counts from the beginning of the recording."""

    def __init__(self) -> None:
        #: ev and the end of a line -> kind and payload
        self._known: dict[tuple[bytes, bytes], tuple[int, Any]] = {}

    def read(self, line: bytes) -> tuple[int, Raw]:
        """The event of a line, and its number. ValueError when it is none."""
        found = _LINE.fullmatch(line)
        if found is None:
            return _read_all(line)
        seq, t, ev, conn, layer, call, rest = found.groups()
        known = self._known.get((ev, rest)) or self._learn(ev, rest)
        if known is None:
            return _read_all(line)
        return int(seq), (
            int(t),
            known[0],
            None if conn is None else int(conn),
            None if layer is None else int(layer),
            None if call is None else int(call),
            known[1],
        )

    def _learn(self, ev: bytes, rest: bytes) -> tuple[int, Any] | None:
        """What a line says but for its numbers; None when that cannot be told without them."""
        try:
            fields = loads(b'{"ev":%b%b' % (ev, rest))
        except ValueError:
            return None
        kind = fields.pop("ev")
        if not isinstance(kind, str) or not fields.keys().isdisjoint(_NUMBERS):
            return None
        event = Event(0, 0, kind, None, None, None, fields)
        if kind == "scope" or len(rest) > LONGEST:  # hardly any comes twice: it is not worth packing
            raw = unpacked_raw_of(event, 0)
            return raw[1], raw[5]
        raw = raw_of(event, 0)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        known = self._known[ev, rest] = raw[1], raw[5]
        return known


def _read_all(line: bytes) -> tuple[int, Raw]:
    event = decode(line)
    return event.seq, raw_of(event, 0)
