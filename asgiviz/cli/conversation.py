"""A conversation in lines: rows are said on standard output, answers are read from standard input.

No cursor is moved and nothing is drawn over, so that a screen reader, a pipe and a narrow window all do. The words that can
be typed at every question (`ANYWHERE`) are understood here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import BinaryIO

from asgiviz.cli.look import Look
from asgiviz.views.markdown_rows import READABLE
from asgiviz.views.plain import COLOURS
from asgiviz.views.spans import Role, Row, Spans, spelt, text_of
from asgiviz.views.wrapping import TAB

#: What can be typed at every question -> what it does.
ANYWHERE = {
    "help": "what can be typed here",
    "repeat": "this page again, from its beginning",
    "back": "the page before",
    "quit": "end; what you have done is kept",
}
_SHORT = {"?": "help", "q": "quit"}
_SGR = {**COLOURS, "strong": "1", "mark": "7"}
#: The narrowest text.
NARROWEST = 20


class Turn(StrEnum):
    """Where to go on."""

    REPEAT = "repeat"
    BACK = "back"


class TurnTo(Exception):  # noqa: N818  # it is no error
    """The learner wants to go on somewhere else."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self.turn = turn


class Over(Exception):  # noqa: N818  # it is no error
    """The learner has ended the conversation, or there is nothing more to read."""


class MuteError(Exception):
    """Nothing more can be said, and not because the listener has left; `str()` is why."""


class Conversation:
    """Says and asks; `width` is that of the text."""

    def __init__(self, look: Look, stdin: BinaryIO | None, stdout: BinaryIO) -> None:
        self.width = max(NARROWEST, min(look.width, READABLE))
        self._look = look
        self._stdin = stdin
        self._stdout = stdout
        #: what is typed on a terminal is seen there already
        self._echoes = stdin is None or not stdin.isatty()

    def say(self, rows: Iterable[Row] | str = "") -> None:
        """Rows, or a sentence of ours; an empty one is a blank line."""
        from asgiviz.views.lesson_linear import said

        lines = (said(rows, self.width) or [Row([])]) if isinstance(rows, str) else rows
        self._write("".join(self._drawn(row.spans).rstrip() + "\n" for row in lines))

    def ask(self, prompt: str, words: dict[str, str]) -> str:
        """What was typed, without spaces around it. `words` are what can be typed here, told to who asks for help."""
        while True:
            self._write(self._spelt(f"{prompt} "))
            said = self._read()
            meant = _SHORT.get(said.casefold(), said.casefold())
            if said in words or meant not in ANYWHERE:
                return said
            match meant:
                case "help":
                    self._help(words)
                case "quit":
                    raise Over
                case _:
                    raise TurnTo(Turn(meant))

    def _help(self, words: dict[str, str]) -> None:
        from asgiviz.views.lesson_linear import listed, said

        for word, does in {**words, **ANYWHERE}.items():
            mark = f"  {word or 'Enter'}: "
            self.say(listed(mark, said(does, max(1, self.width - len(mark)))))

    def _read(self) -> str:
        line = "" if self._stdin is None else self._stdin.readline().decode("utf-8", "replace")
        if not line:
            self._write("\n")
            raise Over
        said = line.strip()
        if self._echoes:
            self._write(self._spelt("".join(c if c.isprintable() else "?" for c in said.expandtabs(TAB))) + "\n")
        return said

    def _drawn(self, spans: Spans) -> str:
        if not self._look.colour:
            return self._spelt(text_of(spans))
        return "".join(_painted(self._spelt(text), role) for text, role in spans)

    def _spelt(self, text: str) -> str:
        return spelt(text) if self._look.ascii else text

    def _write(self, text: str) -> None:
        try:
            self._stdout.write(text.encode("utf-8", "backslashreplace"))
            self._stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise MuteError(error.strerror or str(error)) from None


def _painted(text: str, role: Role) -> str:
    code = _SGR.get(role.value)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text
