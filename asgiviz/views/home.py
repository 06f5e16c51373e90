"""The home screen: the course with its progress, and what else there is, each with its key or its command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asgiviz.course.lesson import Lesson, Pack
from asgiviz.course.progress import Progress
from asgiviz.views.markdown_rows import READABLE
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import fit, number

#: What else there is: what it does, and the command that does it.
DOORS: tuple[tuple[str, str, str], ...] = (
    ("trace", "Trace an app", "asgiviz trace main:app"),
    ("open", "Open a recording", "asgiviz open FILE"),
    ("demo", "See the demo", "asgiviz demo"),
)


class Entry(NamedTuple):
    """A line of the home screen. `id` is what choosing it opens: ``lesson:06-…``, ``trace``, ``open``, ``demo``; else None."""

    row: Row
    id: str | None = None


def home(pack: Pack, progress: Progress, width: int) -> list[Entry]:
    """All lines, each at most `width` columns wide."""
    width = max(1, min(width, READABLE))
    entries = [Entry(Row([])), *(Entry(Row(spans)) for spans in _title()), Entry(Row([]))]
    entries.append(Entry(Row([Span(fit(pack.title, max(1, width - 1)), Role.STRONG)])))
    numbers = max((len(str(lesson.number)) for lesson in pack.lessons), default=1)
    for lesson in pack.lessons:
        done, role = state(progress.lesson(pack.id, lesson.id).page, len(lesson.pages), _is_passed(pack, progress, lesson.id))
        entries.append(
            Entry(_lesson(lesson.number, numbers, lesson.title, lesson.minutes, done, role, width), f"lesson:{lesson.id}")
        )
    if not pack.lessons:
        entries.append(Entry(Row([Span("  There is no lesson in this pack yet.", Role.QUIET)])))
    entries += [Entry(Row([])), Entry(Row([Span("Your own apps", Role.STRONG)]))]
    entries += [Entry(_door(what, command, width), id_) for id_, what, command in DOORS]
    return [Entry(Row(shortened(entry.row.spans, width)), entry.id) for entry in entries]


def state(page: int, pages: int, passed: bool) -> tuple[str, Role]:
    """How far a lesson is, in words: passed, on which page, or nothing yet."""
    if passed:
        return "✓ passed", Role.SEND
    return (f"page {number(page + 1)} of {number(pages)}", Role.LIFE) if page else ("", Role.QUIET)


def next_lesson(pack: Pack, progress: Progress) -> Lesson | None:
    """The lesson to go on with: the first whose exercise has not passed, else the first that is not finished."""
    unfinished = [lesson for lesson in pack.lessons if progress.lesson(pack.id, lesson.id).finished_at is None]
    open_ = [lesson for lesson in unfinished if not _is_passed(pack, progress, lesson.id)]
    return next(iter(open_ or unfinished), None)


def _is_passed(pack: Pack, progress: Progress, lesson: str) -> bool:
    known = progress.lesson(pack.id, lesson)
    return known.finished_at is not None or known.passed_at is not None


def _title() -> Sequence[Spans]:
    return (
        [Span("asgiviz", Role.STRONG), Span("   see ASGI happen", Role.QUIET)],
        [Span("━" * 26, Role.QUIET)],
    )


def _lesson(place: int, digits: int, title: str, minutes: int, done: str, role: Role, width: int) -> Row:
    right: Spans = [Span(f"{number(minutes):>4} min  ", Role.QUIET), *padded([Span(done, role)], 13)]
    left: Spans = [Span(f"  {place:>{digits}}  ", Role.LIFE)]
    room = width - width_of(left) - width_of(right)
    if room < 12:
        return Row([*left, Span(fit(title, max(1, width - width_of(left))))])
    return Row([*left, *padded([Span(fit(title, room - 1))], room), *right])


def _door(what: str, command: str, width: int) -> Row:
    return Row(shortened([Span("  "), *padded([Span(what)], 20), Span(command, Role.QUIET)], width))
