"""The filter language: what it selects, when it can tell, and how it says what is wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.views.atoms import ATOMS, Body, Slower
from asgiviz.views.evidence import And, Evidence, Filter, Not, Or
from asgiviz.views.filter import MAX_DEPTH, FilterError, parse
from tests.views.runs import FILTERS

MS = 1_000_000
SCOPE = {"scope": {"type": "http", "method": "POST", "path": "/orders/7", "headers": [[b"Accept", b"text/html, */*"]]}}
RUN: list[tuple[int, Ev, dict[str, Any]]] = [
    (0, Ev.SCOPE, SCOPE),
    (1, Ev.RECEIVE_BEGIN, {}),
    (60, Ev.RECEIVE_END, {"message": {"type": "http.request", "body": b"hello wo", "more_body": True}}),
    (61, Ev.RECEIVE_END, {"message": {"type": "http.request", "body": b"rld"}}),
    (62, Ev.SEND_BEGIN, {"message": {"type": "http.response.start", "status": 503, "headers": [[b"x-id", b"7"]]}}),
    (63, Ev.SEND_BEGIN, {"message": {"type": "http.response.body", "body": b"{}", "more_body": True}}),
    (64, Ev.EXIT, {"outcome": "returned"}),
]


def after(count: int, only: Filter) -> bool | None:
    """What the filter says when the first `count` events of RUN are known."""
    evidence = Evidence(Connection(1, 0), {part.needle for part in only.walk() if isinstance(part, Body)})
    for seq, (ms, ev, fields) in enumerate(RUN[:count], 1):
        evidence.add(Event(seq, ms * MS, ev, 1, 0, None, fields))
    return only.decide(evidence)


@pytest.mark.parametrize(
    ("text", "undecided_for", "selects"),
    [
        ("~m post", 0, True),
        ("~m GET", 0, False),
        ("~p /orders", 0, True),
        ("~p '/Orders'", 0, False),
        ("~t http", 0, True),
        ("~t websocket", 0, False),
        ("~s 5xx", 4, True),
        ("~s 503", 4, True),
        ("~s 404", 4, False),
        ("~d 50ms", 2, True),
        ("~d 0.05", 2, True),
        ("~d 64ms", 6, False),
        ("~d 1s", 6, False),
        ('~b "lo world"', 3, True),
        ("~b nothing", 6, False),
        ("~h accept", 0, True),
        ("~h ACCEPT:html", 0, True),
        ("~h x-id:7", 4, True),
        ("~h accept:json", 4, False),
        ("~h x", 4, False),
        ("~e", 6, True),
        ("!~e", 6, False),
        ("!~s 5xx", 4, False),
        ("~m GET & ~s 5xx", 0, False),
        ("~m POST | ~s 404", 0, True),
        ("~m POST ~s 503", 4, True),
        ("~s 404 | ~d 50ms & ~m POST", 2, True),
        ("(~s 404 | ~d 50ms) & ~m GET", 0, False),
        ("!(~m POST & ~s 503)", 4, False),
    ],
)
def test_an_answer_comes_as_soon_as_it_is_certain(text: str, undecided_for: int, selects: bool) -> None:
    """A filter says None up to the event that decides it, and the same from there on."""
    answers = [after(count, parse(text)) for count in range(1, len(RUN) + 1)]
    assert answers == [None] * undecided_for + [selects] * (len(RUN) - undecided_for)


@pytest.mark.parametrize("cut", range(1, 5))
@pytest.mark.parametrize(("ending", "found"), [({}, True), ({"$len": 9}, False)], ids=["whole", "kept in part"])
def test_a_text_is_found_wherever_a_body_is_cut(cut: int, ending: dict[str, int], found: bool) -> None:
    """A text that lies across two body messages is found, unless bytes between them were not kept."""
    evidence = Evidence(Connection(1, 0), {b"hello"})
    first: Any = {"$bytes": b"hello"[:cut], **ending} if ending else b"hello"[:cut]
    for seq, body in enumerate((b"xhellx", first, b"hello"[cut:]), 1):
        message = {"type": "http.request", "body": body, "more_body": True}
        evidence.add(Event(seq, 0, Ev.RECEIVE_END, 1, 0, None, {"message": message}))
    assert (b"hello" in evidence.found) is found


def test_a_text_is_not_put_together_from_two_websocket_messages() -> None:
    """Each WebSocket message is searched by itself."""
    evidence = Evidence(Connection(1, 0), {b"hello"})
    for seq, part in enumerate(("hel", "lo"), 1):
        evidence.add(Event(seq, 0, Ev.SEND_BEGIN, 1, 0, None, {"message": {"type": "websocket.send", "text": part}}))
    assert not evidence.found


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("", 1, "the filter is empty"),
        ("  ", 3, "the filter is empty"),
        ("~m", 1, "~m needs METHOD behind it, as in ~m POST"),
        ("~s 5xx & ", 10, "the filter ends where an atom is missing"),
        ("~x y", 1, "there is no atom ~x: the atoms are ~m ~p"),
        ("~s 5x", 4, "5x is no status"),
        ("~s ٣٣٣", 4, "is no status"),
        ("~t ftp", 4, "ftp is no scope type: write http, websocket, lifespan or wsgi"),
        ("~d soon", 4, "soon is no duration"),
        ("~d 999999999999999999m", 4, "longer than any recording"),
        ("~h :x", 4, "names no header"),
        ("~b ''", 4, "~b needs TEXT in its quotes"),
        ('~b "abc', 4, 'this " is never closed'),
        ("(~e", 1, "this ( is never closed"),
        ("~e )", 4, "this ) closes nothing"),
        ("~e | | ~e", 6, "there is no atom before this |"),
        ("orders", 1, "orders is no atom: to look for it in the path write ~p orders"),
        ("~e & 'x'", 6, "a text alone is no atom"),
        ("~p ~e", 1, "~p needs TEXT"),
        ("!" * (MAX_DEPTH + 5) + "~e", MAX_DEPTH + 2, "stand within each other"),
    ],
)
def test_a_bad_filter_is_answered_with_one_sentence(text: str, column: int, part: str) -> None:
    """The sentence names what is wrong, and the column and the caret show where."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert part in str(error)
    assert str(error).endswith(f"(column {column})")
    assert "\n" not in str(error)
    assert error.column == column
    assert error.text == text
    assert error.picture.splitlines()[1] == " " * (min(column - 1, 50)) + "^"


