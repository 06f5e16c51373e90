"""Reads a table of an author's file, key by key. What is missing, of the wrong kind or unknown becomes a complaint.

A wrong value is replaced by a default, so that reading goes on and finds all mistakes at once; a lesson with a complaint is
not used.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from asgiviz.course.complaints import Complaint
from asgiviz.course.expression import Condition, Expression, ExpressionError, condition, expression
from asgiviz.course.place import Place

#: A key without this has a default.
REQUIRED: Any = object()
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def read_toml(text: str, place: Place, complaints: list[Complaint]) -> Keys | None:
    """The top table of a TOML text; None when it is none, and then a complaint has been added."""
    try:
        return Keys(tomllib.loads(text), place, complaints)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = place.above + (int(found[1]) if found else len(place.lines))
        what = re.sub(r" \(at .*\)$", "", str(error))
        complaints.append(Complaint(place.file, line, "E006", f"is no TOML here: {what[:1].lower()}{what[1:]}"))
    except (ValueError, RecursionError):
        complaints.append(Complaint(place.file, None, "E006", "holds a number that is too long, or is nested too deeply"))
    return None


class Keys:
    """One table. Each method takes one key; `end` complains of those that nobody took."""

    def __init__(self, values: Mapping[str, Any], place: Place, complaints: list[Complaint]) -> None:
        self.values = values
        self.place = place
        self._complaints = complaints
        self._taken: set[str] = set()

    def complain(self, code: str, sentence: str, key: str | None = None) -> None:
        """Add a complaint, at a key of this table or at the table."""
        self._complaints.append(Complaint(self.place.file, self.place.line(key), code, sentence))

    def take(self, key: str, default: Any = REQUIRED) -> Any:
        """What stands under a key, as it is; the default when nothing does."""
        self._taken.add(key)
        if key in self.values:
            return self.values[key]
        if default is REQUIRED:
            self.complain("E001", f'{self._called()}: the key "{key}" is missing')
            return None
        return default

    def _called(self) -> str:
        name = f"[[{self.place.name}]]" if self.place.name else "this file"
        id_ = self.values.get("id")
        return f'{name} "{id_}"' if isinstance(id_, str) and self.place.name else name

    def _wrong(self, key: str, wanted: str) -> None:
        self.complain("E002", f'"{key}" must be {wanted}, not {_shown(self.values.get(key))}', key)

    def text(self, key: str, default: Any = REQUIRED, *, empty: bool = False) -> str:
        """A text; not an empty one unless that is allowed."""
        value = self.take(key, default)
        if isinstance(value, str) and (value.strip() or empty or key not in self.values):
            return value
        if key in self.values:
            self._wrong(key, "a text that says something")
        return ""

    def optional_text(self, key: str) -> str | None:
        """A text, or None when the key is not there."""
        return self.text(key) if key in self.values else self.take(key, None)

    def id(self, key: str = "id") -> str:
        """An id: small letters, digits and hyphens."""
        value = self.text(key)
        if value and not ID.fullmatch(value):
            self.complain("E004", f'"{value}" is no id: write small letters, digits and hyphens, at most 40', key)
        return value

    def number(self, key: str, default: Any = REQUIRED, *, least: float = 0, most: float = math.inf) -> float:
        """A number between two bounds."""
        value = self.take(key, default)
        if _is_number(value) and least <= value <= most:
            return float(value)
        if key in self.values:
            self._wrong(key, f"a number from {least:g}" + (f" to {most:g}" if math.isfinite(most) else " up"))
        return float(least)

    def whole(self, key: str, default: Any = REQUIRED, *, least: int = 0, most: int = 1_000_000) -> int:
        """A whole number between two bounds."""
        value = self.take(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if key in self.values:
            self._wrong(key, f"a whole number from {least} to {most}")
        return least

    def optional_whole(self, key: str, *, least: int = 1, most: int = 1_000) -> int | None:
        """A whole number, or None when the key is not there."""
        return self.whole(key, least=least, most=most) if key in self.values else self.take(key, None)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.take(key, default)
        if isinstance(value, bool):
            return value
        self._wrong(key, "true or false")
        return default

    def choice(self, key: str, allowed: Collection[str], default: Any = REQUIRED) -> str:
        """One of a closed list of words."""
        value = self.take(key, default)
        if isinstance(value, str) and value in allowed:
            return value
        if key in self.values:
            self._wrong(key, "one of " + ", ".join(f'"{each}"' for each in allowed))
        return next(iter(allowed))

    def texts(self, key: str, default: Any = ()) -> tuple[str, ...]:
        """A list of texts."""
        value = self.take(key, default)
        if isinstance(value, (list, tuple)) and all(isinstance(each, str) and each.strip() for each in value):
            return tuple(value)
        if key in self.values:
            self._wrong(key, "a list of texts")
        return ()

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers that are not below nothing; not an empty one."""
        value = self.take(key)
        if isinstance(value, list) and value and all(_is_number(each) and each >= 0 for each in value):
            return tuple(float(each) for each in value)
        if key in self.values:
            self._wrong(key, "a list of numbers")
        return ()

    def expression(self, key: str) -> Expression | None:
        """A sum over known names, or None when the key is not there (or is wrong)."""
        value = self.take(key, None)
        try:
            return None if value is None else expression(value)
        except ExpressionError as error:
            self.complain("E002", f'"{key}": {error}', key)
            return None

    def condition(self, key: str, default: Any = None) -> Condition | None:
        """A condition, or None when the key is not there (or is wrong)."""
        value = self.take(key, default)
        try:
            return None if value is None else condition(value)
        except ExpressionError as error:
            self.complain("E002", f'"{key}": {error}', key)
            return None

    def table(self, key: str) -> Keys | None:
        """A table below this one, or None when the key is not there."""
        value = self.take(key, None)
        if isinstance(value, Mapping):
            return Keys(value, self.place.table(key), self._complaints)
        if value is not None:
            self._wrong(key, "a table")
        return None

    def tables(self, key: str) -> list[Keys]:
        """The tables of an array of them."""
        value = self.take(key, [])
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self._wrong(key, "a list of tables")
            return []
        ids = [each.get("id") for each in value]
        return [
            Keys(each, self.place.table(key, at, ids[at], ids[:at].count(ids[at])), self._complaints)
            for at, each in enumerate(value)
        ]

    def rest(self) -> dict[str, Any]:
        """What nobody took so far; it is taken by this."""
        left = {key: value for key, value in self.values.items() if key not in self._taken}
        self._taken.update(left)
        return left

    def end(self) -> None:
        """Complain of every key that nobody took."""
        for key in self.values:
            if key not in self._taken:
                close = difflib.get_close_matches(key, self._taken, 1)
                did = f' Did you mean "{close[0]}"?' if close else f" It takes {', '.join(sorted(self._taken))}."
                self.complain("E003", f'{self._called()}: there is no key "{key}".{did}', key)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e15


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
