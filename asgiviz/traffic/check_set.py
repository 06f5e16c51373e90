"""What `asgiviz check` asks an app by itself: each method, bodies whole and in pieces, WebSockets, and clients that leave.

A client says what it is by its name, such as ``POST /items, body in pieces``. Scripts of the user's own come from a file.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from asgiviz.traffic.errand import WEBSOCKET, check_header, check_method, check_target
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Seen
from asgiviz.traffic.steps import Close, HangUp, Listen, OpenWebSocket, Read, Request, SendBytes, SendText, Step, Wait

Headers = tuple[tuple[str, str], ...]
#: The methods that are tried, and what stands for a WebSocket among them.
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", WEBSOCKET)
#: Seconds that a client of the set waits in all, unless the user says otherwise.
TIMEOUT = 5.0
#: The body of requests that have one: an empty object, which most apps can read and refuse politely.
BODY = b"{}"
#: Keys of a file that holds several scripts.
_LISTS = ("clients", "scripts")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_PIECES = 3
#: Seconds between two pieces of a body, and seconds for the app to answer on a WebSocket.
_GAP, _LISTENING = 0.01, 0.05
_JSON = ("content-type", "application/json")


def check_set(
    paths: Sequence[str] = ("/",),
    methods: Sequence[str] = METHODS,
    headers: Headers = (),
    body: bytes | None = None,
    timeout: float = TIMEOUT,
) -> list[Script]:
    """The scripts for these paths, only with these methods. ValueError with a sentence when one cannot be sent."""
    for method in methods:
        if method != WEBSOCKET:
            check_method(method)
    for path in paths:
        try:
            check_target(path, "OPTIONS" if path == "*" else "GET")
        except ValueError as error:
            raise ValueError(f"path {path!r}: {error}") from None
    for name, value in headers:
        check_header(name, value)
    return [
        Script(name, steps, timeout=timeout, limit=timeout)
        for path in paths
        for method in dict.fromkeys(methods)
        for name, steps in _of(method, path, headers, body)
    ]


def _of(method: str, path: str, headers: Headers, body: bytes | None) -> list[tuple[str, tuple[Step, ...]]]:
    """The clients for one method on one path."""
    if method == WEBSOCKET:
        return _websockets(path, headers)
    named = f"{method} {path}"
    if method not in _WITH_BODY:
        plain = Request(path, method, headers)
        scripts: list[tuple[str, tuple[Step, ...]]] = [(named, (plain, Read()))]
        if method == "GET":
            scripts.append((f"{named}, client gone at once", (plain, HangUp())))
            scripts.append((f"{named}, client gone in the middle", (plain, Read(until=1), HangUp())))
        return scripts
    content = BODY if body is None else body
    if body is None and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, _JSON)
    whole = Request(path, method, headers, (content,))
    scripts = [(named, (whole, Read()))]
    if method == "POST":
        pieces = replace(whole, body=_cut(content), chunked=True, gap=_GAP)
        half = replace(whole, send_only=max(len(content) // 2, 1)) if content else None
        scripts.append((f"{named}, body in pieces", (pieces, Read())))
        if half is not None:
            scripts.append((f"{named}, client gone in the middle of the body", (half, Wait(_GAP), HangUp())))
    return scripts


def _cut(content: bytes) -> tuple[bytes, ...]:
    """The same in up to three pieces."""
    size = max(-(-len(content) // _PIECES), 1)
    return tuple(content[start : start + size] for start in range(0, len(content), size))


def _websockets(path: str, headers: Headers) -> list[tuple[str, tuple[Step, ...]]]:
    named, opening = f"WebSocket {path}", OpenWebSocket(path, headers=headers)
    talk = (opening, SendText(b"hello"), Listen(_LISTENING), SendBytes(b"\x00\xff"), Listen(_LISTENING), Close())
    return [
        (named, talk),
        (f"{named}, closed at once", (opening, Close(1001))),
        (f"{named}, gone without a close frame", (opening, SendText(b"hello"), HangUp())),
    ]


def came_short(seen: Seen, timeout: float) -> str | None:
    """What a client of the set could not do, but for talking on where the app wants no WebSocket, or has ended it."""
    if seen.trouble is None or any(each.ending is not Ending.LEFT or each.close_code is not None for each in seen.websockets):
        return None
    late = [each for each in seen.exchanges if each.ending is Ending.TIMED_OUT]
    if any(each.status is not None for each in late):
        return f"the answer had not ended after {timeout:g} s, and the client left (more time: --timeout)"
    if unanswered(seen):
        return f"there was no answer after {timeout:g} s, and the client left (more time: --timeout)"
    return seen.trouble


def unanswered(seen: Seen) -> bool:
    """Whether a client waited in vain for the beginning of an answer."""
    late = any(each.ending is Ending.TIMED_OUT and each.status is None for each in seen.exchanges)
    return late or (seen.trouble is not None and any(each.status is None for each in seen.websockets))


def read_scripts(path: Path) -> list[Script]:
    """The scripts in a file, TOML or JSON: one, a list of them, or a table with a list called clients (or scripts).

    ValueError with a sentence that names the file and what is wrong in it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None
    try:
        plain = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ValueError(f"{path} is no {kind}: {error}") from None
    try:
        return [Script.from_dict(each) for each in _listed(plain)]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _listed(plain: Any) -> Iterable[Any]:
    if isinstance(plain, dict) and "steps" not in plain:
        key = next((key for key in _LISTS if key in plain), None)
        if key is None or len(plain) > 1:
            raise ValueError('it needs a client with "name" and "steps", or a list of them called "clients"')
        plain = plain[key]
    listed = plain if isinstance(plain, list) else [plain]
    if not listed:
        raise ValueError("there is no client in it")
    return listed
