"""In virtual time an experiment takes milliseconds, always comes out the same, and what needs real time is noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asgiviz.host.options import Limits
from asgiviz.host.virtual_plan import VirtualPlan, Way
from asgiviz.host.virtual_world import VirtualWorld
from tests.host.virtual_play import GET, HEAD, WAIT, asgi, clients, play, play_app, play_at_once, run_of, wsgi


@pytest.mark.parametrize(
    ("source", "options", "seconds"),
    [
        pytest.param(asgi("await asyncio.sleep(1)"), {}, 1.0, id="waits"),
        pytest.param(asgi("time.sleep(1)"), {}, 10.0, id="blocks"),
        pytest.param(asgi("await asyncio.to_thread(time.sleep, 1)"), {"pool": 6}, 2.0, id="pool of 6"),
        pytest.param(
            asgi("await asyncio.wait_for(asyncio.to_thread(time.sleep, 0.25), 1)"), {"pool": 10}, 0.25, id="pool of 10"
        ),
        pytest.param(wsgi("time.sleep(0.5)"), {"interface": "wsgi", "threads": 1}, 5.0, id="1 thread"),
        pytest.param(wsgi("time.sleep(0.5)"), {"interface": "wsgi", "threads": 4}, 1.5, id="4 threads"),
        pytest.param(wsgi("time.sleep(0.5)"), {"interface": "wsgi", "threads": 10}, 0.5, id="10 threads"),
    ],
)
def test_ten_clients_take_as_long_as_the_arithmetic_says(
    tmp_path: Path, source: str, options: dict[str, Any], seconds: float
) -> None:
    """Ten clients are done after exactly the time that waits, threads and pools make of it."""
    played = play_app(tmp_path, source, 10, **options)
    assert played.ending.way is Way.FINISHED
    assert len(played.received()) == 10
    assert max(played.received()) == seconds


def test_time_that_blocks_is_a_stall(tmp_path: Path) -> None:
    """Each handler that blocks its loop is one stall, with its line, its connection, and those who waited."""
    played = play_app(tmp_path, asgi("time.sleep(0.5)\ntime.sleep(0.5)"), 3)
    stalls = played.of("stall")
    assert [each.get("ms") for each in stalls] == [1000.0] * 3
    assert [each.t for each in stalls] == [10**9, 2 * 10**9, 3 * 10**9]
    first = stalls[0]
    assert first.get("stack")[first.get("user_frame")]["code"] == "time.sleep(0.5)"
    assert first.get("culprit") == next(each.conn for each in played.of("scope") if each.get("scope")["type"] == "http")
    assert first.get("side") == "asgi"
    assert first.get("culprit") not in [each["conn"] for each in first.get("victims")]


def test_whoever_waits_for_a_blocked_loop_is_a_victim(tmp_path: Path) -> None:
    """A handler whose sleep is over while another one holds the loop is a victim, from the moment it could have gone on."""
    body = 'if scope["path"] == "/slow":\n    await asyncio.sleep(0.5)\nelse:\n    await asyncio.sleep(0.25)\n    time.sleep(1)'
    run = run_of(tmp_path, "victim", asgi(body))
    scripts = [*clients("a", 1, [{"do": "request", "path": "/slow"}, {"do": "read"}]), {"name": "a/2", "steps": GET}]
    played = play(VirtualPlan((("a", run),), {"a": scripts}))
    slow = next(each.conn for each in played.of("scope") if each.get("scope").get("path") == "/slow")
    (stall,) = played.of("stall")
    assert stall.get("victims") == [{"conn": slow, "ms": 750.0}]


@pytest.mark.slow
def test_the_same_each_time(tmp_path: Path) -> None:
    """Twenty plays of one plan record the same events at the same virtual times, most of them all at once on a machine that has
    no time for them."""
    body = 'await asyncio.gather(asyncio.to_thread(time.sleep, 0.1), asyncio.sleep(0.1))\nprint("half")\ntime.sleep(0.01)'
    sides = (
        ("a", run_of(tmp_path, "one", asgi(body), pool=3, first=1)),
        ("w", run_of(tmp_path, "two", wsgi("time.sleep(0.1)"), interface="wsgi", threads=2, first=101)),
    )
    plan = VirtualPlan(sides, {"a": clients("a", 6), "w": clients("w", 6)}, stagger=0.05)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        under_load = play_at_once(plan, 16)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    at_rest = [play(plan) for _ in range(4)]
    assert {each.ending.way for each in under_load + at_rest} == {Way.FINISHED}
    assert len(at_rest[0].story) > 100
    assert {tuple(each.story) for each in under_load + at_rest} == {tuple(at_rest[0].story)}


def test_two_sides_share_the_clock_and_nothing_else(tmp_path: Path) -> None:
    """Modules with the same name and variables of the environment are each side's own, and one side does not slow the other."""
    source = asgi('print("I am", NAME, me.NAME)\ntime.sleep(float(os.environ["WAIT"]) if False else WAIT)')
    tops = 'NAME, WAIT = os.environ["NAME"], float(os.environ["WAIT"])\nimport me\n'
    runs = []
    for name, wait, first in (("left", "0.5", 1), ("right", "2", 101)):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "me.py").write_text(f"NAME = {name!r}", encoding="utf-8")
        environment = (("NAME", name), ("WAIT", wait))
        runs.append((name, run_of(directory, "main", source.replace(HEAD, HEAD + tops), environment=environment, first=first)))
    played = play(VirtualPlan(tuple(runs), {name: clients(name, 2) for name, _ in runs}))
    assert (played.received("left"), played.received("right")) == ([0.5, 1.0], [2.0, 4.0])
    prints = {(each.get("text"), each.conn < 100) for each in played.of("log", logger="stdout") if each.conn is not None}
    assert prints == {("I am left left", True), ("I am right right", False)}
    assert set(played.facts) == {"left", "right"}


