"""The screen on the command line: a live run, or a saved recording, and what is left when it is closed.

Whoever closes a screen wants it gone: the app gets a second to finish, is then made to, and is left behind if need be.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections import deque
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from asgiviz.cli.live import OUR_MISTAKE, TICK, ConnectionCount, LiveRun, StopSignals
from asgiviz.cli.look import Look
from asgiviz.host.errors import HostError
from asgiviz.host.state import Phase
from asgiviz.probe.descriptors import Descriptors, own_copy
from asgiviz.probe.logs import log_event
from asgiviz.settings import Settings
from asgiviz.store.errors import RecordingError
from asgiviz.store.loading import Loading, recorder_for
from asgiviz.store.writer import open_for_writing

if TYPE_CHECKING:
    from asgiviz.store.reader import RecordingReader
    from asgiviz.ui.app import AsgivizApp

#: Events and bytes of a saved recording that are kept in memory; of a longer one the oldest go.
FILE_EVENTS, FILE_BYTES = 2_000_000, 1 << 30
#: Seconds that open requests get to finish when a screen is closed, unless the user says otherwise.
GRACE = 1
#: Seconds beyond that for the app's own shutdown, and again after it was told to drop everything.
PATIENCE, NO_PATIENCE = 0.4, 0.2
#: Seconds that the last figures may take.
LAST_LOOK = 0.1


class Mistake(Exception):  # noqa: N818  # it is no error of the one who reads it
    """A mistake of ours that closed the screen; `str()` is its traceback."""


class ScreenRun(LiveRun):
    """A live run with the trace screen in front of it; `verb` is the command that it is for."""

    _app: AsgivizApp | None = None

    def __init__(self, verb: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._verb = verb
        self._to_say: deque[str] = deque()  # from any thread
        self._file_is_open = False
        self._screen: Any = None  # a TraceScreen, once Textual is loaded
        self._closed_at = 0.0
        self._own_descriptors: Descriptors | None = None

    # -- the beginning ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Load the screen before the app when both are to load in this process: one after the other is sooner to be seen."""
        if not self._session.can_restart:
            load_screen()
            if os.isatty(0):
                give_away_standard_input()

    def _wait_until_loaded(self, stop: StopSignals) -> None:
        """The screen opens at once, and shows how the app starts."""
        load_screen()

    def _open_outputs(self) -> None:
        """The file is opened when the header is known."""

    # -- while it is open ------------------------------------------------------------------------------------------

    def _watch(self, stop: StopSignals) -> None:
        session = self._session
        terminal = session.out
        if terminal is None:
            raise RecordingError("standard output was closed; there is nothing to draw on")
        self._stop = stop
        self._count = ConnectionCount(session.recorder) if self._limit else None
        if session.can_restart:  # the app is in a process of its own; what could be printed in this one is taken here
            self._own_descriptors = Descriptors(session.emit).__enter__()
        app = self._app = self._open(terminal)
        try:
            from asgiviz.ui.terminal import run_on

            run_on(terminal, app)
        finally:
            self._app = None
            self._closed_at = self._closed_at or monotonic()
            self._give_descriptors_back()
        if text := mishap_of(app):
            raise Mistake(text)
        for sentence in self._to_say:
            self.say(sentence)

    def _open(self, terminal: Any) -> AsgivizApp:
        from asgiviz.ui.app import AsgivizApp
        from asgiviz.ui.feed import Feed
        from asgiviz.ui.trace_screen import TraceScreen

        session = self._session
        self._screen = screen = TraceScreen(Feed(session.recorder), self._verb, session, session.header())
        if self._look.filter is not None:
            screen.begin_with(self._look.filter)
        ascii_, mask = self._look.ascii, self._look.mask
        app = AsgivizApp(Settings.load(), screen, terminal=terminal, ascii=ascii_, mask=mask, wants_to_end=self._tick)
        leave = app.exit

        def stop_and_leave(*arguments: Any, **options: Any) -> None:
            self._closed_at = self._closed_at or monotonic()
            session.ask_to_stop()  # it can stop while the screen is being closed
            leave(*arguments, **options)

        app.exit = stop_and_leave  # type: ignore[method-assign]  # Textual has no event that comes before it closes
        return app

    def _give_descriptors_back(self) -> None:
        if self._own_descriptors is not None:
            self._own_descriptors.__exit__()
            self._own_descriptors = None

    def _tick(self) -> bool:
        """Look after the run, a few times a second; True when the screen shall close."""
        state = self._session.host.state
        while self._to_say:
            self._screen.tell(self._to_say.popleft())
        if self._stop.count or self._time_is_up() or self._is_over():
            return True
        if not self._file_is_open and state.facts is not None:
            self._open_file()
            self._screen.know(self._session.header())
        if state.phase is Phase.LISTENING and not self._listened:
            self._say_listening()
        if self._count is not None and self._limit is not None and self._count.update() >= self._limit:
            return True
        failure = state.failure
        if state.phase is Phase.ENDED and failure is not None and failure is not self._told:
            return not self._goes_on_without(failure)
        return False

    def _goes_on_without(self, failure: HostError) -> bool:
        """The app has failed: show why. False when it never started and cannot be mended: then there is nothing to see."""
        session = self._session
        if not (session.waits_for_change or session.can_restart or self._listened):
            return False
        self._told = failure
        trace, sentence = self._reason(failure)
        log_event(session.emit, "ERROR", "asgiviz", f"{sentence}\n{trace}".rstrip())
        self._screen.tell(sentence, wrong=True)
        if trace and self._app is not None and getattr(self._app.focused, "id", None) in self._screen.panes:
            self._screen.show_pane("logs")  # nobody is typing
        return True

    def _open_file(self) -> None:
        if not self._file_is_open:
            self._file_is_open = True
            super()._open_file()

    def say(self, sentence: str, before: str = "") -> None:
        """While the screen is open: a word on it, soon."""
        if self._app is None:
            super().say(sentence, before)
        else:
            self._to_say.append(sentence)

    # -- the end ---------------------------------------------------------------------------------------------------

    def _wait_for_the_app(self, stop: StopSignals) -> None:
        session, asked = self._session, stop.count
        wait_ended, grace = session.host.state.wait_ended, session.run.options.timeout_graceful_shutdown
        force_at = (self._closed_at or monotonic()) + grace + PATIENCE
        say_so = monotonic() + GRACE
        while not wait_ended(TICK) and monotonic() < force_at and stop.count == asked:
            if grace > GRACE and monotonic() > say_so:
                self.say("stopping; Ctrl-C ends it now")
                say_so = force_at
        if not wait_ended(0):
            session.ask_to_stop(force=True)
            wait_ended(NO_PATIENCE)
        self._open_file()  # an app that never came so far has its recording, too

    def _sum_up(self) -> None:
        """One line: how much it was, and where it is."""
        if self._screen is None:
            return
        if not self._listened and self._session.host.state.failure is not None:
            return  # why the app did not start is all there is to say
        feed = self._screen.feed
        feed.go_live()
        feed.advance(LAST_LOOK)
        events = f"{len(feed.recorder):,} events"
        connections = len(feed.ledger.order) + feed.ledger.forgotten
        counted = f"{connections:,} connection{'s' * (connections != 1)}, {events}" if feed.behind == 0 else events
        self.say(counted + (f"; saved in {self._record}" if self._record is not None and self._outputs else ""))

    def _tell_mistake(self, error: Exception) -> None:
        """Ours: everything that is recorded is saved, and a line says where."""
        session = self._session
        if not isinstance(error, Mistake):
            super()._tell_mistake(error)
        else:
            log_event(session.emit, "ERROR", "asgiviz", str(error))
            super().say(f"a mistake in asgiviz itself closed the screen: {str(error).strip().splitlines()[-1]}")
        if self._record is None:
            self._record = Path(f"asgiviz-{datetime.now().astimezone():%Y%m%d-%H%M%S}.asgiviz")
            try:
                self._file = open_for_writing(self._record, keep=True)
                self._file_is_open = False
            except RecordingError as trouble:
                super().say(str(trouble))
                self._record = None
                return
        super().say(f"please attach the recording to a report. To read it: asgiviz open {self._record}")


