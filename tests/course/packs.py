"""A valid little pack, written to disk, and changes to it. Every test of a wrong lesson is this one with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.reading import read_lesson, read_pack

LESSON_ID = "01-little"

PACK = """\
format = 1
id = "little"
title = "A little pack"
license = "MIT"
"""
MISCONCEPTIONS = """\
[waiting-is-work]
belief = "Who waits, works."
note = "Waiting costs *nothing*."

[one-at-a-time]
belief = "One after the other."
note = "They wait together."
"""
LESSON = """\
+++
format = 1
id = "01-little"
title = "A little lesson"
minutes = 10
objectives = ["Explain what a door is"]
misconceptions = ["waiting-is-work"]
honest = "This lesson is little."

[[predict]]
id = "p1"
run = "one"
question = "When is the last of them done?"
answer = "b"
reveal = { metric = "makespan", format = "{value:.2f} s" }
because = "They wait together."
options = [
  { id = "a", text = "after {value:clients * wait|.1f} s", why = "one-at-a-time", says = "Not one by one." },
  { id = "b", text = "after {value:wait|.1f} s" },
  { id = "c", text = "never", why = "waiting-is-work" },
]

[[predict]]
id = "p2"
run = "one"
question = "How long does one of them wait?"
expects = "wait"
unit = "s"
confidence = false

[[observe]]
id = "o1"
run = "one"
question = "How many are open at once?"
look = "overlap"
answer = "a"
because = "All of them are in the room."
options = [
  { id = "a", text = "{value:clients|d}" },
  { id = "b", text = "one", why = "one-at-a-time", says = "Count the bars." },
  { id = "c", text = "none", why = "waiting-is-work" },
]

[[quiz]]
id = "q1"
question = "Who waits?"
answer = "c"
options = [
  { id = "a", text = "nobody", why = "waiting-is-work" },
  { id = "b", text = "one", why = "one-at-a-time" },
  { id = "c", text = "all" },
]
+++
# A little lesson

Guests wait {value:wait|.1f} s.

{code:apps/waits.py}

{predict:p1}

{predict:p2}

{run:one}

They needed {metric:one.makespan|.2f} s.

{observe:o1}

:::note{for=instructor}
Be silent.
:::

## Your turn

Change it.

{exercise}

Well done.

## The end

{quiz:q1}
"""
EXPERIMENTS = """\
[[run]]
id = "one"
title = "All at once"
app = "apps/waits.py:app"
clients = 10
wait = 0.5
measure = ["makespan", "overlap"]
claims = [{ metric = "makespan", is = "<= 3 * wait" }]
[run.knobs]
clients = [5, 10, 20]
wait = [0.5, 1]

[[run]]
id = "graded"
title = "Yours"
app = "exercise/app.py:app"
"""
CHECKS = """\
[[check]]
id = "together"
run = "graded"
expect = "overlap"
is = ">= clients"
points = 2
message = "All must be open at once."
hints = ["Look at the bars.", "Who could wait elsewhere?"]

[[check]]
id = "quick"
run = "graded"
expect = "makespan"
is = "<= 3 * wait"
message = "It takes too long."
hints = ["Look at the axis.", "Who waits for whom?"]
"""
NOTES = """\
## start (2 min)
Say hello.
## predict:p1 (2 min)
## run:one (3 min)
## exercise (3 min)
"""
WAITS = """\
import asyncio
import os

WAIT = float(os.environ.get("WAIT", "0.5"))


async def app(scope, receive, send):
    await asyncio.sleep(WAIT)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"done"})
"""
STARTER = WAITS.replace("import asyncio", "import time").replace(
    "await asyncio.sleep(WAIT)", "time.sleep(WAIT)  # TODO: a door"
)
MUTANT = "# fails: together, quick | they think that is enough\n" + STARTER

FILES = {
    "lesson.md": LESSON,
    "experiments.toml": EXPERIMENTS,
    "checks.toml": CHECKS,
    "notes.md": NOTES,
    "apps/waits.py": WAITS,
    "exercise/app.py": STARTER,
    "solution/app.py": WAITS,
    "mutants/sleeps.py": MUTANT,
    "mutants/sleeps-more.py": MUTANT,
    "mutants/sleeps-most.py": MUTANT,
}


@dataclass(frozen=True)
class LittlePack:
    """The pack on disk, at `directory`, with its one lesson."""

    directory: Path

    @property
    def lesson_directory(self) -> Path:
        """Where the lesson is."""
        return self.directory / LESSON_ID

    def read(self) -> Pack:
        """The pack, as the course reads it."""
        return read_pack(self.directory)

    def lesson(self) -> Lesson:
        """The lesson, as the course reads it."""
        return read_lesson(self.lesson_directory)

    def write(self, file: str, text: str) -> None:
        """Write a file of the lesson."""
        path = self.lesson_directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        """Put something else in the place of a text that stands in a file of the lesson."""
        text = (self.lesson_directory / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new, 1))

    def remove(self, file: str) -> None:
        """Delete a file of the lesson."""
        (self.lesson_directory / file).unlink()


def little_pack(directory: Path) -> LittlePack:
    """Write the pack below a directory."""
    pack = LittlePack(directory / "pack")
    pack.lesson_directory.mkdir(parents=True)
    (pack.directory / "pack.toml").write_text(PACK, encoding="utf-8")
    (pack.directory / "misconceptions.toml").write_text(MISCONCEPTIONS, encoding="utf-8")
    for file, text in FILES.items():
        pack.write(file, text)
    return pack
