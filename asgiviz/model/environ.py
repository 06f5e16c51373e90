"""What WSGI tells, in the words of ASGI: a path, headers and a client from a frozen environ, headers from start_response.

WSGI's strings stand for bytes, one character each. Whatever a malformed recording holds in place of a value counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote_from_bytes

from asgiviz.model.values import kept_length, kept_text, true_length

#: Digits of a length and of a port, beyond which they are none.
LONGEST_LENGTH, LONGEST_PORT = 18, 5
#: What may stand in a path as it is (RFC 3986, 3.3).
_IN_PATH = "/:@!$&'()*+,;=~"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def path_of(environ: Mapping[str, Any]) -> str | None:
    """The path of a request as ASGI has it: the app's own prefix and what is behind it, decoded from UTF-8."""
    path = kept_text(environ.get("PATH_INFO"))
    return None if path is None else latin((kept_text(environ.get("SCRIPT_NAME")) or "") + path).decode("utf-8", "replace")


def headers_of(environ: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """The request's headers as ASGI has them: `HTTP_…` and the two that WSGI names without it."""
    for key, value in environ.items():
        name = key.removeprefix("HTTP_")
        if (name != key or key in ("CONTENT_TYPE", "CONTENT_LENGTH")) and isinstance(value, (str, dict)):
            yield latin(name.replace("_", "-").lower()), latin(value)


def client_of(environ: Mapping[str, Any]) -> tuple[str, int | None] | None:
    """Host and port of the client, as far as they are told."""
    host, port = kept_text(environ.get("REMOTE_ADDR")), kept_text(environ.get("REMOTE_PORT")) or ""
    if host is None:
        return None
    return (host, int(port) if port.isdecimal() and len(port) <= LONGEST_PORT else None)


def text_pairs(headers: Any, most: int = 10_000) -> Iterator[tuple[bytes, bytes]]:
    """The well-formed pairs of a frozen list of a WSGI app's headers, in order."""
    for pair in islice(headers, most) if isinstance(headers, (list, tuple)) else ():
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], (str, dict)):
            yield latin(pair[0]), latin(pair[1])


def latin(value: Any) -> bytes:
    """The bytes that WSGI's strings stand for; what is beyond Latin-1 is not legal there, and a question mark here."""
    return value if isinstance(value, bytes) else (kept_text(value) or "").encode("latin-1", "replace")


def length_of(value: bytes) -> int:
    """What a Content-Length says; 0 when it says nothing."""
    return int(value) if value.isdigit() and len(value) <= LONGEST_LENGTH else 0


def scope_of(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The request as the scope of an ASGI server would tell it, as far as the environ does; `raw_path` is made from the
    decoded path, because WSGI does not tell how that was escaped on the line."""
    path = environ.get("PATH_INFO")
    scope: dict[str, Any] = {
        "type": "http",
        "method": environ.get("REQUEST_METHOD"),
        "scheme": kept_text(environ.get("wsgi.url_scheme")) or "http",
        "path": _still_cut(path, path_of(environ), "$text"),
        "query_string": _still_cut(environ.get("QUERY_STRING"), latin(environ.get("QUERY_STRING")), "$bytes"),
        "http_version": (kept_text(environ.get("SERVER_PROTOCOL")) or "").removeprefix("HTTP/") or None,
        "headers": [list(pair) for pair in headers_of(environ)],
        "client": client_of(environ),
        "server": _server_of(environ),
    }
    if kept_text(path) is not None:
        whole = latin((kept_text(environ.get("SCRIPT_NAME")) or "") + (kept_text(path) or ""))
        scope["raw_path"] = _still_cut(path, quote_from_bytes(whole, safe=_IN_PATH).encode(), "$bytes")
    return {key: value for key, value in scope.items() if value is not None}


def _still_cut(original: Any, value: Any, kind: str) -> Any:
    """A value with the mark that says that its end was not kept."""
    beyond = max(0, true_length(original) - kept_length(original))
    return {kind: value, "$len": len(value) + beyond} if beyond and isinstance(value, (str, bytes)) else value


def _server_of(environ: Mapping[str, Any]) -> list[Any] | None:
    """Where the server listens; a name of which the server says that there is none such (RFC 2606) is that of this machine."""
    name, port = kept_text(environ.get("SERVER_NAME")), kept_text(environ.get("SERVER_PORT"))
    if not name or port is None:
        return None
    if name.endswith(".invalid"):
        host = (kept_text(environ.get("HTTP_HOST")) or "").removesuffix(f":{port}").strip("[]")
        name = host if host in _LOOPBACK else "localhost"
    return [name, int(port) if port.isdecimal() and len(port) <= LONGEST_PORT else port]
