"""One experiment in virtual time, inside its process: the sides are started, the clients let go, the end awaited.

Threads and waits here are the usual ones; clock, threads and sockets below them are ours (see virtual_child).
"""

from __future__ import annotations

import itertools
import os
import random
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, NoReturn

from asgiviz.host.errors import HostError
from asgiviz.host.frames import FrameSender, read_frame
from asgiviz.host.limits import hold, telling
from asgiviz.host.options import Run
from asgiviz.host.serving import Serving, serving
from asgiviz.host.virtual_clock import Baton, Member
from asgiviz.host.virtual_holds import Holds
from asgiviz.host.virtual_network import Network
from asgiviz.host.virtual_outbox import Outbox
from asgiviz.host.virtual_plan import START_WITHIN, VirtualPlan
from asgiviz.host.virtual_watch import Watch, place_of
from asgiviz.model.events import NOTE
from asgiviz.probe.logs import capture_logs, flush_prints
from asgiviz.probe.notes import take_notes
from asgiviz.probe.source_files import is_user_file
from asgiviz.probe.threads import carry_connections
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.patience import Patience
from asgiviz.traffic.script import Script
from asgiviz.traffic.wire import Address

#: Virtual seconds for clients and servers to end once they are told.
STOP = 30.0


def perform(control_fd: int, baton: Baton) -> None:
    """Play what the parent's frame says, and tell it how that went."""
    control = socket.socket(fileno=control_fd)
    plan = VirtualPlan.from_dict(read_frame(control.makefile("rb")))
    outbox = Outbox(FrameSender(control), baton)
    os._exit = outbox.exit
    random.seed(0)  # an app's chances fall the same each time
    Stage(plan, baton, outbox).play()


class Stage:
    """The sides and their clients."""

    def __init__(self, plan: VirtualPlan, baton: Baton, outbox: Outbox) -> None:
        self._plan = plan
        self._outbox = outbox
        limits = next((run.limits for _, run in plan.sides if run.limits is not None), None)
        if limits is not None:
            hold(limits)  # before the watch: what it forbids is an error of the app, and no matter of the clock
        self.baton = baton
        self.emit = outbox.emit if limits is None else telling(outbox.emit, limits)
        self.watch = Watch(baton, outbox.end)
        self.network = Network(baton, self.watch.cannot_hold)
        self.network.install()
        if any(run.interface == "wsgi" for _, run in plan.sides):
            _ring_with_triggers(self.network.ring_pollers)
        self._sides: list[_Side] = []

    def play(self) -> NoReturn:
        """All of it; ends the process."""
        limit = min(run.body_limit for _, run in self._plan.sides)
        with carry_connections(), capture_logs(self.emit, limit), take_notes(self.emit):
            imports = _Imports()
            for name, run in self._plan.sides:
                self.watch.arm(False)  # an import may take its time
                side = _Side(self, name, run)  # it imports its server, which is not looked for where the app is
                imports.begin(run)
                self._start(side)
            imports.put_back()
            self.watch.arm(True)
            in_time = self._let_clients_go()
            places = "".join(side.place() for side in self._sides)
            for side in self._sides:
                side.stop(force=not in_time)
        if in_time:
            self._outbox.end("finished")
        sentence = f"after {self._plan.timeout:g} s the clients had not got all that they waited for{places}"
        self._outbox.end("out_of_time", sentence)

    def _start(self, side: _Side) -> None:
        self._sides.append(side)
        side.start()
        if not side.wait_until_up():
            self._outbox.end("not_up", side.place(), side=side.name)

    def loaded(self, name: str, facts: dict[str, Any]) -> None:
        """A side's app is imported: from now on it may be judged."""
        self.watch.arm(True)
        self._outbox.tell("loaded", [name, facts])

    def fail(self, name: str, error: HostError) -> NoReturn:
        """A side cannot go on."""
        flush_prints()
        self._outbox.end("failed", str(error), trace=error.trace, side=name, code=error.code, in_lifespan=error.in_lifespan)

    def _let_clients_go(self) -> bool:
        """Start them all and wait for them; whether they ended in time."""
        self.emit((now(), NOTE, None, None, None, {"name": "asgiviz.go", "data": dict(self._plan.go), "thread": "asgiviz"}))
        crowds = [side.crowd(self._plan) for side in self._sides]
        for crowd in crowds:
            crowd.start()
        deadline = now() + round(self._plan.timeout * 1e9)
        waits = [crowd.wait(max(deadline - now(), 0) / 1e9) for crowd in crowds]
        in_time = all(waits)
        if not in_time:
            for crowd in crowds:
                crowd.cancel()
        return in_time


