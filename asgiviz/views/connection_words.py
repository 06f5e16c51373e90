"""What a connection is called, in few columns: its kind, method and path, code, times and counts."""

from __future__ import annotations

from asgiviz.model.connection import Connection
from asgiviz.model.masking import Mask
from asgiviz.views.figures import duration
from asgiviz.views.spans import Role, Span, cut, shortened, text_of
from asgiviz.views.text import cells_of, fit, safe, safe_bytes
from asgiviz.views.time_axis import rounded

#: Hides what is secret; what views mask with unless they are told otherwise.
MASK = Mask()
#: Columns that a code takes at most.
CODE = 4
_MINUTE = 60_000_000_000
_KINDS = {"http": "http", "websocket": "ws", "lifespan": "life"}


def kind_of(connection: Connection) -> str:
    """The scope type in four columns."""
    kind = connection.kind
    return "?" if kind is None else _KINDS.get(kind) or end_cut(safe(kind[:CODE]), CODE)


def tag_of(connection: Connection | int) -> str:
    """``#7``"""
    number = connection if isinstance(connection, int) else connection.conn
    return f"#{fit(str(number), 12)}"


def what_of(connection: Connection, width: int, mask: Mask | None) -> Span:
    """Method, path and query. A long path is cut in its middle, because its end tells it from its neighbours."""
    path = connection.path
    if path is None:
        nothing = "(no path)" if connection.scope_seen else "(in line)" if connection.kind == "wsgi" else "(no scope)"
        text = "lifespan" if connection.kind == "lifespan" else nothing
        return Span(end_cut(text, width), Role.LIFE)
    method = safe(connection.method[:16]) + " " if connection.method else ""
    room = max(1, width - cells_of(method))
    shown = middle_cut(path, room)
    if connection.query and (left := room - cells_of(shown)) > 1:
        query = connection.query if mask is None else mask.query(connection.query)
        shown += end_cut("?" + safe_bytes(query[: 4 * width]), left)
    return Span(end_cut(method + shown, width))


def code_of(connection: Connection) -> Span:
    """Status or close code; ``up`` and ``open`` while that is so, ``···`` before, ``none`` when it ended without one."""
    match connection.kind:
        case "lifespan":
            word = "down" if connection.over else "up" if connection.messages_out else "···"
            return Span(word, Role.LIFE)
        case "websocket" if connection.accepted:
            if connection.close_code is not None:
                return Span(end_cut(str(connection.close_code), CODE))
            return Span("none", Role.QUIET) if connection.over else Span("open", Role.LIFE)
        case _:
            if connection.status is None:
                return Span("none", Role.QUIET) if connection.over else Span("···", Role.LIFE)
            broken = 500 <= connection.status < 600
            return Span(end_cut(str(connection.status), CODE), Role.ERROR if broken else Role.PLAIN)


def running_share(connection: Connection, now: int) -> float:
    """The part of its time, from 0 to 1, in which the app was not suspended in receive or send."""
    total = connection.duration(now)
    if total <= 0:
        return 1.0
    waited = connection.waited_receive + connection.waited_send
    if connection.open_calls:
        waited += now - min(connection.open_calls.values())
    return 1 - max(0, min(waited, total)) / total


def clock(ns: int) -> str:
    """A duration in at most eight columns."""
    if ns < _MINUTE - 500_000:
        return end_cut(duration(ns), 8)
    if ns < 10 * _MINUTE - 500_000_000:
        minutes, seconds = divmod(round(ns / 1_000_000_000), 60)
        return f"{minutes}:{seconds:02} min"
    return rounded(ns)


def amount(count: int) -> str:
    """A count in at most four columns."""
    if count < 1_000:
        return str(count)
    return f"{count // 1_000}k" if count < 1_000_000 else f"{min(count // 1_000_000, 999)}M"


def middle_cut(text: str, cells: int) -> str:
    """A path as safe text of at most `cells` columns: ``…`` in its middle, or at its end when it has no parts."""
    if len(text) <= cells and cells_of(shown := safe(text)) <= cells:
        return shown
    if "/" not in text[1:]:
        return end_cut(safe(text[: max(0, cells) + 1]), cells)
    left = (cells - 1) // 2
    right = cells - 1 - left
    tail = safe(text[-right:]) if right else ""
    beginning = text_of(cut([Span(safe(text[:left]))], left))
    end = text_of(cut([Span(tail)], right, cells_of(tail) - right))
    return f"{beginning}…{end}"[: max(0, cells)]


def end_cut(text: str, cells: int) -> str:
    """Safe text of at most `cells` columns, with ``…`` for what is missing at its end."""
    if text.isascii() and len(text) <= cells:
        return text
    return text_of(shortened([Span(text)], max(0, cells)))
