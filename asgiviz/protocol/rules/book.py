"""The book: every rule by its id, in the order of the specification's parts."""

from __future__ import annotations

from asgiviz.protocol.rules import (
    rules_core,
    rules_extensions,
    rules_http_receive,
    rules_http_scope,
    rules_http_send,
    rules_lifespan,
    rules_tls,
    rules_websocket_receive,
    rules_websocket_scope,
    rules_websocket_send,
)
from asgiviz.protocol.rules.rule import Rule

#: Heading -> its rules, in order.
PARTS: dict[str, tuple[Rule, ...]] = {
    "Apps, scopes and events": rules_core.RULES,
    "HTTP: the scope": rules_http_scope.RULES,
    "HTTP: what the app receives": rules_http_receive.RULES,
    "HTTP: what the app sends": rules_http_send.RULES,
    "WebSocket: the scope": rules_websocket_scope.RULES,
    "WebSocket: what the app receives": rules_websocket_receive.RULES,
    "WebSocket: what the app sends": rules_websocket_send.RULES,
    "Lifespan": rules_lifespan.RULES,
    "Extensions": rules_extensions.RULES,
    "TLS": rules_tls.RULES,
}
#: Id -> rule.
RULES: dict[str, Rule] = {rule.id: rule for rules in PARTS.values() for rule in rules}
