"""Search in everything: finds the events whose text holds a word, without unpacking those that cannot.

The packed payload is looked at first (a word is in it as UTF-8, whatever the format around it); what passes is written
out and looked at again, so that a hit is one that a person can see.
"""

from __future__ import annotations

from typing import Any

from asgiviz.model.events import Raw, expand
from asgiviz.model.values import kept_bytes


class Search:
    """Looks for `text`, in any case, in everything an event holds: paths, headers, bodies, messages, logs, errors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._word = text.casefold()
        self._needle = text.encode("utf-8", "surrogatepass").lower()

    def finds(self, seq: int, raw: Raw) -> bool:
        """Whether the event holds the text."""
        payload = raw[5]
        if payload is None:
            return False
        if type(payload) is bytes and self._needle.isascii() and self._needle not in payload.lower():
            return False
        return self._in_value(expand(seq, raw, 0).fields)

    def _in_value(self, value: Any) -> bool:
        if isinstance(value, dict):
            if isinstance(value.get("$bytes"), bytes):
                return self._needle in kept_bytes(value).lower()
            return any(self._word in str(key).casefold() or self._in_value(item) for key, item in value.items())
        if isinstance(value, (list, tuple)):
            return any(map(self._in_value, value))
        if isinstance(value, bytes):
            return self._needle in value.lower()
        return value is not None and self._word in str(value).casefold()
