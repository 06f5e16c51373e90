"""A finding: a rule of the protocol was broken (or is worth a remark), by whom, where, and what would have been legal."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How much a finding matters; `rank` orders them."""

    #: legal, and worth knowing
    INFO = "info"
    #: works here, and may not elsewhere
    WARNING = "warning"
    #: breaks the specification
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0, 1, 2: the higher, the worse."""
        return ("info", "warning", "error").index(self.value)


#: Who is to blame, unless it is a layer with a name of its own.
APP, SERVER, CLIENT = "app", "server", "client"


class CodePlace(NamedTuple):
    """A line of code: file, line from 1, and the function around it."""

    file: str
    line: int
    function: str


class Finding(NamedTuple):
    """What was found. `at` is the number of the event that shows it; `conn`, `layer` and `call` are that event's.

    `who`: app, server, client, or the name of a layer. `sentence` says what is wrong in this case, with its values; `legal`
    what could have stood there instead, a phrase each. `code` is where in the app it was done, the innermost call first; empty
    where the recording does not tell.
    """

    rule: str
    severity: Severity
    who: str
    conn: int | None
    at: int
    sentence: str
    layer: int = 0
    call: int | None = None
    legal: tuple[str, ...] = ()
    code: tuple[CodePlace, ...] = ()