def test_clients_are_let_go_when_all_is_up(tmp_path: Path) -> None:
    """The note `asgiviz.go` comes after every start-up, lifespans included, and before the first connection."""
    source = f"""{HEAD}
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.sleep(3)
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        await send({{"type": "lifespan.shutdown.complete"}})
    else:
        await reply(send)
"""
    run = run_of(tmp_path, "slow_start", source)
    played = play(VirtualPlan((("a", run),), {"a": clients("a", 2)}, go={"clients": 2}))
    (go,) = played.of("note")
    assert (go.get("name"), go.get("data"), go.t) == ("asgiviz.go", {"clients": 2}, 3 * 10**9)
    assert min(each.seq for each in played.of("client")) > go.seq
    assert played.of("send.begin")[-1].get("message")["type"] == "lifespan.shutdown.complete"


def test_the_client_of_the_scope_is_the_client(tmp_path: Path) -> None:
    """The address in the scope is the one that the client has told."""
    played = play_app(tmp_path, asgi("pass"))
    (connected,) = played.of("client", what="connected")
    assert [each.get("scope")["client"] for each in played.of("scope") if "client" in each.get("scope")] == [
        connected.get("local")
    ]


def test_a_connection_is_kept_alive(tmp_path: Path) -> None:
    """A client's second request goes over its first connection."""
    for source, interface in ((asgi("pass"), "asgi"), (wsgi("pass"), "wsgi")):
        played = play_app(tmp_path, source, 1, [*GET, {"do": "wait", "seconds": 1}, *GET], interface=interface)
        assert len(played.of("client", what="connected")) == 1
        assert played.received() == [0.0, 1.0]


def test_send_waits_for_a_slow_reader(tmp_path: Path) -> None:
    """A stream does not run ahead of a client who reads slowly by more than the buffers between them."""
    source = f"""{HEAD}
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    for number in range(100):
        await send({{"type": "http.response.body", "body": b"x" * 10_000, "more_body": True}})
    await send({{"type": "http.response.body", "body": b""}})
"""
    run = run_of(tmp_path, "stream", source)
    steps: list[dict[str, Any]] = [
        {"do": "request", "path": "/"},
        {"do": "read", "until": 10_000},
        {"do": "wait", "seconds": 5},
        {"do": "read"},
    ]
    played = play(VirtualPlan((("a", run),), {"a": clients("a", 1, steps, receive_buffer=20_000)}))
    pieces = [each.t for each in played.of("send.end") if each.conn == 2]
    assert 5 < sum(t == 0 for t in pieces) < 15
    assert max(pieces) == 5 * 10**9
    assert played.of("client", what="received")[-1].get("bytes") == 1_000_000


def test_a_websocket_is_shaken_hands_and_echoes(tmp_path: Path) -> None:
    """WebSockets work over the virtual network, with time between the messages."""
    source = f"""{HEAD}
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    await receive()
    await send({{"type": "websocket.accept"}})
    while (message := await receive())["type"] == "websocket.receive":
        await asyncio.sleep(2)
        await send({{"type": "websocket.send", "text": message["text"]}})
"""
    steps = [
        {"do": "open_websocket", "path": "/"},
        {"do": "send_text", "text": "hello"},
        {"do": "expect", "containing": "hello"},
        {"do": "close"},
    ]
    played = play_app(tmp_path, source, 1, steps)
    assert played.ending.way is Way.FINISHED
    (sent,) = [each for each in played.of("send.begin") if each.get("message")["type"] == "websocket.send"]
    assert (sent.t, sent.get("message")["text"]) == (2 * 10**9, "hello")
    assert played.of("client", what="closed")[0].get("trouble") is None


