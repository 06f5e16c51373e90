"""The State pane: where a connection stands in its automaton, what is legal now, and how it got there.

Everything is read from the transition table: the picture, the legal moves, and what was wrong with the last one. How much
of the picture is drawn depends on the room: boxes with arrows, names with arrows, or names alone.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from asgiviz.model.events import Ev, Event
from asgiviz.protocol.machines import Machine
from asgiviz.protocol.standing import AUTOMATA, Move
from asgiviz.protocol.transitions import Part, State, Verdict, Way
from asgiviz.views.automaton_picture import (
    MARGIN,
    ROLES,
    SIGNS_OF_WAY,
    TRACKS,
    Drawing,
    Track,
    ladder,
    picture,
    short_name,
    strip,
)
from asgiviz.views.spans import Role, Row, Span, Spans, shortened, width_of
from asgiviz.views.text import fit, literal, number
from asgiviz.views.wsgi_stages import Stages
from asgiviz.views.wsgi_stages import draw as draw_stages

#: Moves that a history remembers; moves that are alike and follow one another count as one.
REMEMBERED = 200
#: Columns from which a legal move and its sentence stand in one line, and from which message types stand in full.
ONE_LINE, FULL_NAMES = 60, 110
_PARTS = {Part.MORE: ", more", Part.LAST: ", last", Part.TRAILERS: ", trailers to come"}


class Step(NamedTuple):
    """A move of the past: the event that made it, and how often it was made in a row (`seq` is the last time)."""

    seq: int
    move: Move
    times: int = 1


class History:
    """The walk of one connection through its automaton, an event at a time. `machine` is None while there is none for it."""

    def __init__(self) -> None:
        self.machine: Machine | None = None
        #: of a WSGI request, which has no machine
        self.stages: Stages | None = None
        #: why there is no machine, a sentence
        self.missing = "Nothing of this connection is recorded up to here."
        self.visited: set[State] = set()
        self.steps: deque[Step] = deque(maxlen=REMEMBERED)
        #: illegal moves so far
        self.wrong = 0

    def add(self, event: Event) -> None:
        """Take in one event of the connection."""
        if self.stages is not None:
            self.stages.add(event)
        elif self.machine is None and not event.layer:
            self._begin(event)
        if self.machine is None:
            return
        move = self.machine.feed(event)
        self.visited.update(self.machine.states)
        if move.verdict is Verdict.ELSEWHERE:
            return
        self.wrong += move.verdict is Verdict.ILLEGAL
        last = self.steps[-1] if self.steps else None
        if last is not None and last.move == move:
            self.steps[-1] = Step(event.seq, move, last.times + 1)
        else:
            self.steps.append(Step(event.seq, move))

    def _begin(self, event: Event) -> None:
        if event.ev in (Ev.WSGI_QUEUED, Ev.WSGI_ENVIRON):
            self.stages = Stages()
            self.stages.add(event)
            return
        if event.ev != Ev.SCOPE:
            self.missing = "The scope of this connection was not recorded, so nobody knows which automaton it follows."
            return
        scope = event.get("scope")
        kind: Any = scope.get("type") if isinstance(scope, Mapping) else None
        if isinstance(kind, str) and kind in AUTOMATA:
            self.machine = Machine(kind)
        else:
            known = ", ".join(AUTOMATA)
            self.missing = (
                f"ASGI has no automaton for a scope of type {fit(literal(kind), 60)}; it has one for each of {known}."
            )


def history(events: Iterable[Event], upto_seq: int | None = None) -> History:
    """The walk through the events of one connection, up to and with `upto_seq` (None: all)."""
    walk = History()
    for event in events:
        if upto_seq is None or event.seq <= upto_seq:
            walk.add(event)
    return walk


def draw(walk: History, width: int, height: int) -> list[Row]:
    """The pane. It has more rows than `height` only when even its smallest form does not fit."""
    machine = walk.machine
    if walk.stages is not None:
        return draw_stages(walk.stages, width, height)
    if machine is None:
        return [Row(shortened(line, width)) for line in _told([Span(" ")], walk.missing, Role.PLAIN, width, MARGIN)]
    legal = _legal(machine, width, whole=True)
    last = _last(walk, width)
    rows = _picture(machine, walk, width, height - len(legal) - len(last))
    if len(rows) + len(legal) + len(last) > height:
        legal = _legal(machine, width, whole=False)
    spare = height - len(rows) - len(legal) - len(last)
    air = [Row([])] if spare >= 2 else []
    words = [*air, *legal, *air, *last, *_earlier(walk, spare - 2 * len(air))]
    return [*rows, *_kept(words, width)]


def _kept(rows: Iterable[Row], width: int) -> list[Row]:
    return [Row(shortened(spans, width), seq) for spans, seq in rows]


# -- the picture -----------------------------------------------------------------------------------------------------------


def _picture(machine: Machine, walk: History, width: int, height: int) -> list[Row]:
    """The fullest form that fits: boxes and arrows, names and arrows, arrows of the main track only, names alone."""
    tracks = TRACKS[machine.automaton.kind]
    main = next(place for place, track in enumerate(tracks) if machine.state in track.states)
    titles = [_title(machine, tracks, place, width) for place in range(len(tracks))]
    drawings = [_drawing(machine, walk, width, track) for track in tracks]
    rows: list[Row] = []
    for form in _FORMS:
        rows = []
        for place, track in enumerate(tracks):
            if form.air and place:
                rows.append(Row([]))
            rows += _kept(titles[place], width)
            if form.arrows and (form.all_tracks or place == main):
                drawing = drawings[place]
                rows += [*(drawing.boxes if form.boxes else drawing.names), *drawing.arrows]
            else:
                rows += _kept(strip(machine, walk.visited, width, track), width)
        if len(rows) <= height:
            break
    return rows


class _Form(NamedTuple):
    """How much of the picture is drawn."""

    boxes: bool = False
    arrows: bool = True
    all_tracks: bool = True
    air: bool = False


#: From the fullest to the smallest.
_FORMS = (_Form(boxes=True, air=True), _Form(boxes=True), _Form(), _Form(all_tracks=False), _Form(arrows=False))


def _drawing(machine: Machine, walk: History, width: int, track: Track) -> Drawing:
    """Side by side if the width allows, else one below the other."""
    drawn = picture(machine, walk.visited, width, track)
    return Drawing([], [], _kept(ladder(machine, walk.visited, track), width)) if drawn is None else drawn


def _title(machine: Machine, tracks: Sequence[Track], place: int, width: int) -> list[Row]:
    """The name of a track, and where its side stands; said once when two tracks show the same state."""
    track = tracks[place]
    state = machine.states[track.side]
    lead = [Span(f" {track.name}", Role.QUIET)]
    if state not in track.states or any(state in other.states for other in tracks[:place] if other.side == track.side):
        return [Row(lead)]
    lead = [*lead, Span(f"  ▶ {state}", Role.STRONG), Span("  ")]
    return [Row(line) for line in _told(lead, state.meaning, Role.PLAIN, width, 3)]


# -- the words below it ----------------------------------------------------------------------------------------------------


def _legal(machine: Machine, width: int, *, whole: bool) -> list[Row]:
    """What may come next, each with its sentence; not `whole`: as much of it as fits behind its message."""
    moves = machine.legal_next()
    if not moves:
        why = "nothing: the app's call has ended." if machine.over else "nothing."
        return [Row(line) for line in _told([Span(" Now legal", Role.STRONG), Span("  ")], why, Role.PLAIN, width, 3)]
    names = [_full_name(row.what, row.part) if width >= FULL_NAMES else short_name(row) for row in moves]
    longest, target = max(map(len, names)), max(len(row.to) for row in moves)
    rows = [Row([Span(" Now legal", Role.STRONG)])]
    for row, name in zip(moves, names, strict=True):
        lead = [
            Span(f"  {SIGNS_OF_WAY[row.way]} {name:<{longest}}", ROLES[row.way]),
            Span(f"  → {row.to:<{target}}  " if row.way is not Way.EXIT else " " * (target + 6), Role.QUIET),
        ]
        if width < ONE_LINE:
            told = [lead, *_told([Span("      ")], row.sentence, Role.PLAIN, width, 6)]
        elif whole:
            told = _told(lead, row.sentence, Role.PLAIN, width, width_of(lead))
        else:
            told = [[*lead, Span(row.sentence)]]
        rows += [Row(line) for line in told]
    return rows


def _last(walk: History, width: int) -> list[Row]:
    if not walk.steps:
        return [Row([Span(" Last move", Role.STRONG), Span("  none yet.")])]
    step = walk.steps[-1]
    move = step.move
    wrong = move.verdict is Verdict.ILLEGAL
    role = Role.ERROR if wrong else _role(move)
    rule = f"breaks {move.rule}. " if wrong else ""
    remark = f" ({move.rule})" if move.rule and not wrong else ""
    lead = [Span(f"  {_step_name(step)}: ", role)]
    lines = _told(lead, f"{rule}{move.sentence}{remark}", Role.ERROR if wrong else Role.PLAIN, width, 6)
    broken = f"  {number(walk.wrong)} against the rules" if walk.wrong else ""
    heading = [Span(" Last move", Role.STRONG), Span(broken, Role.ERROR)]
    return [Row(heading), *(Row(line, step.seq) for line in lines)]


def _earlier(walk: History, room: int) -> list[Row]:
    """Moves before the last one, newest first, a line each, as many as there is room for."""
    rows = []
    for step in list(walk.steps)[-2::-1][: max(0, room)]:
        move = step.move
        wrong = move.verdict is Verdict.ILLEGAL
        spans = [Span(f"  {_step_name(step)}", Role.ERROR if wrong else _role(move))]
        if wrong:
            spans.append(Span(f"  {move.rule}", Role.ERROR))
        elif move.before != move.after:
            spans.append(Span(f"  {move.before} → {move.after}", Role.QUIET))
        rows.append(Row(spans, step.seq))
    return rows


def _step_name(step: Step) -> str:
    move = step.move
    sign = SIGNS_OF_WAY[move.way] if move.way is not None else "   "
    if move.verdict is Verdict.ILLEGAL:
        sign = f"✗{sign[1:]}"
    times = f" ×{number(step.times)}" if step.times > 1 else ""
    return f"{step.seq} {sign} {_full_name(move.what, move.part)}{times}"


def _role(move: Move) -> Role:
    return ROLES[move.way] if move.way is not None else Role.PLAIN


def _full_name(what: str, part: Part) -> str:
    if part in (Part.RETURNED, Part.RAISED):
        return f"{what} ({part})"
    return (fit(what, 40) or "(no type)") + _PARTS.get(part, "")


def _told(lead: Spans, sentence: str, role: Role, width: int, indent: int) -> list[Spans]:
    """A sentence behind `lead`, broken between words; further lines begin at `indent`."""
    taken = width_of(lead)
    if taken + 12 > width:  # no room beside it
        return [lead, *([Span(" " * indent), Span(line, role)] for line in textwrap.wrap(sentence, max(1, width - indent)))]
    first = textwrap.wrap(sentence, width - taken)[:1] or [""]
    rest = textwrap.wrap(sentence[len(first[0]) :].strip(), max(12, width - indent))
    return [[*lead, Span(first[0], role)], *([Span(" " * indent), Span(line, role)] for line in rest)]
