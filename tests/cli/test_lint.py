"""``asgiviz lint`` from the command line: what it prints, its exit codes, whose code it runs."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.cli.running import Asgiviz, run
from tests.course.packs import LittlePack, little_pack


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack with one valid lesson."""
    return little_pack(tmp_path)


def lint(pack: LittlePack, *arguments: str, trust: bool = True, path: str = "pack") -> Asgiviz:
    """``asgiviz lint`` beside the pack, with nothing of this machine's owner."""
    home = pack.directory.parent
    options = ["--quick", "-n", "1", *arguments, *(["--trust"] if trust else [])]
    return run("lint", path, *options, directory=home, HOME=str(home), XDG_DATA_HOME=str(home / "data"))


def test_a_clean_pack_ends_with_0(pack: LittlePack) -> None:
    """What was tried and what the starter fails is said; so is what was left out."""
    command = lint(pack)
    assert command.process.returncode == 0, command.out
    assert command.out.startswith("01-little: clean; ")
    assert "the starter fails together, quick" in command.out
    assert "1 lesson, 0 errors, 0 warnings" in command.out
    assert "Only on the virtual clock (--quick)" in command.out


def test_what_is_wrong_is_told_with_file_and_line(pack: LittlePack) -> None:
    """Errors before warnings, and the exit code is 1; what reading finds keeps the code from being run."""
    pack.change("lesson.md", 'honest = "This lesson is little."\n', "")
    pack.change("checks.toml", 'hints = ["Look at the axis.", "Who waits for whom?"]', 'hints = ["Look."]')
    command = lint(pack, trust=False)
    assert command.process.returncode == 1
    lines = command.out.splitlines()
    assert lines[0] == "01-little: wrong; its code was not run: mend the errors first"
    assert lines[1].startswith("  pack/01-little/checks.toml:11: E044 ")
    assert lines[2].startswith("  pack/01-little/lesson.md: W086 ")
    assert lines[3].startswith("1 lesson, 1 error, 1 warning, ")


def test_a_warning_is_no_error(pack: LittlePack) -> None:
    """A pack that could be better is a pack that works."""
    pack.remove("mutants/sleeps-most.py")
    command = lint(pack, path="pack/01-little")
    assert command.process.returncode == 0
    assert "W055" in command.out


def test_what_runs_find_is_told_as_json(pack: LittlePack) -> None:
    """The same complaints, for programs."""
    pack.change("experiments.toml", "<= 3 * wait", "<= 0.5 * wait")
    command = lint(pack, "--json")
    assert command.process.returncode == 1
    said = json.loads(command.out)
    assert (said["format"], said["quick"], said["times"], said["errors"], said["warnings"]) == (1, True, 1, 1, 0)
    (lesson,) = said["lessons"]
    assert lesson["folder"] == "01-little"
    assert lesson["untried"] is None
    assert lesson["starter_fails"] == ["together", "quick"]
    (complaint,) = lesson["complaints"]
    assert complaint["file"] == str(pack.lesson_directory / "experiments.toml")
    assert (complaint["line"], complaint["code"], complaint["severity"]) == (8, "E060", "error")


def test_code_of_others_is_not_run_unless_it_is_trusted(pack: LittlePack) -> None:
    """Reading alone goes on, and the exit code says that it was not all."""
    mark = pack.lesson_directory / "apps" / "waits.py.ran"
    pack.change("apps/waits.py", "import asyncio", "import asyncio\nopen(__file__ + '.ran', 'w').close()")
    command = lint(pack, trust=False)
    assert command.process.returncode == 2
    assert "nothing wrong so far; its code was not run: the pack is not trusted" in command.out
    assert "--trust" in command.err
    assert not mark.exists()
    assert lint(pack).process.returncode == 0
    assert mark.exists()


@pytest.mark.parametrize("path", ["nowhere", "pack/pack.toml"])
def test_a_path_that_is_no_directory_is_a_mistake_of_usage(pack: LittlePack, path: str) -> None:
    """One sentence, and exit code 2."""
    command = lint(pack, path=path)
    assert command.process.returncode == 2
    assert "Traceback" not in command.err


def test_a_directory_that_is_no_pack_is_told(pack: LittlePack) -> None:
    """A file of the pack is missing, or the lesson has none around it."""
    (pack.directory / "pack.toml").unlink()
    for path in ("pack", "pack/01-little"):
        command = lint(pack, path=path)
        assert command.process.returncode == 1
        assert "pack.toml: E005 is missing" in command.out


def test_a_broken_lesson_hides_no_other(pack: LittlePack) -> None:
    """Both are told, under their names, and only the good one is run."""
    other = LittlePack(pack.directory)
    broken = pack.directory / "02-broken"
    broken.mkdir()
    (broken / "lesson.md").write_text("no front matter")
    command = lint(other)
    assert command.process.returncode == 1
    assert "01-little: clean" in command.out
    assert "02-broken: wrong\n  pack/02-broken/lesson.md:1: " in command.out
    alone = lint(other, path="pack/02-broken")
    assert alone.process.returncode == 1
    assert alone.out.startswith("02-broken: wrong\n  pack/02-broken/lesson.md:1: ")


def test_ctrl_c_ends_what_is_under_way(pack: LittlePack) -> None:
    """A run of fifteen seconds in real time is cut short; the exit code is 130."""
    pack.change("experiments.toml", "wait = 0.5", 'wait = 15\nclock = "real"')
    pack.change("experiments.toml", "wait = [0.5, 1]", "wait = [15]")
    home = pack.directory.parent
    command = Asgiviz("lint", "pack", "--trust", directory=home, HOME=str(home), XDG_DATA_HOME=str(home / "data"))
    command.wait_for("things to try", "err")
    command.signal(signal.SIGINT)
    assert command.end(timeout=10) == 130
    assert "its code was not run to the end" in command.out
    assert "Traceback" not in command.err
