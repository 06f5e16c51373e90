"""The book of rules, WebSocket, the scope. The server makes it, so the server must obey them.

The keys that HTTP has too follow the rules of its scope; what differs is that several of them may be missing here.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import WEBSOCKET_SCOPE, rfc

_VISIT = """
receive websocket.connect
send websocket.accept
receive websocket.disconnect, code=1000
returned"""

RULES: tuple[Rule, ...] = (
    Rule(
        "WS-C-001",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        'The scope of a WebSocket has the type "websocket", in lower case, and no method.',
        'Server: write "websocket"; that the handshake was a GET need not be said. App: look at the type before you read '
        'scope["method"], and raise on a type that you do not know.',
        *WEBSOCKET_SCOPE,
        breaks='websocket, type="WebSocket"\nraised ValueError: unknown scope type WebSocket',
        keeps="websocket" + _VISIT,
    ),
    Rule(
        "WS-C-002",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "http_version, where it is given, is a str.",
        'Server: write "1.1" as text, or leave the key out. App: scope.get("http_version", "1.1") is right.',
        *WEBSOCKET_SCOPE,
        breaks="websocket, http_version=1.1" + _VISIT,
        keeps="websocket, -http_version" + _VISIT,
        servers="daphne leaves it out, which is legal.",
    ),
    Rule(
        "WS-C-003",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scheme, where it is given, is a str that is not empty.",
        'Server: leave the key out if you do not know the scheme. App: scope.get("scheme") or "ws" copes with all of it.',
        *WEBSOCKET_SCOPE,
        breaks='websocket, scheme=""' + _VISIT,
        keeps="websocket, -scheme" + _VISIT,
        servers="daphne leaves it out, which is legal.",
    ),
    Rule(
        "WS-C-004",
        Basis.RFC,
        Severity.WARNING,
        Party.SERVER,
        'The scheme of a WebSocket is "ws" or "wss".',
        'Server: do not pass on the "http" of the handshake: http becomes ws, and https becomes wss. App: if you build URLs '
        "from it, expect http and https as well.",
        *rfc(6455, "3", "WebSocket URIs"),
        breaks='websocket, scheme="http"' + _VISIT,
        keeps='websocket, scheme="wss"' + _VISIT,
    ),
    Rule(
        "WS-C-005",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope of a WebSocket has path, a decoded str; raw_path may be missing, and is bytes or None.",
        "Server: make path and raw_path as you do for an HTTP request. App: path is always there; do not count on raw_path.",
        *WEBSOCKET_SCOPE,
        breaks="websocket, -path" + _VISIT,
        keeps='websocket, path="/chat/café", -raw_path' + _VISIT,
    ),
    Rule(
        "WS-C-006",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "query_string, where it is given, is bytes or None.",
        'Server: pass on the bytes behind the question mark, undecoded. App: scope.get("query_string") or b"" copes with all '
        "of it.",
        *WEBSOCKET_SCOPE,
        breaks='websocket, query_string="room=7"' + _VISIT,
        keeps="websocket, query_string=None" + _VISIT,
    ),
    Rule(
        "WS-C-007",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "root_path, client, server and state are made as in the scope of an HTTP request.",
        "Server: use the same code for both kinds of scope; ports are numbers. App: all four keys may be missing.",
        *WEBSOCKET_SCOPE,
        breaks='websocket, client=["127.0.0.1", "50000"]' + _VISIT,
        keeps='websocket, client=None, server=["/run/app.sock", None], -root_path' + _VISIT,
        servers="granian gives ports as text. daphne has no state.",
    ),
    Rule(
        "WS-C-008",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope of a WebSocket has headers: pairs of name and value, all of them bytes, without pseudo headers.",
        "Server: give those of the handshake request in full, as you do for HTTP. App: names are compared as bytes, such as "
        'b"origin".',
        *WEBSOCKET_SCOPE,
        breaks='websocket, headers={"host": "localhost"}' + _VISIT,
        keeps='websocket, headers=[[b"host", b"localhost"], [b"upgrade", b"websocket"]]' + _VISIT,
    ),
    Rule(
        "WS-C-009",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "subprotocols, where it is given, is a list of str.",
        "Server: decode the names that the client offered; when there are none, give an empty list. App: "
        'scope.get("subprotocols", []) is right, because the key may be missing.',
        *WEBSOCKET_SCOPE,
        breaks='websocket, subprotocols=[b"chat"]' + _VISIT,
        keeps="websocket, -subprotocols" + _VISIT,
    ),
    Rule(
        "WS-C-010",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "subprotocols names what the header sec-websocket-protocol names, in the same order.",
        "Server: split the header at its commas and cut the blanks off. App: read subprotocols, not the header; some servers "
        "take that away.",
        *WEBSOCKET_SCOPE,
        breaks='websocket, subprotocols=[], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat, json"]]'
        + _VISIT,
        keeps='websocket, subprotocols=["chat", "json"], headers=[[b"host", b"localhost"], '
        '[b"sec-websocket-protocol", b"chat, json"]]' + _VISIT,
        servers="uvicorn with wsproto takes the header away; that alone is no finding.",
    ),
    Rule(
        "WS-C-011",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        'scope["asgi"]["spec_version"], where it is given, is one of "2.0" to "2.5".',
        "Server: name the version of the HTTP and WebSocket rules that you follow. App: where the key is missing, take it for "
        '"2.0": no headers in accept, no reason in close.',
        *WEBSOCKET_SCOPE,
        breaks='websocket, asgi={"version": "3.0", "spec_version": "1.0"}' + _VISIT,
        keeps='websocket, asgi={"version": "3.0"}' + _VISIT,
        servers="For websocket, uvicorn says 2.4, hypercorn and granian 2.3; daphne leaves it out.",
    ),
)
