"""What an explanation consists of. The tables are in the files `terms_…`, and `glossary` finds things in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: What every `Entry.servers` was measured with; whoever shows one says so once.
MEASURED_WITH = "uvicorn 0.54, hypercorn 0.18, daphne 4.2 and granian 2.8, in November 2026"


class Kind(StrEnum):
    """What is explained."""

    #: a key of the scope, or of a dict in it
    SCOPE_KEY = "scope key"
    #: a key of a WSGI app's environ
    ENVIRON_KEY = "environ key"
    #: a type of message
    MESSAGE = "message"
    #: a key of a message
    MESSAGE_KEY = "message key"
    #: a close code of WebSocket, or a range of them
    CLOSE_CODE = "close code"
    #: a header of HTTP
    HEADER = "header"
    #: a status code of HTTP
    STATUS = "status"
    #: a state of a connection's automaton
    STATE = "state"
    #: an exception, by the name of its class
    ERROR = "error"
    #: a term of the field
    WORD = "word"


@dataclass(frozen=True)
class Entry:
    """The explanation of one thing.

    `line` is a plain sentence of less than 100 characters, `more` one to four short ones, often on what beginners get
    wrong. `section` names the place in the specification and `url` leads there. `servers` is what servers do
    differently. `see` names related entries, as `glossary.look_up` takes them.
    """

    word: str
    kind: Kind
    line: str
    more: str
    section: str
    url: str
    servers: str = ""
    see: tuple[str, ...] = ()
