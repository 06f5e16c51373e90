"""Both hosts keep the same promises, and the process host survives what kills its child."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgiviz.host.child import MOST_WAITING, Shipper
from asgiviz.host.errors import HostError
from asgiviz.host.frames import FrameSender, read_frame
from asgiviz.host.options import Run, ServerOptions
from asgiviz.host.process import ProcessHost, died
from asgiviz.host.state import Host, Phase
from asgiviz.host.thread import ThreadHost
from asgiviz.model.events import EXIT, GAP, NOTE, SCOPE, SERVER, Raw, payload_of

APP = """
import os
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    if scope["path"] == "/exit":
        os._exit(5)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""
WAIT = 30.0

MakeHost = Callable[..., tuple[Host, list[Raw]]]


@pytest.fixture(params=[ThreadHost, ProcessHost], ids=["thread", "process"])
def make_host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeHost]:
    """A started host of each kind for a module's source, and what it records."""
    hosts: list[Host] = []

    def make(source: str = APP, **options: object) -> tuple[Host, list[Raw]]:
        name = f"app_{abs(hash(source))}_{len(hosts)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        raws: list[Raw] = []
        run = Run(f"{name}:app", str(tmp_path), options=ServerOptions(port=0, **options))  # type: ignore[arg-type]
        host: Host = request.param(run, raws.append)
        hosts.append(host)
        host.start()
        return host, raws

    yield make
    for host in hosts:
        host.close()
        host.stop(force=True)
        assert host.state.wait_ended(WAIT)


def get(url: str) -> bytes:
    """One request."""
    with urllib.request.urlopen(url, timeout=WAIT) as response:
        body: bytes = response.read()
        return body


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that will happen."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_a_host_serves_records_and_ends(make_host: MakeHost) -> None:
    """It answers at its URL, emits the events, says what server it is, and ends when asked."""
    host, raws = make_host()
    assert host.state.wait_listening(WAIT)
    assert host.state.phase is Phase.LISTENING
    assert get(host.url)
    assert host.state.facts is not None
    assert host.state.facts["name"] == "uvicorn"
    host.stop()
    assert host.state.wait_ended(WAIT)
    assert host.state.failure is None
    assert [raw[2] for raw in raws if raw[1] == SCOPE] == [1, 2]


def test_a_host_can_be_restarted_on_its_address(make_host: MakeHost) -> None:
    """After a stop it serves again at the same URL and numbers connections on; a client in between waits."""
    host, raws = make_host()
    assert host.state.wait_listening(WAIT)
    get(host.url)
    host.stop()
    assert host.state.wait_ended(WAIT)
    answers: list[bytes] = []
    client = threading.Thread(target=lambda: answers.append(get(host.url)))
    client.start()
    host.restart()
    client.join(WAIT)
    assert len(answers) == 1
    wait_until(lambda: [raw[2] for raw in raws if raw[1] == SCOPE] == [1, 2, 3, 4])


def test_an_app_that_cannot_be_loaded_ends_the_run(make_host: MakeHost) -> None:
    """The failure says why, with the app's traceback, and is an event."""
    host, raws = make_host("raise ValueError('at import')\n")
    assert host.state.wait_ended(WAIT)
    assert host.state.failure is not None
    assert "ValueError: at import" in str(host.state.failure)
    assert "raise ValueError('at import')" in (host.state.failure.trace or "")
    assert any(raw[1] == SERVER and raw[5]["what"] == "failed" for raw in raws)


