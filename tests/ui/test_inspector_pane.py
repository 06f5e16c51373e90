"""The inspector keeps up with a call that comes back, without reading its connection over and over."""

from __future__ import annotations

import pytest

from asgiviz.model.events import Ev, Event, Raw
from asgiviz.store.raw_events import raw_of
from asgiviz.store.recorder import Recorder
from asgiviz.ui.feed import Feed
from asgiviz.ui.inspector_pane import InspectorPane

BEGUN = [
    Event(1, 1, Ev.SCOPE, 1, 0, None, {"scope": {"type": "http", "method": "GET", "path": "/"}}),
    Event(2, 2, Ev.RECEIVE_BEGIN, 1, 0, 1, {}),
]
MESSAGE = Event(3, 9, Ev.RECEIVE_END, 1, 0, 1, {"message": {"type": "http.request"}})
EXIT = Event(4, 12, Ev.EXIT, 1, 0, None, {"outcome": "returned"})


@pytest.mark.parametrize(("chosen", "ends"), [(1, EXIT), (2, MESSAGE)], ids=["scope", "receive"])
def test_an_open_call_is_looked_at_again_when_it_is_over(chosen: int, ends: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it goes on, changes of its connection cost no reading; its end is found at once."""
    recorder = Recorder()
    feed = Feed(recorder)

    def happen(event: Event) -> None:
        raw: Raw = raw_of(event, recorder.epoch)
        recorder.emit(raw)
        feed.advance()

    for event in BEGUN:
        happen(event)
    pane = InspectorPane(feed)
    pane.show_event(chosen)
    reads: list[int] = []

    def read(conn: int, after: int = 0) -> list[Event]:
        reads.append(conn)
        return Feed.events(feed, conn, after)

    monkeypatch.setattr(feed, "events", read)
    happen(Event(0, 5, Ev.LOG, 1, None, None, {"level": "INFO", "logger": "stdout", "text": "still here"}))
    assert not pane.take_changes({1})
    assert reads == []
    happen(ends)
    assert pane.take_changes({1})
    assert reads == [1]
    assert pane._surroundings.other is not None
    assert pane._surroundings.other.ev == ends.ev
