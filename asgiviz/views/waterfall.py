"""The waterfall: all connections on one time axis, a line each; how much of a column is solid is how much the app ran in it.

Nothing is too short to be seen: a connection, or a moment of running inside long waiting, has at least a part of a column.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from asgiviz.model.connection import Connection
from asgiviz.model.masking import Mask
from asgiviz.views.concurrency import Concurrency
from asgiviz.views.connection_words import MASK, code_of, tag_of, what_of
from asgiviz.views.lane import Lane
from asgiviz.views.spans import Role, Span, Spans, padded
from asgiviz.views.text import cells_of, number
from asgiviz.views.time_axis import TimeAxis, fold_label

RUNNING, WAITING, OPEN, FAILED, STALLED = "█", "░", "▒", "✗", "▓"
#: Heights of the profile of how many were open, from the lowest.
HEIGHTS = "▁▂▃▄▅▆▇█"
#: Columns for method and path below which a code is left out.
NARROW = 14
LEGEND: tuple[tuple[str, str], ...] = (
    (RUNNING, "in the app"),
    (WAITING, "in receive or send"),
    (OPEN, "open"),
    (STALLED, "holds the loop"),
    (FAILED, "failed"),
)
WSGI_LEGEND = ((RUNNING, "in the app"), (WAITING, "in line for a thread"), (OPEN, "open"), (FAILED, "failed"))


def draw(lane: Lane, axis: TimeAxis, now: int, cursor: int | None = None, failed: bool = False) -> Spans:
    """The bar of one connection, exactly as wide as the axis; `failed`: what the connection's summary says of it.

    The cursor is a thin line where nothing is drawn, and a marked column where something is.
    """
    signs, roles = [" "] * axis.width, [Role.QUIET] * axis.width
    _draw_stretches(lane, axis, now, signs, roles)
    _draw_stalls(lane, axis, signs, roles)
    _draw_end(lane, axis, now, failed, signs, roles)
    _draw_folds(axis, signs, roles)
    column = None if cursor is None else axis.column(cursor)
    if column is not None:
        blank = signs[column] in " ┊"
        roles[column] = Role.STRONG if blank else Role.MARK
        if blank or signs[column] in (RUNNING, STALLED):  # reversed, a solid block would be a hole
            signs[column] = "│"
    return _spans(signs, roles)


def _draw_stretches(lane: Lane, axis: TimeAxis, now: int, signs: list[str], roles: list[Role]) -> None:
    """Half columns are filled with running and waiting, in proportion; then each column gets its sign."""
    if lane.end(now) < axis.began or lane.began >= axis.ended:
        return
    ran, waited = [0.0] * (2 * axis.width), [0.0] * (2 * axis.width)
    right = 2 * axis.place(lane.began)
    for began, ended, waiting in lane.stretches(now, axis.began):
        if began >= axis.ended:
            break
        left, right = right, 2 * axis.place(ended)
        share = waiting / (ended - began)
        if share < 1:
            _fill(ran, left, right, 1 - share)
        if share:
            _fill(waited, left, right, share)
    first = axis.column(max(lane.began, axis.began)) or 0
    last = axis.column(min(lane.end(now), axis.ended - 1)) or 0
    if first == last and not ran[2 * first] + ran[2 * first + 1] + waited[2 * first] + waited[2 * first + 1]:
        ran[2 * first] = 1.0  # it had no length at all
    for column in range(first, last + 1):
        left, right = ran[2 * column], ran[2 * column + 1]
        waits = waited[2 * column] + waited[2 * column + 1]
        if left + right and left + right >= waits:
            signs[column] = _solid(left, right, at_least=0.5 if first == last else 0.0)
            roles[column] = Role.RUNNING
        elif waits:
            signs[column] = WAITING
            roles[column] = Role.WAITING


def _fill(halves: list[float], left: float, right: float, share: float) -> None:
    """Add `share` of the places from `left` to `right`, however near they are to each other."""
    first, last = min(int(left), len(halves) - 1), min(int(right), len(halves) - 1)
    if first == last:
        halves[first] += max((right - left) * share, 1e-9)
        return
    halves[first] += (first + 1 - left) * share
    for place in range(first + 1, last):
        halves[place] += share
    halves[last] += (right - last) * share


def _solid(left: float, right: float, at_least: float) -> str:
    """The sign for a column in whose halves the app ran that much of the time."""
    ran = max(left + right, at_least)
    if ran > 1.5:
        return RUNNING
    if ran < 0.5:
        return "▏" if left >= right else "▕"
    return "▌" if left >= right else "▐"


def _draw_stalls(lane: Lane, axis: TimeAxis, signs: list[str], roles: list[Role]) -> None:
    for began, ended, _ in lane.stalls:
        if began < axis.ended and ended > axis.began:
            first, last = axis.column(max(began, axis.began)) or 0, axis.column(min(ended, axis.ended) - 1) or 0
            for column in range(first, last + 1):
                signs[column], roles[column] = STALLED, Role.ERROR


def _draw_end(lane: Lane, axis: TimeAxis, now: int, failed: bool, signs: list[str], roles: list[Role]) -> None:
    end = lane.end(now)
    column = axis.column(end - 1 if end == axis.ended else end)
    if column is None:
        return
    if lane.ended is None:
        signs[column], roles[column] = OPEN, Role.LIFE
    elif failed or lane.failed:
        signs[column], roles[column] = FAILED, Role.ERROR


def _draw_folds(axis: TimeAxis, signs: list[str], roles: list[Role]) -> None:
    for piece in axis.pieces:
        if piece.folded:
            for column in {piece.left, piece.right - 1}:
                if signs[column] in (" ", WAITING):
                    signs[column], roles[column] = "┊", Role.QUIET


def _spans(signs: list[str], roles: list[Role]) -> Spans:
    spans, start = [], 0
    for role, group in groupby(roles):
        end = start + sum(1 for _ in group)
        spans.append(Span("".join(signs[start:end]), role))
        start = end
    return spans


def ruler(axis: TimeAxis, cursor: int | None = None) -> Spans:
    """The scale: round moments at the left edge of their columns, the length of what is folded, the cursor and its time."""
    signs, roles = [" "] * axis.width, [Role.QUIET] * axis.width
    start, hand = _cursor(axis, cursor)
    for column, text in axis.ticks():
        if column + len(text) + 1 < start or column > start + len(hand):
            signs[column : column + 1 + len(text)] = f"▏{text}"
    for piece in axis.pieces:
        if piece.folded:
            text = fold_label(piece.ended - piece.began)
            signs[piece.left : piece.right] = text if len(text) == piece.right - piece.left else "┊"
    signs[start : start + len(hand)] = hand
    roles[start : start + len(hand)] = [Role.MARK] * len(hand)
    return _spans(signs, roles)


def _cursor(axis: TimeAxis, cursor: int | None) -> tuple[int, str]:
    """Where the cursor's hand begins, and the hand: it has its time on the side where there is room. Nothing outside."""
    column = None if cursor is None else axis.column(cursor)
    if cursor is None or column is None:
        return axis.width, ""
    time = f" {axis.label(cursor)}"
    if column + 1 + len(time) <= axis.width:
        return column, f"▼{time}"
    return (column - len(time), f"{time[1:]} ▼") if len(time) <= column else (column, "▼")


