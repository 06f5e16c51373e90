"""Writes the pictures of this directory and the printed examples of the README from fixed recordings, with the real
renderer: ``python screenshots/make.py``. A test sees to it that they are what the renderer gives today.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from asgiviz.store.lines import event_line
from asgiviz.store.reader import open_recording
from asgiviz.views.filter import parse
from asgiviz.views.plain import PlainText
from asgiviz.views.sieve import Sieve

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
WIDTH = 118
#: picture -> (recording, filter, the command that prints it)
PICTURES = {
    "trace-plain.svg": ("shop.asgiviz", None, "asgiviz trace shop:app"),
    "open-filter.svg": ("shop.asgiviz", "~t websocket | ~m PUT", "asgiviz open shop.asgiviz --filter '~t websocket | ~m PUT'"),
}
#: name between the README's marks -> (recording, filter, lines)
EXAMPLES = {
    "shop": ("shop.asgiviz", "~m POST | ~m PUT", None),
    "demo": ("chat.asgiviz", "~p /chat", 40),
}


def lines_of(recording: str, filter_text: str | None, colour: bool) -> list[str]:
    """The plain lines of a recording, the header's first."""
    plain = PlainText(width=WIDTH, colour=colour)
    with open_recording(HERE / recording) as reader:
        lines = plain.header(reader.header)
        for event in Sieve(parse(filter_text) if filter_text else None).over(reader):
            lines += plain.lines(event)
    return lines


def picture(name: str) -> str:
    """The SVG text of one picture."""
    recording, filter_text, command = PICTURES[name]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text(f"$ {command}", style="bold"))
    for line in lines_of(recording, filter_text, colour=True):
        console.print(Text.from_ansi(line), no_wrap=True)
    return console.export_svg(title="asgiviz", unique_id=name.split(".")[0])


def json_lines() -> list[str]:
    """The receives of one connection as they stand in the file."""
    with open_recording(HERE / "shop.asgiviz") as reader:
        return [event_line(event).rstrip() for event in reader if event.conn == 3 and event.ev.startswith("receive")]


def with_examples(readme: str) -> str:
    """The README's text with its printed examples as they are printed today."""
    examples = {"json": json_lines()}
    for name, (recording, filter_text, most) in EXAMPLES.items():
        lines = [line for line in lines_of(recording, filter_text, colour=False)[2:] if "#" in line[:14]]
        examples[name] = lines[:most] + (["   …"] if most is not None and len(lines) > most else [])
    for name, lines in examples.items():
        language = "json" if name == "json" else "text"
        block = "\n".join([f"<!-- {name}:begin -->", f"```{language}", *lines, "```", f"<!-- {name}:end -->"])
        readme, found = re.subn(
            rf"<!-- {name}:begin -->.*?<!-- {name}:end -->", lambda _, block=block: block, readme, flags=re.DOTALL
        )
        if found != 1:
            raise SystemExit(f"README.md needs the marks of {name} once")
    return readme


def main() -> None:
    """Write everything."""
    for name in PICTURES:
        (HERE / name).write_text(picture(name), encoding="utf-8")
    README.write_text(with_examples(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
