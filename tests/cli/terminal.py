"""A terminal to run `asgiviz` on: a pseudo-terminal, and an emulator that knows what would be seen on it.

Keys are typed as a person's terminal sends them, the screen is read as a person sees it, and what was left of the
terminal's modes and attributes can be asked afterwards.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pyte

#: What a condition is given before it counts as never coming true, in seconds.
PATIENCE = 15.0
#: What terminals send for keys that have no character.
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "shift+home": "\x1b[1;2H",
    "ctrl+c": "\x03",
    "ctrl+q": "\x11",
    "ctrl+z": "\x1a",
    # as terminals with the kitty keyboard protocol send it
    "kitty ctrl+c": "\x1b[99;5u",
}
#: Private modes that a program must not leave switched on, by their number.
MODES = {
    1000: "mouse clicks",
    1002: "mouse drags",
    1003: "mouse moves",
    1004: "focus reports",
    1006: "mouse, SGR",
    1015: "mouse, urxvt",
    1016: "mouse, pixels",
    1049: "alternate screen",
    2004: "bracketed paste",
    2048: "resize reports",
}
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
#: The kitty protocol's push and pop, and questions to the terminal: the emulator does not know them.
_UNKNOWN = re.compile(rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\??[\d;]*\$p")
#: A sequence at the end of which more is to come.
_PART = re.compile(rb"\x1b(\[[<>=?]?[\d;]*\$?)?\Z")


class Terminal:
    """A terminal of `columns` by `lines` with ``asgiviz ARGUMENTS`` running on it, or whatever `command` says."""

    def __init__(
        self,
        *arguments: str,
        directory: Path,
        columns: int = 120,
        lines: int = 36,
        command: list[str] | None = None,
        stdin: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, self._tty = os.openpty()
        self._resize(columns, lines)
        self.attributes = termios.tcgetattr(self._tty)
        self.raw = b""
        self._shown = 0
        on_tty = 'tty=$1; shift; exec "$@" >"$tty" 2>"$tty"' + ("" if stdin is not None else ' <"$tty"')
        claim = 'exec 3<"$1"; exec 3<&-; '  # the first terminal that a session's leader opens becomes its own
        tty = os.ttyname(self._tty)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", claim + on_tty, "sh", tty, *(command or [sys.executable, "-m", "asgiviz"]), *arguments],
            cwd=directory,
            stdin=stdin,
            start_new_session=True,
            env={**_plain_environment(), **(environment or {})},
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.hang_up()

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    # -- what a person does ----------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Type keys: by a name of `KEYS`, else as they stand."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size."""
        self.text  # noqa: B018  # what was drawn for the old size
        self.screen.resize(lines, columns)
        self._resize(columns, lines)

    def hang_up(self) -> None:
        """Close the window."""
        for fd in (self._master, self._tty):
            with suppress(OSError):
                os.close(fd)

    # -- what a person sees ----------------------------------------------------------------------------------------

    def read(self, timeout: float = 0.0) -> bool:
        """Take in what was written to the terminal; False when there was nothing within `timeout`."""
        came = False
        while select.select([self._master], [], [], 0 if came else timeout)[0]:
            try:
                self.raw += os.read(self._master, 65536)
            except OSError:  # everybody has closed it
                break
            came = True
        return came

    @property
    def text(self) -> str:
        """The screen as it is seen now."""
        self.read()
        part = _PART.search(self.raw, self._shown)
        end = part.start() if part else len(self.raw)
        self._stream.feed(_UNKNOWN.sub(b"", self.raw[self._shown : end]))
        self._shown = end
        return "\n".join(self.screen.display)

    def look_of(self, pattern: str) -> Any:
        """How the last letter of `pattern` is drawn, where it is seen first: letter, colours and attributes."""
        for line, text in enumerate(self.text.split("\n")):
            if found := re.search(pattern, text):
                return self.screen.buffer[line][found.end() - 1]
        raise AssertionError(f"{pattern!r} is not to be seen:\n{self.text}")

    def wait_until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until `condition` holds; fails with the screen when it never does."""
        deadline = monotonic() + PATIENCE
        while not condition():
            ended = self.process.poll() is not None
            if monotonic() > deadline or (ended and not self.read(0.2)):
                assert condition(), f"never: {what or condition}\nended: {self.process.poll()}\n{self.text}"
                return
            self.read(0.05)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until `pattern` is seen."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found[:] = [match] if (match := re.search(pattern, self.text)) else []
            return bool(found)

        self.wait_until(seen, pattern)
        return found[0]

    def url(self) -> str:
        """The address in the title bar, once it is there."""
        return self.wait_for(r"http://127\.0\.0\.1:\d+").group()

    @property
    def printed(self) -> str:
        """What stands on the normal screen after the program has left the alternate one."""
        self.wait_until(lambda: self.process.poll() is not None, "it ended")
        self.read(0.1)
        return self.raw.rpartition(b"\x1b[?1049l")[2].decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def words(self) -> str:
        """`printed` without control sequences."""
        return re.sub(r"\x1b\[[<>=?]?[\d;]*[a-zA-Z]", "", self.printed)

    def end(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; the exit code."""
        deadline = monotonic() + timeout
        while self.process.poll() is None:
            assert monotonic() < deadline, f"it does not end:\n{self.text}"
            self.read(0.01)
        self.read(0.1)
        return self.process.wait()

    # -- what is left of it ----------------------------------------------------------------------------------------

    @property
    def left_behind(self) -> list[str]:
        """What a program has not put back as it was: modes, the cursor, the line's attributes."""
        self.read()
        on: set[int] = set()
        hidden = False
        for numbers, letter in _MODE.findall(self.raw):
            for number in map(int, numbers.split(b";")):
                if number == 25:
                    hidden = letter == b"l"
                else:
                    (on.add if letter == b"h" else on.discard)(number)
        wrong = [MODES.get(number, f"mode {number}") for number in sorted(on - {7, 2026})]
        wrong += ["no line wrap"] if 7 not in on and b"\x1b[?7l" in self.raw else []
        wrong += ["the cursor is hidden"] if hidden else []
        pushed = len(re.findall(rb"\x1b\[>\d+u", self.raw)) - len(re.findall(rb"\x1b\[<u", self.raw))
        wrong += ["kitty keyboard"] if pushed > 0 else []
        wrong += ["attributes"] if termios.tcgetattr(self._tty) != self.attributes else []
        return wrong


def _plain_environment() -> dict[str, str]:
    """The environment of a plain terminal, whatever the tests run in."""
    ours = ("ASGIVIZ_", "TEXTUAL", "TERM_", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
