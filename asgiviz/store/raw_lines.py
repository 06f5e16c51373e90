"""A line of a file straight to a raw event, for readers of millions: the numbers by a pattern, what follows them remembered.

Servers and apps say the same things again and again, so most lines differ in their numbers only. What the pattern does not
know is read the long way.
"""

from __future__ import annotations

import re
from typing import Any

from asgiviz.model.events import Raw
from asgiviz.store.lines import decode
from asgiviz.store.raw_events import raw_of, unpacked_raw_of

_LINE = re.compile(
    rb'\{"seq":(\d{1,18}),"t":(\d{1,18}),"ev":("[a-z_.]+")(?:,"conn":(\d{1,18}))?(?:,"layer":(\d{1,18}))?(?:,"call":(\d{1,18}))?(.*)\n'
)
#: Ends of lines that are remembered, and the longest of them in bytes.
REMEMBERED, LONGEST = 4_096, 1_024


class RawLines:
    """Reads lines; `t` of its events counts from the beginning of the recording."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], tuple[int, Any]] = {}

    def read(self, line: bytes) -> tuple[int, Raw]:
        """The event of a line, and its number. ValueError when it is none."""
        found = _LINE.fullmatch(line)
        if found is None:
            event = decode(line)
            return event.seq, raw_of(event, 0)
        seq, t, ev, conn, layer, call, rest = found.groups()
        known = self._known.get((ev, rest))
        if known is None:
            return self._learn(line, ev, rest, int(seq))
        return int(seq), (
            int(t),
            known[0],
            None if conn is None else int(conn),
            None if layer is None else int(layer),
            None if call is None else int(call),
            known[1],
        )

    def _learn(self, line: bytes, ev: bytes, rest: bytes, seq: int) -> tuple[int, Raw]:
        event = decode(line)
        if ev == b'"scope"' or len(rest) > LONGEST:  # hardly any comes twice: it is not worth packing
            return event.seq, unpacked_raw_of(event, 0)
        raw = raw_of(event, 0)
        if event.seq == seq and event.t == raw[0]:  # no key stands twice in the line
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[ev, rest] = raw[1], raw[5]
        return event.seq, raw
