"""The visitors of the demo app: clients that together use every route, in the order of a story, some of them badly.

First the simple things, one after the other; then bodies and streams; then a chat; then everything that goes wrong. A whole
visit takes about seven seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

from asgiviz.model.events import NOTE, Emit
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.forms import Fill
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import (
    Close,
    Expect,
    ExpectClose,
    HangUp,
    OpenWebSocket,
    Ping,
    Pipeline,
    Read,
    Request,
    Reset,
    SendBytes,
    SendFragments,
    SendText,
    Step,
    Wait,
)


def asking(*requests: Request, pause: float = 0.12) -> tuple[Step, ...]:
    """One request after the other on one connection, each with its answer."""
    return tuple(step for request in requests for step in (request, Read(), Wait(pause)))


SIMPLE_THINGS = (
    Script(
        "first look",
        asking(
            Request("/"),
            Request("/json"),
            Request("/hello/ada"),
            Request("/json", "HEAD"),
            Request("/nowhere"),
            Request("/json", "DELETE"),
        ),
    ),
)

BODIES_AND_STREAMS = (
    Script(
        "uploader",
        (
            *asking(Request("/upload", "POST", body=(b"one, ", b"two, ", b"three"), gap=0.15, chunked=True)),
            *asking(Request("/upload", "POST", body=(Fill(1 << 20),))),
        ),
        delay=0.9,
    ),
    Script("stream reader", (Request("/stream?chunks=8"), Read()), delay=1.3),
    Script(
        "slow reader",
        (Request("/stream?chunks=96&size=32768&gap=0"), Read(piece=4096, gap=0.05, lasting=1.5), Read()),
        delay=1.5,
        receive_buffer=32768,
    ),
    Script("leaves in mid-stream", (Request("/stream?chunks=30"), Read(until=300), HangUp()), delay=1.6),
    Script("event listener", (Request("/events"), Read(lasting=1.6), HangUp()), delay=1.8),
    Script(
        "pipeliner",
        (Pipeline((Request("/json"), Request("/slow"), Request("/hello/pipeline"))), Read(3)),
        delay=2.0,
    ),
)

CHAT = (
    Script(
        "ann",
        (
            OpenWebSocket("/chat?name=ann&room=visitors", subprotocols=("chat",)),
            Expect(containing="3 here"),
            SendText(b"hello bob"),
            Expect(containing="bob: hello ann"),
            SendBytes(b"\x89PNG, or something like it"),
            Expect(containing="PNG"),
            Ping(b"still there?"),
            SendText(b"now you, bob"),
            Expect(containing="bob left"),
            Expect(containing="cleo left"),
            Close(1000, "good night"),
        ),
        delay=2.6,
    ),
    Script(
        "bob",
        (
            OpenWebSocket("/chat?name=bob&room=visitors"),
            Expect(containing="ann: hello bob"),
            Wait(0.2),
            SendText(b"hello ann"),
            Expect(containing="ann: now you"),
            SendFragments((b"this text ", b"came in ", b"three frames"), gap=0.2),
            Expect(containing="three frames"),
            Wait(0.2),
            SendText(b"/bye"),
            ExpectClose(),
        ),
        delay=2.8,
    ),
    Script(
        "cleo, who vanishes",
        (OpenWebSocket("/chat?name=cleo&room=visitors"), Expect(containing="bob left"), Wait(0.3), HangUp()),
        delay=3.0,
    ),
    Script("wrong door", (OpenWebSocket("/nowhere"),), delay=3.4),
)

TROUBLE = (
    Script(
        "half an upload",
        (Request("/upload", "POST", body=(Fill(200_000),), send_only=70_000), Wait(0.3), HangUp()),
        delay=4.2,
    ),
    Script("reset", (Request("/stream?chunks=30"), Read(until=200), Reset()), delay=4.5),
    Script("never answered", (Request("/never"), Wait(1.0), HangUp()), delay=4.7),
    Script("raises", asking(Request("/boom")), delay=4.9),
    Script("raises late", asking(Request("/boom-late")), delay=5.2),
    Script("breaks the protocol", asking(Request("/broken")), delay=5.5),
    Script("only awaits", (Request("/slow"), Read()), delay=5.9),
    Script("blocks the loop", (Request("/blocking"), Read()), delay=6.1),
    Script("is blocked", (Request("/json"), Read()), delay=6.2),
)

VISITORS = SIMPLE_THINGS + BODIES_AND_STREAMS + CHAT + TROUBLE


def visit(url: str, emit: Emit | None = None, on_end: Callable[[], None] | None = None) -> Crowd:
    """Send all the visitors to the demo app at `url`, once, and come back at once.

    The crowd can be waited for and cancelled. Its end is told by `on_end` and by a `note` named visit, as its beginning is.
    """

    def mark(phase: str) -> None:
        if emit is not None:
            emit((perf_counter_ns(), NOTE, None, None, None, {"name": "visit", "phase": phase}))

    def end() -> None:
        mark("end")
        if on_end is not None:
            on_end()

    crowd = Crowd(VISITORS, url, emit, on_end=end)
    mark("begin")
    return crowd.start()
