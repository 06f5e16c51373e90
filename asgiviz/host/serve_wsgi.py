"""One run of waitress in the thread that calls it, and the line in which requests wait for one of its threads.

Waitress accepts and reads in this thread, and hands each request to a thread of its own; while all of those are busy,
requests stand in line. That line is ours (a subclass of waitress's own), so that a request is recorded when it joins it.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import fields
from importlib.metadata import version
from time import monotonic
from time import perf_counter_ns as now
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]  # waitress has no types
from waitress.server import create_server  # type: ignore[import-untyped]  # waitress has no types
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]  # waitress has no types

from asgiviz.host.errors import USAGE, HostError
from asgiviz.host.options import Run, ServerOptions
from asgiviz.host.target import load_wsgi_target
from asgiviz.model.events import WSGI_QUEUED, Emit
from asgiviz.probe.current import connection
from asgiviz.probe.logs import capture_logs
from asgiviz.probe.notes import take_notes
from asgiviz.probe.threads import carry_connections
from asgiviz.probe.wsgi_tap import Turn, WsgiTap, in_turn

if TYPE_CHECKING:
    from asgiviz.host.serve import Report

#: Options that mean something to waitress, or say where we listen. The others are uvicorn's own.
OPTIONS = frozenset(
    {"host", "port", "uds", "fd", "root_path", "server_header", "log_level", "backlog", "timeout_graceful_shutdown"}
)
#: Clients that are served or in line at a time. Waitress's own 100 would leave the others in the system's queue, unseen.
CONNECTIONS = 1_000
#: Seconds between two looks at whether there is an end, and of those at whether everything is finished.
TICK, END_TICK = 1.0, 0.02
#: Seconds that idle threads get to end.
THREADS_END = 0.2
_LEVELS = {"trace": 5}


class WsgiRun:
    """Serves `run` (a WSGI app) on `sock` with `run.threads` threads; otherwise as `serve.ServerRun`."""

    def __init__(self, run: Run, sock: socket.socket, emit: Emit, report: Report, numbers: Iterator[int]) -> None:
        self._run = run
        self._sock = sock
        self._emit = emit
        self._report = report
        self._line = Line(emit, numbers)
        self._map: dict[int, Any] = {}
        self._lock = threading.Lock()  # nobody pulls a trigger that is closed
        self._server: Any = None
        self._stopping = False
        self._forced = False

    def run(self) -> None:
        """Serve until told to stop, or until it cannot go on; what goes wrong is reported, not raised."""
        with carry_connections(), capture_logs(self._emit, self._run.body_limit), take_notes(self._emit):
            self.serve()

    def serve(self) -> None:
        """`run` without taking what the process prints, logs and notes: for one of several in it."""
        try:
            self._serve()
        except HostError as error:
            self._report.failed(error)
        finally:
            self._sock.close()

    def stop(self, force: bool = False) -> None:
        """Ask the server to finish its requests, or (force) to drop what is still open."""
        self._forced = force or self._forced
        self._stopping = True
        with self._lock:
            if self._server is not None:
                self._server.pull_trigger()

    def _serve(self) -> None:
        run = self._run
        refuse_options_of_uvicorn(run.options)
        app = load_wsgi_target(run.target, run.app_dir, run.factory)
        server = self._create(WsgiTap(app, self._emit, run.body_limit))
        try:
            self._report.loaded(server_facts(run))
            if not self._stopping:
                self._line.set_thread_count(run.threads)
                self._report.listening()
            while not self._stopping:
                wasyncore.loop(TICK, use_poll=True, map=self._map, count=1)
            self._finish(server)
        except Exception as error:
            raise HostError(f"waitress cannot go on: {type(error).__name__}: {error}", code=1) from error
        finally:
            self._close(server)

    def _create(self, tap: WsgiTap) -> Any:
        run, options = self._run, self._run.options
        level = _LEVELS.get(options.log_level) or options.log_level.upper()
        logging.getLogger("waitress").setLevel(level)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a warning for each request in line: events say it better
        try:
            server = create_server(
                tap,
                self._map,
                _dispatcher=self._line,
                sockets=[self._sock],
                threads=run.threads,
                url_prefix=options.root_path,
                ident="waitress" if options.server_header else None,
                backlog=options.backlog,
                connection_limit=CONNECTIONS,
            )
        except (ValueError, OSError) as error:
            sentence = f"waitress cannot run with these options: {error}. See: asgiviz trace --help"
            raise HostError(sentence, code=USAGE) from error
        with self._lock:
            self._server = server
        return server

    def _finish(self, server: Any) -> None:
        """Accept nobody any more, and let what is open be answered, for as long as it has."""
        server.del_channel()
        deadline = monotonic() + self._run.options.timeout_graceful_shutdown
        while not self._forced and monotonic() < deadline:
            busy = bool(self._line.places)
            for channel in list(server.active_channels.values()):
                if channel.total_outbufs_len:
                    busy = True
                elif not channel.requests:
                    channel.will_close = True  # it only waits for the client's next request
            if not busy:
                return
            wasyncore.loop(END_TICK, use_poll=True, map=self._map, count=1)

    def _close(self, server: Any) -> None:
        """Close everything; a thread that does not come back is left behind, and with it the trigger that it will pull."""
        with self._lock:
            self._server = None
        server.del_channel()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        self._line.close()
        if not self._line.threads:
            server.trigger.close()


class Line(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """The requests that wait for a thread, and the threads; `places` are those that are in line or with a thread.

    Waitress puts a client's *channel* in line, for the first of its requests that is not answered yet, and again for each
    of those that came behind it. A request that waitress refuses itself never reaches the app, and is not recorded.
    """

    def __init__(self, emit: Emit, numbers: Iterator[int]) -> None:
        super().__init__()
        self.places: set[_Place] = set()
        self._emit = emit
        self._numbers = numbers
        self._closed = False

    def add_task(self, task: Any) -> None:
        """A channel has a request; waitress holds the lock on its requests."""
        if self._closed:
            task.cancel()
            return
        if task.requests[0].error:
            super().add_task(task)
            return
        turn = Turn(next(self._numbers), self._emit)
        place = _Place(self, turn, task)
        self.places.add(place)
        self._emit((now(), WSGI_QUEUED, turn.conn, 0, None, {"client": client_of(task.addr)}))
        super().add_task(place)

    def close(self) -> None:
        """Send the threads home, and what is still in line."""
        self._closed = True
        self.shutdown(timeout=THREADS_END)


class _Place:
    """A request in line; waitress's threads take it for a channel."""

    def __init__(self, line: Line, turn: Turn, channel: Any) -> None:
        self._line = line
        self._turn = turn
        self._channel = channel

    def service(self) -> None:
        """In a thread of waitress: call the app and send what it gives."""
        turn, number = in_turn.set(self._turn), connection.set(self._turn.conn)
        try:
            self._channel.service()
        finally:
            connection.reset(number)
            in_turn.reset(turn)
            self._leave()

    def cancel(self) -> None:
        """It does not come to its turn."""
        self._channel.cancel()
        self._leave()

    def _leave(self) -> None:
        self._turn.leave()
        self._line.places.discard(self)


def client_of(address: Any) -> list[Any] | None:
    """Host and port of a client; None when it has none (a UNIX socket)."""
    host, port = address[:2]
    return None if port is None else [host, port]


def server_facts(run: Run) -> dict[str, Any]:
    """Name, version and number of threads, as they stand in a recording's header."""
    return {"name": "waitress", "version": version("waitress"), "threads": run.threads, "interface": "wsgi"}


def refuse_options_of_uvicorn(options: ServerOptions) -> None:
    """HostError when the user chose something that waitress has not."""
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name not in OPTIONS and value != field.default:
            flag = "header" if field.name == "headers" else field.name.replace("_", "-")
            flag = f"--no-{flag}" if value is False else f"--{flag}"
            raise HostError(
                f"{flag} is an option for uvicorn; a WSGI app is served by waitress, which has none like it. Leave it out",
                code=USAGE,
            )
