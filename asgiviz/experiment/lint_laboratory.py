"""Where the linter has code run: each trial in a process of its own, bounded, and all of them ended by one call."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from asgiviz.course.lesson import Experiment, Interface, Lesson
from asgiviz.experiment.app_file import AppFile
from asgiviz.experiment.attempt import Attempt
from asgiviz.experiment.failure import Blame, Failure
from asgiviz.experiment.trial import Trial
from asgiviz.host.process import interpreter_flags

#: Seconds that one run may take on the real clock; a lesson is looked at, and people wait for it.
LONGEST_RUN = 20.0
#: Seconds that a trial, an attempt and an import get until they are ended: with the start of servers, on a busy machine.
TRIAL_WITHIN, ATTEMPT_WITHIN, IMPORT_WITHIN = LONGEST_RUN + 20, 60.0, 15.0


class EndedError(Exception):
    """Somebody has ended the work."""


class MachineError(Exception):
    """Nothing can be run on this machine; `str()` says why."""


class Imported(NamedTuple):
    """How an import went: the seconds it took, and what is wrong with it, if anything."""

    seconds: float
    trouble: str = ""


class _Work(Protocol):
    def cancel(self) -> None: ...


class Laboratory:
    """Runs code for any thread; each call blocks until that is over. EndedError in all of them once `end` was called,
    MachineError when it is not the lesson's fault that something cannot be run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[_Work] = set()
        self._ended = False

    def trial(self, lesson: Lesson, experiment: Experiment, clock: str) -> Trial | None:
        """One run as the author wrote it; None when it was not over in time."""
        trial = Trial(lesson, experiment, clock=clock)
        self._begin(trial)
        try:
            in_time = trial.start().wait(TRIAL_WITHIN)
            if not in_time:
                trial.cancel()
                trial.wait()
        finally:
            self._end(trial)
        _must_be_able(trial.failure)
        return trial if in_time else None

    def attempt(self, lesson: Lesson, exercise: Path, clock: str, order: int | None = None) -> Attempt:
        """A file or a directory, graded in the place of the exercise."""
        attempt = Attempt(lesson, exercise, clock, order=order, timeout=ATTEMPT_WITHIN)
        self._begin(attempt)
        try:
            attempt.start().wait()
        finally:
            self._end(attempt)
        _must_be_able(attempt.failure)
        return attempt

    def imported(self, app: AppFile, interface: Interface) -> Imported:
        """Import an app under the limits of an exercise."""
        process = _Process(app, interface)
        self._begin(process)
        try:
            return process.result()
        finally:
            self._end(process)

    def end(self) -> None:
        """End everything: within two seconds nothing of it runs any more."""
        with self._lock:
            self._ended = True
            under_way = list(self._under_way)
        for work in under_way:
            work.cancel()

    def _begin(self, work: _Work) -> None:
        with self._lock:
            if self._ended:
                work.cancel()
                raise EndedError
            self._under_way.add(work)

    def _end(self, work: _Work) -> None:
        with self._lock:
            self._under_way.discard(work)
            if self._ended:
                raise EndedError


def _must_be_able(failure: Failure | None) -> None:
    if failure is not None and failure.blame is Blame.MACHINE:
        raise MachineError(failure.sentence)


class _Process:
    """A child that imports one app and says how long that took."""

    def __init__(self, app: AppFile, interface: Interface) -> None:
        paths = [str(path) for path in app.paths]
        what = json.dumps({"target": app.target, "app_dir": str(app.file.parent), "paths": paths, "interface": interface})
        self._command = [sys.executable, "-B", *interpreter_flags(), "-m", "asgiviz.experiment.import_child", what]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def result(self) -> Imported:
        began = monotonic()
        process = self._started()
        try:
            out, _ = process.communicate(timeout=IMPORT_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Imported(monotonic() - began)
        try:
            said = json.loads(out.splitlines()[-1])
            return Imported(float(said["seconds"]), str(said["trouble"]))
        except (ValueError, LookupError):  # it ended the process, or the limits did
            return Imported(monotonic() - began, f"the process ended with status {process.returncode} during the import")

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._cancelled:
                raise EndedError
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C at the terminal is the parent's to handle
                )
            except OSError as error:
                raise MachineError(f"no process can be started here: {error}") from None
            return self._process
