"""A recorded request as a shell command that sends it again: what curl would not send by itself stands in it, and nothing else.

The command goes to the address that the server had; what the recording does not hold (a secret, the end of a body) is
named in a comment above it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_from_bytes

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.model.values import header_pairs, kept_bytes, true_length
from asgiviz.views.bodies import joined
from asgiviz.views.figures import size
from asgiviz.views.text import fit, safe_bytes
from asgiviz.views.wsgi_messages import request_of

#: Bytes of a body that is an argument of curl, and of one that is written into the command at all.
_ARGUMENT, _WRITTEN = 32 * 1024, 256 * 1024
#: Messages of a WebSocket client that are told.
_TOLD = 20
#: Headers that curl makes from the address and the body.
_OWN = frozenset({b"host", b"content-length", b"transfer-encoding"})
#: Headers that curl sends by itself unless it is told not to.
_UNASKED = (b"user-agent", b"accept")
_HANDSHAKE = frozenset({b"connection", b"upgrade"})
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"
_NOT_IN_URL = re.compile(rb"[^\x21-\x7e]|#")
_HOST = re.compile(r"[A-Za-z0-9.\-_]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_|~-]+")


def as_curl(connection: Connection, events: Iterable[Event], mask: Mask | None) -> str:
    """The shell command (bash) for a connection; comments only for one that no client began."""
    events = list(events)
    scope = request_of(events)
    kind = scope.get("type") if isinstance(scope, Mapping) else connection.kind
    if not isinstance(scope, Mapping) or kind not in ("http", "websocket"):
        return f"# {_title(connection)}: there is no request that a client could send again\n"
    if kind == "websocket":
        return _websocket(scope, events, mask)
    return _http(connection, scope, events, mask)


def _title(connection: Connection) -> str:
    return f"connection {connection.conn} ({fit(connection.kind or 'of unknown kind', 40)})"


def _http(connection: Connection, scope: Mapping[str, Any], events: Sequence[Event], mask: Mask | None) -> str:
    body, length, complete = joined(events, "receive")
    headers, notes = _headers(scope, mask)
    method = scope.get("method")
    url, way = _url(scope, mask, notes)
    feed, data = _data(body, notes)
    if connection.kind == "wsgi" and connection.bytes_in:
        notes.append(
            f"the body ({size(connection.bytes_in)}) is not in the recording: what an app reads from wsgi.input is not seen"
        )
    if length > len(body):
        notes.append(f"{size(length - len(body))} of the body's {size(length)} were not recorded and are not sent")
    elif not complete and any(event.ev == Ev.RECEIVE_END for event in events):
        notes.append("the end of the body is not in the recording")
    parts = [*_method(method, bool(data), notes), *way, *_globbing(url), _word(url)]
    parts += _header_arguments(headers, _host_of(url), bool(data), notes)
    return _command(notes, feed + "curl", [*parts, *data])


def _command(notes: Iterable[str], program: str, arguments: Iterable[str]) -> str:
    return "".join(f"# {note}\n" for note in notes) + " \\\n  ".join([program, *arguments]) + "\n"


def _method(method: Any, has_body: bool, notes: list[str]) -> list[str]:
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        notes.append("the scope has no method that could be sent")
        return []
    if method == "HEAD" and not has_body:
        return ["--head"]
    return [] if method == ("POST" if has_body else "GET") else [f"-X {_word(method)}"]


def _globbing(url: str) -> list[str]:
    """What keeps curl from reading its own patterns in the address."""
    options = ["--globoff"] if any(sign in url for sign in "[]{}") else []
    return [*options, "--path-as-is"] if re.search(r"/\.\.?(/|\?|$)", url) else options


# -- address ---------------------------------------------------------------------------------------------------------


def _url(scope: Mapping[str, Any], mask: Mask | None, notes: list[str]) -> tuple[str, list[str]]:
    """The address, and the options that lead to it."""
    scheme = scope.get("scheme")
    scheme = scheme if isinstance(scheme, str) and scheme in _PORTS else "ws" if scope.get("type") == "websocket" else "http"
    query = kept_bytes(scope.get("query_string"))
    if mask is not None and (hidden := mask.query(query)) != query:
        query = hidden
        notes.append("secrets in the query are masked")
    place, way = _server(scope, scheme, notes)
    return f"{scheme}://{place}{_path(scope)}" + (f"?{_in_url(query)}" if query else ""), way


def _server(scope: Mapping[str, Any], scheme: str, notes: list[str]) -> tuple[str, list[str]]:
    match scope.get("server"):
        case [str(path), None] if path.startswith("/"):
            return _host_header(scope) or "localhost", [f"--unix-socket {_word(path)}"]
        case [str(host), port] if _HOST.fullmatch(host) or _HOST.fullmatch(f"[{host}]"):
            host = f"[{host}]" if ":" in host and not host.startswith("[") else host
            number = str(port) if isinstance(port, (int, str)) and re.fullmatch(r"\d{1,5}", str(port)[:9]) else ""
            return (host if number in ("", _PORTS[scheme]) else f"{host}:{number}"), []
    if host := _host_header(scope):
        return host, []
    notes.append("the scope names no server: put its address in")
    return "localhost", []


def _host_header(scope: Mapping[str, Any]) -> str:
    pairs = header_pairs(scope.get("headers"))
    host = next((value.decode("latin-1") for name, value in pairs if name.lower() == b"host"), "")
    return host if _HOST.fullmatch(host) else ""


def _host_of(url: str) -> bytes:
    return url.split("/")[2].encode("latin-1", "replace")


def _path(scope: Mapping[str, Any]) -> str:
    raw = scope.get("raw_path")
    if raw and (kept := kept_bytes(raw)):
        path = _in_url(kept.partition(b"?")[0])  # some servers leave the query in it
    else:
        decoded = scope.get("path")
        path = quote(decoded.encode("utf-8", "surrogatepass"), safe=_PATH_SAFE.rstrip("%")) if isinstance(decoded, str) else ""
    return path if path.startswith("/") else "/" + path


def _in_url(value: bytes) -> str:
    """Bytes of an address, with what may not stand in one as ``%xx``."""
    return _NOT_IN_URL.sub(lambda match: quote_from_bytes(match[0], safe="").encode(), value).decode("ascii")


# -- headers ---------------------------------------------------------------------------------------------------------


def _headers(scope: Mapping[str, Any], mask: Mask | None) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """The headers as they may leave the machine, and what has to be said about them."""
    pairs = header_pairs(scope.get("headers"))
    if mask is None:
        return pairs, []
    shown = [(name, mask.header(name, value)) for name, value in pairs]
    hidden = dict.fromkeys(
        fit(safe_bytes(name), 60) for (name, value), (_, seen) in zip(pairs, shown, strict=True) if value != seen
    )
    return shown, [f"masked: {', '.join(hidden)}; reveal secrets before you copy to have them here"] if hidden else []


def _header_arguments(
    pairs: Sequence[tuple[bytes, bytes]], host: bytes, has_body: bool, notes: list[str]
) -> list[str]:  # fmt: skip
    names = {name.lower() for name, _ in pairs}
    arguments = []
    for name, value in pairs:
        if name.lower() in _OWN and not (name.lower() == b"host" and value != host):
            continue
        if not _TOKEN.fullmatch(name.decode("latin-1")) or re.search(rb"[\r\n\0]", value):
            notes.append(f"left out, because it is no legal header: {fit(safe_bytes(name), 60)}")
            continue
        arguments.append("-H " + _word(name + (b": " + value if value.strip() else b";")))
    unasked = (*_UNASKED, b"content-type") if has_body else _UNASKED
    arguments += ["-H " + _word(name + b":") for name in unasked if name not in names]
    return [*arguments, "--compressed"] if b"accept-encoding" in names else arguments


# -- body ------------------------------------------------------------------------------------------------------------


def _data(body: bytes, notes: list[str]) -> tuple[str, list[str]]:
    """What feeds curl, and the options that make it send that."""
    if not body:
        return "", []
    if len(body) > _WRITTEN:
        notes.append(f"the body is too long to be written here: save its {size(len(body))} as body.bin")
        return "", ["--data-binary @body.bin"]
    if len(body) <= _ARGUMENT and not body.startswith(b"@") and _is_printable(body):
        return "", [f"--data-binary {_word(body)}"]
    return f"printf -- {_printf(body)} | ", ["--data-binary @-"]


def _is_printable(body: bytes) -> bool:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.replace("\n", "").isprintable()


def _printf(body: bytes) -> str:
    """A format of printf that gives these bytes, in any shell."""
    plain = {code: chr(code) for code in range(0x20, 0x7F)} | {0x25: "%%", 0x5C: "\\\\", 0x27: "\\047"}
    return "'" + "".join(plain.get(code) or f"\\{code:03o}" for code in body) + "'"


def _word(value: str | bytes) -> str:
    """One word of a shell: bare, between quotation marks, or, when it is not printable, with bash's escapes."""
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    if _is_printable(raw):
        return shlex.quote(raw.decode("utf-8"))
    escaped = {0x27: "\\'", 0x5C: "\\\\"}
    return "$'" + "".join(escaped.get(code) or (chr(code) if 0x20 <= code < 0x7F else f"\\x{code:02x}") for code in raw) + "'"


