"""Making the checkup that `asgiviz check` reports: of a recording, or of an app that is run with its progress told.

While the app runs, standard output and error are taken from it, so that nothing of it comes between the lines of a report.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import click

from asgiviz.cli.learning import USAGE, leave

if TYPE_CHECKING:
    from asgiviz.checkup import Checkup, Plan

#: `--openapi` this: the app is not asked for its description.
OFF = "off"


def check_file(file: str) -> Checkup:
    """Judge a recording; one that cannot be read ends the command."""
    from asgiviz.checkup import check_recording
    from asgiviz.store.errors import RecordingError
    from asgiviz.store.reader import open_recording, read_stream

    if file == "-" and sys.stdin is None:
        leave(USAGE, "standard input is closed; there is nothing to read")
    try:
        reader = open_recording(Path(file)) if file != "-" else read_stream(sys.stdin.buffer, "standard input")
    except RecordingError as error:
        leave(USAGE, str(error))
    with reader:
        return check_recording(reader)


def check_target(options: dict[str, Any]) -> Checkup:
    """Run an app and judge it. One that does not start ends the command, with its whole traceback."""
    from asgiviz.checkup import check_app
    from asgiviz.host.errors import HostError
    from asgiviz.probe.descriptors import Descriptors

    plan = _plan(options)
    try:
        with _streams_kept(), Descriptors(emit=lambda raw: None) as ours, _Progress(ours.err) as progress:
            return check_app(plan, progress)
    except HostError as error:
        if error.trace:
            click.echo(error.trace, nl=not error.trace.endswith("\n"), err=True)
        leave(error.code, str(error))
    except ValueError as error:
        leave(USAGE, str(error))


@contextmanager
def _streams_kept() -> Iterator[None]:
    """Standard output and error are afterwards what they were, though an app that was left behind still holds them."""
    streams = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _plan(options: dict[str, Any]) -> Plan:
    """What is to be done, as the options say. One that makes no sense ends the command."""
    from asgiviz.check_settings import SERVERS
    from asgiviz.checkup import ANYWHERE, NOWHERE, Plan
    from asgiviz.traffic.check_set import METHODS, read_scripts

    directory = Path(options["app_dir"]).resolve()
    if not directory.is_dir():
        leave(USAGE, f"there is no directory {directory}. Where is the app's module? --app-dir DIR")
    try:
        scripts = tuple(read_scripts(Path(options["script"]))) if options["script"] else ()
    except ValueError as error:
        leave(USAGE, str(error))
    openapi = options["openapi"]
    if openapi not in (None, OFF) and not openapi.startswith("/"):
        leave(USAGE, f"--openapi {openapi!r}: the path begins with a slash, such as /openapi.json; to look for none: off")
    return Plan(
        target=options["target"],
        app_dir=str(directory),
        factory=options["factory"],
        paths=tuple(options["paths"]) or Plan.paths,
        methods=tuple(method.upper() for method in options["methods"]) or METHODS,
        headers=tuple(_header(text) for text in options["headers"]),
        body=_body(options["body"]),
        scripts=scripts,
        openapi=ANYWHERE if openapi is None else NOWHERE if openapi == OFF else openapi,
        server="" if options["server"] == SERVERS[0] else options["server"],
        http=options["http"],
        ws=options["ws"],
        loop=options["loop"],
        timeout=options["timeout"],
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError(f"--header {text!r} is not of the form Name:value")
    return name.strip(), value.strip()


def _body(text: str | None) -> bytes | None:
    """What is sent: the text itself, or with ``@`` before it what stands in that file."""
    if text is None or not text.startswith("@"):
        return None if text is None else text.encode("utf-8", "surrogateescape")
    try:
        return sys.stdin.buffer.read() if text == "@-" else Path(text[1:]).read_bytes()
    except OSError as error:
        leave(USAGE, f"the body cannot be read from {text[1:]}: {error.strerror or error}")


class _Progress:
    """What is being done, on standard error: on a terminal one line that changes, elsewhere nothing."""

    def __init__(self, err: BinaryIO | None) -> None:
        self._err = err if err is not None and err.isatty() else None

    def __call__(self, what: str) -> None:
        from asgiviz.views.text import fit

        self._write(f"\r\x1b[K{fit(what, 79)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        if self._err is None:
            return
        try:
            self._err.write(text.encode("utf-8", "replace"))
            self._err.flush()
        except OSError:
            self._err = None  # nobody reads it any more
