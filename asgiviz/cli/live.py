"""A live run on the command line: start, print and record, watch for a reason to end, and end well."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import BinaryIO, Protocol

from asgiviz.cli.look import Look
from asgiviz.host.errors import NOT_STARTED, USAGE, HostError
from asgiviz.host.state import Phase
from asgiviz.model.events import BEGINNINGS, ENDINGS, SCOPE, payload_of
from asgiviz.session import NO_PATIENCE, PATIENCE, Session
from asgiviz.store.errors import RecordingError
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import empty, leave, open_for_writing

#: Seconds between two looks at what could end a run.
TICK = 0.05
#: After so many seconds of a startup that does not come back, we say so.
SAY_SO_AFTER = 3.0


#: Exit code when it was neither the user nor the app.
OUR_MISTAKE = 70


class StopSignals:
    """Counts the requests to stop: Ctrl-C, SIGTERM and SIGHUP. Use as a context manager in the main thread."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: it shall outlive its terminal
            self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave us

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1


class ConnectionCount:
    """How many connections have finished, but for the lifespan, read from the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self._cursor = recorder.cursor()
        self._open: set[int | None] = set()
        self.finished = 0

    def update(self) -> int:
        """Read on; gives the count."""
        while numbered := self._cursor.take():
            for _, raw in numbered:
                if raw[1] in BEGINNINGS and (raw[1] != SCOPE or payload_of(raw).get("type") != "lifespan"):
                    self._open.add(raw[2])
                elif raw[1] in ENDINGS and raw[2] in self._open:
                    self._open.discard(raw[2])
                    self.finished += 1
        return self.finished


class Output(Protocol):
    """Something that follows the recorder until it is closed."""

    def close(self, timeout: float | None = None) -> None:
        """Write what is left, within `timeout` seconds."""


class LiveRun:
    """One run of `session` on the command line; `run()` gives the exit code.

    It ends by a signal, after `seconds`, after `connections`, when `is_over` says so, or with the app.
    """

    def __init__(
        self,
        session: Session,
        look: Look,
        record: Path | None = None,
        seconds: float | None = None,
        connections: int | None = None,
        is_over: Callable[[], bool] = lambda: False,
        on_listening: Callable[[str], None] = lambda url: None,
    ) -> None:
        self._session = session
        self._look = look
        self._record = record
        self._seconds = seconds
        self._limit = connections
        self._is_over = is_over
        self._on_listening = on_listening
        self._file: BinaryIO | None = None
        self._outputs: list[Output] = []
        self._told: HostError | None = None
        self._listened = False
        self._began = monotonic()

    def run(self) -> int:
        """Serve, print, record; everything is closed and written when this returns."""
        session = self._session
        with StopSignals() as stop:
            try:
                self._file = open_for_writing(self._record, keep=True) if self._record is not None else None
                self._prepare()
                session.start()
                self._wait_until_loaded(stop)
                self._open_outputs()
                self._watch(stop)
            except (HostError, RecordingError) as error:
                self._tell(error)
                return self._end(stop, error.code if isinstance(error, HostError) else USAGE)
            except Exception as error:  # noqa: BLE001  # ours: the recording is completed all the same
                self._tell_mistake(error)
                return self._end(stop, OUR_MISTAKE)
            failure = session.host.state.failure
            if failure is None and not self._listened and not stop.count and session.host.state.phase is Phase.STARTING:
                self.say("the app's startup did not come back in time; it never listened")
                return self._end(stop, NOT_STARTED)
            return self._end(stop, failure.code if failure is not None and not stop.count else 0)

    # -- while it runs ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """What is done before the app is started."""

    def _wait_until_loaded(self, stop: StopSignals) -> None:
        say_so = self._began + SAY_SO_AFTER
        while not self._session.host.state.wait_loaded(TICK) and not stop.count and not self._time_is_up():
            if monotonic() > say_so:
                self.say(f"{self._session.run.target} has been importing for {monotonic() - self._began:.0f} s; Ctrl-C ends it")
                say_so = monotonic() + 10

    def _open_outputs(self) -> None:
        from asgiviz.cli.printing import print_live  # while the app starts: what draws is not needed before

        self._open_file()
        session = self._session
        if session.out is not None:
            self._outputs.append(print_live(session.recorder, session.out, self._look, session.header(), self.say))

    def _open_file(self) -> None:
        from asgiviz.store.dictation import dictate

        session = self._session
        failure = session.host.state.failure
        mistaken = failure is not None and failure.code == USAGE  # nothing was run: an earlier recording stays
        if self._file is None or self._record is None or mistaken:
            return
        empty(self._file)
        zipped = self._record.suffix == ".gz"
        name, mask = str(self._record), self._look.mask
        self._outputs.append(dictate(session.recorder, self._file, name, session.header(), mask, self.say, zipped=zipped))

    def _watch(self, stop: StopSignals) -> None:
        state = self._session.host.state
        count = ConnectionCount(self._session.recorder) if self._limit else None
        say_so = self._began + SAY_SO_AFTER
        while not stop.count and not self._time_is_up() and not self._is_over():
            if state.wait_ended(TICK):
                if not self._goes_on_after_the_end():
                    return
            elif state.phase is Phase.LISTENING and not self._listened:
                self._say_listening()
            elif state.phase is Phase.STARTING and monotonic() > say_so:
                self.say(f"the app's startup has not come back for {monotonic() - self._began:.0f} s; Ctrl-C ends it")
                say_so = monotonic() + 10
            if count is not None and self._limit is not None and count.update() >= self._limit:
                return

    def _say_listening(self) -> None:
        self._listened = True
        if self._look.form == "json":
            self.say(f"{self._session.run.target} is served at {self._session.url} (Ctrl-C ends it)")
        startup = self._session.startup()
        if startup.begun and startup.error:
            self.say(
                f"the app raised {startup.error} in its lifespan startup; uvicorn takes that for an app without lifespan "
                "and serves on. --lifespan on makes it an error"
            )
        self._on_listening(self._session.url)

    def _goes_on_after_the_end(self) -> bool:
        """The run has ended by itself: tell why; True when it may begin again (a change of the code, Enter)."""
        session = self._session
        failure = session.host.state.failure
        if failure is not None and failure is not self._told:
            self._tell(failure)
            if session.waits_for_change:
                self.say("waiting for a change of the code to start it again; Ctrl-C ends it")
            elif session.can_restart and sys.stdin is not None and sys.stdin.isatty():
                self.say("Enter starts it again, Ctrl-C ends it")
        if session.waits_for_change:
            return True
        if failure is None or not session.can_restart or sys.stdin is None or not sys.stdin.isatty():
            return False
        if select.select([sys.stdin], [], [], TICK)[0]:
            sys.stdin.readline()
            session.host.restart()
        return True

    def _time_is_up(self) -> bool:
        return self._seconds is not None and monotonic() - self._began > self._seconds

    # -- the end ---------------------------------------------------------------------------------------------------

    def _end(self, stop: StopSignals, code: int) -> int:
        session = self._session
        session.ask_to_stop()
        self._wait_for_the_app(stop)
        came_back = session.finish(0)
        for output in self._outputs:
            output.close(2.0)
        failure = session.host.state.failure
        if failure is not None and failure is not self._told:
            self._tell(failure)
        if not came_back:
            self.say("the app did not come back; it was left behind, and everything up to here is recorded")
        if self._file is not None and self._record is not None and not self._file.closed:
            leave(self._file, self._record)
        self._sum_up()
        session.release()
        leave_if_left_behind(code, came_back)
        return code

    def _wait_for_the_app(self, stop: StopSignals) -> None:
        """Give the app its time to finish, or less when Ctrl-C comes again."""
        session, asked = self._session, stop.count
        deadline = monotonic() + session.run.options.timeout_graceful_shutdown + PATIENCE
        if asked and not session.host.state.wait_ended(0.5):
            self.say("stopping; Ctrl-C again ends it now")
        while not session.host.state.wait_ended(TICK) and monotonic() < deadline:
            if stop.count > asked:
                session.ask_to_stop(force=True)
                deadline = min(deadline, monotonic() + NO_PATIENCE)

    def _sum_up(self) -> None:
        """The last words."""

    def _tell_mistake(self, error: Exception) -> None:
        """Ours."""
        self.say(f"a mistake in asgiviz itself ended this: {type(error).__name__}: {error}. Please report it")

    def _tell(self, error: HostError | RecordingError) -> None:
        """The app's whole traceback, then one sentence."""
        trace, sentence = self._reason(error)
        if isinstance(error, HostError):
            self._told = error
        self.say(sentence, before=trace)

    def _reason(self, error: HostError | RecordingError) -> tuple[str, str]:
        """The app's traceback (or nothing), and what went wrong."""
        trace, sentence = getattr(error, "trace", None), str(error)
        if trace is None and self._session.failed_in_lifespan():
            startup = self._session.startup()
            trace = startup.trace
            why = startup.refused if startup.refused is not None else startup.error
            sentence = f"the app's lifespan startup failed: {why}" if why else sentence
        return trace or "", sentence

    def say(self, sentence: str, before: str = "") -> None:
        """One line on our standard error, wherever the app has put its own."""
        text = f"{before}asgiviz: {sentence}\n"
        try:
            if self._session.err is not None:
                self._session.err.write(text.encode("utf-8", "backslashreplace"))
                self._session.err.flush()
        except OSError:
            self._session.err = None  # nobody reads it any more


def live_run(look: Look, verb: str) -> Callable[..., LiveRun]:
    """The kind of run for a look: with the screen, or printing. `verb` is the command that it is for."""
    if look.form != "screen":
        return LiveRun
    from asgiviz.cli.screen import ScreenRun

    return partial(ScreenRun, verb)


def leave_if_left_behind(code: int, came_back: bool) -> None:
    """End the process now when threads of the app would keep it: everything of ours is written."""
    lingering = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    deadline = monotonic() + 0.5
    for thread in lingering if came_back else []:
        thread.join(max(0.0, deadline - monotonic()))
    if not came_back or any(thread.is_alive() for thread in lingering):
        os._exit(code)
