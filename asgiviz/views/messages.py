"""A scope, or a message, in one readable line: what stands in it that a reader wants to see first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from asgiviz.model.connection import payload, payload_length
from asgiviz.model.masking import Mask
from asgiviz.model.values import header_pairs, kept_bytes
from asgiviz.views.figures import close_code, size
from asgiviz.views.text import literal, pairs, safe, safe_bytes, word

#: Headers that are shown beside a status; of the others only the number.
TELLING_HEADERS = (b"content-type", b"location", b"content-encoding")
#: Bytes of a body that are looked at to tell text from other data.
SNIFFED = 256
#: Characters of an error's text that are looked at: no screen is wider, and some are very long.
LONGEST = 4_000
_NO_TEXT = frozenset(range(32)) - {9, 10, 13}


class Line(NamedTuple):
    """What is told of an event: safe words, and a text or byte string of the app to be quoted as far as there is room."""

    words: str
    quoted: Any = None


def scope_line(scope: Any, mask: Mask | None) -> Line:
    """``GET /orders?dry=1 HTTP/1.1 from 127.0.0.1:5123``, and its like for the other scope types."""
    if not isinstance(scope, Mapping):
        return Line(f"no scope but {literal(scope)}")
    match scope.get("type"):
        case "http":
            method, peer = word(scope.get("method", "(no method)")), client_words(scope.get("client"))
            return Line(f"{method} {target_of(scope, mask)} {_version(scope)}{peer}")
        case "websocket":
            offered = scope.get("subprotocols")
            wanted = f", subprotocols {_listed(offered)}" if offered else ""
            return Line(f"{target_of(scope, mask)} {_version(scope)}{client_words(scope.get('client'))}{wanted}")
        case "lifespan":
            return Line("the app's lifespan: startup, later shutdown")
        case other:
            return Line(f"scope of type {literal(other)}")


def target_of(scope: Mapping[str, Any], mask: Mask | None) -> str:
    """Path and query, secrets in the query masked."""
    path = scope.get("path", "(no path)")
    shown = safe(path) if isinstance(path, str) else word(path)  # however long: the page has a width, not the path
    query = kept_bytes(scope.get("query_string"))
    if mask is not None:
        query = mask.query(query)
    return shown + (f"?{safe_bytes(query)}" if query else "")


def _version(scope: Mapping[str, Any]) -> str:
    version = scope.get("http_version")
    return f"HTTP/{word(version)}" if version is not None else "HTTP"


def client_words(client: Any) -> str:
    """`` from 127.0.0.1:5123``"""
    match client:
        case [host, port]:
            return f" from {word(host)}:{word(port)}"
        case None:
            return ""
        case other:
            return f" from {literal(other)}"


def _listed(value: Any) -> str:
    return ", ".join(word(item) for item in value[:10]) if isinstance(value, (list, tuple)) else literal(value)


def message_line(message: Any, mask: Mask | None, compressed: bool = False) -> Line:
    """A message of ASGI, or what a WSGI app gives (`wsgi_messages`).

    `compressed`: bodies of this direction are not quoted even when they look like text.
    """
    if not isinstance(message, Mapping):
        return Line(f"no message but {literal(message)}")
    kind = word(message.get("type", "(no type)"))
    match message.get("type"):
        case "http.request" | "http.response.body" | "websocket.http.response.body":
            return _body(kind, message, compressed)
        case "http.response.start" | "websocket.http.response.start":
            trailers = ", trailers to come" if message.get("trailers") else ""
            return Line(f"{kind}  {word(message.get('status', '(no status)'))}{_headers(message)}{trailers}")
        case "websocket.accept":
            chosen = message.get("subprotocol")
            return Line(f"{kind}{f'  subprotocol {word(chosen)}' if chosen is not None else ''}{_headers(message)}")
        case "websocket.receive" | "websocket.send":
            return _conversation(kind, message)
        case "websocket.close" | "websocket.disconnect":
            absent = 1000 if kind == "websocket.close" else 1005
            code = message.get("code")
            return Line(f"{kind}  {close_code(absent if code is None else code)}", message.get("reason") or None)
        case "wsgi.start_response":
            return Line(f"{kind}  {word(message.get('status', '(no status)'))}{_headers(message)}{_instead(message)}")
        case "wsgi.chunk":
            return _chunk(kind, message, compressed)
        case "lifespan.startup.failed" | "lifespan.shutdown.failed":
            return Line(kind, message.get("message") or None)
        case _:
            rest = masked(mask, {key: value for key, value in message.items() if key != "type"})
            return Line(f"{kind}  {pairs(rest)}" if rest else kind)


def masked(mask: Mask | None, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields with their secrets hidden; a value too malformed to be searched for secrets is hidden whole."""
    if mask is None:
        return fields
    shown = {}
    for key, value in fields.items():
        try:
            shown[key] = mask.value(key, value)
        except (TypeError, RecursionError):
            shown[key] = "(malformed)"
    return shown


