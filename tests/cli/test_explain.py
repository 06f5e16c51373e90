"""`asgiviz explain`: the explanations on the command line."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asgiviz.protocol.glossary import ENTRIES, MEASURED_WITH, look_up_all
from tests.cli.running import PATIENCE, run

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def test_a_word_is_explained(tmp_path: Path) -> None:
    """The explanation is on standard output, without colour where there is no terminal."""
    command = run("explain", "more_body", "--width", "80", directory=tmp_path)
    assert command.process.returncode == 0
    assert command.out.startswith('http.request["more_body"]')
    assert "\x1b" not in command.out
    assert max(len(line) for line in command.out.splitlines()) <= 80
    assert command.err == ""


def test_words_belong_together_where_they_can(tmp_path: Path) -> None:
    """`event loop` is one word in two; `1006 404` are two."""
    assert run("explain", "event", "loop", directory=tmp_path).out.startswith("event loop ")
    two = run("explain", "1006", "404", directory=tmp_path).out
    assert re.findall(r"^(1006|404) +(close code|status)$", two, re.MULTILINE) == [("1006", "close code"), ("404", "status")]


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_terminals(settings: dict[str, str], coloured: bool) -> None:
    """On a terminal the title stands out, unless colour is not wanted."""
    ours, its = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"} | settings
    command = [sys.executable, "-m", "asgiviz", "explain", "1005"]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=its, timeout=PATIENCE, check=True)
    shown = os.read(ours, 10_000).decode()
    os.close(its)
    os.close(ours)
    assert done.returncode == 0
    assert shown.startswith("\x1b[1m1005\x1b[0m" if coloured else "1005 ")
    assert ("\x1b" in shown) == coloured


def test_an_unknown_word_is_one_sentence_with_a_hint(tmp_path: Path) -> None:
    """Exit code 2, and what may have been meant; a known word beside it is explained all the same."""
    command = run("explain", "1006", "websocket.sned", directory=tmp_path)
    assert command.process.returncode == 2
    assert command.out.startswith("1006 ")
    (line,) = command.err.splitlines()
    assert line.startswith("asgiviz: There is no explanation of “websocket.sned”. Did you mean websocket.send")


def test_what_was_typed_never_reaches_the_terminal_raw(tmp_path: Path) -> None:
    """An escape sequence in an unknown word stands as its escape."""
    command = run("explain", "\x1b[31mred", directory=tmp_path)
    assert command.process.returncode == 2
    assert "\x1b" not in command.err
    assert "\\x1b[31mred" in command.err


def test_without_a_word_everything_is_listed(tmp_path: Path) -> None:
    """Each word that has an explanation is named."""
    listed = "".join(run("explain", directory=tmp_path).out.split())
    assert [entry.word for entry in ENTRIES if "".join(entry.word.split()) not in listed] == []


def test_the_same_as_data(tmp_path: Path) -> None:
    """`--json` gives every meaning with all its fields, and every entry when no word is given."""
    path = json.loads(run("explain", "path", "--json", directory=tmp_path).out)
    assert [entry["word"] for entry in path] == [entry.word for entry in look_up_all("path")]
    assert path[0]["kind"] == "scope key"
    assert path[0]["url"].startswith("https://asgi.readthedocs.io/")
    assert path[0]["measured_with"] == MEASURED_WITH
    assert len(json.loads(run("explain", "--json", directory=tmp_path).out)) == len(ENTRIES)


@pytest.mark.parametrize("arguments", [("explain",), ("explain", "headers"), ("explain", "zzzzzz", "1006")])
def test_ascii_is_ascii(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """With `--ascii` no other character is written."""
    command = run(*arguments, "--ascii", "--width", "60", directory=tmp_path)
    assert command.out.isascii()
    assert command.out
    assert command.err.isascii()


def test_the_example_in_the_readme_is_printed_today(tmp_path: Path) -> None:
    """What the README shows under `asgiviz explain` is what it prints."""
    match = re.search(r"```text\n\$ asgiviz explain (\S+)\n(.*?)```", README, re.DOTALL)
    assert match
    assert run("explain", match[1], "--width", "100", directory=tmp_path).out == match[2]
