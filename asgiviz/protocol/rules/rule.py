"""A rule of the book: what it asks of whom, where that is written, and two conversations: one breaks it, one keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from asgiviz.model.finding import Severity


class Basis(StrEnum):
    """Why it is a rule."""

    #: the text of the ASGI specification
    SPECIFICATION = "specification"
    #: an RFC of HTTP or WebSocket, and no server can repair it for the app
    RFC = "RFC"
    #: the specification is silent or leaves it open, and servers differ
    PORTABILITY = "portability"


class Party(StrEnum):
    """Who must obey."""

    APP = "app"
    SERVER = "server"
    #: both: whoever made the message
    BOTH = "app and server"
    #: an app between the server and another app
    MIDDLEWARE = "middleware"


@dataclass(frozen=True)
class Rule:
    """One rule.

    `line` is the rule as a plain sentence of at most 110 characters, `instead` what to do, in one to three short ones.
    `section` and `url` name the place where it is written. `breaks` and `keeps` are conversations as `example` reads them:
    the first gives this finding, the second none. `servers` is what servers were measured to do.
    `needs`: a recording cannot decide this rule, and what would be needed to; then it has no example that breaks it.
    `allows`: the rule forbids a checker to complain; then it has none either.
    """

    id: str
    basis: Basis
    severity: Severity
    party: Party
    line: str
    instead: str
    section: str
    url: str
    breaks: str = ""
    keeps: str = ""
    servers: str = ""
    needs: str = ""
    allows: bool = False

    @property
    def decidable(self) -> bool:
        """Whether a recording can show that it is broken."""
        return not self.needs and not self.allows
