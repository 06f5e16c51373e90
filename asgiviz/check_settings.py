"""What a project wishes of `asgiviz check`: the table ``[tool.asgiviz]`` of the pyproject.toml above the working directory.

Its keys are the names of the command's options. Every mistake in it is one sentence with file and line; with one of them
nothing is checked, because a check that is set up in another way than was meant says nothing.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from asgiviz.model.finding import Severity
from asgiviz.settings import TomlError, did_you_mean, read_toml, shown_path

FILE = "pyproject.toml"
TABLE = "tool.asgiviz"
FORMATS = ("text", "json", "sarif", "junit", "github")
SERVERS = ("in-process", "uvicorn")
SEVERITIES = tuple(each.value for each in Severity)
WHOSE = ("app", "server", "all")
#: `--fail-on` this: nothing makes the check fail.
NEVER = "never"


class Kind(Enum):
    """What a value is: how it is told, and the type that TOML gives it."""

    TEXT = "a text"
    TEXTS = "a text or a list of texts"
    RULES = "an id, a beginning or a class of rules, or a list of them"
    HEADERS = 'a text such as "Name: value", or a list of them'
    #: a file or directory, from where the pyproject.toml is
    PLACE = "a path"
    SECONDS = "a number of seconds above 0"
    SWITCH = "true or false"


@dataclass(frozen=True)
class Option:
    """A key of the table: the parameter of the command that it sets, and what it may be."""

    parameter: str
    kind: Kind = Kind.TEXT
    among: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What it may be, in words."""
        return f"one of {', '.join(self.among)}" if self.among else self.kind.value

    def read(self, value: Any, directory: Path) -> Any:
        """A value as the command has it. TypeError when it is of another kind."""
        match self.kind, value:
            case (Kind.TEXT, str()) if not self.among or value in self.among:
                return value
            case (Kind.PLACE, str()) if value:
                return str(directory / value)
            case (Kind.TEXTS | Kind.RULES | Kind.HEADERS, str() | list()):
                return self._texts([value] if isinstance(value, str) else value)
            case (Kind.SWITCH, bool()):
                return value
            case (Kind.SECONDS, int() | float()) if not isinstance(value, bool) and 0 < value < float("inf"):
                return float(value)
        raise TypeError(self.wanted)

    def _texts(self, texts: list[Any]) -> tuple[str, ...]:
        """A list of texts. TypeError when it is none."""
        for text in texts:
            if not isinstance(text, str) or (self.kind is Kind.HEADERS and not text.partition(":")[0].strip()):
                raise TypeError(self.wanted)
            if self.kind is Kind.HEADERS and ":" not in text:
                raise TypeError(self.wanted)
        return tuple(texts)


#: key -> the option. Each is one of the command, by its name there.
OPTIONS: dict[str, Option] = {
    "target": Option("target"),
    "path": Option("paths", Kind.TEXTS),
    "method": Option("methods", Kind.TEXTS),
    "header": Option("headers", Kind.HEADERS),
    "body": Option("body"),
    "script": Option("script", Kind.PLACE),
    "openapi": Option("openapi"),
    "server": Option("server", among=SERVERS),
    "http": Option("http"),
    "ws": Option("ws"),
    "loop": Option("loop"),
    "app-dir": Option("app_dir", Kind.PLACE),
    "factory": Option("factory", Kind.SWITCH),
    "timeout": Option("timeout", Kind.SECONDS),
    "format": Option("form", among=FORMATS),
    "output": Option("output", Kind.PLACE),
    "select": Option("select", Kind.RULES),
    "ignore": Option("ignore", Kind.RULES),
    "min-severity": Option("min_severity", among=SEVERITIES),
    "fail-on": Option("fail_on", among=(*SEVERITIES, NEVER)),
    "who": Option("who", among=WHOSE),
    "baseline": Option("baseline", Kind.PLACE),
}


@dataclass
class CheckSettings:
    """What the table says, by parameter of the command; `mistakes` are sentences. `directory` is where the file is."""

    values: dict[str, Any] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    directory: Path | None = None

    @classmethod
    def load(cls, start: Path) -> CheckSettings:
        """The settings of the project that `start` belongs to; without a table there are none."""
        settings = cls()
        path = next((place / FILE for place in (start, *start.parents) if (place / FILE).is_file()), None)
        if path is None:
            return settings
        settings.directory = path.parent
        try:
            document, lines = read_toml(path)
        except OSError as error:
            settings.mistakes.append(f"{shown_path(path)}: it cannot be read ({error.strerror})")
        except TomlError as error:
            settings.mistakes.append(f"{error}")
        else:
            tool = document.get("tool")
            settings._take(tool.get("asgiviz") if isinstance(tool, dict) else None, path, lines)
        return settings

    def _take(self, table: Any, path: Path, lines: Mapping[str, int]) -> None:
        if table is None:
            return
        if not isinstance(table, dict):
            self.mistakes.append(f"{_place(path, lines, TABLE)}: {TABLE} is a table, such as [{TABLE}]")
            return
        for name, value in table.items():
            for said in self._mistakes(name, value, path.parent):
                self.mistakes.append(f"{_place(path, lines, f'{TABLE}.{name}')}: {said}")

    def _mistakes(self, name: str, value: Any, directory: Path) -> list[str]:
        """Take one value; what is wrong with it."""
        option = OPTIONS.get(name)
        if option is None:
            return [f"[{TABLE}] has no {name!r}.{did_you_mean(name, OPTIONS)}"]
        try:
            read = option.read(value, directory)
        except TypeError:
            close = did_you_mean(value, option.among) if isinstance(value, str) else ""
            return [f"{name} is {option.wanted}, not {reprlib.repr(value)}.{close}"]
        if option.kind is Kind.RULES and (wrong := _unknown(read)):
            return wrong
        self.values[option.parameter] = read
        return []


def _unknown(words: tuple[str, ...]) -> list[str]:
    """What is wrong with names of rules."""
    from asgiviz.check.choice import UnknownRuleError, rules_called  # the book, which other commands do not need

    found = []
    for word in words:
        try:
            rules_called(word)
        except UnknownRuleError as error:
            found.append(str(error))
    return found


def _place(path: Path, lines: Mapping[str, int], name: str) -> str:
    line = lines.get(name)
    return shown_path(path) + (f":{line}" if line else "")
