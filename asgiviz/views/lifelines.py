"""The sequence of one connection as lifelines: client, server, app, and between them an arrow for each message.

Only what crossed the line between server and app is recorded. The client's lifeline is therefore dotted, and the one
arrow that leaves it is dashed: inferred, because a scope (or a message from the client) is there only when the client sent
something. When it did so, and when an answer reached it, is not drawn.

On the app's lifeline `█` is running (in no receive or send; awaiting something else counts as running), `░` suspended in
receive or send, one for each call that is open, `▒` still open, blank not begun or over. A WSGI request that waits for a
thread stands with the server: `░` is then on the server's lifeline. A row is drawn when it is asked for, at a cost that
does not depend on how many there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple, overload

from asgiviz.model.finding import Finding
from asgiviz.model.masking import Mask
from asgiviz.views.findings import mark
from asgiviz.views.lifeline_columns import TIME, Layout, layout, time_column
from asgiviz.views.lifeline_signs import acting_sign, arrow_of, arrow_text, bare_arrow, lifeline, message_arrow
from asgiviz.views.lifeline_words import beside, heard, in_pieces, is_heard, traceback_line, words_in
from asgiviz.views.sequence import Steps
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.steps import NOT_BEGUN, Edge, Fold, Item, Moment
from asgiviz.views.text import number, word
from asgiviz.views.tracebacks import Line, Told, told
from asgiviz.views.wording import Said, said, short_name, until_now

_MASK = Mask()
#: Columns of words that a row keeps beside the rule of a finding; with fewer the finding has only its sign.
LEAST_SAID = 8


class _Place(NamedTuple):
    """Where a drawn row comes from: an item, and which of its rows; `item` is None for the row of now."""

    item: int | None
    within: int = 0


class Lifelines(Sequence[Row]):
    """The rows of a sequence, drawn one by one when they are asked for.

    `now` in nanoseconds of the recording; `found` is what was found in the connection, which stands at the end of its rows;
    `expanded` holds what `unfolds` gave for the rows that shall be unfolded. Make a
    new one when events came, time went on, or the pane changed: that costs next to nothing.
    """

    def __init__(
        self,
        steps: Steps,
        width: int,
        now: int,
        layers: Sequence[str] = (),
        expanded: Set[int] = frozenset(),
        mask: Mask | None = _MASK,
        found: Sequence[Finding] = (),
    ) -> None:
        self._steps = steps
        self._now = max(now, steps.last)
        self._expanded = expanded
        self._mask = mask
        self._plan = layout(steps.kind, width, layers, len(steps.open))
        self._told = {place: self._tell(place) for place in steps.exits}
        tall = {place: len(lines) for place, lines in self._told.items()}
        for seq in expanded:
            if (place := self._fold_at(seq)) is not None:
                tall[place] = len(self._fold(place).moments)
        #: the items that take more than one row, where their rows begin, and how many there are more
        self._tall = sorted(tall)
        self._more = [tall[place] for place in self._tall]
        self._starts: list[int] = []
        before = 0
        for place, more in zip(self._tall, self._more, strict=True):
            self._starts.append(place + before)
            before += more
        self._count = len(steps.items) + before + steps.is_open
        #: row -> what was found there
        self._found: dict[int, list[Finding]] = {}
        for finding in found:
            self._found.setdefault(self._shown_in(finding), []).append(finding)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(place) for place in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._row(index % self._count)

    def row_of(self, seq: int) -> int:
        """The row in which the event `seq` is shown, or the nearest one before it."""
        place = self._steps.place_of(seq)
        found = bisect_right(self._tall, place) - 1
        row = place + sum(self._more[: found + 1])
        if found < 0 or self._tall[found] != place:
            return row
        row -= self._more[found]
        item = self._steps.items[place]
        return row + bisect_right(item.moments, seq, key=lambda moment: moment.seq) if isinstance(item, Fold) else row

    def _shown_in(self, finding: Finding) -> int:
        """The row of a finding: that of its event, or of the call whose begin it is and that has a row for its end only."""
        row, items = self.row_of(finding.at), self._steps.items
        place = self._steps.place_of(finding.at)
        following = items[place + 1] if place + 1 < len(items) else None
        if isinstance(following, Moment) and items[place].seq < finding.at == following.step.seq:
            return self.row_of(following.seq)
        return row

    def unfolds(self, row: int) -> int | None:
        """What to add to `expanded` (or to take out of it) to unfold or fold the row; None when there is nothing to."""
        place, within = self._find(row)
        if place is None:
            return None
        item = self._steps.items[place]
        if isinstance(item, Fold):
            return item.seq
        lines = self._told.get(place, [])
        foldable = item.seq in self._expanded or any(line.what is Line.COUNT for line in lines)
        return item.seq if foldable and within <= len(lines) else None

    # -- which row is which ----------------------------------------------------------------------------------------

    def _fold(self, place: int) -> Fold:
        item = self._steps.items[place]
        assert isinstance(item, Fold)  # `_fold_at` found it
        return item

    def _fold_at(self, seq: int) -> int | None:
        place = bisect_right(self._steps.items, seq, key=lambda item: item.seq) - 1
        item = self._steps.items[place] if place >= 0 else None
        return place if isinstance(item, Fold) and item.seq == seq else None

    def _tell(self, place: int) -> list[Told]:
        item = self._steps.items[place]
        parts = item.step.parts if isinstance(item, Moment) else []
        return [piece for line in told(parts, item.seq in self._expanded) for piece in in_pieces(line, self._plan.width)]

    def _find(self, row: int) -> _Place:
        found = bisect_right(self._starts, row) - 1
        if found >= 0:
            within = row - self._starts[found]
            if within <= self._more[found]:
                return _Place(self._tall[found], within)
            row = self._tall[found] + within - self._more[found]
        return _Place(row) if row < len(self._steps.items) else _Place(None)

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _row(self, row: int) -> Row:
        found = self._found.get(row)
        if found is None:
            return self._drawn(row, self._plan.width)
        beside = mark(found, self._plan.width - self._plan.words - 2 - LEAST_SAID)
        width = self._plan.width - width_of(beside)
        line = self._drawn(row, width - 1)
        return Row([*padded(line.spans, width), *beside], line.seq)

    def _drawn(self, row: int, width: int) -> Row:
        """A row of `width` columns."""
        place, within = self._find(row)
        if place is None:
            return self._now_row(width)
        item = self._steps.items[place]
        if within and isinstance(item, Fold):
            inner = item.moments[within - 1]
            return Row(self._line(inner, said(self._steps, inner, self._mask), width), inner.seq)
        if within:
            return Row(traceback_line(self._told[place][within - 1], width, item.seq in self._expanded), item.seq)
        return Row(self._line(item, said(self._steps, item, self._mask), width), item.seq)

    def _now_row(self, width: int) -> Row:
        steps, plan = self._steps, self._plan
        open_calls = steps.open[0]
        seq = next(iter(open_calls.values())).seq if open_calls else steps.last_seq
        line = [time_column(self._now - steps.began), *_no_client(plan, "┆")]
        if plan.lines:
            for place in range(len(plan.names)):
                waits = Span("░", Role.WAITING) if steps.in_line is not None else Span("│", Role.QUIET)
                line += lifeline(plan, place, steps.state, "▒") if place else [waits]
                line += [Span(" " * plan.hop)] if place < len(plan.names) - 1 else []
        else:
            line.append(Span("▒▒▒   ", Role.WAITING))
        return Row(self._finished(line, until_now(steps, self._now), width), seq)

    def _line(self, item: Item, words: Said, width: int) -> Spans:
        moment = item.last if isinstance(item, Fold) else item
        began = item.moments[0].t if isinstance(item, Fold) else item.t
        paused = moment.edge is Edge.PAUSE and not isinstance(item, Fold)
        line = [Span(" " * TIME) if paused else time_column(began - self._steps.began)]
        spoken = self._plan.client > 0 and self._plan.spoken and is_heard(item)
        if not self._plan.lines:
            line += bare_arrow(item)
            if isinstance(item, Fold):
                words = words._replace(words=f"{number(item.messages)}× {short_name(item.sample)}, {words.words}")
        else:
            line += self._client(item, words, spoken)
            line += self._parties(item, moment, paused)
        if spoken:
            words = beside(words)
        return self._finished(line, words, width, isinstance(item, Fold), item.seq)

    def _client(self, item: Item, words: Said, spoken: bool) -> Spans:
        plan = self._plan
        if not plan.client:
            return []
        if isinstance(item, Moment) and item.step is self._steps.first:
            method = self._steps.scope.get("method") if isinstance(self._steps.scope, Mapping) else None
            name = word(method) if method is not None else ""
            label = "handshake" if plan.spoken else name or "request"
            return [
                Span("┆" if not plan.spoken else " ", Role.QUIET),
                *arrow_text(label, plan.client - 1, True, "┄", Role.RECEIVE),
            ]
        if not spoken:
            return _no_client(plan, "┊" if isinstance(item, Moment) and item.edge is Edge.PAUSE else "┆")
        room = plan.client - 5
        said_there = shortened(words_in(heard(words), room), room)
        gap = " " * (plan.client - 4 - width_of(said_there))
        return [Span(gap), *said_there, Span(" ┄▶ ", Role.RECEIVE)]

    def _parties(self, item: Item, moment: Moment, paused: bool) -> Spans:
        plan, line = self._plan, list[Span]()
        step = moment.step
        arrow = arrow_of(item)
        for place in range(len(plan.names)):
            if place == 0:
                starts = arrow == "▶" and step.layer == 0
                in_line = self._steps.kind == "wsgi" and moment.state[:1] == (NOT_BEGUN,)
                line.append(Span("░", Role.WAITING) if in_line else Span("├" if starts else "┊" if paused else "│", Role.QUIET))
            else:
                line += lifeline(plan, place, moment.state, acting_sign(item, moment, place), moment)
            if place == len(plan.names) - 1:
                break
            if arrow and min(step.layer, len(plan.names) - 2) == place:
                line += message_arrow(item, arrow, plan.hop)
            else:
                line.append(Span(" " * plan.hop))
        return line

    def _finished(self, line: Spans, words: Said, width: int, folded: bool = False, seq: int | None = None) -> Spans:
        line.append(Span(f"{words.sign} ", words.sign_role))
        room = width - self._plan.words - 2
        if folded:
            line.append(Span("▾ " if seq in self._expanded else "▸ ", Role.STRONG))
            room -= 2
        if room <= 0:
            return shortened(line, width)
        return line + shortened(words_in(words, room), room)


def draw(
    steps: Steps,
    width: int,
    now: int,
    layers: Sequence[str] = (),
    expanded: Set[int] = frozenset(),
    mask: Mask | None = _MASK,
    found: Sequence[Finding] = (),
) -> Sequence[Row]:
    """The rows of a sequence; see `Lifelines`."""
    return Lifelines(steps, width, now, layers, expanded, mask, found)


def _no_client(plan: Layout, sign: str) -> Spans:
    if not plan.client or not plan.lines:
        return []
    return [Span(" " * plan.client)] if plan.spoken else [Span(sign + " " * (plan.client - 1), Role.QUIET)]
