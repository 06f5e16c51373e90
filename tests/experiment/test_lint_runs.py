"""Each rule that runs code is broken by one change to a valid lesson, and says so with file and line."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from asgiviz.course.complaints import Complaint
from asgiviz.course.lint import lint_lesson
from asgiviz.experiment import lint_experiments
from asgiviz.experiment.lint_laboratory import EndedError, MachineError
from asgiviz.experiment.lint_runs import Outcome, Progress, RunLinter
from asgiviz.experiment.lint_trying import Extent
from tests.course.packs import STARTER, WAITS, LittlePack, little_pack

Change = Callable[[LittlePack], None]
QUICK = Extent(quick=True, times=1, orders=1)
BOTH = Extent(times=1, orders=1)
#: What an app is told of the clock: which program it runs in.
REAL_ONLY = "import __main__\nREAL = 'virtual' not in __main__.__spec__.name\n"
HANGS = "import asyncio\n\n\nasync def app(scope, receive, send):\n    await asyncio.Event().wait()  # TODO: answer\n"
#: Waits as it should only while the clients come in the order of their numbers.
IN_ORDER = WAITS.replace("async def app", "import time\n\nfirst = []\n\n\nasync def app").replace(
    "    await asyncio",
    "    first.append(scope['path'])\n    if first[0] != '/1':\n        time.sleep(WAIT)\n    await asyncio",
)
LEGAL = """
[[check]]
id = "legal"
run = "graded"
expect = "legal"
message = "Begin, and end."
hints = ["Look at the messages.", "Which is missing?"]
"""


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack with one valid lesson, and of its wrong solutions only the first, which is quicker."""
    made = little_pack(tmp_path)
    made.remove("mutants/sleeps-more.py")
    made.remove("mutants/sleeps-most.py")
    return made


def held_in_c(pack: LittlePack) -> None:
    """The app sleeps where no clock of ours is asked."""
    pack.change("experiments.toml", "clients = 10", "clients = 2")
    in_app("import ctypes; ctypes.CDLL(None).usleep(900_000)")(pack)


def linted(pack: LittlePack, extent: Extent = QUICK) -> Outcome:
    """What its runs come to."""
    return RunLinter(extent).lint(pack.lesson(), pack.read())


def changed(file: str, old: str, new: str) -> Change:
    """Another text in the place of one."""
    return lambda pack: pack.change(file, old, new)


def written(file: str, text: str) -> Change:
    """Another file."""
    return lambda pack: pack.write(file, text)


def in_app(code: str) -> Change:
    """The app of the run does something before it waits."""
    return changed("apps/waits.py", "    await asyncio.sleep(WAIT)", f"    {code}\n    await asyncio.sleep(WAIT)")


#: (what is wrong, the change, how much is tried, the code, the file, a part of the line or None, a part of the sentence)
WRONG: list[tuple[str, Change, Extent, str, str, str | None, str]] = [
    (
        "app that cannot be imported",
        changed("apps/waits.py", "import asyncio", "import asyncio, nowhere"),
        QUICK, "E038", "apps/waits.py", None, "nowhere",
    ),
    (
        "starter that cannot be imported",
        changed("exercise/app.py", "import time", "import time, nowhere"),
        QUICK, "E038", "exercise/app.py", None, "nowhere",
    ),
    (
        "starter that passes",
        written("exercise/app.py", WAITS + "# TODO: nothing\n"),
        QUICK, "E051", "exercise/app.py", None, "nothing to do",
    ),
    (
        "starter that never answers",
        written("exercise/app.py", HANGS),
        QUICK, "E051", "exercise/app.py", None, "cannot be graded",
    ),
    (
        "solution that fails",
        written("solution/app.py", STARTER),
        QUICK, "E052", "solution/app.py", None, '"together" saw 1, wanted >= 10 (clients)',
    ),
    (
        "solution that depends on the order of its clients",
        written("solution/app.py", IN_ORDER),
        Extent(quick=True, times=1, orders=3), "E052", "solution/app.py", None, "the clients in another order",
    ),
    (
        "solution that passes on the virtual clock only",
        written("solution/app.py", REAL_ONLY + WAITS.replace("sleep(WAIT)", "sleep(4 * WAIT if REAL else WAIT)")),
        BOTH, "E052", "solution/app.py", None, "on the real clock",
    ),
    (
        "alternative that fails",
        written("alternatives/other/app.py", STARTER),
        QUICK, "E052", "alternatives/other/app.py", None, "together",
    ),
    (
        "wrong solution that is right",
        written("mutants/sleeps.py", "# fails: together | they think so\n" + WAITS),
        QUICK, "E053", "mutants/sleeps.py", "# fails", "together",
    ),
    (
        "wrong solution that cannot be graded",
        written("mutants/sleeps.py", "# fails: together | they think so\n" + HANGS),
        QUICK, "E053", "mutants/sleeps.py", None, "cannot be graded",
    ),
    (
        "check that nothing fails",
        lambda pack: pack.write("checks.toml", (pack.lesson_directory / "checks.toml").read_text() + LEGAL),
        QUICK, "E054", "checks.toml", 'id = "legal"', "legal",
    ),
    (
        "check of time without room",
        changed("checks.toml", '"<= 3 * wait"', '"<= 1.3 * wait"'),
        QUICK, "E043", "checks.toml", 'id = "quick"', "too near to the limit",
    ),
    (
        "claim that does not hold",
        changed("experiments.toml", "<= 3 * wait", "<= 0.5 * wait"),
        QUICK, "E060", "experiments.toml", "claims", "the run claims <= 0.5 * wait (0.25)",
    ),
    (
        "claim that cannot be measured",
        changed("experiments.toml", 'claims = [{ metric = "makespan"', 'claims = [{ metric = "span_overlap"'),
        QUICK, "E060", "experiments.toml", "claims", "the app marked no span",
    ),
    (
        "claim that does not hold in real time",
        changed("experiments.toml", "<= 3 * wait", "<= wait + 0.0001"),
        BOTH, "E061", "experiments.toml", "claims", "on the real clock",
    ),
    (
        "run that differs in real time",
        lambda pack: pack.write("apps/waits.py", REAL_ONLY + WAITS.replace("sleep(WAIT)", "sleep(2 * WAIT if REAL else WAIT)")),
        BOTH, "W062", "experiments.toml", 'id = "one"', "on the virtual one",
    ),
    (
        "run that the virtual clock cannot hold",
        held_in_c,
        QUICK, "W063", "experiments.toml", 'id = "one"', "virtual clock cannot hold",
    ),
    (
        "answer that is not what is measured",
        lambda pack: pack.change("lesson.md", 'answer = "b"', 'answer = "a"'),
        QUICK, "E027", "lesson.md", 'id = "p1"', "comes to 5, and makespan is 0.5",
    ),
    (
        "app that goes out into the world",
        in_app("__import__('socket').create_connection(('192.0.2.1', 80))"),
        QUICK, "E070", "apps/waits.py", None, "192.0.2.1",
    ),
    (
        "run that takes too long",
        changed("experiments.toml", "wait = 0.5", "wait = 14\nstagger = 1"),
        QUICK, "E073", "experiments.toml", 'id = "one"', "23 s",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "extent", "code", "file", "line", "part"),
    [pytest.param(*each[1:], id=each[0], marks=[] if each[2].quick else pytest.mark.slow) for each in WRONG],
)
def test_a_broken_rule_is_told_with_its_place(
    pack: LittlePack, change: Change, extent: Extent, code: str, file: str, line: str | None, part: str
) -> None:
    """What was a clean lesson before the one change."""
    change(pack)
    found = [each for each in linted(pack, extent).complaints if each.code == code]
    assert found, linted(pack, extent).complaints
    complaint = found[0]
    assert complaint.file == pack.lesson_directory / file
    assert part in complaint.sentence
    if line is not None:
        assert complaint.line is not None
        assert line in complaint.file.read_text().split("\n")[complaint.line - 1]


