"""A traceback as Python prints it, read back: the frames of the user's own code first, innermost first.

Only the text is known (it may come from another machine and another system), so whose code a frame is follows from its
path. Whatever is not a traceback gives a part without frames; nothing here raises.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

#: Lines of a traceback that are read, frames of the user's own code told before the rest is folded, lines of an error's text.
MOST_LINES, OWN_FRAMES, ERROR_LINES = 5_000, 6, 4
#: What Python writes between two exceptions -> how the later one of the two speaks of the earlier one.
_TIES = {
    "The above exception was the direct cause of the following exception:": "caused by",
    "During handling of the above exception, another exception occurred:": "while handling",
}
_FRAME = re.compile(r'\s*File "(?P<file>.*)", line (?P<line>\d{1,9})(?:, in (?P<function>.*))?')
_GROUP_MARGIN = re.compile(r"^(?:\s*[|+] ?)")
_GROUP_RULE = re.compile(r"^[-+]*-{3,}")
_MARKERS = re.compile(r"[\s^~]*")
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\](?P<package>[^/\\]+)")
_STANDARD = re.compile(
    r"[/\\](?:python|pypy)\d[\d.]*t?(?:\.zip)?[/\\]|[/\\]Lib[/\\]|[/\\]Frameworks[/\\]Python\.framework[/\\]"
)
_OURS = re.compile(
    r"[/\\]asgiviz[/\\](?:model|protocol|probe|store|traffic|host|check|views|course|export|session|middleware|experiment|ui"
    r"|pytest_plugin|cli)\b"
)
_DEMO = re.compile(r"[/\\]asgiviz[/\\](?:demo|_lessons)\b")


class Frame(NamedTuple):
    """One frame. `package` is whose code it is: a library, ``Python``, ``asgiviz``; None when it is the user's own."""

    file: str
    line: int
    function: str
    source: str
    package: str | None

    @property
    def place(self) -> str:
        """Where it is, in short: ``shop/orders.py:41``; of a library the package and the file."""
        names = re.split(r"[/\\]", self.file)
        if self.package is not None:
            return f"{self.package} {names[-1]}:{self.line}"
        return "/".join(names[-2:]) + f":{self.line}"


class Part(NamedTuple):
    """One exception of a traceback. `tie` says what it is to the one that was raised: empty for that one itself.

    `frames` stand innermost first; `error` is Python's ``Type: text``, its further lines included.
    """

    tie: str
    error: str
    frames: tuple[Frame, ...]

    @property
    def own(self) -> tuple[Frame, ...]:
        """The frames of the user's code."""
        return tuple(frame for frame in self.frames if frame.package is None)

    @property
    def others(self) -> tuple[Frame, ...]:
        """The frames of everybody else."""
        return tuple(frame for frame in self.frames if frame.package is not None)


class Line(StrEnum):
    """What a line about a traceback is."""

    #: the error that was raised
    ERROR = "error"
    #: another one: why, or what it belongs to
    TIED = "tied"
    #: a frame of the user's own code
    OWN = "own"
    #: a frame of somebody else's
    OTHER = "other"
    #: how many frames of others there are, folded away or following
    COUNT = "count"


class Told(NamedTuple):
    """A line about a traceback: `lead` stands before it, `source` is the line of code of a frame."""

    what: Line
    lead: str
    text: str
    source: str = ""


def told(parts: list[Part], everything: bool) -> list[Told]:
    """The lines that tell a traceback; without `everything` the frames of others are one line for each exception."""
    lines: list[Told] = []
    for part in parts:
        first, *further = part.error.split("\n")[:ERROR_LINES]
        lines.append(Told(Line.TIED if part.tie else Line.ERROR, part.tie, first))
        lines += [Told(Line.ERROR, "", text) for text in further]
        own = part.own if everything else part.own[:OWN_FRAMES]
        lines += [Told(Line.OWN, "from" if index else "at", *_frame(frame)) for index, frame in enumerate(own)]
        if rest := part.own[len(own) :] + part.others:
            lines.append(Told(Line.COUNT, "", _count(rest)))
            lines += [Told(Line.OTHER, "", *_frame(frame)) for frame in rest] if everything else []
    return lines


def _frame(frame: Frame) -> tuple[str, str]:
    return f"{frame.place} in {frame.function}" if frame.function else frame.place, frame.source


def _count(frames: tuple[Frame, ...]) -> str:
    whose = ", ".join(dict.fromkeys(frame.package or "your code" for frame in frames))
    return f"{len(frames)} {'frame' if len(frames) == 1 else 'frames'} of {whose}"


def package_of(file: str) -> str | None:
    """Whose code a file is: the installed package, ``Python``, ``asgiviz``; None for the user's own and the demo's."""
    if _DEMO.search(file):
        return None
    if installed := _INSTALLED.search(file):
        return installed["package"].removesuffix(".py")
    if file.startswith("<frozen ") or _STANDARD.search(file):
        return "Python"
    return "asgiviz" if _OURS.search(file) else None


def parse(text: str) -> list[Part]:
    """The exceptions of a printed traceback: the one that was raised, then its causes, then the members of its group."""
    reading = _Reading("")
    chain, members = [reading], list[_Reading]()
    grouped = "Exception Group Traceback" in text
    for raw in text.split("\n")[:MOST_LINES]:
        line = _GROUP_MARGIN.sub("", raw) if grouped else raw
        if grouped and _GROUP_RULE.match(line):
            reading = _Reading("in the group")
            members.append(reading)
        elif tie := _TIES.get(line.strip()):
            led_to = _Reading(reading.tie)
            reading.tie = tie
            among = members or chain
            among.insert(among.index(reading), led_to)
            reading = led_to
        elif line.strip().endswith("Traceback (most recent call last):"):
            reading.error.clear()
        else:
            reading.read(line)
    parts = [one.part() for one in chain + members]
    return [part for part in parts if part.frames or part.error]


class _Reading:
    """One exception while its lines are read."""

    def __init__(self, tie: str) -> None:
        self.tie = tie
        self.error: list[str] = []
        self.frames: list[Frame] = []

    def read(self, line: str) -> None:
        frame = _FRAME.fullmatch(line)
        if frame and not self.error:
            file = frame["file"]
            self.frames.append(Frame(file, int(frame["line"]), frame["function"] or "", "", package_of(file)))
        elif self.frames and not self.error and line.startswith(" "):
            if not self.frames[-1].source and not _MARKERS.fullmatch(line):
                self.frames[-1] = self.frames[-1]._replace(source=line.strip())
        elif line.strip() or self.error:
            self.error.append(line)

    def part(self) -> Part:
        return Part(self.tie, "\n".join(self.error).strip(), tuple(reversed(self.frames)))
