"""Reading a message once: its type, the part it plays, and everything that is wrong with it whatever came before.

Apps say the same things again and again, so what was read is remembered by the packed payload.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from asgiviz.model.connection import payload_length
from asgiviz.model.events import BODIES, Raw
from asgiviz.model.values import header_pairs
from asgiviz.protocol import http_machine
from asgiviz.protocol.contents import CONTENTS, OBJECTS, value_flaws
from asgiviz.protocol.fields import MESSAGES, Field, field_flaws
from asgiviz.protocol.shapes import Flaw, by_text, entries, is_dict, told
from asgiviz.protocol.standing import NO_MESSAGE, NO_TYPE, part_of
from asgiviz.protocol.transitions import Part

#: Packed messages that are remembered, and the longest of them in bytes.
REMEMBERED, LONGEST = 4_096, 2_048


class Head(NamedTuple):
    """What the start of a response says: `declared` is its content-length where there is one that can be read."""

    status: int | None
    names: frozenset[bytes]
    declared: int | None


class Reading(NamedTuple):
    """A message as the judge sees it. `what` is empty where it has no type; `size` counts the bytes of its payload; `gated` are
    its fields that an older server does not know."""

    what: str
    part: Part
    flaws: tuple[Flaw, ...]
    message: Mapping[str, Any]
    size: int
    gated: tuple[Field, ...] = ()
    head: Head | None = None


class Reader:
    """Reads messages, and remembers what it read."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], Reading] = {}

    def read(self, raw: Raw) -> Reading:
        """The message of a receive that came back, or of a send that began."""
        kind, payload = raw[1], raw[5]
        if kind in BODIES and type(payload) is bytes:
            what, more = BODIES[kind]
            return Reading(what, Part.MORE if more else Part.LAST, (), _NOTHING, len(payload))
        if type(payload) is not bytes:
            return read_message(payload)
        key = (kind, payload)
        known = self._known.get(key)
        if known is None:
            known = read_message(marshal.loads(payload))
            if len(payload) <= LONGEST:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[key] = known
        return known


_NOTHING: Mapping[str, Any] = {}
_GATED = {what: gated for what, fields in MESSAGES.items() if (gated := tuple(field for field in fields if field.too_early))}


def read_message(frozen: Any) -> Reading:
    """A frozen message, and what is wrong with it."""
    if not is_dict(frozen):
        return Reading("", Part.ANY, (Flaw(NO_MESSAGE.rule, f"The message is {told(frozen)}, and must be a dict."),), {}, 0)
    message = by_text(frozen)
    what = message.get("type")
    flaws = []
    if not isinstance(what, str):
        said = "The message has no type." if what is None else f"The type of the message is {told(what)}, and must be a text."
        flaws.append(Flaw(NO_TYPE.rule, said))
        what = ""
    flaws += _flaws(what, message, frozen)
    return Reading(
        what,
        part_of(what, message),
        tuple(dict.fromkeys(flaws)),
        message,
        payload_length(message),
        _GATED.get(what, ()),
        _head(what, message),
    )


def _flaws(what: str, message: Mapping[str, Any], frozen: dict[str, Any]) -> Iterator[Flaw]:
    at_fault = set()
    for key, flaw in field_flaws(MESSAGES.get(what, ()), message):
        at_fault.add(key)
        yield flaw
    for content in CONTENTS.get(what, ()):
        yield from content(message)
    told_about = at_fault | OBJECTS.get(what, set()) | {"headers"}
    if "$items" in frozen:
        rest = {"$items": [pair for pair in entries(frozen) if not (isinstance(pair[0], str) and pair[0] in told_about)]}
        yield from value_flaws("The message", rest)
        return
    for key, value in message.items():
        if key not in told_about:
            yield from value_flaws(key, value)


def _head(what: str, message: Mapping[str, Any]) -> Head | None:
    if what != http_machine.START:
        return None
    headers = [(name.lower(), value) for name, value in header_pairs(message.get("headers"))]
    lengths = [value for name, value in headers if name == b"content-length"]
    readable = len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) < 19
    status = message.get("status")
    return Head(
        status if type(status) is int else None, frozenset(name for name, _ in headers), int(lengths[0]) if readable else None
    )
