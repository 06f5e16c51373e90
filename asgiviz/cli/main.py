"""The entry point: names the commands, and imports one only when it is run."""

from __future__ import annotations

import difflib
import importlib
import os
import sys

import click

#: name -> (where it is, its line in `asgiviz --help`)
COMMANDS: dict[str, tuple[str, str]] = {
    "lesson": ("asgiviz.cli.lesson:lesson", "Learn ASGI by experiment: predict, run, look, change."),
    "lessons": ("asgiviz.cli.lessons:lessons", "The course: all lessons, and how far you are."),
    "report": ("asgiviz.cli.report:report", "Write one page of what you predicted, ran and found in the course."),
    "trace": ("asgiviz.cli.trace:trace", "Run an app and watch what crosses the line between server and app."),
    "demo": ("asgiviz.cli.demo:demo", "Trace the built-in demo app with built-in visitors: all there is to see."),
    "open": ("asgiviz.cli.open:open_", "Show a recording, from a file or standard input."),
    "check": ("asgiviz.cli.check:check", "Check an app, or a recording, against the rules of ASGI."),
    "rules": ("asgiviz.cli.rules:rules", "The rules that are checked, each with two examples."),
    "lint": ("asgiviz.cli.lint:lint", "For authors: everything that is wrong with a pack or a lesson."),
    "new": ("asgiviz.cli.new:new", "For authors: a new lesson to begin with."),
    "explain": ("asgiviz.cli.explain:explain", "Explain a message, a key, a code, a header, a state or a word."),
    "config": ("asgiviz.cli.config:config", "Settings and keys: what holds, and where it comes from."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and (close := difflib.get_close_matches(args[0], COMMANDS, 1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean: asgiviz {close[0]}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ASGIVIZ"},
    epilog="First steps: `asgiviz lesson 1`, or `asgiviz trace main:app` in the directory of your app.",
)
@click.version_option(package_name="asgiviz", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """See ASGI happen: learn it by experiment, or run an app, record every scope, receive and send, and watch it.

    Without a command it opens the home screen: the course with your progress, trace an app, open a recording, the demo.
    """
    if ctx.invoked_subcommand is None:
        sys.exit(open_home(ctx))
    if ctx.invoked_subcommand in ("trace", "demo", "open", "lesson"):
        ctx.default_map = defaults(ctx.invoked_subcommand)


def open_home(ctx: click.Context) -> int:
    """The home screen where there is a terminal to show it on, else the help."""
    from asgiviz.cli.look import has_keyboard

    terminal = sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if not (terminal and has_keyboard()):
        click.echo(ctx.get_help())
        return 0
    from asgiviz.cli.home import home
    from asgiviz.settings import Settings

    return home(Settings.load().ascii)


def defaults(command: str) -> dict[str, dict[str, object]]:
    """The user's settings as defaults of a command's options."""
    from asgiviz.settings import Settings

    settings = Settings.load()
    options: dict[str, object] = {"ascii_": settings.ascii}
    if command in ("trace", "demo"):
        options |= {"body_limit": settings.body_limit, "max_events": settings.max_events, "stall_ms": settings.stall_ms}
    return {command: options}


def main() -> None:
    """What `asgiviz` and `python -m asgiviz` run."""
    sys.exit(cli(prog_name="asgiviz", standalone_mode=True))


if __name__ == "__main__":
    main()
