"""The screen on the command line: a live run, or a saved recording, and what is left when it is closed."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from asgiviz.cli.live import ConnectionCount, LiveRun, StopSignals
from asgiviz.cli.look import Look
from asgiviz.host.state import Phase
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.probe.logs import log_event
from asgiviz.settings import Settings
from asgiviz.store.errors import RecordingError
from asgiviz.store.loading import Loading, recorder_for
from asgiviz.store.reader import RecordingReader
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import write_file

#: Events and bytes of a saved recording that are kept in memory; of a longer one the oldest go.
FILE_EVENTS, FILE_BYTES = 2_000_000, 1 << 30


class ScreenRun(LiveRun):
    """A live run with the trace screen in front of it."""

    def _wait_until_loaded(self, stop: StopSignals) -> None:
        """The screen opens at once, and shows how the app starts."""

    def _open_outputs(self) -> None:
        """The file is opened when the header is known."""

    def _watch(self, stop: StopSignals) -> None:
        from asgiviz.ui.app import AsgivizApp
        from asgiviz.ui.feed import Feed
        from asgiviz.ui.trace_screen import TraceScreen

        session = self._session
        self._stop = stop
        self._count = ConnectionCount(session.recorder) if self._limit else None
        self._said: list[str] = []
        self._screen = screen = TraceScreen(Feed(session.recorder), "trace", session, session.header())
        self._app = app = AsgivizApp(
            Settings.load(), screen, terminal=session.out, ascii=self._look.ascii, mask=self._look.mask, wants_to_end=self._tick
        )
        if self._look.filter is not None:
            screen.begin_with(self._look.filter)
        self._header_known = False
        try:
            app.run()
        finally:
            self._app = None
            for sentence in self._said:
                super().say(sentence)
        if app.mishap_text:
            self._tell_mishap(app.mishap_text)

    _app: Any = None
    _header_known = False

    def _tick(self) -> bool:
        """Look after the run, ten times a second; True when the screen shall close."""
        session, state = self._session, self._session.host.state
        if self._stop.count or self._time_is_up() or self._is_over():
            return True
        if not self._header_known and state.facts is not None:
            self._header_known = True
            super()._open_file()
            self._screen.know(session.header())
        if state.phase is Phase.LISTENING and not self._listened:
            self._say_listening()
        if self._count is not None and self._limit is not None and self._count.update() >= self._limit:
            return True
        failure = state.failure
        if state.phase is Phase.ENDED and failure is not None and failure is not self._told:
            if not (session.waits_for_change or session.can_restart or self._listened):
                return True  # it never started: what went wrong is told in full where there is room for it
            self._told = failure
            log_event(session.emit, "ERROR", "asgiviz", (failure.trace or "") + str(failure))
            self._screen.tell(str(failure), wrong=True)
        return False

    def say(self, sentence: str, before: str = "") -> None:
        """While the screen is open: a word on it. And again when it is closed, if nobody could read it."""
        if self._app is None:
            super().say(sentence, before)
        else:
            self._screen.tell(sentence)

    def _tell_mishap(self, text: str) -> None:
        """Ours: the recording is saved, and a line says where."""
        session = self._session
        log_event(session.emit, "ERROR", "asgiviz", text)
        path = Path(f"asgiviz-{datetime.now().astimezone():%Y%m%d-%H%M%S}.asgiviz")
        super().say(f"a mistake in asgiviz itself closed the screen: {text.strip().splitlines()[-1]}")
        try:
            write_file(session.recorder, path, session.header(), self._look.mask or Mask(), super().say).close()
            super().say(
                f"everything recorded up to here is in {path}; please attach it to a report. To read it: asgiviz open {path}"
            )
        except RecordingError as error:
            super().say(str(error))


def show_recording(reader: RecordingReader, settings: Settings, look: Look) -> int:
    """The screen on a saved recording; gives the exit code."""
    from asgiviz.ui.app import AsgivizApp
    from asgiviz.ui.feed import Feed
    from asgiviz.ui.trace_screen import TraceScreen

    recorder: Recorder = recorder_for(reader.header.started, FILE_EVENTS, FILE_BYTES).start()
    loading = Loading(reader, recorder)
    loading.start()
    header: Header = reader.header
    screen = TraceScreen(Feed(recorder, growing=False), "open", None, header)
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
        return False

    app = AsgivizApp(settings, screen, ascii=look.ascii, mask=look.mask, wants_to_end=look_after)
    app.run()
    loading.stop()
    loading.join(1)
    recorder.close()
    if app.mishap_text:
        why = app.mishap_text.strip().splitlines()[-1]
        print(f"asgiviz: a mistake in asgiviz itself closed the screen: {why}", file=sys.stderr)
        return 70
    return 0


def take_recording_from_input() -> BinaryIO:
    """Standard input carries a recording, so the keys come from the terminal itself. Gives the recording's stream."""
    data = os.fdopen(os.dup(0), "rb")
    terminal = os.open("/dev/tty", os.O_RDONLY)
    os.dup2(terminal, 0)
    os.close(terminal)
    return data
