"""The signs of a row between and on the lifelines: arrows, and what each app is doing."""

from __future__ import annotations

from asgiviz.views.lifeline_columns import BAR, Layout
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.steps import ENDED, NOT_BEGUN, Edge, Fold, Item, Moment, State
from asgiviz.views.text import cells_of, number
from asgiviz.views.wording import short_name, text_within

#: Events in which the app is called -> what it is called with.
CALLS = {"scope": "scope", "wsgi.environ": "environ"}


def arrow_of(item: Item) -> str:
    """Its direction: to the app, from the app, or none."""
    if isinstance(item, Fold):
        return "▶" if item.sample.what == "receive" else "◀"
    step = item.step
    if step.what in CALLS:
        return "▶"
    if item.edge is not Edge.MESSAGE:
        return ""
    return "◀" if step.what == "send" else "" if step.broke else "▶"


def message_arrow(item: Item, arrow: str, cells: int) -> Spans:
    """The arrow of a message, of the call of an app, or the thick one of a fold, with its name on it."""
    if isinstance(item, Fold):
        name = short_name(item.sample)
        counted = f"{number(item.messages)}× {name}"
        label = counted if cells_of(counted) <= cells - 4 else f"{number(item.messages)}×"
        return arrow_text(label, cells, arrow == "▶", "━", Role.RECEIVE if arrow == "▶" else Role.SEND)
    step = item.step
    label = CALLS.get(step.what) or short_name(step)
    if label == "start_response" and cells < len(label) + 2:
        label = "start"
    role = Role.LIFE if step.what in CALLS else Role.RECEIVE if arrow == "▶" else Role.SEND
    return arrow_text(label, cells, arrow == "▶", "─", role)


def arrow_text(label: str, cells: int, forth: bool, line: str, role: Role) -> Spans:
    """An arrow of `cells` columns with its label in the middle."""
    air = " " if cells_of(label) <= cells - 4 else ""
    shown = air + text_within(label, cells - 2) + air
    left = cells - 1 - cells_of(shown)
    text = line * (left // 2) + shown + line * (left - left // 2)
    return [Span(text + "▶" if forth else "◀" + text, role)]


def acting_sign(item: Item, moment: Moment, place: int) -> str:
    """The sign of the lifeline `place` when the row says more than how many calls are open: who acts, waits, begins, ends."""
    step = moment.step
    if place != step.layer + 1 or (isinstance(item, Fold) and moment.edge is not Edge.MESSAGE):
        return ""
    match moment.edge:
        case Edge.MESSAGE:
            return "█"
        case Edge.BACK:
            return "░"
        case Edge.CALLED:
            return "▒" if step.ended is None else ""
        case Edge.POINT if step.what in ("exit", "wsgi.exit"):
            return "✗" if step.fields.get("outcome") == "raised" else "○"
        case _:
            return ""


def lifeline(plan: Layout, place: int, state: State, acting: str, moment: Moment | None = None) -> Spans:
    """The lifeline `place` at a row: its app acts, waits in so many calls, or is not there."""
    calls = state[place - 1] if place <= len(state) else NOT_BEGUN
    cells = BAR + 1 if place == len(plan.names) - 1 else 1
    if acting in ("✗", "○"):
        return [Span(acting + " " * (cells - 1), Role.ERROR if acting == "✗" else Role.LIFE)]
    if calls in (NOT_BEGUN, ENDED):
        return [Span(" " * cells)]
    room = min(cells, BAR)
    if moment is None:
        waiting, solid, sign = max(1, calls), False, "▒"
    else:
        handed_over = moment.edge is Edge.MESSAGE and moment.step.what == "send" and moment.step.layer == place - 1
        waiting = max(0, calls - handed_over)
        solid = acting == "█" or (not waiting and not acting)
        waiting += acting == "░"
        sign = "▒" if acting == "▒" else "░"
    hatched = sign * min(waiting, room - solid)
    return [*([Span("█", Role.RUNNING)] if solid else []), Span(hatched + " " * (cells - solid - len(hatched)), Role.WAITING)]


def bare_arrow(item: Item) -> Spans:
    """A row's arrow where there is no room for lifelines."""
    arrow = arrow_of(item)
    if arrow:
        line = "━━" if isinstance(item, Fold) else "──"
        role = Role.RECEIVE if arrow == "▶" else Role.SEND
        return [Span(line + "▶   " if arrow == "▶" else "◀" + line + "   ", role)]
    waits = isinstance(item, Moment) and item.edge in (Edge.CALLED, Edge.BACK)
    return [Span("░░░   " if waits else "      ", Role.WAITING)]
