"""The language of a rule's examples: a conversation, a line for each thing that happens, read into the events of a recording.

    http, method="post"                          the app is called; keys beside or instead of the usual ones
    receive http.request, body=b"x"              receive() gives this message
    send http.response.start, status=200         send() takes this message
    send http.response.body -> RuntimeError      ... and raises; `cancelled` and `never` (it does not come back) likewise
    returned                                     the app's call ends: also `returned 5`, `raised ValueError`, `cancelled`

`http, -method` leaves a key out. In place of a type and keys any literal may stand: `send {1: 2}`, `scope 5`. Also: `wait 10`
(seconds pass), `stall 300` (the app holds the event loop for so many milliseconds), `unawaited send http.response.body`,
`shares state 1` (with that connection), `log ERROR some text`. Each `http`, `websocket`, `lifespan` or `scope` begins a
connection, 1, 2, 3 …; a line belongs to the latest unless it begins with `@1`. `L1` behind that is a layer further in.
Values are frozen as a recording does it; a dict with `$` keys is taken for one that is frozen already, such as an object:
`{"$repr": "<object>", "$type": "main.Thing"}`. `60 times send …` (behind `@1 L1`) stands for sixty such lines. Lines are a
millisecond apart. ValueError names the line that cannot be read.
"""

from __future__ import annotations

import ast
import marshal
import re
from typing import Any

from asgiviz.model.events import (
    EXIT,
    LOG,
    RECEIVE_BEGIN,
    RECEIVE_BROKE,
    RECEIVE_END,
    SCOPE,
    SEND_BEGIN,
    SEND_END,
    SHARES,
    STALL,
    UNAWAITED,
    Raw,
)
from asgiviz.model.values import freeze

MILLISECOND = 1_000_000
_PREFIX = re.compile(r"(?:@(\d+) )?(?:L(\d+) )?(?:(\d+) times )?(.*)", re.DOTALL)
_NEVER, _CANCELLED = "never", "cancelled"

_SHARED: dict[str, Any] = {
    "asgi": {"version": "3.0", "spec_version": "2.5"},
    "http_version": "1.1",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [[b"host", b"localhost"]],
    "client": ["127.0.0.1", 50000],
    "server": ["127.0.0.1", 8000],
}
#: What the scope of an example is when it says nothing else.
SCOPES: dict[str, dict[str, Any]] = {
    "http": {"type": "http", **_SHARED, "method": "GET"},
    "websocket": {"type": "websocket", **_SHARED, "scheme": "ws", "subprotocols": []},
    "lifespan": {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}},
}


def numbered(text: str) -> list[tuple[int, Raw]]:
    """The raw events of an example with their numbers from 1; its clock begins at 0."""
    reader = _Reader()
    for line in text.strip().splitlines():
        if line.strip() and not line.strip().startswith("#"):
            try:
                reader.read(line.strip())
            except (ValueError, SyntaxError, KeyError) as error:
                raise ValueError(f"example line {line.strip()!r} cannot be read: {error}") from None
    return list(enumerate(reader.raws, 1))


