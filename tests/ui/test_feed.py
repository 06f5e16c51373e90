"""The feed: shows what it is asked to show of a recording, and loses nothing of it by standing still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import NOTE, Raw
from asgiviz.store.recorder import Recorder
from asgiviz.ui.feed import SIP, Feed, Mode
from asgiviz.views import ledger as ledger_module
from tests.store.files import filled, request
from tests.views.ledgers import ended, facts, fed, knowledge, raw_runs, traffic

SECOND = 1_000_000_000
MS = 1_000_000


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, now: int = 0) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Ticking(Clock):
    """Goes on by a millisecond whenever somebody looks."""

    def __call__(self) -> int:
        self.now += MS
        return self.now


def feed_on(raws: list[Raw], *, growing: bool = True, clock: Clock | None = None, **bounds: int) -> Feed:
    """A feed on a recorder that holds these events."""
    return Feed(filled(raws, **bounds), growing, clock or Clock())


def every(ms: int, count: int) -> list[Raw]:
    """One event every so many milliseconds; the first after one such time."""
    return [(n * ms * MS, NOTE, 1, None, None, None) for n in range(1, count + 1)]


def arrive(feed: Feed) -> Feed:
    """Advance until it is where it shall be."""
    for _ in range(10_000):
        if not feed.busy and not feed.advance():
            return feed
        feed.advance()
    raise AssertionError("it never arrives")


# -- live and standing still -------------------------------------------------------------------------------------------


def test_it_follows_what_is_recorded() -> None:
    """What is there is shown, what comes is shown, and it says when something changed."""
    feed = feed_on(request(1))
    assert (feed.behind, feed.version) == (8, 0)
    assert feed.advance()
    assert (feed.behind, feed.mode, feed.version, feed.ledger.seq) == (0, Mode.LIVE, 1, 8)
    assert not feed.advance()
    assert feed.version == 1
    feed.recorder.emit(request(2)[0])
    assert feed.advance()
    assert feed.ledger.order == [1, 2]


def test_a_flood_is_taken_in_bites() -> None:
    """When looking at the clock costs time, one bite takes as much as fits in it, and the next goes on there."""
    feed = feed_on(traffic(800), clock=Ticking())
    feed.advance(0.003)
    assert 0 < feed.ledger.seq <= 6 * SIP  # who is behind takes two bites at a time
    assert feed.busy
    assert knowledge(arrive(feed).ledger) == knowledge(fed(traffic(800)))


@given(raw_runs(), st.data())
def test_nothing_is_lost_by_standing_still(raws: list[Raw], data: st.DataObject) -> None:
    """However it was paused, stepped, sent to and fro and played: live again, the ledger equals one that was fed directly."""
    clock = Clock()
    feed = Feed(filled([]), data.draw(st.booleans()), clock)
    for raw in raws:
        feed.recorder.emit(raw)
        before = feed.ledger.seq
        match data.draw(st.sampled_from(["", "", "pause", "step", "back", "to", "play", "live"])):
            case "pause":
                feed.pause()
                feed.advance()
                assert feed.ledger.seq == before
            case "step":
                feed.step()
                assert feed.ledger.seq == min(before + 1, len(feed.recorder))
            case "back":
                feed.step(-1)
                assert feed.ledger.seq == max(before - 1, 0)
            case "to":
                seq = data.draw(st.integers(-3, len(raws) + 3))
                feed.go_to(seq)
                assert feed.ledger.seq == max(0, min(seq, len(feed.recorder)))
            case "play":
                feed.play(data.draw(st.sampled_from([0.1, 1.0, 100.0])))
                clock.now += data.draw(st.integers(0, 100))
                feed.advance()
            case "live":
                feed.go_live()
                feed.advance()
        assert feed.behind == len(feed.recorder) - feed.ledger.seq >= 0
        assert knowledge(feed.ledger) == knowledge(fed(raws, feed.ledger.seq))
    feed.go_live()
    feed.advance()
    assert knowledge(feed.ledger) == knowledge(fed(raws))
    assert feed.ledger.marks == fed(raws).marks
    assert (feed.mode, feed.behind, feed.busy) == (Mode.LIVE, 0, False)


def test_while_it_stands_still_it_counts_what_arrives() -> None:
    """Recording goes on; what is shown, and the moment that is shown, stay."""
    clock = Clock(5_000)
    feed = feed_on(request(1), clock=clock)
    feed.advance()
    assert feed.now == 5_000
    feed.pause()
    assert feed.now == 7
    for raw in request(2):
        feed.recorder.emit(raw)
        clock.now += 1_000
        assert not feed.advance()
    assert (feed.behind, feed.ledger.seq, feed.now) == (8, 8, 7)
    assert feed.event(8) is not None
    assert feed.event(9) is None
    assert feed.events(2) == []


@pytest.mark.parametrize("growing", [True, False], ids=["live", "file"])
def test_now_is_the_clock_of_a_live_run_and_the_last_event_of_a_file(growing: bool) -> None:
    """And it is the same for everything that is drawn between two advances; never before what is shown."""
    clock = Clock(3 * SECOND)
    feed = feed_on(every(1_000, 2), growing=growing, clock=clock)
    feed.advance()
    clock.now = 4 * SECOND
    assert feed.now == (3 * SECOND if growing else 2 * SECOND)
    assert feed.whole is not growing


# -- jumps -------------------------------------------------------------------------------------------------------------


def test_a_long_jump_is_under_way_for_a_while_and_then_stands_still() -> None:
    """Until it arrives it is busy; it shows everything up to there and nothing behind it; back again too."""
    raws = traffic(800)
    feed = feed_on(raws, growing=False, clock=Ticking())
    feed.go_to(5_000)
    assert (feed.busy, feed.mode) == (True, Mode.PAUSED)
    assert 0 < feed.ledger.seq < 5_000
    arrive(feed)
    assert (feed.ledger.seq, feed.mode, feed.behind) == (5_000, Mode.PAUSED, len(raws) - 5_000)
    assert knowledge(feed.ledger) == knowledge(fed(raws, 5_000))
    version = feed.version
    feed.go_to(4_321)
    assert feed.version > version
    assert knowledge(arrive(feed).ledger) == knowledge(fed(raws, 4_321))


def test_a_jump_back_that_is_too_much_work_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is another one then, with the same marks, and ends up the same."""
    monkeypatch.setattr(ledger_module, "REFOLD", 2)
    raws = traffic(20)
    feed = feed_on(raws)
    feed.advance()
    feed.mark(7, "look")
    before = feed.ledger
    feed.go_to(100)
    assert feed.ledger is not before
    assert knowledge(arrive(feed).ledger) == knowledge(fed(raws, 100))
    assert feed.ledger.marks == {7: "look"}


