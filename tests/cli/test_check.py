"""`asgiviz check`: an app or a recording against the rules, on the command line."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from asgiviz.check_settings import OPTIONS, CheckSettings
from asgiviz.cli.check import check, is_recording
from tests.cli.conftest import HELLO, Write
from tests.cli.running import PATIENCE, Asgiviz, run

ROOT = Path(__file__).parent.parent.parent
#: One mistake with a line of code, and what it prints between the lines of a report if nobody takes it away.
CARELESS = """
import os

async def app(scope, receive, send):
    print("printed by the app")
    os.write(1, b"written by the app")
    if scope["type"] != "http":
        raise RuntimeError("only http")
    await items(send)

async def items(send):
    await send({"type": "http.response.body", "body": b"early"})
"""
#: The quickest checkup that there is.
QUICK = ("--method", "GET", "--openapi", "off")

Checked = Callable[..., Asgiviz]


@pytest.fixture
def checked(write: Write) -> Checked:
    """Runs ``asgiviz check`` where a module `main` is, the careless one unless it is given."""

    def check_module(*arguments: str, source: str = CARELESS, **environment: str) -> Asgiviz:
        return run("check", *arguments, directory=write(source), **environment)

    return check_module


def test_a_mistake_is_told_with_its_line(checked: Checked) -> None:
    """Exit code 1, the rule, the blame, the line of code, what would have been legal; nothing of the app's own prints."""
    command = checked("main:app", *QUICK)
    assert command.process.returncode == 1
    assert re.match(r"main:app: \d errors?, 1 rule\n\nerror  HTTP-S-021  the app", command.out)
    assert 'main.py:12 in items\n    │ await send({"type": "http.response.body", "body": b"early"})\n' in command.out
    assert "legal: http.response.start" in command.out
    assert "\x1b" not in command.out
    assert "printed by" not in command.out
    assert "written by" not in command.out
    assert command.err == ""


def test_a_clean_app_is_clean(checked: Checked) -> None:
    """Exit code 0 for an app that does nothing wrong."""
    command = checked("main:app", *QUICK, source=HELLO)
    assert command.process.returncode == 0, command.out
    assert command.out.startswith("main:app: nothing was found\n")


