"""Beside a lesson's text: the instructor's notes on a page, and the words on it that the glossary explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asgiviz.course.lesson import Ask, Go, Lesson, Page, Practise, Prose
from asgiviz.course.walk import Walk
from asgiviz.protocol import glossary
from asgiviz.protocol.glossary import Entry

_SECTION = re.compile(r"^## +([^\n(]+?) *(?:\(([^)\n]*)\))? *$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]{2,40})`")


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


def terms(walk: Walk) -> list[Entry]:
    """What the glossary says of the words in code letters that are in sight, each once."""
    texts = [block.text for block in walk.in_sight() if isinstance(block, Prose)]
    texts += [walk.lesson.questions[block.question].text for block in walk.in_sight() if isinstance(block, Ask)]
    found: dict[str, Entry] = {}
    for word in dict.fromkeys(word for text in texts for word in _CODE.findall(text)):
        entry = glossary.look_up(word.removesuffix("()").removeprefix("await "))
        if entry is not None:
            found.setdefault(entry.word, entry)
    return list(found.values())
