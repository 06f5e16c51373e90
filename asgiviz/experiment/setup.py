"""A run as it will be made: each side with its app, its clients and its numbers. Both clocks start from the same one."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiviz.course.lesson import Clients, Experiment, Lesson, Side
from asgiviz.experiment.app_file import EXERCISE, AppFile, app_file, exercise_file
from asgiviz.experiment.failure import Blame, NoTrialError
from asgiviz.experiment.knobs import Knobs, turned
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import OpenWebSocket, Pipeline, Raw, Request

#: What a client does when the lesson does not say.
GET = ({"do": "request", "path": "/"}, {"do": "read"})
#: Numbers of connections that a side has at least, and those that no client causes: the lifespan, and some room.
NUMBERS, SPARE = 100, 10
#: Seconds between two readings of a slow client, and bytes that its socket takes in meanwhile.
SIP, SLOW_BUFFER = 0.05, 65536


@dataclass(frozen=True)
class SideSetup:
    """One side: its connections are numbered from `first` to `last`, its scripts are in the order in which they are let go."""

    side: Side
    app: AppFile
    scripts: tuple[Script, ...]
    first: int
    last: int
    threads: int
    pool: int
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Setup:
    """A run: `names` are its knobs, and what the machine adds to them."""

    experiment: Experiment
    sides: tuple[SideSetup, ...]
    names: Mapping[str, float]
    stagger: float


def set_up(
    lesson: Lesson, experiment: Experiment, given: Mapping[str, float], exercise: Path | None, order: int | None = None
) -> Setup:
    """The setup of a run. `order` seeds the order in which clients are let go; None is the order of their numbers.

    NoTrialError says what is missing or wrong.
    """
    plan = None if experiment.plan is None else exercise_file(lesson, exercise, f"{EXERCISE}/{experiment.plan}")
    knobs = turned(experiment, given, plan)
    scripts = [_scripts(experiment, side, knobs, order) for side in experiment.sides]
    width = _width(max(map(_requests, scripts), default=0))
    sides = tuple(
        SideSetup(
            side,
            app_file(lesson, side, exercise),
            scripts[place],
            1 + place * width,
            (place + 1) * width,
            knobs.of(side, "threads"),
            knobs.of(side, "pool"),
            knobs.environment(side),
        )
        for place, side in enumerate(experiment.sides)
    )
    return Setup(experiment, sides, {**knobs.values, "cores": float(os.cpu_count() or 1)}, knobs.stagger)


def _scripts(experiment: Experiment, side: Side, knobs: Knobs, order: int | None) -> tuple[Script, ...]:
    """The clients of a side, named ``SIDE/1``, ``SIDE/2`` …; all groups are numbered as one."""
    scripts: list[Script] = []
    for group in experiment.groups or (Clients(GET),):
        for _ in range(knobs.clients if group.count is None else group.count):
            scripts.append(_script(experiment, side, group, len(scripts) + 1, int(knobs.values["read_speed"])))
    if order is not None:
        random.Random(order).shuffle(scripts)  # noqa: S311 - the same order for the same seed is the point
    return tuple(scripts)


def _script(experiment: Experiment, side: Side, group: Clients, number: int, read_speed: int) -> Script:
    patience = 2 * experiment.timeout  # the run is over before any client gives up: it depends on no race how that ends
    try:
        return Script.from_dict(
            {
                "name": f"{side.id}/{number}",
                "steps": [_at_speed(step, read_speed) for step in _for_client(list(group.steps), number)],
                "delay": group.delay,
                "receive_buffer": SLOW_BUFFER if read_speed else None,
                "timeout": patience,
                "limit": patience,
            }
        )
    except ValueError as error:
        raise NoTrialError(Blame.LESSON, f"run {experiment.id}: {error}") from None


def _at_speed(step: Any, read_speed: int) -> Any:
    """A step that reads, at so many bytes a second unless it says itself how it reads; any other as it is."""
    reads = isinstance(step, Mapping) and step.get("do") == "read" and not step.keys() & {"piece", "gap"}
    return {**step, "piece": max(1, round(read_speed * SIP)), "gap": SIP} if reads and read_speed else step


def _for_client(value: Any, number: int) -> Any:
    """A value of a step with the client's number in the place of ``{client}``, however deep the text is."""
    if isinstance(value, str):
        return value.replace("{client}", str(number))
    if isinstance(value, Mapping):
        return {name: _for_client(each, number) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_client(each, number) for each in value]
    return value


def _requests(scripts: tuple[Script, ...]) -> int:
    """How many connections of the app the scripts cause, at most."""
    steps = [step for script in scripts for step in script.steps]
    single = sum(isinstance(step, (Request, OpenWebSocket, Raw)) for step in steps)
    return single + sum(len(step.requests) for step in steps if isinstance(step, Pipeline))


def _width(requests: int) -> int:
    """How many numbers each side gets: 100, or as many powers of ten more as are needed."""
    width = NUMBERS
    while width < requests + SPARE:
        width *= 10
    return width
