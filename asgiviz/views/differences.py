"""What differs between two values, header lists, bodies and runs of messages; without a word of how it is drawn.

What differs by chance between two runs of the same thing counts as equal: addresses of objects in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from asgiviz.model.connection import beyond_kept, payload
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import header_pairs, kept_bytes
from asgiviz.views.wsgi_messages import message_of

#: Messages of each side that are compared, and bytes of a body.
MOST_MESSAGES, MOST_BYTES = 1000, 4 * 1024 * 1024
#: A piece of a WSGI app's body; that there is one more cannot be told from it, only from what follows.
_CHUNK = "wsgi.chunk"
#: The messages of a body: a run of them is one body in pieces.
BODIES = ("http.request", "http.response.body", "websocket.http.response.body", _CHUNK)
PAYLOADS = ("body", "bytes", "text")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_DEEPEST = 100
_ABSENT: Any = object()

Item = TypeVar("Item")


class Sign(StrEnum):
    """How the two sides of a line stand to each other; the sign that is drawn between them."""

    #: nothing to compare: a title, a figure
    NEUTRAL = "│"
    #: both have it, and not the same
    CHANGED = "~"
    #: only the left side has it
    ONLY_LEFT = "-"
    #: only the right side has it
    ONLY_RIGHT = "+"


class Difference(NamedTuple):
    """Something with a name that the sides do not share; None on the side that lacks it."""

    sign: Sign
    name: str
    left: Any
    right: Any


class Differences(NamedTuple):
    """How many are equal, and those that are not, in the order of the left side."""

    equal: int
    different: list[Difference]


def key_of(value: Any, depth: int = 0) -> Hashable:
    """Something hashable that is equal for frozen values that are the same; 1, 1.0 and True are not."""
    if depth > _DEEPEST:
        return "deeper"
    if isinstance(value, Mapping):
        if isinstance(shown := value.get("$repr"), str):
            return ("object", str(value.get("$type")), _ADDRESS.sub("0x", shown))
        return ("dict", frozenset((str(name), key_of(item, depth + 1)) for name, item in value.items()))
    if isinstance(value, (list, tuple)):
        return ("list", *(key_of(item, depth + 1) for item in value))
    return (type(value).__name__, repr(value) if isinstance(value, float) else value)


def in_mappings(left: Mapping[Any, Any], right: Mapping[Any, Any], left_out: Collection[str] = ()) -> Differences:
    """The keys that one side lacks, or that have other values."""
    return _of(
        {key: left[key] for key in left if key not in left_out}, {key: right[key] for key in right if key not in left_out}
    )


def in_headers(left: Any, right: Any, left_out: Collection[bytes] = ()) -> Differences:
    """The headers of two frozen lists, by name without case; those with the same name are one, with all their values."""
    return _of(_by_name(left, left_out), _by_name(right, left_out))


def _by_name(headers: Any, left_out: Collection[bytes]) -> dict[str, list[bytes]]:
    grouped: dict[str, list[bytes]] = {}
    for name, value in header_pairs(headers):
        if name.lower() not in left_out:
            grouped.setdefault(name.lower().decode("latin-1"), []).append(value)
    return grouped


def _of(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> Differences:
    different = []
    for name in left:
        if name not in right:
            different.append(Difference(Sign.ONLY_LEFT, str(name), left[name], None))
        elif key_of(left[name]) != key_of(right[name]):
            different.append(Difference(Sign.CHANGED, str(name), left[name], right[name]))
    equal = len(left) - len(different)
    different += [Difference(Sign.ONLY_RIGHT, str(name), None, right[name]) for name in right if name not in left]
    return Differences(equal, different)


def first_difference(left: Sequence[Any], right: Sequence[Any]) -> int | None:
    """The place of the first byte or character that differs, None when there is none."""
    if left == right:
        return None
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Crossing:
    """A message that crossed the line, or a run of them that is one body. `message` is the first, `more` the last's flag.

    `content` is what was kept of its payload, `length` how much there was; `is_text` tells a text from bytes.
    """

    __slots__ = ("_contents", "count", "is_text", "kind", "length", "lost", "message", "more", "receives", "seq")

    def __init__(self, event: Event, message: Mapping[str, Any]) -> None:
        self.receives = event.ev == Ev.RECEIVE_END
        self.seq = event.seq
        self.message = message
        self.kind = message.get("type")
        self.count = 0
        self.length = self.lost = 0
        self.more = False
        self._contents: list[bytes] = []
        value = payload(message)
        self.is_text = isinstance(value, str) or (isinstance(value, Mapping) and "$text" in value)
        self.add(message)

    def add(self, message: Mapping[str, Any]) -> None:
        """One more piece of the body."""
        value = payload(message)
        kept = kept_bytes(value)
        self.lost += beyond_kept(value)
        if self.length < MOST_BYTES:
            self._contents.append(kept)
        self.length += len(kept) + beyond_kept(value)
        self.more = bool(message.get("more_body")) or self.kind == _CHUNK
        self.count += 1

    def continued_by(self, event: Event, message: Mapping[str, Any]) -> bool:
        """Whether the message is a further piece of this body."""
        kind = message.get("type")
        return self.more and kind in BODIES and kind == self.kind and self.receives == (event.ev == Ev.RECEIVE_END)

    @property
    def content(self) -> bytes:
        """The payload, as far as it was kept."""
        return b"".join(self._contents)

    @property
    def likeness(self) -> Hashable:
        """What crossings that can be compared with each other share."""
        return (self.receives, key_of(self.kind))

    @property
    def identity(self) -> Hashable:
        """What equal crossings share. In how many pieces the server read a body is by chance, an app's pieces are not."""
        rest = {name: item for name, item in self.message.items() if name not in (*PAYLOADS, "more_body", "type")}
        pieces = 0 if self.receives else self.count
        return (self.likeness, self.is_text, self.content, self.length, self.more, pieces, key_of(rest))


def crossings(events: Iterable[Event]) -> list[Crossing]:
    """The messages of a connection in the order in which they crossed, bodies in one; the first MOST_MESSAGES."""
    found: list[Crossing] = []
    for event in events:
        message = message_of(event)
        if event.ev == Ev.WSGI_EXIT and found and found[-1].kind == _CHUNK:
            found[-1].more = event.get("outcome") != "returned"
        if not isinstance(message, Mapping):
            continue
        if found and found[-1].continued_by(event, message):
            found[-1].add(message)
        elif len(found) == MOST_MESSAGES:
            break
        else:
            found.append(Crossing(event, message))
    return found


Aligned = tuple[Item | None, Item | None]


def aligned(left: Sequence[Item], right: Sequence[Item], *keys: Callable[[Item], Hashable]) -> list[Aligned[Item]]:
    """Both runs side by side: equals (by the first key) face each other, then those that are alike (by the next one)."""
    if not keys:
        return [*((item, None) for item in left), *((None, item) for item in right)]
    key, *rest = keys
    faced: list[Aligned[Item]] = []
    matcher = SequenceMatcher(None, [key(item) for item in left], [key(item) for item in right], autojunk=False)
    for how, i, i_end, j, j_end in matcher.get_opcodes():
        if how == "equal":
            faced += zip(left[i:i_end], right[j:j_end], strict=True)
        else:
            alike: list[Aligned[Item]] = aligned(left[i:i_end], right[j:j_end], *rest)
            faced += alike
    return faced
