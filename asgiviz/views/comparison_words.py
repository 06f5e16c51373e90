"""The words of a comparison: two values cut so that their difference is in sight, figures and ends of both sides."""

from __future__ import annotations

from asgiviz.model.connection import Connection
from asgiviz.views.differences import BODIES, Crossing, Differences, first_difference
from asgiviz.views.messages import is_text
from asgiviz.views.spans import Span, shortened, text_of
from asgiviz.views.text import fit, fit_bytes

#: What is shown before the first difference of two values, in columns.
BEFORE = 8


def counted(found: Differences, what: str) -> str:
    """How many are equal, and how many are not."""
    count, different = found.equal, len(found.different)
    equal = f"{count:,} {what}{'' if count == 1 else 's'} equal"
    return f"{equal}, {different:,} not" if different else equal


def cut_name(text: str, room: int) -> str:
    """Safe text, with a … where it was longer."""
    return text_of(shortened([Span(text)], room))


def around(left: str, right: str, room: int) -> tuple[str, str]:
    """Both texts cut to `room` columns, and so that the place where they begin to differ is in sight."""
    place = first_difference(left, right) or 0
    if place < room - BEFORE or max(len(left), len(right)) <= room:
        return fit(left, room), fit(right, room)
    start = place - BEFORE
    return "…" + fit(left[start:], room - 1), "…" + fit(right[start:], room - 1)


def sample(content: bytes, room: int, start: int = 0) -> str:
    """What stands from `start` on: a text up to its line end between quotation marks, other bytes in hexadecimal."""
    window = content[start : start + 4 * room]
    cut = "…" if start else ""
    if is_text(window):
        line = window.partition(b"\n")[0]
        return f"{cut}“{fit_bytes(line, max(1, room - 3))}”"
    return cut + window[: max(1, (room - 2) // 3)].hex(" ")


def ratio(left: int, right: int) -> str:
    """The right figure as a multiple of the left one."""
    if left <= 0:
        return ""
    times = right / left
    return f"×{times:,.0f}" if times >= 99.5 else f"×{times:.1f}" if times >= 0.95 else f"×{times:.2f}"


def ending(connection: Connection) -> str:
    """How the app's call ended."""
    if not connection.over:
        return "still open"
    if connection.error_type is not None:
        text = f": {fit(connection.error_text, 200)}" if connection.error_text else ""
        return f"raised {fit(connection.error_type.removeprefix('builtins.'), 80)}{text}"
    return connection.outcome.value if connection.outcome else "ended"


def part_of(one: Crossing) -> str:
    """What differs when this message does, as the head of the page names it."""
    if one.kind in BODIES:
        return "request body" if one.receives else "response body"
    return "messages"


def subtlety(left: Crossing, right: Crossing) -> str:
    """What differs when no key, no header and no byte does."""
    if left.count != right.count:
        return "the same body in other pieces"
    if left.more != right.more:
        return "one of them is not finished"
    if left.is_text != right.is_text:
        return "the same bytes, once as a text"
    return "the same headers in another order"
