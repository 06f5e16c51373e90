"""Watching files: a change is told once things have been quiet for a moment, whichever way the editor saves.

Directories are watched, never a file itself, because many editors replace a file by another one of the same name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

#: Milliseconds of quiet after which changes are told together, and after which they are told although there is no quiet.
QUIET_MS, MOST_MS = 200, 1600
#: Milliseconds between two looks where the system does not tell (network file systems, some containers).
POLL_MS = 300
#: Milliseconds between two looks at what the system may have failed to tell.
LOOK_MS = 500


class Watching:
    """A thread that calls `on_change` with the paths that changed, until `stop`.

    All Python files below `directories` count, but for those in directories such as .git. A directory that is deleted and
    made again goes on being watched.
    """

    def __init__(self, directories: Sequence[Path], on_change: Callable[[list[str]], None], poll: bool = False) -> None:
        self._directories = directories
        self._on_change = on_change
        self._poll = poll
        self._deep = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="asgiviz-watching", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing any more; safe to say again, and from `on_change` itself."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            here = self._identities()
            if here is not None:
                self._watch_these(here)
            if not self._stop.wait(LOOK_MS / 1000):
                self._look([])

    def _watch_these(self, identities: tuple[object, ...]) -> None:
        """Watch as long as the directories are the same ones."""
        from watchfiles import watch

        groups = watch(
            *self._directories,
            watch_filter=self._wanted(),
            debounce=MOST_MS,
            step=QUIET_MS,
            stop_event=self._stop,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            force_polling=self._poll or None,
            poll_delay_ms=POLL_MS,
            recursive=self._deep,
        )
        try:
            for changes in groups:
                if not self._stop.is_set():
                    self._look(sorted({path for _, path in changes}))
                if self._identities() != identities:
                    return
        except OSError:  # a directory went away just then: it is watched again when it is back
            return

    def _wanted(self) -> Callable[..., bool]:
        from watchfiles import PythonFilter

        return PythonFilter()

    def _look(self, changed: list[str]) -> None:
        """The system told of these changes; of none when it is only time to look."""
        if changed:
            self._on_change(changed)

    def _identities(self) -> tuple[object, ...] | None:
        """What tells directories from others of the same name; None while one is missing."""
        try:
            return tuple((status.st_dev, status.st_ino) for status in map(Path.stat, self._directories))
        except OSError:
            return None


class _FileWatching(Watching):
    """Watches one file. What the system tells is when to look; whether the file has changed is seen at the file."""

    def __init__(self, path: Path, on_change: Callable[[], None], poll: bool) -> None:
        places = {path.parent.resolve() / path.name, path.resolve()}  # a link changes here, what it leads to there
        super().__init__(sorted({place.parent for place in places}), lambda _: on_change(), poll)
        self._path = path
        self._names = {str(place) for place in places}
        self._deep = False
        self._seen = self._signature()

    def _wanted(self) -> Callable[..., bool]:
        return lambda _, path: path in self._names

    def _look(self, changed: list[str]) -> None:
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            self._on_change(changed)

    def _signature(self) -> object:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_dev, status.st_ino


def watch_file(path: Path, on_change: Callable[[], None], poll: bool = False) -> Watching:
    """Call `on_change`, in a thread of its own, after each change of the file: written, replaced, deleted, made again.

    What is in the file then may be half of what the editor is about to write; the next change tells of the rest.
    """
    watching = _FileWatching(path, on_change, poll)
    watching.start()
    return watching
