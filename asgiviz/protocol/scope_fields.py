"""The fields of a scope: what a server may put into each, and the rules that no type can tell.

A table for each type of scope, and small functions behind it. Values are frozen; what the table has found wrong is not
looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asgiviz.model.finding import Severity
from asgiviz.model.values import header_pairs, kept_bytes, kept_text
from asgiviz.protocol import header_rules
from asgiviz.protocol.fields import Field, field_flaws
from asgiviz.protocol.shapes import (
    ANYTHING,
    BYTES,
    DICT,
    FILLED_TEXT,
    TEXT,
    TEXTS,
    Flaw,
    Shape,
    Wrong,
    entries,
    is_bytes,
    is_dict,
    is_list,
    is_text,
    is_whole,
    optional,
    told,
)

Scope = Mapping[str, Any]
_ADDRESS = "a pair of host (str) and port (int), or None"


def _client(value: Any) -> Wrong | None:
    if value is None:
        return None
    if not (is_list(value) and len(value) == 2):
        return Wrong(_ADDRESS)
    host, port = value
    # the values stay out of it: each client has another port, and the mistake is the same
    return None if is_text(host) and is_whole(port) else Wrong(_ADDRESS, instead=f"a pair of {_kind(host)} and {_kind(port)}")


def _kind(value: Any) -> str:
    return "str" if is_text(value) else "bytes" if is_bytes(value) else "None" if value is None else type(value).__name__


def _server(value: Any) -> Wrong | None:
    path = is_list(value) and len(value) == 2 and is_text(value[0]) and value[1] is None
    wrong = None if path else _client(value)
    return wrong and wrong._replace(must=f"{_ADDRESS}, or a path and None")


_CLIENT, _SERVER = Shape(_ADDRESS, _client), Shape(_ADDRESS, _server)
FIELDS: dict[str, tuple[Field, ...]] = {
    "http": (
        Field("http_version", TEXT, "HTTP-C-003", missing="HTTP-C-003"),
        Field("method", TEXT, "HTTP-C-005", missing="HTTP-C-005"),
        Field("scheme", FILLED_TEXT, "HTTP-C-007", default="http"),
        Field("path", TEXT, "HTTP-C-009", missing="HTTP-C-009"),
        Field("raw_path", optional(BYTES), "HTTP-C-011"),
        Field("query_string", BYTES, "HTTP-C-012", missing="HTTP-C-012"),
        Field("root_path", TEXT, "HTTP-C-013", default=""),
        Field("headers", ANYTHING, "HTTP-C-015", missing="HTTP-C-015", headers=header_rules.HTTP_SCOPE),
        Field("client", _CLIENT, "HTTP-C-021"),
        Field("server", _SERVER, "HTTP-C-022", since="2.2"),
        Field("state", DICT, "HTTP-C-023"),
        Field("extensions", optional(DICT), "CORE-029"),
    ),
    "websocket": (
        Field("http_version", TEXT, "WS-C-002", default="1.1"),
        Field("scheme", FILLED_TEXT, "WS-C-003", default="ws"),
        Field("path", TEXT, "WS-C-005", missing="WS-C-005"),
        Field("raw_path", optional(BYTES), "WS-C-005"),
        Field("query_string", optional(BYTES), "WS-C-006", default=b""),
        Field("root_path", TEXT, "WS-C-007", default=""),
        Field("headers", ANYTHING, "WS-C-008", missing="WS-C-008", headers=header_rules.WEBSOCKET_SCOPE),
        Field("client", _CLIENT, "WS-C-007"),
        Field("server", _SERVER, "WS-C-007", since="2.2"),
        Field("subprotocols", TEXTS, "WS-C-009", default=[]),
        Field("state", DICT, "WS-C-007"),
        Field("extensions", optional(DICT), "CORE-029"),
    ),
    "lifespan": (Field("state", DICT, "LIFE-002"),),
}
_ASGI_VERSIONS = frozenset({"2.0", "2.1", "3.0"})
_SPEC_VERSIONS = {
    "http": ("HTTP-C-002", frozenset({"2.0", "2.1", "2.2", "2.3", "2.4", "2.5"})),
    "websocket": ("WS-C-011", frozenset({"2.0", "2.1", "2.2", "2.3", "2.4", "2.5"})),
    "lifespan": ("LIFE-001", frozenset({"1.0", "2.0"})),
}
_HTTP_VERSIONS = frozenset({"1.0", "1.1", "2", "3"})
#: What a scope has that is an http request or a WebSocket under another name.
_REQUEST_KEYS, _HANDSHAKE_KEYS = {"method", "headers", "http_version"}, {"subprotocols", "headers"}


def scope_flaws(scope: Any) -> Iterator[Flaw]:
    """Everything that is wrong with a frozen scope by itself."""
    if not is_dict(scope):
        yield Flaw("CORE-004", f"The scope is {told(scope)}, and must be a dict.")
        return
    kind = scope.get("type")
    if not is_text(kind):
        said = "The scope has no type." if kind is None else f"The type of the scope is {told(kind)}, and must be a text (str)."
        yield Flaw("CORE-005", said)
        return
    yield from asgi(scope)
    if not isinstance(kind, str) or kind not in FIELDS:
        yield from _misnamed(scope)
        return
    wrong = set()
    for key, flaw in field_flaws(FIELDS[kind], scope):
        wrong.add(key)
        yield flaw
    sound = {key: value for key, value in scope.items() if key not in wrong}
    for content in CONTENTS[kind]:
        yield from content(sound)


def _misnamed(scope: Scope) -> Iterator[Flaw]:
    for keys, rule, kind in ((_HANDSHAKE_KEYS, "WS-C-001", "websocket"), (_REQUEST_KEYS, "HTTP-C-001", "http")):
        if keys <= scope.keys():
            yield Flaw(rule, f"The type of the scope is {told(scope['type'])}, and everything in it says {kind}.")
            return


def asgi(scope: Scope) -> Iterator[Flaw]:
    """The versions."""
    asgi = scope.get("asgi")
    if not is_dict(asgi):
        yield Flaw("CORE-006", f'scope["asgi"] is {told(asgi)}, and must be a dict.' if "asgi" in scope else "asgi is missing.")
        return
    if "version" not in asgi:
        yield Flaw("CORE-006", 'scope["asgi"] has no version; apps take that for "2.0".')
    for key in ("version", "spec_version"):
        if key in asgi and not is_text(asgi[key]):
            yield Flaw("CORE-007", f'scope["asgi"]["{key}"] is {told(asgi[key])}, and must be a text (str).')
    version, spec = asgi.get("version"), asgi.get("spec_version")
    if is_text(version) and kept_text(version) not in _ASGI_VERSIONS:
        yield Flaw("CORE-008", f"There is no version {version!r} of ASGI.")
    rule, known = _SPEC_VERSIONS.get(kept_text(scope["type"]) or "", ("", frozenset()))
    if rule and is_text(spec) and kept_text(spec) not in known:
        yield Flaw(rule, f"There is no spec_version {spec!r} of {scope['type']}.", Severity.WARNING)


def http_version(scope: Scope) -> Iterator[Flaw]:
    """A version of HTTP that exists."""
    version = kept_text(scope.get("http_version"))
    if version is not None and version not in _HTTP_VERSIONS:
        yield Flaw("HTTP-C-004", f"http_version is {version!r}; it is one of 1.0, 1.1, 2 and 3.")


def method(scope: Scope) -> Iterator[Flaw]:
    """A method in capitals."""
    name = kept_text(scope.get("method"))
    if name is not None and name != name.upper():
        yield Flaw("HTTP-C-006", f"The method is {name!r}, and must be in capitals.")


def http_scheme(scope: Scope) -> Iterator[Flaw]:
    """http or https."""
    scheme = scope.get("scheme")
    if scheme is not None and scheme not in ("http", "https"):
        yield Flaw("HTTP-C-008", f"The scheme is {scheme!r}; usual are http and https.")


def path(scope: Scope) -> Iterator[Flaw]:
    """A decoded path without the query, below root_path."""
    path, raw, root = kept_text(scope.get("path")), scope.get("raw_path"), kept_text(scope.get("root_path"))
    raw_bytes = kept_bytes(raw) if raw is not None else None
    if path is None:
        return
    if raw_bytes is not None and "?" in path and b"%3f" not in raw_bytes.lower():
        yield Flaw("HTTP-C-009", f"path is {path!r}: the query belongs into query_string.")
    if not path.startswith("/") and path != "*":
        yield Flaw("HTTP-C-010", f"path is {path[:60]!r}, which begins with no slash.")
    if raw_bytes is not None and b"?" in raw_bytes:
        yield Flaw("HTTP-C-011", "raw_path holds a question mark: the query belongs into query_string.")
    if root and not path.startswith(root) and path != "*":
        yield Flaw("HTTP-C-014", f"path {path[:60]!r} does not begin with root_path {root[:60]!r}, which is a part of it.")


def http2_headers(scope: Scope) -> Iterator[Flaw]:
    """How HTTP/2 headers are translated."""
    if scope.get("http_version") not in ("2", "3"):
        return
    names = [name for name, _ in header_pairs(scope.get("headers"))]
    if b"host" in names[1:] and names[0] != b"host":
        yield Flaw("HTTP-C-018", "host, which stands for :authority, is not the first of the headers.")
    if names.count(b"cookie") > 1:
        yield Flaw("HTTP-C-020", "There are several cookie headers, as HTTP/2 allows; an app must join them with '; '.")


def websocket_type(scope: Scope) -> Iterator[Flaw]:
    """No method is specified."""
    if "method" in scope:
        yield Flaw("WS-C-001", "A websocket scope has no method; this one has.", Severity.INFO)


def websocket_scheme(scope: Scope) -> Iterator[Flaw]:
    """ws or wss."""
    scheme = scope.get("scheme")
    if scheme is not None and scheme not in ("ws", "wss"):
        yield Flaw("WS-C-004", f"The scheme is {told(scheme)}, and must be ws or wss.")


def subprotocols(scope: Scope) -> Iterator[Flaw]:
    """What the client offers stands in both places, if in the header at all."""
    offered = [value for name, value in header_pairs(scope.get("headers")) if name == b"sec-websocket-protocol"]
    listed = [kept_text(each) for each in scope.get("subprotocols", ())]
    named = [each.strip().decode("latin-1") for value in offered for each in value.split(b",") if each.strip()]
    if offered and named != listed:
        yield Flaw("WS-C-010", f"subprotocols is {listed!r}, but the header says {named!r}.")


def lifespan_state(scope: Scope) -> Iterator[Flaw]:
    """The state is empty before the app fills it."""
    if scope.get("state"):
        yield Flaw("LIFE-002", "The state holds something before the app has put anything into it.")


def extensions(scope: Scope) -> Iterator[Flaw]:
    """Names of extensions, each with a dict."""
    announced = scope.get("extensions")
    if not is_dict(announced):
        return
    for name, value in entries(announced):
        if not (is_text(name) and is_dict(value)):
            yield Flaw(
                "CORE-029",
                f"The extension {told(name) if not isinstance(name, str) else name} is {told(value)}, and must be a dict.",
            )
    if "http.response.debug" in announced:
        yield Flaw("EXT-DBG-002", "The server announces http.response.debug, which is for test clients.")
    if is_dict(tls := announced.get("tls")):
        yield from tls_flaws(tls, scope)


def request_state(scope: Scope) -> Iterator[Flaw]:
    """Keys that the app put into its lifespan's state."""
    state = scope.get("state")
    for key, _ in entries(state) if is_dict(state) else ():
        if not isinstance(key, str):
            yield Flaw(
                "LIFE-017",
                f"The state, which the app has filled in its lifespan, has a key that is {told(key)}: no text (str).",
            )


