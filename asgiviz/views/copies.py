"""What is copied when somebody asks for it: a value, a row, an event or a connection as JSON, a request as curl.

Secrets stay masked unless the mask is None; what was seen masked is copied masked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from asgiviz.model.events import Event
from asgiviz.model.masking import Mask
from asgiviz.store.lines import Encoder, event_line
from asgiviz.views.curl import as_curl
from asgiviz.views.spans import Row, text_of
from asgiviz.views.text import literal
from asgiviz.views.tree import Node

__all__ = ["as_curl", "as_json", "row", "value"]


def value(node: Node) -> str:
    """What a node stands for: a text or bytes as such, everything else as JSON; a heading as it is drawn."""
    found = node.value
    if node.read is None:
        return text_of(node.label).strip()
    kept = found.get("$bytes", found.get("$text")) if isinstance(found, Mapping) else found
    if isinstance(kept, str):
        return kept
    if isinstance(kept, bytes):
        return _text_of_bytes(kept)
    if isinstance(found, list) and len(found) == 2 and all(isinstance(part, bytes) for part in found):
        return ": ".join(_text_of_bytes(part) for part in found)  # a header
    return _indented(found)


def row(line: Row) -> str:
    """A row as it is drawn."""
    return text_of(line.spans).strip()


def as_json(what: Event | Iterable[Event], mask: Mask | None) -> str:
    """An event, or all events of a connection, as the lines of a recording."""
    events = [what] if isinstance(what, Event) else what
    return "".join(_line(event, mask) for event in events)


def _line(event: Event, mask: Mask | None) -> str:
    try:
        return event_line(event, mask)
    except (TypeError, ValueError, RecursionError):  # a value that no recording can hold
        return json.dumps({"seq": event.seq, "ev": event.ev, "unreadable": literal(event.fields)}) + "\n"


def _text_of_bytes(kept: bytes) -> str:
    """Bytes as the text they are, or in hexadecimal."""
    try:
        return kept.decode("utf-8")
    except UnicodeDecodeError:
        return kept.hex(" ")


def _indented(found: Any) -> str:
    """A frozen value as JSON, in the notation of a recording."""
    try:
        text = "{" + Encoder(0, None).entries({"value": found}) + "}"
        return json.dumps(json.loads(text)["value"], indent=2, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return literal(found)
