"""Writes the pictures of this directory, the printed examples of the README and the keys of docs/screen.md, with the real
renderer on fixed recordings: ``python screenshots/make.py [PICTURE …]``. Tests see to it that they are those of today.

A saved recording has no clock, so the screen stands still, and runs of lessons are made on the virtual one; sizes, themes and
keys are those of the tables here.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Input

from asgiviz.course.progress import Progress
from asgiviz.course.reading import find_lesson, read_pack
from asgiviz.lessons_place import lessons_directory
from asgiviz.settings import Settings
from asgiviz.store.lines import event_line
from asgiviz.store.loading import Loading, recorder_for
from asgiviz.store.reader import open_recording
from asgiviz.ui.app import AsgivizApp
from asgiviz.ui.connections_pane import ConnectionsPane
from asgiviz.ui.feed import Feed
from asgiviz.ui.keys import ACTIONS
from asgiviz.ui.lesson_screen import LessonScreen
from asgiviz.ui.trace_screen import TraceScreen
from asgiviz.views.filter import parse
from asgiviz.views.plain import PlainText
from asgiviz.views.sieve import Sieve

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
KEYS = HERE.parent / "docs" / "screen.md"
WIDTH = 118


@dataclass(frozen=True)
class Shot:
    """A picture of the trace screen: what is opened, how large, and the keys that lead there."""

    recording: str
    keys: str
    size: tuple[int, int] = (120, 36)
    theme: str = "dark"


@dataclass(frozen=True)
class LessonShot:
    """A picture of a lesson: its number, the page (from 1), keys, and the second of the run at which the stage stands.

    Runs are made on the virtual clock, so they come out the same each time.
    """

    lesson: str
    page: int
    keys: str
    at: float
    size: tuple[int, int] = (120, 36)
    theme: str = "dark"


def down(rows: int) -> str:
    """So many rows down."""
    return "down " * rows


#: picture of the screen -> how it comes about; `keys` are Textual's names
SHOTS = {
    "screen": Shot("demo.asgiviz.gz", down(6) + "2 " + down(6)),
    "waterfall": Shot("waiter.asgiviz.gz", "3 z end", (120, 28)),
    "state": Shot("demo.asgiviz.gz", down(15) + "2 " + down(5) + "4 z"),
    "stall": Shot("stall.asgiviz.gz", "7 home enter z", (100, 24)),
    "findings": Shot("demo.asgiviz.gz", "8 home " + down(3)),
    "explain": Shot("demo.asgiviz.gz", down(16) + "question_mark"),
    "filter": Shot("demo.asgiviz.gz", "slash ~ e space | space ~ d space 1 s"),
    "one-pane": Shot("demo.asgiviz.gz", down(15) + "2 " + down(8), (80, 24)),
    "wide": Shot("demo.asgiviz.gz", down(15) + "2 " + down(9), (200, 50)),
    "light": Shot("upload.asgiviz.gz", "2 " + down(45) + "up " * 4, theme="light"),
    "high-contrast": Shot("demo.asgiviz.gz", down(23) + "2 " + down(5), theme="high-contrast"),
}
#: picture of a lesson -> how it comes about
LESSONS = {
    "lesson-1": LessonShot("1", 1, "a 2 C enter", 1.7),
    "lesson-1-small": LessonShot("1", 1, "a 2 C enter", 1.7, (80, 24)),
    "lesson-6": LessonShot("6", 5, "x h", 5.5),
    "lesson-6-light": LessonShot("6", 4, "b 3 enter", 2.3, (200, 50), theme="light"),
}
#: picture of plain lines -> (recording, filter, the command that prints it)
PRINTS = {
    "trace-plain": ("shop.asgiviz", None, "asgiviz trace shop:app --plain"),
    "open-filter": (
        "shop.asgiviz",
        "~t websocket | ~m PUT",
        "asgiviz open shop.asgiviz --plain --filter '~t websocket | ~m PUT'",
    ),
}
#: name between the README's marks -> (recording, filter, lines)
EXAMPLES = {
    "shop": ("shop.asgiviz", "~m POST | ~m PUT", None),
    "demo": ("chat.asgiviz", "~p /chat", 40),
}
#: group of keys -> the title of its table
GROUPS = {
    "app": "everywhere",
    "trace": "on the trace screen",
    "pane": "in a pane",
    "waterfall": "in the waterfall",
    "findings": "among the findings",
    "lesson": "in a lesson",
    "home": "on the home screen",
}


# -- the screen ----------------------------------------------------------------------------------------------------------


def picture_of_screen(name: str) -> str:
    """The SVG text of one picture of the screen."""
    return asyncio.run(_draw(SHOTS[name], name))


async def _draw(shot: Shot, name: str) -> str:
    with open_recording(HERE / shot.recording) as reader:
        recorder = recorder_for(reader.header.started, 1_000_000, 1 << 30)
        Loading(reader, recorder).run()
        screen = TraceScreen(Feed(recorder, growing=False), "open", None, reader.header)
    app = AsgivizApp(Settings(theme=shot.theme, animation=False), screen)
    async with app.run_test(size=shot.size) as pilot:
        for line in screen.query(Input):
            line.cursor_blink = False
        await _settle(pilot, screen)
        await pilot.press(*shot.keys.split())
        await _settle(pilot, screen)
        return own_fonts(app.export_screenshot(title="asgiviz"), name)


def picture_of_lesson(name: str) -> str:
    """The SVG text of one picture of a lesson."""
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        return asyncio.run(_draw_lesson(LESSONS[name], name, Path(work)))


async def _draw_lesson(shot: LessonShot, name: str, work: Path) -> str:
    pack = read_pack(lessons_directory(), official=True)
    lesson = find_lesson(pack, shot.lesson)
    progress = Progress(work / "progress.json")
    progress.lesson(pack.id, lesson.id).page = shot.page - 1
    screen = LessonScreen(pack, lesson, progress, {"cores": 2.0}, work, by_hand=True)
    app = AsgivizApp(Settings(theme=shot.theme, animation=False), screen)
    async with app.run_test(size=shot.size) as pilot:
        for key in shot.keys.split():
            await pilot.press(key)
            await _until_seen(pilot, screen)
        app.clear_notifications()
        screen.go_to_moment(round(shot.at * 1e9))
        await _until_seen(pilot, screen)
        return own_fonts(app.export_screenshot(title="asgiviz"), name)


async def _until_seen(pilot: Pilot[None], screen: LessonScreen) -> None:
    """Until the run that was begun is over and shown."""
    for _ in range(3000):
        await pilot.pause(0.01)
        screen.tick()
        showing = screen.room.showing
        if not screen.checking and (showing is None or showing.seen):
            break
    await pilot.pause()


async def _settle(pilot: Pilot[None], screen: TraceScreen) -> None:
    """Until all that is recorded is shown, and all that is filtered is judged."""
    connections = screen.panes["connections"]
    assert isinstance(connections, ConnectionsPane)
    for _ in range(1000):
        await pilot.pause()
        screen.tick()
        if not screen.feed.behind and not connections.roster.pending and screen.judging.done:
            break
    await pilot.pause()


# -- SVG -----------------------------------------------------------------------------------------------------------------


def own_fonts(svg: str, name: str) -> str:
    """An SVG of Rich with the viewer's fonts instead of fetched ones, and names that depend on nothing but the picture's."""
    svg = re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<!--.*?-->", "", svg)
    svg = re.sub(r"terminal-\d+", name, svg)
    svg = svg.replace("Fira Code, monospace", "'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas, monospace")
    svg = svg.replace("font-size: 20px", "font-size: 21.6px")  # the strokes of boxes meet from line to line
    return re.sub(r" +\n", "\n", svg.replace("textLength=", 'lengthAdjust="spacingAndGlyphs" textLength='))


def text_of_picture(svg: str) -> list[str]:
    """The lines of text in one of our SVGs, each letter at its column."""
    lines: dict[int, str] = {}
    for x, line, text in re.findall(r'<text [^>]*?x="([\d.]+)" [^>]*line-(\d+)\)">(.*?)</text>', svg):
        before = lines.get(int(line), "")
        lines[int(line)] = before + " " * (round(float(x) / 12.2) - cell_len(before)) + unescape(text).replace("\xa0", " ")
    return [lines.get(number, "").rstrip() for number in range(max(lines) + 1)]


# -- plain lines ---------------------------------------------------------------------------------------------------------


def lines_of(recording: str, filter_text: str | None, colour: bool) -> list[str]:
    """The plain lines of a recording, the header's first."""
    plain = PlainText(width=WIDTH, colour=colour)
    with open_recording(HERE / recording) as reader:
        lines = plain.header(reader.header)
        for event in Sieve(parse(filter_text) if filter_text else None).over(reader):
            lines += plain.lines(event)
    return lines


