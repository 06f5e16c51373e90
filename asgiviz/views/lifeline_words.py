"""The words of a row in the room there is: beside the lifelines, in the client's column, and below an exit that raised."""

from __future__ import annotations

import textwrap

from asgiviz.views.lifeline_columns import TIME
from asgiviz.views.spans import Role, Span, Spans, padded, shortened, width_of
from asgiviz.views.steps import CLIENT_CLOSES, CLIENT_GONE, Edge, Fold, Item, Moment
from asgiviz.views.text import cells_of, safe
from asgiviz.views.tracebacks import Line, Told
from asgiviz.views.wording import Said, quoted_in, short_name

#: The room for words from which the full type of a message is written out; columns that are kept for a quotation
#: before other words; characters of an error's text that are shown.
ROOMY, LEAST_QUOTED, LONGEST = 62, 24, 1_000


def is_heard(item: Item) -> bool:
    """Whether it is a message in which the client of a WebSocket said something."""
    step = item.sample if isinstance(item, Fold) else item.step
    if step.what != "receive" or (isinstance(item, Moment) and (item.edge is not Edge.MESSAGE or step.broke)):
        return False
    return short_name(step) == "receive" or step.lead in (CLIENT_CLOSES, CLIENT_GONE)


def heard(words: Said) -> Said:
    """What stands in the client's column."""
    lead = words.words.partition(": ")[0]
    if lead in (CLIENT_CLOSES, CLIENT_GONE):
        return Said(lead.removeprefix("the client "))
    return words._replace(kind="", waited="")


def beside(words: Said) -> Said:
    """What is left to be said at the right of a message that stands in the client's column."""
    lead, _, rest = words.words.partition(": ")
    return (
        words._replace(words=rest)
        if lead in (CLIENT_CLOSES, CLIENT_GONE)
        else words._replace(words="", quoted=None, kind="" if words.waited else words.kind)
    )


def words_in(words: Said, room: int) -> Spans:
    """The words as far as there is room, the quotation behind them, and how long it waited."""
    line: Spans = []
    if words.kind and (not words.words or room >= ROOMY):
        line.append(Span(words.kind + ("  " if words.words else ""), Role.QUIET))
    left = room - width_of(line)
    quotation = cells_of(quoted_in(words.quoted, LEAST_QUOTED))
    waited = f"{'  ' if line or words.words else ''}{words.waited}" if words.waited else ""
    if cells_of(words.words) + quotation + cells_of(waited) > left:
        waited = ""  # the row in which the call began has it too
    left -= cells_of(waited)
    short = words.brief != "" and cells_of(words.words) + 2 + quotation > left
    shown, between = (words.brief, " ") if short else (words.words, "  " if words.words else "")
    line.append(Span(shown, words.role))
    if said := quoted_in(words.quoted, left - cells_of(shown) - len(between)):
        line.append(Span(between + said))
    line.append(Span(waited, Role.WAITING))
    return [span for span in line if span.text]


def in_pieces(line: Told, width: int) -> list[Told]:
    """The line of a traceback; the text of an error, which matters most, in as many lines as it needs (three at most)."""
    if line.what not in (Line.ERROR, Line.TIED):
        return [line]
    room = max(16, width - len(margin(width)) - cells_of(line.lead) - 1)
    first, *further = textwrap.wrap(safe(line.text[:LONGEST]), room, max_lines=3, placeholder=" …") or [""]
    return [line._replace(text=first), *(Told(Line.ERROR, "", text) for text in further)]


def margin(width: int) -> str:
    """What stands before the lines of a traceback."""
    return " " * min(TIME + 1, width // 6)


def traceback_line(line: Told, width: int, expanded: bool) -> Spans:
    """A line of a traceback: over the whole width, because there are no lifelines behind an exit that matter more."""
    indent = margin(width)
    match line.what:
        case Line.ERROR | Line.TIED:
            lead = [Span(f"{line.lead} ", Role.QUIET)] if line.lead else []
            return shortened([Span(indent), *lead, Span(safe(line.text[:LONGEST]), Role.ERROR)], width)
        case Line.COUNT:
            return shortened([Span(f"{indent}{'▾' if expanded else '▸'} {safe(line.text[:LONGEST])}", Role.QUIET)], width)
    own = line.what is Line.OWN
    place = [Span(f"{indent}{line.lead:<5}", Role.QUIET), Span(safe(line.text[:LONGEST]), Role.PLAIN if own else Role.QUIET)]
    column = max(width_of(place) + 2, min(54, width * 3 // 5))
    source = [Span(safe(line.source[:LONGEST]), Role.QUIET)] if column + 12 <= width else []
    return shortened([*padded(place, min(width, column)), *source] if source else place, width)
