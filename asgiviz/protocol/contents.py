"""Rules on what one message says that no type can tell: a status that is none, two payloads in one, a code that cannot be sent.

Each is a small function named after what it looks at; `CONTENTS` says which message it is asked about. They see a frozen
message whose fields may be anything, and keep silent where the fields table has spoken.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from asgiviz.model.finding import Severity
from asgiviz.model.values import header_pairs, kept_bytes, kept_text, true_length
from asgiviz.protocol.shapes import Flaw, entries, is_list, is_text, told

Message = Mapping[str, Any]
LARGEST_REASON = 123
_INT64 = 2**63
_KNOWN_STATUS = frozenset(int(status) for status in HTTPStatus)
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"upgrade"})
_IN_MEMORY = frozenset({"_io.BytesIO", "_io.StringIO"})
#: Containers that a recording could not hold because of their size or depth; they were legal.
_TOO_LARGE = frozenset({"builtins.list", "builtins.dict", "builtins.tuple", "builtins.bytes", "builtins.str"})
#: Message type -> keys whose values may be objects, as the specification itself says.
OBJECTS = {"http.response.zerocopysend": {"file"}, "http.response.debug": {"info"}}


def status(message: Message) -> Iterator[Flaw]:
    """A response's status is a final one that exists."""
    code = message.get("status")
    if type(code) is not int:
        return
    if 100 <= code < 200:
        yield Flaw("HTTP-S-005", f"{code} is an interim status; a response must have a final one, from 200 up.")
    elif code < 100:
        yield Flaw("HTTP-S-005", f"{told(code)} is no status of HTTP; some servers die of it.")
    elif code not in _KNOWN_STATUS:
        yield Flaw(
            "HTTP-S-005", f"{told(code)} is no status that is registered; uvicorn raises KeyError for it.", Severity.WARNING
        )


def response_headers(message: Message) -> Iterator[Flaw]:
    """Headers that are the server's, or that contradict each other."""
    lengths = []
    for name, value in header_pairs(message.get("headers")):
        lower = name.lower()
        if lower == b"content-length":
            lengths.append(value)
        elif lower == b"transfer-encoding":
            yield Flaw("HTTP-S-011", "The app sends transfer-encoding, which is the server's; the server ignores it.")
        elif lower in _HOP_BY_HOP:
            yield Flaw("HTTP-S-014", f"The header {lower.decode('latin-1')} is about the connection, which is the server's.")
    if len(lengths) > 1:
        yield Flaw("HTTP-S-013", f"There are {len(lengths)} content-length headers; there may be one.")
    elif lengths and not re.fullmatch(rb"[0-9]+", lengths[0]):
        yield Flaw("HTTP-S-013", f"content-length is {lengths[0].decode('latin-1')!r}, and must be a number in decimal digits.")


def file_to_send(message: Message) -> Iterator[Flaw]:
    """A file for zero-copy has a descriptor of the operating system."""
    file = message.get("file")
    kind = file.get("$type") if isinstance(file, Mapping) else None
    if "file" in message and kind is None:
        yield Flaw("EXT-ZC-002", f"file is {told(file)}, and must be an open file of the operating system.")
    elif kind in _IN_MEMORY:
        yield Flaw("EXT-ZC-002", f"file is {told(file)}, which has no file descriptor; it must be a real open file.")


def path_to_send(message: Message) -> Iterator[Flaw]:
    """A path to a file is absolute."""
    path = kept_text(message.get("path"))
    if path is not None and not (posixpath.isabs(path) or re.match(r"[A-Za-z]:[\\/]", path)):
        yield Flaw("EXT-PATH-002", f"path is {path!r}, and must be absolute: the server may stand in another directory.")


def sent_payload(message: Message) -> Iterator[Flaw]:
    """A WebSocket message to the client is a text or bytes."""
    yield from _one_payload(message, "WS-S-012")
    if message.get("text") == "" or (message.get("bytes") == b"" and message.get("text") is None):
        yield Flaw("WS-S-013", "The message is empty. That is legal; daphne drops it without a word.")


def received_payload(message: Message) -> Iterator[Flaw]:
    """A WebSocket message from the client is a text or bytes."""
    return _one_payload(message, "WS-R-005")


def _one_payload(message: Message, rule: str) -> Iterator[Flaw]:
    given = [key for key in ("text", "bytes") if message.get(key) is not None]
    if len(given) != 1:
        yield Flaw(
            rule, "The message has both text and bytes; it must have one." if given else "The message has no text and no bytes."
        )


def accept_headers(message: Message) -> Iterator[Flaw]:
    """The subprotocol has a key of its own."""
    if any(name.lower() == b"sec-websocket-protocol" for name, _ in header_pairs(message.get("headers"))):
        yield Flaw("WS-S-007", "sec-websocket-protocol stands among the headers; the key subprotocol is there for it.")


def close_code(message: Message) -> Iterator[Flaw]:
    """A close code is one that may be sent."""
    code = message.get("code")
    if type(code) is int and not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        why = "stands for a connection without a code, and is never sent" if code in (1005, 1006, 1015) else "may not be sent"
        yield Flaw("WS-S-021", f"The close code {told(code)} {why}.")


def close_reason(message: Message) -> Iterator[Flaw]:
    """A reason fits into a control frame."""
    reason = message.get("reason")
    if is_text(reason):
        length = max(len(kept_bytes(reason)), true_length(reason))
        if length > LARGEST_REASON:
            yield Flaw("WS-S-023", f"The reason is {length} bytes long; {LARGEST_REASON} are possible.")


CONTENTS: dict[str, tuple[Callable[[Message], Iterator[Flaw]], ...]] = {
    "http.response.start": (status, response_headers),
    "websocket.http.response.start": (status, response_headers),
    "http.response.zerocopysend": (file_to_send,),
    "http.response.pathsend": (path_to_send,),
    "websocket.receive": (received_payload,),
    "websocket.accept": (accept_headers,),
    "websocket.send": (sent_payload,),
    "websocket.close": (close_code, close_reason),
}


def value_flaws(where: str, value: Any) -> Iterator[Flaw]:
    """What no event may hold, wherever it stands: `where` names the key."""
    if isinstance(value, dict):
        yield from _dict_flaws(where, value)
    elif is_list(value):
        for item in value:
            yield from value_flaws(where, item)
    elif type(value) is int and not -_INT64 <= value < _INT64:
        yield Flaw("CORE-017", f"{where} holds a whole number of {value.bit_length()} bits; 64 with the sign is the most.")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Flaw("CORE-018", f"{where} holds {value}, which no event may hold.")


def _dict_flaws(where: str, value: dict[str, Any]) -> Iterator[Flaw]:
    if "$items" in value:
        for key, item in entries(value):
            if not isinstance(key, str):
                yield Flaw("CORE-015", f"{where} holds a key that is {told(key)}; keys must be texts (str).")
            yield from value_flaws(where, item)
    elif "$repr" in value:
        if value.get("$type") not in _TOO_LARGE:
            yield Flaw(
                "CORE-016", f"{where} holds {told(value)}; only bytes, text, numbers, truth values, None, lists and dicts may."
            )
    elif "$type" in value and "$bytes" in value:
        yield Flaw("CORE-019", f"{where} holds {told(value)} where bytes are meant.")
    elif "$bytes" not in value and "$text" not in value:
        for item in value.values():
            yield from value_flaws(where, item)
