"""A small lesson in a directory of the test: an exercise, a driver that the learner may not change, and runs with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asgiviz.course.lesson import Exercise, Experiment, Interface, Lesson, Side

#: How long a trial of these tests may take on a machine that does other things as well.
PATIENCE = 60.0

ANSWER = """
async def answer(send, text, status=200):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text.encode()})
"""
SUPPORT = {
    "replies.py": ANSWER,
    "legacy.py": """
import os, time
WAIT = float(os.environ.get("WAIT", "0.1"))

def query(path):
    time.sleep(WAIT)
    return f"row {path}"
""",
}
STARTER = """
import legacy
from replies import answer

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await answer(send, legacy.query(scope["path"]))
"""
SOLUTION = """
import asyncio
import legacy
from replies import answer

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await answer(send, await asyncio.to_thread(legacy.query, scope["path"]))
"""
WAITER = """
import os, time
WAIT = float(os.environ["WAIT"])

def app(environ, start_response):
    time.sleep(WAIT)
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"done"]
"""
AWAITING = """
import asyncio, os
from replies import answer
WAIT = float(os.environ["WAIT"])

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(WAIT)
    await answer(send, "done")
"""
LEARNERS = Side("asgi", "yours", Interface.ASGI, "exercise/app.py:app")
WSGI = Side("wsgi", "WSGI", Interface.WSGI, "apps/waiter.py:app", threads=2)
ASGI = Side("asgi", "ASGI", Interface.ASGI, "apps/awaiting.py:app")


def experiment(*sides: Side, **keys: Any) -> Experiment:
    """A run of these sides, short and on the real clock unless `keys` say otherwise."""
    known = {"clients": 4, "wait": 0.1, "clock": "real", "timeout": 20.0}
    return Experiment("graded", "A run", sides or (LEARNERS,), **{**known, **keys})


def lesson(directory: Path, *experiments: Experiment) -> Lesson:
    """The lesson, with its files in `directory`."""
    files = {f"support/{name}": text for name, text in SUPPORT.items()}
    files |= {"exercise/app.py": STARTER, "solution/app.py": SOLUTION, "exercise/plan.toml": "clients = 3\n"}
    files |= {"apps/waiter.py": WAITER, "apps/awaiting.py": AWAITING}
    place = directory / "06-blocking-the-loop"
    for name, text in files.items():
        write(place / name, text)
    return Lesson(
        place.name,
        6,
        "One blocking call stops everybody",
        place,
        (),
        experiments={each.id: each for each in experiments or (experiment(),)},
        exercise=Exercise("app.py", ("app.py", "plan.toml")),
    )


def write(path: Path, text: str) -> Path:
    """A file with the directories above it; gives back its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
