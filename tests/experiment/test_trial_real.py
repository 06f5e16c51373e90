"""Trials on the real clock: real servers in processes of their own, real clients, and whatever a learner's file does."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgiviz.experiment.failure import Blame
from asgiviz.experiment.trial import Phase, Trial
from asgiviz.host.options import Limits
from asgiviz.model.events import Ev
from asgiviz.store.recorder import Recorder
from tests.experiment.lessons import ASGI, LEARNERS, PATIENCE, SOLUTION, WSGI, experiment, lesson, write
from tests.experiment.processes import children
from tests.servers import wait_until


def tried(directory: Path, code: str | None, timeout: float = 20.0, limits: Limits | None = None) -> Trial:
    """A finished trial of a learner's file with this code (None: there is no file)."""
    learners = directory / "work"
    learners.mkdir()
    if code is not None:
        write(learners / "app.py", code)
    trial = Trial(lesson(directory), experiment(clients=2, timeout=timeout), exercise=learners, limits=limits).start()
    assert trial.wait(PATIENCE)
    return trial


def test_both_sides_are_in_one_recording(tmp_path: Path) -> None:
    """Each side has its own numbers and its own clients, and all begin after the one moment when they are let go."""
    trial = Trial(lesson(tmp_path), experiment(WSGI, ASGI), {"clients": 3}).start()
    assert trial.wait(PATIENCE)
    assert (trial.phase, trial.failure, trial.fell_back) == (Phase.FINISHED, None, None)
    record = trial.record()
    assert (record.clock, record.knobs["clients"], record.knobs["wsgi.threads"]) == ("real", 3, 2)
    assert {id_: (side.first, side.last) for id_, side in record.sides.items()} == {"wsgi": (1, 100), "asgi": (101, 200)}
    for side in record.sides.values():
        assert [client.answers[0].status for client in side.clients.values()] == [200, 200, 200]
        assert sorted(side.clients) == [1, 2, 3]
        assert all(side.connection_of(client) for client in side.clients.values())
        assert record.zero is not None
        assert all(call.began is not None and call.began > record.zero for call in side.requests)
    assert record.sides["wsgi"].facts["server"]["name"] == "waitress"
    assert any(call.steps for call in record.sides["asgi"].requests)


def test_a_knob_is_what_the_app_reads(tmp_path: Path) -> None:
    """Each knob is in the environment of the app, by its name in capitals, and the side's own threads are its own."""
    code = """
import os
from replies import answer
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await answer(send, " ".join(os.environ[name] for name in ("CLIENTS", "WAIT", "CHUNK", "POOL", "THREADS")))
"""
    write(tmp_path / "work" / "app.py", code)
    knobs = {"clients": 1, "wait": 0.25, "chunk": 100, "asgi.pool": 3}
    trial = Trial(lesson(tmp_path), experiment(), knobs, exercise=tmp_path / "work").start()
    assert trial.wait(PATIENCE)
    assert trial.record().sides["asgi"].clients[1].answers[0].body == b"1 0.25 100 3 4"


def test_clients_ask_for_what_is_theirs(tmp_path: Path) -> None:
    """`{client}` in a step is the client's number, and each client sees its own answer."""
    steps = ({"do": "request", "path": "/item/{client}"}, {"do": "read"})
    from asgiviz.course.lesson import Clients

    run = experiment(groups=(Clients(steps), Clients(steps, count=1, delay=0.01)), wait=0.01)
    trial = Trial(lesson(tmp_path), run, {"clients": 2}, exercise=lesson(tmp_path).directory / "solution").start()
    assert trial.wait(PATIENCE)
    clients = trial.record().sides["asgi"].clients
    assert {number: each.answers[0].body for number, each in clients.items()} == {
        number: b"row /item/%d" % number for number in (1, 2, 3)
    }


def test_a_learner_cannot_replace_what_is_not_theirs(tmp_path: Path) -> None:
    """A file of the same name as one in support/ is not the one that is imported; their other files are."""
    learners = tmp_path / "work"
    write(learners / "legacy.py", "def query(path): return 'cheated'")
    write(learners / "mine.py", "from legacy import query")
    write(learners / "app.py", SOLUTION.replace("import legacy", "import mine as legacy"))
    trial = Trial(lesson(tmp_path), experiment(clients=1, wait=0.01), exercise=learners).start()
    assert trial.wait(PATIENCE)
    assert trial.record().sides["asgi"].clients[1].answers[0].body == b"row /"


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_files_beside_the_learners_do_not_keep_the_server_from_starting(tmp_path: Path, clock: str) -> None:
    """The server finds its own modules, whatever other files the learner has in the same directory."""
    file = write(tmp_path / "work" / "mine.py", SOLUTION)
    for name in ("subprocess", "queue", "click", "uvicorn"):
        write(tmp_path / "work" / f"{name}.py", "raise RuntimeError('of the learner')")
    trial = Trial(lesson(tmp_path), experiment(wait=0.01, clock=clock), exercise=file).start()
    assert trial.wait(PATIENCE)
    assert (trial.phase, trial.failure, trial.fell_back) == (Phase.FINISHED, None, None)


