"""Search in everything: finds the events whose text holds a word, without unpacking those that cannot.

Text is what an app, a client or a log wrote: texts, byte strings read as UTF-8, numbers as they are written, and the keys
of dicts inside messages and scopes. Not text are the names of the recording's own fields (`message`, `outcome`, …) and of
its `$` forms, which nobody sent, and the bare true, false and null. A word is found within one such piece, in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from asgiviz.model.events import BODIES, Raw, expand
from asgiviz.model.values import kept_bytes

#: A word of these letters may stand in a number, which is packed otherwise than it is written (`inf` and `nan` are numbers).
_NUMERIC = frozenset("0123456789+-.xabcdefin")
#: Numbers that are longer than this are written in hexadecimal.
_BIG = 10**20
#: In UTF-8 the few characters that are ASCII letters to one who does not mind the case: ß, ſ, ﬁ, K (kelvin) and the like.
FOLDED = re.compile(b"\xc3\x9f|\xc4\xb0|\xc5[\x89\xbf]|\xc7\xb0|\xe1\xba[\x96-\x9a\x9e]|\xe2\x84\xaa|\xef\xac[\x80-\x86]")


class Search:
    """Looks for `text`, in any case, in everything an event holds: paths, headers, bodies, messages, logs, errors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._word = text.casefold()
        self._needle = self._word.encode("utf-8", "surrogatepass")
        self._in_number = _NUMERIC.issuperset(self._word)

    def finds(self, seq: int, raw: Raw) -> bool:
        """Whether the event holds the text."""
        payload = raw[5]
        if payload is None:
            return False
        if type(payload) is bytes and raw[1] not in BODIES and not self._in_number and self._is_not_in(payload):
            return False
        return any(map(self._in_value, expand(seq, raw, 0).fields.values()))

    def stands_in(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts holds the text."""
        return any(self._word in text.casefold() for text in texts)

    def _is_not_in(self, data: bytes) -> bool:
        """Whether UTF-8 text among these bytes surely does not hold the word."""
        return self._word.isascii() and self._needle not in data.lower() and FOLDED.search(data) is None

    def _in_value(self, value: Any) -> bool:
        match value:
            case str():
                return self._word in value.casefold()
            case bytes():
                return self._in_bytes(value)
            case None | bool():
                return False
            case int():
                return self._in_number and self._word in (str(value) if abs(value) < _BIG else hex(value))
            case float():
                return self._in_number and self._word in str(value)
            case list() | tuple():
                return any(map(self._in_value, value))
            case {"$bytes": bytes()}:
                return self._in_bytes(kept_bytes(value))
            case dict():
                return any(map(self._in_entry, value.items()))
            case _:
                return False

    def _in_entry(self, entry: tuple[Any, Any]) -> bool:
        key, item = entry
        if isinstance(key, str) and key.startswith("$"):
            return key != "$len" and self._in_value(item)
        return self._in_value(key) or self._in_value(item)

    def _in_bytes(self, value: bytes) -> bool:
        if self._is_not_in(value):
            return False
        return self._word in value.decode("utf-8", "replace").casefold()
