"""One lesson on the page: what was predicted and what it was, what was measured, the exercise, and what was answered.

Drawn from the `Walk` alone, and from the runs that were made for the page. Nothing is told that the learner has not answered.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from asgiviz.course.lesson import Ask, Experiment, Kind, Side
from asgiviz.course.outcome import figures
from asgiviz.course.run_record import RunRecord
from asgiviz.course.walk import Recalled, Walk
from asgiviz.export.html import Html, joined, moment, prose, table, tag, words
from asgiviz.export.timeline_html import Timelines
from asgiviz.views.lesson_text import SURE
from asgiviz.views.run_rows import served_by, told_figures, told_settings
from asgiviz.views.text import counted, number

_CLOCKS = {"virtual": "on the virtual clock", "real": "on the real clock", "": "on a clock that was not written down"}


@dataclass(frozen=True)
class Again:
    """A run that was made for this page: its record, or the sentence why there is none. `remark`: why on the real clock."""

    record: RunRecord | None
    failure: str = ""
    remark: str = ""
    at: float | None = None


@dataclass
class Telling:
    """What all lessons of a page have in common. `lang` is the language of the texts where that is not the page's."""

    zone: datetime.tzinfo | None = None
    lang: str | None = None
    again: Mapping[tuple[str, str], Again] = field(default_factory=dict)
    timelines: Timelines = field(default_factory=Timelines)


def lesson(walk: Walk, telling: Telling, changed: bool = False) -> Html:
    """The section of a lesson that was begun."""
    told = walk.lesson
    remark = "This lesson has changed since it was last open here. Answers to questions that are gone are left out."
    return tag(
        "section",
        tag("h2", f"{told.number}. ", words(told.title, telling.lang), id=f"h-{told.id}"),
        tag("p", *_standing(walk, telling), class_="quiet"),
        tag("p", remark, class_="about") if changed else None,
        _predictions(walk, telling),
        _runs(walk, telling),
        _questions(walk, Kind.OBSERVE, "What was seen in the runs", "Questions on what a run has shown", telling),
        _exercise(walk, telling),
        _questions(walk, Kind.QUIZ, "The questions at the end", "Answers to the questions at the end", telling),
        tag("p", tag("strong", "To be honest: "), words(told.honest, telling.lang), class_="honest") if told.honest else None,
        class_="lesson",
        aria_labelledby=f"h-{told.id}",
        id=told.id,
    )


def _standing(walk: Walk, telling: Telling) -> list[str]:
    finished = walk.progress.finished_at
    if finished is None:
        return ["Begun, not finished."]
    when = moment(finished, telling.zone)
    return ["Finished on ", when, "."] if when else ["Finished."]


# -- questions ---------------------------------------------------------------------------------------------------------


def _predictions(walk: Walk, telling: Telling) -> Html | None:
    given = _recalled(walk, Kind.PREDICT)
    if not given:
        return None
    rows = [
        [
            _asked(walk, each, telling),
            words(each.said, telling.lang),
            SURE.get(each.confidence or 0, "not asked"),
            words(each.was, telling.lang) if each.was else "not run yet",
            verdict(each.right),
        ]
        for each in given
    ]
    heads = ("Question", "You said", "How sure", "It was", "Verdict")
    return joined(
        tag("h3", "What you predicted"),
        table("Predictions, in the order of the lesson", heads, rows),
        _notes(walk, given, telling),
    )


def _questions(walk: Walk, kind: Kind, title: str, caption: str, telling: Telling) -> Html | None:
    given = _recalled(walk, kind)
    if not given:
        return None
    rows = []
    for each in given:
        tries = walk.progress.answers[each.question.id].tries
        rows.append(
            [
                _asked(walk, each, telling),
                words(each.said, telling.lang),
                *([str(tries)] if kind is Kind.OBSERVE else []),
                verdict(each.right),
            ]
        )
    heads = ("Question", "You said", *(("Tries",) if kind is Kind.OBSERVE else ()), "Verdict")
    return joined(tag("h3", title), table(caption, heads, rows), _notes(walk, given, telling))


def _recalled(walk: Walk, kind: Kind) -> tuple[Recalled, ...]:
    """What was answered, each told as on the page where it is asked: its numbers are those of the run that is there."""
    found = []
    for place, page in enumerate(walk.pages):
        asked = {block.question for block in page.blocks if isinstance(block, Ask)}
        walk.progress.page = place
        found += [each for each in walk.recall(kind) if each.question.id in asked]
    return tuple(
        {each.question.id: each for each in reversed(found)}[id_] for id_ in dict.fromkeys(each.question.id for each in found)
    )


def _asked(walk: Walk, each: Recalled, telling: Telling) -> Html:
    return words(walk.fill_question(each.question.id, each.question.text), telling.lang)


