"""Scopes: what the specification allows is never found at fault, and a wrong key is, on the server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asgiviz.check.judge import Judge
from asgiviz.model.events import SCOPE
from asgiviz.model.finding import APP, SERVER, Finding, Severity
from asgiviz.model.values import SCOPE_ITEMS, freeze
from asgiviz.protocol.rules.example import SCOPES
from tests.check.scopes import LEGAL
from tests.model.malformed import FROZEN

MISSING = object()
_KEYS = (
    "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers", "client", "server",
    "state", "extensions", "subprotocols", "$items",
)  # fmt: skip
_NO_TEXT = (None, 5, b"text", ["a"])
_NO_BYTES = ("text", 5, [b"a"])
_NO_ADDRESS = ("localhost", 5, ("localhost",), ("localhost", "80"), (b"localhost", 80), ("localhost", 80, 0), {"host": 80})
_NO_HEADERS = (MISSING, None, 5, "text", {"a": "b"}, [["a", "b"]], [[b"a", "b"]], [[b"a"]], [(b"a", b"b", b"c")], [b"ab"])
_NO_ASGI: tuple[Any, ...] = (
    MISSING,
    None,
    "3.0",
    {},
    {"version": 3},
    {"version": "3.0", "spec_version": 2.3},
    {"version": "9.0"},
)
_CORE = ("CORE-006", "CORE-007", "CORE-008")
_NO_EXTENSIONS: tuple[Any, ...] = (5, [], "text", {"a": None}, {"a": 1}, {1: {}})

#: Scope type, key, values that it must not have, and the rules that say so.
WRONG: tuple[tuple[str, str, tuple[Any, ...], tuple[str, ...]], ...] = (
    ("http", "asgi", _NO_ASGI, _CORE),
    ("http", "asgi", ({"version": "3.0", "spec_version": "3.0"},), ("HTTP-C-002",)),
    ("http", "http_version", (MISSING, *_NO_TEXT, 1.1), ("HTTP-C-003",)),
    ("http", "http_version", ("1", "2.0", "HTTP/1.1", ""), ("HTTP-C-004",)),
    ("http", "method", (MISSING, *_NO_TEXT), ("HTTP-C-005",)),
    ("http", "method", ("get", "Post"), ("HTTP-C-006",)),
    ("http", "scheme", (*_NO_TEXT, ""), ("HTTP-C-007",)),
    ("http", "path", (MISSING, *_NO_TEXT), ("HTTP-C-009",)),
    ("http", "path", ("items", "http://localhost/items", ""), ("HTTP-C-010",)),
    ("http", "raw_path", (*_NO_BYTES, b"/items?page=2"), ("HTTP-C-011",)),
    ("http", "query_string", (MISSING, None, *_NO_BYTES), ("HTTP-C-012",)),
    ("http", "root_path", _NO_TEXT, ("HTTP-C-013",)),
    ("http", "root_path", ("/nowhere in the path",), ("HTTP-C-014",)),
    ("http", "headers", _NO_HEADERS, ("HTTP-C-015",)),
    ("http", "headers", ([(b"host", b"x"), (b"Accept", b"x")],), ("HTTP-C-016",)),
    ("http", "headers", ([(b"host", b"x"), (b":path", b"/")],), ("HTTP-C-017",)),
    ("http", "client", (*_NO_ADDRESS, ("localhost", None)), ("HTTP-C-021",)),
    ("http", "server", _NO_ADDRESS, ("HTTP-C-022",)),
    ("http", "state", (None, 5, "text", [("a", 1)]), ("HTTP-C-023",)),
    ("http", "extensions", _NO_EXTENSIONS, ("CORE-029",)),
    ("websocket", "asgi", _NO_ASGI, _CORE),
    ("websocket", "asgi", ({"version": "3.0", "spec_version": "1.0"},), ("WS-C-011",)),
    ("websocket", "http_version", (*_NO_TEXT, 1.1), ("WS-C-002",)),
    ("websocket", "scheme", (*_NO_TEXT, ""), ("WS-C-003",)),
    ("websocket", "scheme", ("http", "https"), ("WS-C-004",)),
    ("websocket", "path", (MISSING, *_NO_TEXT), ("WS-C-005",)),
    ("websocket", "raw_path", _NO_BYTES, ("WS-C-005",)),
    ("websocket", "query_string", _NO_BYTES, ("WS-C-006",)),
    ("websocket", "root_path", _NO_TEXT, ("WS-C-007",)),
    ("websocket", "client", (*_NO_ADDRESS, ("localhost", None)), ("WS-C-007",)),
    ("websocket", "server", _NO_ADDRESS, ("WS-C-007",)),
    ("websocket", "state", (None, 5, "text", [("a", 1)]), ("WS-C-007",)),
    ("websocket", "headers", _NO_HEADERS, ("WS-C-008",)),
    ("websocket", "headers", ([(b"host", b"x"), (b"sec-websocket-protocol", b"offered by nobody")],), ("WS-C-010",)),
    ("websocket", "subprotocols", ("chat", None, 5, [b"chat"], {"chat": 1}), ("WS-C-009",)),
    ("websocket", "extensions", _NO_EXTENSIONS, ("CORE-029",)),
    ("lifespan", "asgi", (MISSING, None, "3.0", {}, {"version": 3}), (*_CORE, "LIFE-001")),
    ("lifespan", "asgi", ({"version": "3.0", "spec_version": 2.0},), (*_CORE, "LIFE-001")),
    ("lifespan", "state", (None, 5, [], {"already": "full"}), ("LIFE-002",)),
)  # fmt: skip


def findings(scope: Any, judge: Judge | None = None) -> list[Finding]:
    """What is found at fault (warnings and errors) in a scope as it comes, by a judge who may have seen others."""
    found = (judge or Judge()).take([(1, (0, SCOPE, 1, 0, None, freeze(scope, items=SCOPE_ITEMS)))])
    return [finding for finding in found if finding.severity is not Severity.INFO]


@st.composite
def scopes_right_and_wrong(draw: st.DrawFn) -> dict[str, Any]:
    """The scope of a client, in which perhaps one key is wrong."""
    kind, key, values, _ = draw(st.sampled_from([row for row in WRONG if row[0] != "lifespan"]))
    scope = SCOPES[kind].copy() if draw(st.booleans()) else draw(LEGAL[kind]())
    if draw(st.booleans()):
        scope[key] = draw(st.sampled_from([value for value in values if value is not MISSING]))
    return scope


@pytest.mark.parametrize("kind", list(LEGAL))
@given(data=st.data())
def test_a_legal_scope_is_never_found_at_fault(kind: str, data: st.DataObject) -> None:
    """Optional keys may be there or not, sequences lists or tuples, keys unknown, values unusual."""
    assert findings(data.draw(LEGAL[kind]())) == []


@pytest.mark.parametrize(("kind", "key", "values", "rules"), WRONG, ids=lambda part: part if isinstance(part, str) else "")
@settings(max_examples=10)
@given(data=st.data())
def test_a_wrong_key_is_found_at_fault_and_the_server_is_blamed(
    kind: str, key: str, values: tuple[Any, ...], rules: tuple[str, ...], data: st.DataObject
) -> None:
    """Whatever else stands in the scope: a value of the wrong kind or none at all breaks the rule on that key."""
    for scope in SCOPES[kind], data.draw(LEGAL[kind]()):
        if (key, scope.get("path")) == ("root_path", "*"):
            continue  # OPTIONS * stands below no root
        for value in values:
            without = {name: scope[name] for name in scope if name != key}
            found = findings(without if value is MISSING else without | {key: value})
            assert {finding.rule for finding in found} & set(rules), (value, found)
            assert {finding.who for finding in found} == {SERVER}


@example([SCOPES[kind] | {"headers": [(b"Accept", b"x")]} for kind in ("websocket", "http")])
@example(
    [SCOPES["websocket"] | {"subprotocols": offered, "headers": [(b"sec-websocket-protocol", b"a")]} for offered in (["a"], [])]
)
@given(st.lists(scopes_right_and_wrong(), min_size=2, max_size=8))
def test_a_judge_who_has_seen_other_scopes_finds_the_same(scopes: list[dict[str, Any]]) -> None:
    """Scopes are alike, and much of them is looked at once only; that must not show."""
    seasoned = Judge()
    assert [findings(scope, seasoned) for scope in scopes + scopes] == [findings(scope) for scope in scopes + scopes]


@given(st.fixed_dictionaries({"type": st.sampled_from([*LEGAL, "other"]) | FROZEN}, optional=dict.fromkeys(_KEYS, FROZEN)))
def test_no_scope_makes_the_judge_raise(scope: dict[str, Any]) -> None:
    """A damaged file may hold anything in the place of a frozen scope."""
    found = Judge().take([(1, (0, SCOPE, 1, 0, None, scope))])
    assert all(finding.who in (SERVER, APP) for finding in found)
