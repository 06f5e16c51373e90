"""``python benchmarks/micro.py``: what a message costs, what a million events take, how long anything stops, how it starts.

Costs are minima of many repetitions and are given beside those of a wrapper that does nothing, because the ratio moves
less from machine to machine than the nanoseconds do.
"""

# ruff: noqa: ARG001  # the signature is ASGI's
from __future__ import annotations

import argparse
import gc
import json
import sys
import threading
import timeit
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import monotonic, perf_counter_ns, sleep
from typing import Any

from startup import starts

from asgiviz.model.asgi import App, Message, Scope
from asgiviz.model.values import BODY_LIMIT
from asgiviz.probe.message_copies import copy_scope, quick_copy
from asgiviz.probe.tap import Tap
from asgiviz.store.recorder import Recorder

SCOPE: Scope = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 50000),
    "scheme": "http",
    "root_path": "",
    "headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*"), (b"user-agent", b"benchmark")],
    "state": {},
    "method": "GET",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
}
_MESSAGES = 2_000
_REPEATS = 60
_MILLION = 1_000_000


async def give() -> Message:
    """A server's receive: always the same small request."""
    return {"type": "http.request", "body": b"x" * 20, "more_body": True}


async def take(message: Message) -> None:
    """A server's send: takes it and does nothing."""


async def sender(scope: Scope, receive: Any, send: Any) -> None:
    """Sends small body messages."""
    for _ in range(_MESSAGES):
        await send({"type": "http.response.body", "body": b"Hello, world!", "more_body": True})


async def starter(scope: Scope, receive: Any, send: Any) -> None:
    """Sends response starts with three headers."""
    pairs = [(b"content-type", b"text/plain"), (b"content-length", b"13"), (b"x-served-by", b"benchmark")]
    for _ in range(_MESSAGES):
        await send({"type": "http.response.start", "status": 200, "headers": pairs})


async def receiver(scope: Scope, receive: Any, send: Any) -> None:
    """Receives small body messages."""
    for _ in range(_MESSAGES):
        await receive()


async def nothing(scope: Scope, receive: Any, send: Any) -> None:
    """Returns at once: what is left is the call, its scope and its exit."""


