"""What the user wishes: one table of settings, read from a file, the environment and the command line; the later wins.

Every value knows where it comes from. A mistake is one sentence in `warnings`, and the rest counts all the same.
"""

from __future__ import annotations

import difflib
import os
import re
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

#: Names another file than `config.toml` in the user's configuration directory.
CONFIG_VARIABLE = "ASGIVIZ_CONFIG"
#: The table of the file that gives actions other keys.
KEYS = "keys"
#: The origin of a value that nobody gave.
DEFAULT = "default"
COMMAND_LINE = "command line"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_LINE = re.compile(rf"\s*(?:\[\s*{_DOTTED}\s*\]|{_DOTTED}\s*=)")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


class WrongValueError(ValueError):
    """A value that the setting cannot have; the text says what it can have."""


class TomlError(ValueError):
    """A file that is no TOML: the place in it, and why."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. Its type is that of `default`; `among` are the texts, `low` and `high` the numbers it may be."""

    name: str
    default: bool | int | str | tuple[str, ...]
    does: str
    among: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ASGIVIZ_{self.name.upper()}"

    @property
    def wanted(self) -> str:
        """What it may be, in words."""
        match self.default:
            case bool():
                return "true or false"
            case int():
                return f"a whole number from {self.low:,}" + (" up" if self.high is None else f" to {self.high:,}")
            case str():
                return f"one of {', '.join(self.among)}"
            case _:
                return "a list of names"

    def check(self, value: Any) -> Any:
        """A value from a TOML file as the setting has it."""
        if self._fits(value):
            return tuple(value) if isinstance(value, list) else value
        close = did_you_mean(value, self.among) if isinstance(value, str) else ""
        raise WrongValueError(f"{self.name} is {self.wanted}, not {reprlib.repr(value)}.{close}")

    def _fits(self, value: Any) -> bool:
        match self.default:
            case bool():
                return isinstance(value, bool)
            case int():
                return type(value) is int and self.low <= value and (self.high is None or value <= self.high)
            case str():
                return value in self.among
            case _:
                return isinstance(value, list) and all(isinstance(name, str) for name in value)

    def read(self, text: str) -> Any:
        """A value from the environment: names with commas between them, `1` and `true`, `0` and `false`."""
        word = text.strip()
        if isinstance(self.default, bool):
            return self.check(word.lower() in _TRUE if word.lower() in _TRUE + _FALSE else text)
        if isinstance(self.default, int):
            return self.check(int(word) if re.fullmatch(r"-?[0-9]{1,18}", word) else text)
        if isinstance(self.default, tuple):
            return self.check([name.strip() for name in text.split(",") if name.strip()])
        return self.check(word)


def _told(does: str, **limits: Any) -> dict[str, Any]:
    return {"does": does, **limits}


@dataclass(frozen=True)
class Settings:
    """The settings that hold. A new one is a new line here; `origins` has where each comes from, and each `keys.ACTION`."""

    theme: str = field(
        default="auto",
        metadata=_told(
            "The screen's colours; terminal: the 16 of your terminal; auto: dark, or what the terminal says it is.",
            among=("auto", "dark", "light", "high-contrast", "terminal"),
        ),
    )
    colour: bool = field(default=True, metadata=_told("Use colours. NO_COLOR in the environment always turns them off."))
    ascii: bool = field(default=False, metadata=_told("Draw with ASCII only."))
    animation: bool = field(
        default=True,
        metadata=_told(
            "Let things glide. Off too with TEXTUAL_ANIMATIONS=none or PREFERS_REDUCED_MOTION=1 in the environment."
        ),
    )
    mask: tuple[str, ...] = field(
        default=(),
        metadata=_told(
            "Further names whose values are masked (headers, query parameters, keys). Lists add up: none takes away."
        ),
    )
    stall_ms: int = field(
        default=50, metadata=_told("A loop that could not run for longer than this is a stall, in milliseconds.", low=1)
    )
    max_events: int = field(
        default=200_000, metadata=_told("Events kept in memory; the oldest finished connections go first.", low=1_000)
    )
    body_limit: int = field(
        default=64 * 1024, metadata=_told("Bytes kept of each body or message.", high=32 * 1024 * 1024)
    )  # fmt: skip
    refresh_hz: int = field(default=15, metadata=_told("How often a second the screen is drawn anew.", low=10, high=30))
    #: action -> its keys, as the file has them; the room that knows the actions judges them
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    path: Path = Path()
    #: the theme that `auto` means on this terminal
    detected: str = "dark"

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, **given: Any) -> Settings:
        """The settings of this user. `given` is what the command line says; None there means: says nothing."""
        reading = _Reading(config_path(environ))
        reading.take_file(named=CONFIG_VARIABLE in environ)
        reading.take_environment(environ)
        for name, value in given.items():
            if value is not None:
                reading.put(SETTINGS[name], value, COMMAND_LINE)
        if "NO_COLOR" in environ:  # whatever its value: Textual reads it so, and cannot be told otherwise
            reading.put(SETTINGS["colour"], False, "NO_COLOR")
        return cls(
            **reading.values,
            keys=reading.keys,
            origins=reading.origins,
            warnings=tuple(reading.warnings),
            path=reading.path,
            detected=detected_theme(environ),
        )

    @property
    def theme_name(self) -> str:
        """The name of the theme that the screen uses."""
        if not self.colour:
            return "asgiviz-no-colour"
        return f"asgiviz-{self.detected if self.theme == 'auto' else self.theme}"

    def origin(self, name: str) -> str:
        """Where a value comes from: "default", a place in the file, a variable, or "command line"."""
        return self.origins.get(name, DEFAULT)


