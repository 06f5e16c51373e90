"""Each rule of the linter is broken by one change to a valid lesson, and says so with file and line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from asgiviz.course.lint import RULES, lint_lesson, lint_pack
from asgiviz.course.reading import read_pack
from asgiviz.lessons_place import lessons_directory
from tests.course.packs import LittlePack

Change = Callable[[LittlePack], None]


def changed(file: str, old: str, new: str) -> Change:
    """Another text in the place of one."""
    return lambda pack: pack.change(file, old, new)


def added(file: str, text: str) -> Change:
    """A file more, or another one."""
    return lambda pack: pack.write(file, text)


def removed(file: str) -> Change:
    """A file less."""
    return lambda pack: pack.remove(file)


def without_exercise(pack: LittlePack) -> None:
    """Checks, and nothing to grade."""
    pack.change("lesson.md", "{exercise}", "")
    pack.change("experiments.toml", 'id = "graded"', 'id = "other"')
    pack.change("checks.toml", 'run = "graded"', 'run = "other"')
    pack.change("checks.toml", 'run = "graded"', 'run = "other"')
    pack.change("experiments.toml", "exercise/app.py", "apps/waits.py")
    pack.remove("exercise/app.py")


def without_run(pack: LittlePack) -> None:
    """A prediction whose run is not made, and an observation of nothing."""
    pack.change("lesson.md", "{run:one}", "")


#: (what is wrong, the change, the code, the file, a part of the line of the complaint or None for the whole file)
WRONG: list[tuple[str, Change, str, str, str | None]] = [
    ("file that nothing reads", added("todo.txt", "x"), "E009", "todo.txt", None),
    ("folder that nothing reads", added("extra/app.py", ""), "E009", "extra/app.py", None),
    ("no objective", changed("lesson.md", '["Explain what a door is"]', "[]"), "E010", "lesson.md", "objectives"),
    ("objective without a verb", changed("lesson.md", "Explain what", "What"), "E010", "lesson.md", "What a door is"),
    ("unknown misconception", changed("lesson.md", 'why = "one-at-a-time"', 'why = "none"'), "E011", "lesson.md", '"none"'),
    (
        "requires nothing we have",
        changed("lesson.md", "minutes = 10", 'minutes = 10\nrequires = ["02-x"]'),
        "E012",
        "lesson.md",
        "02-x",
    ),
    (
        "requires itself",
        changed("lesson.md", "minutes = 10", 'minutes = 10\nrequires = ["01-little"]'),
        "E013",
        "lesson.md",
        "requires",
    ),
    ("too short", changed("lesson.md", "minutes = 10", "minutes = 1"), "E014", "lesson.md", "minutes = 1"),
    ("no prediction", lambda pack: _no_prediction(pack), "E020", "lesson.md", None),
    (
        "expects what is not known",
        changed("lesson.md", 'expects = "wait"', 'expects = "waiters"'),
        "E021",
        "lesson.md",
        'id = "p2"',
    ),
    ("sum in a text", changed("lesson.md", "{value:wait|.1f} s.", "{value:weight} s."), "E021", "lesson.md", "weight"),
    (
        "wrong option without a belief",
        changed("lesson.md", 'text = "never", why = "waiting-is-work"', 'text = "never"'),
        "E022",
        "lesson.md",
        "never",
    ),
    (
        "right option with a belief",
        changed("lesson.md", 'wait|.1f} s" },\n  { id = "c"', 'wait|.1f} s", why = "one-at-a-time" },\n  { id = "c"'),
        "E022",
        "lesson.md",
        'id = "b"',
    ),
    ("question that is not asked", changed("lesson.md", "{quiz:q1}", "Nothing."), "E023", "lesson.md", 'id = "q1"'),
    (
        "question that is asked twice",
        changed("lesson.md", "{quiz:q1}", "{quiz:q1}\n{quiz:q1}"),
        "E023",
        "lesson.md",
        'id = "q1"',
    ),
    ("prediction behind its run", lambda pack: _swap(pack), "E024", "lesson.md", "{predict:p2}"),
    ("observation before its run", without_run, "E024", "lesson.md", "{observe:o1}"),
    ("prediction without its run", without_run, "E024", "lesson.md", 'id = "p1"'),
    (
        "two options",
        changed("lesson.md", '  { id = "c", text = "never", why = "waiting-is-work" },\n', ""),
        "W025",
        "lesson.md",
        'id = "p1"',
    ),
    (
        "long right option",
        changed("lesson.md", 'text = "all"', 'text = "all of the guests that have come"'),
        "W025",
        "lesson.md",
        'id = "q1"',
    ),
    (
        "option about options",
        changed("lesson.md", 'text = "all"', 'text = "all of the above"'),
        "W025",
        "lesson.md",
        'id = "q1"',
    ),
    ("printed number", changed("lesson.md", "Change it.", "It needs 5.0 s now."), "E026", "lesson.md", "5.0 s"),
    ("printed number in an option", changed("lesson.md", 'text = "one"', 'text = "3 s"'), "E026", "lesson.md", '"3 s"'),
    (
        "revealed metric that is none",
        changed("lesson.md", 'metric = "makespan"', 'metric = "span"'),
        "E030",
        "lesson.md",
        'id = "p1"',
    ),
    (
        "metric in a text that is none",
        changed("lesson.md", "{metric:one.makespan|.2f}", "{metric:one.span}"),
        "E030",
        "lesson.md",
        "one.span",
    ),
    (
        "metric of a side that is none",
        changed("lesson.md", 'look = "overlap"', 'look = "wsgi.overlap"'),
        "E030",
        "lesson.md",
        'id = "o1"',
    ),
    ("measure that is none", changed("experiments.toml", '"overlap"]', '"laps"]'), "E030", "experiments.toml", 'id = "one"'),
    ("knob without its value", changed("experiments.toml", "[5, 10, 20]", "[5, 20]"), "E032", "experiments.toml", 'id = "one"'),
    (
        "no claim",
        changed("experiments.toml", 'claims = [{ metric = "makespan", is = "<= 3 * wait" }]\n', ""),
        "E034",
        "experiments.toml",
        'id = "one"',
    ),
    (
        "claim with an unknown name",
        changed("experiments.toml", "<= 3 * wait", "<= 3 * weight"),
        "E035",
        "experiments.toml",
        'id = "one"',
    ),
    ("run that is not made", lambda pack: _another_run(pack), "W031", "experiments.toml", 'id = "two"'),
    (
        "nothing to change",
        changed("experiments.toml", "[run.knobs]\nclients = [5, 10, 20]\nwait = [0.5, 1]\n", ""),
        "W036",
        "experiments.toml",
        None,
    ),
    ("nothing to observe", lambda pack: _no_observation(pack), "W037", "lesson.md", None),
    ("exercise without checks", removed("checks.toml"), "E040", "checks.toml", None),
    ("checks without an exercise", without_exercise, "E040", "checks.toml", None),
    (
        "unknown predicate",
        changed("checks.toml", 'expect = "overlap"', 'expect = "oberlap"'),
        "E042",
        "checks.toml",
        'id = "together"',
    ),
    (
        "key that the predicate does not take",
        changed("checks.toml", "points = 2", "points = 2\ncolour = 1"),
        "E042",
        "checks.toml",
        'id = "together"',
    ),
    (
        "one hint",
        changed("checks.toml", '["Look at the bars.", "Who could wait elsewhere?"]', '["Look."]'),
        "E044",
        "checks.toml",
        'id = "together"',
    ),
    (
        "hint with a line of the solution",
        changed("checks.toml", "Who could wait elsewhere?", "Try `await  asyncio.sleep(WAIT)` here."),
        "E045",
        "checks.toml",
        "Try",
    ),
    ("message with a part of the solution", lambda pack: _tell_a_part(pack), "E045", "checks.toml", "Use"),
    ("only time is graded", changed("checks.toml", 'expect = "overlap"', 'expect = "duration"'), "E047", "checks.toml", None),
    ("no points", lambda pack: _no_points(pack), "E048", "checks.toml", None),
    (
        "condition with an unknown name",
        changed("checks.toml", ">= clients", ">= guests"),
        "E049",
        "checks.toml",
        'id = "together"',
    ),
    ("starter without TODO", changed("exercise/app.py", "TODO", "DONE"), "E050", "exercise/app.py", None),
    ("long starter", changed("exercise/app.py", "import os", "import os\n" + "\n" * 40), "E050", "exercise/app.py", None),
    ("no solution", removed("solution/app.py"), "E056", "solution", None),
    (
        "solution that is the starter",
        lambda pack: pack.write("solution/app.py", (pack.lesson_directory / "exercise/app.py").read_text("utf-8")),
        "E056",
        "solution/app.py",
        None,
    ),
    ("alternative without a word", added("alternatives/other/app.py", "x = 1\n"), "E056", "alternatives/other", None),
    ("solution with a file too many", added("solution/more.py", ""), "E056", "solution/more.py", None),
    (
        "wrong solution that says nothing",
        changed("mutants/sleeps.py", "# fails", "# breaks"),
        "E053",
        "mutants/sleeps.py",
        "# breaks",
    ),
    (
        "wrong solution of another check",
        changed("mutants/sleeps.py", "together", "alone"),
        "E053",
        "mutants/sleeps.py",
        "alone",
    ),
    (
        "wrong solution of another kind",
        added("mutants/plan.toml", "# fails: quick | why not\n"),
        "E053",
        "mutants/plan.toml",
        None,
    ),
    ("check that nothing fails", lambda pack: _nothing_is_slow(pack), "W054", "checks.toml", 'id = "quick"'),
    ("two wrong solutions", removed("mutants/sleeps.py"), "W055", "mutants", None),
    ("app that is no Python", changed("apps/waits.py", "async def", "async deff"), "E057", "apps/waits.py", "deff"),
    (
        "wrong solution that is no TOML",
        added("mutants/plan.toml", "# fails: quick | x\nthreads = = 1"),
        "E057",
        "mutants/plan.toml",
        None,
    ),
    ("heading that skips a level", changed("lesson.md", "Change it.", "#### Change it"), "E081", "lesson.md", "#### Change"),
    ("second title", changed("lesson.md", "Change it.", "# Change it"), "E081", "lesson.md", "# Change"),
    ("wide code in the text", changed("lesson.md", "Change it.", "```\n" + "x" * 77 + "\n```"), "E082", "lesson.md", "xxx"),
    ("wide code in an app", changed("apps/waits.py", "import os", "import os  # " + "x" * 70), "E082", "apps/waits.py", "xxx"),
    ("picture without words", changed("lesson.md", "Change it.", "![](bars.png)"), "E084", "lesson.md", "bars"),
    ("meaning by colour", changed("lesson.md", "Change it.", "Look at the red one."), "W085", "lesson.md", "red"),
    ("nothing left out", changed("lesson.md", 'honest = "This lesson is little."\n', ""), "W086", "lesson.md", None),
    ("note on nothing", changed("notes.md", "## run:one", "## run:two"), "W095", "notes.md", "run:two"),
    ("note without minutes", changed("notes.md", "## run:one (3 min)", "## run:one"), "W095", "notes.md", "## run:one"),
    ("notes that take longer", changed("notes.md", "(3 min)", "(30 min)"), "W096", "notes.md", None),
]


@pytest.mark.parametrize(("change", "code", "file", "there"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_rule_is_broken_by_one_change(pack: LittlePack, change: Change, code: str, file: str, there: str | None) -> None:
    """The change brings a complaint with the rule's code, at the place of the change."""
    change(pack)
    read = pack.read()
    assert not read.broken
    found = [each for each in lint_lesson(read.lessons[0], read) if each.code == code]
    where = pack.lesson_directory / file
    lines = where.read_text(encoding="utf-8").split("\n") if where.is_file() else []
    places = [(each.file, None if each.line is None else lines[each.line - 1]) for each in found]
    assert any(path == where and (there is None or (line is not None and there in line)) for path, line in places), found


