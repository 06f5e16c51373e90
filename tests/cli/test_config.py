"""`asgiviz config` shows what holds and where it comes from, and writes a file to begin with."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from asgiviz.settings import SETTINGS
from asgiviz.ui.keys import ACTIONS
from tests.cli.running import Asgiviz, run

#: each starts a process or a whole screen
pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the config file is, which is not written yet."""
    return tmp_path / "somewhere" / "config.toml"


def config(file: Path, *arguments: str, **environment: str) -> Asgiviz:
    """`asgiviz config` with this file, after its end."""
    return run("config", *arguments, directory=file.parent.parent, ASGIVIZ_CONFIG=str(file), **environment)


def write(file: Path, text: str) -> None:
    """Write the config file."""
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")


def test_every_value_is_shown_with_its_origin(file: Path) -> None:
    """From the default, the file, the environment, in a table; keys too."""
    write(file, 'stall_ms = 80\n[keys]\n"trace.pause" = "f8"\n')
    command = config(file, ASGIVIZ_THEME="light", NO_COLOR="1")
    assert (command.process.returncode, command.err) == (0, "")
    rows = {words[0]: words[1:] for line in command.out.splitlines()[1:] if (words := line.split())}
    assert set(rows) == set(SETTINGS) | set(ACTIONS)
    assert rows["stall_ms"] == ["80", f"{file}:1"]
    assert rows["theme"] == ['"light"', "ASGIVIZ_THEME"]
    assert rows["colour"] == ["false", "NO_COLOR"]
    assert rows["refresh_hz"] == ["15", "default"]
    assert rows["trace.pause"] == ["f8", f"{file}:3"]
    assert config(file, "--show").out.splitlines()[0] == f"config file: {file}"


def test_the_same_is_had_as_json(file: Path) -> None:
    """With the path and the warnings."""
    write(file, 'mask = ["x-session"]\ntheem = "dark"\n[keys]\n"trace.pause" = "n"\n"trace.puase" = "p"\n')
    command = config(file, "--json")
    said = json.loads(command.out)
    assert (said["path"], said["exists"]) == (str(file), True)
    assert said["settings"]["mask"] == {"value": ["x-session"], "from": f"{file}:1"}
    assert said["keys"]["trace.pause"] == {"keys": ["n"], "from": f"{file}:4"}
    assert said["keys"]["trace.search_next"]["keys"] == []
    assert said["warnings"] == [
        f"{file}:2: no setting is called 'theem'. Did you mean theme?",
        f"{file}:5: no action is called 'trace.puase'. Did you mean trace.pause?",
        f"{file}:4: 'n' is trace.pause now, and trace.search_next has no key any more.",
    ]
    assert command.err.splitlines() == [f"asgiviz: {warning}" for warning in said["warnings"]]


def test_the_path_is_told_whether_the_file_exists_or_not(file: Path) -> None:
    """One line, for `$EDITOR "$(asgiviz config --path)"`."""
    command = config(file, "--path")
    assert (command.out, command.err, command.process.returncode) == (f"{file}\n", "", 0)


def test_a_file_to_begin_with_changes_nothing(file: Path) -> None:
    """Every setting and key stands in it, commented out; with the comments taken away it is what holds anyhow."""
    before = json.loads(config(file, "--json").out)
    assert config(file, "--init").process.returncode == 0
    text = file.read_text(encoding="utf-8")
    after = json.loads(config(file, "--json").out)
    assert after["warnings"] == []
    assert [after["settings"], after["keys"]] == [before["settings"], before["keys"]]
    active = "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    assert set(tomllib.loads(active)) == {*SETTINGS, "keys"}
    file.write_text(active, encoding="utf-8")
    uncommented = json.loads(config(file, "--json").out)
    assert uncommented["warnings"] == []
    assert {name: row["value"] for name, row in uncommented["settings"].items()} == {
        name: row["value"] for name, row in before["settings"].items()
    }
    assert {row["from"].rpartition(":")[0] for row in uncommented["keys"].values()} == {str(file)}
    assert [row["keys"] for row in uncommented["keys"].values()] == [row["keys"] for row in before["keys"].values()]


def test_a_file_that_is_there_is_never_overwritten(file: Path) -> None:
    """It is told, with exit code 2."""
    write(file, "ascii = true\n")
    command = config(file, "--init")
    assert command.process.returncode == 2
    assert "stays as it is" in command.err
    assert file.read_text(encoding="utf-8") == "ascii = true\n"


def test_a_file_that_cannot_be_written_is_one_sentence(file: Path) -> None:
    """No traceback."""
    file.parent.write_text("in the way", encoding="utf-8")
    command = config(file, "--init")
    assert command.process.returncode == 2
    assert command.err.startswith(f"asgiviz: {file} ")
    assert command.err.count("\n") == 1
