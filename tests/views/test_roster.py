"""The roster: what the sieve lets through, however it is asked; always in order, and never something that is gone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connection
from asgiviz.model.events import SCOPE, Event, Raw
from asgiviz.store.raw_events import raw_of
from asgiviz.store.recorder import Recorder
from asgiviz.views import roster as roster_module
from asgiviz.views.atoms import Body, Path, Slower
from asgiviz.views.connection_rows import COLUMNS, Column
from asgiviz.views.evidence import And, Evidence, Filter, Not
from asgiviz.views.ledger import Ledger
from asgiviz.views.roster import Roster
from asgiviz.views.sieve import Sieve
from tests.model.malformed import EVENTS
from tests.store.files import filled, request
from tests.views.ledgers import ended, fed, numbered, recorded, traffic
from tests.views.runs import FILTERS, runs


class Screen:
    """A ledger and its roster, fed from a recorder and asked as a screen asks them."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.ledger = Ledger(0)
        self.roster = Roster(self.ledger)

    def show(self, upto: int, most: int = 10**6, final: bool = False) -> list[int]:
        """Take events up to a number and judge at most so many connections; what is listed then."""
        self.ledger.put(self.recorder.read(range(self.ledger.seq + 1, upto + 1)))
        return self.judge(most, final)

    def judge(self, most: int = 10**6, final: bool = False) -> list[int]:
        left = iter(range(most - 1))
        touched, self.ledger.touched = self.ledger.touched, set()
        self.roster.touch(touched)
        self.roster.judge(self.recorder.read, self.ledger.t, lambda: next(left, None) is not None, final)
        assert set(self.roster.ids) <= set(self.ledger.connections)
        assert [self.roster.index_of(conn) for conn in self.roster.ids] == list(range(len(self.roster.ids)))
        return self.roster.ids


def passed(only: Filter, events: list[Event]) -> list[int]:
    """The connections that the sieve lets through."""
    return sorted({event.conn for event in Sieve(only).over(events) if event.conn is not None})


@given(FILTERS, runs(), st.data())
def test_it_lists_what_the_sieve_lets_through(only: Filter, events: list[Event], data: st.DataObject) -> None:
    """Live in pieces, with pauses in the judging, back and forth in time: at the end it is what passes of the whole run."""
    screen = Screen(recorded(events))
    roster_module.PORTION, portion = data.draw(st.sampled_from([1, 2, 2_000])), roster_module.PORTION
    try:
        early = data.draw(st.booleans())
        if early:
            screen.roster.select(only)
        for upto in sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4))):
            screen.show(upto, most=data.draw(st.sampled_from([1, 2, 10**6])), final=data.draw(st.booleans()))
            if data.draw(st.booleans()) and screen.ledger.seq:
                screen.ledger.go_back(data.draw(st.integers(1, screen.ledger.seq)), screen.recorder.read)
        if not early:
            screen.roster.select(only)
        assert screen.show(len(events), final=True) == passed(only, events)
        assert screen.roster.pending == 0
    finally:
        roster_module.PORTION = portion


@given(FILTERS, runs())
def test_live_it_lists_what_is_certain_by_now(only: Filter, events: list[Event]) -> None:
    """After each event it lists the connections of which the sieve has given something out, and no other."""
    screen, sieve = Screen(recorded(events)), Sieve(only)
    screen.roster.select(only)
    given_out: set[int] = set()
    for event in events:
        given_out |= {one.conn for one in sieve.put(event) if one.conn is not None}
        assert screen.show(event.seq) == sorted(given_out)


def test_a_slow_connection_is_seen_although_others_keep_it_busy() -> None:
    """What is slow by now is listed in time, whatever else there is to judge, and not any more when time went back."""
    raws: list[Raw] = [(0, SCOPE, 1, 0, None, {"type": "http", "path": "/slow"})]
    raws += [raw for conn in range(2, 30) for raw in request(conn, start=100 * conn)]
    screen = Screen(filled(raws))
    screen.roster.select(Slower(1_000))
    listed = [screen.show(seq)[:] for seq in range(1, len(raws) + 1)]
    first = next(seq for seq, ids in enumerate(listed, 1) if ids)
    assert raws[first - 1][0] > 1_000 >= raws[first - 2][0]
    assert all(ids == [1] for ids in listed[first - 1 :])
    screen.ledger.go_back(first - 1, screen.recorder.read)
    assert screen.judge() == []


def test_a_word_in_what_has_not_happened_yet_does_not_count() -> None:
    """After going back a connection is not listed for a body that comes later, and it is again when that is reached."""
    screen = Screen(filled(request(1, b"hello")[:-1]))
    screen.roster.select(Body("hello"))
    assert screen.show(7) == [1]
    screen.ledger.go_back(5, screen.recorder.read)
    assert screen.judge() == []
    assert screen.show(6) == [1]