def test_threads_locks_and_queues_of_the_app_hold(tmp_path: Path) -> None:
    """Threads that the app starts, events, timers and queues wait in virtual time like everything else."""
    body = """
        import queue
        box = queue.Queue()
        worker = threading.Thread(target=lambda: (time.sleep(2), box.put("x")))
        worker.start()
        timer = threading.Timer(3, lambda: box.put("y"))
        timer.start()
        found = await asyncio.get_running_loop().run_in_executor(None, lambda: box.get() + box.get())
        worker.join()
        timer.join(1)
        print(found, threading.Event().wait(0.5), worker.is_alive())
    """
    played = play_app(tmp_path, asgi(body))
    assert played.received() == [3.5]
    assert [each.get("text") for each in played.of("log", logger="stdout")] == ["xy False False"]


def test_clocks_by_number_are_the_same_clocks(tmp_path: Path) -> None:
    """clock_gettime agrees with the clocks that have names."""
    body = """
        await asyncio.sleep(2)
        print(time.clock_gettime(time.CLOCK_MONOTONIC) == time.monotonic())
        cpu = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
        print(time.clock_gettime_ns(time.CLOCK_REALTIME) == time.time_ns(), cpu < 60)
    """
    played = play_app(tmp_path, asgi(body))
    assert [each.get("text") for each in played.of("log", logger="stdout")] == ["True", "True True"]


def test_plain_functions_of_frameworks_run_in_their_own_pool(tmp_path: Path) -> None:
    """Starlette's plain functions run in anyio's threads, as many at a time as anyio allows."""
    source = """
import time
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

def page(request):
    time.sleep(1)
    return PlainTextResponse("ok")

app = Starlette(routes=[Route("/", page)])
"""
    played = play_app(tmp_path, source, 60)
    assert sorted(played.received()) == [1.0] * 40 + [2.0] * 20


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param('import urllib.request\nurllib.request.urlopen("http://127.0.0.1:9/")', "network", id="urllib"),
        pytest.param('await asyncio.open_connection("127.0.0.1", 9)', "network", id="open_connection"),
        pytest.param('import subprocess\nsubprocess.run(["true"])', "another process", id="subprocess"),
        pytest.param("os.fork()", "another process", id="fork"),
        pytest.param("n = 0\nwhile n < 10**9: n += 1", "computes", id="computes"),
        pytest.param('import re\nre.match("(a+)+$", "a" * 23 + "b")', "computes", id="keeps the interpreter"),
        pytest.param("end = time.time() + 1\nwhile time.time() < end: pass", "computes", id="polls the clock"),
        pytest.param("while time.monotonic() < 1e9: await asyncio.sleep(0)", "goes round", id="polls with sleep(0)"),
        pytest.param("import ctypes\nctypes.CDLL(None).usleep(900_000)", "outside the clock", id="sleeps in C"),
        pytest.param("import select\nselect.select([], [], [], 2)", "outside the clock", id="select"),
        pytest.param("import select, socket\nselect.select(socket.socketpair(), [], [], 2)", "below asyncio", id="our select"),
        pytest.param("import _thread\n_thread.start_new_thread(print, ())", "below", id="raw thread"),
        pytest.param("import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signal", id="signal"),
        pytest.param("os.kill(os.getpid(), 2)", "signal", id="signals itself"),
        pytest.param("import signal\nsignal.setitimer(signal.ITIMER_REAL, 1)", "alarm", id="alarm"),
    ],
)
def test_what_needs_real_time_is_noticed(tmp_path: Path, body: str, said: str) -> None:
    """The experiment ends with a sentence that says why it needs real time, and nothing of it is recorded."""
    played = play_app(tmp_path, asgi(body))
    assert played.ending.way is Way.CANNOT_HOLD
    assert said in played.ending.sentence
    assert played.events == []


def test_code_that_computes_is_named(tmp_path: Path) -> None:
    """The sentence names the user's line."""
    played = play_app(tmp_path, wsgi("while True: pass"), interface="wsgi")
    assert played.ending.way is Way.CANNOT_HOLD
    assert "app_under_test.py, line " in played.ending.sentence


def test_an_app_that_never_answers_is_out_of_time(tmp_path: Path) -> None:
    """The clients are called back at the virtual time-out, and what happened until then is recorded."""
    for source, interface in (
        (asgi("await asyncio.Event().wait()"), "asgi"),
        (asgi("threading.Event().wait()"), "asgi"),
        (wsgi("threading.Event().wait()"), "wsgi"),
    ):
        played = play_app(tmp_path, source, 2, timeout=5.0, interface=interface)
        assert played.ending.way is Way.OUT_OF_TIME
        assert "5 s" in played.ending.sentence
        assert [each.t for each in played.of("client", what="closed")] == [5 * 10**9] * 2


