"""What a new lesson begins with: a small one that is complete and lints clean. A table of files, and therefore long.

``$id``, ``$title``, ``$belief`` and ``$other`` (two codes of misconceptions) are put in; comments tell the author what to
change.
"""

from __future__ import annotations

from collections.abc import Mapping

PACK = """\
# A course: the folders beside this file are its lessons.
format = 1
id = "$pack"
title = "My course"       # what people see; change it
license = "MIT"
lang = "en"
"""
MISCONCEPTIONS = """\
# Wrong beliefs that many people hold. A wrong answer names one of them
# (why = "CODE"), and then its note is shown. Write your own.

[one-after-the-other]
belief = "Clients are served one after the other."
note = \"\"\"
While one request *waits*, the loop can run another. Look at the lanes: do they
stand below each other, or one after the other?
\"\"\"

[async-makes-it-quick]
belief = "What stands in an `async def` cannot hold up the others."
note = \"\"\"
`async def` only allows an `await`. Between two of them nobody else runs.
\"\"\"
"""
LESSON = """\
+++
# What each key means: docs/write-a-lesson.md. Check your work with: asgiviz lint .
# Below: short sentences, one idea at a time. A number that depends on the machine is never
# written down. It is measured, as {metric:crowd.makespan|.1f}, or computed, as {value:wait|.1f}.
format = 1
id = "$id"
title = "$title"
minutes = 10
objectives = [                    # 1 to 4, each begins with a verb
  "Predict how long a crowd of clients takes",
  "Find the line that holds the loop",
]
misconceptions = ["$belief"]      # codes of misconceptions.toml
honest = "Sleeping stands for a database here; a real one is not always as quick."

[[predict]]                       # asked before its run
id = "p1"
run = "crowd"
question = "{value:clients|d} clients come together. Each handler waits {value:wait|.1f} s. When is the last one served?"
answer = "b"
reveal = { metric = "makespan", format = "{value:.1f} s" }
because = "They all wait at the same time."
options = [
  { id = "a", text = "after about {value:clients * wait|.1f} s", why = "$belief", says = "Nobody waits for another." },
  { id = "b", text = "after about {value:wait|.1f} s" },
  { id = "c", text = "after about {value:clients / 4 * wait|.1f} s", why = "$other", says = "Nobody counts to four here." },
]

[[observe]]                       # asked after its run
id = "o1"
run = "crowd"
question = "How many requests were open at the same time, at most?"
look = "overlap"
answer = "a"
because = "All of them stood at their `await` together."
options = [
  { id = "a", text = "{value:clients|d}" },
  { id = "b", text = "only one", why = "$belief", says = "Look again: do the lanes begin one after the other?" },
  { id = "c", text = "four, and then four more", why = "$other", says = "Count the lanes that are hatched in the middle." },
]

[[quiz]]                          # asked at the end
id = "q1"
question = "Which line lets the others run?"
answer = "b"
because = "Only at an `await` does the loop get its turn."
options = [
  { id = "a", text = "`time.sleep(1)`", why = "$other", says = "It has no `await`: everybody stands still." },
  { id = "b", text = "`await asyncio.sleep(1)`" },
  { id = "c", text = "`async def sleep():`", why = "$other", says = "It only says what may happen inside." },
]
+++
# $title

A crowd comes to an app that has to wait for something. Each of them would wait
{value:wait|.1f} s if it were alone.

{code:apps/crowd.py}

{predict:p1}

{run:crowd}

{observe:o1}

It took {metric:crowd.makespan|.2f} s for all of them. Change the number of clients,
and run it again.

:::note{for=instructor}
Let them talk about their answers before you press Run.
:::

## Your turn

This app does the same work, and its clients wait for each other.

{exercise}

## The end

{quiz:q1}
"""
EXPERIMENTS = """\
[[run]]
id = "crowd"
title = "A crowd that waits"
app = "apps/crowd.py:app"         # FILE:NAME below this folder
clients = 10
wait = 0.5                        # the app reads it as WAIT
path = "/{client}"                # what client 1, 2, … asks for
measure = ["makespan", "overlap"] # shown after the run
claims = [                        # must hold on every machine
  { metric = "overlap", is = "== clients" },
  { metric = "makespan", is = "<= 3 * wait" },
]
[run.knobs]                       # what the learner may change
clients = [5, 10, 20]
wait = [0.1, 0.5, 1]

[[run]]
id = "graded"                     # the learner's app; checks judge it
title = "Your app"
app = "exercise/app.py:app"
clients = 10
wait = 0.5
path = "/{client}"
measure = ["makespan", "span_overlap", "lag"]
"""
CHECKS = """\
# What the recording of the learner's app must show. First what happened, then
# how long it took. All predicates: docs/write-a-lesson.md

[[check]]
id = "answers-right"
run = "graded"
expect = "clients"
status = 200
body = "hello {path}"
message = "Every client must get its own answer."
hints = [                         # 2 to 4, from where to look to which idea
  "Look at what the clients got: which status, which text?",
  "The path is in the scope. Nobody else's path is right.",
]

[[check]]
id = "together"
run = "graded"
expect = "span_overlap"
name = "work"
is = ">= clients"
points = 2
message = "All clients must be at work at the same time."
hints = [
  "Look at the marks named work: do they stand below each other?",
  "What can the loop do while one handler is at work?",
]

[[check]]
id = "loop-free"
run = "graded"
expect = "lag"
is = "<= 0.5 * wait"
points = 2
message = "The loop was held: for that long nobody else could run."
hints = [
  "Jump to the long hold. Which line is it?",
  "A call without `await` cannot be interrupted.",
]
"""
NOTES = """\
## start (1 min)
What do they believe? Ask, and do not explain yet.
## predict:p1 (2 min)
## run:crowd (2 min)
## exercise (4 min)
## close (1 min)
"""
CROWD = """\
import asyncio
import os

WAIT = float(os.environ.get("WAIT", "0.5"))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(WAIT)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"done"})
"""
_APP = """\
%simport os
%s
import asgiviz

WAIT = float(os.environ.get("WAIT", "0.5"))
%s

async def app(scope, receive, send):
    assert scope["type"] == "http"
    with asgiviz.span("work"):  # a mark in the recording
%s
    text = %s
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text.encode()})
"""
_HELLO = "f\"hello {scope['path']}\""
_NAP = "\n\nasync def nap():\n    time.sleep(WAIT)\n"
STARTER = _APP % (
    "",
    "import time\n",
    "",
    "        # TODO: the other clients stand still here. Let them run.\n        time.sleep(WAIT)",
    _HELLO,
)
SOLUTION = _APP % ("import asyncio\n", "", "", "        await asyncio.sleep(WAIT)", _HELLO)
WRAPPED = _APP % ("", "import time\n", _NAP, "        await nap()", _HELLO)
SKIPPED = _APP % ("", "", "", "        pass", _HELLO)
ONE_TEXT = _APP % ("import asyncio\n", "", "", "        await asyncio.sleep(WAIT)", '"hello /"')

#: The files of a lesson, by their path in its folder.
FILES: Mapping[str, str] = {
    "lesson.md": LESSON,
    "experiments.toml": EXPERIMENTS,
    "checks.toml": CHECKS,
    "notes.md": NOTES,
    "apps/crowd.py": CROWD,
    "exercise/app.py": STARTER,
    "solution/app.py": SOLUTION,
    "mutants/async-wrapper.py": "# fails: together, loop-free | an async def around the call changes nothing\n" + WRAPPED,
    "mutants/skips-the-work.py": "# fails: together | without the work it is quick\n" + SKIPPED,
    "mutants/one-text.py": "# fails: answers-right | tried with one client, who asked for /\n" + ONE_TEXT,
}  # fmt: skip
