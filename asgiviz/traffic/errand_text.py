"""The text form of an errand, as a person types it; `parse_request` and `as_text` are each other's inverse.

A request is its first line, header lines, a blank line and the body, which is taken as it stands::

    POST /orders?dry=1
    content-type: application/json

    {"item": "tea"}

A conversation has a line for each thing that the client does::

    WS /chat?room=x
    sec-websocket-protocol: chat

    > a text
    >"a text with a\\nline end, as JSON writes it"
    >x 00 ff
    wait 0.5
    close 1000 bye

A body that is no plain text is written in pieces, a line each, as the messages with ``>"`` and ``>x`` are. Above the body,
and anywhere in a conversation, a line that begins with ``#`` is a comment.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator

from asgiviz.traffic.errand import (
    SUBPROTOCOLS,
    WEBSOCKET,
    Errand,
    HttpErrand,
    Move,
    WebSocketErrand,
    check_header,
    check_method,
    check_move,
    check_subprotocol,
    check_target,
    check_waiting,
)
from asgiviz.traffic.steps import Close, SendBytes, SendText, Wait

_HEADER = re.compile(r"([^\s:]+):(.*)")
_CLOSE = re.compile(r"close(?: (\d+)(?: (.*))?)?")
_HTTP_VERSION = re.compile(r"HTTP/\d(\.\d)?")
_JOINERS = "\u200c\u200d"  # invisible, and at home in ordinary text and in emoji
_PIECE = 32  # bytes in a line of hexadecimal digits

Line = tuple[int, str]


def parse_request(text: str) -> Errand | str:
    """The errand that a text describes, or one sentence that says in which line it does not."""
    try:
        return _Reader(text).read()
    except _LineError as error:
        return str(error)


class _LineError(Exception):
    """What is wrong in which line."""


class _Reader:
    """Reads one text; `_number` is the line that is being read."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._number = 0

    def read(self) -> Errand:
        words = self._first_line().split()
        method = words[0] if words else ""
        if len(words) == 3 and _HTTP_VERSION.fullmatch(words[2]):
            words.pop()  # as it stands on the line; ours is always 1.1
        if not words:
            raise self._wrong("begin with a method and a target, for example GET /")
        if method.upper() == WEBSOCKET:
            method = WEBSOCKET
        else:
            self._checked(check_method, method)
        if len(words) == 1:
            raise self._wrong(f"the target is missing, for example {method} /")
        self._checked(check_target, " ".join(words[1:]), method)
        return self._conversation(words[1]) if method == WEBSOCKET else self._request(method, words[1])

    def _first_line(self) -> str:
        while self._number < len(self._lines):
            line = self._next()
            if line.strip() and not line.startswith("#"):
                return line
        return ""

    def _next(self) -> str:
        self._number += 1
        return self._lines[self._number - 1].removesuffix("\r")

    def _wrong(self, sentence: str) -> _LineError:
        return _LineError(f"line {self._number}: {sentence}")

    def _checked(self, build: Callable[..., object], *values: object) -> None:
        try:
            build(*values)
        except UnicodeEncodeError:
            raise self._wrong("half a surrogate pair cannot be sent") from None
        except ValueError as error:
            raise self._wrong(str(error)) from None

    # -- a request ---------------------------------------------------------------------------------------------------

    def _request(self, method: str, target: str) -> HttpErrand:
        headers: list[tuple[str, str]] = []
        while self._number < len(self._lines):
            line = self._next()
            if not line.strip():
                return HttpErrand(method, target, tuple(headers), self._body())
            if not line.startswith("#"):
                headers.append(self._header(line))
        return HttpErrand(method, target, tuple(headers))

    def _header(self, line: str, websocket: bool = False) -> tuple[str, str]:
        if not (match := _HEADER.fullmatch(line)):
            hint = "after them come > text, wait 0.5 and the like" if websocket else "a blank line comes before the body"
            raise self._wrong(f"this is no header, which is written name: value; {hint}")
        name, value = match[1], match[2].strip(" \t")
        if not (websocket and name.lower() == SUBPROTOCOLS):
            self._checked(check_header, name, value, websocket)
        return name, value

    def _body(self) -> bytes:
        rest = "\n".join(self._lines[self._number :])
        if not rest.startswith(">"):
            self._number += 1
            self._checked(rest.encode)
            return rest.encode()
        pieces = []
        while self._number < len(self._lines):
            line = self._next()
            if line.strip():
                pieces.append(self._piece(line)[0])
        return b"".join(pieces)

    def _piece(self, line: str) -> tuple[bytes, bool]:
        """The bytes that a line writes with >" or >x, and whether they are a text."""
        try:
            if line.startswith('>"'):
                return json.loads(line[1:]).encode(), True
            if re.match(r">x\b", line):
                return bytes.fromhex(line[2:]), False
        except ValueError:
            form = 'text in JSON\'s form, >"so"' if line.startswith('>"') else "pairs of hexadecimal digits, >x 00 ff"
            raise self._wrong(f"this is not {form}") from None
        raise self._wrong('a body that begins with > is written in pieces: each line is >"text" or >x 00 ff')

    # -- a conversation ------------------------------------------------------------------------------------------------

    def _conversation(self, target: str) -> WebSocketErrand:
        headers: list[tuple[str, str]] = []
        subprotocols: list[str] = []
        moves: list[Move] = []
        while self._number < len(self._lines):
            line = self._next()
            if not line.strip() or line.startswith("#"):
                continue
            if moves and isinstance(moves[-1], Close):
                raise self._wrong("nothing can follow behind close")
            if (move := self._move(line)) is not None:
                moves.append(move)
                self._checked(check_waiting, moves)
            elif moves:
                raise self._wrong("write > text, >x 00 ff, wait 0.5 or close 1000 bye")
            else:
                name, value = self._header(line, websocket=True)
                if name.lower() == SUBPROTOCOLS:
                    subprotocols += self._subprotocols(value)
                else:
                    headers.append((name, value))
        return WebSocketErrand(target, tuple(headers), tuple(subprotocols), tuple(moves))

    def _subprotocols(self, value: str) -> list[str]:
        names = [name.strip(" \t") for name in value.split(",")]
        for name in names:
            self._checked(check_subprotocol, name)
        return names

    def _move(self, line: str) -> Move | None:
        """What the client does by this line; None when the line is none of these."""
        if line.startswith(">"):
            return self._message(line)
        if re.match(r"wait(\s|$)", line):
            try:
                return Wait(float(line.removeprefix("wait")))
            except ValueError:
                raise self._wrong("wait takes a number of seconds, for example wait 0.5") from None
        if re.match(r"close(\s|$)", line):
            return self._close(line)
        return None

    def _message(self, line: str) -> Move:
        if line == ">" or line.startswith("> "):
            self._checked(line.encode)
            return SendText(line[2:].encode())
        if not re.match(r'>(x\b|")', line):
            raise self._wrong('put a space between > and the text; >x 00 ff sends bytes, >"…" a text in JSON\'s form')
        data, is_text = self._piece(line)
        return SendText(data) if is_text else SendBytes(data)

    def _close(self, line: str) -> Close:
        match = _CLOSE.fullmatch(line) or _CLOSE.fullmatch(line.rstrip())
        if match is None or len(match[1] or "") > 9:
            raise self._wrong("close takes a code and a reason, for example close 1000 bye")
        try:
            move = Close(int(match[1] or 1000), match[2] or "")
            check_move(move)
        except ValueError as error:
            raise self._wrong(str(error).replace('close: "code"', "the code")) from None
        return move


