"""An event as the line of a recording, for those who want to see what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiviz.model.events import Event
from asgiviz.model.masking import Mask
from asgiviz.model.values import true_length
from asgiviz.store.lines import event_line
from asgiviz.views.branches import kept_of
from asgiviz.views.figures import size
from asgiviz.views.spans import Role, Span
from asgiviz.views.text import safe
from asgiviz.views.wrapping import Lines, Listing, Wrapped

#: Bytes of a payload that are written into the line.
_RAW = 16 * 1024
_PAYLOADS = ("body", "bytes", "text")


def raw(event: Event, mask: Mask | None) -> Lines:
    """The event as the line of a recording; of a long payload the beginning is written, with its true length."""
    try:
        fields, left_out = _without_long_payload(event.fields)
        text = event_line(event._replace(fields=fields), mask).rstrip("\n")
    except (TypeError, ValueError, RecursionError) as error:  # nothing that a file may hold
        return Listing([[Span(f"this event has no line in a recording: {safe(str(error))}", Role.ERROR)]])
    left = f"\n({size(left_out)} of the payload are left out here)" if left_out else ""
    return Wrapped(text + left)


def _without_long_payload(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    message = fields.get("message")
    if not isinstance(message, Mapping):
        return fields, 0
    long = {key: value for key in _PAYLOADS if _length(value := message.get(key)) > _RAW}
    left_out = sum(_length(value) - _RAW for value in long.values())
    return {**fields, "message": {**message, **{key: _beginning(value) for key, value in long.items()}}}, left_out


def _length(value: Any) -> int:
    kept = kept_of(value)
    return len(kept) if isinstance(kept, (bytes, str)) else 0


def _beginning(value: Any) -> dict[str, Any]:
    kept = kept_of(value)
    return {"$bytes" if isinstance(kept, bytes) else "$text": kept[:_RAW], "$len": true_length(value)}
