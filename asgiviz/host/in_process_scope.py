"""The scopes of a server without sockets: what uvicorn would say of the same clients, by the letter of the specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from asgiviz.model.asgi import Scope
from asgiviz.protocol.http_machine import EARLY_HINT
from asgiviz.protocol.websocket_machine import DENIAL
from asgiviz.traffic.http import head_of
from asgiviz.traffic.steps import OpenWebSocket, Request

#: Where the server seems to listen.
HOST, PORT = "127.0.0.1", 8000
AUTHORITY = f"{HOST}:{PORT}"
#: The key of every handshake: 16 bytes in base64. Nobody checks it, and a recording shall be the same each time.
_KEY = b"YXNnaXZpeiBjaGVja2VyIQ=="

State = dict[str, Any]


def lifespan_scope(state: State) -> Scope:
    """The scope of the app's life; what the app puts into `state` each connection gets a copy of."""
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}


def http_scope(request: Request, port: int, state: Mapping[str, Any]) -> Scope:
    """The scope of a request from a client on that port. TrafficError when it is no legal request."""
    head = head_of(request, AUTHORITY)
    return {
        "type": "http",
        "method": head.method.decode("ascii"),
        **_shared(bytes(head.target), "http", port, state),
        "headers": [(bytes(name), bytes(value)) for name, value in head.headers],
        "extensions": {EARLY_HINT: {}},
    }


def websocket_scope(step: OpenWebSocket, port: int, state: Mapping[str, Any]) -> Scope:
    """The scope of a WebSocket from a client on that port. TrafficError when its handshake is no legal request."""
    offers = (("sec-websocket-protocol", ", ".join(step.subprotocols)),) if step.subprotocols else ()
    head = head_of(Request(step.path, headers=(*step.headers, *offers)), AUTHORITY)
    handshake = [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-key", _KEY),
        (b"sec-websocket-version", b"13"),
    ]
    return {
        "type": "websocket",
        **_shared(bytes(head.target), "ws", port, state),
        "headers": [(bytes(name), bytes(value)) for name, value in head.headers] + handshake,
        "subprotocols": list(step.subprotocols),
        "extensions": {DENIAL: {}},
    }


def _shared(target: bytes, scheme: str, port: int, state: Mapping[str, Any]) -> dict[str, Any]:
    raw_path, _, query = target.partition(b"?")
    return {
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": scheme,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "client": (HOST, port),
        "server": (HOST, PORT),
        "state": dict(state),
    }
