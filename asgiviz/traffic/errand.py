"""An errand: one request, or one WebSocket conversation, that a person sends. It is valid once it is built.

What cannot be sent, or cannot be written down by `errand_text`, is refused with a ValueError whose text is one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from asgiviz.traffic.steps import Close, SendBytes, SendText, Wait

#: What a client does in a conversation, beside listening.
Move = SendText | SendBytes | Wait | Close
Headers = tuple[tuple[str, str], ...]
#: Seconds that all the pauses of a conversation may last together.
MOST_WAITING = 600.0
#: The name that takes the place of a method in the text of a conversation.
WEBSOCKET = "WS"
#: Headers that the client makes itself, in any request and in the handshake of a WebSocket.
MADE_FOR_HTTP = frozenset({"content-length"})
MADE_FOR_WEBSOCKET = MADE_FOR_HTTP | {
    "host",
    "connection",
    "upgrade",
    "transfer-encoding",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-accept",
}
#: It is written as a header, and kept as what it means.
SUBPROTOCOLS = "sec-websocket-protocol"

_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"[\x21-\x7e\xa0-\xff](?:[\t\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?|")  # section 5.5
_UNSENDABLE_CODES = frozenset({1004, 1005, 1006, 1015})  # RFC 6455, section 7.4.1: they stand for the absence of a code
_LONGEST_REASON = 123  # bytes: a close frame holds 125, two of them are the code


@dataclass(frozen=True)
class HttpErrand:
    """One HTTP request. `target` is path and query as they go over the line; what is not ASCII in it is percent-encoded."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        check_method(self.method)
        check_target(self.target, self.method)
        for name, value in self.headers:
            check_header(name, value)


@dataclass(frozen=True)
class WebSocketErrand:
    """One WebSocket: the handshake, and what the client does then. Without a `Close` it listens a while and closes."""

    target: str
    headers: Headers = ()
    subprotocols: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    def __post_init__(self) -> None:
        check_target(self.target, WEBSOCKET)
        for name, value in self.headers:
            check_header(name, value, websocket=True)
        for name in self.subprotocols:
            check_subprotocol(name)
        for number, move in enumerate(self.moves):
            check_move(move)
            if isinstance(move, Close) and number < len(self.moves) - 1:
                raise ValueError("nothing can follow behind close")
        check_waiting(self.moves)


Errand = HttpErrand | WebSocketErrand


def check_method(method: str) -> None:
    """Refuse what no request line can hold."""
    if not _TOKEN.fullmatch(method) or method.startswith("#"):
        raise ValueError(f"{method!r} is no method; begin with GET, POST or another one")
    if method.upper() == WEBSOCKET:
        raise ValueError("WS stands for a WebSocket, not for a method")


def check_target(target: str, method: str) -> None:
    """Refuse a target that is neither a path nor the asterisk of OPTIONS."""
    if target == "*" and method == "OPTIONS":
        return
    if not target.startswith("/"):
        raise ValueError(f"a target begins with a slash, for example {method} /orders?dry=1")
    if not target.isprintable() or " " in target:
        raise ValueError("a target holds no spaces and no control characters; write a space as %20")


def check_header(name: str, value: str, websocket: bool = False) -> None:
    """Refuse a header that is not legal, or that the client makes itself."""
    if not _TOKEN.fullmatch(name) or name.startswith("#"):
        raise ValueError(f"{name!r} is no name of a header")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of {name} keeps to one line of printable Latin-1")
    lower = name.lower()
    if lower in (MADE_FOR_WEBSOCKET if websocket else MADE_FOR_HTTP):
        raise ValueError(f"{name} is made by the client itself; leave it out")
    if lower == "transfer-encoding" and value.lower() != "chunked":
        raise ValueError("transfer-encoding can only be chunked")
    if websocket and not value.isascii():
        raise ValueError(f"in a WebSocket's handshake the value of {name} keeps to ASCII")
    if websocket and lower == SUBPROTOCOLS:
        raise ValueError(f"{name} stands among the subprotocols, not among the headers")


def check_subprotocol(name: str) -> None:
    """Refuse what is no token."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a subprotocol")


def check_move(move: Move) -> None:
    """Refuse a message that is described instead of written, and a close that no client may send."""
    match move:
        case SendText(bytes() as text):
            _ = text.decode()  # UnicodeDecodeError is a ValueError, and says where
        case SendBytes(bytes()) | Wait():
            pass
        case Close(code, reason):
            if not (code >= 3000 or 1000 <= code <= 1014) or code in _UNSENDABLE_CODES:
                raise ValueError(f"no client may close with {code}; 1000 is the normal one, 4000 to 4999 are the app's own")
            if not reason.isprintable() or len(reason.encode()) > _LONGEST_REASON:
                raise ValueError(f"the reason of a close is one line of at most {_LONGEST_REASON} bytes")
        case _:
            raise ValueError("a message is written out: bytes, and UTF-8 for a text")


def check_waiting(moves: Iterable[Move]) -> None:
    """Refuse pauses that last too long together."""
    if sum(move.seconds for move in moves if isinstance(move, Wait)) > MOST_WAITING:
        raise ValueError(f"the pauses last more than {MOST_WAITING:g} s together")