def test_every_rule_is_broken_by_something_above() -> None:
    """There is no rule without a made-wrong lesson; E055 is W055 in the official pack."""
    assert {rule.code for rule in RULES} == {each[2] for each in WRONG} | {"E055"}


def test_three_wrong_solutions_are_a_must_in_the_official_pack(pack: LittlePack) -> None:
    """What is advice to others is an error in the course that comes with asgiviz."""
    pack.remove("mutants/sleeps.py")
    read = read_pack(pack.directory, official=True)
    assert [each.code for each in lint_lesson(read.lessons[0], read)] == ["E055"]


def test_a_valid_lesson_has_no_complaint(pack: LittlePack) -> None:
    """Nothing is found where nothing is wrong."""
    read = pack.read()
    assert lint_lesson(read.lessons[0], read) == []


@pytest.mark.parametrize("text", [
    "HTTP 200, and 10 clients.", "In `time.sleep(5) s` nobody moves.", "It is {metric:one.makespan|.1f} s.",
    "Waitress has 4 threads.", "A page of 4 KB. <!-- fixed -->", "See lesson 6.", "Python 3.11 says so.",
])  # fmt: skip
def test_numbers_that_do_not_depend_on_the_machine_may_be_printed(pack: LittlePack, text: str) -> None:
    """Counts, versions, code and what is marked as fixed are no complaint."""
    pack.change("lesson.md", "Change it.", text)
    read = pack.read()
    assert lint_lesson(read.lessons[0], read) == []


