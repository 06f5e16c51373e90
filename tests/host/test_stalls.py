"""What holds the loop of a real server is reported: its line, its connection, who waited; a busy, healthy loop is not."""

from __future__ import annotations

import itertools
import os
import signal
import textwrap
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from asgiviz.host.options import Run, ServerOptions
from asgiviz.host.process import ProcessHost
from asgiviz.host.state import Host
from asgiviz.host.thread import ThreadHost
from asgiviz.model.events import EXIT, SCOPE, STALL, Raw, payload_of

#: real terminals, loops that are held, a whole screen: they take their time
pytestmark = pytest.mark.slow

APP = """
import asyncio, os, queue, re, socket, sqlite3, tempfile, threading, time
import anyio

event = asyncio.Event()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        time.sleep(0.4)  # startup
        await send({"type": "lifespan.startup.complete"})
        await receive()
        time.sleep(0.2)  # shutdown
        await send({"type": "lifespan.shutdown.complete"})
        return
    await globals()[scope["path"][1:]]()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})

async def sleep():
    time.sleep(0.4)  # sleep

async def driver():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threading.Timer(0.4, theirs.sendall, [b"x"]).start()
        ours.recv(1)  # driver

async def database():
    with tempfile.TemporaryDirectory() as place:
        one = sqlite3.connect(place + "/db", isolation_level=None)
        two = sqlite3.connect(place + "/db", isolation_level=None, timeout=0.4)
        one.execute("begin exclusive")
        try:
            two.execute("begin exclusive")  # database
        except sqlite3.OperationalError:
            pass
        one.close()
        two.close()

async def cpu():
    end = time.perf_counter() + 0.4
    while time.perf_counter() < end: pass  # cpu

async def pattern():
    re.match("(a+)+$", "a" * 23 + "b")  # pattern

async def total():
    sum(range(3 * 10**7))  # total

async def file():
    with tempfile.TemporaryDirectory() as place:
        path = place + "/fifo"
        os.mkfifo(path)
        def write():
            with open(path, "w") as pipe:
                time.sleep(0.4)
                pipe.write("x")
        threading.Thread(target=write).start()
        with open(path) as pipe:
            pipe.read()  # file

async def lock():
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(0.4, lock.release).start()
    lock.acquire()  # lock

async def blocks():
    time.sleep(0.4)  # subtask

async def task():
    await asyncio.create_task(blocks())

async def gather():
    await asyncio.gather(asyncio.sleep(0), blocks())

async def group():
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(blocks)

async def waits():
    await event.wait()

async def wakes():
    event.set()
    time.sleep(0.4)

async def dozes():
    await asyncio.sleep(0.3)

async def sleeps_long():
    time.sleep(0.8)

async def quick():
    pass

async def short():
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end: pass
    await asyncio.sleep(0.01)

async def many():
    done = asyncio.Event()
    def step(left):
        end = time.perf_counter() + 0.0002
        while time.perf_counter() < end: pass
        if not left:
            done.set()
    for left in reversed(range(1000)):
        asyncio.get_running_loop().call_soon(step, left)
    await done.wait()
"""
KINDS = ["sleep", "driver", "database", "cpu", "pattern", "total", "file", "lock"]
SUBTASKS = ["task", "gather", "group"]
KEEPS = ("pattern", "total")
COMPUTES = ("cpu", *KEEPS)
WAIT = 30.0
LINES = {line.rpartition("# ")[2]: number for number, line in enumerate(APP.split("\n"), 1) if "# " in line}


