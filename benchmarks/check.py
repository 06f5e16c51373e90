"""``python benchmarks/check.py``: how fast the judge reads events, what a request costs with it, and a million events.

The same traffic goes through the bare app, through the tap with the judge behind it, and through asgion where that is
installed (it needs Python 3.12), in turns; medians count, and the ratios more than the figures. No sockets, no loop.
"""

# ruff: noqa: ARG001  # the signature is ASGI's
from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import process_time
from typing import Any

from asgiviz.check.judge import Judge
from asgiviz.model.asgi import App, Message, Scope
from asgiviz.model.events import Raw
from asgiviz.model.recording import Header
from asgiviz.probe.tap import Tap
from asgiviz.store.lines import Encoder, header_line

HEADERS = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"benchmark"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")]
MILLION = 1_000_000
#: Runs a command, and prints its processor time and peak memory (KiB) before its output. A small process does that, because
#: a child's peak counts what its parent held when it was forked.
_WATCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, flush=True)
sys.stdout.buffer.write(done.stdout)
sys.exit(done.returncode)
"""


def scope(number: int, kind: str = "http") -> Scope:
    """The scope of a call, as uvicorn makes it; paths and ports differ from call to call."""
    path = f"/items/{number % 200}"
    shared: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 32_768 + number % 20_000),
        "scheme": "http" if kind == "http" else "ws",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*HEADERS, (b"x-request-id", str(number).encode())],
        "state": {},
    }
    return {**shared, "method": "GET"} if kind == "http" else {**shared, "subprotocols": []}


async def hello(scope: Scope, receive: Any, send: Any) -> None:
    """A small answer."""
    await receive()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, world!"})


async def stream(scope: Scope, receive: Any, send: Any) -> None:
    """An answer in a hundred pieces."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for number in range(100):
        await send({"type": "http.response.body", "body": b"piece %d" % number, "more_body": True})
    await send({"type": "http.response.body"})


async def chat(scope: Scope, receive: Any, send: Any) -> None:
    """Fifty messages, each with its echo."""
    await receive()
    await send({"type": "websocket.accept"})
    for _ in range(50):
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"]})
    await send({"type": "websocket.close"})


APPS: dict[str, tuple[App, str, int]] = {
    "hello": (hello, "http", 10),
    "stream": (stream, "http", 1),
    "chat": (chat, "websocket", 1),
}


def drive(app: App, kind: str, number: int) -> None:
    """One call of the app, with a server's receive and send that never wait."""
    given = 0

    async def receive() -> Message:
        nonlocal given
        given += 1
        if kind == "http":
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "websocket.connect"} if given == 1 else {"type": "websocket.receive", "text": f"message {given}"}

    async def send(message: Message) -> None:
        """Takes it."""

    coroutine: Coroutine[Any, Any, Any] = app(scope(number, kind), receive, send)  # type: ignore[assignment]  # an async def is one
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waited")


def recorded(app: App, kind: str, calls: int) -> list[Raw]:
    """The raw events of that many calls."""
    raws: list[Raw] = []
    tap = Tap(app, raws.append, hosted=True)
    for number in range(calls):
        drive(tap, kind, number)
    return raws


def judging(rounds: int, calls: int) -> dict[str, Any]:
    """Events a second of the judge alone, on one core, in the processor's own time; bites as a screen takes them."""
    said: dict[str, Any] = {}
    for name, (app, kind, factor) in APPS.items():
        numbered = list(enumerate(recorded(app, kind, calls * factor), 1))
        speeds = []
        for _ in range(rounds):
            judge = Judge()
            gc.collect()
            began = process_time()
            found = sum(len(judge.take(numbered[place : place + 512])) for place in range(0, len(numbered), 512))
            speeds.append(len(numbered) / (process_time() - began))
            if found:
                raise RuntimeError(f"{name}: legal traffic gave {found} findings")
        said[name] = {
            "events": len(numbered),
            "events_per_second": round(statistics.median(speeds)),
            "best": round(max(speeds)),
        }
    return said