class _Reader:
    def __init__(self) -> None:
        self.raws: list[Raw] = []
        self._t = 0
        self._conns = 0
        self._calls = 0

    def read(self, line: str) -> None:
        found = _PREFIX.fullmatch(line)
        assert found is not None  # it matches anything
        conn, layer, rest = int(found[1] or self._conns), int(found[2] or 0), found[4]
        verb, _, rest = rest.partition(" ")
        name = verb.rstrip(",")
        if name in (*SCOPES, "scope"):
            self._begin(name, f", {rest}" if verb.endswith(",") else rest, int(found[1] or 0), layer)
            return
        for _ in range(int(found[3] or 1)):
            self._t += MILLISECOND
            self._happen(verb, rest.strip(), conn, layer)

    def _begin(self, name: str, rest: str, conn: int, layer: int) -> None:
        if not layer:  # a layer further in sees the same call of the app
            self._conns = max(self._conns + 1, conn)
        scope = _frozen(ast.literal_eval(rest)) if name == "scope" else _message(name, rest.removeprefix(","), SCOPES[name])
        self._t += MILLISECOND
        self._emit(SCOPE, conn or self._conns, layer, None, scope)

    def _happen(self, verb: str, rest: str, conn: int, layer: int) -> None:
        match verb:
            case "receive":
                self._receive(rest, conn, layer)
            case "send":
                self._send(rest, conn, layer)
            case "unawaited":
                what, _, rest = rest.partition(" ")
                fields = {"what": what, "stack": []}
                self._emit(UNAWAITED, conn, layer, None, fields | ({"message": _literal_or_message(rest)} if rest else {}))
            case "returned":
                self._emit(
                    EXIT,
                    conn,
                    layer,
                    None,
                    {"outcome": "returned"} | ({"value": _frozen(ast.literal_eval(rest))} if rest else {}),
                )
            case "raised" | "cancelled":
                error = {**_error(rest or "asyncio.exceptions.CancelledError"), "traceback": ""}
                self._emit(EXIT, conn, layer, None, {"outcome": verb, "error": error})
            case "wait":
                self._t += int(float(rest) * 1000) * MILLISECOND
            case "stall":
                self._emit(STALL, None, None, None, {"ms": float(rest), "culprit": conn, "confidence": "observed", "stack": []})
            case "shares":
                what, other = rest.split()
                self._emit(SHARES, conn, layer, None, {"what": what, "with": int(other)})
            case "log":
                level, _, text = rest.partition(" ")
                self._emit(LOG, conn, None, None, {"level": level, "logger": "server", "text": text})
            case _:
                raise ValueError(f"there is no {verb!r}")

    def _receive(self, rest: str, conn: int, layer: int) -> None:
        rest, outcome = _outcome(rest)
        self._calls = call = self._calls + 1
        self._emit(RECEIVE_BEGIN, conn, layer, call, None)
        if outcome is None:
            self._emit(RECEIVE_END, conn, layer, call, _literal_or_message(rest))
        elif outcome != _NEVER:
            self._emit(RECEIVE_BROKE, conn, layer, call, _broke(outcome))

    def _send(self, rest: str, conn: int, layer: int) -> None:
        rest, outcome = _outcome(rest)
        self._calls = call = self._calls + 1
        self._emit(SEND_BEGIN, conn, layer, call, _literal_or_message(rest))
        if outcome != _NEVER:
            self._emit(SEND_END, conn, layer, call, None if outcome is None else _broke(outcome))

    def _emit(self, kind: int, conn: int | None, layer: int | None, call: int | None, payload: Any) -> None:
        if type(payload) is bytes:  # a message that is no dict; bare bytes would be taken for a packed payload
            payload = marshal.dumps(payload, 2)
        self.raws.append((self._t, kind, conn, layer, call, payload))


def _outcome(rest: str) -> tuple[str, str | None]:
    before, arrow, behind = rest.rpartition("->")
    return (before.strip(), behind.strip()) if arrow else (rest, None)


def _broke(outcome: str) -> dict[str, Any]:
    return {"cancelled": True} if outcome == _CANCELLED else {"raised": _error(outcome)}


def _error(said: str) -> dict[str, str]:
    name, _, text = said.partition(": ")
    return {"type": name if "." in name else f"builtins.{name}", "text": text}


def _literal_or_message(rest: str) -> Any:
    if re.match(r"[\w.]*[a-z_]\.[\w.]+", rest):
        name, _, keys = rest.partition(",")
        return _message(name, keys, {"type": name.strip()})
    return _frozen(ast.literal_eval(rest))


def _frozen(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_frozen(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value if any(key.startswith("$") for key in value) else {key: _frozen(item) for key, item in value.items()}
    return freeze(value)


def _message(name: str, keys: str, usual: dict[str, Any]) -> dict[str, Any]:
    """The keys behind a type: ``a=1, -b`` adds or replaces `a` and leaves `b` out."""
    left_out = re.findall(r"(?:^|,)\s*-(\w+)", keys)
    keys = re.sub(r"(?:^|,)\s*-\w+", "", keys).strip(", ")
    call = ast.parse(f"_({keys})", mode="eval").body
    assert isinstance(call, ast.Call)
    if call.args:
        raise ValueError(f"what stands behind {name} must be key=value")
    given = {keyword.arg: _frozen(ast.literal_eval(keyword.value)) for keyword in call.keywords if keyword.arg}
    return {key: value for key, value in {**usual, **given}.items() if key not in left_out}