class Served:
    """The app above under a real server."""

    def __init__(self, host: Host, raws: list[Raw]) -> None:
        self.host = host
        self.raws = raws

    def get(self, path: str) -> float:
        """One request; gives back how many milliseconds it took."""
        began = time.perf_counter()
        with urllib.request.urlopen(f"{self.host.url}/{path}", timeout=WAIT) as response:
            assert response.read() == b"done"
        return (time.perf_counter() - began) * 1e3

    def stalls(self) -> list[dict[str, Any]]:
        """The stalls so far that are over."""
        return [payload_of(raw) for raw in list(self.raws) if raw[1] == STALL and "ongoing" not in payload_of(raw)]

    def stalls_of(self, path: str) -> tuple[float, list[dict[str, Any]]]:
        """The stalls of one request, and how long it took.

        What computes is asked for up to five times: when others took the processor away meanwhile, the watch rightly says
        nothing.
        """
        for _ in range(4 if path in COMPUTES else 0):
            self.raws.clear()
            took = self.get(path)
            time.sleep(0.5)
            if self.stalls():
                return took, self.stalls()
        self.raws.clear()
        took = self.get(path)
        self.wait(lambda: len(self.stalls()) >= 1)
        return took, self.stalls()

    def stall_by(self, path: str) -> dict[str, Any]:
        """The stall that a request caused; on a full machine the app's own start of it may be one, too."""
        self.wait(lambda: any(stall["culprit"] == self.conn_of(path) for stall in self.stalls()))
        return next(stall for stall in self.stalls() if stall["culprit"] == self.conn_of(path))

    def count(self, kind: int) -> int:
        """How many events of a kind there are."""
        return sum(raw[1] == kind for raw in list(self.raws))

    def conn_of(self, path: str) -> int | None:
        """The connection of the newest request of a path."""
        scopes = ((raw[2], payload_of(raw)) for raw in reversed(list(self.raws)) if raw[1] == SCOPE)
        return next(conn for conn, scope in scopes if scope.get("path") == f"/{path}")

    def settle(self) -> None:
        """Wait for the stall of the startup and let what has happened be told; forget the stalls so far."""
        self.wait(lambda: len(self.stalls()) >= 1)
        self.raws.clear()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for something that will happen."""
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.01)


Serve = Callable[[type[ThreadHost] | type[ProcessHost], str], Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a host of a kind on a loop, and ends it."""
    hosts: list[Host] = []
    numbers = itertools.count()

    def start(kind: type[ThreadHost] | type[ProcessHost], loop: str) -> Served:
        name = f"stalling_{tmp_path.name.replace('-', '_')}_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(APP), encoding="utf-8")
        raws: list[Raw] = []
        host = kind(Run(f"{name}:app", str(tmp_path), options=ServerOptions(port=0, loop=loop)), raws.append)
        hosts.append(host)
        host.start()
        assert host.state.wait_listening(WAIT), host.state.failure
        return Served(host, raws)

    yield start
    for host in hosts:
        host.close()
        host.stop(force=True)
        assert host.state.wait_ended(WAIT)


HOSTS = [
    *[pytest.param(ThreadHost, loop, [*KINDS, *SUBTASKS], id=f"thread-{loop}") for loop in ("asyncio", "uvloop")],
    pytest.param(ProcessHost, "asyncio", ["sleep", "pattern"], id="process"),
]


