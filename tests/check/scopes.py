"""Hypothesis strategies for scopes that the specification allows, however unusual, as a server hands them to an app."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

SPEC_VERSIONS = ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5")
#: Versions in which the port of `server` could not be None yet.
_BEFORE_UNIX = (None, "2.0", "2.1")

_words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=8)
_names = _words.filter(lambda name: name not in ("host", "cookie", "sec-websocket-protocol")).map(str.encode)
_values = st.binary(max_size=12).map(lambda value: value.translate(None, b"\r\n\0"))
_anything = st.sampled_from([None, 5, "text", [1], {"a": 1}, {1: 2}, object(), len, SimpleNamespace(a=1), b"x", {3}])


def as_list_or_tuple(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The sequence as a list and as a tuple."""
    return st.builds(lambda sequence, kind: kind(sequence), items, st.sampled_from([list, tuple]))


_pairs = as_list_or_tuple(st.tuples(_names, _values))
_addresses = as_list_or_tuple(st.tuples(st.sampled_from(["127.0.0.1", "::1", "testclient", ""]), st.integers(0, 65535)))
_sockets = as_list_or_tuple(st.tuples(st.sampled_from(["/run/app.sock", "@abstract"]), st.none()))
_states = st.dictionaries(st.text(max_size=8), _anything, max_size=3)
#: Keys of nobody's law; one that is no text, or begins with the recording's own sign, is written differently.
_EXTRA: list[Any] = ["app", "router", "user", "x.y", "$own", 5]
_extra = st.dictionaries(st.sampled_from(_EXTRA), _anything, max_size=3)
_extensions = st.dictionaries(
    st.sampled_from(["http.response.pathsend", "http.response.trailers", "websocket.http.response", "example.com/own"]),
    st.dictionaries(_words, _anything, max_size=2),
    max_size=3,
)


@st.composite
def _paths(draw: st.DrawFn) -> dict[str, Any]:
    """`path` with what depends on it: a prefix is part of the path; of raw_path only if no proxy has cut it off."""
    prefix = draw(st.sampled_from(["", "/api", "/a b", "/é"]))
    rest = "/" + draw(st.text(st.characters(codec="utf-8"), max_size=8))
    found: dict[str, Any] = {"path": prefix + rest}
    if prefix or draw(st.booleans()):
        found["root_path"] = prefix
    raw = quote(rest if draw(st.booleans()) else prefix + rest).encode()
    return found | draw(st.sampled_from([{}, {"raw_path": None}, {"raw_path": raw}]))


@st.composite
def _headers(draw: st.DrawFn, http_version: str, subprotocols: list[str] | None) -> Any:
    pairs = draw(st.lists(_pairs, max_size=4))
    if subprotocols is not None:
        pairs += draw(st.sampled_from([[], [(b"Accept", b"x")]]))
    if subprotocols:
        comma = draw(st.sampled_from([b",", b", "]))
        pairs.append((b"sec-websocket-protocol", comma.join(name.encode() for name in subprotocols)))
    if http_version in ("2", "3"):
        cookies = [(b"cookie", b"a=1"), (b"cookie", b"b=2")][: draw(st.integers(0, 2))]
        pairs = [(b"host", b"localhost"), *pairs, *cookies]
    elif draw(st.booleans()):
        pairs.insert(draw(st.integers(0, len(pairs))), [b"host", b"Localhost:8000"])
    return draw(st.sampled_from([list, tuple]))(pairs)


@st.composite
def _asgi(draw: st.DrawFn, versions: tuple[str, ...]) -> dict[str, Any]:
    spec = draw(st.none() | st.sampled_from(versions))
    more: dict[str, Any] = draw(st.sampled_from([{}, {"flavour": object()}]))
    named = {} if spec is None else {"spec_version": spec}
    return {"version": draw(st.sampled_from(["3.0", "2.0", "2.1"])), **named, **more}


@st.composite
def _shared(draw: st.DrawFn, schemes: tuple[str, str], http_version: str, subprotocols: list[str] | None) -> dict[str, Any]:
    asgi = draw(_asgi(SPEC_VERSIONS))
    servers = st.none() | _addresses
    if asgi.get("spec_version") not in _BEFORE_UNIX:
        servers |= _sockets
    optional: dict[str, st.SearchStrategy[Any]] = {
        "scheme": st.sampled_from(schemes),
        "client": st.none() | _addresses,
        "server": servers,
        "state": _states,
        "extensions": _extensions,
    }
    scope: dict[str, Any] = draw(_extra) | {"asgi": asgi, "headers": draw(_headers(http_version, subprotocols))}
    scope |= draw(_paths()) | draw(st.fixed_dictionaries({}, optional=optional))
    if scope.get("scheme") == schemes[1] and draw(st.booleans()):
        scope["extensions"] = {**scope.get("extensions", {}), "tls": draw(_tls())}
    return scope


@st.composite
def _tls(draw: st.DrawFn) -> dict[str, Any]:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    chain = draw(st.sampled_from([None, [], (), [certificate], (certificate, certificate)]))
    named = {"client_cert_name": "CN=ada"} if chain else draw(st.sampled_from([{}, {"client_cert_name": None}]))
    return {
        "server_cert": draw(st.sampled_from([None, certificate])),
        "tls_version": draw(st.sampled_from([None, 0x0303, 0x0304])),
        "cipher_suite": draw(st.sampled_from([None, 0, 0x1301, 0xFFFF])),
        **({} if chain is None else {"client_cert_chain": chain}),
        **named,
        **draw(st.sampled_from([{}, {"client_cert_error": None}, {"client_cert_error": "expired"}])),
    }


@st.composite
def http_scopes(draw: st.DrawFn) -> dict[str, Any]:
    """The scope of an HTTP request."""
    version = draw(st.sampled_from(["1.0", "1.1", "2", "3"]))
    scope = draw(_shared(("http", "https"), version, None))
    scope |= {
        "type": "http",
        "http_version": version,
        "method": draw(st.sampled_from(["GET", "HEAD", "POST", "PROPFIND", "M-SEARCH", "X"])),
        "query_string": draw(st.binary(max_size=8)),
    }
    if draw(st.integers(0, 9)) == 9:
        scope |= {"method": "OPTIONS", "path": "*", "raw_path": b"*", "root_path": ""}
    return scope


@st.composite
def websocket_scopes(draw: st.DrawFn) -> dict[str, Any]:
    """The scope of a WebSocket; that names of headers should be in lower case is no law."""
    version = draw(st.sampled_from(["1.1", "2", "3"]))
    offered = draw(st.lists(_words, max_size=3, unique=True))
    scope = draw(_shared(("ws", "wss"), version, offered)) | {"type": "websocket"}
    if draw(st.booleans()) or offered:
        scope["subprotocols"] = draw(as_list_or_tuple(st.just(offered)))
    if version != "1.1" or draw(st.booleans()):
        scope["http_version"] = version
    return scope | draw(st.fixed_dictionaries({}, optional={"query_string": st.none() | st.binary(max_size=8)}))


@st.composite
def lifespan_scopes(draw: st.DrawFn) -> dict[str, Any]:
    """The scope of the lifespan."""
    scope: dict[str, Any] = draw(_extra) | {"type": "lifespan", "asgi": draw(_asgi(("1.0", "2.0")))}
    return scope | draw(st.sampled_from([{}, {"state": {}}, {"extensions": {}}]))


#: Scope type -> its strategy.
LEGAL: dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]] = {
    "http": http_scopes,
    "websocket": websocket_scopes,
    "lifespan": lifespan_scopes,
}
