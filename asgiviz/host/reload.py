"""Reloading: the app's files are watched, and a change starts its process afresh."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asgiviz.host.process import ProcessHost
from asgiviz.host.thread import server_event
from asgiviz.host.watching import Watching
from asgiviz.model.events import Emit

#: Seconds that a process may take to finish before a reload ends it.
PATIENCE = 5.0


class Reloader:
    """Watches the Python files below `directories` and restarts `host` when one changes; a host that ended, too."""

    def __init__(self, host: ProcessHost, directories: Sequence[str], emit: Emit) -> None:
        self._host = host
        self._emit = emit
        self._stopped = False
        self._watching = Watching([Path(directory) for directory in directories], self._restart)

    def start(self) -> None:
        """Begin to watch."""
        self._watching.start()

    def stop(self) -> None:
        """Restart nothing any more; the host goes on."""
        self._stopped = True
        self._watching.stop()

    def _restart(self, paths: list[str]) -> None:
        self._host.stop()
        if not self._host.state.wait_ended(PATIENCE):
            self._host.stop(force=True)
            self._host.state.wait_ended(PATIENCE)
        if self._stopped:
            return
        names = ", ".join(Path(path).name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        self._emit(server_event("reloaded", f"{names} changed"))
        self._host.restart()
