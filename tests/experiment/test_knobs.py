"""Knobs: what the experiment says, what the learner turns, and the learner's plan; every mistake is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgiviz.course.lesson import Knob
from asgiviz.experiment.failure import Blame, NoTrialError
from asgiviz.experiment.knobs import turned
from asgiviz.experiment.setup import set_up
from tests.experiment.lessons import ASGI, WSGI, experiment, lesson, write


def test_the_plan_goes_before_the_learner_and_the_learner_before_the_author(tmp_path: Path) -> None:
    """Threads of all sides and threads of one are the same thing, and the last word counts."""
    run = experiment(WSGI, ASGI, clients=4, wait=0.1)
    assert turned(run, {}, None).of(WSGI, "threads") == 2
    assert turned(run, {"wsgi.threads": 3}, None).of(WSGI, "threads") == 3
    assert turned(run, {"threads": 5, "wsgi.threads": 3}, None).of(ASGI, "threads") == 5
    plan = write(tmp_path / "plan.toml", "# mine\nwait = 0.25\n[wsgi]\nthreads = 7\n")
    knobs = turned(run, {"wsgi.threads": 3, "wait": 1, "clients": 9}, plan)
    assert (knobs.of(WSGI, "threads"), knobs.of(ASGI, "threads")) == (7, 4)
    assert (knobs.clients, knobs.environment(WSGI)["WAIT"], knobs.environment(WSGI)["THREADS"]) == (9, "0.25", "7")
    every = write(tmp_path / "all.toml", "threads = 6\n")
    assert turned(run, {"wsgi.threads": 3}, every).of(WSGI, "threads") == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("threads =", "plan.toml is not TOML: line 1: "),
        ("clients = 1\nthreads = 4\nthreads = 5", "plan.toml is not TOML: line 3: "),
        ("\nworkers = 4", "plan.toml, line 2: workers is not known here. There is: threads, wait"),
        ("wait = 1\nthreads = '4'", "plan.toml, line 2: threads must be a whole number from 1 to 1000, without quotes"),
        ("threads = 2.5", "plan.toml, line 1: threads must be a whole number"),
        ("threads = true", "plan.toml, line 1: threads must be a whole number"),
        ("wait = nan", "plan.toml, line 1: wait"),
        ("# one\nthreads = 0", "plan.toml, line 2: threads = 0 is out of range"),
        ("[threads]\nmany = 1", "plan.toml, line 2: threads.many is not known here"),
        ("[threads]", "plan.toml, line 1: threads must be"),
    ],
)
def test_a_mistake_in_a_plan_is_told_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    """Broken TOML, a key that is not there, a wrong type, a value that no machine could bear."""
    run = experiment(WSGI, knobs=(Knob("threads", (1, 2)), Knob("wait", (1,))))
    with pytest.raises(NoTrialError) as told:
        turned(run, {}, write(tmp_path / "plan.toml", text))
    assert told.value.failure.blame is Blame.CODE
    assert told.value.failure.sentence.startswith(sentence)


def test_the_plan_of_the_learner_stands_for_that_of_the_lesson(tmp_path: Path) -> None:
    """The file of the exercise, the learner's directory, or the learner's file by any name; else it is told as missing."""
    made = lesson(tmp_path)
    run = experiment(WSGI, plan="plan.toml")
    assert len(set_up(made, run, {}, None).sides[0].scripts) == 3
    write(tmp_path / "work" / "plan.toml", "clients = 5")
    assert len(set_up(made, run, {}, tmp_path / "work").sides[0].scripts) == 5
    with pytest.raises(NoTrialError, match="is not there"):
        set_up(made, run, {}, tmp_path / "nowhere")


def test_what_the_author_has_wrong_is_not_the_learners_fault(tmp_path: Path) -> None:
    """A step that no client knows, an app that is not there."""
    from asgiviz.course.lesson import Clients, Interface, Side

    with pytest.raises(NoTrialError, match="there is no step") as told:
        set_up(lesson(tmp_path), experiment(groups=(Clients(({"do": "dance"},)),)), {}, None)
    assert told.value.failure.blame is Blame.LESSON
    with pytest.raises(NoTrialError, match="is not there") as told:
        set_up(lesson(tmp_path), experiment(Side("a", "A", Interface.ASGI, "apps/none.py:app")), {}, None)
    assert told.value.failure.blame is Blame.LESSON


@pytest.mark.parametrize("name", ["my.app.py", "asyncio.py"])
def test_a_name_that_cannot_be_imported_is_told(tmp_path: Path, name: str) -> None:
    """A dot would be a package, and Python's own modules are there already."""
    with pytest.raises(NoTrialError, match="Give it another name"):
        set_up(lesson(tmp_path), experiment(), {}, write(tmp_path / name, ""))
