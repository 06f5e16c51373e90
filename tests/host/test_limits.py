"""Code with limits may do what an exercise needs and no more; what it may not do is said in a sentence, and we live on."""

from __future__ import annotations

import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgiviz.host.limits import NO_MEMORY, is_loopback
from asgiviz.host.options import Limits, Run, ServerOptions
from asgiviz.host.process import ProcessHost, died
from asgiviz.host.state import Phase
from asgiviz.host.thread import ThreadHost
from asgiviz.model.events import EXIT, LOG, NOTE, POOL, SCOPE, STEP_BEGIN, STEP_END, Raw, payload_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits of other systems are fewer")

APP = """
import asyncio, asgiviz, multiprocessing, os, socket, subprocess, tempfile, threading, time, urllib.request

DEEDS = {}
def deed(function):
    DEEDS["/" + function.__name__] = function
    return function

@deed
def memory(): return len(bytearray(1 << 40))
@deed
def files(): return len([open(os.devnull) for _ in range(1000)])
@deed
def file():
    with tempfile.TemporaryFile() as sink:
        for _ in range(64):
            sink.write(bytes(1 << 20))
@deed
def compute():
    while True: pass
@deed
def system(): os.system("true")
@deed
def shell(): subprocess.run(["true"])
@deed
def spawn(): os.posix_spawn("/bin/true", ["true"], {})
@deed
def fork():
    if os.fork() == 0: os._exit(0)
@deed
def replace(): os.execv("/bin/true", ["true"])
@deed
def processes():
    child = multiprocessing.get_context("spawn").Process(target=print)
    child.start()
@deed
def connect(): socket.create_connection(("203.0.113.1", 80), timeout=1)
@deed
def plain(): socket.socket().connect(("example.org", 80))
@deed
def resolve(): socket.getaddrinfo("example.org", 80)
@deed
def fetch(): urllib.request.urlopen("http://example.org/", timeout=1)
@deed
def datagram(): socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.1", 9))
@deed
def everywhere(): socket.socket().bind(("0.0.0.0", 0))
@deed
def allowed():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"x")
    one, other = socket.socketpair()
    one.close(); other.close()
    thread = threading.Thread(target=time.sleep, args=(0,))
    thread.start(); thread.join()
    with tempfile.TemporaryFile() as sink:
        sink.write(bytes(1 << 16))
@deed
def environment():
    import support
    return os.environ["WAIT"] + support.NAME

async def opens():
    await asyncio.open_connection("example.org", 80)

async def pool():
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.3) for _ in range(6)))

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    path = scope["path"]
    asgiviz.note("asked", path=path)
    said = await {"/opens": opens, "/pool": pool}[path]() if path in ("/opens", "/pool") else DEEDS[path]()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(said).encode()})
"""
WAIT = 30.0
LIMITS = Limits(seconds=20, memory=2 << 30, files=100, file_size=1 << 20)

MakeHost = Callable[..., tuple[ProcessHost, list[Raw]]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[MakeHost]:
    """A process host that answers, and what it records."""
    hosts: list[ProcessHost] = []

    def make(source: str = APP, **keys: object) -> tuple[ProcessHost, list[Raw]]:
        (tmp_path / "limited.py").write_text(source, encoding="utf-8")
        raws: list[Raw] = []
        known = {"options": ServerOptions(port=0, timeout_graceful_shutdown=1), "limits": LIMITS, **keys}
        host = ProcessHost(Run("limited:app", str(tmp_path), **known), raws.append)  # type: ignore[arg-type]
        hosts.append(host)
        host.start()
        assert host.state.wait_listening(WAIT) or host.state.wait_ended(WAIT)
        return host, raws

    yield make
    for host in hosts:
        host.close()
        host.stop(force=True)
        assert host.state.wait_ended(WAIT)


def ask(host: ProcessHost, path: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(host.url + path, timeout=WAIT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def errors(raws: list[Raw]) -> list[str]:
    """What the handlers raised: class and text."""
    exits = [payload_of(raw).get("error") for raw in raws if raw[1] == EXIT]
    return [f"{error['type'].rpartition('.')[2]}: {error['text']}" for error in exits if error]


def said(raws: list[Raw]) -> list[str]:
    """What we said in the log."""
    return [payload_of(raw)["text"] for raw in raws if raw[1] == LOG and payload_of(raw)["logger"] == "asgiviz"]


NETWORK = "PermissionError: an exercise may reach this machine only (127.0.0.1, localhost), and no other address, such as "
PROCESS = "PermissionError: an exercise may not start other processes"
FORBIDDEN = {
    "connect": NETWORK + "203.0.113.1",
    "plain": NETWORK + "example.org",
    "resolve": NETWORK + "example.org",
    "fetch": "URLError: <urlopen error " + NETWORK.partition(" ")[2] + "example.org>",
    "opens": NETWORK + "example.org",
    "datagram": NETWORK + "203.0.113.1",
    "everywhere": NETWORK + "0.0.0.0",
    **dict.fromkeys(("system", "shell", "spawn", "fork", "replace", "processes"), PROCESS),
}


def test_what_an_exercise_may_not_do_is_refused_in_a_sentence(serve: MakeHost) -> None:
    """Reaching another machine, looking one up, starting a process, in any way: the handler fails, the server goes on."""
    host, raws = serve()
    for path in FORBIDDEN:
        assert ask(host, f"/{path}")[0] == 500, path
    assert ask(host, "/allowed")[0] == 200
    until(lambda: len(errors(raws)) == len(FORBIDDEN))
    assert dict(zip(FORBIDDEN, errors(raws), strict=True)) == FORBIDDEN
    assert host.state.phase is Phase.LISTENING


@pytest.mark.parametrize(
    ("path", "error", "sentence"),
    [
        ("/memory", "MemoryError", "an exercise may use 2 GiB of memory; this one wanted more"),
        (
            "/files",
            "OSError: [Errno 24]",
            "an exercise may have 100 files and sockets open at once; this one left too many open",
        ),
        ("/file", "OSError: [Errno 27]", "an exercise may write 1 MiB into one file; this one wrote more"),
    ],
    ids=["memory", "files", "file size"],
)
def test_a_handler_that_takes_too_much_fails_alone(serve: MakeHost, path: str, error: str, sentence: str) -> None:
    """It gets Python's own error, the log says which limit that was, and the next request is answered."""
    host, raws = serve()
    assert ask(host, path)[0] == 500
    assert ask(host, "/allowed")[0] == 200
    until(lambda: said(raws))
    assert said(raws) == [sentence]
    assert errors(raws)[0].startswith(error)


def test_code_that_computes_for_too_long_is_ended(serve: MakeHost) -> None:
    """The process goes, the sentence says why, and what it did before is recorded."""
    host, raws = serve(limits=Limits(seconds=3))
    with socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2]))) as client:
        client.sendall(b"GET /compute HTTP/1.1\r\nhost: x\r\n\r\n")
        assert host.state.wait_ended(WAIT)
    assert "an exercise may compute for 3 s" in str(host.state.failure)
    assert [payload_of(raw)["data"] for raw in raws if raw[1] == NOTE] == [{"path": "/compute"}]


