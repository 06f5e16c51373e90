"""The State pane: drawn from the tables, true at every cursor, and never wider than its pane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import Ev, Event
from asgiviz.protocol.machines import Machine
from asgiviz.protocol.standing import AUTOMATA
from asgiviz.protocol.transitions import State, Transition, Verdict, Way
from asgiviz.views.automaton import History, draw, history
from asgiviz.views.automaton_picture import TRACKS, drawn, short_name
from asgiviz.views.spans import Role, Row, Span, in_ascii, text_of, width_of
from tests.model.malformed import EVENTS
from tests.protocol.test_machines import event, message_for, raised, scope
from tests.views.runs import runs

WIDTHS = (38, 78, 118, 200)
TALL = 200


def walk(kind: str, *words: str, announced: bool = True) -> list[Event]:
    """The events of a connection that begins with its scope, numbered."""
    extensions = AUTOMATA[kind].extensions.values() if announced else ()
    events = [scope(kind, *extensions), *(event(word, call) for call, word in enumerate(words))]
    return [happened._replace(seq=seq) for seq, happened in enumerate(events, 1)]


def lines(rows: list[Row]) -> list[str]:
    """The rows as text."""
    return [text_of(row.spans) for row in rows]


def ways_into_states() -> list[tuple[str, State, list[Event]]]:
    """Every state of every automaton, with a run of events that ends in it."""
    found: dict[tuple[str, State], list[Event]] = {}
    for kind, automaton in AUTOMATA.items():
        paths: list[tuple[Transition, ...]] = [()]
        while any((kind, state) not in found for side in automaton.sides for state in side.states):
            path = paths.pop(0)
            machine = Machine(kind)
            events = [scope(kind, *automaton.extensions.values()), *map(message_for, path)]
            for happened in events:
                machine.feed(happened)
            for state in machine.states:
                found.setdefault((kind, state), events)
            paths += [(*path, row) for row in machine.legal_next() if row.way is not Way.EXIT and row not in path]
    return [(kind, state, events) for (kind, state), events in found.items()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("kind", "state", "events"), [pytest.param(*way, id=f"{way[0]} {way[1]}") for way in ways_into_states()]
)
def test_the_current_state_is_lit(kind: str, state: State, events: list[Event], width: int) -> None:
    """In every form the current state stands between signs, so told apart without colour, and no other of its side does."""
    for height in (TALL, 1):
        page = draw(history(events), width, height)
        others = [other for track in TRACKS[kind] if state in track.states for other in track.states if other != state]
        lit = {text.strip() for row in page for text, role in row.spans if role is Role.STRONG and "◀" in text}
        names = {text.strip("▶◀ │") for text in lit} | {
            part.strip("▶◀ ") for line in lines(page) for part in line.split("│") if part.startswith("▶") and part.endswith("◀")
        }
        assert state in names
        assert not names & set(others)
        assert any(line.lstrip().split("  ")[1:2] == [f"▶ {state}"] for line in lines(page))


@pytest.mark.parametrize("kind", AUTOMATA)
def test_every_state_and_every_arrow_is_drawn_side_by_side(kind: str) -> None:
    """For each ordinary row of the table an arrow with its words begins below the one state and ends below the other."""
    walked = history(walk(kind))
    page = lines(draw(walked, 118, TALL))
    machine = walked.machine
    assert machine is not None
    page = page[: page.index(" Now legal")]
    left_to_find = [row for side in machine.automaton.sides for row in side.rows if drawn(machine, row)]
    assert {row.state for row in left_to_find} | {row.to for row in left_to_find} == {
        state for side in machine.automaton.sides for state in side.states
    }
    bottoms = [place for place, line in enumerate(page) if "┬" in line]
    for track, bottom, end in zip(TRACKS[kind], bottoms, [*(place - 1 for place in bottoms[1:]), len(page)], strict=True):
        names = page[bottom - 1]
        columns = [column for column, sign in enumerate(page[bottom]) if sign == "┬"]
        by_state = dict(zip(track.states, columns, strict=True))
        assert all(state in names[max(0, column - len(state)) : column + len(state)] for state, column in by_state.items())
        left_to_find = [
            row for row in left_to_find if not any(is_arrow(line, row, by_state) for line in page[bottom + 1 : end])
        ]
    assert left_to_find == []


def is_arrow(line: str, row: Transition, columns: dict[State, int]) -> bool:
    """Whether this line of a picture holds the arrow of a row."""
    if row.state not in columns or row.to not in columns:
        return False
    start, end = columns[row.state], columns[row.to]
    if start == end:
        between = line[start + 1 :].split("┊")[0].split("│")[0].split("├")[0]
        signs = between[1:2] in ("↺", "○")
    else:
        between = line[start + 1 : end]
        signs = line[start : start + 1] == "├" and between.endswith("▶") and "├" not in between
    words = between.strip("↺○━─┼▶ ").removeprefix(f"{row.way} ").split(", ")
    return signs and short_name(row).removeprefix("exit ") in words


@pytest.mark.parametrize("kind", AUTOMATA)
def test_every_state_and_every_arrow_is_drawn_one_below_the_other(kind: str) -> None:
    """In a narrow pane each ordinary row of the table stands below its state, with the state that it leads to."""
    walked = history(walk(kind))
    page = lines(draw(walked, 38, TALL))
    machine = walked.machine
    assert machine is not None
    below: dict[str, set[str]] = {}
    state = ""
    for line in page[: page.index(" Now legal")]:
        if line[1:2] in "┊┃":
            below[state].add(line[3:])
        else:
            state = line.strip("▶◀✓ ")
            below.setdefault(state, set())
    for row in (row for side in machine.automaton.sides for row in side.rows if drawn(machine, row)):
        target = "↺" if row.to == row.state else f"─▶ {row.to}"
        shown = f"○ {short_name(row)}" if row.way is Way.EXIT else f"{row.way} {short_name(row)} {target}"
        assert shown in below[row.state]
        assert row.to in below


def test_what_the_server_does_not_announce_is_not_drawn() -> None:
    """Under a plain server the picture has no push, no file and no trailers."""
    text = "\n".join(lines(draw(history(walk("http", announced=False)), 118, TALL)))
    assert "body last" in text
    assert not any(word in text for word in ("push", "zerocopy", "pathsend", "trailers", "early_hint", "debug"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("kind", "state", "events"), [pytest.param(*way, id=f"{way[0]} {way[1]}") for way in ways_into_states()]
)
def test_the_legal_moves_are_those_of_the_machine(kind: str, state: State, events: list[Event], width: int) -> None:
    """Each legal next move is listed with its direction, its target and its whole sentence, and nothing else is."""
    walked = history(events)
    page = lines(draw(walked, width, TALL))
    machine = walked.machine
    assert machine is not None
    listed = page[page.index(" Now legal") + 1 :]
    listed = listed[: listed.index("")]
    moves = machine.legal_next()
    heads = [line for line in listed if line[2:3] in ("▶", "◀", "○") and line[:2] == "  "]
    assert len(heads) == len(moves) > 0
    told = " ".join(" ".join(listed).split())
    for row, head in zip(moves, heads, strict=True):
        assert row.way is Way.EXIT or f"→ {row.to}" in head
        assert row.way is Way.EXIT or head[4] == row.way
        assert short_name(row).rstrip("…").split()[0].split("+")[0] in head or row.what in head
    assert all(word in told for row in moves for word in row.sentence.split())


def test_the_last_move_stands_below_with_its_number() -> None:
    """The rows of the last move and of those before it carry the event that a click selects."""
    page = draw(history(walk("http", "R request last", "S start", "S body…", "S body…", announced=False)), 118, 40)
    told = [(row.seq, text_of(row.spans).strip()) for row in page if row.seq is not None]
    assert told == [
        (5, "5 ◀ S http.response.body, more: Another piece of the body; more must follow."),
        (4, "4 ◀ S http.response.body, more  HEAD → BODY"),
        (3, "3 ◀ S http.response.start  IDLE → HEAD"),
        (2, "2 ▶ R http.request, last  REQ → WAIT"),
    ]


def test_moves_that_are_alike_fold() -> None:
    """A thousand pieces of a body are one line, and the last of them is the one that counts."""
    walked = history(walk("http", "S start", *["S body…"] * 1000))
    assert [(step.seq, step.times) for step in walked.steps] == [(2, 1), (3, 1), (1002, 999)]
    assert any("1002 ◀ S http.response.body, more ×999: " in line for line in lines(draw(walked, 118, 40)))


def test_an_illegal_move_is_told_with_its_rule() -> None:
    """The move stands in the role of errors with a sign, its rule and what is wrong, and the state stays lit."""
    page = draw(history(walk("http", "S start", "S start")), 118, 40)
    (row,) = [row for row in page if row.seq == 3]
    assert {role for _, role in row.spans} == {Role.ERROR}
    assert text_of(row.spans).strip() == (
        "3 ✗ S http.response.start: breaks HTTP-S-002. The status was already sent; http.response.start is sent once only."
    )
    assert any("▶HEAD◀" in line for line in lines(page))
    assert any("1 against the rules" in line for line in lines(page))


def test_a_refused_send_is_told() -> None:
    """A send out of which the server raised stands as not sent."""
    events = [*walk("http", "S start"), raised(0, "TypeError")._replace(seq=9)]
    page = draw(history(events), 118, 40)
    assert "counts as not sent" in " ".join(text_of(row.spans) for row in page if row.seq == 9)
    assert any("▶IDLE◀" in line for line in lines(page))


def test_the_state_follows_the_cursor() -> None:
    """Up to each event of a connection the pane shows the state that the connection had then."""
    events = walk("websocket", "R connect", "S accept", "R receive", "S close", "R disconnect")
    states = [machine.state for seq in range(1, 7) if (machine := history(events, seq).machine)]
    assert states == ["CONNECT", "HANDSHAKE", "OPEN", "OPEN", "CLOSING", "CLOSED"]
    assert history(events, 3).visited == {"CONNECT", "HANDSHAKE", "OPEN"}


def test_a_visited_state_is_ticked_and_a_future_one_is_not() -> None:
    """Where the connection has been is told apart from where it has not."""
    page = lines(draw(history(walk("http", "S start", "S body last")), 118, TALL))
    (names,) = [line for line in page if "▶DONE◀" in line]
    assert "✓IDLE" in names
    assert "✓HEAD" in names
    assert "✓BODY" not in names


def test_after_the_end_nothing_is_legal() -> None:
    """When the app's call has ended the pane says so."""
    page = lines(draw(history(walk("http", "S start", "S body last", "returned")), 78, 18))
    assert " Now legal  nothing: the app's call has ended." in page


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "Nothing of this connection is recorded up to here."),
        ([Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": {"type": "f\x1b[1m"}})], "no automaton for a scope of type 'f\\x1b[1m'"),
        (
            [Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": {"type": "世" * 99}})],
            "it has one for each of http, websocket, lifespan.",
        ),
        ([event("S start")], "The scope of this connection was not recorded"),
    ],
)
def test_a_connection_without_an_automaton_is_told_in_a_sentence(events: list[Event], said: str) -> None:
    """Whatever was or was not recorded, one sentence says why there is no picture."""
    page = draw(history(events), 78, 18)
    assert said in " ".join(line.strip() for line in lines(page))
    assert all(width_of(row.spans) <= 78 for row in page)


def test_a_pane_of_any_width_is_kept() -> None:
    """From 38 columns to 200 no row of any state is too wide, and nothing is cut where there is height enough."""
    for place, (_, _, events) in enumerate(ways_into_states()):
        walked = history(events)
        for width in range(38 + place % 5, 201, 5):
            height = (18, 30, TALL)[width % 3]
            page = draw(walked, width, height)
            assert max(width_of(row.spans) for row in page) <= width
            if height == TALL:
                assert not [row for row in page[:-9] if row.spans and row.spans[-1] == Span("…", Role.QUIET)]


@pytest.mark.parametrize("kind", AUTOMATA)
def test_a_small_pane_holds_what_matters(kind: str) -> None:
    """In 78 columns and 18 rows under any server every state's picture, legal moves and last move fit."""
    for announced in (True, False):
        for _, _, events in (way for way in ways_into_states() if way[0] == kind):
            run = events if announced else [scope(kind), *events[1:]]
            assert len(draw(history(run), 78, 18)) <= 18


@given(st.lists(EVENTS, max_size=20) | runs(), st.integers(1, 140), st.integers(0, 50))
def test_no_run_of_events_breaks_the_pane(events: list[Event], width: int, height: int) -> None:
    """Whatever a recording holds is drawn in its width, in printable signs that all have an ASCII twin."""
    walked = History()
    for happened in events:
        walked.add(happened)
    for row in draw(walked, width, height):
        assert width_of(row.spans) <= width
        assert text_of(row.spans).isprintable()
        own = [span for span in row.spans if all(ord(sign) < 128 or not sign.isalnum() for sign in span.text)]
        assert width_of(in_ascii(own)) == width_of(own)
    assert walked.machine is None or walked.wrong >= sum(step.move.verdict is Verdict.ILLEGAL for step in walked.steps)
