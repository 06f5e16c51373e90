"""The tables say what the specification says: each cell as a small dialogue, and properties of any run at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event
from asgiviz.protocol.machines import ELSEWHERE, LINE_CLOSED, Machine
from asgiviz.protocol.standing import AUTOMATA, Move
from asgiviz.protocol.transitions import ANY_MESSAGE, EXIT, Memo, Part, Transition, Verdict, Way
from tests.model.malformed import EVENTS
from tests.views.runs import runs

#: How a dialogue calls its messages: words after R or S -> the message.
WORDS: dict[str, dict[str, Any]] = {
    "R request…": {"type": "http.request", "body": b"a", "more_body": True},
    "R request last": {"type": "http.request"},
    "R gone": {"type": "http.disconnect"},
    "S start": {"type": "http.response.start", "status": 200},
    "S start+trailers": {"type": "http.response.start", "status": 200, "trailers": True},
    "S body…": {"type": "http.response.body", "body": b"a", "more_body": True},
    "S body last": {"type": "http.response.body", "body": b"a"},
    "S push": {"type": "http.response.push", "path": "/", "headers": []},
    "S zerocopy…": {"type": "http.response.zerocopysend", "more_body": True},
    "S zerocopy last": {"type": "http.response.zerocopysend"},
    "S pathsend": {"type": "http.response.pathsend", "path": "/a"},
    "S early_hint": {"type": "http.response.early_hint", "links": []},
    "S debug": {"type": "http.response.debug", "info": {}},
    "S trailers…": {"type": "http.response.trailers", "headers": [], "more_trailers": True},
    "S trailers last": {"type": "http.response.trailers", "headers": []},
    "R connect": {"type": "websocket.connect"},
    "R receive": {"type": "websocket.receive", "text": "a"},
    "R disconnect": {"type": "websocket.disconnect", "code": 1000},
    "S accept": {"type": "websocket.accept"},
    "S send": {"type": "websocket.send", "text": "a"},
    "S close": {"type": "websocket.close"},
    "S deny": {"type": "websocket.http.response.start", "status": 401},
    "S deny body…": {"type": "websocket.http.response.body", "more_body": True},
    "S deny body last": {"type": "websocket.http.response.body"},
    "R startup": {"type": "lifespan.startup"},
    "R shutdown": {"type": "lifespan.shutdown"},
    "S started": {"type": "lifespan.startup.complete"},
    "S start failed": {"type": "lifespan.startup.failed"},
    "S stopped": {"type": "lifespan.shutdown.complete"},
    "S stop failed": {"type": "lifespan.shutdown.failed"},
}
#: Rows of the application's side of http: the state, how to get there, and what each message leads to.
RESPONSE_COLUMNS = (
    "S start", "S body…", "S body last", "S push", "S zerocopy…", "S zerocopy last", "S pathsend", "S early_hint", "S debug",
    "S trailers last", "returned",
)  # fmt: skip
RESPONSE = {
    "IDLE": ([], "HEAD S-021 S-021 PUSH-001 ZC-001 ZC-001 PATH-001 IDLE IDLE TRAIL-002 S-030"),
    "HEAD": (["S start"], "S-002 BODY DONE HEAD BODY DONE DONE HINT-002 DBG-001 TRAIL-002 S-020"),
    "BODY": (["S start", "S body…"], "S-002 BODY DONE BODY BODY DONE PATH-001 HINT-002 DBG-001 TRAIL-002 S-031"),
    "TRAIL": (
        ["S start+trailers", "S body last"],
        "S-002 S-024 S-024 PUSH-001 S-024 S-024 PATH-001 HINT-002 DBG-001 DONE TRAIL-001",
    ),
    "DONE": (["S start", "S body last"], "S-002 S-024 S-024 PUSH-001 S-024 S-024 PATH-001 HINT-002 DBG-001 TRAIL-002 DONE"),
}
CELLS = [
    pytest.param(path, word, cell, id=f"{state}: {word}")
    for state, (path, cells) in RESPONSE.items()
    for word, cell in zip(RESPONSE_COLUMNS, cells.split(), strict=True)
]
#: Dialogues: what was said before; the move; the state it leads to, or the rule it breaks (``rule*``: a mere remark).
HTTP = [
    ("", "S debug", "IDLE"),
    ("S debug", "S debug", "EXT-DBG-001"),
    ("S debug", "S start", "HEAD"),
    ("S start+trailers", "S body…", "BODY"),
    ("S start+trailers", "S body last", "TRAIL"),
    ("S start+trailers", "S pathsend", "TRAIL"),
    ("S start+trailers / S zerocopy…", "S zerocopy last", "TRAIL"),
    ("S start+trailers / S body last", "S trailers…", "TRAIL"),
    ("", "raised", "HTTP-S-032"),
    ("", "R request…", "REQ"),
    ("R request…", "R request last", "WAIT"),
    ("R request…", "R gone", "GONE"),
    ("R request last", "R gone", "GONE"),
    ("R request last", "R request…", "HTTP-R-004"),
    ("R gone", "R gone", "GONE"),
    ("R gone", "R request last", "HTTP-R-004"),
    ("R gone", "S start", "HTTP-S-034*"),
    ("R gone", "S trailers last", "HTTP-S-034*"),
    ("S start / R gone", "returned", "GONE"),
    ("S start / S body last / R gone", "S body last", "HTTP-S-034*"),
    ("", "R connect", "HTTP-R-001"),
    ("", "S send", "CORE-014"),
]
WEBSOCKET = [
    ("", "R connect", "HANDSHAKE"),
    ("", "R receive", "WS-R-001"),
    ("", "R disconnect", "WS-R-001"),
    ("", "S accept", "WS-S-002*"),
    ("S accept", "R connect", "WS-S-002*"),
    ("S accept / R connect", "R connect", "WS-R-001"),
    ("", "S close", "WS-S-024*"),
    ("", "S send", "WS-S-010"),
    ("", "S deny", "(DENYING)"),
    ("S deny", "R connect", "WS-S-002*"),
    ("S deny / S deny body last", "returned", "REJECTED"),
    ("S deny / S deny body last", "S close", "WS-S-025"),
    ("", "returned", "WS-S-030"),
    ("R connect", "S accept", "OPEN"),
    ("R connect", "S close", "WS-S-024*"),
    ("R connect", "S deny", "DENYING"),
    ("R connect", "R disconnect", "CLOSED"),
    ("R connect", "R receive", "WS-R-002"),
    ("R connect", "R connect", "WS-R-001"),
    ("R connect", "S send", "WS-S-010"),
    ("R connect", "S deny body last", "EXT-DENY-002"),
    ("R connect", "raised", "WS-S-030"),
    ("R connect / S accept", "R receive", "OPEN"),
    ("R connect / S accept", "S send", "OPEN"),
    ("R connect / S accept", "S close", "CLOSING"),
    ("R connect / S accept", "R disconnect", "CLOSED"),
    ("R connect / S accept", "S accept", "WS-S-003"),
    ("R connect / S accept", "S deny", "EXT-DENY-001"),
    ("R connect / S accept", "returned", "WS-S-031"),
    ("R connect / S accept / S close", "R disconnect", "CLOSED"),
    ("R connect / S accept / S close", "R receive", "CLOSING"),
    ("R connect / S accept / S close", "S close", "WS-S-025"),
    ("R connect / S accept / S close", "S send", "WS-S-025"),
    ("R connect / S accept / S close", "returned", "CLOSING"),
    ("R connect / S accept / R disconnect", "R disconnect", "CLOSED"),
    ("R connect / S accept / R disconnect", "R receive", "WS-R-009"),
    ("R connect / S accept / R disconnect", "S send", "CLOSED"),
    ("R connect / S accept / R disconnect", "returned", "CLOSED"),
    ("R connect / S close", "R disconnect", "CLOSED"),
    ("R connect / S close", "S accept", "WS-S-025"),
    ("R connect / S close", "returned", "REJECTED"),
    ("R connect / S deny", "S deny body…", "DENYING"),
    ("R connect / S deny", "S deny body last", "REJECTED"),
    ("R connect / S deny", "S deny", "EXT-DENY-002"),
    ("R connect / S deny", "S accept", "EXT-DENY-003"),
    ("R connect / S deny", "R disconnect", "CLOSED"),
    ("R connect / S deny", "returned", "EXT-DENY-003"),
    ("R connect / S deny / S deny body last", "S close", "EXT-DENY-003"),
    ("R connect / S deny / S deny body last", "returned", "REJECTED"),
    ("", "R gone", "CORE-013"),
    ("", "S body last", "CORE-009"),
]
LIFESPAN = [
    ("", "R startup", "STARTING"),
    ("", "R shutdown", "LIFE-004"),
    ("", "S started", "LIFE-009"),
    ("", "S stopped", "LIFE-009"),
    ("", "raised", "LIFE-012*"),
    ("", "returned", "LIFE-013"),
    ("R startup", "S started", "UP"),
    ("R startup", "S start failed", "FAILED"),
    ("R startup", "R startup", "LIFE-003"),
    ("R startup", "S stopped", "LIFE-009"),
    ("R startup", "raised", "LIFE-012*"),
    ("R startup", "returned", "LIFE-013"),
    ("R startup / S started", "R shutdown", "STOPPING"),
    ("R startup / S started", "S start failed", "LIFE-008"),
    ("R startup / S started", "S stop failed", "LIFE-009"),
    ("R startup / S started", "returned", "LIFE-014"),
    ("R startup / S started", "raised", "LIFE-014"),
    ("R startup / S started / R shutdown", "S stopped", "END"),
    ("R startup / S started / R shutdown", "S stop failed", "END"),
    ("R startup / S started / R shutdown", "R shutdown", "LIFE-004"),
    ("R startup / S started / R shutdown", "returned", "LIFE-010"),
    ("R startup / S started / R shutdown / S stopped", "S stopped", "LIFE-010"),
    ("R startup / S started / R shutdown / S stopped", "returned", "END"),
    ("R startup / S start failed", "S started", "LIFE-008"),
    ("R startup / S start failed", "raised", "FAILED"),
    ("", "R request last", "CORE-013"),
    ("", "S start", "CORE-009"),
]
DIALOGUES = [
    pytest.param(kind, before, word, expected, id=f"{kind}: {before + ' / ' if before else ''}{word}")
    for kind, cases in (("http", HTTP), ("websocket", WEBSOCKET), ("lifespan", LIFESPAN))
    for before, word, expected in cases
]


def event(word: str, call: int = 1) -> Event:
    """The event of one word of a dialogue: a message, or how the app ended."""
    if word not in WORDS:
        return Event(1, 0, Ev.EXIT, 1, 0, None, {"outcome": word})
    return Event(1, 0, Ev.RECEIVE_END if word[0] == "R" else Ev.SEND_BEGIN, 1, 0, call, {"message": WORDS[word]})


def scope(kind: str, *extensions: str) -> Event:
    """The event of a scope that announces these extensions."""
    return Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": {"type": kind, "extensions": {name: {} for name in extensions}}})


def play(machine: Machine, words: Iterable[str]) -> Move:
    """What the last word of a dialogue meant."""
    move = ELSEWHERE
    for call, word in enumerate(words):
        move = machine.feed(event(word, call))
    return move


def message_for(row: Transition) -> Event:
    """An event that takes a row."""
    if row.way is Way.EXIT:
        return Event(1, 0, Ev.EXIT, 1, 0, None, {"outcome": "raised" if row.part is Part.RAISED else "returned"})
    message = {"type": "http.response.body" if row.what == ANY_MESSAGE else row.what, "trailers": row.part is Part.TRAILERS}
    message |= {"more_body": row.part is Part.MORE, "more_trailers": row.part is Part.MORE}
    return Event(1, 0, Ev.RECEIVE_END if row.way is Way.RECEIVE else Ev.SEND_BEGIN, 1, 0, 1, {"message": message})


def check(machine: Machine, move: Move, expected: str) -> None:
    """`expected` is the state it must lead to (in brackets: out of the ordinary), a broken rule, or with a star the one
    that has a remark."""
    if expected.startswith("("):
        assert (move.verdict, move.after) == (Verdict.ALLOWED, expected.strip("()"))
    elif "-" not in expected:
        assert (move.verdict, move.after) == (Verdict.LEGAL, expected)
        assert expected in machine.states
    elif expected.endswith("*"):
        assert move.verdict in (Verdict.LEGAL, Verdict.ALLOWED)
        assert move.rule == expected[:-1]
    else:
        assert (move.verdict, move.rule) == (Verdict.ILLEGAL, expected)


@pytest.mark.parametrize(("path", "word", "cell"), CELLS)
def test_each_cell_of_the_response_table_holds(path: list[str], word: str, cell: str) -> None:
    """In each state each message leads where the table says, or breaks the rule that the table names and moves nothing."""
    machine = Machine("http")
    play(machine, path)
    before = machine.state
    move = play(machine, [word])
    if "-" in cell:
        prefix = "HTTP-" if cell.startswith("S-") else "EXT-"
        check(machine, move, prefix + cell)
        assert machine.state == before
    else:
        check(machine, move, cell)
        assert machine.state == cell


@pytest.mark.parametrize(("kind", "before", "word", "expected"), DIALOGUES)
def test_a_dialogue_ends_where_the_specification_says(kind: str, before: str, word: str, expected: str) -> None:
    """After what was said before, the last word is legal, has a remark or breaks its rule."""
    machine = Machine(kind)
    for earlier in filter(None, before.split(" / ")):
        assert play(machine, [earlier]).verdict in (Verdict.LEGAL, Verdict.ALLOWED)
    check(machine, play(machine, [word]), expected)


def test_after_a_disconnect_a_send_moves_nothing() -> None:
    """What an app sends to a client that is gone leaves the response where it was, and the app may end at any time."""
    machine = Machine("http")
    play(machine, ["S start", "R gone", "S body last"])
    assert machine.states == ("GONE", "HEAD")
    assert {row.what for row in machine.legal_next()} == {"http.disconnect", ANY_MESSAGE, EXIT}


@pytest.mark.parametrize(
    ("kind", "before", "word", "rule"),
    [
        ("http", ["S start"], "S push", "CORE-030"),
        ("http", ["S start"], "S pathsend", "CORE-030"),
        ("http", [], "S early_hint", "CORE-030"),
        ("http", [], "S start+trailers", "HTTP-S-015"),
        ("websocket", ["R connect"], "S deny", "CORE-030"),
    ],
)
def test_an_extension_counts_only_when_it_is_announced(kind: str, before: list[str], word: str, rule: str) -> None:
    """The same message is legal under a scope that announces its extension, and breaks a rule under one that does not."""
    without, announced = Machine(kind), Machine(kind)
    without.feed(scope(kind))
    announced.feed(scope(kind, *AUTOMATA[kind].extensions.values()))
    assert play(announced, [*before, word]).verdict is Verdict.LEGAL
    move = play(without, [*before, word])
    assert (move.verdict, move.rule) == (Verdict.ILLEGAL, rule)
    assert not [row for row in without.legal_next() if row.extension]


def test_a_promise_of_trailers_without_the_extension_still_binds() -> None:
    """The server must wait for the trailers then, so the app cannot end well."""
    machine = Machine("http", extensions=())
    assert play(machine, ["S start+trailers", "S body last"]).after == "TRAIL"
    assert play(machine, ["returned"]).rule == "EXT-TRAIL-001"


def raised(call: int, name: str) -> Event:
    """A send that came back with an exception."""
    return Event(2, 0, Ev.SEND_END, 1, 0, call, {"raised": {"type": name, "text": ""}})


def test_a_refused_send_counts_as_not_sent() -> None:
    """When the server raises out of send the state is the one before, and the same message is legal again."""
    machine = Machine("http")
    machine.feed(event("S start", 1))
    move = machine.feed(raised(1, "builtins.TypeError"))
    assert (move.verdict, machine.state) == (Verdict.UNDONE, "IDLE")
    assert machine.feed(event("S start", 2)).verdict is Verdict.LEGAL


def test_what_a_refused_send_said_is_forgotten() -> None:
    """A debug message, which may be sent once only, may be sent again when the server refused it."""
    machine = Machine("http")
    machine.feed(event("S debug", 1))
    machine.feed(raised(1, "RuntimeError"))
    assert machine.feed(event("S debug", 2)).verdict is Verdict.LEGAL
    assert machine.feed(event("S debug", 3)).rule == "EXT-DBG-001"


def test_a_refused_send_that_was_illegal_changes_nothing() -> None:
    """Only what moved the state can be taken back."""
    machine = Machine("http")
    play(machine, ["S start"])
    machine.feed(event("S start", 7))
    assert machine.feed(raised(7, "RuntimeError")) == ELSEWHERE
    assert machine.state == "HEAD"


@pytest.mark.parametrize("name", [*sorted(LINE_CLOSED), "uvicorn.protocols.utils.ClientDisconnected"])
@pytest.mark.parametrize(
    ("kind", "words", "state"),
    [("http", ["S start", "S body…"], "GONE"), ("websocket", ["R connect", "S accept", "S send"], "CLOSED")],
)
def test_a_send_that_says_that_the_line_is_closed_is_a_disconnect(kind: str, words: list[str], state: str, name: str) -> None:
    """An OSError out of send tells the app that the client is gone, and that it may end."""
    machine = Machine(kind)
    play(machine, words)
    assert machine.feed(raised(len(words) - 1, name)).verdict is Verdict.ALLOWED
    assert state in machine.states
    assert play(machine, ["raised"]).verdict is Verdict.LEGAL


def test_a_cancelled_send_stays_sent() -> None:
    """Nobody knows how much of it went out."""
    machine = Machine("http")
    machine.feed(event("S start", 1))
    machine.feed(Event(2, 0, Ev.SEND_END, 1, 0, 1, {"cancelled": True}))
    assert machine.state == "HEAD"


def test_only_the_outermost_tap_moves_the_state() -> None:
    """What a middleware and the app say to each other does not concern the server."""
    machine = Machine("http")
    assert machine.feed(event("S start")._replace(layer=1)) == ELSEWHERE
    assert machine.state == "IDLE"
    assert machine.feed(event("S start")._replace(layer=None)).after == "HEAD"


def test_after_the_exit_nothing_is_legal() -> None:
    """A call of send behind the end of the app breaks its rule, and no message is legal next."""
    machine = Machine("http")
    play(machine, ["S start", "S body last", "returned"])
    assert machine.over
    assert machine.legal_next() == []
    assert play(machine, ["S body last"]).rule == "CORE-034"


def test_a_cancelled_app_is_not_judged() -> None:
    """An app whose task was cancelled may leave anything unfinished."""
    move = play(Machine("http"), ["S start", "cancelled"])
    assert (move.verdict, move.rule) == (Verdict.ALLOWED, "CORE-037")


@pytest.mark.parametrize(
    ("message", "rule"),
    [(None, "CORE-010"), ({}, "CORE-011"), ({"type": 3}, "CORE-011"), ({"type": "http.respond"}, "CORE-014")],
)
def test_a_message_that_is_none_breaks_a_rule(message: Any, rule: str) -> None:
    """No dict, no type, no string, no type that exists: each has its rule."""
    move = Machine("http").feed(Event(1, 0, Ev.SEND_BEGIN, 1, 0, 1, {"message": message}))
    assert (move.verdict, move.rule) == (Verdict.ILLEGAL, rule)


def test_a_scope_type_without_a_table_is_refused() -> None:
    """The error names what there is."""
    with pytest.raises(ValueError, match=r"'ftp'.*http, websocket, lifespan"):
        Machine("ftp")


@pytest.mark.parametrize("kind", AUTOMATA)
def test_every_message_is_named_in_every_state(kind: str) -> None:
    """No state of the app's side leaves a message of its protocol, or the end, to chance."""
    side = AUTOMATA[kind].sides[-1]
    named = {(row.state, row.way, row.what) for row in side.rows}
    wild = {(row.state, row.way) for row in side.rows if row.what == ANY_MESSAGE}
    moves = {(row.way, row.what) for row in side.rows if row.what != ANY_MESSAGE}
    missing = {
        (state, way, what)
        for state in side.states
        for way, what in moves
        if (state, way, what) not in named and (state, way) not in wild
    }
    assert missing == set()


