"""An event of a file as the raw event that it once was."""

from __future__ import annotations

import marshal
from typing import Any

from asgiviz.model.events import KINDS, LARGE, OTHER, RECEIVE_BROKE, RECEIVE_LARGE, SEND_LARGE, Ev, Event, Raw
from asgiviz.model.values import kept_length

#: ev -> the kind whose payload is one field, and the name of that field; and the kind whose payload are all fields.
_ONE_FIELD: dict[str, tuple[int, str]] = {}
_ALL_FIELDS: dict[str, int] = {}
for _kind, (_ev, _field) in enumerate(KINDS):
    if _field is None:
        _ALL_FIELDS.setdefault(_ev, _kind)
    else:
        _ONE_FIELD.setdefault(_ev, (_kind, _field))
_ALL_FIELDS[Ev.RECEIVE_END] = RECEIVE_BROKE
_LARGE: dict[str, int] = {Ev.RECEIVE_END: RECEIVE_LARGE, Ev.SEND_BEGIN: SEND_LARGE}
#: Bytes of a body from which on it is not packed with its neighbours.
LOOSE = 4_096


def raw_of(event: Event, epoch: int) -> Raw:
    """The raw event that `expand` turns into `event` again (but for its number); any `ev`, known or not."""
    raw = unpacked_raw_of(event, epoch)
    if raw[1] in LARGE or raw[5] is None or type(raw[5]) is bytes:
        return raw
    return (*raw[:5], marshal.dumps(raw[5], 2))


def unpacked_raw_of(event: Event, epoch: int) -> Raw:
    """The same without packing, for a reader that looks at it once and keeps nothing."""
    kind, payload = _kind_of(event.ev, dict(event.fields))
    if type(payload) is bytes:  # bytes are taken for something packed
        payload = marshal.dumps(payload, 2)
    return (event.t + epoch, kind, event.conn, event.layer, event.call, payload)


def _kind_of(ev: str, fields: dict[str, Any]) -> tuple[int, Any]:
    if ev in _ONE_FIELD and fields.keys() == {_ONE_FIELD[ev][1]}:
        kind, field = _ONE_FIELD[ev]
        value = fields[field]
        if ev in _LARGE and isinstance(value, dict) and any(kept_length(part) > LOOSE for part in value.values()):
            kind = _LARGE[ev]
        return kind, value
    if ev in _ALL_FIELDS:
        return _ALL_FIELDS[ev], fields or None
    return OTHER, {**fields, "ev": ev}
