"""The nouns of a course: what a lesson consists of once it is read. Frozen, without behaviour; `course.reading` builds them.

Times are seconds. Every text is the author's and may hold anything: whoever draws it makes it safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from asgiviz.course.complaints import Complaint
from asgiviz.course.expression import Condition, Expression

#: What an expression may name, beside the learner's own knobs.
NAMES = ("clients", "wait", "threads", "pool", "chunk", "read_speed", "cores")


class Kind(StrEnum):
    """When a question is asked."""

    #: before its run, which is locked until it is answered
    PREDICT = "predict"
    #: after its run: what was to be seen
    OBSERVE = "observe"
    #: at the end
    QUIZ = "quiz"


@dataclass(frozen=True)
class Option:
    """One answer to choose. `why` is the code of the misconception that it stands for; `says` is said to who has chosen it."""

    id: str
    text: str
    why: str | None = None
    says: str = ""


@dataclass(frozen=True)
class Reveal:
    """What is set beside the answer after the run: a metric of its run, and how it is written (``{value:.1f} s``)."""

    metric: str
    format: str = "{value:.1f}"


@dataclass(frozen=True)
class Question:
    """A question with options, or (without) one for a number: `expects` computes what is right, within `tolerance` (a share).

    `because` is said after the answer, right or wrong. `look` names a metric of the run whose moment an observation is about.
    """

    id: str
    kind: Kind
    text: str
    options: tuple[Option, ...] = ()
    answer: str | None = None
    expects: Expression | None = None
    tolerance: float = 0.15
    unit: str = ""
    run: str | None = None
    reveal: Reveal | None = None
    confidence: bool = False
    because: str = ""
    look: str | None = None


class Interface(StrEnum):
    """Which of the two the app speaks."""

    ASGI = "asgi"
    WSGI = "wsgi"


@dataclass(frozen=True)
class Side:
    """One server of a run, with its app (``apps/waiter.py:app``, below the lesson's directory)."""

    id: str
    label: str
    interface: Interface
    app: str
    threads: int = 4
    pool: int | None = None


@dataclass(frozen=True)
class Knob:
    """Something the learner may change before a run: a name of `NAMES` or ``SIDE.threads``, and the values it goes through."""

    name: str
    values: tuple[float, ...]
    label: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence about a run that must hold: `metric` (``makespan``, with several sides ``SIDE.makespan``) and a condition."""

    metric: str
    holds: Condition


@dataclass(frozen=True)
class Clients:
    """`count` clients that do the same steps (as `traffic.script` has them, `{client}` in a text is the client's number).

    Without `count` they are as many as the run's knob says. Each begins `delay` later than the run.
    """

    steps: tuple[Mapping[str, Any], ...]
    count: int | None = None
    delay: float = 0.0


@dataclass(frozen=True)
class Experiment:
    """A ``[[run]]``: the same clients against one or several sides.

    `read_speed` is how many bytes a client reads in a second where its steps do not say; 0: as fast as they come.
    `clock` is virtual or real, `wait` what a handler is told to wait (its environment variable WAIT; all knobs are there by
    their name in capitals). `picture` is lanes or restaurant. `plan` is a TOML file of the exercise whose keys take the place
    of knobs. `timeout` bounds the run on the clock that it runs on.
    """

    id: str
    title: str
    sides: tuple[Side, ...]
    clients: int = 10
    wait: float = 0.5
    chunk: int = 65536
    read_speed: float = 0.0
    stagger: float = 0.0
    groups: tuple[Clients, ...] = ()
    clock: str = "virtual"
    knobs: tuple[Knob, ...] = ()
    measures: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    picture: str = "lanes"
    plan: str | None = None
    timeout: float = 60.0


class CheckType(StrEnum):
    """How much a check weighs."""

    #: decides whether the exercise is passed
    ESSENTIAL = "essential"
    #: worth doing, does not block
    ACTIONABLE = "actionable"
    #: only told
    INFORMATIVE = "informative"
    #: praise for something that was not asked for
    CELEBRATORY = "celebratory"


@dataclass(frozen=True)
class Check:
    """One thing that the recording of the learner's code must show. `expect` is a predicate (see `course.predicates`);
    `keys` are its other keys as they stand in the file."""

    id: str
    run: str
    expect: str
    message: str
    hints: tuple[str, ...]
    points: int = 1
    type: CheckType = CheckType.ESSENTIAL
    holds: Condition | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prose:
    """Markdown. `audience` is empty for everybody, or ``instructor``."""

    text: str
    audience: str = ""


@dataclass(frozen=True)
class Ask:
    """Here a question is asked."""

    question: str


@dataclass(frozen=True)
class Go:
    """Here a run is made."""

    run: str


@dataclass(frozen=True)
class ShowCode:
    """Here the source of an app stands, as it is in the file."""

    file: str


@dataclass(frozen=True)
class Practise:
    """Here the exercise is done."""


Block = Prose | Ask | Go | ShowCode | Practise


@dataclass(frozen=True)
class Page:
    """What is shown together: a heading and blocks, of which those behind an unanswered one stay hidden."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Exercise:
    """What the learner changes: the files of `exercise/`, `main` is the one that is opened and graded (in the run `graded`)."""

    main: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """A lesson: its `id` is the name of its folder `directory` (``06-blocking-the-loop``), `number` what that begins with."""

    id: str
    number: int
    title: str
    directory: Path
    pages: tuple[Page, ...]
    minutes: int = 20
    level: str = "core"
    machine: str = ""
    requires: tuple[str, ...] = ()
    syllabus: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    misconceptions: tuple[str, ...] = ()
    honest: str = ""
    questions: Mapping[str, Question] = field(default_factory=dict)
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    exercise: Exercise | None = None

    @property
    def slug(self) -> str:
        """The id without its number: ``blocking-the-loop``."""
        return self.id.partition("-")[2]


@dataclass(frozen=True)
class Misconception:
    """A belief that many hold: its code, the belief in a sentence, and the note (Markdown) that helps out of it."""

    code: str
    belief: str
    note: str


@dataclass(frozen=True)
class Pack:
    """A course: its lessons in order. `official` is the one that came with asgiviz; any other asks before it runs code.

    `broken` has the lessons that could not be read, by the name of their folder, with all that is wrong with them.
    """

    id: str
    title: str
    directory: Path
    lessons: tuple[Lesson, ...]
    misconceptions: Mapping[str, Misconception] = field(default_factory=dict)
    official: bool = False
    license: str = ""
    lang: str = "en"
    broken: Mapping[str, tuple[Complaint, ...]] = field(default_factory=dict)