def label(connection: Connection, width: int, mask: Mask | None = MASK) -> Spans:
    """What stands left of a bar: ``#7 POST /orders   201``, exactly `width` columns; without the code where that is narrow."""
    tag, code = Span(f"{tag_of(connection)} ".ljust(5), Role.QUIET), code_of(connection)
    room = width - len(tag.text) - len(code.text) - 1
    if room < NARROW:
        return padded([tag, what_of(connection, max(1, width - len(tag.text)), mask)], width)
    return [tag, *padded([what_of(connection, room, mask)], room), Span(" "), code]


def concurrency(profile: Concurrency, axis: TimeAxis) -> Spans:
    """How many connections were open, the most in each column; as wide as the axis. The highest is `profile.peak`, or four."""
    edges = [*(axis.time(column) for column in range(axis.width)), axis.ended]
    most = [profile.most_between(began, ended) for began, ended in pairwise(edges)]
    top = max(4, profile.peak)
    signs = [HEIGHTS[-(-len(HEIGHTS) * count // top) - 1] if count else " " for count in most]
    roles = [Role.RUNNING] * axis.width
    _draw_folds(axis, signs, roles)
    return _spans(signs, roles)


def concurrency_label(profile: Concurrency, width: int) -> Spans:
    """What stands left of the profile."""
    most = number(profile.peak)
    text = next((text for text in (f"open at once, at most {most}", f"at once: {most}") if len(text) <= width), most)
    return padded([Span(text, Role.QUIET)], width)


def overlap(count: int, peak: int) -> str:
    """Whether `count` connections overlapped, in a sentence; `peak` is how many were open at most."""
    if count < 2:
        return "1 connection" if count else "no connection yet"
    return f"{number(count)}, one after the other" if peak == 1 else f"{number(count)}, up to {number(peak)} at once"


def legend(width: int, wsgi: bool = False) -> str:
    """What the signs mean (of WSGI requests: `wsgi`), as much of it as there is room for; the most important first."""
    said = [f"{sign} {says}" for sign, says in (WSGI_LEGEND if wsgi else LEGEND)]
    while said and cells_of("  ".join(said)) > width:
        said.pop()
    return "  ".join(said)
