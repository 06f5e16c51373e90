"""The text of a lesson as rows: what is in sight of its page, its questions, runs and sources, what was said and what it was.

Drawn from the `Walk` alone, and from `Now`: what a screen knows beside it. All texts are the author's, and safe here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asgiviz.course.asking import with_unit
from asgiviz.course.grading import Grade
from asgiviz.course.lesson import Ask, Block, Go, Kind, Option, Practise, Prose, Question, ShowCode
from asgiviz.course.walk import Recalled, State, Walk
from asgiviz.views import run_rows
from asgiviz.views.boxes import EDGES, boxed
from asgiviz.views.code_rows import code
from asgiviz.views.exercise_rows import exercise
from asgiviz.views.markdown_rows import READABLE, markdown, wrapped
from asgiviz.views.spans import Role, Row, Span, Spans, cut, padded, shortened, width_of
from asgiviz.views.text import fit, safe

#: How sure somebody can be, and what that is called.
SURE = {1: "a guess", 2: "fairly sure", 3: "certain"}
_TITLES = {Kind.PREDICT: "Predict", Kind.OBSERVE: "What did you see?", Kind.QUIZ: "Question"}


@dataclass(frozen=True)
class Now:
    """What the screen knows beside the walk.

    `running` is the run that is made at the moment, `phase` a few words on it, `trouble` a sentence on why the last run (of
    `troubled`) failed, `clocks` what is to be said of the clock of a run. `knob` is the one that + and - turn. `sources` are
    the files that a page shows, `beside` those of them that stand beside the text anyway. `file`, `grade` and `said` are
    about the exercise; `typed` is the beginning of a number that is being typed as the answer to `asked`.
    """

    running: str | None = None
    phase: str = ""
    troubled: str | None = None
    trouble: str = ""
    clocks: Mapping[str, str] = field(default_factory=dict)
    knob: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    grade: Grade | None = None
    said: str = ""
    asked: str | None = None
    typed: str = ""
    beside: frozenset[str] = frozenset()


def page(walk: Walk, width: int, now: Now | None = None) -> list[Row]:
    """All that is in sight of the page that is open, ending with what comes next."""
    now, width = now or Now(), max(1, min(width, READABLE))
    rows = heading(walk, width)
    for each in walk.in_sight():
        drawn = block(walk, each, width, now)
        rows += [Row([]), *drawn] if drawn else []
    return _within([*rows, Row([]), *_next(walk, width)], width)


def heading(walk: Walk, width: int) -> list[Row]:
    """The title of the page, and which page it is."""
    where = f"{walk.page_index + 1}/{len(walk.pages)}"
    title = fit(walk.page.title or walk.lesson.title, max(1, width - len(where) - 2))
    line = [*padded([Span(title, Role.STRONG)], max(1, width - len(where))), Span(where, Role.QUIET)]
    return _within([Row(line), Row([Span("━" * width, Role.QUIET)])], width)


def block(walk: Walk, each: Block, width: int, now: Now) -> list[Row]:
    """One block of a page."""
    match each:
        case Prose(text=text):
            rows = markdown(walk.fill(text), width)
            return rows[2:] if rows[2:] and text.lstrip().startswith("# ") else rows  # the heading is the page's
        case Ask(question=id_):
            return question(walk, id_, width, now.typed if id_ == now.asked else "")
        case Go(run=id_):
            made = run_rows.run(walk, id_, width, now.running == id_, now.phase, _trouble(now, id_), now.clocks, now.knob)
            return [*made, *_shown_by(walk, id_, width)]
        case ShowCode(file=file) if file in now.beside:
            there = [Span("→ ", Role.LIFE), Span(fit(file, width), Role.STRONG), Span(" stands at the right")]
            return [Row(shortened(there, width))]
        case ShowCode(file=file):
            source = now.sources.get(file)
            shown = (
                code(source, width - EDGES, wrap=True)
                if source is not None
                else [Row([Span("This file cannot be read.", Role.ERROR)])]
            )
            return boxed(file, shown, width)
        case Practise():
            return exercise(walk, width, now.grade, now.file, now.said)


def question(walk: Walk, id_: str, width: int, typed: str = "") -> list[Row]:
    """A question in its box, and below it what is said of the answer."""
    asked, state = walk.lesson.questions[id_], walk.state_of(id_)
    room = max(1, width - EDGES)
    rows = markdown(walk.fill_question(id_, asked.text), room, Role.STRONG if state is State.OPEN else Role.PLAIN)
    rows += [Row([]), *(row for option in asked.options for row in _option(walk, asked, option, room))]
    if not asked.options:
        rows += [_number(walk, asked, room, typed)]
    if asked.confidence and state is not State.OPEN:
        rows += [Row([]), *_sure(walk, id_, room)]
    if prompt := _prompt(walk, asked, state):
        rows += [Row([]), *(Row(line) for line in wrapped([Span(prompt, Role.LIFE)], room))]
    right = {State.RIGHT: "✓ right", State.WRONG: "✗ not so", State.SEALED: "given"}.get(state, "")
    drawn = boxed(_TITLES[asked.kind], rows, width, Role.LIFE if state in (State.OPEN, State.CHOSEN) else Role.QUIET, right)
    shown = asked.kind is Kind.PREDICT and Go(asked.run or "") in walk.page.blocks  # then the run says it, below
    return drawn if shown else [*drawn, *_verdict(walk, asked, state, width)]


def recall(walk: Walk, width: int) -> list[Row]:
    """What was predicted in this lesson, and what it was."""
    told = walk.recall()
    if not told:
        return []
    rows: list[Row] = []
    for each in told:
        rows += [*([Row([])] if rows else []), *_recalled(walk, each, max(1, width - EDGES))]
    return _within(boxed("What you thought before", rows, width), width)


def honest(walk: Walk, width: int) -> list[Row]:
    """What the lesson did not say."""
    text = walk.lesson.honest
    return [Row(line) for line in wrapped([Span("To be honest: ", Role.LIFE), Span(safe(text))], width)] if text else []


# -- questions ---------------------------------------------------------------------------------------------------------


def _option(walk: Walk, asked: Question, option: Option, width: int) -> list[Row]:
    """``b (•) 1.5 s``; once it is known, which was right and which was chosen."""
    answer = walk.progress.answers.get(asked.id)
    chosen = answer is not None and answer.said == option.id
    known = walk.is_done(Ask(asked.id)) and walk.state_of(asked.id) in (State.RIGHT, State.WRONG)
    mark, role = ("(•)", Role.STRONG) if chosen else ("( )", Role.PLAIN)
    sign = Span("  ")
    if known and option.id == asked.answer:
        sign, role = Span("✓ ", Role.SEND), Role.STRONG
    elif chosen and walk.state_of(asked.id) is State.WRONG:
        sign = Span("✗ ", Role.ERROR)
    lead: Spans = [sign, Span(f"{fit(option.id, 8)} ", Role.LIFE), Span(f"{mark} ", role)]
    indent = 2 + len(fit(option.id, 8)) + 1 + 4
    lines = markdown(walk.fill_question(asked.id, option.text), max(1, width - indent), role)
    return [Row([*(lead if not place else [Span(" " * indent)]), *row.spans]) for place, row in enumerate(lines or [Row([])])]


def _number(walk: Walk, asked: Question, width: int, typed: str) -> Row:
    answer = walk.progress.answers.get(asked.id)
    given = answer.said if answer is not None and isinstance(answer.said, float) and not typed else None
    said = f"{typed}… {asked.unit}" if given is None else with_unit(asked, given)
    return Row([Span("  your answer: ", Role.QUIET), Span(fit(said, max(1, width - 15)), Role.STRONG)])


def _sure(walk: Walk, id_: str, width: int) -> list[Row]:
    """``how sure?  ● ● ○``"""
    answer = walk.progress.answers.get(id_)
    sure = (answer.confidence if answer is not None else None) or 0
    dots = " ".join("●" if place <= sure else "○" for place in SURE)
    asked = [Span("  how sure?  ", Role.QUIET), Span(dots, Role.STRONG), Span("   ")]
    if sure:
        return [Row([*asked, Span(SURE[sure], Role.QUIET)])]
    choice = [Span("   ".join(f"{place} {what}" for place, what in SURE.items()), Role.LIFE)]
    return [Row([*asked, *choice])] if width_of([*asked, *choice]) <= width else [Row(asked), Row([Span("  "), *choice])]


def _prompt(walk: Walk, asked: Question, state: State) -> str:
    """What the learner can do now."""
    if state is State.OPEN:
        ids = [fit(option.id, 8) for option in asked.options]
        return f"Choose with {', '.join(ids[:-1])} or {ids[-1]}." if len(ids) > 1 else "Type a number, then enter."
    if state is State.CHOSEN:
        return "How sure are you? 1, 2 or 3."
    if state is State.WRONG and not walk.is_done(Ask(asked.id)):
        return walk.look_again(asked.id)
    return ""


def _shown_by(walk: Walk, run: str, width: int) -> list[Row]:
    """Below a run: what it says of the predictions on this page."""
    rows: list[Row] = []
    for id_ in (each.question for each in walk.page.blocks if isinstance(each, Ask)):
        asked = walk.lesson.questions[id_]
        if asked.kind is Kind.PREDICT and asked.run == run and (told := _verdict(walk, asked, walk.state_of(id_), width)):
            rows += [Row([]), *told]
    return rows


def _verdict(walk: Walk, asked: Question, state: State, width: int) -> list[Row]:
    """Right or not, you said … it was …, why, and the note on the belief behind it."""
    if state not in (State.RIGHT, State.WRONG):
        return []
    word = Span("✓ Right. ", Role.SEND) if state is State.RIGHT else Span("✗ Not so. ", Role.ERROR)
    was = walk.said_and_was(asked.id) if asked.kind is Kind.PREDICT else ""
    over = walk.is_done(Ask(asked.id))  # else its box says where to look again
    rows = [Row(line) for line in wrapped([word, Span(safe(was), Role.STRONG)], width)] if over else []
    rows += markdown(walk.reply(asked.id), width)
    note = walk.note_for(asked.id)
    if note is not None:
        belief = [
            Row(line)
            for line in wrapped([Span("Many think: ", Role.QUIET), Span(safe(note.belief), Role.STRONG)], width - EDGES)
        ]
        rows += boxed("A common belief", [*belief, Row([]), *markdown(note.note, max(1, width - EDGES))], width, Role.WAITING)
    return rows


def _recalled(walk: Walk, each: Recalled, width: int) -> list[Row]:
    rows = markdown(walk.fill_question(each.question.id, each.question.text), width)
    mark = {True: Span("✓ ", Role.SEND), False: Span("✗ ", Role.ERROR), None: Span("· ", Role.QUIET)}[each.right]
    sure = f" ({SURE[each.confidence]})" if each.confidence in SURE else ""
    was = f" It was {each.was}." if each.right is not None else " It has not been run."
    said = [mark, Span(f"You said {safe(each.said)}{sure}."), Span(safe(was), Role.STRONG)]
    return [*rows, *(Row(line) for line in wrapped(said, width))]


# -- what comes next ---------------------------------------------------------------------------------------------------


def _next(walk: Walk, width: int) -> list[Row]:
    gate = walk.gate()
    if walk.can_go_on:
        last = [Span("n", Role.STRONG), Span(" next page", Role.QUIET)]
    elif isinstance(gate, Go):
        last = [Span("enter", Role.STRONG), Span(" run", Role.QUIET)]
    elif isinstance(gate, Ask):
        last = [Span("answer to go on", Role.QUIET)]
    elif isinstance(gate, Practise):
        last = [Span("e", Role.STRONG), Span(" edit   ", Role.QUIET), Span("x", Role.STRONG), Span(" check", Role.QUIET)]
    else:
        last = [Span("✓ ", Role.SEND), Span("This was the last page.", Role.QUIET)]
    end = [*recall(walk, width), *honest(walk, width)] if gate is None and walk.page_index == len(walk.pages) - 1 else []
    return [*end, Row(last)]


def _trouble(now: Now, run: str) -> str:
    return now.trouble if now.troubled == run else ""


def _within(rows: list[Row], width: int) -> list[Row]:
    """The rows, cut where a pane is too narrow for words."""
    return [row if width_of(row.spans) <= width else Row(cut(row.spans, width), row.seq) for row in rows]
