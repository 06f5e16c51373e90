"""The terminal: Textual's driver on descriptors of our own, because 0, 1 and 2 belong to the app that is traced.

Whatever happens while the screen is open, the terminal is given back as it was found.
"""

from __future__ import annotations

import asyncio
import io
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, ClassVar, cast

from textual import events
from textual.app import App, ScreenStackError
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

#: Signals that Textual's driver takes for itself.
_SIGNALS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
#: Out of every mode that the driver enters: mouse, paste, resize and focus reports, kitty's keyboard, the other screen.
_LEAVE = (
    "".join(f"\x1b[?{mode}l" for mode in (1000, 1003, 1015, 1006, 1016, 2004, 2048, 1004))
    + "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
)
#: Seconds that what is left in the screen's own loop may take to end.
_LEFTOVERS = 0.2


def driver_on(stream: BinaryIO | None) -> type[Driver] | None:
    """A driver class that draws on `stream`; None (Textual's own choice) when there is none."""
    return None if stream is None else type("DriverOnStream", (TerminalDriver,), {"terminal": stream.fileno()})


class TerminalDriver(LinuxDriver):
    """Draws on the terminal that was ours before the app's output was taken away, and reads its keys."""

    #: the terminal's descriptor
    terminal: ClassVar[int]

    def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        if sys.__stdin__ is None:  # it was closed from the start; Textual asks for its number
            sys.__stdin__ = open(os.devnull, encoding="utf-8")  # type: ignore[misc]  # noqa: PTH123, SIM115
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = cast("Any", _Canvas(self.terminal))
        self.fileno = open_keyboard()
        self.input_tty = True

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self.terminal)
        except OSError:
            return 80, 24
        return width or 80, height or 24

    def _sigtstp_application(self, *_: object) -> None:
        """Suspend the whole job, as the terminal itself does: `uv run` or `make` before us must stop, too."""
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.kill(0, signal.SIGSTOP)

    def run_input_thread(self) -> None:
        """Textual's loop over what is typed, until the terminal is gone."""
        try:
            super().run_input_thread()
        except OSError:
            terminal_gone()

    def process_message(self, message: Message) -> None:
        """Ctrl+C is the signal that it is everywhere else, unless there is a selected text to copy."""
        if isinstance(message, events.Key) and message.key == "ctrl+c":
            self._loop.call_soon_threadsafe(self._copy_or_interrupt, message)
        else:
            super().process_message(message)

    def _copy_or_interrupt(self, key: Message) -> None:
        if selects_text(self._app):
            super().process_message(key)
        else:
            os.kill(os.getpid(), signal.SIGINT)


def open_keyboard() -> int:
    """A descriptor that gives what is typed at our terminal, whatever standard input is; OSError without a terminal."""
    return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def selects_text(app: App[Any]) -> bool:
    """Whether some text is selected, in a line that is edited or with the mouse."""
    with suppress(ScreenStackError):  # there is no screen yet, or none any more
        return bool(getattr(app.focused, "selected_text", "") or app.screen.get_selected_text())
    return False


def terminal_gone() -> None:
    """The window was closed: end as if told to, because the shell may not be there any more to tell us."""
    os.kill(os.getpid(), signal.SIGTERM)


class _Canvas(io.TextIOBase):
    """Where Textual's writer thread writes. A terminal that is gone takes nothing, and the thread goes on."""

    def __init__(self, fd: int) -> None:
        self._fd = os.dup(fd)
        self._gone = False

    def fileno(self) -> int:
        return self._fd

    def write(self, text: str, /) -> int:
        left = memoryview(text.encode("utf-8", "replace"))
        while left and not self._gone:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:  # somebody who shares the terminal does not want to wait for it
                select.select([], [self._fd], [], 1.0)
            except OSError:
                self._gone = True
                terminal_gone()
        return len(text)


def run_on(terminal: BinaryIO, app: App[Any]) -> None:
    """Run `app` on `terminal` until it is closed, without waiting for its worker threads to come back."""
    with left_as_found(terminal):
        loop = asyncio.new_event_loop()
        try:
            app.run(loop=loop)
            if leftovers := asyncio.all_tasks(loop):
                for task in leftovers:
                    task.cancel()
                loop.run_until_complete(asyncio.wait(leftovers, timeout=_LEFTOVERS))
        finally:
            loop.close()


@contextmanager
def left_as_found(terminal: BinaryIO) -> Iterator[None]:
    """Put back the terminal's attributes and modes, when nobody else did, and the signals that the driver takes."""
    fd = terminal.fileno()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    attributes = termios.tcgetattr(fd)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with suppress(termios.error, OSError):  # the terminal is gone
            if termios.tcgetattr(fd) != attributes:
                os.write(fd, _LEAVE.encode())
                termios.tcsetattr(fd, termios.TCSANOW, attributes)
