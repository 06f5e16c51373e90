"""What the laboratory says in a recording: which sides there are, which clock it is, when the clients are let go."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter_ns
from typing import Any

from asgiviz.course.run_record import CLOCK, GO, SIDE
from asgiviz.experiment.setup import Setup, SideSetup
from asgiviz.model.events import NOTE, Raw

REAL, VIRTUAL = "real", "virtual"


def clock_note(clock: str, because: str | None, t: int | None = None) -> Raw:
    """Which clock it is; `because` it is not the one that was asked for."""
    return _note(CLOCK, {"clock": clock, **({"because": because} if because else {})}, t)


def side_note(setup: SideSetup, server: Mapping[str, Any], t: int | None = None) -> Raw:
    """Who is there, and which connections are theirs."""
    side = setup.side
    facts = {"id": side.id, "label": side.label, "interface": side.interface.value, "app": side.app}
    numbers = {"first": setup.first, "last": setup.last, "threads": setup.threads, "pool": setup.pool}
    return _note(SIDE, {**facts, **numbers, "server": dict(server)}, t)


def go_note(setup: Setup) -> Raw:
    """The clients are let go."""
    return _note(GO, dict(setup.names), None)


def _note(name: str, facts: dict[str, Any], t: int | None) -> Raw:
    return (perf_counter_ns() if t is None else t, NOTE, None, None, None, {"name": name, "data": facts})