def test_memory_that_is_used_up_in_small_pieces_is_told(serve: MakeHost) -> None:
    """Whether the handler still gets its MemoryError or the interpreter crashes, the sentence speaks of memory."""
    leak = (
        "held = []\nasync def app(scope, receive, send):\n    while scope['type'] == 'http':\n        held.append([object()])\n"
    )
    host, raws = serve(leak, limits=Limits(memory=256 << 20))
    with socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2]))) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        until(lambda: host.state.phase is Phase.ENDED or said(raws))
    assert "an exercise may use 256 MiB" in " ".join([*said(raws), str(host.state.failure)]), (host.state.failure, said(raws))


def test_an_import_is_limited_too(serve: MakeHost) -> None:
    """What the app's module does while it is imported is told as the reason, with its traceback."""
    host, _ = serve("data = bytearray(1 << 40)\n")
    assert "could not be imported: MemoryError. It wanted more memory" in str(host.state.failure)
    host, _ = serve("import socket\nsocket.getaddrinfo('example.org', 80)\n")
    assert NETWORK + "example.org" in str(host.state.failure)
    assert "limited.py" in str(host.state.failure and host.state.failure.trace)


def test_deaths_are_told_by_their_limit() -> None:
    """Processor time and our own last memory have sentences of their own; everything else is told as without limits."""
    assert "may compute for 60 s" in died(-signal.SIGXCPU, Limits())
    assert "4 GiB of memory" in died(NO_MEMORY, Limits())
    assert "when no memory is left; an exercise may use 4 GiB" in died(-signal.SIGSEGV, Limits())
    assert died(-signal.SIGKILL, Limits()) == died(-signal.SIGKILL)
    assert "SIGXCPU" in died(-signal.SIGXCPU)
    assert "no memory any more" in died(NO_MEMORY)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("::1%lo", True), ("::ffff:127.0.0.1", True),
        (b"localhost", True), ("LOCALHOST.", True), ("localhost.example.org", False),
        ("0.0.0.0", False), ("", False), ("::", False), (7, False),
    ],
)  # fmt: skip
def test_this_machine_is_known_by_all_its_names(host: object, here: bool) -> None:
    """Loopback addresses and localhost, and nothing that only looks like it."""
    assert is_loopback(host) is here


def test_a_run_brings_environment_paths_pool_steps_and_numbers(serve: MakeHost, tmp_path: Path) -> None:
    """They are there when the app is imported; steps come in pairs, and the pool has as many threads as it was given."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "support.py").write_text("NAME = ' of support'", encoding="utf-8")
    paths, environment = (str(tmp_path / "beside"),), (("WAIT", "0.25"),)
    host, raws = serve(environment=environment, paths=paths, first=101, pool=2, steps=True, limits=None)
    assert ask(host, "/environment") == (200, "0.25 of support")
    assert ask(host, "/pool")[0] == 200
    host.stop()
    assert host.state.wait_ended(WAIT)
    assert [raw[2] for raw in raws if raw[1] == SCOPE] == [101, 102, 103]
    told = [(raw[1], raw[2], payload_of(raw)["task"]) for raw in raws if raw[1] in (STEP_BEGIN, STEP_END)]
    assert {conn for _, conn, _ in told} == {101, 102, 103}
    for begin, end in zip(told[::2], told[1::2], strict=True):
        assert (begin[0], end[0]) == (STEP_BEGIN, STEP_END)
        assert begin[1:] == end[1:]
    places = [payload_of(raw).get("at", {}).get("code", "") for raw in raws if raw[1] == STEP_END and raw[2] == 103]
    assert any("asyncio.gather(" in place for place in places)
    pools = [payload_of(raw) for raw in raws if raw[1] == POOL]
    assert {pool["size"] for pool in pools if pool["name"] == "executor"} == {2}


def test_a_thread_takes_nothing_that_holds_for_a_process() -> None:
    """Whoever asks a thread for it has made a mistake in his program."""
    for keys in ({"limits": Limits()}, {"paths": ("x",)}, {"environment": (("A", "b"),)}):
        with pytest.raises(ValueError, match="ProcessHost"):
            ThreadHost(Run("a:app", **keys), lambda raw: None)