# -- WebSocket -------------------------------------------------------------------------------------------------------


def _websocket(scope: Mapping[str, Any], events: Iterable[Event], mask: Mask | None) -> str:
    """A command that opens the same conversation, and what the client said in it."""
    pairs, notes = _headers(scope, mask)
    url, way = _url(scope, mask, notes)
    if way:
        notes.append(f"the server listened on a unix socket: {fit(way[0], 120)}")
    own = [(name, value) for name, value in pairs if name.lower() not in _HANDSHAKE and not _is_handshake(name)]
    kept = [argument for argument in _header_arguments(own, _host_of(url), False, []) if not argument.endswith(":")]
    said = [_said(message) for event in events if (message := _client_message(event)) is not None]
    lines = ["type a line, it goes to the app as a text message", *notes]
    if kept:
        lines.append("with the client's own headers:")
        lines.append("  websocat " + " ".join([*kept, _word(url)]).replace("\n", " "))
    if said:
        lines += [f"the client sent {len(said)} messages{f', the first {_TOLD}' if len(said) > _TOLD else ''}:", *said[:_TOLD]]
    return _command(lines, f"python -m websockets {_word(url)}", [])


def _is_handshake(name: bytes) -> bool:
    return name.lower().startswith(b"sec-websocket-") and name.lower() != b"sec-websocket-protocol"


def _client_message(event: Event) -> Any:
    message = event.get("message") if event.ev == Ev.RECEIVE_END and not event.layer else None
    if not isinstance(message, Mapping) or message.get("type") != "websocket.receive":
        return None
    return message.get("text") if message.get("text") is not None else message.get("bytes")


def _said(value: Any) -> str:
    kept, length = kept_bytes(value), true_length(value)
    is_bytes = isinstance(value, bytes) or (isinstance(value, Mapping) and "$bytes" in value)
    shown = fit(kept.decode("utf-8", "replace"), 100)
    return f"  {'bytes' if is_bytes else 'text'}, {length:,}: {shown}"
