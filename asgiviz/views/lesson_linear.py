"""A lesson as linear text: rows that make sense one after the other, read aloud or in a narrow window. No boxes, no columns.

What `views.lesson_text` shows around a question or a grade is said here in words. All texts are the author's, and safe here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from asgiviz.course.grading import Grade, Standing, Verdict
from asgiviz.course.lesson import Ask, Experiment, Kind, Option, Question
from asgiviz.course.walk import Recalled, State, Walk
from asgiviz.views.lesson_text import SURE
from asgiviz.views.markdown_rows import markdown, wrapped
from asgiviz.views.run_rows import figures, served_by, setting_words
from asgiviz.views.spans import Role, Row, Span, Spans, text_of, width_of
from asgiviz.views.text import fit, number, safe
from asgiviz.views.wrapping import TAB, broken

_ASKED = {Kind.PREDICT: "Predict.", Kind.OBSERVE: "What did you see?", Kind.QUIZ: "Question."}
_STANDS = {
    Standing.PASS: ("holds", Role.SEND),
    Standing.FAIL: ("does not hold yet", Role.ERROR),
    Standing.WAIT: ("waits", Role.QUIET),
    Standing.ADVICE: ("only told", Role.LIFE),
}


def said(text: str, width: int, role: Role = Role.PLAIN, lead: str = "") -> list[Row]:
    """Running text, safe; `lead` is a word of another weight before it."""
    return [Row(line) for line in wrapped([*([Span(f"{lead} ", Role.STRONG)] if lead else []), Span(safe(text), role)], width)]


def listed(mark: str, rows: Sequence[Row]) -> list[Row]:
    """Rows behind a mark (``b) ``), the further ones below the first."""
    room = " " * width_of([Span(mark)])
    return [Row([Span(room if place else mark, Role.LIFE), *row.spans]) for place, row in enumerate(rows)]


def hanging(text: str, width: int) -> list[Row]:
    """Running text whose further lines stand a little to the right."""
    first, *further = said(text, max(1, width - 4)) or [Row([])]
    return [first, *(Row([Span("    "), *row.spans]) for row in further)]


# -- questions ---------------------------------------------------------------------------------------------------------


def question(walk: Walk, id_: str, width: int) -> list[Row]:
    """A question and its options."""
    asked = walk.lesson.questions[id_]
    rows = [Row([Span(_ASKED[asked.kind], Role.STRONG)])]
    rows += markdown(walk.fill_question(id_, asked.text), width, Role.STRONG)
    for option in asked.options:
        rows += _option(walk, asked, option, width)
    return rows


def answers_to(asked: Question) -> str:
    """What can be typed: ``a, b or c``, ``a number of s``."""
    ids = [fit(option.id, 8) for option in asked.options]
    if not ids:
        return f"a number of {fit(asked.unit, 20)}" if asked.unit else "a number"
    return f"{', '.join(ids[:-1])} or {ids[-1]}" if len(ids) > 1 else ids[0]


def given(walk: Walk, id_: str, width: int) -> list[Row]:
    """What was answered before, and what is to be said of it now."""
    answer, asked = walk.progress.answers.get(id_), walk.lesson.questions[id_]
    if answer is None:
        return []
    chosen = f"{answer.said:.4g} {asked.unit}".strip() if isinstance(answer.said, float) else answer.said
    sure = f", {SURE[answer.confidence]}" if answer.confidence in SURE else ""
    return [*said(f"Your answer was {chosen}{sure}.", width), *verdict(walk, id_, width)]


def verdict(walk: Walk, id_: str, width: int) -> list[Row]:
    """Right or not, you said … it was …, why, and the note on the belief behind it. Nothing before that is known."""
    state, asked = walk.state_of(id_), walk.lesson.questions[id_]
    if state not in (State.RIGHT, State.WRONG):
        return []
    if not walk.is_done(Ask(id_)):
        rows = [*said(walk.look_again(id_), width), *markdown(walk.reply(id_), width)]
    else:
        word = Span("Right. ", Role.SEND) if state is State.RIGHT else Span("Not so. ", Role.ERROR)
        was = walk.said_and_was(id_) if asked.kind is Kind.PREDICT else _answer_of(asked, state)
        rows = [Row(line) for line in wrapped([word, Span(safe(was), Role.STRONG)], width)] + markdown(walk.reply(id_), width)
    if (note := walk.note_for(id_)) is not None:
        rows += [Row([]), *said(note.belief, width, lead="Many think:"), *markdown(note.note, width)]
    return rows


def _answer_of(asked: Question, state: State) -> str:
    """What would have been right, where nothing else says it."""
    return f"The answer is {asked.answer}." if state is State.WRONG and asked.answer is not None else ""


def _option(walk: Walk, asked: Question, option: Option, width: int) -> list[Row]:
    mark = f"  {fit(option.id, 8)}) "
    rows = markdown(walk.fill_question(asked.id, option.text), max(1, width - len(mark)))
    return listed(mark, rows or [Row([])])


def recall(walk: Walk, width: int) -> list[Row]:
    """What was predicted in this lesson, and what it was."""
    told = walk.recall()
    rows = [Row([Span("What you thought before", Role.STRONG)])] if told else []
    for each in told:
        rows += [Row([]), *markdown(walk.fill_question(each.question.id, each.question.text), width), *_recalled(each, width)]
    return rows


def _recalled(each: Recalled, width: int) -> list[Row]:
    sure = f" ({SURE[each.confidence]})" if each.confidence in SURE else ""
    if each.right is None:
        return said(f"You said {each.said}{sure}. It has not been run.", width)
    word = Span("Right. ", Role.SEND) if each.right else Span("Not so. ", Role.ERROR)
    return [Row(line) for line in wrapped([word, Span(safe(f"You said {each.said}{sure}. It was {each.was}."))], width)]


# -- runs and sources --------------------------------------------------------------------------------------------------


def run(walk: Walk, id_: str, width: int) -> list[Row]:
    """What a run is, before it is made."""
    experiment = walk.lesson.experiments[id_]
    settings = walk.settings(id_)
    rows = said(f"{experiment.title}.", width, lead="Run:")
    for side in experiment.sides:
        what = f"{served_by(side, settings)}, {side.app}"
        rows += listed("  ", said(f"{side.label or side.id} ({what})", max(1, width - 2)))
    return [*rows, *said(f"With {made_with(experiment, settings)}, on the {walk.clock(id_)} clock.", width)]


def made_with(experiment: Experiment, settings: Mapping[str, float]) -> str:
    """``10 clients, wait 0.5 s``"""
    return ", ".join(setting_words(experiment, settings).values())


def measured(walk: Walk, id_: str, width: int) -> list[Row]:
    """The figures of the last run, each with its unit and whose it is."""
    experiment, ran = walk.lesson.experiments[id_], walk.progress.runs.get(id_)
    labels = {side.id: safe(side.label or side.id) for side in experiment.sides}
    found = figures(walk, experiment)
    rows = said(f"{made_with(experiment, ran.settings)}:", width, lead="Measured with") if found and ran is not None else []
    for words, values in found:
        told = ", ".join(value if len(labels) == 1 else f"{value} ({labels[side]})" for side, value in values)
        rows += listed("  ", said(f"{words}: {told}", max(1, width - 2)))
    if doubt := walk.doubt(id_):
        rows += said(doubt, width, Role.WAITING)
    return rows


def source(text: str, width: int) -> list[Row]:
    """A source with the numbers of its lines, all of it; a long line goes on in the next row."""
    lines = text.removesuffix("\n").split("\n")
    digits = len(str(len(lines)))
    rows: list[Row] = []
    for place, line in enumerate(lines, 1):
        pieces = broken(safe(line.removesuffix("\r").expandtabs(TAB)), max(8, width - digits - 2)) or [""]
        for index, piece in enumerate(pieces):
            lead = f"{place:>{digits}}  " if not index else " " * (digits + 2)
            rows.append(Row([Span(lead, Role.QUIET), Span(piece)]))
    return rows


# -- the exercise ------------------------------------------------------------------------------------------------------


def checks(walk: Walk, width: int) -> list[Row]:
    """What will be looked at."""
    rows = said("What is looked at when your file is run, and what is said where it does not hold:", width)
    for check in walk.lesson.checks:
        rows += hanging(f"{check.id}: {text_of(_flat(markdown(check.message, 100_000)))}", width)
    return rows


def grade(found: Grade, width: int) -> list[Row]:
    """The verdicts in words, the first failure with what was seen; or why nothing could be judged, with the traceback whole."""
    if found.failure:
        return [*said(_ended(found.failure), width, Role.ERROR), *verbatim(found.traceback, width)]
    rows: list[Row] = []
    for place, verdict_ in enumerate(found.verdicts, 1):
        if verdict_.standing is not Standing.WAIT:
            rows += _check(verdict_, place, len(found.verdicts), width)
    if found.traceback and not found.passed:
        rows += [*said("Your code raised:", width), *verbatim(found.traceback, width)]
    if waiting := len(found.waiting):
        wait = "check waits" if waiting == 1 else "checks wait"
        rows += said(f"{number(waiting)} more {wait}: put this one right first.", width)
    clock = f", on the {found.clock} clock" if found.clock else ""
    score = f"{number(found.score)} of {number(found.max_score)} points{clock}."
    return [*rows, *said(score + (" Passed. Well done." if found.passed else " Not yet."), width, Role.STRONG)]


def verbatim(text: str, width: int) -> list[Row]:
    """Lines as they are, safe; those that are too long go on in the next row."""
    return [
        Row([Span(piece)])
        for line in text.splitlines()
        for piece in (broken(safe(line.expandtabs(TAB)), max(8, width)) or [""])
    ]


def _check(found: Verdict, place: int, count: int, width: int) -> list[Row]:
    word, role = _STANDS[found.standing]
    lead: Spans = [Span(f"Check {place} of {count}, {fit(found.check.id, 40)}, "), Span(word, role), Span(": ")]
    if found.passed:  # its message is for those whom it does not hold for
        return [Row(line) for line in wrapped([*lead, Span(safe(_ended(found.saw)))], width)]
    rows = [Row(line) for line in wrapped([*lead, *_flat(markdown(found.check.message, 100_000))], width)]
    if found.standing in (Standing.FAIL, Standing.ADVICE):
        wanted = f" Wanted: {_ended(found.wanted)}" if found.wanted else ""
        rows += said(f"Seen: {_ended(found.saw)}{wanted}", width)
        rows += said(f"Evidence: {_ended(found.evidence)}", width) if found.evidence else []
    return rows


def _ended(text: str) -> str:
    """A sentence with its full stop."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _flat(rows: Iterable[Row]) -> Spans:
    """A text of one paragraph as one line."""
    return [span for row in rows for span in row.spans]
