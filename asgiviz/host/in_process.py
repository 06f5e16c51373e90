"""An ASGI server without sockets: it calls the app as the specification has it, and its clients are scripts on its own loop.

It runs in a thread like `ThreadHost`, so that whoever started it can be interrupted and a blocked loop can be told. Nothing
hangs: a client goes when its time is over, and an app that stays behind its client is cancelled, which `trouble` tells.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

from asgiviz.host.errors import HostError
from asgiviz.host.in_process_caller import Line
from asgiviz.host.in_process_client import Client
from asgiviz.host.in_process_http import HttpLine
from asgiviz.host.in_process_lifespan import Lifespan
from asgiviz.host.in_process_scope import State as Shared
from asgiviz.host.options import GRACE, STALL_MS
from asgiviz.host.state import Phase, State
from asgiviz.host.thread import server_event
from asgiviz.host.troubles import Troubles
from asgiviz.model.asgi import App
from asgiviz.model.events import Emit
from asgiviz.probe.logs import capture_logs
from asgiviz.probe.loop_watch import watch_loop
from asgiviz.probe.notes import take_notes
from asgiviz.probe.tap import Tap
from asgiviz.probe.threads import carry_connections
from asgiviz.probe.waiting import Counted
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Seen

#: Seconds that an app gets to start, and after a cancellation to end.
STARTUP, CANCELLING = 60.0, 1.0
#: The port of the first client's connection.
_FIRST_PORT = 50_000


class InProcessHost:
    """Serves the app that `load` gives (called in the server's thread and loop; HostError when there is none).

    `emit` takes the events. `startup` seconds are the most that the app may take to start, `grace` those that it may go on
    when its client is gone. `state.failure` says why it ended, when nobody had asked it to.
    """

    def __init__(
        self, load: Callable[[], App], emit: Emit, *, startup: float = STARTUP, grace: float = GRACE, stall_ms: float = STALL_MS
    ) -> None:
        self.state = State()
        #: what could not be done
        self.trouble = Troubles()
        #: what the app has put into the lifespan's state
        self.shared: Shared = {}
        self._load = load
        self._emit = emit
        self._startup = startup
        self._grace = grace
        self._stall_ms = stall_ms
        self._ports = itertools.count(_FIRST_PORT)
        self._app: App | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._stop_asked = threading.Event()
        self._calls: dict[asyncio.Task[None], Line] = {}

    # -- from any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to serve, in a daemon thread; `state` tells how far it is."""
        self.state.begin()
        threading.Thread(target=self._run, name="asgiviz-server", daemon=True).start()

    def play(self, scripts: Sequence[Script]) -> Playing:
        """Let the clients of these scripts go, all at once; the app must have started."""
        playing = Playing([Client(script, self, self._emit) for script in scripts])
        self._soon(lambda: playing.begin(self._see_off))
        return playing

    def stop(self) -> None:
        """Let the app shut down and end; safe to say again, and before it has started."""
        if not self._stop_asked.is_set():
            self._stop_asked.set()
            self._soon(self._cancel_main)

    def _soon(self, call: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:  # it was closed in between: the run is over
            return

    def _cancel_main(self) -> None:
        if self._main is not None:
            self._main.cancel()

    # -- the server's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        failure: HostError | None = None
        try:
            with carry_connections(), capture_logs(self._emit), take_notes(self._emit), asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._serve())
        except HostError as error:
            failure = error
        except asyncio.CancelledError:
            pass  # asked to stop before the app had started
        except BaseException as error:  # noqa: BLE001  # the top of a thread: an app can raise anything out of its loop
            failure = HostError(f"the app ended the server's loop with {type(error).__name__}: {error}", code=1)
        finally:
            if failure is not None:
                self._emit(server_event("failed", str(failure)))
            self.state.set(Phase.ENDED, failure)

    async def _serve(self) -> None:
        self._main = asyncio.current_task()
        numbers = Counted(itertools.count(1))
        app = self._load()
        self._app = Tap(app, self._emit, numbers=numbers, hosted=True, closely=True)
        self.state.load(server_facts())
        if self._stop_asked.is_set():
            return
        with watch_loop(self._emit, self._stall_ms, numbers):
            life = Lifespan(self._app, self.shared, self.trouble.note)
            try:
                await life.start(self._startup)
                self._emit(server_event("started", ""))
                self.state.set(Phase.LISTENING)
                await asyncio.Event().wait()  # until it is cancelled: `stop`
            except asyncio.CancelledError:
                if not self._stop_asked.is_set():
                    raise HostError("the server's task was cancelled by the app") from None
            finally:
                await self._end_calls(list(self._calls), CANCELLING)
                await life.stop(self._grace)

    # -- the clients' side: see in_process_caller.Caller -----------------------------------------------------------

    def port(self) -> int:
        """See Caller."""
        return next(self._ports)

    def call(self, line: Line, after: HttpLine | None = None) -> None:
        """See Caller."""
        task = asyncio.create_task(self._call(line, after))
        self._calls[task] = line
        task.add_done_callback(lambda done: self._calls.pop(done, None))

    async def _call(self, line: Line, after: HttpLine | None) -> None:
        while after is not None and not after.answered:
            await after.changed.wait()
        if after is not None and after.gone:
            return
        assert self._app is not None  # nobody plays before it has started
        try:
            await self._app(line.scope, line.receive, line.send)
        except (SystemExit, KeyboardInterrupt) as error:
            self.trouble.note(f"the app raised {type(error).__name__}; a server would have ended", line.name)
        except BaseException:  # noqa: BLE001  # a server goes on; what was raised is the exit in the recording
            return
        finally:
            line.call_ended()

    async def _see_off(self, clients: Iterable[Client]) -> None:
        """The clients are gone: wait for the calls of the app that they left, and cancel those that do not end."""
        left = [task for task, line in self._calls.items() if line.gone]
        if left:
            await asyncio.wait(left, timeout=self._grace)
        for task in left:
            if not task.done():
                late = f"the app had not ended {self._grace:g} s after its client had gone, and was cancelled"
                self.trouble.note(late, self._calls[task].name)
        await self._end_calls(left, CANCELLING)

    async def _end_calls(self, tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
        pending = [task for task in tasks if not task.done()]
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=seconds)
        for task in pending:
            if not task.done():
                self.trouble.note("the app took no notice of its cancellation", self._calls[task].name)
                self._calls.pop(task)


class Playing:
    """Clients on their way, as `traffic.crowd.Crowd` has them: `wait`, `cancel` and `seen` may be used from any thread."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self._over = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, see_off: Callable[[Iterable[Client]], Any]) -> None:
        """Let them go, on the running loop; `see_off` ends what they leave behind."""
        self._task = asyncio.create_task(self._play(see_off))
        self._task.add_done_callback(lambda _: self._over.set())

    async def _play(self, see_off: Callable[[Iterable[Client]], Any]) -> None:
        await asyncio.gather(*(client.play() for client in self.clients))
        await see_off(self.clients)

    def wait(self, timeout: float) -> bool:
        """Wait until all of them have ended and the app is done with them; says whether they have."""
        return self._over.wait(timeout)

    @property
    def seen(self) -> list[Seen]:
        """What each of them saw, in the order of the scripts; complete once they have finished."""
        return [client.seen for client in self.clients]


def server_facts() -> dict[str, Any]:
    """What stands in a recording's header on this server."""
    return {"name": "asgiviz", "version": version("asgiviz"), "http": "in-process", "ws": "in-process", "loop": "asyncio"}