def test_one_file_by_its_own_name_is_enough(tmp_path: Path) -> None:
    """The learner's main file may lie anywhere and have a name of its own."""
    file = write(tmp_path / "some where" / "my-try 2.py", SOLUTION)
    trial = Trial(lesson(tmp_path), experiment(wait=0.01), exercise=file).start()
    assert trial.wait(PATIENCE)
    assert trial.phase is Phase.FINISHED
    assert [each.answers[0].status for each in trial.record().sides["asgi"].clients.values()] == [200] * 4


@pytest.mark.parametrize(
    ("code", "sentence", "traceback"),
    [
        pytest.param("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'", "import nowhere", id="no-import"),
        pytest.param("x = 1\nasync def app(scope, rec", "app.py: app has a syntax error", "async def app(", id="half-saved"),
        pytest.param("", "has no attribute 'app'", None, id="empty"),
        pytest.param("async def application(scope, receive, send): ...", "Did you mean", None, id="other-name"),
        pytest.param("def helper():\n    1 / 0\nhelper()", "ZeroDivisionError", "line 2, in helper", id="raises"),
        pytest.param("import sys\nsys.exit(4)", "called sys.exit(4)", "sys.exit(4)", id="exits"),
        pytest.param("raise GeneratorExit", "could not be imported: GeneratorExit", "raise GeneratorExit", id="no-exception"),
        pytest.param("import os\nos.fork()", "may not start other processes", "os.fork()", id="forks"),
        pytest.param("app = 5", "app:app is an int, which is not callable", None, id="no-app"),
        pytest.param("def app(environ, start_response): ...", "is a WSGI app", None, id="wsgi"),
        pytest.param(None, "app.py is not there", None, id="not-there"),
    ],
)
def test_a_file_that_cannot_be_served_is_told_in_a_sentence(
    tmp_path: Path, code: str | None, sentence: str, traceback: str | None
) -> None:
    """What is wrong with the file, in words without options of a command line, and the whole traceback of its code."""
    trial = tried(tmp_path, code)
    assert trial.phase is Phase.FAILED
    assert trial.failure is not None
    assert trial.failure.blame is Blame.CODE
    assert sentence in trial.failure.sentence
    assert " --" not in trial.failure.sentence
    if traceback is None:
        assert trial.failure.traceback is None
    else:
        assert traceback in (trial.failure.traceback or "")
        assert "asgiviz" not in (trial.failure.traceback or "")


def test_an_import_that_waits_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what is probably wrong."""
    monkeypatch.setattr("asgiviz.experiment.real_run.START_WITHIN", 1.0)
    trial = tried(tmp_path, "import threading\nthreading.Event().wait()")
    assert trial.failure is not None
    assert trial.failure.blame is Blame.TIME
    assert "its import was still running" in trial.failure.sentence


def test_a_lifespan_that_raises_is_told_with_its_traceback(tmp_path: Path) -> None:
    """The start failed in the app's own code."""
    code = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    raise LookupError("nothing there")
"""
    trial = tried(tmp_path, code)
    assert trial.failure is not None
    assert "lifespan startup failed" in trial.failure.sentence
    assert "LookupError: nothing there" in (trial.failure.traceback or "")


def test_a_process_that_ends_itself_is_told(tmp_path: Path) -> None:
    """The run is over at once; nobody waits for the clients."""
    trial = tried(tmp_path, "import os\nasync def app(scope, receive, send):\n    if scope['type'] == 'http': os._exit(7)")
    assert trial.failure is not None
    assert (trial.failure.blame, "exited with status 7" in trial.failure.sentence) == (Blame.CODE, True)


@pytest.mark.parametrize(
    "line",
    ["await __import__('asyncio').Event().wait()", "__import__('time').sleep(1000)", "while True: pass"],
    ids=["awaits", "sleeps", "computes"],
)
def test_a_handler_that_never_comes_back_runs_out_of_time(tmp_path: Path, line: str) -> None:
    """The clients are called back and the process is gone."""
    trial = tried(
        tmp_path,
        f"async def app(scope, receive, send):\n    {line}\n".replace("    ", "    if scope['type'] == 'http':\n        ", 1),
        timeout=1.0,
    )
    assert trial.failure is not None
    assert trial.failure.blame is Blame.TIME
    assert "only 0 of 2 clients had their answer" in trial.failure.sentence


@pytest.mark.parametrize(
    ("line", "error", "status"),
    [
        ("os.fork()", "may not start other processes", 500),
        ("subprocess.run(['true'])", "may not start other processes", 500),
        ("socket.create_connection(('192.0.2.1', 80), 0.1)", "may reach this machine only", 500),
        ("bytearray(1 << 40)", "MemoryError", 500),
        ("return", "", 500),
        ("return 5", "", None),
    ],
    ids=["forks", "starts", "network", "memory", "answers-nothing", "returns-something"],
)
def test_what_a_handler_may_not_do_is_its_own_error_in_the_recording(
    tmp_path: Path, line: str, error: str, status: int | None
) -> None:
    """The run goes to its end; the clients saw that, and the traceback is that of the learner's code."""
    code = (
        f"import os, socket, subprocess\nasync def app(scope, receive, send):\n    assert scope['type'] == 'http'\n    {line}\n"
    )
    trial = tried(tmp_path, code)
    assert trial.phase is Phase.FINISHED, trial.failure
    side = trial.record().sides["asgi"]
    assert [each.answers[0].status for each in side.clients.values()] == [status, status]
    for call in side.requests:
        told = "" if call.error is None else f"{call.error['type']} {call.error['text']}"
        assert error in told
        assert bool(told) == bool(error)
        assert "limits.py" not in str(call.error)


