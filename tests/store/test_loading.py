"""Loading: a saved recording in a recorder is the recording."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.connection import Connections
from asgiviz.model.events import LARGE, Ev, Event, expand
from asgiviz.model.values import freeze, plain_lists
from asgiviz.store.lines import decode, event_line
from asgiviz.store.loading import Loading, recorder_for
from asgiviz.store.raw_events import LOOSE, raw_of
from asgiviz.store.reader import read_stream
from asgiviz.store.recorder import BLOCK, Recorder
from tests.model.frozen import values
from tests.store.files import STOPPED, file_of, opened, request, zipped

SECONDS = 60

frozen = values.map(lambda value: plain_lists(freeze(value)))
names = st.sampled_from(["scope", "message", "outcome", "text", "name", "raised", "ev2"])
bodies = st.sampled_from(
    [b"x" * LOOSE, b"x" * (LOOSE + 1), {"$bytes": b"x" * 70_000, "$len": 10**6}, {"$text": "é" * 5_000, "$len": 9_000}]
)
messages = st.fixed_dictionaries({"type": st.text(max_size=9)}, optional={"body": bodies, "text": bodies, "x": frozen})
fields = (
    st.dictionaries(names, frozen, max_size=3)
    | frozen.map(lambda scope: {"scope": scope})
    | (frozen | messages).map(lambda message: {"message": message})
    | st.builds(lambda message, extra: {"message": message, "new": extra}, messages, frozen)
)
events = st.builds(
    Event,
    st.just(0),
    st.integers(-(2**62), 2**62),
    st.sampled_from([ev.value for ev in Ev]) | st.text(max_size=8),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 2**40),
    fields,
)


def loaded(source: Iterable[Event]) -> tuple[Recorder, Loading]:
    """What a thread has read, once it is done."""
    recorder = Recorder()
    loading = Loading(source, recorder)
    loading.start()
    loading.join(SECONDS)
    assert not loading.is_alive()
    recorder.tidy()
    return recorder, loading


@given(events, st.integers(0, 2**62))
def test_an_event_comes_back_as_it_was(event: Event, epoch: int) -> None:
    """Any kind, known or not, with any fields: its raw form stands for the same event."""
    raw = raw_of(event, epoch)
    back = expand(0, raw, epoch)
    assert repr((*back[:2], str(back.ev), *back[3:])) == repr((*event[:2], str(event.ev), *event[3:]))
    assert raw[1] in LARGE or raw[5] is None or type(raw[5]) is bytes


@given(st.lists(events, max_size=20))
def test_a_recorder_keeps_what_was_loaded(run: list[Event]) -> None:
    """Also when large bodies stand among small events, and the fold of it is that of the events."""
    recorder, loading = loaded(run)
    assert loading.trouble is None
    assert [repr(event.fields) for event in recorder.cursor()] == [repr(event.fields) for event in run]
    taken, expected = Connections(), Connections(run)
    for _, raw in recorder.take(0, BLOCK):
        taken.take(raw, recorder.epoch)
    assert list(taken) == list(expected)
    for conn, connection in taken.items():
        for name in ("kind", "status", "bytes_in", "bytes_out", "messages_in", "messages_out", "outcome", "began", "ended"):
            assert repr(getattr(connection, name)) == repr(getattr(expected[conn], name))


@pytest.mark.parametrize("body", [b"x" * LOOSE, {"$bytes": b"x" * 70_000, "$len": 10**6}], ids=["small", "large"])
def test_only_large_bodies_are_not_packed(body: Any) -> None:
    """A large one is kept as it came, because copying it would take long."""
    raw = raw_of(Event(1, 0, Ev.SEND_BEGIN, 1, 0, 1, {"message": {"type": "http.response.body", "body": body}}), 0)
    assert (raw[1] in LARGE) is (type(raw[5]) is not bytes) is isinstance(body, dict)


@given(st.data())
def test_of_a_cut_file_everything_before_the_cut_is_loaded(data: st.DataObject) -> None:
    """Wherever it is cut, zipped or not; and the reader says how it ended."""
    whole = file_of([*[raw for conn in range(1, 20) for raw in request(conn, b"y" * 300)], STOPPED])
    written = zipped(whole) if data.draw(st.booleans()) else whole
    header = written.index(b"\n") + 1 if written is whole else 200
    cut = written[: data.draw(st.integers(header, len(written)))]
    reader, expected, ending = opened(cut)
    if reader is None:
        return
    again = read_stream(io.BufferedReader(io.BytesIO(cut)), "file")
    recorder, loading = loaded(again)
    assert loading.trouble is None
    assert list(recorder.cursor()) == expected
    assert (again.ending or "") == ending
    assert bool(ending) is (len(expected) < 19 * 8 + 1)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_events_of_a_file_with_holes_keep_their_numbers(kept: set[int]) -> None:
    """The recorder counts them without holes, and knows what each is called in its file."""
    raws = [raw for conn in range(1, 9) for raw in request(conn)]
    lines = [event_line(expand(seq, raw, 0)) for seq, raw in enumerate(raws, 1)]
    numbers = sorted(kept)
    recorder, _ = loaded(decode(lines[number - 1]) for number in numbers)
    assert [recorder.numbering.number_of(seq) for seq, _ in recorder.take(0, BLOCK)] == numbers
    assert [recorder.numbering.place_of(number) for number in numbers] == list(range(1, len(numbers) + 1))


def test_loading_can_be_stopped() -> None:
    """A file without an end is read until nobody wants it any more."""
    endless = (Event(seq, seq, Ev.NOTE, None, None, None, {"name": "x"}) for seq in count(1))
    recorder = Recorder(max_events=1_000).start()
    loading = Loading(endless, recorder)
    loading.start()
    for _ in range(10_000):
        if len(recorder) > 100:
            break
        loading.join(0.01)
    loading.stop()
    loading.join(SECONDS)
    assert not loading.is_alive()
    recorder.close()
    assert len(recorder) > 100


def test_what_went_wrong_is_kept_and_what_was_read_stays() -> None:
    """An error in reading ends the thread, quietly, and is there to be told."""

    def broken() -> Iterator[Event]:
        yield Event(1, 0, Ev.NOTE, 1, None, None, {"name": "x"})
        raise OSError("the disk is gone")

    recorder, loading = loaded(broken())
    assert str(loading.trouble) == "the disk is gone"
    assert len(recorder) == 1


@pytest.mark.parametrize(
    ("started", "year"),
    [("2026-01-02T03:04:05Z", 2026), ("2024-01-02 03:04", 2024), ("", 0), ("yesterday", 0), ("0001-01-01T00:00:00+14:00", 0)],
)
def test_a_recording_is_dated_as_its_header_says(started: str, year: int) -> None:
    """And from now when the header has no date that can be used."""
    before = datetime.now(UTC)
    recorder = recorder_for(started, 1_000, 1_000)
    assert recorder.started.tzinfo is UTC
    assert recorder.started.year == year or (not year and before <= recorder.started <= datetime.now(UTC))