def test_what_fails_is_for_the_user_to_say(checked: Checked) -> None:
    """--fail-on, --ignore, --select and --who decide on the exit code."""
    assert checked("main:app", *QUICK, "--fail-on", "never").process.returncode == 0
    assert checked("main:app", *QUICK, "--ignore", "http-s,CORE").process.returncode == 0
    assert checked("main:app", *QUICK, "--select", "LIFE").process.returncode == 0
    assert checked("main:app", *QUICK, "--who", "server").process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "what is to be checked?"),
        (("main",), 2, "Try: main:app"),
        (("main.py",), 2, "Try: main:app"),
        ((".",), 2, "Try: main:app"),
        ((":app",), 2, "Try: main:app"),
        (("main:app", "--http", "h11"), 2, "Add --server uvicorn"),
        (("main:app", "--server", "uvicorn", "--loop", "nope"), 2, "there is no event loop 'nope'"),
        (("main:app", "--openapi", "openapi.json"), 2, "the path begins with a slash"),
        (("main:ap",), 2, "Did you mean main:app?"),
        (("nowhere:app",), 2, "no module named 'nowhere'"),
        (("gone.asgiviz",), 2, "cannot read gone.asgiviz"),
        (("main.txt",), 2, "main.txt is not an asgiviz recording"),
        (("main.txt", "--path", "/x"), 2, "--path is for running an app, and main.txt is a recording"),
        (("main:app", "--select", "HTTP-S-21"), 2, "Did you mean HTTP-S-021?"),
        (("main:app", "--header", "nothing"), 2, "not of the form Name:value"),
        (("main:app", "--body", "@gone.json"), 2, "the body cannot be read from gone.json"),
        (("main:app", "--method", "a b"), 2, "is no method"),
        (("main:app", "--script", "gone.toml"), 2, "cannot read gone.toml"),
        (("main:app", "--baseline", "gone.json"), 2, "there is no baseline gone.json"),
        (("main:app", "--baseline", "main.txt"), 2, "main.txt: line 1 is no JSON, so this is no baseline"),
        (("main:app", "--write-baseline"), 2, "--write-baseline needs a file"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistake_in_the_command_is_one_sentence(write: Write, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    (write(HELLO) / "main.txt").write_text("no recording", encoding="utf-8")
    command = run("check", *arguments, directory=write(HELLO))
    assert command.process.returncode == code
    assert said in command.err
    assert command.out == ""
    assert "Traceback" not in command.err


def test_an_app_that_does_not_start_is_told_whole(checked: Checked) -> None:
    """Exit code 3, the app's own traceback, one sentence."""
    command = checked("main:app", source="def broken():\n    raise OSError('no database')\n\nbroken()\n")
    assert command.process.returncode == 3
    assert command.err.startswith('Traceback (most recent call last):\n  File "')
    assert command.err.endswith("asgiviz: main could not be imported: OSError: no database\n")
    assert "asgiviz/" not in command.err


def test_a_recording_is_judged(write: Write) -> None:
    """From a file and from standard input; one that is cut is judged up to there."""
    recording = ROOT / "screenshots" / "demo.asgiviz.gz"
    directory = write(HELLO)
    command = run("check", str(recording), directory=directory)
    assert command.process.returncode == 1
    assert "error  HTTP-S-021  the app\n" in command.out
    assert ("trace --closely" in command.err) == (".py:" not in command.out)
    whole = subprocess.run(
        [sys.executable, "-m", "asgiviz", "check", "-", "--format", "json"],
        input=recording.read_bytes(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    report = json.loads(whole.stdout)
    assert (whole.returncode, report["failed"]) == (1, True)
    (directory / "cut.asgiviz.gz").write_bytes(recording.read_bytes()[:2_000])
    cut = run("check", "cut.asgiviz.gz", directory=directory)
    assert "and not everything could be tried" in cut.out
    assert "the file is cut or damaged" in cut.out


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github"])
def test_a_report_goes_where_programs_read_it(checked: Checked, tmp_path: Path, form: str) -> None:
    """Alone on standard output; with --output in a file, and the text for people on standard output."""
    command = checked("main:app", *QUICK, "--format", form)
    assert command.process.returncode == 1
    assert {"json": "{", "sarif": "{", "junit": "<?xml", "github": "::error file=main.py,line=12"}[form] in command.out[:40]
    assert "HTTP-S-021" in command.out
    assert "written by the app" not in command.out
    both = checked("main:app", *QUICK, "--format", form, "--output", "report.txt")
    assert both.process.returncode == 1
    assert both.out.startswith("main:app: ")
    assert both.err == "asgiviz: the report is in report.txt\n"
    assert "HTTP-S-021" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_a_baseline_accepts_what_is_there(checked: Checked, tmp_path: Path) -> None:
    """Written once, it makes the same app pass; a mistake in another function fails again, and only that is told."""
    wrote = checked("main:app", *QUICK, "--baseline", "known.json", "--write-baseline")
    assert wrote.process.returncode == 0
    assert "known.json accepts what was found" in wrote.err
    known = checked("main:app", *QUICK, "--baseline", "known.json")
    assert known.process.returncode == 0
    assert known.out.startswith("main:app: nothing new was found\n")
    moved = "# a comment\n" + CARELESS
    assert checked("main:app", *QUICK, "--baseline", "known.json", source=moved).process.returncode == 0
    worse = CARELESS.replace("await items(send)", 'await send({"type": "http.response.body"})')
    again = checked("main:app", *QUICK, "--baseline", "known.json", source=worse)
    assert again.process.returncode == 1
    assert "main.py:9 in app" in again.out


def test_a_project_has_its_own_settings(write: Write) -> None:
    """[tool.asgiviz] of the pyproject.toml above counts, also its target, from where that file is; the command line and
    environment win."""
    project = write(CARELESS)
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[tool.asgiviz]\ntarget = "main:app"\nmethod = ["GET"]\nopenapi = "off"\nfail-on = "never"\n',
        encoding="utf-8",
    )
    assert run("check", directory=inner).process.returncode == 0
    assert run("check", "--fail-on", "error", directory=inner).process.returncode == 1
    assert run("check", directory=inner, ASGIVIZ_CHECK_FAIL_ON="error").process.returncode == 1


def test_a_mistake_in_the_settings_is_told_with_its_line(tmp_path: Path) -> None:
    """A sentence each; nothing is run."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.asgiviz]\nfail_on = "never"\nformat = "yaml"\ntimeout = 0\nignore = ["HTTP-S-21", 5]\n'
        'select = "CORE-1"\nheader = ["none"]\nwho = "ap"\n',
        encoding="utf-8",
    )
    command = run("check", "main:app", directory=tmp_path)
    assert command.process.returncode == 2
    assert [line.partition("pyproject.toml")[2] for line in command.err.splitlines()] == [
        ":2: [tool.asgiviz] has no 'fail_on'. Did you mean fail-on?",
        ":3: format is one of text, json, sarif, junit, github, not 'yaml'.",
        ":4: timeout is a number of seconds above 0, not 0.",
        ":5: ignore is an id, a beginning or a class of rules, or a list of them, not ['HTTP-S-21', 5].",
        ":6: no rule, beginning of rules or class is called 'CORE-1'. Did you mean CORE-001?",
        """:7: header is a text such as "Name: value", or a list of them, not ['none'].""",
        ":8: who is one of app, server, all, not 'ap'. Did you mean app?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[tool.asgiviz\n", ":1: this is no TOML"), ("tool = 1\n", ""), ("[tool]\nasgiviz = 1\n", ":2: tool.asgiviz is a table")],
)
def test_a_table_that_is_none_is_told(tmp_path: Path, text: str, said: str) -> None:
    """Also a file that is no TOML; a project that says nothing of asgiviz has no settings."""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    settings = CheckSettings.load(tmp_path)
    assert [mistake for mistake in settings.mistakes if said in mistake] == settings.mistakes
    assert bool(settings.mistakes) == bool(said)


def test_every_setting_is_an_option_of_the_command() -> None:
    """By its name there, and for the parameter that it sets."""
    options = {name: param.name for param in check.params for name in [*param.opts, *param.secondary_opts]}
    assert {name: options.get(f"--{name}", options.get(name)) for name in OPTIONS} == {
        name: option.parameter for name, option in OPTIONS.items()
    }


@pytest.mark.parametrize(
    ("target", "recording"),
    [("main:app", False), ("-", True), ("a/b.gz", True), ("run.asgiviz", True), ("a/b.py:app", False), ("a/b", True)],
)
def test_a_file_is_told_from_an_app(target: str, recording: bool) -> None:
    """By its looks, when there is no such file."""
    assert is_recording(target) == recording


def test_progress_is_for_terminals(write: Write) -> None:
    """On a terminal one line changes, and is gone at the end; the report has colours there."""
    ours, its = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "asgiviz", "check", "main:app", *QUICK]
    done = subprocess.Popen(command, env=environment, cwd=write(CARELESS), stdin=subprocess.DEVNULL, stdout=its, stderr=its)
    os.close(its)
    shown = b""
    while piece := _read(ours):
        shown += piece
    assert done.wait(PATIENCE) == 1
    os.close(ours)
    assert b"\r\x1b[KGET /" in shown
    assert b"\r\x1b[K\x1b[31mmain:app: " in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # its other end is closed
        return b""


def test_a_thread_that_the_app_leaves_behind_keeps_nobody(checked: Checked) -> None:
    """The report is told, and the command ends."""
    lingering = HELLO.replace("    await receive()\n", "    threading.Thread(target=time.sleep, args=(60,)).start()\n")
    command = checked("main:app", *QUICK, source=f"import threading, time\n{lingering}")
    assert command.process.returncode == 0
    assert "Checked: " in command.out


def test_an_app_that_does_not_answer_is_not_clean(write: Write) -> None:
    """No rule says how soon it must answer, but a check that could not be made must not pass for one that was."""
    directory = write("""
        import asyncio

        async def app(scope, receive, send):
            assert scope["type"] == "http"
            await asyncio.sleep(600)
    """)
    options = ("check", "main:app", "--method", "HEAD", "--openapi", "off", "--timeout", "0.2")
    assert run(*options, directory=directory).process.returncode == 1
    assert run(*options, "--fail-on", "never", directory=directory).process.returncode == 0


def test_it_can_be_interrupted(write: Write) -> None:
    """Ctrl-C ends it with what was found so far, though the app never answers and has a thread that does not end."""
    directory = write("""
        import asyncio, pathlib, threading, time

        async def app(scope, receive, send):
            assert scope["type"] == "http"
            threading.Thread(target=time.sleep, args=(600,)).start()
            pathlib.Path("called").touch()
            await asyncio.sleep(600)
    """)
    command = Asgiviz("check", "main:app", "--timeout", "600", directory=directory)
    deadline = monotonic() + PATIENCE
    while not (directory / "called").exists() and monotonic() < deadline:
        sleep(0.02)
    assert command.stop() == 130
    assert command.out.startswith("main:app: nothing was found, and not everything could be tried\n")
    assert "ended by Ctrl-C: nothing more was tried" in command.out


def test_the_example_in_the_readme_is_printed_today() -> None:
    """What the README shows under `asgiviz check` is what it prints, but for the last lines with their times."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"```text\n\$ asgiviz check (.*?)\n(.*?)```", readme, re.DOTALL)
    assert match
    command = run("check", *match[1].split(), directory=ROOT)
    assert command.out.startswith(match[2])
    assert re.fullmatch(
        r"\n(Not shown: .*\n)?Checked: .*\nMore about a rule: asgiviz rules \S+\n", command.out[len(match[2]) :]
    )
