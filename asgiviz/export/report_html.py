"""One page of what a learner has done in a course: whole in one file, without network and script, and readable without seeing.

It says what was measured when, on which clock and machine; it judges nothing that the lessons have not judged.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asgiviz.course.fingerprint import fingerprint
from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.progress import Progress
from asgiviz.course.walk import CONFIDENCE, Walk
from asgiviz.export.html import Html, joined, moment, table, tag, words
from asgiviz.export.report_lesson import Again, Telling, lesson
from asgiviz.export.report_sums import Sums, is_begun, sums_of
from asgiviz.export.stylesheet import style_sheet
from asgiviz.export.timeline_html import legend, patterns
from asgiviz.views.lesson_text import SURE
from asgiviz.views.text import counted, number

_META = {"viewport": "width=device-width, initial-scale=1", "color-scheme": "light dark"}


@dataclass(frozen=True)
class Here:
    """Where and when the page is written. `at` are seconds since 1970; a `zone` of None is this machine's."""

    at: float
    version: str
    python: str
    machine: str
    cores: int
    zone: datetime.tzinfo | None = None


def begun(pack: Pack, progress: Progress, lessons: Sequence[Lesson] | None = None) -> list[Lesson]:
    """Those of the lessons (of all) in which something was done."""
    return [each for each in (pack.lessons if lessons is None else lessons) if is_begun(progress.lesson(pack.id, each.id))]


def render(
    pack: Pack,
    progress: Progress,
    here: Here,
    lessons: Sequence[Lesson] | None = None,
    again: Mapping[tuple[str, str], Again] | None = None,
) -> str:
    """The page, with a section for each of the lessons (None: all) that was begun.

    `again` has the runs that were made for it, by the ids of lesson and run. The progress stays as it is.
    """
    lang = None if pack.lang == "en" else pack.lang
    names = {"cores": float(here.cores)}
    walks = [
        Walk(each, copy.deepcopy(progress.lesson(pack.id, each.id)), names, pack.misconceptions)
        for each in (pack.lessons if lessons is None else lessons)
    ]
    told = [walk for walk in walks if is_begun(walk.progress)]
    telling = Telling(here.zone, lang, again or {})
    sections = [lesson(walk, telling, _changed(walk)) for walk in told]
    title = f"{pack.title}: what I predicted, ran and found"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        *(tag("meta", name=name, content=content) for name, content in _META.items()),
        tag("meta", name="generator", content=f"asgiviz {here.version}"),
        tag("title", title),
        tag("style", Html(style_sheet())),
    )
    body = tag(
        "body", tag("a", "Skip to the report", href="#report", class_="skip"), patterns() if again else None,
        _header(pack, told, here, lang),
        tag("main", _overview(walks, bool(again), lang), *sections, id="report", tabindex="-1"),
        _footer(here, bool(again), _gone(pack, progress)),
    )  # fmt: skip
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _changed(walk: Walk) -> bool:
    known = walk.progress.fingerprint
    return bool(known) and known != fingerprint(walk.lesson.directory)


def _gone(pack: Pack, progress: Progress) -> int:
    """Lessons in the progress that the course does not have, or that cannot be read."""
    known = progress.as_dict()["packs"].get(pack.id, {})
    return len(set(known) - {each.id for each in pack.lessons})


def _header(pack: Pack, told: Sequence[Walk], here: Here, lang: str | None) -> Html:
    links = [
        tag("li", tag("a", words(walk.lesson.title, lang), href=f"#{walk.lesson.id}"), value=walk.lesson.number)
        for walk in told
    ]
    return tag(
        "header",
        tag("h1", words(pack.title, lang)),
        tag("p", "What was predicted, run and found. Written on ", moment(here.at, here.zone), ".", class_="quiet"),
        tag("nav", tag("ol", *links), aria_label="Lessons on this page") if len(links) > 1 else None,
    )


def _overview(walks: Sequence[Walk], again: bool, lang: str | None) -> Html:
    sums = sums_of(walks)
    boxes = [
        ("Lessons finished", f"{sums.finished} of {sums.lessons}"),
        ("Predictions right", f"{sums.right} of {sums.predictions}"),
        ("Certain, and wrong", str(sums.certain_and_wrong)),
        ("Exercises passed", f"{sums.passed} of {sums.exercises}"),
    ]
    heads = ("Lesson", "Steps done", "Predictions right", "Certain, and wrong", "Runs", "Exercise", "Hints")
    return tag(
        "section",
        tag("h2", "At a glance", id="h-sums"),
        tag("p", summary(sums), class_="lead"),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in boxes), class_="sums"),
        table("The lessons of the course", heads, [_line(walk, lang) for walk in walks]),
        _sureness(sums),
        joined(tag("p", "In the pictures of the runs:"), legend()) if again else None,
        aria_labelledby="h-sums",
    )


def summary(sums: Sums) -> str:
    """The whole in a sentence, for who reads no further."""
    lessons = f"{number(sums.finished)} of {counted(sums.lessons, 'lesson')} finished"
    if not sums.predictions:
        return f"{lessons}."
    right = f"{number(sums.right)} of {counted(sums.predictions, 'prediction')} right"
    return f"{lessons}, {right}; certain and wrong: {number(sums.certain_and_wrong)}."


def _line(walk: Walk, lang: str | None) -> list[str]:
    sums = sums_of([walk])
    title = joined(f"{walk.lesson.number}. ", words(walk.lesson.title, lang))
    if not sums.begun:
        return [title, "not begun", "–", "–", "–", "–", "–"]
    done = f"{sums.done} of {sums.steps}" + (", finished" if sums.finished else "")
    exercise = "–" if not sums.exercises else "✓ passed" if sums.passed else "… not passed" if sums.attempts else "… not begun"
    exercise += f", {counted(sums.attempts, 'attempt')}" if sums.attempts else ""
    right = f"{sums.right} of {sums.predictions}" if sums.predictions else "–"
    return [title, done, right, str(sums.certain_and_wrong), number(sums.runs), exercise, number(sums.hints)]


def _sureness(sums: Sums) -> Html | None:
    """How sure, and how right: who is certain and wrong has a belief to look at."""
    rows = []
    for sure in (*CONFIDENCE, None):
        right, wrong = sums.judged[sure, True], sums.judged[sure, False]
        if right + wrong:
            rows.append([SURE[sure].capitalize() if sure else "Not asked", number(right), number(wrong)])
    return table("How sure, and how right", ("You were", "Right", "Not so"), rows, "small") if rows else None


def _footer(here: Here, again: bool, gone: int) -> Html:
    left = f" {counted(gone, 'lesson')} in the progress that this course does not have, or that cannot be read: left out."
    fresh = " What was made again for this page was measured on the machine below."
    return tag(
        "footer",
        tag("h2", "Where the numbers come from"),
        tag(
            "p",
            "Every number was measured or computed when the run was made; none is printed in the lessons. Of each run the "
            "figures of the last time are kept, with when and on which clock; on which machine is not kept.",
            fresh if again else None,
            left if gone else None,
        ),
        tag(
            "p",
            "The virtual clock stands still while code runs and jumps while everybody waits, so its seconds are the same on "
            "every machine. The real clock's are those of the machine that was used.",
        ),
        tag(
            "p",
            f"Written by asgiviz {here.version}, {here.python}, {here.machine}, {counted(here.cores, 'core')}, on ",
            moment(here.at, here.zone),
            ".",
        ),
    )
