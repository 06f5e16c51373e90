"""The terminal: Textual's driver on streams of our own, because descriptors 1 and 2 carry what the app prints."""

from __future__ import annotations

import io
import os
from typing import Any, BinaryIO, cast

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


def driver_on(stream: BinaryIO | None) -> type[Driver] | None:
    """A driver class that draws on `stream`; None (Textual's own choice) when there is none."""
    if stream is None:
        return None
    fd = stream.fileno()

    class TerminalDriver(LinuxDriver):
        """Writes to the terminal that was ours before the app's output was taken away."""

        def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
            super().__init__(app, debug=debug, mouse=mouse, size=size)
            self._file = cast("Any", io.TextIOWrapper(os.fdopen(os.dup(fd), "wb"), encoding="utf-8", errors="replace"))

        def _get_terminal_size(self) -> tuple[int, int]:
            try:
                width, height = os.get_terminal_size(fd)
            except OSError:
                return 80, 24
            return width or 80, height or 24

    return TerminalDriver