def _body(kind: str, message: Mapping[str, Any], compressed: bool) -> Line:
    more = ", more to come" if message.get("more_body") else ", last"
    body = message.get("body")
    if body is not None and not isinstance(body, bytes) and not (isinstance(body, Mapping) and "$bytes" in body):
        return Line(f"{kind}  body {literal(body)}{more}")
    return Line(f"{kind}  {size(payload_length(message))}{more}", body if not compressed and is_text(body) else None)


def _instead(message: Mapping[str, Any]) -> str:
    """Why a WSGI app takes back what it said before: the exception that it hands to start_response."""
    error = message.get("exc_info")
    return f"  instead, because of {error_words(error)}" if error is not None else ""


def _chunk(kind: str, message: Mapping[str, Any], compressed: bool) -> Line:
    """A piece of a WSGI app's body. WSGI has no word for the last one."""
    body, way = message.get("body"), message.get("via")
    if way == "file":
        return Line(f"{kind}  a file, which the server reads by itself: {literal(message.get('file'))}")
    through = "" if way is None else f", through {word(way)}()"
    if body is not None and not isinstance(body, bytes) and not (isinstance(body, Mapping) and "$bytes" in body):
        return Line(f"{kind}  body {literal(body)}{through}")
    return Line(f"{kind}  {size(payload_length(message))}{through}", body if not compressed and is_text(body) else None)


def error_words(error: Any) -> str:
    """``Type: text`` of a recorded error."""
    if not isinstance(error, Mapping):
        return word(error)
    kind, text = error.get("type"), error.get("text")
    name = word(kind).removeprefix("builtins.") if kind is not None else "an unknown error"
    return f"{name}: {safe(text[:LONGEST]) if isinstance(text, str) else word(text)}" if text else name


def _conversation(kind: str, message: Mapping[str, Any]) -> Line:
    value = payload(message)
    if value is None:
        return Line(f"{kind}  neither bytes nor text")
    if isinstance(value, str) or (isinstance(value, Mapping) and "$text" in value):
        return Line(f"{kind}  text, {size(payload_length(message))}", value)
    if isinstance(value, bytes) or (isinstance(value, Mapping) and "$bytes" in value):
        return Line(f"{kind}  bytes, {size(payload_length(message))}", value if is_text(value) else None)
    return Line(f"{kind}  {literal(value)}")


def _headers(message: Mapping[str, Any]) -> str:
    headers = message.get("headers")
    known = header_pairs(headers)
    telling = [(name, value) for name, value in known if name.lower() in TELLING_HEADERS][:4]
    shown = "".join(f"  {safe_bytes(name)}: {safe_bytes(value)}" for name, value in telling)
    count = len(headers) if isinstance(headers, (list, tuple)) else 0
    if headers is not None and not isinstance(headers, (list, tuple)):
        return f"  headers {literal(headers)}"
    left = count - len(telling)
    return f"{shown}  +{left} header{'s' if left > 1 else ''}" if left else shown


def is_text(value: Any) -> bool:
    """Whether a frozen byte string looks like text: UTF-8 without control characters at its beginning, and not empty."""
    start = kept_bytes(value)[:SNIFFED]
    if not start or not _NO_TEXT.isdisjoint(start):
        return False
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end >= len(start) and error.start >= SNIFFED - 3  # a character that the sample cut
    return True


def is_compressed(headers: Any) -> bool:
    """Whether a frozen header list says that the body is encoded."""
    return any(
        name.lower() == b"content-encoding" and value.strip().lower() not in (b"", b"identity")
        for name, value in header_pairs(headers)
    )
