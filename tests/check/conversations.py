"""Whole conversations that keep every rule, drawn from the transition tables.

A walk through the legal rows gives the order, the strategies below give each message its keys; what holds for several
messages together (lengths, statuses without a body, what the client offered) is put right afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from asgiviz.protocol.rules.example import SCOPES
from asgiviz.protocol.standing import Standing, begin
from asgiviz.protocol.transitions import ANY_MESSAGE, Part, Transition, Verdict, Way
from tests.check.recorded import Conversation, Message, Turn

_Draw = st.DrawFn
_KINDS = sorted(SCOPES)
#: A server that announces http.response.debug gets a warning for it, so that no blameless conversation has it.
_EXTENSIONS = {
    "http": ["early_hint", "pathsend", "push", "trailers", "zerocopysend"],
    "websocket": ["http.response"],
    "lifespan": [],
}
_PREFIX = {"http": "http.response.", "websocket": "websocket.", "lifespan": ""}
#: Keys of the scope that a server may leave out.
_DISPENSABLE = {
    "http": ["scheme", "raw_path", "root_path", "client", "server"],
    "websocket": ["scheme", "raw_path", "root_path", "client", "server", "http_version", "query_string"],
    "lifespan": [],
}
_LENGTH = b"content-length"
_OPEN_FILE = {"$repr": "<_io.BufferedReader name='a.bin'>", "$type": "_io.BufferedReader"}

_BODY = st.sampled_from([b"", b"a", b"hello", "é世".encode()])
_HEADERS = st.lists(st.sampled_from([[b"content-type", b"text/plain"], [b"set-cookie", b"a=1"], [b"x-empty", b""]]), max_size=3)
_REASON = st.none() | st.sampled_from(["", "bye", "é" * 61])
_PAYLOAD: st.SearchStrategy[Message] = st.sampled_from(
    [{"text": "hello"}, {"text": "é", "bytes": None}, {"bytes": b"\0"}, {"bytes": b"a", "text": None}]
)


def _keys(needed: dict[str, Any] | None = None, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    return st.fixed_dictionaries(needed or {}, optional=optional)


def _some_of(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True) if names else st.just([])


#: Message type -> its keys, those left out that the walk decides; a type that is missing here has none.
_CONTENTS: dict[str, st.SearchStrategy[Message]] = {
    "http.request": _keys(body=_BODY),
    "http.response.start": _keys({"status": st.just(200)}, headers=_HEADERS),
    "http.response.body": _keys(body=_BODY),
    "http.response.push": _keys({"path": st.just("/a.css"), "headers": _HEADERS}),
    "http.response.zerocopysend": _keys({"file": st.just(_OPEN_FILE)}, offset=st.integers(0, 9), count=st.integers(0, 9)),
    "http.response.pathsend": _keys({"path": st.just("/srv/a.bin")}),
    "http.response.early_hint": _keys({"links": st.lists(st.just(b"</a.css>; rel=preload"), max_size=2)}),
    "http.response.trailers": _keys({"headers": _HEADERS}),
    "websocket.receive": _PAYLOAD,
    "websocket.send": _PAYLOAD,
    "websocket.disconnect": _keys({"code": st.sampled_from([1000, 1001, 1005, 1006, 4001])}, reason=_REASON),
    "websocket.accept": _keys(headers=_HEADERS),
    "websocket.close": _keys(code=st.sampled_from([1000, 1003, 1011, 3000, 4999]), reason=_REASON),
    "websocket.http.response.start": _keys({"status": st.sampled_from([401, 403])}, headers=_HEADERS),
    "websocket.http.response.body": _keys(body=_BODY),
    "lifespan.startup.failed": _keys(message=st.sampled_from(["", "no database"])),
    "lifespan.shutdown.failed": _keys(message=st.sampled_from(["", "no database"])),
}
#: Message type -> the flag that says whether more follow.
_MORE = {
    "http.request": "more_body",
    "http.response.body": "more_body",
    "http.response.zerocopysend": "more_body",
    "http.response.trailers": "more_trailers",
    "websocket.http.response.body": "more_body",
}
_LATE = {"http": "http.response.body", "websocket": "websocket.send"}


@st.composite
def conversations(draw: _Draw) -> Conversation:
    """A conversation in which nobody makes a mistake."""
    kind = draw(st.sampled_from(_KINDS))
    scope = draw(_scopes(kind))
    rows, outcome = draw(_walks(begin(kind, scope.get("extensions", {}))))
    turns = []
    gone = False
    for row in rows:
        message = draw(_messages(kind, row))
        turns.append(Turn(row.way, message, gone and row.way is Way.SEND and _version(scope) >= "2.4"))
        gone |= message["type"].endswith(".disconnect")
    conversation = Conversation(scope, tuple(turns), outcome)
    match kind:
        case "http":
            return draw(_with_lengths(conversation))
        case "websocket":
            return draw(_with_subprotocol(conversation))
        case _:
            return conversation


@st.composite
def _scopes(draw: _Draw, kind: str) -> Message:
    left_out = draw(_some_of(_DISPENSABLE[kind]))
    scope = {key: value for key, value in SCOPES[kind].items() if key not in left_out}
    announced = [_PREFIX[kind] + name for name in draw(_some_of(_EXTENSIONS[kind]))]
    if draw(st.booleans()) or announced:
        scope["extensions"] = {name: {} for name in announced}
    version = draw(st.sampled_from([None, "1.0", "2.0"] if kind == "lifespan" else [None, "2.1", "2.3", "2.4", "2.5"]))
    scope["asgi"] = {"version": "3.0"} | ({"spec_version": version} if version else {})
    if kind == "http":
        scope["method"] = draw(st.sampled_from(["GET", "HEAD", "POST"]))
        scope["http_version"] = draw(st.sampled_from(["1.0", "1.1", "2", "3"]))
    return scope


def _version(scope: Message) -> str:
    return str(scope["asgi"].get("spec_version", "2.0"))


@st.composite
def _walks(draw: _Draw, standing: Standing) -> tuple[list[Transition], str]:
    """Legal rows from the beginning to an end that is legal, too, and how the app ends."""
    rows: list[Transition] = []
    leaves = draw(st.booleans())
    for left in range(draw(st.integers(0, 10)), -20, -1):
        possible = _moves(standing)
        if (left <= 0 or not possible) and (ways := _ends(standing)):
            return rows, draw(st.sampled_from(ways))
        moves = [row for row in possible if leaves or not _leaves(row)]
        if left <= 0 or not moves:
            moves = _nearest(standing, possible)
        rows.append(draw(st.sampled_from(moves)))
        standing = _after(standing, rows[-1])
    raise AssertionError("no way out")


def _moves(standing: Standing) -> list[Transition]:
    return [row for row in standing.legal_next() if row.way is not Way.EXIT]


def _leaves(row: Transition) -> bool:
    return row.what.endswith(".disconnect")


def _after(standing: Standing, row: Transition) -> Standing:
    late = _LATE.get(standing.automaton.kind, "")
    return standing.step(row.way, late if row.what == ANY_MESSAGE else row.what, row.part)[0]


def _ends(standing: Standing) -> list[str]:
    """The legal ways for the app to end here, about which there is nothing to say."""
    return [
        outcome
        for outcome in ("returned", "raised")
        if (move := standing.end(outcome)[1]) is not None and move.verdict is Verdict.LEGAL and move.rule is None
    ]


def _nearest(standing: Standing, moves: list[Transition]) -> list[Transition]:
    """The moves from which the app is soonest done, as far as it needs no disconnect for that."""
    distances = [_distance(_after(standing, row)) + 100 * _leaves(row) for row in moves]
    return [row for row, distance in zip(moves, distances, strict=True) if distance == min(distances)]


@cache
def _distance(standing: Standing) -> int:
    """The fewest moves to a place where the app may end."""
    seen, border = {standing}, [standing]
    for distance in range(20):
        if any(_ends(place) for place in border):
            return distance
        border = list({_after(place, row) for place in border for row in _moves(place) if not _leaves(row)} - seen)
        seen.update(border)
    raise AssertionError("no way out")


@st.composite
def _messages(draw: _Draw, kind: str, row: Transition) -> Message:
    what = _LATE[kind] if row.what == ANY_MESSAGE else row.what
    message = {"type": what, **draw(_CONTENTS.get(what, st.just({})))}
    flag = _MORE.get(what)
    if what == "http.response.start":
        message |= draw(_flag("trailers", row.part is Part.TRAILERS))
    elif flag is not None:
        message |= draw(_flag(flag, row.part is Part.MORE))
    if draw(st.booleans()):
        message["x-unknown"] = 1
    return message


def _flag(key: str, value: bool) -> st.SearchStrategy[Message]:
    return st.just({key: True}) if value else st.sampled_from([{}, {key: False}])


@st.composite
def _with_lengths(draw: _Draw, conversation: Conversation) -> Conversation:
    """With a status that allows the body, and content-length, if there is one, as long as what was sent."""
    scope = dict(conversation.scope)
    request = [turn.message for turn in conversation.turns if turn.message["type"] == "http.request"]
    arrived = sum(len(message.get("body", b"")) for message in request)
    read = bool(request) and not request[-1].get("more_body")
    if draw(st.booleans()):
        length = arrived if read else arrived + draw(st.integers(0, 3))
        scope["headers"] = [*scope["headers"], [_LENGTH, b"%d" % length]]
    types = [turn.message["type"] for turn in conversation.turns]
    gone = "http.disconnect" in types
    heard = conversation.turns[: types.index("http.disconnect")] if gone else conversation.turns
    sent = [turn.message for turn in heard if turn.way is Way.SEND]
    files = {message["type"] for message in sent} & {"http.response.zerocopysend", "http.response.pathsend"}
    length = sum(len(message.get("body", b"")) for message in sent)
    statuses = [413, 500] if request and not read and not gone else [200, 206, 404]
    status = draw(st.sampled_from(statuses if length or files or statuses[0] == 413 else [*statuses, 204, 304]))
    turns = []
    for turn in conversation.turns:
        message = turn.message
        if message["type"] == "http.response.start":
            message = {**message, "status": status}
            if "http.response.pathsend" in files:  # the app must say itself what it is, and how long
                message["headers"] = [[b"content-type", b"text/plain"], [_LENGTH, b"7"]]
            elif not files and status not in (204, 304) and draw(st.booleans()):
                message["headers"] = [*message.get("headers", []), [_LENGTH, b"%d" % length]]
        turns.append(turn._replace(message=message))
    return replace(conversation, scope=scope, turns=tuple(turns))


@st.composite
def _with_subprotocol(draw: _Draw, conversation: Conversation) -> Conversation:
    """With subprotocols that the client offers, one of which the app may choose, and no keys that came later."""
    scope = dict(conversation.scope)
    offered = draw(_some_of(["chat", "graphql-ws"]))
    scope["subprotocols"] = offered
    if offered:
        scope["headers"] = [*scope["headers"], [b"sec-websocket-protocol", ", ".join(offered).encode()]]
    elif draw(st.booleans()):
        del scope["subprotocols"]
    turns = []
    for turn in conversation.turns:
        message = dict(turn.message)
        match message["type"]:
            case "websocket.accept":
                if draw(st.booleans()):
                    message["subprotocol"] = draw(st.none() | st.sampled_from(offered)) if offered else None
                if _version(scope) < "2.1":
                    message.pop("headers", None)
            case "websocket.close" if _version(scope) < "2.3":
                message.pop("reason", None)
            case _:  # the others are the same in every version
                pass
        turns.append(turn._replace(message=message))
    return replace(conversation, scope=scope, turns=tuple(turns))