def as_text(errand: Errand) -> str:
    """The text that `parse_request` reads as this errand."""
    if isinstance(errand, HttpErrand):
        head = [f"{errand.method} {errand.target}", *(f"{name}: {value}" for name, value in errand.headers)]
        return "\n".join([*head, "", _body_text(errand.body)] if errand.body else head)
    head = [f"{WEBSOCKET} {errand.target}", *(f"{name}: {value}" for name, value in errand.headers)]
    if errand.subprotocols:
        head.append(f"{SUBPROTOCOLS}: {', '.join(errand.subprotocols)}")
    return "\n".join([*head, "", *map(_move_text, errand.moves)] if errand.moves else head)


def _body_text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "\n".join(f">x {body[start : start + _PIECE].hex()}" for start in range(0, len(body), _PIECE))
    if _is_plain(text.replace("\n", "")) and not text.startswith(">"):
        return text
    return "\n".join(f">{_json_text(line)}" for line in _lines_with_ends(text))


def _lines_with_ends(text: str) -> Iterator[str]:
    """The lines of a text, each with its line feed."""
    return (match[0] for match in re.finditer(r"[^\n]*\n|[^\n]+", text))


def _move_text(move: Move) -> str:
    match move:
        case SendText(bytes() as data):
            text = data.decode()
            return f"> {text}" if _is_plain(text) else f">{_json_text(text)}"
        case SendBytes(bytes() as data):
            return f">x {data.hex()}"
        case Wait(seconds):
            return f"wait {repr(seconds).removesuffix('.0')}"
        case Close(code, reason):
            return f"close {code} {reason}" if reason else f"close {code}"
        case _:
            raise ValueError("a message is written out: bytes, and UTF-8 for a text")


def _is_plain(text: str) -> bool:
    """Whether a text can stand in a line of an editor as it is, and is the same when it is read back."""
    return all(
        character.isprintable() or character == "\t" or character in _JOINERS or unicodedata.category(character) == "Zs"
        for character in text
    )


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=not _is_plain(text.replace("\n", "").replace("\r", "")))
