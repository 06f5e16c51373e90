"""Reading a scope: what it says about its connection, and what is wrong with it by itself.

Scopes of a server differ in little from call to call. Their constant part is looked at once and remembered; where the rest
is plain, nothing more has to be asked.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgiviz.model.values import header_pairs, kept_text
from asgiviz.protocol.machines import announced_in
from asgiviz.protocol.scope_fields import scope_flaws
from asgiviz.protocol.shapes import Flaw, by_text, is_dict, is_list
from asgiviz.protocol.standing import AUTOMATA, Standing, begin

#: Keys that differ from call to call.
_VARYING = ("path", "raw_path", "query_string", "client", "headers", "state")
#: Plain values for them, to look at the rest alone.
_PLAIN: dict[str, Any] = {"path": "/", "raw_path": b"/", "query_string": b"", "client": None, "headers": [], "state": {}}
#: Constant parts that are remembered.
REMEMBERED, LONGEST = 1_024, 4_096
#: What a missing spec_version means.
_OLDEST = {"http": "2.0", "websocket": "2.0", "lifespan": "1.0"}
_RIGHT_NAMES, _LONG_NAME = 10_000, 256


@dataclass(frozen=True, slots=True)
class Facts:
    """What the constant part of a scope says. `standing` is None where there is no automaton for the type."""

    kind: str | None
    standing: Standing | None
    spec_version: str
    http_version: str
    method: str | None
    offered: tuple[str | None, ...]


class RequestFacts(NamedTuple):
    """What the request's headers say about bodies."""

    bodyless: bool
    declared: int | None
    wants_trailers: bool


class ScopeReading(NamedTuple):
    """A scope as the judge sees it."""

    facts: Facts
    request: RequestFacts
    has_state: bool
    flaws: tuple[Flaw, ...]
    scope: Any


class ScopeReader:
    """Reads scopes, and remembers what servers always say."""

    def __init__(self) -> None:
        #: packed constant part -> what it says, and whether it is right and asks nothing of the rest
        self._known: dict[bytes, tuple[Facts, bool]] = {}
        self._right_names: set[bytes] = set()

    def read(self, payload: Any) -> ScopeReading:
        """The frozen scope, packed or not."""
        scope = marshal.loads(payload) if type(payload) is bytes else payload
        if not is_dict(scope):
            return ScopeReading(_facts({}), _REQUEST, False, tuple(scope_flaws(scope)), scope)
        scope = by_text(scope)
        facts, right = self._constant(scope)
        request, plain = self._request(facts, scope.get("headers"))
        flaws: tuple[Flaw, ...] = ()
        if not (right and plain and _is_plain(scope)):
            flaws = tuple(dict.fromkeys(scope_flaws(scope)))
            if not flaws and len(self._right_names) < _RIGHT_NAMES:
                names = {name for name, _ in header_pairs(scope.get("headers"))}
                self._right_names |= {
                    name for name in names if name == name.lower() and len(name) < _LONG_NAME and name not in _TELLING
                }
        return ScopeReading(facts, request, "state" in scope, flaws, scope)

    def _constant(self, scope: dict[str, Any]) -> tuple[Facts, bool]:
        constant = scope.copy()
        for key in _VARYING:
            constant.pop(key, None)
        packed = marshal.dumps(constant, 2)
        known = self._known.get(packed)
        if known is None:
            if len(packed) > LONGEST:
                return _facts(constant), False
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            facts = _facts(constant)
            plain = facts.http_version.startswith("1") and not constant.get("root_path") and not facts.offered
            right = plain and not any(scope_flaws({**_PLAIN, **constant}))
            known = self._known[packed] = facts, right
        return known

    def _request(self, facts: Facts, headers: Any) -> tuple[RequestFacts, bool]:
        """What the headers say about bodies, and whether all of them are plain pairs of names that are right."""
        bodyless, declared, trailers, in_pieces = facts.http_version.startswith("1"), None, False, False
        right, plain = self._right_names, is_list(headers)
        try:
            for name, value in headers:
                if name not in right or type(value) is not bytes:
                    plain, name = False, name.lower()
                if name == b"content-length":
                    bodyless, declared = False, int(value) if value.isdigit() and len(value) < 19 else None
                elif name == b"transfer-encoding":
                    bodyless, in_pieces = False, True
                elif name == b"te":
                    trailers = trailers or b"trailers" in value.lower()
        except (TypeError, ValueError, AttributeError):
            plain = False  # it is malformed, which the full table tells
        return RequestFacts(bodyless, None if in_pieces else declared, trailers), plain


_REQUEST = RequestFacts(True, None, False)
_EMPTY: dict[str, Any] = {}
#: Headers that must agree with another key.
_TELLING = frozenset({b"sec-websocket-protocol"})


def _is_plain(scope: Mapping[str, Any]) -> bool:
    """Whether what varies is of the usual shape; what is not is looked at with the full table."""
    try:
        path, raw_path, client = scope["path"], scope["raw_path"], scope["client"]
        return (
            type(path) is str
            and path[0] == "/"
            and "?" not in path
            and type(raw_path) is bytes
            and b"?" not in raw_path
            and type(scope["query_string"]) is bytes
            and len(client) == 2
            and type(client[0]) is str
            and type(client[1]) is int
            and scope.get("state", _EMPTY) == _EMPTY
        )
    except (KeyError, IndexError, TypeError):
        return False


def _facts(scope: dict[str, Any]) -> Facts:
    kind = kept_text(scope.get("type"))
    asgi = scope.get("asgi")
    spec = kept_text(asgi.get("spec_version")) if is_dict(asgi) else None
    offered = scope.get("subprotocols")
    return Facts(
        kind,
        begin(kind, announced_in(scope)) if kind in AUTOMATA else None,
        spec or _OLDEST.get(kind or "", ""),
        kept_text(scope.get("http_version")) or "1.1",
        kept_text(scope.get("method")),
        tuple(kept_text(each) for each in offered) if is_list(offered) else (),
    )