def test_lint_of_a_pack_tells_what_could_not_be_read(pack: LittlePack) -> None:
    """A broken lesson's complaints are among those of the pack, as are two lessons with one number."""
    for name in ("02-broken", "01-again"):
        (pack.directory / name).mkdir()
        (pack.directory / name / "lesson.md").write_text("hello", encoding="utf-8")
    lesson = pack.directory / "01-again" / "lesson.md"
    lesson.write_text('+++\nformat = 1\nid = "01-again"\ntitle = "Again"\nminutes = 10\n+++\nText.\n', encoding="utf-8")
    found = {(each.file.relative_to(pack.directory).as_posix(), each.code) for each in lint_pack(pack.read())}
    assert ("02-broken/lesson.md", "E006") in found
    assert ("01-little", "E004") in found


def test_the_lessons_that_come_with_asgiviz_have_no_error() -> None:
    """The official pack keeps its own rules."""
    assert [str(each) for each in lint_pack(read_pack(lessons_directory(), official=True)) if each.is_error] == []


def _tell_a_part(pack: LittlePack) -> None:
    pack.change("solution/app.py", "sleep(WAIT)", "sleep(WAIT + 0)")
    pack.change("checks.toml", "It takes too long.", "Use await asyncio.sleep(WAIT or so.")


