"""Linter rules on what a lesson consists of and where it stands in its course (E009 to E014, W095)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asgiviz.course.lesson import Ask, Go, Practise
from asgiviz.course.lint_subject import Found, Rule, Subject
from asgiviz.course.reading_pages import LESSON

FILES = (LESSON, "experiments.toml", "checks.toml", "notes.md")
FOLDERS = ("apps", "exercise", "solution", "alternatives", "mutants", "support")
MINUTES = (5, 45)
MOST_OBJECTIVES = 4
#: How far the minutes of the notes may be from those of the lesson, as a share.
SLACK = 0.2
NOTES = "notes.md"
_NOTE = re.compile(r"##\s+(\S+)\s+\((\d+)\s*min\)\s*")
#: What an objective may begin with: something that can be seen when somebody does it.
VERBS = frozenset(
    re.findall(
        r"\w+",
        """answer argue build call change choose classify close combine compare compute correct count decide defend demonstrate
    describe distinguish draw estimate explain find fix give handle identify judge justify keep label let limit list locate make
    mark match measure move name open order pass pick place point predict prevent prove put read receive recognise recognize
    refuse remove repair replace rewrite run say see send separate serve show sketch sort spot start state stop stream tell
    test trace translate tune turn use wrap write""",
    )
)


def unexpected_files(subject: Subject) -> Iterator[Found]:
    """Files that nothing reads."""
    for file in subject.folder.files:
        top, slash, _ = file.partition("/")
        if top not in FOLDERS if slash else file not in FILES:
            yield file, None, f"nothing reads this file; a lesson has {', '.join(FILES)} and {'/, '.join(FOLDERS)}/"


def objectives(subject: Subject) -> Iterator[Found]:
    """One to four objectives, each of which begins with a verb."""
    lesson = subject.lesson
    if not 1 <= len(lesson.objectives) <= MOST_OBJECTIVES:
        yield LESSON, subject.line(LESSON, "objectives"), f"there are {len(lesson.objectives)} objectives; give 1 to 4"
    for objective in lesson.objectives:
        first = re.split(r"\W", objective.strip().casefold(), maxsplit=1)[0]
        if first not in VERBS:
            where = subject.line(LESSON, objective)
            yield (
                LESSON,
                where,
                f'the objective must begin with what the learner does (explain, compute, …), not with "{first}"',
            )


def misconception_codes(subject: Subject) -> Iterator[Found]:
    """Every code of a misconception is in the pack's misconceptions.toml."""
    lesson, known = subject.lesson, subject.pack.misconceptions
    used = [*lesson.misconceptions]
    used += [option.why for question in lesson.questions.values() for option in question.options if option.why]
    for code in dict.fromkeys(used):
        if code not in known:
            yield LESSON, subject.line(LESSON, f'"{code}"'), f'there is no misconception "{code}" in misconceptions.toml'


def requirements(subject: Subject) -> Iterator[Found]:
    """Lessons that must come first exist."""
    known = {lesson.id for lesson in subject.pack.lessons} | set(subject.pack.broken)
    for id_ in subject.lesson.requires:
        if id_ not in known:
            yield LESSON, subject.line(LESSON, f'"{id_}"'), f'it requires "{id_}", and there is no such lesson in this pack'


def cycles(subject: Subject) -> Iterator[Found]:
    """No lesson requires itself, not even by way of others."""
    requires = {lesson.id: lesson.requires for lesson in subject.pack.lessons}
    seen: set[str] = set()
    ahead = list(subject.lesson.requires)
    while ahead:
        id_ = ahead.pop()
        if id_ not in seen:
            seen.add(id_)
            ahead += requires.get(id_, ())
    if subject.lesson.id in seen:
        yield LESSON, subject.line(LESSON, "requires"), "it requires itself, by way of the lessons that it requires"


def minutes(subject: Subject) -> Iterator[Found]:
    """A lesson takes 5 to 45 minutes."""
    least, most = MINUTES
    if not least <= subject.lesson.minutes <= most:
        yield LESSON, subject.line(LESSON, "minutes"), f"a lesson takes {least} to {most} minutes, not {subject.lesson.minutes}"


def note_anchors(subject: Subject) -> Iterator[Found]:
    """Each section of the notes belongs to something in the text."""
    known = {"start", "close"}
    for block in (block for page in subject.lesson.pages for block in page.blocks):
        match block:
            case Ask(question=id_):
                known.add(f"{subject.lesson.questions[id_].kind.value}:{id_}")
            case Go(run=id_):
                known.add(f"run:{id_}")
            case Practise():
                known.add("exercise")
            case _:
                pass
    for at, line in _note_headings(subject):
        found = _NOTE.fullmatch(line)
        if found is None:
            yield NOTES, at, 'a section of the notes begins like "## run:one (2 min)"'
        elif found[1] not in known:
            yield NOTES, at, f'there is no "{found[1]}" in the text; there are {", ".join(sorted(known))}'


def note_minutes(subject: Subject) -> Iterator[Found]:
    """The minutes of the notes add up to those of the lesson, more or less."""
    found = [_NOTE.fullmatch(line) for _, line in _note_headings(subject)]
    whole = sum(int(each[2]) for each in found if each is not None)
    planned = subject.lesson.minutes
    if any(found) and abs(whole - planned) > SLACK * planned:
        yield NOTES, None, f"the minutes add up to {whole}, and the lesson says {planned}"


def _note_headings(subject: Subject) -> list[tuple[int, str]]:
    lines = enumerate(subject.text(NOTES).split("\n"), 1)
    return [(at, line.rstrip()) for at, line in lines if line.startswith("## ")]


RULES = (
    Rule("E009", "there are no files that nothing reads", unexpected_files),
    Rule("E010", "there are 1 to 4 objectives, and each begins with a verb", objectives),
    Rule("E011", "every misconception is in the pack's catalogue", misconception_codes),
    Rule("E012", "required lessons exist", requirements),
    Rule("E013", "no lesson requires itself", cycles),
    Rule("E014", "a lesson takes 5 to 45 minutes", minutes),
    Rule("W095", "the notes belong to the text", note_anchors),
    Rule("W096", "the minutes of the notes add up", note_minutes),
)
