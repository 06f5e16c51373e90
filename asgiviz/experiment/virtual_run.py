"""A run on the virtual clock: the same servers, apps and clients as on the real one, in one process whose time is ours."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter_ns

from asgiviz.experiment.failure import Blame, Failure
from asgiviz.experiment.notes import VIRTUAL, clock_note, side_note
from asgiviz.experiment.served import served
from asgiviz.experiment.setup import Setup, SideSetup
from asgiviz.experiment.wording import not_ready, not_running
from asgiviz.host.errors import HostError
from asgiviz.host.options import Limits
from asgiviz.host.virtual_plan import START_WITHIN, Ending, VirtualPlan, Way
from asgiviz.host.virtual_world import VirtualWorld
from asgiviz.model.events import Emit, Raw


class VirtualRun:
    """Runs a setup once; `run` blocks, `cancel` is for another thread.

    `cannot_hold` says afterwards why the run needs real time; nothing of it has been emitted then.
    """

    def __init__(self, setup: Setup, emit: Emit, limits: Limits, on_go: Callable[[], None]) -> None:
        self.cannot_hold: str | None = None
        self._setup = setup
        self._emit = emit
        self._on_go = on_go
        self._epoch = perf_counter_ns()
        self._introduced = False
        self._lock = threading.Lock()
        self._cancelled = False
        plan = VirtualPlan(
            tuple((side.side.id, served(side, limits)) for side in setup.sides),
            {side.side.id: [script.as_dict() for script in side.scripts] for side in setup.sides},
            setup.stagger,
            setup.experiment.timeout,
            dict(setup.names),
            closely=True,
        )
        self._world = VirtualWorld(plan, self._take, self._epoch)

    def run(self) -> Failure | None:
        """Play it; None when all clients came to their end, and also when the clock could not hold."""
        self._on_go()
        with self._lock:
            if self._cancelled:
                return None
            try:
                self._world.start()
            except OSError as error:
                return Failure(Blame.MACHINE, f"no process can be started here: {error}")
        while not self._world.wait(1.0):
            pass  # the world ends itself in bounded time
        ending = self._world.ending
        assert ending is not None
        return self._failure(ending)

    def cancel(self) -> None:
        """End it now."""
        with self._lock:
            self._cancelled = True
            self._world.kill()

    def _take(self, raw: Raw) -> None:
        self._introduce()
        self._emit(raw)

    def _introduce(self) -> None:
        """Say who is there, before anything that they did."""
        if not self._introduced:
            self._introduced = True
            self._emit(clock_note(VIRTUAL, None, self._epoch))
            for side in self._setup.sides:
                self._emit(side_note(side, self._world.facts.get(side.side.id, {}), self._epoch))

    def _failure(self, ending: Ending) -> Failure | None:
        if ending.way is Way.CANNOT_HOLD:
            self.cannot_hold = ending.sentence
            return None
        self._introduce()
        match ending.way:
            case Way.FINISHED:
                return None
            case Way.OUT_OF_TIME:
                return Failure(Blame.TIME, ending.sentence)
            case Way.NOT_UP:
                side = self._blamed(ending)
                return not_ready(side.app, START_WITHIN, side.side.id in self._world.facts, ending.sentence)
            case Way.FAILED | Way.DIED:
                error = HostError(ending.sentence, ending.trace, ending.code, ending.in_lifespan)
                return not_running(self._blamed(ending).app, error)

    def _blamed(self, ending: Ending) -> SideSetup:
        """The side that an ending is about; of one that says none, rather the learner's."""
        sides = self._setup.sides
        named = [side for side in sides if side.side.id == ending.side]
        return next(iter([*named, *(side for side in sides if side.app.learners), *sides]))
