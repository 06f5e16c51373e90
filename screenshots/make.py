"""Writes the pictures of this directory: plays fixed recordings through the real renderer. ``python screenshots/make.py``."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from asgiviz.store.reader import open_recording
from asgiviz.views.filter import parse
from asgiviz.views.plain import PlainText
from asgiviz.views.sieve import Sieve

HERE = Path(__file__).parent
#: picture -> (recording, filter, the command that prints it)
PICTURES = {
    "trace-plain.svg": ("shop.asgiviz", None, "asgiviz trace shop:app"),
    "open-filter.svg": ("shop.asgiviz", "~t websocket | ~m PUT", "asgiviz open shop.asgiviz --filter '~t websocket | ~m PUT'"),
}
WIDTH = 118


def lines_of(recording: Path, filter_text: str | None) -> list[str]:
    """The coloured plain lines of a recording."""
    plain = PlainText(width=WIDTH, colour=True)
    with open_recording(recording) as reader:
        lines = plain.header(reader.header)
        for event in Sieve(parse(filter_text) if filter_text else None).over(reader):
            lines += plain.lines(event)
    return lines


def draw(name: str) -> None:
    """Write one picture."""
    recording, filter_text, command = PICTURES[name]
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="standard")
        console.print(Text(f"$ {command}", style="bold"))
        for line in lines_of(HERE / recording, filter_text):
            console.print(Text.from_ansi(line), no_wrap=True)
    (HERE / name).write_text(console.export_svg(title="asgiviz", unique_id=name.split(".")[0]), encoding="utf-8")


if __name__ == "__main__":
    for picture in PICTURES:
        draw(picture)
        print(f"screenshots/{picture}")  # noqa: T201  # a script for people
