"""Beside a lesson's text: the instructor's notes on a page, and the words in sight that the glossary explains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from asgiviz.course.lesson import Ask, Block, Go, Interface, Lesson, Page, Practise, Prose, ShowCode
from asgiviz.course.walk import Walk
from asgiviz.protocol import glossary, mentions
from asgiviz.protocol.glossary import Entry
from asgiviz.views.run_rows import figures, served_by, setting_words

_SECTION = re.compile(r"^## +([^\n(]+?) *(?:\(([^)\n]*)\))? *$", re.MULTILINE)


def notes(lesson: Lesson, page: Page, written: str) -> str:
    """What is meant for the instructor on a page, as Markdown: notes in its text, and its sections of notes.md (`written`)."""
    parts = [block.text for block in page.blocks if isinstance(block, Prose) and block.audience]
    anchors = {
        *_anchors(page),
        *(["start"] if page is lesson.pages[0] else []),
        *(["close"] if page is lesson.pages[-1] else []),
    }
    found = list(_SECTION.finditer(written))
    for place, section in enumerate(found):
        if section[1].strip() in anchors:
            end = found[place + 1].start() if place + 1 < len(found) else len(written)
            minutes = f" ({section[2]})" if section[2] else ""
            parts.append(f"## {section[1].strip()}{minutes}\n\n{written[section.end() : end].strip()}")
    return "\n\n".join(parts)


def _anchors(page: Page) -> Iterator[str]:
    for block in page.blocks:
        match block:
            case Ask(question=id_):
                yield from (f"predict:{id_}", f"observe:{id_}", f"quiz:{id_}")
            case Go(run=id_):
                yield f"run:{id_}"
            case Practise():
                yield "exercise"
            case _:
                pass


def terms(walk: Walk, sources: Mapping[str, str] | None = None) -> list[Entry]:
    """What the glossary says of the words in sight, each once, in the order of the page; `sources` are the files it shows."""
    found = dict.fromkeys(mentions.in_text(walk.page.title))
    for block in walk.in_sight():
        match block:
            case ShowCode(file=file):
                found |= dict.fromkeys(mentions.in_source((sources or {}).get(file, "")))
            case _:
                found |= dict.fromkeys(entry for text in _texts(walk, block) for entry in mentions.in_text(text))
        found |= dict.fromkeys(entry for word in _around(walk, block) if (entry := glossary.look_up(word)) is not None)
    return list(found)


def _texts(walk: Walk, block: Block) -> Iterator[str]:
    """What its author wrote into a block, and what is said in it by now."""
    match block:
        case Prose(text=text):
            yield walk.fill(text)
        case Ask(question=id_):
            question = walk.lesson.questions[id_]
            yield from (walk.fill_question(id_, text) for text in (question.text, *(each.text for each in question.options)))
            yield walk.reply(id_)
            if (belief := walk.note_for(id_)) is not None:
                yield from (belief.belief, belief.note)
        case Go(run=id_):
            run, settings = walk.lesson.experiments[id_], walk.settings(id_)
            yield run.title
            for side in run.sides:
                yield from (side.label, served_by(side, settings))
            yield from (*setting_words(run, settings).values(), *(words for words, _ in figures(walk, run)))
        case Practise():
            for check in walk.lesson.checks:
                yield from (check.message, *walk.hints_given(check.id), check.holds.text if check.holds is not None else "")
        case _:
            pass


def _around(walk: Walk, block: Block) -> Iterator[str]:
    """The words of the screen itself: on the stage beside a run, and where a grade is told."""
    match block:
        case Go(run=id_):
            run = walk.lesson.experiments[id_]
            yield f"{walk.clock(id_)} clock"
            yield from ("lane", "speed", *(["side"] if len(run.sides) > 1 else []))
            interfaces = {side.interface for side in run.sides}
            yield from ["waitress"] if Interface.WSGI in interfaces else []
            yield from ["uvicorn", "suspended", "hold the loop", "callback"] if Interface.ASGI in interfaces else []
        case Practise():
            yield from ("recording", "evidence", "saw", "wanted")
        case _:
            pass