#: name -> the setting.
SETTINGS: dict[str, Setting] = {
    row.name: Setting(row.name, getattr(Settings, row.name), **row.metadata) for row in fields(Settings) if row.metadata
}


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's config file, whether it exists or not."""
    named = environ.get(CONFIG_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_config_path("asgiviz", appauthor=False) / "config.toml"


def detected_theme(environ: Mapping[str, str]) -> str:
    """The theme for a terminal that says what it is: its number of colours in TERM, its background in COLORFGBG."""
    if re.search(r"^(linux|ansi|vt\d+)\b|-16color$", environ.get("TERM", "")):
        return "terminal"
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in ("7", "15") else "dark"


def shown_path(path: Path) -> str:
    """A path for people: the home directory as `~`, and nothing that a terminal would obey."""
    home = os.path.expanduser("~")  # noqa: PTH111  # Path.home() raises where there is none
    text = str(path)
    if len(home) > 1 and text.startswith(home + os.sep):
        text = "~" + text[len(home) :]
    return text if text.isprintable() else repr(text)


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """` Did you mean …?` when one of `words` is close, else nothing."""
    close = difflib.get_close_matches(word, list(words), 1)
    return f" Did you mean {close[0]}?" if close else ""


class _Reading:
    """Settings while they are gathered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.keys: dict[str, tuple[str, ...]] = {}
        self.origins: dict[str, str] = {}
        self.warnings: list[str] = []
        self._lines: dict[str, int] = {}

    def put(self, setting: Setting, value: Any, origin: str) -> None:
        """Take a valid value; lists add up."""
        if isinstance(setting.default, tuple) and (before := self.values.get(setting.name)):
            value = tuple(dict.fromkeys((*before, *value)))
            origin = f"{self.origins[setting.name]} + {origin}"
        self.values[setting.name], self.origins[setting.name] = value, origin

    def take_file(self, named: bool) -> None:
        """Everything the config file says; one that is not there says nothing, unless the user `named` it."""
        for name, value in self._document(named).items():
            if name == KEYS and isinstance(value, dict):
                for action, keys in _flat(value):
                    self._take_keys(action, keys)
            elif setting := SETTINGS.get(name):
                self._try(setting, value)
            else:
                self._warn(name, f"no setting is called {name!r}.{did_you_mean(name, [*SETTINGS, KEYS])}")

    def _document(self, named: bool) -> dict[str, Any]:
        try:
            document, self._lines = read_toml(self.path)
        except FileNotFoundError:
            if named:
                self.warnings.append(f"{shown_path(self.path)}: no such file, which {CONFIG_VARIABLE} names; defaults are used")
        except OSError as error:
            self.warnings.append(f"{shown_path(self.path)}: it cannot be read ({error.strerror}); defaults are used")
        except TomlError as error:
            self.warnings.append(f"{error}; defaults are used")
        else:
            return document
        return {}

    def _try(self, setting: Setting, value: Any) -> None:
        try:
            self.put(setting, setting.check(value), self._place(setting.name))
        except WrongValueError as error:
            self._warn(setting.name, str(error))

    def _take_keys(self, action: str, keys: Any) -> None:
        name = f"{KEYS}.{action}"
        wanted = [keys] if isinstance(keys, str) else keys
        if isinstance(wanted, list) and all(isinstance(key, str) for key in wanted):
            self.keys[action], self.origins[name] = tuple(wanted), self._place(name)
        else:
            self._warn(name, f'{name!r} is a key or a list of keys, such as "space" or ["n", "f3"], not {reprlib.repr(keys)}.')

    def take_environment(self, environ: Mapping[str, str]) -> None:
        """Everything the environment says; an empty variable says nothing."""
        for variable, off in (("TEXTUAL_ANIMATIONS", ("none",)), ("PREFERS_REDUCED_MOTION", (*_TRUE, "reduce"))):
            if environ.get(variable, "").strip().lower() in off:
                self.put(SETTINGS["animation"], False, variable)
        for setting in SETTINGS.values():
            if text := environ.get(setting.variable):
                try:
                    self.put(setting, setting.read(text), setting.variable)
                except WrongValueError as error:
                    self.warnings.append(f"{setting.variable}: {error}")

    def _place(self, name: str) -> str:
        line = self._lines.get(name)
        return shown_path(self.path) + (f":{line}" if line else "")

    def _warn(self, name: str, sentence: str) -> None:
        self.warnings.append(f"{self._place(name)}: {sentence}")


def read_toml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """A TOML file, and the line of each of its dotted names. OSError when it cannot be read, TomlError when it is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text), _lines_of(text)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise TomlError(f"{shown_path(path)}:{line}: this is no UTF-8 and so no TOML") from None
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.rstrip().count("\n") + 1
        raise TomlError(f"{shown_path(path)}:{line}: this is no TOML ({_PLACE.sub('', str(error))})") from None


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The entries of a table: `trace.pause` without quotation marks is a table in a table to TOML, and one name to us."""
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        found += [(f"{name}.{inner}", item) for inner, item in value.items()] if isinstance(value, dict) else [(name, value)]
    return found


def _lines_of(text: str) -> dict[str, int]:
    """Dotted name -> the line where it is set, which tomllib does not tell; a line of a longer text may be taken for one."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if found := _LINE.match(line):
            name = ".".join(part.strip("\"'") for part in re.findall(_PART, found[1] or found[2]))
            if found[1]:
                table = name + "."
            lines.setdefault(name if found[1] else table + name, number)
    return lines