def test_an_answer_that_never_ends_is_none(tmp_path: Path) -> None:
    """Clients that have had bytes, and wait for more, are not counted as answered."""
    start = "await send({'type': 'http.response.start', 'status': 200, 'headers': []})"
    more = "await send({'type': 'http.response.body', 'body': b'x', 'more_body': True})"
    wait = "await __import__('asyncio').Event().wait()"
    code = f"async def app(scope, receive, send):\n    assert scope['type'] == 'http'\n    {start}\n    {more}\n    {wait}\n"
    trial = tried(tmp_path, code, timeout=1.0)
    assert trial.failure is not None
    assert "only 0 of 2 clients had their answer" in trial.failure.sentence


def test_a_run_whose_beginning_is_forgotten_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much was recorded: it is said, and nothing is read from the rest."""
    monkeypatch.setattr("asgiviz.experiment.trial.Recorder", lambda: Recorder(max_events=1))
    trial = tried(
        tmp_path, SOLUTION.replace("    await answer", "    for number in range(2000): print(number)\n    await answer")
    )
    assert trial.failure is not None
    assert trial.failure.blame is Blame.CODE
    assert "app.py: so much was recorded" in trial.failure.sentence


def test_what_the_learner_prints_is_recorded(tmp_path: Path) -> None:
    """Also what it prints while it is imported."""
    trial = tried(tmp_path, "print('hello from import')\n" + SOLUTION)
    said = [event.get("text") for event in trial.record().events if event.ev == Ev.LOG]
    assert "hello from import" in "".join(map(str, said))


def test_cancelling_ends_clients_and_processes(tmp_path: Path) -> None:
    """A trial that is cancelled while it runs is over soon, also when its loop is held."""
    write(tmp_path / "work" / "app.py", "import time\nasync def app(scope, receive, send):\n    time.sleep(1000)\n")
    trial = Trial(lesson(tmp_path), experiment(timeout=1000.0, clients=2), exercise=tmp_path / "work")
    assert trial.phase is Phase.STARTING
    before = children()
    trial.start()
    assert wait_until(lambda: children() - before)
    trial.cancel()
    assert trial.wait(PATIENCE)
    assert (trial.phase, trial.failure) == (Phase.CANCELLED, None)


def test_cancelling_while_clients_wait_ends_them(tmp_path: Path) -> None:
    """The clients hang up, and the recording says so."""
    code = "import asyncio\nasync def app(scope, receive, send):\n    if scope['type'] == 'http': await asyncio.sleep(1000)\n"
    write(tmp_path / "work" / "app.py", code)
    trial = Trial(lesson(tmp_path), experiment(timeout=1000.0, clients=2), exercise=tmp_path / "work").start()
    assert wait_until(lambda: trial.phase is Phase.RUNNING and len(trial.record().sides["asgi"].requests) == 2)
    trial.cancel()
    assert trial.wait(PATIENCE)
    assert trial.phase is Phase.CANCELLED
    assert [each.closed is not None for each in trial.record().sides["asgi"].clients.values()] == [True, True]


def test_a_thousand_numbers_make_room_for_many_clients(tmp_path: Path) -> None:
    """The sides' numbers do not meet, however many clients there are."""
    trial = Trial(
        lesson(tmp_path), experiment(ASGI, LEARNERS.__class__("b", "B", ASGI.interface, ASGI.app), wait=0), {"clients": 120}
    )
    trial.start()
    assert trial.wait(PATIENCE)
    record = trial.record()
    assert [(side.first, side.last) for side in record.sides.values()] == [(1, 1000), (1001, 2000)]
    assert [len(side.requests) for side in record.sides.values()] == [120, 120]