def contenders() -> dict[str, Callable[[App], tuple[App, Callable[[], object]]]]:
    """Name -> what wraps an app, and what is to be done at the end of a round."""

    def tapped(app: App) -> tuple[App, Callable[[], object]]:
        raws: list[Raw] = []
        return Tap(app, raws.append, hosted=True), raws.clear

    def judged(app: App) -> tuple[App, Callable[[], object]]:
        raws: list[Raw] = []
        judge = Judge()

        def judge_all() -> None:
            found = judge.take(enumerate(raws, 1))
            raws.clear()
            if found:
                raise RuntimeError(f"legal traffic gave {found[:2]}")

        return Tap(app, raws.append, hosted=True), judge_all

    found: dict[str, Callable[[App], tuple[App, Callable[[], object]]]] = {
        "bare": lambda app: (app, lambda: None),
        "tap": tapped,
        "tap + judge": judged,
    }
    try:
        from asgion import inspect  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return found
    found["asgion"] = lambda app: (inspect(app), lambda: None)
    return found


def per_call(rounds: int, calls: int) -> dict[str, Any]:
    """Microseconds of a call, by app and contender, in turns; the judge runs behind each round and counts."""
    said: dict[str, Any] = {}
    for name, (app, kind, factor) in APPS.items():
        times: dict[str, list[float]] = {who: [] for who in contenders()}
        for _ in range(rounds):
            for who, wrap in contenders().items():
                wrapped, after = wrap(app)
                gc.collect()
                began = process_time()
                for number in range(calls * factor):
                    drive(wrapped, kind, number)
                after()
                times[who].append((process_time() - began) / (calls * factor) * 1e6)
        medians = {who: statistics.median(each) for who, each in times.items()}
        said[name] = {who: {"us": round(us, 1), "added_us": round(us - medians["bare"], 1)} for who, us in medians.items()}
    return said


def million(events: int) -> dict[str, Any]:
    """``asgiviz check FILE`` on a recording of so many events: seconds of the processor, and peak memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.asgiviz"
        count = write(file, events)
        command = [sys.executable, "-c", _WATCH, sys.executable, "-m", "asgiviz", "check", str(file), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(done.stderr or done.stdout)
        told, _, report = done.stdout.partition("\n")
        seconds, peak = map(float, told.split())
        return {
            "events": count,
            "judged": json.loads(report)["events"],
            "file_mib": round(file.stat().st_size / 2**20),
            "seconds": round(seconds, 2),
            "peak_mib": round(peak / 1024),
        }


def write(file: Path, events: int) -> int:
    """A recording of small answers; gives how many events it holds."""
    encoder, seq = Encoder(0, None), 0
    with file.open("w", encoding="utf-8") as out:
        out.write(header_line(Header.now(datetime.now(UTC), target="benchmark:hello").as_dict()))
        part = 20_000
        while seq < events:
            shift = seq // 8
            for t, kind, conn, layer, call, payload in recorded(hello, "http", min(part, (events - seq + 7) // 8)):
                seq += 1
                out.write(encoder.line(seq, (t, kind, (conn or 0) + shift, layer, call, payload)))
    return seq


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--calls", type=int, default=400, help="calls of the large apps in a round; ten times as many small ones"
    )
    parser.add_argument("--events", type=int, default=MILLION, help="of the recording that `asgiviz check FILE` reads; 0: none")
    asked = parser.parse_args()
    try:
        rival = version("asgion")
    except PackageNotFoundError:
        rival = "not installed"
    said = {
        "python": sys.version.split()[0],
        "asgion": rival,
        "judge": judging(asked.rounds, asked.calls),
        "per_call": per_call(asked.rounds, asked.calls),
    }
    if asked.events:
        said["file"] = million(asked.events)
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
