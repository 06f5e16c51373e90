"""The one door for screens and commands: a session runs an app, records it, and ends without losing anything."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from asgiviz.host.options import Run
from asgiviz.host.process import ProcessHost
from asgiviz.host.reload import Reloader
from asgiviz.host.state import Host, Phase
from asgiviz.host.thread import ThreadHost, server_event
from asgiviz.model.events import Emit
from asgiviz.model.recording import Header
from asgiviz.probe.descriptors import Descriptors, own_copy
from asgiviz.store.recorder import MAX_BYTES, MAX_EVENTS, Recorder
from asgiviz.views.startup import Startup, startup_of

#: Seconds beyond the server's own grace after which an app counts as not coming back, and after a second request to end.
PATIENCE, NO_PATIENCE = 2.0, 0.5
#: How long one thread may hold the interpreter while another waits, in seconds: keeps keys and writers alive beside a busy app.
SWITCH_INTERVAL = 0.0005


class Session:
    """One app, served and recorded.

    `isolate` serves it in a child process; `reload` (directories; implies isolate) also restarts it when its files change.
    `out` and `err` are where our own words go: in this process the app's output is taken away from them.
    """

    def __init__(
        self,
        run: Run,
        *,
        isolate: bool = False,
        reload: Sequence[str] = (),
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.run = run
        self.recorder = Recorder(max_events, max_bytes)
        emit = self.recorder.emit
        self._descriptors: Descriptors | None = None
        self._reloader: Reloader | None = None
        self.out: BinaryIO | None = None
        self.err: BinaryIO | None = sys.stderr.buffer if sys.stderr else None
        self.host: Host
        if isolate or reload:
            self.host = process = ProcessHost(run, emit, reloading=bool(reload))
            if reload:
                self._reloader = Reloader(process, reload, emit)
        else:
            self.host = ThreadHost(run, emit)
            self._descriptors = Descriptors(emit)
        self._over = False

    def start(self) -> None:
        """Begin to listen, to serve and to record. HostError when the address cannot be had."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        self.recorder.start()
        if self._descriptors is not None:
            sys.stdout.flush()
            self._descriptors.__enter__()
            self.out, self.err = self._descriptors.out, self._descriptors.err
        else:
            self.out = own_copy(1)
        self.host.start()
        if self._reloader is not None:
            self._reloader.start()

    @property
    def url(self) -> str:
        """The address that is served."""
        return self.host.url

    @property
    def waits_for_change(self) -> bool:
        """Whether a run that ended will begin again when its code is mended."""
        return self._reloader is not None

    def header(self) -> Header:
        """The recording's first line; complete once the app is loaded."""
        server = self.host.state.facts or {"name": "waitress" if self.run.interface == "wsgi" else "uvicorn"}
        return Header.now(
            self.recorder.started,
            target=self.run.target,
            url=self.url,
            server=server,
            layers=[server["name"], self.run.target],
        )

    def ask_to_stop(self, force: bool = False) -> None:
        """Let the server finish what is open and run the app's shutdown, or (force) drop it; returns at once."""
        if not self._over:
            self._over = True
            self.recorder.emit(server_event("stopping", ""))
            if self._reloader is not None:
                self._reloader.stop()
            self.host.close()
        self.host.stop(force)

    def finish(self, timeout: float) -> bool:
        """Wait for the end and close the recording; False when the app did not come back within `timeout` seconds."""
        came_back = self.host.state.wait_ended(timeout)
        if not came_back and isinstance(self.host, ProcessHost):
            self.host.stop(force=True)
            came_back = self.host.state.wait_ended(PATIENCE)
        self.recorder.emit(server_event("stopped", "" if came_back else "the app did not come back: it was left behind"))
        self.recorder.close()
        return came_back

    def release(self) -> None:
        """Give standard output and error back, and close our own streams on them."""
        for stream in (self.out, self.err if self._descriptors is not None else None):
            if stream is not None:
                with contextlib.suppress(OSError):  # whoever read it has gone, and was told so
                    stream.close()
        self.out = None
        if self._descriptors is not None:
            self._descriptors.__exit__()
            self.err = sys.stderr.buffer if sys.stderr else None

    @property
    def can_restart(self) -> bool:
        """Whether a run that ended can begin afresh (in a new process)."""
        return isinstance(self.host, ProcessHost)

    @property
    def serving(self) -> bool:
        """Whether requests are answered now."""
        return self.host.state.phase is Phase.LISTENING

    @property
    def emit(self) -> Emit:
        """Takes an event into the recording."""
        return self.recorder.emit

    def stop_server(self) -> bool:
        """Stop serving, wait for it, and keep the address; False when the app did not come back. Blocks."""
        self.recorder.emit(server_event("stopping", ""))
        self.host.stop()
        if not self.host.state.wait_ended(self.run.options.timeout_graceful_shutdown + PATIENCE):
            self.host.stop(force=True)
            if not self.host.state.wait_ended(PATIENCE):
                return False
        self.recorder.emit(server_event("stopped", "it can be started again"))
        return True

    def start_server(self) -> None:
        """Serve the app afresh on the same address; in this process with the modules that are already imported."""
        if not self._over and self.host.state.phase is Phase.ENDED:
            self.host.restart()

    def startup(self) -> Startup:
        """How the app's lifespan startup went."""
        return startup_of(self.recorder.cursor())

    def failed_in_lifespan(self) -> bool:
        """Whether the run ended because the app's lifespan startup did."""
        failure = self.host.state.failure
        return failure is not None and failure.in_lifespan


def reload_directories(given: Sequence[str], app_dir: str) -> list[str]:
    """The directories to watch: those given, else the app's own."""
    return [str(Path(path).resolve()) for path in given] or [str(Path(app_dir).resolve())]
