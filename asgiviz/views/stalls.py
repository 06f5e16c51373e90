"""Stalls: one callback that held the event loop, in words: how long, in which line, whose, who waited, and what to do instead.

A stall that still goes on is told again under the same number; the last word counts. What a stall event holds in place of a
value counts as absent: nothing here raises.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.views.figures import duration
from asgiviz.views.spans import Role, Row, Span, Spans, shortened, width_of
from asgiviz.views.text import fit, number, safe
from asgiviz.views.tracebacks import package_of

#: Frames and victims of one stall that are read, and columns of a name or a line of source.
MOST, LONGEST_TEXT = 200, 200
#: Times beyond this (146 years) are no times.
LATEST = 2**62
_MS = 1_000_000
_SEPARATOR = re.compile(r"[/\\]")


class Frame(NamedTuple):
    """One frame of the stack that held the loop; `code` is its line of source, if that is known."""

    file: str
    line: int
    function: str
    code: str

    @property
    def is_own(self) -> bool:
        """Whether it is the user's own code."""
        return package_of(self.file) is None

    @property
    def place(self) -> str:
        """``shop.py:41``."""
        return f"{fit(_SEPARATOR.split(self.file)[-1], 60)}:{plain_number(self.line)}"


class Victim(NamedTuple):
    """A connection that waited, and how long; `at_most` when only the longest time is known. Nanoseconds."""

    conn: int
    ns: int
    at_most: bool


@dataclass(frozen=True)
class Stall:
    """One callback that held the loop for `ns`, until `ended`. `stack` stands innermost first."""

    seq: int
    number: int | None
    ended: int
    ns: int
    stack: tuple[Frame, ...]
    culprit: int | None
    victims: tuple[Victim, ...]
    inferred: bool
    held_gil: bool
    ongoing: bool
    why: str

    @classmethod
    def of(cls, event: Event) -> Stall:
        """The stall that a `stall` event tells."""
        ended = max(-LATEST, min(event.t, LATEST))
        return cls(
            seq=event.seq,
            number=_whole(event.get("id")),
            ended=ended,
            ns=_ns(event.get("ms")),
            stack=tuple(frame for item in _items(event.get("stack")) if (frame := frame_of(item)) is not None),
            culprit=_whole(event.get("culprit")),
            victims=tuple(victim for item in _items(event.get("victims")) if (victim := _victim(item)) is not None),
            inferred=event.get("confidence") != "observed",
            held_gil=event.get("held_gil") is True,
            ongoing=event.get("ongoing") is True,
            why=_text(event.get("why")),
        )

    @property
    def began(self) -> int:
        """When it began."""
        return self.ended - self.ns

    @property
    def longest_first(self) -> list[Victim]:
        """The victims, those that waited longest first."""
        return sorted(self.victims, key=lambda victim: (-victim.ns, victim.conn))

    @property
    def frame(self) -> Frame | None:
        """The frame to look at first: the innermost one in the user's own code, else the innermost."""
        return first_to_look_at(self.stack)


def first_to_look_at(stack: Sequence[Frame]) -> Frame | None:
    """The innermost frame of the user's own code, else the innermost of all; None where there is none."""
    return next((frame for frame in stack if frame.is_own), stack[0] if stack else None)


def stalls_of(events: Iterable[Event]) -> list[Stall]:
    """The stalls of a recording, each as it was told last, in the order in which they were told first."""
    told: dict[int | tuple[int], Stall] = {}
    for event in events:
        if event.ev == Ev.STALL:
            stall = Stall.of(event)
            told[(stall.seq,) if stall.number is None else stall.number] = stall
            if not stall.ongoing and stall.number is not None:  # a server that starts afresh counts afresh
                told[(stall.seq,)] = told.pop(stall.number)
    return sorted(told.values(), key=lambda stall: stall.ended)


def rows(stall: Stall, connections: Mapping[int, Connection], width: int) -> list[Row]:
    """The lines of a pane of `width` columns on one stall."""
    lines = [_headline(stall, connections), *_place(stall)]
    lines += [[Span("who waited", Role.STRONG)], *_waited(stall, connections)]
    if advice := hint(stall):
        lines += [[Span("instead", Role.STRONG)], *_paragraph(advice, width, Role.PLAIN)]
    lines += [[Span("the stack, your code first", Role.STRONG)], *_stack(stall)]
    lines += [[Span("inferred" if stall.inferred else "observed", Role.STRONG)]]
    lines += _paragraph(stall.why or "Nothing more is known.", width, Role.QUIET)
    return [Row(shortened(line, width), stall.seq) for line in lines]