def test_what_is_open_in_a_recording_that_ends_is_judged_as_it_is() -> None:
    """Not slow, not found: certain only when nothing more comes, and open again when something does."""
    screen = Screen(filled([*request(1)[:-1], *request(2)[:3]]))
    screen.roster.select(Not(Body("zebra")))
    assert screen.show(7) == []
    assert screen.show(7, final=True) == [1]
    assert screen.show(10) == []
    assert screen.show(10, final=True) == [1, 2]


def test_the_facts_are_the_ledgers_although_events_are_gone() -> None:
    """A body filter joined with a path lists a connection whose scope is not in memory any more."""
    raws = traffic(400)
    recorder = filled(raws, max_events=600)
    recorder.tidy()
    screen = Screen(recorder)
    screen.ledger.put(numbered(raws))
    partly = [conn for conn, own in screen.ledger.seqs.items() if own[0] < recorder.oldest <= own[-1] and conn > 1]
    screen.roster.select(And((Path("/"), Not(Body("zebra")))))
    assert partly
    assert set(partly) <= set(screen.judge())


# -- order -------------------------------------------------------------------------------------------------------------


@given(st.lists(EVENTS, max_size=25), st.sampled_from(COLUMNS), st.booleans())
def test_any_recording_can_be_sorted_by_any_column(events: list[Event], column: Column, descending: bool) -> None:
    """Whatever connections hold, they are in the order of the key, and those that are alike in that of their numbers."""
    ledger = Ledger(0)
    ledger.put(numbered(raw_of(event, 0) for event in events))
    roster = Roster(ledger)
    roster.order_by(column.key, descending)
    assert sorted(roster.ids) == ledger.order
    keys = [column.key(ledger.connections[conn]) for conn in roster.ids]
    assert keys == sorted(keys, reverse=descending)
    for one, other, key, next_key in zip(roster.ids, roster.ids[1:], keys, keys[1:], strict=False):
        assert key != next_key or one < other
    assert [roster.index_of(conn) for conn in roster.ids] == list(range(len(roster.ids)))
    assert roster.index_of(10**9) is None


def test_it_says_when_the_order_may_have_changed() -> None:
    """Changes make a sorted list stale, and nothing else does; in the natural order nothing has to be sorted."""
    screen = Screen(filled([*request(1), *request(2), *request(3)]))

    def stale() -> bool:
        return screen.roster.needs_sorting

    screen.show(8)
    assert not stale()
    screen.roster.order_by(lambda connection: -connection.conn)
    screen.show(16)
    assert stale()
    assert screen.roster.ids == [1]
    screen.roster.sort()
    assert screen.roster.ids == [2, 1]
    screen.judge()
    assert not stale()
    screen.roster.order_by(None)
    assert screen.show(24) == [1, 2, 3]


def test_connections_that_a_file_numbers_as_it_likes_stand_by_number() -> None:
    """With a filter and without, and each is found in its place."""
    raws = [*request(7), *request(3), *request(5), *request(1)[:4], *request(4)]
    screen = Screen(filled(raws))
    assert screen.show(len(raws)) == [1, 3, 4, 5, 7]
    screen.roster.select(Path("/"))
    assert screen.judge() == [1, 3, 4, 5, 7]


# -- clearing and forgetting -------------------------------------------------------------------------------------------


def test_clearing_hides_what_is_over_and_clearing_again_brings_it_back() -> None:
    """What is open stays, also when it ends later; new ones appear; when nothing that is over is listed all come back."""
    raws = [*request(1)[:-1], *request(2, start=10), *request(3, start=20), ended(1, 30), *request(4, start=40)]
    screen = Screen(filled(raws))
    assert screen.show(23) == [1, 2, 3]
    assert screen.roster.clear()
    assert screen.roster.ids == [1]
    assert screen.show(24) == [1]
    assert screen.show(32) == [1, 4]
    assert screen.roster.clear()
    assert screen.judge() == []
    assert not screen.roster.clear()
    assert screen.judge() == [1, 2, 3, 4]


@pytest.mark.parametrize("key", [None, COLUMNS[3].key], ids=["natural", "sorted"])
def test_clearing_goes_with_a_filter(key: Any) -> None:
    """Cleared connections stay away when the filter changes, and connections that do not pass do not come back."""
    raws = [*request(1, b"one"), *request(2, b"two", start=10), *request(3, b"one", start=20)]
    screen = Screen(filled(raws))
    screen.roster.order_by(key)
    screen.roster.select(Body("one"))
    screen.show(16)
    assert screen.roster.clear()
    screen.roster.select(None)
    screen.judge()
    screen.roster.sort()
    assert screen.roster.ids == []
    screen.roster.select(Body("one"))
    screen.show(24)
    screen.roster.sort()
    assert screen.roster.ids == [3]
    assert screen.roster.clear()
    assert screen.roster.ids == []
    assert not screen.roster.clear()
    screen.judge()
    screen.roster.sort()
    assert screen.roster.ids == [1, 3]


