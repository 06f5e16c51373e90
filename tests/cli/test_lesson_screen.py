"""``asgiviz lesson N`` on a terminal: a whole lesson by keys, its exercise in a file, and every way to close it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from asgiviz.course.lesson import Ask, Go, Lesson, Practise
from asgiviz.course.progress import Progress
from asgiviz.course.reading import find_lesson, read_pack
from asgiviz.course.walk import Walk
from asgiviz.lessons_place import lessons_directory
from tests.cli.conftest import Learner
from tests.cli.terminal import PATIENCE, Terminal

#: real terminals and real servers
pytestmark = pytest.mark.slow

SIZES = [(80, 24), (200, 50)]
WAITS_LONG = """\
import asyncio


async def app(scope, receive, send):
    await asyncio.sleep(50 if scope["type"] == "http" else 0)
"""
#: Keys that a lesson may need at most.
MOST = 80


class Reader:
    """A learner at a terminal. What they have done is read from their progress file, what they see from the screen."""

    def __init__(self, learner: Learner, number: str, size: tuple[int, int]) -> None:
        self.pack = read_pack(lessons_directory(), official=True)
        self.lesson: Lesson = find_lesson(self.pack, number)
        self.learner = learner
        self.real: set[str] = set()
        environment = {**learner.environment, "ASGIVIZ_ANIMATION": "false"}
        self.terminal = Terminal(
            "lesson", number, directory=learner.directory, columns=size[0], lines=size[1], environment=environment
        )
        self.terminal.wait_for(f"lesson {number} ")

    @property
    def walk(self) -> Walk:
        """Where they are, as it is saved."""
        progress = Progress.load(self.learner.progress)
        return Walk(self.lesson, progress.lesson(self.pack.id, self.lesson.id), {"cores": 2.0}, self.pack.misconceptions)

    def press(self, *keys: str, until: Callable[[Walk], object], what: str) -> None:
        """Press keys, and wait until that is saved."""
        self.terminal.press(*keys)
        self.terminal.wait_until(lambda: until(self.walk), what)

    def go_on(self, solve: bool) -> bool:
        """Whatever comes next; False at the end."""
        walk = self.walk
        page = walk.page_index
        match walk.gate():
            case Ask(question=id_):
                asked = self.lesson.questions[id_]
                assert asked.answer is not None
                self.press(asked.answer, until=lambda walk: id_ in walk.progress.answers, what=f"the answer to {id_}")
                if asked.confidence:
                    self.press("2", until=lambda walk: walk.progress.answers[id_].confidence, what=f"how sure {id_} is")
            case Go(run=id_):
                if id_ not in self.real and walk.lesson.experiments[id_].clock == "real":
                    self.terminal.press("C")
                self.terminal.press("G")  # the last row: or enter would read on
                self.press("enter", until=lambda walk: id_ in walk.progress.runs, what=f"the run {id_}")
                if self.terminal.screen.columns < 100:
                    self.terminal.wait_for("enter: back to the text")
                    self.terminal.press("enter")
            case Practise() if solve:
                name = f"asgiviz-work/{self.lesson.id}/app.py"
                self.terminal.wait_until((self.learner.directory / name).exists, "the copy of the exercise")
                solution = (self.lesson.directory / "solution" / "app.py").read_text()
                self.learner.write(f"{name}~", solution).replace(self.learner.directory / name)
                self.terminal.wait_until(lambda: self.walk.progress.passed_at is not None, "the exercise to pass")
                self.terminal.wait_for("passed")
            case _ if walk.can_go_on:
                self.press("n", until=lambda walk: walk.page_index == page + 1, what=f"page {page + 2}")
                self.terminal.wait_for(f"page {page + 2} of {len(self.lesson.pages)}")
            case _:
                return False
        return True

    def closes(self) -> None:
        """q: it ends, and leaves the terminal as it was."""
        self.terminal.press("q")
        assert self.terminal.end() == 0, self.terminal.words
        assert self.terminal.left_behind == []
        assert self.terminal.words == ""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_lesson_1_by_keys_from_its_first_line_to_its_end(size: tuple[int, int], learner: Learner) -> None:
    """Each question answered, each run made (the first one in real time), each page turned; only the exercise is left."""
    reader = Reader(learner, "1", size)
    reader.real = {"one"}
    with reader.terminal:
        assert "page 1 of" in reader.terminal.text
        steps = sum(1 for _ in iter(lambda: reader.go_on(solve=False), False))
        assert steps < MOST
        walk = reader.walk
        assert walk.page_index == len(walk.pages) - 1
        assert set(walk.progress.answers) == set(reader.lesson.questions)
        assert all(answer.right for answer in walk.progress.answers.values())
        clocks = {run: ran.clock for run, ran in walk.progress.runs.items()}
        assert clocks.pop("one") == "real"
        assert set(clocks.values()) == {"virtual"}
        reader.terminal.press("G")
        reader.terminal.wait_for("This was the last page.")
        reader.closes()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_lesson_6_with_its_exercise_solved_in_a_file(size: tuple[int, int], learner: Learner) -> None:
    """The solution is written into asgiviz-work beside the screen, and passes; the lesson is finished."""
    reader = Reader(learner, "6", size)
    with reader.terminal:
        steps = sum(1 for _ in iter(lambda: reader.go_on(solve=True), False))
        assert steps < MOST
        assert reader.walk.finished
        assert reader.walk.progress.finished_at
        reader.closes()


def test_an_editor_that_is_not_there_gives_the_terminal_back(learner: Learner) -> None:
    """The screen says so, and answers keys as before."""
    environment = {**learner.environment, "EDITOR": "/nowhere/editor"}
    arguments = ("lesson", "1", "--from", str(learner.pack.directory), "--trust")
    with Terminal(*arguments, directory=learner.directory, environment=environment) as terminal:
        terminal.wait_for("A little lesson")
        terminal.press("e")
        terminal.wait_for("does not run")
        terminal.press("b")
        terminal.wait_for(r"\(•\)")
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.left_behind == []


@pytest.mark.parametrize("way", ["q", "ctrl+q", "escape", signal.SIGTERM, signal.SIGHUP], ids=str)
def test_closing_it_in_the_middle_of_a_run_leaves_no_process(way: str | signal.Signals, learner: Learner) -> None:
    """By a key or by a signal: the servers of the run are gone, and the terminal is as it was."""
    learner.pack.change("experiments.toml", 'title = "All at once"', 'title = "All at once"\ntimeout = 60\nclock = "real"')
    learner.pack.write("apps/waits.py", WAITS_LONG)
    arguments = ("lesson", "1", "--from", str(learner.pack.directory), "--trust")
    with Terminal(*arguments, directory=learner.directory, environment=learner.environment) as terminal:
        terminal.wait_for("A little lesson")
        terminal.press("b", "2", *"0.5", "enter", "enter")
        terminal.wait_for(r"░░░")
        found = descendants(terminal.process.pid)
        assert found
        if isinstance(way, signal.Signals):
            terminal.process.send_signal(way)
        elif way == "escape":
            terminal.press("escape")
            terminal.wait_for("Your own apps")  # the home screen
            terminal.press("q")
        else:
            terminal.press(way)
        terminal.end()
        assert terminal.left_behind == []
    deadline = monotonic() + PATIENCE
    while any(map(is_alive, found)):
        assert monotonic() < deadline, f"{found} still run"
        sleep(0.05)


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found |= {child} | descendants(child)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