@pytest.mark.parametrize("kind", AUTOMATA)
def test_every_state_and_every_legal_row_can_be_reached(kind: str) -> None:
    """Walking whatever is legal next, and nothing else, leads into every state and through every legal row."""
    reached: set[tuple[tuple[str, ...], Memo]] = set()
    taken: set[Transition] = set()
    paths: list[tuple[Transition, ...]] = [()]
    while paths:
        path = paths.pop()
        machine = Machine(kind)
        for row in path:
            machine.feed(message_for(row))
        if (machine.states, machine.memo) in reached:
            continue
        reached.add((machine.states, machine.memo))
        taken.update(machine.legal_next())
        paths += [(*path, row) for row in machine.legal_next() if row.way is not Way.EXIT]
    sides = AUTOMATA[kind].sides
    assert {state for states, _ in reached for state in states} == {state for side in sides for state in side.states}
    assert taken == {row for side in sides for row in side.rows if row.verdict is Verdict.LEGAL}


@pytest.mark.parametrize("kind", AUTOMATA)
def test_every_sentence_is_one_short_sentence(kind: str) -> None:
    """It ends with a full stop, and fits beside a message."""
    automaton = AUTOMATA[kind]
    said = [row.sentence for side in automaton.sides for row in side.rows]
    said += [state.meaning for side in automaton.sides for state in side.states]
    said += [automaton.unknown_receive.sentence, automaton.unknown_send.sentence]
    assert [text for text in said if not text.endswith(".") or len(text) >= 120 or ". " in text] == []


