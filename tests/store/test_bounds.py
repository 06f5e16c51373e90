"""Memory stays bounded: however large the recording, the upload or the crowd, measured in a child process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT
from tests.store.files import STOPPED, file_of, request

MIB = 1024 * 1024
#: What a child adds: it runs the program and prints by how many KiB its peak rose above that of a small warm-up.
MEASURED = """
import asyncio, gc, resource, sys
from pathlib import Path
from asgiviz.model.events import SCOPE
from asgiviz.probe.tap import Tap
from asgiviz.store.reader import open_recording
from asgiviz.store.recorder import Recorder

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""


def risen(program: str, *arguments: object) -> int:
    """Bytes by which the program's peak rose, as it prints it in KiB."""
    command = [sys.executable, "-c", MEASURED + program, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) * 1024


READING = """
def read(path):
    with open_recording(Path(path)) as reader:
        count = sum(1 for event in reader)
        assert reader.ending is None, reader.ending
        return count

read(sys.argv[1])
before = peak()
assert read(sys.argv[2]) == int(sys.argv[3])
print(peak() - before)
"""


@pytest.mark.slow
def test_a_large_recording_is_read_in_constant_memory(tmp_path: Path) -> None:
    """Reading 200 MB needs no more than reading 1 MB does: nothing of it grows with the file, so a gigabyte is no different."""
    block = b"".join(file_of(request(1, bytes(60_000))).splitlines(keepends=True)[1:])
    head, end = file_of([]), file_of([STOPPED]).splitlines(keepends=True)[1]
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(head + block * 12 + end)
    times = 200_000_000 // len(block)
    with large.open("wb") as file:
        file.write(head)
        for _ in range(times):
            file.write(block)
        file.write(end)
    assert large.stat().st_size > 190_000_000
    assert risen(READING, small, large, times * 8 + 1) < 4 * MIB
    large.unlink()


TAPPED = """
sizes = {"crowd": 10_000, "messages": 100_000, "upload": 16_384}

async def receive():
    return {"type": "http.request", "body": bytes(65_536), "more_body": True}

async def send(message):
    pass

async def upload(scope, receive, send):
    for _ in range(scope["count"]):
        await receive()

async def messages(scope, receive, send):
    for n in range(scope["count"]):
        await send({"type": "websocket.send", "text": f"message {n} " + "x" * 200})

async def request(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": bytes(1000)})

async def run(kind, share):
    recorder = Recorder(max_events=20_000, max_bytes=16 * 1024 * 1024).start()
    count = sizes[kind] // share
    if kind == "crowd":
        tap = Tap(request, recorder.emit)
        for n in range(count):
            await tap({"type": "http", "path": "/", "headers": [(b"host", b"h")] * 20}, receive, send)
            if n % 100 == 0:
                await asyncio.sleep(0.001)
    else:
        step = 64 if kind == "upload" else 1_000
        tap = Tap({"upload": upload, "messages": messages}[kind], recorder.emit)
        for _ in range(0, count, step):
            await tap({"type": "http", "count": step}, receive, send)
            await asyncio.sleep(0.02 if kind == "upload" else 0.001)
    recorder.close()
    seen = list(recorder.cursor())
    assert sum(e.get("dropped") if e.ev == "gap" else 1 for e in seen) == len(recorder)
    return len(recorder)

asyncio.run(run(sys.argv[1], 8))
gc.collect()
before = peak()
total = asyncio.run(run(sys.argv[1], 1))
assert total > 30_000, total
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["crowd", "messages", "upload"])
def test_traffic_through_the_tap_is_kept_in_bounded_memory(kind: str) -> None:
    """10,000 connections, 100,000 messages, a gigabyte at 200 MB/s: eight times the traffic needs hardly more memory."""
    assert risen(TAPPED, kind) < 48 * MIB
