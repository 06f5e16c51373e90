"""One run of uvicorn in the thread that calls it, from the import of the app to the end of its lifespan.

The app is imported inside the running loop, as uvicorn itself does it. Both hosts use this: the thread host in its
thread, the process host in the child's main thread.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import version
from typing import Any, Protocol

import uvicorn

from asgiviz.host.errors import USAGE, HostError
from asgiviz.host.options import Run
from asgiviz.host.target import load_target
from asgiviz.model.asgi import App
from asgiviz.model.events import Emit
from asgiviz.probe.logs import capture_logs
from asgiviz.probe.loop_watch import watch_loop
from asgiviz.probe.notes import take_notes
from asgiviz.probe.steps import Steps, record_steps
from asgiviz.probe.tap import Tap
from asgiviz.probe.threads import carry_connections
from asgiviz.probe.waiting import Counted

_STARTUP_FAILED = "the app's lifespan startup failed"


class Report(Protocol):
    """How a run tells what becomes of it; called from the run's own thread."""

    def loaded(self, facts: dict[str, Any]) -> None:
        """The app is imported; `facts` names server and implementations."""

    def listening(self) -> None:
        """Requests are answered now."""

    def failed(self, error: HostError) -> None:
        """The app is not (or no longer) served."""


class ServerRun:
    """Serves `run` on `sock`; `emit` takes the events, `report` the news.

    `numbers` numbers the connections. `run()` blocks; `stop()` is for other threads.
    """

    def __init__(self, run: Run, sock: socket.socket, emit: Emit, report: Report, numbers: Iterator[int]) -> None:
        self._run = run
        self._sock = sock
        self._emit = emit
        self._report = report
        self._numbers = Counted(numbers)
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def run(self) -> None:
        """Serve until told to stop, or until it cannot go on; what goes wrong is reported, not raised."""
        with carry_connections(), capture_logs(self._emit, self._run.body_limit), take_notes(self._emit):
            self.serve()

    def serve(self) -> None:
        """`run` without taking what the process prints, logs and notes: for one of several in it."""
        try:
            self._serve_in_loop()
        except HostError as error:
            self._report.failed(error)
        finally:
            self._sock.close()

    def stop(self, force: bool = False) -> None:
        """Ask the server to finish its requests and its lifespan, or (force) to drop what is still open."""
        self._stopping = True
        server, loop, task = self._server, self._loop, self._task
        if server is not None and server.started:
            server.force_exit = force or server.force_exit
            server.should_exit = True
        elif loop is not None and task is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(task.cancel)  # in the import or in lifespan startup: there is nothing to finish
            except RuntimeError:
                return  # it was closed in between: the run is over

    def _serve_in_loop(self) -> None:
        try:
            config = uvicorn.Config(app=_not_loaded, log_config=None, **self._run.options.config())
            with asyncio.Runner(loop_factory=self._loop_factory(config)) as runner:
                runner.run(self._serve(config))
        except (asyncio.CancelledError, KeyboardInterrupt):
            if not self._stopping:
                raise HostError("the server's task was cancelled by the app") from None
        except SystemExit as error:
            raise self._after_exit(error) from None
        except HostError:
            raise
        except MemoryError:
            raise HostError("the server found no memory any more: the app has taken it", code=1) from None
        except Exception as error:
            if self._server is None:
                raise self._not_configured(error) from error
            raise HostError(f"uvicorn cannot go on: {type(error).__name__}: {error}", code=1) from error

    def _loop_factory(self, config: uvicorn.Config) -> Callable[[], asyncio.AbstractEventLoop] | None:
        try:
            return config.get_loop_factory()
        except SystemExit:  # uvicorn has logged why, which not every view shows
            raise self._not_configured(ValueError(f"there is no event loop {self._run.options.loop!r}")) from None

    async def _serve(self, config: uvicorn.Config) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        if self._run.pool is not None:
            loop.set_default_executor(ThreadPoolExecutor(self._run.pool, thread_name_prefix="asyncio"))  # as asyncio's own
        app = load_target(self._run.target, self._run.app_dir, self._run.factory)
        with ExitStack() as recording:
            steps = recording.enter_context(record_steps(loop, self._emit)) if self._run.steps else None
            self._load(config, app, steps)
            self._server = server = _Server(config, self._report.listening)
            self._report.loaded(server_facts(config, loop))
            if not self._stopping:
                recording.enter_context(watch_loop(self._emit, self._run.stall_ms, self._numbers))
                await server.serve(sockets=[self._sock])
        if not server.started and not self._stopping:  # newer versions of uvicorn raise SystemExit instead
            raise HostError(_STARTUP_FAILED, in_lifespan=True)

    def _load(self, config: uvicorn.Config, app: App, steps: Steps | None) -> None:
        on_scope = None if steps is None else steps.belongs_to
        run = self._run
        config.app = Tap(app, self._emit, run.body_limit, self._numbers, hosted=True, on_scope=on_scope, closely=run.closely)
        try:
            config.load()
        except Exception as error:
            raise self._not_configured(error) from error

    def _not_configured(self, error: Exception) -> HostError:
        why = str(error).rstrip(".") or type(error).__name__
        return HostError(f"uvicorn cannot run with these options: {why}. See: asgiviz trace --help", code=USAGE)

    def _after_exit(self, error: SystemExit) -> HostError:
        server = self._server
        if server is None:
            return HostError(f"the app or uvicorn ended the start with exit code {error.code}")
        if not server.started:
            return HostError(_STARTUP_FAILED, in_lifespan=True)
        return HostError(f"the app ended the server's loop with sys.exit({error.code!r})", code=1)


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()


async def _not_loaded(*_: Any) -> None:
    """Stands in the configuration until the app is imported."""
    raise AssertionError("the app was not loaded")


def server_facts(config: uvicorn.Config, loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """Name, version and the implementations that are really in use, as they stand in a recording's header."""
    return {
        "name": "uvicorn",
        "version": version("uvicorn"),
        "http": _implementation(config.http_protocol_class),
        "ws": _implementation(config.ws_protocol_class),
        "loop": type(loop).__module__.split(".")[0],
    }


def _implementation(protocol: Any) -> str | None:
    """``httptools`` for ``uvicorn.protocols.http.httptools_impl``; the full name of a class that is not uvicorn's."""
    if protocol is None:
        return None
    module: str = protocol.__module__
    name = module.rpartition(".")[2]
    if not module.startswith("uvicorn."):
        return f"{module}:{protocol.__qualname__}"
    return name.removesuffix("_impl").replace("_", "-")
