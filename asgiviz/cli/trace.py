"""``asgiviz trace TARGET``: run an app and watch it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from asgiviz.cli.options import output_options, recording_options, server_options, take_server_options
from asgiviz.host.options import THREADS

#: More threads than this no machine needs to show what they do.
MOST_THREADS = 1_000
_DIRECTORY = click.Path(exists=True, file_okay=False)


@click.command(short_help="Run an app and watch it.")
@click.argument("target", metavar="TARGET")
@click.option("--app-dir", default=".", show_default=True, type=_DIRECTORY, help="Where to look for the app's module.")
@click.option("--factory", is_flag=True, help="TARGET is a function without arguments that gives the app.")
@click.option("--wsgi", is_flag=True, help="TARGET is a WSGI app (Flask, Django …): run it under waitress, with threads.")
@click.option(
    "--threads",
    type=click.IntRange(1, MOST_THREADS),
    default=THREADS,
    show_default=True,
    metavar="N",
    help="Threads for --wsgi.",
)
@output_options
@recording_options
@click.option(
    "--closely",
    is_flag=True,
    help="Note the line of code of each receive and send, and those never awaited; costs a little.",
)
@click.option("--reload", is_flag=True, help="Start again when the app's files change (in a process of its own).")
@click.option(
    "--reload-dir", "reload_dirs", multiple=True, type=_DIRECTORY, help="Watch this instead of --app-dir. Repeatable."
)
@server_options
def trace(
    target: str, app_dir: str, factory: bool, wsgi: bool, reload: bool, reload_dirs: tuple[str, ...], **options: Any
) -> None:
    """Run TARGET (module:attribute) under a real server and show everything that crosses the line between them.

    An ASGI app runs under uvicorn; with --wsgi, a WSGI app runs under waitress.

    On a terminal it opens the trace screen; elsewhere, or with --plain, it prints a line per event until Ctrl-C.
    When the screen is closed, open requests have one second to finish; --timeout-graceful-shutdown gives them more.
    """
    from asgiviz.cli.live import live_run
    from asgiviz.cli.look import look_here
    from asgiviz.host.options import Run
    from asgiviz.session import Session, reload_directories

    _refuse_what_does_not_fit(wsgi)
    server = take_server_options(options)
    look = look_here(options)
    if look.form == "screen" and not _was_given("timeout_graceful_shutdown"):
        from asgiviz.cli.screen import GRACE

        server = replace(server, timeout_graceful_shutdown=GRACE)
    directory = str(Path(app_dir).resolve())
    run = Run(target, directory, factory, server, options["body_limit"], options["stall_ms"], closely=options["closely"])
    session = Session(
        replace(run, interface="wsgi", threads=options["threads"]) if wsgi else run,
        isolate=options["isolate"],
        reload=reload_directories(reload_dirs, directory) if reload or reload_dirs else (),
        max_events=options["max_events"],
    )
    sys.exit(live_run(look, "trace")(session, look, options["record"], options["seconds"], options["connections"]).run())


def _refuse_what_does_not_fit(wsgi: bool) -> None:
    """Say which option makes no sense with, or without, --wsgi."""
    if not wsgi and _was_given("threads"):
        raise click.UsageError("--threads is for --wsgi: an ASGI app has one loop. Add --wsgi, or leave it out")
    if wsgi and _was_given("server"):
        raise click.UsageError("with --wsgi the server is waitress. Leave --server out")
    if wsgi and _was_given("closely"):
        raise click.UsageError("--closely watches receive and send, and a WSGI app has neither. Leave it out")
    if wsgi and _was_given("stall_ms"):
        raise click.UsageError("--stall-ms watches an event loop, and under --wsgi there is none. Leave it out")


def _was_given(option: str) -> bool:
    """Whether the user has chosen a value for an option, now and not in the settings."""
    source = click.get_current_context().get_parameter_source(option)
    return source not in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