@pytest.mark.parametrize(("kind", "loop", "paths"), HOSTS)
def test_every_kind_of_stall_is_reported_with_its_line(
    serve: Serve, kind: type[ThreadHost], loop: str, paths: list[str]
) -> None:
    """Sleeping, a driver, a database, computing, C calls that keep the interpreter, a file, a lock, and subtasks: each gives
    one stall of the line and the connection that did it, no longer than its request."""
    served = serve(kind, loop)
    served.wait(lambda: len(served.stalls()) == 1)
    (startup,) = served.stalls()
    assert startup["culprit"] == 1
    assert startup["stack"][startup["user_frame"]]["line"] == LINES["startup"]
    for path in paths:
        expected = LINES["subtask" if path in SUBTASKS else path]
        for _ in range(5 if path in KEEPS else 1):  # who kept the interpreter is found right after, or on a full machine later
            took, (stall,) = served.stalls_of(path)
            frame = stall["stack"][stall["user_frame"]]
            if frame["line"] == expected:
                break
        assert (path, frame["line"]) == (path, expected)
        assert frame["code"] in APP
        assert stall["culprit"] == served.conn_of(path)
        assert 50 <= stall["ms"] <= took
        assert stall["victims"] == []
        assert (stall["confidence"], stall.get("held_gil", False)) == (
            ("inferred", True) if path in KEEPS else ("observed", False)
        )


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_who_waited_for_a_stall_is_told(serve: Serve, loop: str) -> None:
    """A sleeper that was due meanwhile and a client that came meanwhile waited; only a loop in Python tells since when the
    sleeper did, and of the client it is never known."""
    served = serve(ThreadHost, loop)
    served.settle()
    with ThreadPoolExecutor(3) as clients:
        for number, path in enumerate(("dozes", "sleeps_long", "quick"), 1):
            clients.submit(served.get, path)
            served.wait(lambda: served.count(SCOPE) >= min(number, 2))  # noqa: B023  # waited for at once
    stall = served.stall_by("sleeps_long")
    waited = {victim["conn"]: victim for victim in stall["victims"]}
    assert set(waited) == {served.conn_of("dozes"), served.conn_of("quick")}
    dozer, visitor = waited[served.conn_of("dozes")], waited[served.conn_of("quick")]
    assert visitor == {"conn": visitor["conn"], "ms": stall["ms"], "inferred": True}
    if loop == "asyncio":
        assert "inferred" not in dozer
        assert dozer["ms"] < stall["ms"]
    else:
        assert dozer["inferred"]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_who_could_have_run_from_the_beginning_is_observed(serve: Serve, loop: str) -> None:
    """A handler that was woken by the one that then blocks has waited for all of the stall."""
    served = serve(ThreadHost, loop)
    served.settle()
    with ThreadPoolExecutor(2) as clients:
        clients.submit(served.get, "waits")
        served.wait(lambda: served.count(SCOPE) == 1)
        clients.submit(served.get, "wakes")
    stall = served.stall_by("wakes")
    assert stall["victims"] == [{"conn": served.conn_of("waits"), "ms": stall["ms"]}]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_busy_healthy_loop_stalls_never(serve: Serve, loop: str) -> None:
    """Hundreds of requests that compute a little, and turns of the loop with a thousand short callbacks, are no stall."""
    served = serve(ThreadHost, loop)
    served.settle()
    paths = (["short"] * 40 + ["quick"] * 40 + ["many"]) * 5
    with ThreadPoolExecutor(8) as clients:
        assert len(list(clients.map(served.get, paths))) == len(paths)
    served.wait(lambda: served.count(EXIT) == len(paths))
    assert served.stalls() == []


def test_a_stall_in_the_last_moment_is_told(serve: Serve) -> None:
    """The app's shutdown holds the loop, and right after that the server is gone."""
    served = serve(ThreadHost, "asyncio")
    served.settle()
    served.host.stop()
    assert served.host.state.wait_ended(WAIT)
    (stall,) = served.stalls()
    assert stall["stack"][0]["line"] == LINES["shutdown"]


def test_a_process_that_was_stopped_is_not_blamed(serve: Serve) -> None:
    """Half a second in which the whole process stood still is no stall, neither of a waiting loop nor of a busy one."""
    served = serve(ProcessHost, "asyncio")
    served.settle()
    assert isinstance(served.host, ProcessHost)
    pid = served.host.pid
    assert pid is not None
    ended = threading.Event()

    def load() -> None:
        while not ended.is_set():
            served.get("short")

    client = threading.Thread(target=load)
    client.start()
    try:
        for _ in range(3):
            time.sleep(0.15)
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.4)
            os.kill(pid, signal.SIGCONT)
    finally:
        ended.set()
        client.join(WAIT)
    served.get("sleep")
    served.wait(lambda: len(served.stalls()) >= 1)
    assert [stall["culprit"] for stall in served.stalls()] == [served.conn_of("sleep")]


def test_a_watch_that_is_not_wanted_is_not_there(serve: Serve, tmp_path: Path) -> None:
    """With a threshold of 0 nothing watches, and a threshold above a stall leaves it out."""
    (tmp_path / "unwatched.py").write_text(APP, encoding="utf-8")
    for stall_ms in (0, 5_000):
        raws: list[Raw] = []
        host = ThreadHost(Run("unwatched:app", str(tmp_path), options=ServerOptions(port=0), stall_ms=stall_ms), raws.append)
        host.start()
        assert host.state.wait_listening(WAIT)
        assert any(thread.name == "asgiviz-loop-watch" for thread in threading.enumerate()) == bool(stall_ms)
        Served(host, raws).get("sleep")
        host.close()
        host.stop()
        assert host.state.wait_ended(WAIT)
        assert not any(raw[1] == STALL for raw in raws)
        deadline = time.monotonic() + WAIT
        while any(thread.name == "asgiviz-loop-watch" for thread in threading.enumerate()):
            assert time.monotonic() < deadline, "the watch did not end with its server"
            time.sleep(0.01)
