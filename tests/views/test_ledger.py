"""The ledger: the same however it was fed, able to go back, and no larger than what the recorder keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import LOG, NOTE, Ev, Raw, expand
from asgiviz.views import ledger as ledger_module
from asgiviz.views.ledger import ASIDE, MARK, Ledger
from tests.store.files import filled, request
from tests.views.ledgers import ended, facts, fed, knowledge, numbered, raw_runs, traffic


@given(raw_runs(), st.data())
def test_it_does_not_matter_in_which_pieces_it_is_fed(raws: list[Raw], data: st.DataObject) -> None:
    """One go or many, the ledger knows the same, and of each connection what `Connections` makes of its events."""
    pieces = Ledger(0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raws)), max_size=5)))
    for start, end in pairwise([0, *cuts, len(raws)]):
        pieces.put(numbered(raws)[start:end])
    whole = fed(raws)
    assert knowledge(pieces) == knowledge(whole)
    assert pieces.marks == whole.marks
    events = [expand(seq, raw, 0) for seq, raw in numbered(raws)]
    assert {conn: facts(one) for conn, one in whole.connections.items()} == {
        conn: facts(one) for conn, one in Connections(events).items()
    }
    assert whole.order == sorted({event.conn for event in events if event.conn is not None})
    for conn in whole.order:
        assert whole.events(conn, filled(raws).read) == [event for event in events if event.conn == conn]
    for ev in ASIDE:
        assert whole.aside(ev, filled(raws).read) == [event for event in events if event.ev == ev]


@given(raw_runs(), st.data())
def test_going_back_is_as_if_the_rest_had_not_happened(raws: list[Raw], data: st.DataObject) -> None:
    """From any place back to any other the ledger is one that was fed up to there, and it can go on from there again."""
    ledger, recorder = fed(raws), filled(raws)
    for _ in range(data.draw(st.integers(1, 3))):
        seq = data.draw(st.integers(0, ledger.seq))
        marks, before = dict(ledger.marks), knowledge(ledger)
        ledger.touched.clear()
        went = ledger.go_back(seq, recorder.read)
        assert went is (seq > 0)
        assert knowledge(ledger) == (knowledge(fed(raws, seq)) if went else before)
        assert ledger.marks == marks
        now = knowledge(ledger)["seqs"]
        assert ledger.touched == {conn for conn, own in before["seqs"].items() if now.get(conn) != own}
    ledger.put(numbered(raws)[ledger.seq :])
    assert knowledge(ledger) == knowledge(fed(raws))
    assert ledger.marks == fed(raws).marks


@given(st.integers(0, 200), st.integers(0, 60), st.data())
def test_going_back_works_when_old_events_are_gone(count: int, every: int, data: st.DataObject) -> None:
    """Of connections whose events are all in memory everything is known again, of the others no event is named that is gone."""
    raws = traffic(count, every)
    recorder = filled(raws, max_events=600)
    recorder.tidy()
    ledger = fed(raws)
    ledger.forget_before(recorder.oldest, recorder.unfinished, most=10**6)
    seq = data.draw(st.integers(1, len(raws)))
    before = knowledge(ledger)
    if ledger.go_back(seq, recorder.read):
        expected = fed(raws, seq)
        for conn, own in ledger.seqs.items():
            kept = [number for number in expected.seqs[conn] if recorder.read([number])]
            assert set(kept) <= set(own) <= set(expected.seqs[conn])
            if kept == list(expected.seqs[conn]):
                assert facts(ledger.connections[conn]) == facts(expected.connections[conn])
        assert ledger.order == sorted(ledger.seqs) == sorted(ledger.connections)
        assert {conn for conn in expected.order if expected.seqs[conn][0] >= recorder.oldest} <= set(ledger.order)
        assert (ledger.seq, ledger.t) == (seq, expected.t)
    else:
        assert recorder.read([seq]) == []
        assert knowledge(ledger) == before


def test_going_back_far_is_left_to_a_ledger_that_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """When more than so many events would have to be folded again nothing is done; marks and counts go over to a new one."""
    monkeypatch.setattr(ledger_module, "REFOLD", 3)
    raws = [*request(1), *request(2), (0, NOTE, 2, None, None, {"name": MARK, "data": "look"})]
    ledger, recorder = fed(raws), filled(raws)
    assert ledger.go_back(11, recorder.read)
    before = knowledge(ledger)
    assert not ledger.go_back(5, recorder.read)
    assert knowledge(ledger) == before
    ledger.forgotten = 3
    again = ledger.anew()
    assert (again.marks, again.forgotten, again.seq, again.order) == ({2: "look"}, 3, 0, [])


def test_marks_are_taken_from_notes_and_belong_to_no_moment() -> None:
    """A mark note gives or takes a comment as it was written; one that was seen before changes nothing when it comes again."""
    comment = "why? [b]\x1b[1m " + "x" * 300

    def note(conn: int | None, **fields: object) -> Raw:
        return (0, NOTE, conn, None, None, fields or None)

    raws = [
        *request(1),
        note(1, name=MARK, phase="begin", data=comment),
        note(2, name=MARK),
        note(1, name="other", phase="end"),
        note(None, name=MARK),
        note(3, name=MARK, data={"$repr": "<object>", "$type": "x.Y"}),
        note(4),
        note(2, name=MARK, phase="end"),
        note(3, name=MARK, data={"of": "the app"}, thread="MainThread"),  # `asgiviz.note("mark", …)` marks nothing
    ]
    assert fed(raws, 11).marks == {1: comment, 2: ""}
    ledger, recorder = fed(raws), filled(raws)
    assert ledger.marks == {1: comment, 3: "<object>"}
    ledger.go_back(8, recorder.read)
    ledger.put(numbered(raws)[8:11])
    assert ledger.marks == {1: comment, 3: "<object>"}


@given(st.integers(1, 40), st.integers(0, 12), st.integers(1, 400))
def test_what_is_over_goes_with_its_events_and_what_is_open_stays(count: int, every: int, seq: int) -> None:
    """Connections go that are over and have no event left; asides before that too; the first `most` at once, then the next."""
    raws = [*traffic(count, every), (0, LOG, None, None, None, {"text": "x"})]
    expected = fed(raws)
    gone = {conn for conn, own in expected.seqs.items() if own[-1] < seq and expected.connections[conn].over}
    ledger = fed(raws)
    ledger.touched.clear()
    went = [ledger.forget_before(seq, most=3) for _ in range(len(gone) // 3 + 1)]
    assert sum(went) == len(gone) == ledger.forgotten
    assert ledger.touched == gone
    assert all(number == 3 for number in went[:-1])
    assert ledger.order == [conn for conn in expected.order if conn not in gone] == sorted(ledger.connections)
    assert 1 in ledger.connections
    assert list(ledger.asides[Ev.LOG]) == [number for number in expected.asides[Ev.LOG] if number >= seq]
    assert ledger.forget_before(seq) == 0


def test_a_connection_whose_end_nobody_saw_is_not_open_for_ever() -> None:
    """When the recorder says that it is over, it goes; a connection that has events left stays all the same."""
    ledger = fed([*request(1)[:-1], *request(2)[:-1], *request(3)])
    assert ledger.forget_before(8, unfinished={1}) == 0
    assert ledger.forget_before(15, unfinished={1}) == 1
    assert ledger.order == [1, 3]
    ledger.put([(100, ended(1, 9))])
    assert ledger.forget_before(101, unfinished=frozenset()) == 2


def test_an_event_that_is_gone_is_told_as_none_and_never_as_a_gap() -> None:
    """Reading a number answers with that event or with nothing; the events of a connection are its own."""
    raws = traffic(400, 30)
    recorder = filled(raws, max_events=600)
    recorder.tidy()
    assert recorder.oldest > 1_000
    ledger, every = fed(raws), {seq: expand(seq, raw, 0) for seq, raw in numbered(raws)}
    there = {seq: event for seq in range(len(raws) + 2) if (event := ledger.event(seq, recorder.read)) is not None}
    assert set(there) >= {1, *range(recorder.oldest, len(raws) + 1)}
    assert all(
        event.seq == seq and (event.ev, event.conn, event.t) == (every[seq].ev, every[seq].conn, every[seq].t)
        for seq, event in there.items()
    )
    assert ledger.aside(Ev.GAP, recorder.read) == []
    assert [event.seq for event in ledger.events(1, recorder.read, after=1)] == list(ledger.seqs[1][1:])
    assert ledger.events(2, recorder.read) == ledger.events(10**6, recorder.read) == []
