"""The recorder keeps everything within its bounds, counts exactly what it lets go, and can be read while it is written."""

from __future__ import annotations

import random
import threading
from array import array
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import (
    EXIT,
    GAP,
    NOTE,
    RECEIVE_BEGIN,
    SCOPE,
    WSGI_CHUNK,
    WSGI_ENVIRON,
    WSGI_EXIT,
    WSGI_QUEUED,
    Event,
    Raw,
)
from asgiviz.store import recorder as recorder_module
from asgiviz.store.recorder import BLOCK, Recorder
from tests.store.files import filled, request


def accounted(events: list[Event]) -> int:
    """How many events a reader knows of: those it read, and those a gap told it about."""
    return sum(event.get("dropped") if event.ev == "gap" else 1 for event in events)


def read(recorder: Recorder) -> list[Event]:
    """Everything from the beginning; numbers must rise."""
    events = list(recorder.cursor())
    seqs = [event.seq for event in events]
    assert seqs == sorted(set(seqs))
    return events


def requests(count: int, body: bytes = b"x") -> list[Raw]:
    """The events of `count` requests, one after the other."""
    return [raw for conn in range(1, count + 1) for raw in request(conn, body)]


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_everything_is_kept_within_the_bounds(count: int) -> None:
    """Packed or not, every event comes back equal, in order, from any place on."""
    raws: list[Raw] = [(n, NOTE, n, None, None, {"name": str(n), "data": b"x" * (n % 50)}) for n in range(count)]
    recorder = filled(raws)
    recorder.tidy()
    assert len(recorder) == recorder.kept == count
    assert [raw for _, raw in chain.from_iterable(iter(recorder.cursor().take, []))] == raws
    for after in {0, count // 2, max(0, count - 1), count}:
        numbered = recorder.cursor(after).take(10**6)
        assert not numbered or numbered[0] == (after + 1, raws[after])
        assert [event.seq for event in recorder.cursor(after)] == list(range(after + 1, count + 1))


def test_the_number_of_events_is_bounded() -> None:
    """Beyond `max_events` the oldest finished connections go, whole blocks at a time, and a gap counts them."""
    recorder = filled(requests(2_000), max_events=3_000)
    recorder.tidy()
    events = read(recorder)
    assert recorder.kept <= 3_000 + BLOCK
    assert accounted(events) == len(recorder) == 16_000
    assert events[0].ev == "gap"
    assert events[-1].seq == 16_000
    assert [event.conn for event in events if event.ev == "exit"][-1] == 2_000


def test_the_bytes_are_bounded() -> None:
    """Beyond `max_bytes` of packed events the oldest go."""
    bodies = [random.Random(conn).randbytes(20_000) for conn in range(300)]
    recorder = filled([raw for conn, body in enumerate(bodies, 1) for raw in request(conn, body)], max_bytes=1_000_000)
    recorder.tidy()
    assert recorder.bytes_kept <= 1_000_000
    assert accounted(read(recorder)) == 2_400


def test_an_open_connection_keeps_its_events_while_there_is_room() -> None:
    """A WebSocket that was opened first and is still open loses nothing to the requests that came and went behind it."""
    opened = request(1)[:-1]
    recorder = filled(opened + [raw for conn in range(2, 2_000) for raw in request(conn)], max_events=2_000)
    recorder.tidy()
    events = read(recorder)
    assert [event.seq for event in events if event.conn == 1] == list(range(1, 8))
    assert accounted(events) == len(recorder)


def test_an_open_connection_keeps_its_scope_always() -> None:
    """When open connections alone fill the memory their scopes stay, and all else of the old is let go and counted."""
    chatty: list[Raw] = [(0, SCOPE, 1, 0, None, {"type": "websocket"})]
    chatty += [(n, RECEIVE_BEGIN, 1, 0, n, None) for n in range(1, 20_000)]
    recorder = filled(chatty, max_events=1_000)
    recorder.tidy()
    events = read(recorder)
    assert (events[0].ev, events[0].seq) == ("scope", 1)
    assert recorder.kept <= 1_000 + BLOCK
    assert accounted(events) == 20_000


def test_an_open_wsgi_request_keeps_how_it_began() -> None:
    """Its place in line and its environ stay, as a scope does; once it is over they go like everything else."""
    chatty: list[Raw] = [(0, WSGI_QUEUED, 1, 0, None, {"client": None}), (1, WSGI_ENVIRON, 1, 0, None, {"environ": {}})]
    chatty += [(n, WSGI_CHUNK, 1, 0, None, {"body": b"x"}) for n in range(2, 20_000)]
    recorder = filled(chatty, max_events=1_000)
    recorder.tidy()
    assert [event.ev for event in read(recorder)][:3] == ["wsgi.queued", "wsgi.environ", "gap"]
    recorder.emit((20_000, WSGI_EXIT, 1, 0, None, {"outcome": "returned"}))
    for raw in chatty[2:10_000]:
        recorder.emit((raw[0], WSGI_CHUNK, None, 0, None, raw[5]))
    recorder.tidy()
    assert read(recorder)[0].ev == "gap"


def test_a_connection_that_ends_late_is_let_go_then() -> None:
    """The exit of an old connection frees what was kept of it."""
    recorder = filled(request(1)[:-1] + requests(1_000)[8:], max_events=1_000)
    recorder.tidy()
    assert any(event.conn == 1 and event.seq < 8 for event in read(recorder))
    for raw in [(0, EXIT, 1, 0, None, {"outcome": "returned"}), *[raw for c in range(3_000, 4_000) for raw in request(c)]]:
        recorder.emit(raw)
    recorder.tidy()
    assert not any(event.conn == 1 for event in read(recorder))
    assert accounted(read(recorder)) == len(recorder)


@given(st.data())
def test_every_event_is_read_or_counted(data: st.DataObject) -> None:
    """For any traffic, any bounds and any moment of packing and reading: read plus counted is emitted, for every reader."""
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    recorder = Recorder(max_events=data.draw(st.integers(1, 2_000)), max_bytes=data.draw(st.integers(1, 200_000)))
    cursors = {recorder.cursor(): list[Event]() for _ in range(3)}
    live: list[int] = []
    conn = 0
    for _ in range(rng.randrange(3_000)):
        match rng.randrange(4):
            case 0:
                conn += 1
                live.append(conn)
                recorder.emit((0, SCOPE, conn, 0, None, {"type": "http"}))
            case 1 if live:
                recorder.emit((0, EXIT, live.pop(rng.randrange(len(live))), 0, None, {"outcome": "returned"}))
            case _:
                owner = rng.choice(live) if live else None
                recorder.emit((0, NOTE, owner, None, None, {"name": "n", "data": rng.randbytes(rng.randrange(300))}))
        if rng.random() < 0.01:
            recorder.tidy()
        for cursor, seen in cursors.items():
            if rng.random() < 0.005:
                seen.extend(cursor)
    recorder.tidy()
    for cursor, seen in cursors.items():
        seen.extend(cursor)
        assert accounted(seen) == len(recorder)
        assert [event.seq for event in seen] == sorted({event.seq for event in seen})
    scopes = {event.conn for event in read(recorder) if event.ev == "scope"}
    assert set(live) <= scopes


def test_a_whole_connection_goes_or_stays() -> None:
    """Of a finished connection in the middle of what is kept no event is missing, and of one that is gone none is left over."""
    recorder = filled(requests(3_000), max_events=4_000)
    recorder.tidy()
    counts = Counter(event.conn for event in read(recorder) if event.conn is not None)
    first = min(counts)
    assert {count for conn, count in counts.items() if conn != first} == {8}


def test_many_threads_may_emit_while_many_read() -> None:
    """Every reader gets every event once, in order, and the events of each writer in that writer's order."""
    recorder = Recorder().start()
    writers, each = 4, 6_000
    done = threading.Event()
    seen: list[list[Event]] = [[] for _ in range(3)]

    def write(conn: int) -> None:
        for n in range(each):
            recorder.emit((n, NOTE, conn, None, n, None))

    def follow(events: list[Event]) -> None:
        cursor = recorder.cursor()
        while not done.is_set():
            events.extend(cursor)
        events.extend(cursor)

    readers = [threading.Thread(target=follow, args=(events,)) for events in seen]
    threads = [threading.Thread(target=write, args=(conn,)) for conn in range(writers)]
    for thread in readers + threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    recorder.close()
    for events in seen:
        assert [event.seq for event in events] == list(range(1, writers * each + 1))
        for conn in range(writers):
            assert [event.call for event in events if event.conn == conn] == list(range(each))


def test_many_threads_may_emit_beyond_the_bounds_while_many_read() -> None:
    """With a memory far too small every reader can still account for every event."""
    recorder = Recorder(max_events=1_000).start()
    writers, each = 4, 6_000
    done = threading.Event()
    seen: list[list[Event]] = [[] for _ in range(3)]

    def write(first: int) -> None:
        for conn in range(first, first + each // 8):
            for raw in request(conn):
                recorder.emit(raw)

    def follow(events: list[Event]) -> None:
        cursor = recorder.cursor()
        while not done.is_set():
            events.extend(cursor)
            done.wait(0.005)
        events.extend(cursor)

    readers = [threading.Thread(target=follow, args=(events,)) for events in seen]
    threads = [threading.Thread(target=write, args=(10_000 * n + 1,)) for n in range(writers)]
    for thread in readers + threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    recorder.close()
    assert [accounted(events) for events in seen] == [writers * each] * 3


def test_closing_twice_and_without_a_start_does_no_harm() -> None:
    """A recorder can be closed at any time, and what it holds stays readable."""
    recorder = filled(request(1))
    recorder.close()
    recorder.start()
    recorder.start()
    recorder.close()
    recorder.close()
    assert len(read(recorder)) == 8


# -- reading by number -------------------------------------------------------------------------------------------------


@given(st.integers(0, 2_500), st.sampled_from([600, 10**6]), st.booleans(), st.data())
def test_events_are_read_by_number(count: int, most: int, open_first: bool, data: st.DataObject) -> None:
    """Those that are there, in order and as they were emitted; a number that is gone or not there yet gives nothing."""
    raws: list[Raw] = [(n, NOTE, n % 7, None, None, {"name": str(n)}) for n in range(1, count + 1)]
    if open_first and raws:
        raws[0] = (1, SCOPE, 1, 0, None, {"type": "websocket"})
    recorder = filled(raws, max_events=most)
    if data.draw(st.booleans()):
        recorder.tidy()
    there = {seq: raw for seq, raw in enumerate(raws, 1) if seq >= recorder.oldest or (open_first and raw[2] == 1)}
    if recorder.oldest > 1:
        assert recorder.unfinished == ({1} if open_first else frozenset())
    step = data.draw(st.integers(1, 700))
    start = data.draw(st.integers(0, count + 2))
    for seqs in (range(start, count + 3, step), array("Q", range(count + 3)), [start], []):
        assert recorder.read(seqs) == [(seq, there[seq]) for seq in seqs if seq in there]


def test_each_block_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of its events are wanted; and those that were read last stay open for the next who asks."""
    recorder = filled(requests(40 * BLOCK // 8))
    recorder.tidy()
    loads: list[int] = []
    load = recorder_module._Block.load

    def counted(block: recorder_module._Block) -> list[Raw]:
        loads.append(block.first)
        return load(block)

    monkeypatch.setattr(recorder_module._Block, "load", counted)
    recorder.read(range(1, 40 * BLOCK + 1, 100))
    assert loads == list(range(1, 40 * BLOCK, BLOCK))
    loads.clear()
    for conn in range(39 * BLOCK // 8 + 1, 40 * BLOCK // 8 + 1):
        assert [raw[2] for _, raw in recorder.read(range(8 * conn - 7, 8 * conn + 1))] == [conn] * 8
    assert loads == []


def test_a_gap_that_stands_for_lost_events_cannot_be_read_as_one_of_them() -> None:
    """Who reads on is told how many are gone; who asks for an event by its number gets that event or none."""
    recorder = filled([*request(1)[:-1], *requests(400)[8:]], max_events=600)
    recorder.tidy()
    gaps = [seq for seq, raw in recorder.take(0, BLOCK) if raw[1] == GAP]
    assert gaps == [recorder.oldest - 1]
    assert recorder.read(gaps) == []
    assert [seq for seq, _ in recorder.read(range(1, recorder.oldest))] == list(range(1, 8))


def test_the_oldest_is_the_first_from_which_nothing_is_missing() -> None:
    """It begins at 1 and rises block by block, as the oldest events go."""
    recorder = filled(requests(50), max_events=1_000)
    recorder.tidy()
    assert recorder.oldest == 1
    for raw in requests(400):
        recorder.emit(raw)
    recorder.tidy()
    assert recorder.oldest % BLOCK == 1
    assert 3_600 - 1_000 - BLOCK <= recorder.oldest - 1 <= 3_600 - 1_000 + BLOCK
    assert [seq for seq, _ in recorder.read(range(recorder.oldest, 3_601))] == list(range(recorder.oldest, 3_601))
    assert recorder.read([recorder.oldest - 1]) == []
