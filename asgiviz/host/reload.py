"""Reloading: the app's files are watched, and a change starts its process afresh."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from asgiviz.host.process import ProcessHost
from asgiviz.host.thread import server_event
from asgiviz.model.events import Emit

#: Seconds that a process may take to finish before a reload ends it.
PATIENCE = 5.0


class Reloader:
    """Watches the Python files below `directories` and restarts `host` when one changes; a host that ended, too."""

    def __init__(self, host: ProcessHost, directories: Sequence[str], emit: Emit) -> None:
        self._host = host
        self._directories = directories
        self._emit = emit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="asgiviz-reloader", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Restart nothing any more; the host goes on."""
        self._stop.set()

    def _watch(self) -> None:
        from watchfiles import PythonFilter, watch

        for changes in watch(*self._directories, watch_filter=PythonFilter(), stop_event=self._stop, rust_timeout=200):
            self._restart(sorted({path for _, path in changes}))

    def _restart(self, paths: list[str]) -> None:
        self._host.stop()
        if not self._host.state.wait_ended(PATIENCE):
            self._host.stop(force=True)
            self._host.state.wait_ended(PATIENCE)
        if self._stop.is_set():
            return
        names = ", ".join(Path(path).name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        self._emit(server_event("reloaded", f"{names} changed"))
        self._host.restart()
