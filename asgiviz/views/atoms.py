"""The atoms of the filter language, one class each, and the table that the parser, `--help` and the screen read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from asgiviz.model.connection import Headers
from asgiviz.model.finding import Severity
from asgiviz.views.evidence import Evidence, Filter

SCOPE_TYPES = ("http", "websocket", "lifespan", "wsgi")
_SHORT_TYPES = {"ws": "websocket", "life": "lifespan"}  # as they stand in lists
_UNITS = {"us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000}
_DURATION = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(us|µs|ms|s|m)?")
_LONGEST = 10**18  # about 31 years
_RULE = re.compile(r"[A-Z]+(?:-[A-Z0-9]*)*")
_STATUS = re.compile(r"[1-9](?:[0-9]{2}|xx)")
_BARE = re.compile(r"[^\s&|()'\"!~\\][^\s&|()'\"\\]*")


@dataclass(frozen=True)
class Method(Filter):
    """`name` in capitals."""

    name: str

    def judge(self, evidence: Evidence) -> bool | None:
        connection = evidence.connection
        return (connection.method or "").upper() == self.name if connection.scope_seen else None

    def __str__(self) -> str:
        return f"~m {quoted(self.name)}"


@dataclass(frozen=True)
class Path(Filter):
    """The decoded path, without the query."""

    part: str

    def judge(self, evidence: Evidence) -> bool | None:
        connection = evidence.connection
        return self.part in (connection.path or "") if connection.scope_seen else None

    def __str__(self) -> str:
        return f"~p {quoted(self.part)}"


@dataclass(frozen=True)
class Status(Filter):
    """`code` is three digits, or one and ``xx``."""

    code: str

    def judge(self, evidence: Evidence) -> bool | None:
        connection = evidence.connection
        if connection.status is None:
            return False if connection.answered or connection.kind == "lifespan" else None
        return connection.status // 100 == int(self.code[0]) if self.code[1:] == "xx" else connection.status == int(self.code)

    def __str__(self) -> str:
        return f"~s {self.code}"


@dataclass(frozen=True)
class ScopeType(Filter):
    """One of `SCOPE_TYPES`."""

    name: str

    def judge(self, evidence: Evidence) -> bool | None:
        connection = evidence.connection
        return connection.kind == self.name if connection.scope_seen else None

    def __str__(self) -> str:
        return f"~t {self.name}"


@dataclass(frozen=True)
class Slower(Filter):
    """`than` in nanoseconds."""

    than: int

    def judge(self, evidence: Evidence) -> bool | None:
        return True if evidence.connection.duration(evidence.now) > self.than else None

    def __str__(self) -> str:
        for unit in ("m", "s", "ms", "us"):
            whole, rest = divmod(self.than, _UNITS[unit])
            if not rest:
                return f"~d {whole}{unit}"
        return f"~d {whole}.{rest:03d}us"


@dataclass(frozen=True)
class Body(Filter):
    """`text` as UTF-8 in what was kept of a body or a WebSocket message."""

    text: str

    @property
    def needle(self) -> bytes:
        """The bytes that are looked for."""
        return self.text.encode("utf-8", "surrogatepass")

    def judge(self, evidence: Evidence) -> bool | None:
        return True if self.needle in evidence.found else None

    def __str__(self) -> str:
        return f"~b {quoted(self.text)}"


@dataclass(frozen=True)
class HasHeader(Filter):
    """`name` in small letters; no `value` asks only whether the header is there."""

    name: str
    value: str = ""

    def judge(self, evidence: Evidence) -> bool | None:
        connection = evidence.connection
        if self._stands_in(connection.request_headers) or self._stands_in(connection.response_headers):
            return True
        return False if connection.scope_seen and (connection.answered or connection.kind == "lifespan") else None

    def _stands_in(self, headers: Headers) -> bool:
        if not headers:
            return False
        name, value = as_header(self.name), as_header(self.value)
        return any(key.lower() == name and value in found for key, found in headers)

    def __str__(self) -> str:
        return f"~h {quoted(f'{self.name}:{self.value}' if self.value else self.name)}"


@dataclass(frozen=True)
class Failed(Filter):
    """`Connection.failed`."""

    def judge(self, evidence: Evidence) -> bool | None:
        return True if evidence.connection.failed else None

    def __str__(self) -> str:
        return "~e"


@dataclass(frozen=True)
class Found(Filter):
    """What breaks a rule of ASGI, or is worth a remark: the rules that begin with `what`, or a severity; empty: any."""

    what: str = ""

    def judge(self, evidence: Evidence) -> bool | None:
        hit = (rule.startswith(self.what.upper()) or severity == self.what.lower() for rule, severity in evidence.findings)
        return True if any(hit) else None

    def __str__(self) -> str:
        return f"~r {quoted(self.what)}" if self.what else "~f"


@dataclass(frozen=True)
class AtomKind:
    """A row of the table: how an atom is written and read.

    `build` makes the atom from its argument and raises ValueError with what is wrong with that argument.
    """

    sign: str
    argument: str
    says: str
    example: str
    build: Callable[[str], Filter]


def _status(text: str) -> Filter:
    if not _STATUS.fullmatch(text.lower()):
        raise ValueError("is no status: write three digits such as 404, or a class such as 5xx")
    return Status(text.lower())


def _scope_type(text: str) -> Filter:
    name = _SHORT_TYPES.get(text.lower(), text.lower())
    if name not in SCOPE_TYPES:
        raise ValueError(f"is no scope type: write {', '.join(SCOPE_TYPES[:-1])} or {SCOPE_TYPES[-1]}")
    return ScopeType(name)


def _slower(text: str) -> Filter:
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        raise ValueError("is no duration: write a number with us, ms, s or m behind it, such as 100ms")
    than = int(Decimal(match[1]) * _UNITS[match[2] or "s"])
    if than > _LONGEST:
        raise ValueError("is longer than any recording")
    return Slower(than)


def _header(text: str) -> Filter:
    name, _, value = text.partition(":")
    if not name.strip():
        raise ValueError("names no header: write name or name:value")
    return HasHeader(name.strip().lower(), value.strip())


def _rule(text: str) -> Filter:
    if not (_RULE.fullmatch(text.upper()) or text.lower() in tuple(Severity)):
        raise ValueError("is no rule: write one such as HTTP-S-021, its beginning such as WS, or error, warning or info")
    return Found(text.lower() if text.lower() in tuple(Severity) else text.upper())


#: Every atom there is, in the order in which help shows them.
ATOMS: tuple[AtomKind, ...] = (
    AtomKind("~m", "METHOD", "the request method, in any case", "~m POST", lambda text: Method(text.upper())),
    AtomKind("~p", "TEXT", "the path contains TEXT", "~p /orders", Path),
    AtomKind("~s", "STATUS", "the status is 404, or of the class 5xx; of a refused WebSocket too", "~s 5xx", _status),
    AtomKind("~t", "TYPE", "the scope type: http, websocket or lifespan; or wsgi", "~t websocket", _scope_type),
    AtomKind("~d", "TIME", "it took longer than TIME (us, ms, s, m; s when none is given)", "~d 100ms", _slower),
    AtomKind("~b", "TEXT", "TEXT is in a body or a WebSocket message, in or out", "~b hello", Body),
    AtomKind(
        "~h", "NAME[:VALUE]", "a request or response header NAME is there (and contains VALUE)", "~h accept:json", _header
    ),
    AtomKind("~e", "", "it failed: an exception, no whole response, no answer to the handshake", "~e", lambda _: Failed()),
    AtomKind("~f", "", "it has findings: a rule of ASGI was broken, or there is a remark", "~f", lambda _: Found()),
    AtomKind("~r", "RULE", "a rule that begins with RULE was broken; or any of that severity", "~r HTTP-S", _rule),
)
#: What joins atoms, for the same help.
OPERATORS: tuple[tuple[str, str], ...] = (
    ("!A", "not A"),
    ("A & B", "both; the & may be left out"),
    ("A | B", "at least one; & binds closer than |"),
    ("( )", "first what is inside"),
    ("'…' \"…\"", "a TEXT with spaces or signs in it"),
)


def quoted(text: str) -> str:
    """An argument as it must be written: bare where that reads back the same, in quotes otherwise."""
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_header(text: str) -> bytes:
    """The bytes that a header name or value typed by a person stands for: latin-1 as HTTP has it, else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