def brief(stall: Stall, connections: Mapping[int, Connection], width: int) -> list[Row]:
    """The same in three or four lines: how long, by whom, in which line, who waited."""
    headline = _headline(stall, connections)
    by = [] if width_of(headline) <= width else [[Span("  by ", Role.QUIET), headline[-1]]]
    lines = [headline[:2] if by else headline, *by, *_place(stall)]
    if stall.victims:
        few = stall.longest_first[:20]
        told = [f"{who(one.conn, connections)} {'at most ' if one.at_most else ''}{duration(one.ns)}" for one in few]
        lines.append([Span("  waited: ", Role.QUIET), Span(", ".join(told), Role.WAITING)])
    return [Row(shortened(line, width), stall.seq) for line in lines]


def _headline(stall: Stall, connections: Mapping[int, Connection]) -> Spans:
    verb = "has blocked the loop for" if stall.ongoing else "blocked the loop for"
    return [
        Span("█ ", Role.ERROR),
        Span(f"{verb} {duration(stall.ns)}", Role.STRONG),
        Span("  by ", Role.QUIET),
        Span("nobody that can be told" if stall.culprit is None else who(stall.culprit, connections)),
    ]


def _place(stall: Stall) -> list[Spans]:
    if stall.frame is None:
        return [[Span("  in a line that was not seen", Role.QUIET)]]
    return [[Span(f"  {stall.frame.place}", Role.STRONG), Span(f"  {code_of(stall.frame)}")]]


def victim_at(stall: Stall, place: int) -> int | None:
    """The connection that row `place` of `rows` says waited."""
    first = 2 + 1  # headline and line, "who waited"
    return stall.longest_first[place - first].conn if first <= place < first + len(stall.victims) else None


def _waited(stall: Stall, connections: Mapping[int, Connection]) -> list[Spans]:
    if not stall.victims:
        return [[Span("  nobody else was seen to wait", Role.QUIET)]]
    return [
        [
            Span(f"  {'at most' if victim.at_most else '':>7} {duration(victim.ns):>8}", Role.WAITING),
            Span(f"  {who(victim.conn, connections)}"),
        ]
        for victim in stall.longest_first
    ]


def _stack(stall: Stall) -> list[Spans]:
    if not stall.stack:
        return [[Span("  it was not seen", Role.QUIET)]]
    own = [frame for frame in stall.stack if frame.is_own]
    others = [frame for frame in stall.stack if not frame.is_own]
    lines = [[Span(f"  {frame.place}", Role.STRONG), Span(f" {fit(frame.function, 60)}  {code_of(frame)}")] for frame in own]
    return lines + [
        [Span(f"  {frame.place} {fit(frame.function, 60)}  ({safe(package_of(frame.file) or '')})", Role.QUIET)]
        for frame in others
    ]


def _paragraph(text: str, width: int, role: Role) -> list[Spans]:
    return [[Span("  "), Span(line, role)] for line in textwrap.wrap(safe(text), max(10, width - 2))]


def who(conn: int, connections: Mapping[int, Connection]) -> str:
    """``#7 POST /orders``."""
    connection = connections.get(conn)
    name = f"#{plain_number(conn)}"
    if connection is None:
        return name
    what = {"http": connection.method, "websocket": "ws"}.get(connection.kind or "", connection.kind)
    return " ".join(fit(part, 80) for part in (name, what, connection.path) if part)


def plain_number(value: int) -> str:
    """A whole number without separators."""
    return number(value).replace(",", "")


def code_of(frame: Frame) -> str:
    """The line of source, or the function when it is not known."""
    return fit(frame.code, LONGEST_TEXT) if frame.code else f"in {fit(frame.function, 60)}"