def _text_or_none(value: Any) -> bool:
    return value is None or is_text(value)


def _cipher(value: Any) -> bool:
    return value is None or (is_whole(value) and 0 <= value < 2**16)


def _chain(value: Any) -> bool:
    return is_list(value) and all(is_text(each) and "BEGIN CERTIFICATE" in (kept_text(each) or "") for each in value)


def _pem(value: Any) -> bool:
    return value is None or (is_text(value) and "BEGIN CERTIFICATE" in (kept_text(value) or ""))


#: key, rule, whether it must be there, what it must be
_TLS: tuple[tuple[str, str, bool, str, Callable[[Any], bool]], ...] = (
    ("server_cert", "TLS-002", True, "a certificate as PEM text, or None", _pem),
    ("client_cert_chain", "TLS-003", False, "a list of certificates as PEM texts", _chain),
    ("client_cert_name", "TLS-004", False, "a text (str) or None", _text_or_none),
    (
        "client_cert_error",
        "TLS-005",
        False,
        "a text that is not empty, or None",
        lambda value: _text_or_none(value) and value != "",
    ),
    ("tls_version", "TLS-006", True, "a whole number or None", lambda value: value is None or is_whole(value)),
    ("cipher_suite", "TLS-007", True, "a whole number of 16 bits, or None", _cipher),
)


def tls_flaws(tls: Mapping[str, Any], scope: Scope) -> Iterator[Flaw]:
    """The TLS extension."""
    if scope.get("scheme", "http") not in ("https", "wss"):
        yield Flaw(
            "TLS-001", f"The extension tls stands in a scope of scheme {told(scope.get('scheme', 'http'))}, which has no TLS."
        )
    for key, rule, must, words, fits in _TLS:
        if key not in tls:
            if must:
                yield Flaw(rule, f"{key} is missing in the extension tls; it must be {words}.")
        elif not fits(tls[key]):
            yield Flaw(rule, f"{key} is {told(tls[key])}, and must be {words}.")
    if tls.get("client_cert_chain") and not tls.get("client_cert_name"):
        yield Flaw("TLS-004", "There is a client certificate, but client_cert_name is missing.")


CONTENTS: dict[str, tuple[Callable[[Scope], Iterator[Flaw]], ...]] = {
    "http": (http_version, method, http_scheme, path, http2_headers, extensions, request_state),
    "websocket": (websocket_type, websocket_scheme, subprotocols, extensions, request_state),
    "lifespan": (lifespan_state,),
}
