"""The picture of a transition table: its states side by side in the order of life, and below them a row for each arrow.

Drawn from the rows of the table and nothing else; `TRACKS` only says which states stand beside one another. An arrow that
may be taken now is heavy, a state that was left has ``✓``, the current one ``▶ ◀``. Rows of extensions that the server has
not announced are left out. All words and signs here are our own, each character one column.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from asgiviz.protocol.http_machine import Request, Response
from asgiviz.protocol.lifespan_machine import Lifespan
from asgiviz.protocol.machines import Machine
from asgiviz.protocol.transitions import ANY_MESSAGE, Memo, Part, State, Transition, Verdict, Way
from asgiviz.protocol.websocket_machine import Conversation
from asgiviz.views.spans import Role, Row, Span, Spans

#: How a message type is called in the picture, where its last word does not do.
_SHORT = {
    ANY_MESSAGE: "anything",
    "http.response.zerocopysend": "zerocopy",
    "websocket.http.response.start": "http start",
    "websocket.http.response.body": "http body",
}
_PARTS = {Part.MORE: "…", Part.LAST: " last", Part.TRAILERS: "+trailers", Part.RETURNED: " returned", Part.RAISED: " raised"}
ROLES = {Way.RECEIVE: Role.RECEIVE, Way.SEND: Role.SEND, Way.EXIT: Role.LIFE}
SIGNS_OF_WAY = {Way.RECEIVE: "▶ R", Way.SEND: "◀ S", Way.EXIT: "○  "}
#: Columns around the words of an arrow, from handsome to tight.
_PADDINGS = (5, 4, 2)
#: Columns by which two neighbours may stand further apart than they must; the left margin of everything.
_AIR, MARGIN = 14, 1


class Track(NamedTuple):
    """States that stand in one row, with their name."""

    name: str
    side: int
    states: tuple[State, ...]


_C = Conversation
#: Scope type -> its tracks. An arrow is drawn in the first track that holds both its ends.
TRACKS: dict[str, tuple[Track, ...]] = {
    "http": (Track("Request", 0, tuple(Request)), Track("Response", 1, tuple(Response))),
    "websocket": (
        Track("If accepted", 0, (_C.CONNECT, _C.HANDSHAKE, _C.OPEN, _C.CLOSING, _C.CLOSED)),
        Track("If refused", 0, (_C.HANDSHAKE, _C.DENYING, _C.REJECTED, _C.CLOSED)),
    ),
    "lifespan": (Track("Lifespan", 0, tuple(Lifespan)),),
}


def short_name(row: Transition) -> str:
    """``body…``, ``body last``: what a row is called in the picture."""
    return _SHORT.get(row.what, row.what.rpartition(".")[2]) + _PARTS.get(row.part, "")


def drawn(machine: Machine, row: Transition) -> bool:
    """Whether a row belongs into the picture: it is ordinary, and can happen with what this server announces."""
    if row.verdict is not Verdict.LEGAL or not machine.announced(row.extension):
        return False
    return row.when is not Memo.TRAILERS or machine.memo is Memo.TRAILERS or machine.announced("http.response.trailers")


class _Arrow(NamedTuple):
    """One arrow or loop of a track: places of its ends, its words, and whether it may be taken now."""

    start: int
    end: int
    way: Way
    words: str
    live: bool

    @property
    def loop(self) -> bool:
        return self.start == self.end

    @property
    def label(self) -> str:
        """``S body last``; a loop has a sign before it, an end another."""
        if self.way is Way.EXIT:
            return f"○ {self.words.removeprefix('exit ')}"
        return f"{'↺ ' if self.loop else ''}{self.way} {self.words}"


class Drawing(NamedTuple):
    """A track in pieces: its states as boxes, the same states as names, and the rows that belong below either."""

    boxes: list[Row]
    names: list[Row]
    arrows: list[Row]


def picture(machine: Machine, visited: Collection[State], width: int, track: Track) -> Drawing | None:
    """A track with its arrows; None when it does not fit into `width`."""
    arrows = _arrows(machine, track)
    fitting = (_columns(track.states, arrows, width - MARGIN, padding) for padding in _PADDINGS)
    columns = next((columns for columns in fitting if columns), None)
    if columns is None:
        return None
    current = machine.states[track.side]
    heads = [_mark(state, current, visited) for state in track.states]
    canvases: list[_Canvas] = []
    for level, arrow in _placed(arrows, columns):
        if level == len(canvases):
            canvases.append(_lines_of_life(track.states, columns, current, visited))
        _draw(canvases[level], columns, arrow)
    pieces = (_boxes(heads, columns), [_names(heads, columns)], [_spans(canvas) for canvas in canvases])
    return Drawing(*([Row([Span(" " * MARGIN), *line]) for line in piece] for piece in pieces))


def ladder(machine: Machine, visited: Collection[State], track: Track) -> list[Row]:
    """A track from top to bottom, each state with the arrows that leave it."""
    rows = []
    current = machine.states[track.side]
    live = machine.legal_next()
    for state in track.states:
        mark, name, role = _mark(state, current, visited)
        rows.append(Row([Span(" " * MARGIN), Span(f"{mark} {name}{' ◀' if mark == '▶' else ''}", role)]))
        for row in _rows(machine, track):
            if row.state != state:
                continue
            now = row in live
            role = ROLES[row.way] if now else Role.QUIET
            way = "○" if row.way is Way.EXIT else row.way.value
            target = "" if row.way is Way.EXIT else " ↺" if row.to == state else f" ─▶ {row.to}"
            rows.append(Row([Span(" ┃ " if now else " ┊ ", role), Span(f"{way} {short_name(row)}{target}", role)]))
    return rows


def strip(machine: Machine, visited: Collection[State], width: int, track: Track) -> list[Row]:
    """A track as its names alone."""
    lines: list[Spans] = [[]]
    taken = 0
    for state in track.states:
        mark, name, role = _mark(state, machine.states[track.side], visited)
        text = f" {mark}{name}{'◀' if mark == '▶' else ' '}"
        if taken + len(text) > width and lines[-1]:
            lines.append([])
            taken = 0
        lines[-1].append(Span(text, role))
        taken += len(text)
    return [Row(line) for line in lines]


def _rows(machine: Machine, track: Track) -> list[Transition]:
    """The rows of the table that this track draws."""
    earlier = TRACKS[machine.automaton.kind]
    earlier = earlier[: earlier.index(track)]
    side = machine.automaton.sides[track.side]
    return [
        row
        for row in side.rows
        if drawn(machine, row)
        and {row.state, row.to} <= set(track.states)
        and not any(other.side == track.side and {row.state, row.to} <= set(other.states) for other in earlier)
    ]


def _arrows(machine: Machine, track: Track) -> list[_Arrow]:
    live = machine.legal_next()
    place = {state: index for index, state in enumerate(track.states)}
    return [_Arrow(place[row.state], place[row.to], row.way, short_name(row), row in live) for row in _rows(machine, track)]


def _mark(state: State, current: State, visited: Collection[State]) -> tuple[str, str, Role]:
    if state == current:
        return "▶", state, Role.STRONG
    return ("✓", state, Role.PLAIN) if state in visited else (" ", state, Role.QUIET)


# -- where everything stands -----------------------------------------------------------------------------------------------


def _columns(states: Sequence[State], arrows: Sequence[_Arrow], width: int, padding: int) -> list[int] | None:
    """The column of each state's line of life; None when there is not room enough."""
    half = [(len(state) + 4) // 2 for state in states]
    least = [left + right + 2 for left, right in pairwise(half)]
    behind = half[-1] + 1
    for arrow in arrows:
        needed = len(arrow.label) + (3 if arrow.loop else padding)
        if not arrow.loop and abs(arrow.end - arrow.start) == 1:
            place = min(arrow.start, arrow.end)
            least[place] = max(least[place], needed)
        elif arrow.loop and arrow.start < len(least):
            least[arrow.start] = max(least[arrow.start], needed)
        elif arrow.loop:
            behind = max(behind, needed)
    spare = width - half[0] - sum(least) - behind
    if spare < 0:
        return None
    air = min(_AIR, spare // max(1, len(least)))
    columns = [half[0]]
    for gap in least:
        columns.append(columns[-1] + gap + air)
    return columns


def _placed(arrows: Sequence[_Arrow], columns: Sequence[int]) -> list[tuple[int, _Arrow]]:
    """Each arrow with its level: neighbours first, then loops, then the far ones from short to long."""
    ends: list[list[tuple[int, int]]] = []
    placed = []
    for arrow in sorted(_joined(arrows, columns), key=lambda arrow: 1.5 if arrow.loop else abs(arrow.end - arrow.start)):
        left, right = _extent(arrow, columns)
        level = next((level for level, taken in enumerate(ends) if all(right <= a or left >= b for a, b in taken)), len(ends))
        if level == len(ends):
            ends.append([])
        ends[level].append((left, right))
        placed.append((level, arrow))
    return placed


def _extent(arrow: _Arrow, columns: Sequence[int]) -> tuple[int, int]:
    left, right = columns[min(arrow.start, arrow.end)], columns[max(arrow.start, arrow.end)]
    return (left, left + len(arrow.label) + 2) if arrow.loop else (left, right)


def _joined(arrows: Sequence[_Arrow], columns: Sequence[int]) -> list[_Arrow]:
    """Arrows with the same ends become one, as far as their words fit on it."""
    joined: list[_Arrow] = []
    for arrow in arrows:
        for place, other in enumerate(joined):
            if other[:3] != arrow[:3] or other.live != arrow.live:
                continue
            both = other._replace(words=f"{other.words}, {arrow.words}")
            left, right = _extent(both, columns)
            room = right - left - 5 if not both.loop else _room_right_of(both.start, columns)
            if len(both.label) <= room:
                joined[place] = both
                break
        else:
            joined.append(arrow)
    return joined


def _room_right_of(place: int, columns: Sequence[int]) -> int:
    return columns[place + 1] - columns[place] - 3 if place + 1 < len(columns) else 0


# -- drawing ---------------------------------------------------------------------------------------------------------------

_Canvas = list[tuple[str, Role]]


def _boxes(heads: Sequence[tuple[str, str, Role]], columns: Sequence[int]) -> list[Spans]:
    lines: list[Spans] = [[], [], []]
    taken = 0
    for (mark, name, role), column in zip(heads, columns, strict=True):
        wide = len(name) + 2
        left = column - (wide + 2) // 2
        gap = Span(" " * (left - taken))
        stem = column - left - 1
        lines[0] += [gap, Span(f"╭{'─' * wide}╮", role)]
        lines[1] += [gap, Span(f"│{mark}{name}{'◀' if mark == '▶' else ' '}│", role)]
        lines[2] += [gap, Span(f"╰{'─' * stem}┬{'─' * (wide - stem - 1)}╯", role)]
        taken = left + wide + 2
    return lines


def _names(heads: Sequence[tuple[str, str, Role]], columns: Sequence[int]) -> Spans:
    line: Spans = []
    taken = 0
    for (mark, name, role), column in zip(heads, columns, strict=True):
        left = column - (len(name) + 2) // 2
        line += [Span(" " * (left - taken)), Span(f"{mark}{name}{'◀' if mark == '▶' else ' '}", role)]
        taken = left + len(name) + 2
    return line


def _lines_of_life(states: Sequence[State], columns: Sequence[int], current: State, visited: Collection[State]) -> _Canvas:
    canvas = [(" ", Role.PLAIN)] * (columns[-1] + 1)
    for state, column in zip(states, columns, strict=True):
        if state == current:
            canvas[column] = ("┃", Role.STRONG)
        else:
            canvas[column] = ("│", Role.PLAIN) if state in visited else ("┊", Role.QUIET)
    return canvas


def _draw(canvas: _Canvas, columns: Sequence[int], arrow: _Arrow) -> None:
    role = ROLES[arrow.way] if arrow.live else Role.QUIET
    if arrow.loop:
        _write(canvas, columns[arrow.start] + 1, f"{'━' if arrow.live else ' '}{arrow.label}", role)
        return
    rightwards = arrow.start < arrow.end
    left, right = _extent(arrow, columns)
    line = "━" if arrow.live else "─"
    _write(canvas, left, "├" if rightwards else "│", role)
    _write(canvas, left + 1, "".join("┼" if column in columns else line for column in range(left + 1, right)), role)
    _write(canvas, right - 1 if rightwards else left + 1, "▶" if rightwards else "◀", role)
    if not rightwards:
        _write(canvas, right, "┤", role)
    label = arrow.label[: right - left - 2]
    spare = right - left - 2 - len(label)
    start = left + (2 if spare > 2 else 1) + (0 if rightwards else 1)
    _write(canvas, start, f" {label} " if spare > 1 else label, role)


def _write(canvas: _Canvas, column: int, text: str, role: Role) -> None:
    canvas.extend([(" ", Role.PLAIN)] * (column + len(text) - len(canvas)))
    canvas[column : column + len(text)] = [(character, role) for character in text]


def _spans(canvas: _Canvas) -> Spans:
    spans: Spans = []
    for character, role in canvas:
        if spans and spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + character, role)
        else:
            spans.append(Span(character, role))
    return spans