def picture_of_lines(name: str) -> str:
    """The SVG text of one picture of plain lines."""
    recording, filter_text, command = PRINTS[name]
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard", no_color=False
    )
    console.print(Text(f"$ {command}", style="bold"))
    for line in lines_of(recording, filter_text, colour=True):
        console.print(Text.from_ansi(line), no_wrap=True)
    return own_fonts(console.export_svg(title="asgiviz"), name)


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
        readme = put(readme, name, ["```json" if name == "json" else "```text", *lines, "```"])
    return readme


def with_keys(page: str) -> str:
    """The text of docs/screen.md with the keys that there are today."""
    for group, title in GROUPS.items():
        actions = [action for action in ACTIONS.values() if action.group == group]
        rows = [f"| {' '.join(f'`{key}`' for key in action.keys)} | {action.help} |" for action in actions]
        page = put(page, f"keys of {group}", [f"| {title} | does |", "|---|---|", *rows])
    return page


def put(page: str, name: str, lines: list[str]) -> str:
    """A page with these lines between its marks of that name."""
    block = "\n".join([f"<!-- {name}:begin -->", *lines, f"<!-- {name}:end -->"])
    page, found = re.subn(rf"<!-- {name}:begin -->.*?<!-- {name}:end -->", lambda _: block, page, flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"the marks of {name} must stand once in the page that shows it")
    return page


def main(wanted: list[str]) -> None:
    """Write everything, or the pictures that are named."""
    os.environ.pop("NO_COLOR", None)
    for name in wanted or [*SHOTS, *LESSONS, *PRINTS]:
        draw = picture_of_screen if name in SHOTS else picture_of_lesson if name in LESSONS else picture_of_lines
        picture = draw(name)
        (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")
    README.write_text(with_examples(README.read_text(encoding="utf-8")), encoding="utf-8")
    KEYS.write_text(with_keys(KEYS.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