def test_the_caret_stands_right_behind_wide_and_escaped_characters() -> None:
    """The picture is safe to print and its caret points at the column on the screen."""
    with pytest.raises(FilterError) as caught:
        parse("~p 世\x1b | ~q")
    assert caught.value.picture.split("\n") == ["~p 世\\x1b | ~q", " " * 12 + "^"]


@given(st.text() | st.text(st.sampled_from("~mpstdbhe!&|()'\"\\ x5:\n\x1b世")))
def test_parsing_raises_nothing_but_its_own_error(text: str) -> None:
    """Whatever is typed is a filter or a FilterError whose sentence and picture are printable."""
    with contextlib.suppress(FilterError):
        parse(text)
        return
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert 1 <= caught.value.column <= len(text) + 1
    for line in [str(caught.value), *caught.value.picture.split("\n")]:
        assert all(character.isprintable() or character == "\u3000" for character in line)


@given(FILTERS)
def test_a_filter_reads_back_as_it_was_written(only: Filter) -> None:
    """The text of a filter parses to an equal filter."""
    assert parse(str(only)) == only


@given(FILTERS, FILTERS, st.integers(1, len(RUN)))
def test_de_morgan_holds(one: Filter, other: Filter, count: int) -> None:
    """Not both is the same as one or the other not, whatever is known so far."""
    assert after(count, Not(And((one, other)))) is after(count, Or((Not(one), Not(other))))
    assert after(count, Not(Or((one, other)))) is after(count, And((Not(one), Not(other))))


@given(FILTERS)
def test_every_filter_is_decided_in_the_end_and_stays_decided(only: Filter) -> None:
    """An answer once given does not change, and after the exit there is one."""
    answers = [after(count, only) for count in range(1, len(RUN) + 1)]
    assert answers[-1] is not None
    given_out = [answer for answer in answers if answer is not None]
    assert len(set(given_out)) == 1


def test_the_table_names_every_atom_with_an_example_that_parses() -> None:
    """Each row's example is a filter of that row's atom and has no other sign."""
    assert len({kind.sign for kind in ATOMS}) == len(ATOMS) == 10
    for kind in ATOMS:
        assert kind.example.split()[0] == kind.sign
        assert str(parse(kind.example)) == kind.example
        assert bool(kind.argument) == (" " in kind.example)


@pytest.mark.parametrize("ns", [0, 1, 999, 1_500, 100 * MS, 60_000 * MS, 90_000 * MS])
def test_durations_read_back(ns: int) -> None:
    """Every nanosecond of a duration survives its text."""
    assert parse(str(Slower(ns))) == Slower(ns)


def test_the_status_of_a_refused_websocket_counts() -> None:
    """A handshake that the app closes is a 403, one that it denies has the status of the denial, an accepted one none."""
    for message, status, expected in (
        ({"type": "websocket.close"}, "403", True),
        ({"type": "websocket.http.response.start", "status": 404}, "4xx", True),
        ({"type": "websocket.accept"}, "4xx", False),
    ):
        evidence = Evidence(Connection(1, 0), ())
        evidence.add(Event(1, 0, Ev.SCOPE, 1, 0, None, {"scope": {"type": "websocket"}}))
        evidence.add(Event(2, 0, Ev.SEND_BEGIN, 1, 0, 1, {"message": message}))
        assert parse(f"~s {status}").decide(evidence) is expected