def mishap_of(app: AsgivizApp) -> str:
    """The traceback of a mistake of ours that closed the screen, or nothing. Without the values in it: some are secret."""
    error = app._exception  # noqa: SLF001  # what Textual prints of it shows all values
    return "".join(traceback.format_exception(error)) if error is not None else app.mishap_text


def load_screen() -> None:
    """Import everything that the screen is made of. Nothing of it is garbage, so nobody has to look for some meanwhile."""
    if "asgiviz.ui.trace_screen" in sys.modules:
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        import asgiviz.ui.app
        import asgiviz.ui.terminal
        import asgiviz.ui.trace_screen  # noqa: F401
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def give_away_standard_input() -> None:
    """What is typed is for the screen. An app that reads (a debugger) finds an end, and does not take keys away from it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def show_recording(reader: RecordingReader, settings: Settings, look: Look) -> int:
    """The screen on a saved recording; gives the exit code."""
    load_screen()
    from asgiviz.ui.app import AsgivizApp
    from asgiviz.ui.feed import Feed
    from asgiviz.ui.terminal import run_on
    from asgiviz.ui.trace_screen import TraceScreen

    terminal = own_copy(1)
    assert terminal is not None  # it is a terminal, or there would be no screen
    recorder = recorder_for(reader.header.started, FILE_EVENTS, FILE_BYTES).start()
    loading = Loading(reader, recorder)
    loading.start()
    screen = TraceScreen(Feed(recorder, growing=False, loaded=lambda: not loading.is_alive()), "open", None, reader.header)
    if look.filter is not None:
        screen.begin_with(look.filter)
    began = monotonic()
    told = False

    def look_after() -> bool:
        nonlocal told
        if not told and not loading.is_alive():
            told = True
            if reader.ending is not None:
                screen.tell(reader.ending)
            elif monotonic() - began > 2:
                screen.tell(f"{reader.name} is read")
        return bool(stop.count)

    with StopSignals() as stop:
        app = AsgivizApp(settings, screen, terminal=terminal, ascii=look.ascii, mask=look.mask, wants_to_end=look_after)
        run_on(terminal, app)
    code = 0
    if text := mishap_of(app):
        why = text.strip().splitlines()[-1]
        print(f"asgiviz: a mistake in asgiviz itself closed the screen: {why}", file=sys.stderr, flush=True)
        code = OUR_MISTAKE
    loading.stop()
    loading.join(TICK)
    if loading.is_alive():  # it waits for a pipe that nobody writes to, and would keep the process
        os._exit(code)
    recorder.close()
    return code