class _Side:
    """One app under its server, in a thread of its own; it is the server's report (see serve.Report)."""

    def __init__(self, stage: Stage, name: str, run: Run) -> None:
        self._stage = stage
        self.name = name
        self._stall_ms = run.stall_ms
        self._listener = stage.network.listener()
        self._up = threading.Event()
        self._member: Member | None = None
        if run.interface == "asgi":
            options = replace(run.options, http="h11", ws="websockets-sansio", loop="asyncio")
            run = replace(run, stall_ms=0, options=options)
        self._run = run
        self._server: Serving = serving(run, self._listener, stage.emit, self, itertools.count(run.first))
        # in a child process of its own the server has the main thread, and apps tell the names of their threads
        self._thread = threading.Thread(target=self._serve, name="MainThread", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def _serve(self) -> None:
        self._member = member = self._stage.baton.running
        member.side = self.name
        if self._run.interface == "asgi":
            member.loop = Holds(self._stage.baton, self.name, self._stage.emit, self._stall_ms)
        self._server.serve()

    def wait_until_up(self) -> bool:
        """Whether it answers requests."""
        return self._up.wait(START_WITHIN)

    def place(self) -> str:
        """The line of the app in which the server's thread is, for the end of a sentence; empty while it waits for work."""
        return "" if self._member is None else place_of(self._member)

    def stop(self, force: bool) -> None:
        """Stop the server and wait for it."""
        self._server.stop(force)
        self._thread.join(STOP)

    def crowd(self, plan: VirtualPlan) -> Crowd:
        """The clients of this side."""
        host, port = self._listener.getsockname()
        scripts = [Script.from_dict(script) for script in plan.scripts.get(self.name, ())]
        return Crowd(scripts, f"http://{host}:{port}", self._stage.emit, plan.stagger, closely=plan.closely, dial=self._dial)

    def _dial(self, address: Address, patience: Patience, receive_buffer: int | None) -> socket.socket:
        sock = self._stage.network.connect((address.host, address.port), receive_buffer)
        patience.watch(sock)
        return sock

    def loaded(self, facts: dict[str, Any]) -> None:
        """See serve.Report."""
        self._stage.loaded(self.name, facts)

    def listening(self) -> None:
        """See serve.Report."""
        self._up.set()

    def failed(self, error: HostError) -> None:
        """See serve.Report."""
        self._stage.fail(self.name, error)


class _Imports:
    """Keeps the modules and the environment of the sides apart: each is imported as if it were alone."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._modules: dict[str, ModuleType] = {}
        self._paths: list[str] = []
        self._plain_path = list(sys.path)

    def begin(self, run: Run) -> None:
        """The app of `run` is imported next."""
        self._set_aside()
        os.environ.clear()
        os.environ.update({**self._environment, **dict(run.environment)})
        self._paths += [path for path in (*run.paths, run.app_dir) if path not in self._paths]
        sys.path[:0] = [path for path in run.paths if path not in sys.path]

    def put_back(self) -> None:
        """All are imported; what an app imports later is found, too."""
        sys.path[:0] = [path for path in self._paths if path not in sys.path]
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)

    def _set_aside(self) -> None:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and is_user_file(file) and any(file.startswith(path) for path in self._paths):
                self._modules.setdefault(name, sys.modules.pop(name))
        sys.path[:] = self._plain_path


def _ring_with_triggers(ring: Callable[[], None]) -> None:
    """Waitress wakes its loop through a pipe; whoever does so rings as well."""
    from waitress.trigger import trigger  # type: ignore[import-untyped]  # waitress has no types

    pull = trigger._physical_pull  # noqa: SLF001  # the one place

    def pull_and_ring(self: Any) -> None:
        pull(self)
        ring()

    trigger._physical_pull = pull_and_ring  # noqa: SLF001
