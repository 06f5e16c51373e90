"""Trials on the virtual clock, and what happens where it cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgiviz.experiment.failure import Blame
from asgiviz.experiment.trial import Phase, Trial
from asgiviz.model.events import Ev
from tests.experiment.lessons import ASGI, PATIENCE, SOLUTION, WSGI, experiment, lesson, write


def tried(directory: Path, code: str, wait: float = 1.0, order: int | None = None, timeout: float = 60.0) -> Trial:
    """A finished trial of a learner's code, with four clients."""
    file = write(directory / "work" / "app.py", code)
    run = experiment(clock="virtual", wait=wait, timeout=timeout)
    trial = Trial(lesson(directory), run, exercise=file, order=order).start()
    assert trial.wait(PATIENCE)
    return trial


def answered(trial: Trial, side: str = "asgi") -> list[float]:
    """When each client had its answer, in seconds since they were let go."""
    record = trial.record()
    return [round(record.since_zero(client.done), 6) for client in record.sides[side].clients.values() if client.done]


def test_long_waits_come_out_the_same_on_both_sides(tmp_path: Path) -> None:
    """Two threads take four requests of 30 s in two rounds, one loop takes them at once: to the microsecond."""
    run = experiment(WSGI, ASGI, clock="virtual", wait=30, timeout=100)
    trial = Trial(lesson(tmp_path), run).start()
    assert trial.wait(PATIENCE)
    assert (trial.phase, trial.failure, trial.clock, trial.fell_back) == (Phase.FINISHED, None, "virtual", None)
    assert answered(trial, "wsgi") == [30.0, 30.0, 60.0, 60.0]
    assert answered(trial, "asgi") == [30.0] * 4
    record = trial.record()
    assert (record.clock, record.knobs["wait"]) == ("virtual", 30)
    assert record.sides["wsgi"].facts["server"]["name"] == "waitress"


LONG_ANSWER = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200})
    for left in reversed(range(40)):
        await send({"type": "http.response.body", "body": b"x" * 50_000, "more_body": left > 0})
"""


def test_clients_that_read_slowly_make_the_app_wait(tmp_path: Path) -> None:
    """Two million bytes at 200,000 a second take ten seconds, and the app is held up by its sends for most of them."""
    run = experiment(clock="virtual", timeout=100)
    file = write(tmp_path / "work" / "app.py", LONG_ANSWER)
    quick = Trial(lesson(tmp_path), run, exercise=file).start()
    slow = Trial(lesson(tmp_path), run, {"read_speed": 200_000}, exercise=file).start()
    assert quick.wait(PATIENCE)
    assert slow.wait(PATIENCE)
    assert max(answered(quick)) < 0.1
    assert all(9.5 < seconds < 10.6 for seconds in answered(slow))
    calls = [call for call in slow.record().connections() if call.for_client]
    assert all(call.ended - call.began > 5e9 for call in calls if call.ended is not None and call.began is not None)


def test_who_waits_in_an_import_or_for_ever_in_a_handler_runs_out_of_time(tmp_path: Path) -> None:
    """It is the time that is blamed, never by the clients' own patience."""
    handler = "import threading\nasync def app(scope, receive, send):\n    if scope['type'] == 'http':\n        "
    for number, (code, said) in enumerate(
        [
            ("import time\ntime.sleep(1000)", "app.py: after 15 s its import was still running (app.py, line 2)"),
            (
                handler + "lock = threading.Lock(); lock.acquire(); lock.acquire()",
                "after 5 s the clients had not got all that they waited for (app.py, line 4)",
            ),
        ]
    ):
        trial = tried(tmp_path / str(number), code, timeout=5.0)
        assert trial.failure is not None
        assert trial.failure.blame is Blame.TIME
        assert said in trial.failure.sentence
        assert trial.clock == "virtual"


def test_another_order_lets_other_clients_go_first(tmp_path: Path) -> None:
    """The same seed gives the same order; the clients keep their numbers."""
    starter = "import legacy\nfrom replies import answer\nasync def app(scope, receive, send):\n"
    code = starter + "    assert scope['type'] == 'http'\n    await answer(send, legacy.query('x'))\n"
    lessons = [lesson(tmp_path / str(number)) for number in range(3)]
    file = write(tmp_path / "app.py", code)
    run = experiment(clock="virtual", clients=8)
    trials = [Trial(each, run, exercise=file, order=order).start() for each, order in zip(lessons, (None, 5, 5), strict=True)]
    assert all(trial.wait(PATIENCE) for trial in trials)
    came = [
        [side.client_of(call).number for call in side.requests]  # type: ignore[union-attr]
        for side in (trial.record().sides["asgi"] for trial in trials)
    ]
    assert came[0] == list(range(1, 9))
    assert came[1] == came[2] != came[0]
    assert sorted(came[1]) == came[0]


def test_what_needs_real_time_is_run_again_on_the_real_clock(tmp_path: Path) -> None:
    """A loop that computes takes time that nobody can patch; of the attempt before, nothing is in the recording."""
    code = (
        SOLUTION.replace("row =", "row =")
        + "\n_plain = app\n"
        + (
            "import time\n"
            "async def app(scope, receive, send):\n"
            "    end = time.process_time() + 0.4\n"
            "    while scope['type'] == 'http' and time.process_time() < end: pass\n"
            "    await _plain(scope, receive, send)\n"
        )
    )
    trial = tried(tmp_path, code, wait=0.01)
    assert (trial.phase, trial.failure, trial.clock) == (Phase.FINISHED, None, "real")
    assert trial.fell_back is not None
    assert trial.fell_back.startswith("The virtual clock cannot hold here: ")
    record = trial.record()
    assert record.clock == "real"
    assert record.clock_because
    assert len(record.sides["asgi"].requests) == 4
    assert sum(event.ev == Ev.NOTE and event.get("name") == "asgiviz.go" for event in record.events) == 1


@pytest.mark.parametrize(
    ("code", "blame", "sentence", "traceback"),
    [
        pytest.param(
            "import nowhere_to_be_found", Blame.CODE, "app.py: app could not be imported", "import nowhere", id="import"
        ),
        pytest.param(
            "import os\nasync def app(scope, receive, send):\n    if scope['type'] == 'http': os._exit(7)",
            Blame.CODE,
            "status 7",
            None,
            id="dies",
        ),
        pytest.param(
            "import asyncio\nasync def app(scope, receive, send):\n    if scope['type'] == 'http': await asyncio.sleep(1000)",
            Blame.TIME,
            "after 60 s",
            None,
            id="too-long",
        ),
    ],
)
def test_what_ends_badly_is_told_as_on_the_real_clock(
    tmp_path: Path, code: str, blame: Blame, sentence: str, traceback: str | None
) -> None:
    """One sentence, and the traceback of the learner's code where it raised; the clock stays virtual."""
    trial = tried(tmp_path, code)
    assert (trial.phase, trial.clock) == (Phase.FAILED, "virtual")
    assert trial.failure is not None
    assert trial.failure.blame is blame
    assert sentence in trial.failure.sentence
    assert (traceback or "") in (trial.failure.traceback or "")


def test_cancelling_ends_the_process(tmp_path: Path) -> None:
    """Also before it has begun."""
    file = write(tmp_path / "app.py", SOLUTION)
    run = experiment(clock="virtual")
    trial = Trial(lesson(tmp_path), run, exercise=file)
    trial.cancel()
    trial.start()
    assert trial.wait(PATIENCE)
    assert (trial.phase, len(trial.record().events)) == (Phase.CANCELLED, 0)
