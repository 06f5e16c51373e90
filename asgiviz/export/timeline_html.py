"""A run as it happened: a picture of one lane a client, and the same as a table for who does not see it.

Waiting is striped, running solid, not begun dotted; all sides of a run stand on one axis. Times are those of
`views.client_lanes`: since the clients were let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.export.html import Html, joined, table, tag
from asgiviz.views.client_lanes import WAITING, ClientLane, Phase, Stretch, end_of, holds_of, is_wsgi, lanes_of
from asgiviz.views.stage_lanes import counts
from asgiviz.views.text import counted, number, word

#: Lanes that are drawn; the table has all clients. Of more rows than these it is opened first.
MOST_LANES, MOST_ROWS = 40, 12
#: Stretches of one client that are told one by one.
MOST_TOLD = 3
#: The picture's width, where its axis begins and ends, and how high a lane is.
WIDTH, LEFT, RIGHT, LANE = 720, 40, 706, 12
#: What is too short to be seen is drawn as wide as this.
LEAST = 1.5
_SECOND = 1_000_000_000
_FILLS = {
    Phase.LINE: {"fill": "url(#wait)"},
    Phase.SUSPENDED: {"fill": "url(#wait)"},
    Phase.OUTSIDE: {"fill": "url(#dots)"},
    Phase.RUNNING: {"class_": "runs"},
    Phase.HELD: {"fill": "url(#hold)"},
    Phase.OPEN: {"class_": "open"},
    Phase.ANSWER: {"class_": "answer"},
}
_LEGEND = (
    (Phase.RUNNING, "solid: the app runs"),
    (Phase.SUSPENDED, "striped: waiting, in line or at an await"),
    (Phase.OUTSIDE, "dotted: the app has not begun with it"),
    (Phase.HELD, "tall, with gaps: holds the loop"),
)


def patterns() -> Html:
    """The stripes and dots that all pictures of a page use; they stand in it once."""
    stripe = tag("path", d="M0 6L6 0M-1 1L1 -1M5 7L7 5", class_="stripe", stroke_width=1.6)
    dot = tag("circle", cx=2, cy=3, r=1, class_="dot")
    unit = {"patternUnits": "userSpaceOnUse"}
    ground = tag("rect", width=8, height=13, class_="ground")  # what runs lies below it
    block = tag("rect", width=6, height=13, class_="holds")
    hold = tag("pattern", ground, block, id="hold", width=8, height=13, **unit)
    wait = tag("pattern", stripe, id="wait", width=6, height=6, **unit)
    dots = tag("pattern", dot, id="dots", width=6, height=6, **unit)
    return tag("svg", tag("defs", wait, dots, hold), class_="defs", aria_hidden="true")


def legend() -> Html:
    """What the fillings mean."""
    signs = [(tag("svg", _bar(phase, 0, 28, 0, 12), viewBox="0 0 28 12", aria_hidden="true"), says) for phase, says in _LEGEND]
    return tag("ul", *(tag("li", sign, says) for sign, says in signs), class_="legend")


class Timelines:
    """The timelines of one page; each picture has an id of its own."""

    def __init__(self) -> None:
        self._ids = count(1)

    def draw(self, record: RunRecord) -> Html:
        """Every side of a run: its picture, a sentence, its table."""
        end = end_of(record)
        return joined(*(self._side(record, side, end) for side in record.sides.values()))

    def _side(self, record: RunRecord, side: SideRecord, end: int) -> Html:
        lanes, label = lanes_of(record, side), word(side.facts.get("label") or side.id)
        id_, said = f"run{next(self._ids)}", in_words(record, side, lanes)
        picture = _picture(lanes, end, tag("title", f"Timeline of {label}", id=id_), tag("desc", said, id=f"{id_}d"), id_)
        more = f" The picture has the first {MOST_LANES} of {number(len(lanes))} clients." if len(lanes) > MOST_LANES else ""
        rows = [_row(lane) for lane in lanes]
        heads = (
            "Client",
            *(("In line for a thread",) if is_wsgi(side) else ("Not begun",)),
            "In the app",
            "Running",
            "Answer",
            "Status",
        )
        whole = table(f"{label}: every client, in seconds since they were let go", heads, rows, "lanes")
        if len(rows) > MOST_ROWS:
            whole = tag("details", tag("summary", f"{label}: every client as a table ({number(len(rows))} rows)"), whole)
        return joined(tag("figure", picture, tag("figcaption", tag("strong", label), f". {said}{more}")), whole)


def in_words(record: RunRecord, side: SideRecord, lanes: Sequence[ClientLane]) -> str:
    """What the picture shows, in a few sentences."""
    said = [f"{counted(len(lanes), 'client')}: {counts(lanes, is_wsgi(side))}."]
    done = sorted((lane.done, lane.number) for lane in lanes if lane.done is not None and not lane.failed)
    if done:
        (soonest, first), (latest, last) = done[0], done[-1]
        said.append(f"Client {first} was served first, after {_s(soonest)} s; client {last} last, after {_s(latest)} s.")
    waits = [
        (each.ended - each.began, each.ended, lane.number) for lane in lanes for each in lane.stretches if each.phase in WAITING
    ]
    longest_wait, until, who = max(waits, default=(0, 0, 0))
    if longest_wait > _SECOND // 1000:
        where = "stood in line for a thread" if is_wsgi(side) else "waited before the app began with it"
        said.append(f"Client {who} {where} until {_s(until)} s.")
    held = holds_of(record, side)
    if held:
        longest = max(held, key=lambda hold: hold.ended - hold.began)
        times = "Once" if len(held) == 1 else f"{number(len(held))} times"
        said.append(f"{times} one callback held the loop, the longest for {_s(longest.ended - longest.began)} s.")
    return " ".join(said)


def _row(lane: ClientLane) -> list[str]:
    runs = [each for each in lane.stretches if each.phase is Phase.RUNNING]
    calls = [each for each in lane.stretches if each.phase in (Phase.SUSPENDED, Phase.OPEN)] or runs
    total = sum(each.ended - each.began for each in runs)
    turns = f" in {number(len(runs))} turns" if len(runs) > 1 else ""
    return [
        str(lane.number),
        _from_to([each for each in lane.stretches if each.phase in WAITING]),
        _from_to(calls),
        f"{_s(total)}{turns}" if runs else "–",
        "none" if lane.done is None else _s(lane.done),
        ("–" if lane.status is None else str(lane.status)) + (", failed" if lane.failed else ""),
    ]


def _from_to(stretches: Sequence[Stretch]) -> str:
    """One after the other; of many only how many, and from when to when all of them."""
    if len(stretches) <= MOST_TOLD:
        return ", ".join(f"{_s(each.began)} to {_s(each.ended)}" for each in stretches) or "–"
    return f"{number(len(stretches))} times, {_s(stretches[0].began)} to {_s(stretches[-1].ended)}"


def _s(ns: int) -> str:
    return f"{max(ns, 0) / _SECOND:.3f}"


# -- the picture -------------------------------------------------------------------------------------------------------


def _picture(lanes: Sequence[ClientLane], end: int, title: Html, desc: Html, id_: str) -> Html:
    shown = lanes[:MOST_LANES]
    height = LANE * len(shown) + 28
    bars = []
    for place, lane in enumerate(shown):
        top = 6 + place * LANE
        bars.append(tag("text", str(lane.number), x=LEFT - 8, y=top + 9, text_anchor="end"))
        for each in lane.stretches:
            start, stop = _x(each.began, end), _x(each.ended, end)
            inset = 0 if each.phase is Phase.HELD else 4 if each.phase is Phase.ANSWER else 2
            bars.append(_bar(each.phase, start, max(stop - start, LEAST), top + inset, LANE - 1 - 2 * inset))
        if lane.failed:
            bars.append(tag("text", "failed", x=_x(lane.done if lane.done is not None else end, end) - 34, y=top + 9))
    return tag(
        "svg", title, desc, *_axis(end, height - 18), *bars,
        viewBox=f"0 0 {WIDTH} {height}", role="img", aria_labelledby=f"{id_} {id_}d",
    )  # fmt: skip


def _bar(phase: Phase, x: float, width: float, y: float, height: float) -> Html:
    return tag("rect", x=round(x, 2), y=y, width=round(width, 2), height=height, **_FILLS[phase])


def _axis(end: int, bottom: int) -> list[Html]:
    step = _step(end)
    drawn = []
    for tick in range(0, end + 1, step):
        x = round(_x(tick, end), 2)
        drawn.append(tag("line", x1=x, x2=x, y1=2, y2=bottom, class_="axis"))
        drawn.append(tag("text", f"{tick / _SECOND:g} s", x=x, y=bottom + 13, text_anchor="middle"))
    return drawn


def _step(end: int) -> int:
    """1, 2 or 5 times a power of ten, so that there are at most eight."""
    step = 1
    while end // step > 8:
        step = {"1": 2, "2": 5, "5": 10}[str(step)[0]] * 10 ** (len(str(step)) - 1)
    return step


def _x(t: int, end: int) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(t, 0), end) / end