#: What stands in the source, or is the innermost function -> what to do instead. The first that is found counts.
_HINTS = (
    (r"\btime\.sleep\(|\bsleep\(", "`await asyncio.sleep(…)` waits and lets everybody else go on."),
    (r"\bre\.|\.(?:match|search|fullmatch|sub|findall)\(", "Make the regular expression simpler, or bound what it is given."),
    (r"\brequests\.|\burlopen\(|\burllib3?\.", "Use an asynchronous client (httpx, aiohttp), or `await asyncio.to_thread(…)`."),
    (
        r"\.execute\w*\(|\.fetch\w*\(|\.commit\(|\.recv\(|\.connect\(|\.accept\(|\.makefile\(|sqlite3|psycopg2",
        "Use an asynchronous driver, or run it in a thread: `await asyncio.to_thread(…)`.",
    ),
    (r"\bopen\(|\.read\w*\(|\.write\w*\(", "Read and write files in a thread: `await asyncio.to_thread(…)`."),
    (
        r"\.acquire\(|\bwith\s+\w*lock\b|(?i:\block\b)",
        "Use an `asyncio.Lock` between tasks; wait for a thread's lock in a thread.",
    ),
    (r"\.get\(|\.put\(|\.join\(|\.result\(|\.wait\(", "Wait for another thread in a thread: `await asyncio.to_thread(…)`."),
    (r"\bsubprocess\.|\bos\.system\(", "`await asyncio.create_subprocess_exec(…)` waits without holding the loop."),
)
_OTHERWISE = "Run it in a thread: `await asyncio.to_thread(…)`; if it computes for long, in a process."
_ISOLATE = (
    " While it ran, nothing else in this process could, this screen neither: `--isolate` gives the app a process of its own."
)


def hint(stall: Stall) -> str:
    """What to do instead, as far as the line tells; empty when no line is known."""
    frame = stall.frame
    if frame is None:
        return _ISOLATE.strip() if stall.held_gil else ""
    advice = next((text for pattern, text in _HINTS if re.search(pattern, frame.code[:LONGEST_TEXT])), _OTHERWISE)
    return advice + (_ISOLATE if stall.held_gil else "")


def lane(stalls: Iterable[Stall], beats: Sequence[int], t0: int, t1: int, width: int) -> Spans:
    """The loop from `t0` to `t1` in `width` columns: ``█`` blocked, ``▁`` healthy.

    `beats` are moments, in order, at which the loop is known to have been alive (of any event of a connection, say):
    before the first and behind the last nothing is known, and the lane is blank unless a stall stands there.
    """
    width = max(0, width)
    span = max(1, t1 - t0)
    signs = [" "] * width

    def column(t: int) -> int:
        return (t - t0) * width // span

    if beats:
        for place in range(max(0, column(beats[0])), min(width, column(beats[-1]) + 1)):
            signs[place] = "▁"
    for stall in stalls:
        if stall.ended >= t0 and stall.began < t1:
            for place in range(max(0, column(stall.began)), min(width, column(max(stall.began, stall.ended - 1)) + 1)):
                signs[place] = "█"
    return _joined(signs)


def _joined(signs: list[str]) -> Spans:
    spans: Spans = []
    for sign in signs:
        role = Role.ERROR if sign == "█" else Role.QUIET
        if spans and spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + sign, role)
        else:
            spans.append(Span(sign, role))
    return spans


def frame_of(item: Any) -> Frame | None:
    """The frame that a recording tells; None when it is none."""
    if not isinstance(item, Mapping):
        return None
    line = _whole(item.get("line"))
    return Frame(_text(item.get("file")), 0 if line is None else line, _text(item.get("function")), _text(item.get("code")))


def _victim(item: Any) -> Victim | None:
    conn = _whole(item.get("conn")) if isinstance(item, Mapping) else None
    return None if conn is None else Victim(conn, _ns(item.get("ms")), item.get("inferred") is True)


def _items(value: Any) -> Sequence[Any]:
    return value[:MOST] if isinstance(value, (list, tuple)) else ()


def _text(value: Any) -> str:
    if isinstance(value, Mapping):  # a long text that was kept in part
        value = value.get("$text")
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def _ns(ms: Any) -> int:
    """Milliseconds as nanoseconds; what is no length of time is 0."""
    return int(ms * _MS) if type(ms) in (int, float) and 0 < ms < LATEST // _MS else 0