async def hello(scope: Scope, receive: Any, send: Any) -> None:
    """A whole small answer."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, world!"})


def wrapped(app: App) -> App:
    """`app` behind wrappers that do nothing."""

    async def around(scope: Scope, receive: Any, send: Any) -> Any:
        async def pass_receive() -> Any:
            return await receive()

        async def pass_send(message: Any) -> Any:
            return await send(message)

        return await app(scope, pass_receive, pass_send)

    return around


def drive(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that never waits, without a loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waited")


def call(app: App) -> None:
    """One call of the app with a scope of its own."""
    drive(app({**SCOPE, "headers": list(SCOPE["headers"])}, give, take))  # type: ignore[arg-type]  # an async def is one


def cheapest(app: App, calls: int, after: Callable[[], None]) -> float:
    """Nanoseconds of one call, the least of many repetitions; `after` clears what was kept."""
    best = float("inf")
    for _ in range(_REPEATS):
        began = perf_counter_ns()
        for _ in range(calls):
            call(app)
        best = min(best, (perf_counter_ns() - began) / calls)
        after()
    return best


def cost(app: App, calls: int, parts: int) -> dict[str, float]:
    """Nanoseconds that an empty wrapper, the tap, and a tap that records closely add to each of the `parts` of a call."""
    kept: list[Any] = []  # atoms, as the recorder takes them
    bare = cheapest(app, calls, kept.clear)
    empty = (cheapest(wrapped(app), calls, kept.clear) - bare) / parts
    tapped = (cheapest(Tap(app, kept.extend, hosted=True), calls, kept.clear) - bare) / parts
    closely = (cheapest(Tap(app, kept.extend, closely=True), calls, kept.clear) - bare) / parts
    return {
        "empty_wrapper_ns": round(empty),
        "tap_ns": round(tapped),
        "ratio": round(tapped / max(empty, 1), 2),
        "closely_ns": round(closely),
    }


def copies() -> dict[str, float]:
    """Nanoseconds of the safe copies alone, which are part of the costs above."""
    start = {"type": "http.response.start", "status": 200, "headers": SCOPE["headers"]}
    body = {"type": "http.response.body", "body": b"Hello, world!", "more_body": True}
    works: dict[str, Callable[[], object]] = {
        "scope_ns": lambda: copy_scope(SCOPE, BODY_LIMIT),
        "start_ns": lambda: quick_copy(start, BODY_LIMIT),
        "body_ns": lambda: quick_copy(body, BODY_LIMIT),
    }
    return {name: round(min(timeit.repeat(work, number=2_000, repeat=_REPEATS)) / 2_000 * 1e9) for name, work in works.items()}


def memory() -> dict[str, float]:
    """Mebibytes that a million events of small answers take, beside their bodies."""
    recorder = Recorder(max_events=2 * _MILLION)
    tap = Tap(hello, recorder.emit, hosted=True)
    gc.collect()
    before = _resident()
    while len(recorder) < _MILLION:
        for _ in range(500):
            call(tap)
        recorder.tidy()
    gc.collect()
    packed = recorder.bytes_kept / 2**20
    return {"events": len(recorder), "resident_mib": round(_resident() - before, 1), "packed_mib": round(packed, 1)}


def _resident() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def pauses(answers_per_second: int, seconds: float) -> dict[str, float]:
    """Longest collection and most belated heartbeat (a thread that wakes each millisecond), with and without a recorder."""
    sys.setswitchinterval(0.0005)
    idle = _beat(hello, answers_per_second, seconds)
    recorder = Recorder(max_events=200_000).start()
    tap = Tap(hello, recorder.emit, hosted=True)
    while len(recorder) < 210_000:
        call(tap)
    recorder.tidy()
    traced = _beat(tap, answers_per_second, seconds)
    recorder.close()
    return {f"{key}_{name}": value for name, one in (("bare", idle), ("traced", traced)) for key, value in one.items()}


def _beat(app: App, answers_per_second: int, seconds: float) -> dict[str, float]:
    """Answer at a steady rate for a while and watch what is late."""
    late: list[float] = []
    collections: list[int] = []
    over = threading.Event()

    def beat() -> None:
        while not over.is_set():
            began = perf_counter_ns()
            sleep(0.001)
            late.append((perf_counter_ns() - began) / 1e6 - 1.0)

    def collected(phase: str, _: dict[str, int]) -> None:
        collections.append(-perf_counter_ns()) if phase == "start" else collections.append(
            perf_counter_ns() + collections.pop()
        )

    heart = threading.Thread(target=beat)
    gc.callbacks.append(collected)
    heart.start()
    end = monotonic() + seconds
    while monotonic() < end:
        for _ in range(answers_per_second // 500):
            call(app)
        sleep(0.002)
    over.set()
    heart.join()
    gc.callbacks.remove(collected)
    late.sort()
    return {
        "longest_gc_ms": round(max(collections, default=0) / 1e6, 2),
        "heartbeat_late_ms": round(late[-1], 2),
        "heartbeat_late_p999_ms": round(late[len(late) * 999 // 1000], 2),
    }


def main() -> None:
    """Measure and print; the figures as JSON."""
    parser = argparse.ArgumentParser(description="Costs of one message, memory, pauses and start-up times.")
    parser.add_argument("--rounds", type=int, default=7, help="of each start; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=5.0, help="of watching for pauses; default: %(default)s")
    parser.add_argument("--rate", type=int, default=5_000, help="answers a second meanwhile; default: %(default)s")
    parser.add_argument("--write", type=Path, help="a JSON file for the figures")
    chosen = parser.parse_args()
    figures = {
        "memory": memory(),
        "send": cost(sender, 1, _MESSAGES),
        "send_start": cost(starter, 1, _MESSAGES),
        "receive": cost(receiver, 1, _MESSAGES),
        "call_and_scope": cost(nothing, 500, 1),
        "safe_copies": copies(),
        "pauses": pauses(chosen.rate, min(chosen.seconds, 60.0)),
        "starts": starts(min(chosen.rounds, 50)),
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if chosen.write:
        chosen.write.write_text(text + "\n")


if __name__ == "__main__":
    main()