@pytest.mark.parametrize("then", ["pause", "go_live"])
def test_a_jump_can_be_broken_off(then: str) -> None:
    """Pause stops it where it is, live goes on to the end."""
    raws = traffic(800)
    feed = feed_on(raws, clock=Ticking())
    feed.go_to(5_000)
    here = feed.ledger.seq
    getattr(feed, then)()
    arrive(feed)
    assert feed.ledger.seq == (here if then == "pause" else len(raws))


def test_the_last_event_before_a_moment() -> None:
    """It is found by time, packed or not; before the first event it is the first."""
    raws = every(10, 1_300)
    feed = feed_on(raws)
    feed.recorder.tidy()
    for moment, seq in [
        (-5, 1),
        (0, 1),
        (10, 1),
        (19, 1),
        (20, 2),
        (5_123, 512),
        (5_139, 513),
        (13_000, 1_300),
        (10**6, 1_300),
    ]:
        assert feed.last_before(moment * MS) == seq
    old = feed_on(raws, max_events=600)
    old.recorder.tidy()
    assert old.last_before(0) == old.recorder.oldest > 1
    assert old.last_before(13_000 * MS) == 1_300


# -- playing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.1, 0.5, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("growing", [True, False], ids=["live", "file"])
def test_it_plays_at_a_speed(growing: bool, speed: float) -> None:
    """After a while as many events are shown as happened in that time, made longer or shorter; `now` moves evenly."""
    clock = Clock(500 * SECOND)
    feed = feed_on(every(100, 50), growing=growing, clock=clock)
    arrive(feed)
    feed.play(speed)
    assert (feed.mode, feed.ledger.seq, feed.now) == (Mode.PLAYING, 0, 100 * MS)
    for tick in range(1, 100):
        clock.now += int(SECOND / 20 / speed)
        feed.advance()
        if feed.mode is not Mode.PLAYING:
            break
        assert abs(feed.now - (100 + 50 * tick) * MS) <= tick
        assert feed.ledger.seq in {(feed.now + MS) // (100 * MS), (feed.now - MS) // (100 * MS)}
    assert (tick, feed.ledger.seq) == (98, 50)
    assert feed.mode is (Mode.LIVE if growing else Mode.PAUSED)
    assert feed.now == (clock.now if growing else 5_000 * MS)


def test_playing_goes_on_from_where_it_stands_and_changes_its_speed_there() -> None:
    """A change of speed jumps neither forth nor back; pause keeps the place."""
    clock = Clock()
    feed = feed_on(every(100, 50), growing=False, clock=clock)
    feed.go_to(10)
    feed.play(1.0)
    clock.now += SECOND
    feed.advance()
    assert feed.ledger.seq == 20
    feed.play(2.0)
    clock.now += SECOND
    feed.advance()
    assert feed.ledger.seq == 40
    feed.pause()
    clock.now += 100 * SECOND
    feed.advance()
    assert (feed.ledger.seq, feed.now) == (40, 4 * SECOND)


def test_what_arrives_while_a_replay_is_behind_is_played_too() -> None:
    """A replay at the pace of the recording stays behind as long as things happen, and is live when it has caught up."""
    clock = Clock(5 * SECOND)
    feed = feed_on(every(100, 50), clock=clock)
    feed.go_to(20)
    feed.play(1.0)
    for n in range(51, 71):
        feed.recorder.emit((n * 100 * MS, NOTE, 1, None, None, None))
        clock.now += 100 * MS
        feed.advance()
        assert (feed.ledger.seq, feed.mode) == (n - 30, Mode.PLAYING)
    clock.now += 3 * SECOND
    feed.advance()
    assert (feed.ledger.seq, feed.mode) == (70, Mode.LIVE)


# -- marks -------------------------------------------------------------------------------------------------------------


def test_a_mark_is_seen_at_once_and_kept_in_the_recording() -> None:
    """Also while the feed stands still; the same comment comes out of the recording; taking it away works the same."""
    clock = Clock(50)
    feed = feed_on([*request(1), *request(2)], clock=clock)
    feed.go_to(8)
    comment = "slow? [b]\x1b" + "x" * 200
    feed.mark(1, comment)
    feed.mark(2, "")
    assert feed.ledger.marks == {1: comment, 2: ""}
    feed.mark(2, None)
    feed.go_live()
    feed.advance()
    assert feed.ledger.marks == {1: comment}
    assert fed([raw for _, raw in feed.recorder.read(range(1, 20))]).marks == {1: comment}
    assert [event.t for event in feed.events(1)][-1] == 50


def test_marking_a_saved_recording_does_not_make_it_longer() -> None:
    """The note has the time of the last event, not of the hand that wrote it."""
    feed = feed_on(request(1), growing=False, clock=Clock(1_000 * SECOND))
    feed.mark(1, "x")
    feed.advance()
    assert (feed.now, feed.ledger.seq) == (7, 9)


# -- a recorder that lets go -------------------------------------------------------------------------------------------


def bounded(count: int, most: int = 1_000) -> Feed:
    """A live feed on a small recorder, after so many requests."""
    feed = feed_on(traffic(count, 30), max_events=most)
    feed.recorder.tidy()
    return feed


def test_what_the_recorder_lets_go_is_forgotten() -> None:
    """Only connections are listed that have events in memory or are open; the forgotten ones are counted."""
    feed = bounded(100)
    feed.advance()
    for raw in traffic(1_000, 30)[len(traffic(100, 30)) :]:
        feed.recorder.emit(raw)
    feed.recorder.tidy()
    arrive(feed)
    oldest = feed.recorder.oldest
    assert oldest > 5_000
    assert feed.ledger.order[0] == 1
    assert all(own[-1] >= oldest for conn, own in feed.ledger.seqs.items() if conn > 1)
    assert feed.ledger.forgotten > 0
    whole = fed(traffic(1_000, 30))
    complete = [conn for conn, own in whole.seqs.items() if own[0] >= oldest]
    assert complete
    for conn in complete:
        assert facts(feed.ledger.connections[conn]) == facts(whole.connections[conn])


def test_a_connection_that_ended_unseen_is_not_open_for_ever() -> None:
    """Its end came and went while the feed stood still; live again it is not listed any more, but what is open is."""
    feed = feed_on([*request(1)[:-1], *request(2)[:-1]], max_events=600)
    feed.advance()
    feed.pause()
    for raw in [ended(2, 5), *[raw for conn in range(3, 300) for raw in request(conn)]]:
        feed.recorder.emit(raw)
    feed.recorder.tidy()
    feed.advance()
    assert feed.ledger.order == [1, 2]
    feed.go_live()
    arrive(feed)
    assert feed.ledger.order[0] == 1
    assert 2 not in feed.ledger.connections


@given(st.integers(200, 600), st.lists(st.integers(-5, 6_000), min_size=1, max_size=4), st.integers(0, 400))
def test_every_jump_arrives_although_memory_ends(count: int, places: list[int], more: int) -> None:
    """Back to what is gone it goes as far as memory does; each step from there is one event; and nothing shown is gone."""
    feed = bounded(count)
    arrive(feed)
    for place in places:
        feed.go_to(place)
        arrive(feed)
        oldest, newest = feed.recorder.oldest, len(feed.recorder)
        assert feed.ledger.seq == max(oldest, min(place, newest))
        for raw in request(10_000 + place)[: more % 9]:
            feed.recorder.emit(raw)
        for _ in range(3):
            before = feed.ledger.seq
            feed.step(-1)
            assert arrive(feed).ledger.seq == max(oldest, before - 1)
        here = feed.ledger.seq
        feed.step()
        assert arrive(feed).ledger.seq == min(here + 1, len(feed.recorder))
        assert feed.ledger.order == sorted(feed.ledger.seqs) == sorted(feed.ledger.connections)
    feed.go_live()
    assert arrive(feed).behind == 0


def test_a_jump_arrives_although_its_place_is_let_go_meanwhile() -> None:
    """The feed is not on its way for ever to an event that is gone."""
    feed = feed_on(traffic(300), max_events=600, clock=Ticking())
    feed.go_to(2_000)
    assert feed.busy
    for raw in traffic(600)[len(traffic(300)) :]:
        feed.recorder.emit(raw)
    feed.recorder.tidy()
    assert feed.recorder.oldest > 2_000
    arrive(feed)
    assert (feed.busy, feed.mode) == (False, Mode.PAUSED)
    assert feed.ledger.seq <= 2_000
    feed.step()
    assert arrive(feed).ledger.seq == feed.recorder.oldest


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_events_of_a_file_are_called_by_its_numbers() -> None:
    """What is shown as a number is the one in the file, and a number that is asked for is found by it."""
    feed = feed_on(request(1), growing=False)
    for place, number in enumerate([4, 5, 6, 20, 21, 22, 23, 100], 1):
        feed.recorder.numbering.put(place, number)
    feed.advance()
    assert [feed.number_of(seq) for seq in (0, 1, 4, 8)] == [0, 4, 20, 100]
    assert [feed.place_of(number) for number in (1, 4, 19, 20, 50, 100)] == [0, 1, 3, 4, 7, 8]
    event = feed.event(4)
    assert event is not None
    assert feed.as_in_file(event).seq == 20
    live = Feed(Recorder())
    assert (live.number_of(7), live.place_of(7)) == (7, 7)
