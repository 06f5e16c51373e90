"""`asgiviz.note` and `asgiviz.span` end up in the recording, tied to their connection, and do nothing without one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

import asgiviz
from asgiviz.model.events import NOTE, Event, Raw
from asgiviz.probe.notes import take_notes
from asgiviz.probe.tap import Tap
from asgiviz.probe.threads import carry_connections
from asgiviz.store.recorder import Recorder


class Hostile:
    """Everything one could ask of it raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")


def told(raws: list[Raw]) -> list[tuple[Any, ...]]:
    """Connection, name, data, phase and span of each note."""
    fields = ("name", "data", "phase", "span")
    return [(raw[2], *(raw[5].get(field) for field in fields)) for raw in raws if raw[1] == NOTE]


def call(app: Any, *scopes: Any) -> None:
    """Call an app once per scope, in a task each."""

    async def main() -> None:
        for scope in scopes or [{"type": "http"}]:
            await asyncio.create_task(app(scope, None, None))

    asyncio.run(main())


def test_a_note_has_its_name_its_data_its_thread_and_its_connection() -> None:
    """In a handler, in what it started, and in no connection at all."""
    raws: list[Raw] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asgiviz.note("here", name="ann", n=1)
        await asyncio.create_task(child())
        await asyncio.get_running_loop().run_in_executor(None, asgiviz.note, "in a pool")
        thread = threading.Thread(target=asgiviz.note, args=("in a thread",), name="mine")
        thread.start()
        thread.join()

    async def child() -> None:
        asgiviz.note("in a task")

    with carry_connections(), take_notes(raws.append):
        asgiviz.note("before")
        call(Tap(app, raws.append))
    assert told(raws) == [
        (None, "before", None, None, None),
        (1, "here", {"name": "ann", "n": 1}, None, None),
        (1, "in a task", None, None, None),
        (1, "in a pool", None, None, None),
        (1, "in a thread", None, None, None),
    ]
    threads = [raw[5]["thread"] for raw in raws if raw[1] == NOTE]
    assert threads[:3] == ["MainThread"] * 3
    assert threads[3].startswith("asyncio_")
    assert threads[4] == "mine"


def test_a_span_has_a_beginning_and_an_end_with_the_same_number() -> None:
    """Nested, one after the other, around an error and across an await."""
    raws: list[Raw] = []

    async def main() -> None:
        again = asgiviz.span("outer", n=1)
        with again, again:
            await asyncio.sleep(0)
        with pytest.raises(KeyError), asgiviz.span("breaks"):
            raise KeyError

    with take_notes(raws.append):
        asyncio.run(main())
    whole = [(name, data, phase) for _, name, data, phase, _ in told(raws)]
    data = {"n": 1}
    assert whole[:4] == [("outer", data, "begin"), ("outer", data, "begin"), ("outer", data, "end"), ("outer", data, "end")]
    assert whole[4:] == [("breaks", None, "begin"), ("breaks", None, "end")]
    one, two, two_again, one_again, three, three_again = (span for *_, span in told(raws))
    assert (one, two, three) == (one_again, two_again, three_again)
    assert len({one, two, three}) == 3


def test_data_is_what_it_was_at_that_moment() -> None:
    """It is frozen: a list that changes later does not change in the recording, and no object is asked for anything."""
    raws: list[Raw] = []
    items = [1]
    with take_notes(raws.append):
        asgiviz.note("data", items=items, odd=Hostile())
    items.append(2)
    data = raws[0][5]["data"]
    assert list(data["items"]) == [1]
    assert "Hostile" in data["odd"]["$type"]


def test_without_a_recording_nothing_happens() -> None:
    """Before, after and in a program that never records: no event, no error, no import of a loop or a server."""
    raws: list[Raw] = []
    with take_notes(raws.append):
        pass
    asgiviz.note("late")
    with asgiviz.span("late"):
        pass
    assert raws == []
    code = (
        "import asgiviz, sys\nasgiviz.note('n', a=1)\nwith asgiviz.span('s'): pass\n"
        "print([name for name in ('asyncio', 'uvicorn', 'textual', 'h11') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_one_recorder_gets_a_note_once() -> None:
    """Two runs that record to the same place do not double what an app says."""
    recorder = Recorder()
    with take_notes(recorder.emit), take_notes(recorder.emit):
        asgiviz.note("once")
    asgiviz.note("not any more")
    cursor = recorder.cursor()
    assert [event.get("name") for event in cursor] == ["once"]


def test_each_tap_hears_its_own_app() -> None:
    """Two taps in one program, one of them in a run: each counts connections its own way, and none hears what is another's."""
    one: list[Event] = []
    other: list[Event] = []
    outermost: list[Event] = []
    raws: list[Raw] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asgiviz.note(scope["path"])

    first = asgiviz.Tap(asgiviz.Tap(app, sink=one.append), sink=outermost.append)
    second = asgiviz.Tap(app, sink=other.append)
    with take_notes(raws.append):
        asgiviz.note("nobody")
        call(Tap(second, raws.append), {"type": "http", "path": "/a"}, {"type": "http", "path": "/b"})
    call(first, {"type": "http", "path": "/c"})
    notes = [[(event.conn, event.get("name")) for event in events if event.ev == "note"] for events in (one, outermost, other)]
    assert notes == [[(1, "/c")], [(1, "/c")], [(1, "/a"), (2, "/b")]]
    assert [(conn, name) for conn, name, *_ in told(raws)] == [(None, "nobody"), (1, "/a"), (2, "/b")]
