"""Masking: secrets are replaced, and their length kept, before a recording leaves the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Names that are masked as a whole.
SECRET_NAMES = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
#: A name that contains one of these is masked.
SECRET_PARTS = ("token", "secret", "password", "api-key", "api_key", "apikey")

#: How the names of headers begin in a WSGI environ, where ``-`` is ``_``.
_WSGI_HEADER = "http_"
#: Keys of a scope or an environ that hold a query string, and those of an environ that hold a path with one.
_QUERIES = frozenset({"query_string", "QUERY_STRING"})
_TARGETS = frozenset({"REQUEST_URI", "RAW_URI"})
#: Fields of events that are searched: lines of log, and what a client asked for.
SEARCHED = ("text", "path")
#: ``name=value`` as it stands in a query string.
_PARAMETER = re.compile(r"(?<=[?&])([^=&?\s\"'<>]+)=([^&\s\"'<>]*)")


class Mask:
    """Replaces secret values by ``*`` of the same length: headers, query parameters and dict entries with a secret name.

    `extra` adds names (case-insensitive, matched whole). Log lines are searched for query parameters, because servers
    log request lines, and so are the paths that clients asked for; bodies, messages and tracebacks are not searched.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        #: the names that are matched whole; `Mask(mask.names)` is the same mask
        self.names = SECRET_NAMES | {name.lower() for name in extra}

    def is_secret(self, name: str) -> bool:
        """Whether a value of this name is replaced."""
        name = name.lower()
        if name.startswith(_WSGI_HEADER):
            name = name.removeprefix(_WSGI_HEADER).replace("_", "-")
        return name in self.names or any(part in name for part in SECRET_PARTS)

    def header(self, name: Any, value: Any) -> Any:
        """The value of the header `name`, masked when its name asks for it, or was cut so that nobody can tell."""
        if isinstance(name, dict):
            if "$len" in name:
                return stars(value)
            name = name.get("$bytes")
        text = name.decode("latin-1") if isinstance(name, bytes) else name
        return stars(value) if isinstance(text, str) and self.is_secret(text) else value

    def query(self, query: bytes) -> bytes:
        """A query string with the values of secret parameters masked."""
        if b"=" not in query:
            return query
        return b"&".join(self._parameter(part) for part in query.split(b"&"))

    def _any_query(self, value: Any) -> Any:
        """A query string in any of its frozen forms: bytes, text, a buffer, the beginning of one."""
        if isinstance(value, str):
            parts = (part.partition("=") for part in value.split("&"))
            return "&".join(name + equals + (stars(item) if self.is_secret(name) else item) for name, equals, item in parts)
        if isinstance(value, dict):
            return {key: item if key in ("$len", "$type") else self._any_query(item) for key, item in value.items()}
        return self.query(value) if isinstance(value, bytes) else value

    def _parameter(self, part: bytes) -> bytes:
        name, equals, value = part.partition(b"=")
        return name + equals + (b"*" * len(value)) if self.is_secret(name.decode("latin-1")) else part

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """All the fields of an event, masked."""
        return {key: self.text(item) if key in SEARCHED else self.value(key, item) for key, item in fields.items()}

    def text(self, text: Any) -> Any:
        """A log line with the values of secret query parameters masked."""
        if isinstance(text, dict) and "$text" in text:
            return {**text, "$text": self.text(text["$text"])}
        return _PARAMETER.sub(self._in_text, text) if isinstance(text, str) and "=" in text else text

    def _in_text(self, match: re.Match[str]) -> str:
        return match[1] + "=" + "*" * len(match[2]) if self.is_secret(match[1]) else match[0]

    def value(self, key: str, value: Any) -> Any:
        """A frozen value that stands under `key`, masked throughout."""
        if key == "headers" and isinstance(value, (list, tuple)):
            return [self._pair(pair) for pair in value]
        if key in _QUERIES:
            return self._any_query(value)
        if key in _TARGETS:
            return self.text(value)
        if isinstance(value, dict):
            if self.is_secret(key):
                return stars(value)
            if isinstance(value.get("$items"), (list, tuple)):
                return {"$items": [self._pair(pair) for pair in value["$items"]]}
            return {name: self.value(name, item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(key, item) for item in value]
        return stars(value) if self.is_secret(key) else value

    def _pair(self, pair: Any) -> Any:
        if isinstance(pair, (list, tuple)) and len(pair) >= 2:  # a third part is not legal, and no place to hide
            return [pair[0], *(self.value("", self.header(pair[0], item)) for item in pair[1:])]
        return pair


def stars(value: Any) -> Any:
    """`value` with every character or byte replaced; numbers, None and truth values stay."""
    if isinstance(value, bytes):
        return b"*" * len(value)
    if isinstance(value, str):
        return "*" * len(value)
    if isinstance(value, (list, tuple)):
        return [stars(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in ("$len", "$type") else stars(item) for key, item in value.items()}
    return value