def _no_prediction(pack: LittlePack) -> None:
    for id_ in ("p1", "p2"):
        pack.change("lesson.md", f"{{predict:{id_}}}", "")
    path = pack.lesson_directory / "lesson.md"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[[predict]]"), text.index("[[observe]]")
    path.write_text(text[:start] + text[end:], encoding="utf-8")


def _no_observation(pack: LittlePack) -> None:
    pack.change("lesson.md", "{observe:o1}", "")


def _no_points(pack: LittlePack) -> None:
    pack.change("checks.toml", "points = 2", "points = 0")
    pack.change("checks.toml", 'message = "It', 'points = 0\nmessage = "It')


def _swap(pack: LittlePack) -> None:
    pack.change("lesson.md", "{predict:p2}\n\n{run:one}", "{run:one}\n\n{predict:p2}")


def _another_run(pack: LittlePack) -> None:
    pack.change(
        "experiments.toml", '[[run]]\nid = "graded"', '[[run]]\nid = "two"\napp = "apps/waits.py:app"\n\n[[run]]\nid = "graded"'
    )


def _nothing_is_slow(pack: LittlePack) -> None:
    for name in ("sleeps", "sleeps-more", "sleeps-most"):
        pack.change(f"mutants/{name}.py", "together, quick", "together")