@pytest.mark.parametrize("kind", AUTOMATA)
def test_an_illegal_row_names_its_rule(kind: str) -> None:
    """Every illegal row of a table can be looked up."""
    illegal = [row for side in AUTOMATA[kind].sides for row in side.rows if row.verdict is Verdict.ILLEGAL]
    assert illegal
    assert all(row.rule for row in illegal)


@given(st.sampled_from(sorted(AUTOMATA)), st.data())
def test_what_is_legal_next_is_legal(kind: str, data: st.DataObject) -> None:
    """Whatever is chosen from the legal moves is judged legal, and leads where it said."""
    machine = Machine(kind)
    for _ in range(8):
        moves = machine.legal_next()
        if not moves:
            break
        row = data.draw(st.sampled_from(moves))
        move = machine.feed(message_for(row))
        assert (move.verdict, move.sentence, move.after) == (Verdict.LEGAL, row.sentence, row.to)


@given(st.sampled_from(sorted(AUTOMATA)), st.lists(EVENTS, max_size=20) | runs())
def test_no_run_of_events_breaks_a_machine(kind: str, events: list[Event]) -> None:
    """Whatever a recording holds, each side stands in one of its states, and a move that is judged has a sentence."""
    machine = Machine(kind)
    for happened in events:
        move = machine.feed(happened)
        assert move.verdict is Verdict.ELSEWHERE or move.sentence
        assert move.verdict is not Verdict.ILLEGAL or move.rule
        assert all(state in side.states for state, side in zip(machine.states, machine.automaton.sides, strict=True))
