"""``asgiviz check TARGET|FILE``: which rules of ASGI are broken, found by running an app or in a recording of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from asgiviz.check_settings import OPTIONS, SERVERS, CheckSettings
from asgiviz.cli.learning import INTERRUPTED, USAGE, say
from asgiviz.cli.options import check_options

#: Options that say how an app is run: with a recording they mean nothing.
_RUNNING = (
    "paths",
    "methods",
    "headers",
    "body",
    "script",
    "openapi",
    "server",
    "http",
    "ws",
    "loop",
    "app_dir",
    "factory",
    "timeout",
)
#: Of those, what uvicorn alone understands.
_UVICORN = ("http", "ws", "loop")


@click.command(short_help="Check an app, or a recording, against the rules of ASGI.")
@click.argument("target", metavar="[TARGET|FILE]", required=False)
@check_options
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Run TARGET (module:attribute), send it requests of all kinds, and tell which rules of ASGI are broken, by whom and where.

    FILE is a recording instead (asgiviz trace --record), - standard input. The rules are those of `asgiviz rules`.
    The same options can stand in pyproject.toml, under [tool.asgiviz]; the command line wins.

    \b
    Exit codes: 0 clean, 1 findings from --fail-on on, 2 usage, 3 the app
    could not be started, 130 ended by Ctrl-C.
    """
    from asgiviz.cli.check_reporting import baseline_of, choice_of, report
    from asgiviz.cli.check_running import check_file, check_target

    given = {name for name in options if _was_given(ctx, name)}
    options |= {name: value for name, value in _wishes(given).items() if name not in given}
    recording = _refuse_what_does_not_fit(options, given)
    choice, accepted = choice_of(options), baseline_of(options)  # a mistake there is told before anything is run
    try:
        checked = check_file(options["target"]) if recording else check_target(options)
    except KeyboardInterrupt:
        say("ended by Ctrl-C, before there was anything to report")
        _end(INTERRUPTED, recording)
    if recording and checked.findings and not any(finding.code for finding in checked.findings):
        say("this recording has no lines of code. One that has them: asgiviz trace --closely --record FILE")
    code = report(checked, choice, accepted, options)
    _end(INTERRUPTED if checked.interrupted else code, recording)


def _end(code: int, recording: bool) -> NoReturn:
    """Exit, whatever threads an app has left behind."""
    if not recording:
        from asgiviz.cli.live import leave_if_left_behind

        leave_if_left_behind(code, came_back=True)
    sys.exit(code)


def is_recording(target: str) -> bool:
    """Whether a file is meant: standard input, one that is there (and is no Python), or a name that looks like a file's."""
    if target.endswith(".py"):
        return False
    looks_so = ":" not in target and (target.endswith((".asgiviz", ".gz")) or "/" in target)
    return target == "-" or Path(target).is_file() or looks_so


def _was_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def _wishes(given: set[str]) -> dict[str, Any]:
    """What the project's pyproject.toml says; mistakes in it end the command. Its target is found from where it is."""
    settings = CheckSettings.load(Path.cwd())
    for mistake in settings.mistakes:
        say(mistake)
    if settings.mistakes:
        sys.exit(USAGE)
    if "target" in settings.values and "target" not in given and settings.directory is not None:
        return {"app_dir": str(settings.directory)} | settings.values
    return settings.values


def _refuse_what_does_not_fit(options: dict[str, Any], given: set[str]) -> bool:
    """Say what is missing or makes no sense; whether it is a recording that is to be judged."""
    target = options["target"]
    if not target:
        raise click.UsageError("what is to be checked? An app, such as main:app, or a recording")
    if options["write_baseline"] and not options["baseline"]:
        raise click.UsageError("--write-baseline needs a file to write to. Add --baseline FILE")
    recording = is_recording(target)
    if recording and (wrong := next((name for name in _RUNNING if name in given), None)):
        flag = next(key for key, option in OPTIONS.items() if option.parameter == wrong)
        raise click.UsageError(f"--{flag} is for running an app, and {target} is a recording. Leave it out")
    in_process = not recording and options["server"] == SERVERS[0]
    if in_process and (wrong := next((name for name in _UVICORN if name in given), None)):
        raise click.UsageError(f"--{wrong} is for uvicorn. Add --server uvicorn, or leave it out")
    return recording