def _notes(walk: Walk, given: tuple[Recalled, ...], telling: Telling) -> Html | None:
    """What is said to wrong answers, and the belief behind each."""
    items = []
    for each in given:
        if each.right is not False:
            continue
        note, reply = walk.note_for(each.question.id), walk.reply(each.question.id)
        belief = [tag("p", "Behind it is often this belief: ", tag("em", words(note.belief, telling.lang)))] if note else []
        items.append(
            tag(
                "li",
                tag("p", "✗ ", tag("strong", _asked(walk, each, telling))),
                prose(reply, telling.lang) if reply else None,
                *belief,
                prose(note.note, telling.lang) if note else None,
            )
        )
    return tag("ul", *items, class_="notes", aria_label="On the answers that were not so") if items else None


def verdict(right: bool | None) -> Html:
    """Right, not so, or not judged yet; with a sign and a word."""
    if right is None:
        return tag("span", "… open", class_="open")
    return tag("span", "✓ right", class_="good") if right else tag("span", "✗ not so", class_="bad")


# -- runs --------------------------------------------------------------------------------------------------------------


def _runs(walk: Walk, telling: Telling) -> Html | None:
    made = [each for id_, each in walk.lesson.experiments.items() if id_ in walk.progress.runs]
    return joined(tag("h3", "What was measured"), *(_run(walk, each, telling) for each in made)) if made else None


def _run(walk: Walk, experiment: Experiment, telling: Telling) -> Html:
    ran = walk.progress.runs[experiment.id]
    when = moment(ran.at, telling.zone)
    times = "Run once" if ran.times == 1 else f"Run {number(ran.times)} times; this is the last"
    about = tag(
        "p", f"{told_settings(experiment, ran.settings)}. {times}", *((", on ", when) if when else ()),
        f", {_CLOCKS.get(ran.clock, ran.clock)}.", class_="about",
    )  # fmt: skip
    caption = f"{experiment.title}: measured in your last run"
    mine = _figures(experiment, ran.figures, ran.settings, caption)
    again = telling.again.get((walk.lesson.id, experiment.id))
    return joined(
        tag("h4", words(experiment.title, telling.lang)),
        about,
        mine,
        None if again is None else _again(experiment, ran.settings, again, telling),
    )


def _figures(experiment: Experiment, measured: Mapping[str, float], settings: Mapping[str, float], caption: str) -> Html:
    told = told_figures(experiment, measured)
    if not told:
        return tag("p", "There are no figures of this run.")
    sides = [side for side in experiment.sides if any(side.id == id_ for _, values in told for id_, _ in values)]
    heads = ("Measured", *(_side(side, settings) for side in sides))
    rows = [[says[:1].upper() + says[1:], *(dict(values).get(side.id, "–") for side in sides)] for says, values in told]
    return table(caption, heads, rows, "figures")


def _side(side: Side, settings: Mapping[str, float]) -> str:
    return f"{side.label or side.id} ({served_by(side, settings)})"


def _again(experiment: Experiment, settings: Mapping[str, float], again: Again, telling: Telling) -> Html:
    when = moment(again.at, telling.zone)
    if again.record is None:
        return tag("p", tag("strong", "Made again for this page: "), f"it failed. {again.failure.rstrip('.')}.", class_="about")
    about = tag(
        "p", tag("strong", "Made again for this page"), *((", on ", when) if when else ()),
        f", on this machine, {_CLOCKS.get(again.record.clock, '')}. {again.remark}".rstrip(), class_="about",
    )  # fmt: skip
    measured = _figures(experiment, figures(again.record), settings, f"{experiment.title}: measured again for this page")
    return joined(about, measured, telling.timelines.draw(again.record))


# -- exercise ----------------------------------------------------------------------------------------------------------


def _exercise(walk: Walk, telling: Telling) -> Html | None:
    progress = walk.progress
    if walk.lesson.exercise is None:
        return None
    passed = moment(progress.passed_at, telling.zone)
    if progress.passed_at is not None:
        standing = joined(tag("span", "✓ passed", class_="good"), *((" on ", passed) if passed else ()))
    else:
        standing = tag("span", "… not yet passed" if progress.attempts else "… not begun", class_="open")
    attempts = f". {counted(progress.attempts, 'attempt')}."
    helped = [(check, len(walk.hints_given(check.id))) for check in walk.lesson.checks if walk.hints_given(check.id)]
    rows = [[words(check.message, telling.lang), f"{given} of {len(check.hints)}"] for check, given in helped]
    hints = (
        table("Hints that were taken, by what they help with", ("Check", "Hints taken"), rows)
        if rows
        else tag("p", "No hint was taken.")
    )
    return joined(tag("h3", "The exercise"), tag("p", standing, attempts), hints if progress.attempts or rows else None)