@pytest.mark.parametrize("only", [None, Path("/"), Body("hello")], ids=str)
@pytest.mark.parametrize("key", [None, COLUMNS[4].key], ids=["natural", "sorted"])
def test_what_was_forgotten_is_not_listed_any_more(only: Filter | None, key: Any) -> None:
    """At once, also when there is no time to judge and none to sort."""
    screen = Screen(filled([raw for conn in range(1, 21) for raw in request(conn)]))
    screen.roster.select(only)
    screen.roster.order_by(key)
    screen.show(160)
    screen.roster.sort()
    assert sorted(screen.roster.ids) == list(range(1, 21))
    screen.ledger.forget_before(81)
    assert sorted(screen.judge(most=1)) == list(range(11, 21))


@pytest.mark.parametrize("only", [None, Path("/"), Body("hello")], ids=str)
def test_a_ledger_that_begins_anew_is_followed(only: Filter | None) -> None:
    """Nothing of the old one stays."""
    screen = Screen(filled([raw for conn in range(1, 4) for raw in request(conn)]))
    screen.roster.select(only)
    assert screen.show(24) == [1, 2, 3]
    screen.ledger = screen.ledger.anew()
    screen.roster.follow(screen.ledger)
    assert screen.roster.ids == []
    assert screen.show(8) == [1]


# -- how much work it is -----------------------------------------------------------------------------------------------


class Counting(Filter):
    """Passes every other connection and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def judge(self, evidence: Evidence) -> bool | None:
        self.asked += 1
        return evidence.connection.conn % 2 == 0 if evidence.connection.over else None


@pytest.mark.slow
def test_a_hundred_thousand_connections_are_judged_once_and_then_only_when_they_change() -> None:
    """Nothing is asked without a filter; with one each connection once, in bites; then only those that are touched."""
    count = 100_000
    recorder = Recorder(max_events=10**6)
    recorder.epoch = 0
    screen, reads = Screen(recorder), 0

    def read(seqs: Any) -> Any:
        nonlocal reads
        reads += 1
        return recorder.read(seqs)

    screen.ledger.put(
        numbered([raw for conn in range(1, count + 1) for raw in ((0, SCOPE, conn, 0, None, {"type": "http"}), ended(conn, 1))])
    )
    roster = screen.roster
    roster.touch(range(1, count + 1))
    assert not roster.judge(read, 1, lambda: True)
    assert roster.ids is screen.ledger.order
    only = Counting()
    roster.select(only)
    assert roster.pending == count
    bites = 0
    while roster.pending and bites <= count:
        left = iter(range(999))
        roster.judge(read, 1, lambda left=left: next(left, None) is not None)  # type: ignore[misc]
        bites += 1
    assert (bites, only.asked, len(roster.ids)) == (100, count, count // 2)
    roster.touch([5, 6, 5])
    roster.touch([6, 7])
    assert roster.pending == 3
    roster.judge(read, 1, lambda: True)
    assert (only.asked, reads) == (count + 3, 0)
    keys = 0

    def key(connection: Connection) -> int:
        nonlocal keys
        keys += 1
        return -connection.conn

    roster.order_by(key)
    assert (keys, roster.ids[0], roster.index_of(count)) == (count // 2, count, 0)


def test_a_long_connection_is_searched_in_portions_and_each_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two portions the screen is answered; when more events come only those are read."""
    monkeypatch.setattr(roster_module, "PORTION", 10)
    opened = request(1)[:-1]
    raws = [opened[0], *[raw for _ in range(20) for raw in opened[5:7]]]
    ledger, recorder, asked = fed(raws), filled(raws), list[int]()

    def read(seqs: Any) -> Any:
        asked.extend(seqs)
        assert len(seqs) <= 10
        return recorder.read(seqs)

    roster = Roster(ledger)
    roster.select(Body("zebra"))
    bites = 0
    while roster.pending and bites < 100:
        roster.judge(read, 1, lambda: False)
        bites += 1
    assert (bites, asked) == (5, list(range(1, 42)))
    last = (50, *request(1, b"a zebra")[5][1:])
    recorder.emit(last)
    ledger.put([(42, last)])
    roster.touch([1])
    assert roster.judge(read, 1, lambda: True)
    assert (roster.ids, asked[41:]) == ([1], [42])


def test_a_connection_that_is_searched_in_part_is_not_judged_by_that_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a word is not in a finished connection is certain only when all of it was looked at."""
    monkeypatch.setattr(roster_module, "PORTION", 2)
    raws = request(1, b"a zebra")
    ledger, recorder = fed(raws), filled(raws)
    roster = Roster(ledger)
    roster.select(Not(Body("zebra")))
    for left in (1, 1, 1, 0):
        roster.judge(recorder.read, 10, lambda: False)
        assert (roster.ids, roster.pending) == ([], left)
    roster.select(Not(Body("horse")))
    for left in (1, 1, 1, 0):
        roster.judge(recorder.read, 10, lambda: False)
        assert (roster.ids, roster.pending) == ([] if left else [1], left)