def test_a_good_lesson_is_clean_on_both_clocks(pack: LittlePack) -> None:
    """Its starter fails what it is to fail, and each step is told once."""
    told: list[Progress] = []
    outcome = RunLinter(BOTH, told.append).lint(pack.lesson(), pack.read())
    assert outcome.complaints == ()
    assert outcome.starter_fails == ("together", "quick")
    assert [each.number for each in told] == list(range(1, outcome.tried + 1))
    assert {each.of for each in told} == {outcome.tried}


def test_a_quick_look_tries_nothing_in_real_time(pack: LittlePack) -> None:
    """Nothing that it tries speaks of the real clock."""
    told: list[Progress] = []
    RunLinter(QUICK, told.append).lint(pack.lesson(), pack.read())
    assert not [each.title for each in told if "real" in each.title]


def test_an_import_that_takes_its_time_is_told(pack: LittlePack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also at the second time."""
    monkeypatch.setattr(lint_experiments, "LONGEST_IMPORT", 0.3)
    pack.change("apps/waits.py", "import asyncio", "import asyncio, time; time.sleep(0.4)")
    found = [each for each in linted(pack).complaints if each.code == "E038"]
    assert [each.file.name for each in found] == ["waits.py"]
    assert "the import takes 0.4 s" in found[0].sentence


def test_what_cannot_be_imported_is_told_once(pack: LittlePack) -> None:
    """The runs of an app that is not there are not tried: they would only say the same again."""
    pack.change("apps/waits.py", "import asyncio", "import asyncio, nowhere")
    assert [each.code for each in linted(pack).complaints] == ["E038"]


def test_a_new_lint_of_the_same_lesson_finds_the_same(pack: LittlePack) -> None:
    """The virtual clock leaves nothing to chance."""
    pack.change("experiments.toml", "<= 3 * wait", "<= 0.5 * wait")
    first, second = (set(linted(pack).complaints) for _ in range(2))
    assert first == second
    assert isinstance(next(iter(first)), Complaint)


def test_a_machine_that_can_start_nothing_is_not_the_fault_of_the_lesson(
    pack: LittlePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as such, and no complaint is made of it."""
    monkeypatch.setattr(sys, "executable", str(pack.directory / "nowhere"))
    with pytest.raises(MachineError, match="no process can be started here"):
        linted(pack)


def test_a_lint_that_is_ended_waits_for_nothing(pack: LittlePack) -> None:
    """Who ends it does not wait for what is under way: a run of many seconds is cut short."""
    pack.change("experiments.toml", "wait = 0.5", 'wait = 15\nclock = "real"')
    begun = threading.Event()

    def told(progress: Progress) -> None:
        if "real" in progress.title:
            begun.set()

    linter = RunLinter(BOTH, told)
    ended: list[BaseException] = []

    def lint() -> None:
        try:
            linter.lint(pack.lesson(), pack.read())
        except EndedError as error:
            ended.append(error)

    thread = threading.Thread(target=lint)
    thread.start()
    assert begun.wait(60)
    time.sleep(0.5)
    linter.end()
    thread.join(10)
    assert not thread.is_alive()
    assert ended


def test_the_little_lesson_is_clean_when_it_is_only_read(pack: LittlePack) -> None:
    """So that what is told above is told because of what ran."""
    assert [each for each in lint_lesson(pack.lesson(), pack.read()) if each.is_error] == []
