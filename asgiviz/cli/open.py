"""``asgiviz open FILE``: show a recording."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asgiviz.cli.learning import forget_output
from asgiviz.cli.options import output_options

if TYPE_CHECKING:
    from asgiviz.cli.look import Look
    from asgiviz.store.reader import RecordingReader


@click.command("open", short_help="Show a recording.")
@click.argument("file", metavar="FILE")
@output_options
def open_(file: str, **options: Any) -> None:
    """Show the recording in FILE, which may be cut or still be growing; `-` reads standard input.

    What was masked when it was written stays masked.
    """
    from asgiviz.cli.look import look_here
    from asgiviz.store.errors import RecordingError
    from asgiviz.store.reader import open_recording, read_stream

    look = look_here(options)
    try:
        reader = open_recording(Path(file)) if file != "-" else read_stream(sys.stdin.buffer, "standard input")
    except RecordingError as error:
        click.echo(f"asgiviz: {error}", err=True)
        sys.exit(2)
    with reader:
        if look.form == "screen":
            from asgiviz.cli.screen import show_recording
            from asgiviz.settings import Settings

            sys.exit(show_recording(reader, Settings.load(), look))
        try:
            show(reader, look)
        except BrokenPipeError:  # the reader has seen enough, as in `| head`
            forget_output()
            sys.exit(0)
    if reader.ending is not None:
        click.echo(f"asgiviz: {reader.name}: {reader.ending}", err=True)


def show(reader: RecordingReader, look: Look) -> None:
    """Print a recording to standard output, line by line as it is read."""
    from asgiviz.cli.printing import TextForm

    text = TextForm(look)
    out = sys.stdout.buffer
    out.write(text.header(reader.header).encode())
    for event in reader:
        out.write(text.events([event]).encode("utf-8", "backslashreplace"))
    out.write(text.rest().encode("utf-8", "backslashreplace"))
    out.flush()