@pytest.mark.parametrize(
    ("source", "said", "trace"),
    [
        pytest.param("import nothing_of_the_kind\n", "nothing_of_the_kind", None, id="missing module"),
        pytest.param("print('hm')\n1 / 0\n", "ZeroDivisionError", "1 / 0", id="raises"),
        pytest.param("import sys\nsys.exit(3)\n", "sys.exit(3)", "sys.exit(3)", id="sys.exit"),
        pytest.param("app = 5\n", "not callable", None, id="no app"),
        pytest.param(
            asgi("asyncio.get_running_loop().call_soon(sys.exit, 4)\nawait asyncio.sleep(1)"),
            "sys.exit(4)",
            None,
            id="sys.exit in the loop",
        ),
    ],
)
def test_an_app_that_cannot_be_served_is_told(tmp_path: Path, source: str, said: str, trace: str | None) -> None:
    """The ending says what is wrong with which side, with the app's traceback."""
    played = play_app(tmp_path, source)
    assert (played.ending.way, played.ending.side) == (Way.FAILED, "asgi")
    assert said in played.ending.sentence
    if trace is not None:
        assert trace in str(played.ending.trace)
    assert [each.get("side") for each in played.of("log", text="hm")] == (["asgi"] if "hm" in source else [])


def test_a_process_that_ends_itself_has_recorded_what_led_there(tmp_path: Path) -> None:
    """os._exit in a handler: the events up to there are told."""
    played = play_app(tmp_path, asgi("os._exit(7)"))
    assert played.ending.way is Way.DIED
    assert "7" in played.ending.sentence
    assert any(each.get("scope")["type"] == "http" for each in played.of("scope"))


def test_an_app_that_closes_every_descriptor_ends_its_process(tmp_path: Path) -> None:
    """Nobody can be told how it ended, and yet nothing is left that runs."""
    played = play_app(tmp_path, "import os\nos.closerange(3, 200)\n" + asgi("pass"))
    assert (played.ending.way, played.ending.code) == (Way.DIED, 1)
    assert "exited with status 1" in played.ending.sentence


def test_what_is_no_event_ends_the_experiment(tmp_path: Path) -> None:
    """An app that reaches into asgiviz keeps nobody waiting."""
    played = play_app(tmp_path, asgi("import asgiviz.probe.notes as notes\nfor emit in notes._runs: emit(('no', 'event'))"))
    assert played.ending.way is Way.DIED
    assert "nothing is known" in played.ending.sentence


def test_steps_have_virtual_times(tmp_path: Path) -> None:
    """The steps of a handler's task are recorded with the times of its waits."""
    run = run_of(tmp_path, "stepping", asgi("await asyncio.sleep(1)\ntime.sleep(0.5)"), steps=True)
    played = play(VirtualPlan((("a", run),), {"a": clients("a", 1)}))
    (conn,) = {each.conn for each in played.of("scope") if each.get("scope")["type"] == "http"}
    begins = [each.t for each in played.of("step.begin") if each.conn == conn]
    ends = [each.t for each in played.of("step.end") if each.conn == conn]
    assert (begins[0], begins[-1], ends[-1]) == (0, 10**9, 15 * 10**8)


def test_what_an_exercise_may_not_do_is_its_own_error(tmp_path: Path) -> None:
    """Limits come before the clock: another process is forbidden, which needs no real time to be told."""
    played = play_app(tmp_path, asgi('import subprocess\nsubprocess.run(["true"])'), limits=Limits())
    assert played.ending.way is Way.FINISHED
    errors = [each.get("error") for each in played.of("exit", outcome="raised")]
    assert "may not start other processes" in errors[-1]["text"]


def test_a_script_with_a_mistake_is_refused_at_once(tmp_path: Path) -> None:
    """The caller is told what is wrong with a script before any process is started."""
    run = run_of(tmp_path, "unused", asgi("pass"))
    with pytest.raises(ValueError, match="jump"):
        play(VirtualPlan((("a", run),), {"a": clients("a", 1, [{"do": "jump"}])}))


def test_an_experiment_can_be_ended_from_outside(tmp_path: Path) -> None:
    """Killed, it is over at once, and says so."""
    run = run_of(tmp_path, "endless", asgi("while True: await asyncio.sleep(1)"))
    world = VirtualWorld(VirtualPlan((("a", run),), {"a": clients("a", 1)}), print)
    world.start()
    world.kill()
    assert world.wait(WAIT)
    assert world.ending is not None
    assert (world.ending.way, "SIGKILL" in world.ending.sentence) == (Way.DIED, True)