def test_connections_that_never_end_get_their_grace_only(make_host: MakeHost) -> None:
    """A request that hangs is cancelled after the graceful time-out, and the run ends."""
    hanging = """
    import asyncio
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await asyncio.sleep(3600)
    """
    host, raws = make_host(hanging, timeout_graceful_shutdown=1)
    assert host.state.wait_listening(WAIT)
    port = int(host.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        wait_until(lambda: sum(raw[1] == SCOPE for raw in raws) == 2)
        host.stop()
        assert host.state.wait_ended(WAIT)
    outcomes = [payload_of(raw)["outcome"] for raw in raws if raw[1] == EXIT]
    assert outcomes == ["raised", "cancelled"]


def test_a_port_in_use_is_told_before_anything_is_imported(tmp_path: Path) -> None:
    """The address comes first."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        raws: list[Raw] = []
        run = Run("nothing:app", str(tmp_path), options=ServerOptions(port=taken.getsockname()[1]))
        with pytest.raises(HostError, match="already in use"):
            ThreadHost(run, raws.append).start()


def test_a_socket_file_left_behind_is_replaced(tmp_path: Path) -> None:
    """One that nobody serves is taken over; one that is served is in use."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(path)
    (tmp_path / "main.py").write_text(APP, encoding="utf-8")
    raws: list[Raw] = []
    first = ThreadHost(Run("main:app", str(tmp_path), options=ServerOptions(uds=path)), raws.append)
    first.start()
    assert first.state.wait_listening(WAIT)
    with pytest.raises(HostError, match="already in use"):
        ThreadHost(Run("main:app", str(tmp_path), options=ServerOptions(uds=path)), raws.append).start()
    first.close()
    first.stop()
    assert first.state.wait_ended(WAIT)
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [(5, "status 5"), (-9, "SIGKILL (killed"), (-11, "SIGSEGV (a crash"), (-6, "SIGABRT"), (-200, "signal 200")],
)
def test_how_a_process_died_is_said_in_words(status: int, said: str) -> None:
    """Exit statuses and signals have their names."""
    assert said in died(status)


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """Nobody is left behind to hold the port."""
    (tmp_path / "main.py").write_text(APP, encoding="utf-8")
    command = [sys.executable, "-m", "asgiviz", "trace", "main:app", "--port", "0", "--isolate"]
    parent = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert parent.stdout
    line = next(line for line in parent.stdout if "started" in line)
    child = int(get(line.split()[-1]))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    """Whether a process exists and is not only waiting to be reaped."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_a_reload_of_an_app_that_does_not_stop_kills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocked loop cannot keep the old code alive."""
    from asgiviz.host import reload

    monkeypatch.setattr(reload, "PATIENCE", 0.5)
    blocking = APP.replace(
        'if scope["path"] == "/exit":', 'if scope["path"] == "/block":\n        import time; time.sleep(3600)\n    if False:'
    )
    (tmp_path / "main.py").write_text(blocking, encoding="utf-8")
    raws: list[Raw] = []
    host = ProcessHost(Run("main:app", str(tmp_path), options=ServerOptions(port=0)), raws.append)
    host.start()
    reloader = reload.Reloader(host, [str(tmp_path)], raws.append)
    reloader.start()
    try:
        assert host.state.wait_listening(WAIT)
        with socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2]))) as client:
            client.sendall(b"GET /block HTTP/1.1\r\nhost: x\r\n\r\n")
            wait_until(lambda: sum(raw[1] == SCOPE for raw in raws) == 2)
            before = host.pid
            (tmp_path / "main.py").write_text(APP, encoding="utf-8")
            wait_until(lambda: host.pid != before)
        assert int(get(host.url)) == host.pid
    finally:
        reloader.stop()
        host.close()
        host.stop()
        assert host.state.wait_ended(WAIT)


def test_events_shipped_from_a_child_are_bounded() -> None:
    """When the parent does not read, the oldest stay and the rest is counted in a gap."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        shipper = Shipper(FrameSender(theirs))
        event: Raw = (1, NOTE, None, None, None, {"name": "x"})
        for _ in range(MOST_WAITING + 50_000):
            shipper.emit(event)
        kept = dropped = 0
        ours.settimeout(WAIT)
        stream = ours.makefile("rb")
        while kept + dropped < MOST_WAITING + 50_000:
            what, batch = read_frame(stream)
            assert what == "events"
            kept += sum(raw[1] == NOTE for raw in batch)
            dropped += sum(raw[5]["dropped"] for raw in batch if raw[1] == GAP)
        stream.close()
    assert kept + dropped == MOST_WAITING + 50_000
    assert dropped > 0
