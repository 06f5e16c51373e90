"""How a finding is told: who is to blame, in which line of code, what would have been legal; those that are alike, once.

The screen and all reports say it with these words. What a finding holds of the app's own values is made safe here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from asgiviz.check.baseline import Entry
from asgiviz.model.finding import APP, CLIENT, SERVER, CodePlace, Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.settings import shown_path
from asgiviz.views.text import fit, safe
from asgiviz.views.tracebacks import package_of

#: Columns of a connection's name, of a function's.
LONGEST_NAME, LONGEST_FUNCTION = 60, 60
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Place(NamedTuple):
    """The line of code to look at first. `file` is as it is called from where the check runs; `package` whose it is."""

    file: str
    line: int
    function: str
    package: str | None
    #: as it was recorded
    path: str

    def __str__(self) -> str:
        return f"{safe(self.file)}:{self.line} in {fit(self.function, LONGEST_FUNCTION)}"


@dataclass
class Alike:
    """Findings of one rule about the same line of code: the `first` of them, and how many; `conns` in order."""

    first: Finding
    place: Place | None
    count: int = 0
    conns: dict[int, None] = field(default_factory=dict)
    #: what is said of this place; sentences that differ in their numbers only are one
    sentences: dict[str, str] = field(default_factory=dict)


@dataclass
class Group:
    """The findings of one rule that one party has broken, `alike` by alike; the severity is that of the worst."""

    rule: str
    who: str
    severity: Severity
    alike: list[Alike] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many findings these are."""
        return sum(each.count for each in self.alike)

    @property
    def line(self) -> str:
        """The rule's own sentence."""
        return RULES[self.rule].line if self.rule in RULES else ""

    @property
    def instead(self) -> str:
        """What to do, in the rule's own words."""
        return RULES[self.rule].instead if self.rule in RULES else ""


def groups_of(findings: Iterable[Finding], root: str) -> list[Group]:
    """The findings by rule and who: the worst first, else as they were found. `root` is where the check runs."""
    groups: dict[tuple[str, str], Group] = {}
    known: dict[tuple[str, str, CodePlace | str], Alike] = {}
    for finding in findings:
        group = groups.setdefault((finding.rule, finding.who), Group(finding.rule, finding.who, finding.severity))
        group.severity = max(group.severity, finding.severity, key=lambda severity: severity.rank)
        code = own_code(finding.code)
        key = (finding.rule, finding.who, _NUMBER.sub("0", finding.sentence) if code is None else code)
        if (alike := known.get(key)) is None:
            alike = known[key] = Alike(finding, place_of(finding.code, root))
            group.alike.append(alike)
        alike.count += 1
        alike.sentences.setdefault(_NUMBER.sub("0", finding.sentence), finding.sentence)
        if finding.conn is not None:
            alike.conns[finding.conn] = None
    return sorted(groups.values(), key=lambda group: -group.severity.rank)


def blamed(who: str) -> str:
    """``the app``, ``the server``, ``the client``, ``the layer GZipMiddleware``."""
    return f"the {who}" if who in (APP, SERVER, CLIENT) else f"the layer {fit(who, LONGEST_NAME)}"


def own_code(code: Sequence[CodePlace]) -> CodePlace | None:
    """The innermost place in the user's own code, else the innermost of all that is not asgiviz itself."""
    packages = [(place, package_of(place.file)) for place in code]
    own = (place for place, package in packages if package is None)
    return next(own, None) or next((place for place, package in packages if package != "asgiviz"), None)


def place_of(code: Sequence[CodePlace], root: str) -> Place | None:
    """The line of code to look at first."""
    found = own_code(code)
    return found and _place(found, root)


def through(code: Sequence[CodePlace], root: str) -> Place | None:
    """Whose call it was in the end, when the line to look at first only led there: the innermost line of a library."""
    first = own_code(code)
    inner = next((place for place in code if package_of(place.file) != "asgiviz"), None)
    return _place(inner, root) if inner is not None and inner != first else None


def callers(code: Sequence[CodePlace], root: str, most: int = 2) -> list[Place]:
    """Who called the line to look at first, the nearest first: of the user's own code, if that line is of it."""
    first = own_code(code)
    if first is None:
        return []
    own, behind = package_of(first.file) is None, code[code.index(first) + 1 :]
    found = [each for each in behind if (package_of(each.file) is None if own else package_of(each.file) != "asgiviz")]
    return [_place(each, root) for each in found[:most]]


def _place(code: CodePlace, root: str) -> Place:
    return Place(file_from(code.file, root), code.line, code.function, package_of(code.file), code.file)


def file_from(file: str, root: str) -> str:
    """A file as it is called from `root`: relative below it, of a library without what leads there, else whole."""
    path = PurePath(file)
    for directory in ("site-packages", "dist-packages"):
        if directory in path.parts:
            return "/".join(path.parts[path.parts.index(directory) + 1 :])
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return shown_path(Path(file)) if path.is_absolute() else file


def entry_of(finding: Finding, names: Mapping[int, str], root: str) -> Entry:
    """What a baseline keeps of a finding; `names` are the connections'."""
    place = place_of(finding.code, root)
    if place is not None:
        return Entry(finding.rule, finding.who, f"{place.file} in {place.function}")
    return Entry(finding.rule, finding.who, names.get(finding.conn, "") if finding.conn is not None else "")


def connection_name(conn: int, names: Mapping[int, str]) -> str:
    """``#3 POST /orders``."""
    return f"#{conn} {fit(names.get(conn, ''), LONGEST_NAME)}".rstrip()


def connection_names(alike: Alike, names: Mapping[int, str], most: int = 3) -> str:
    """``#3 POST /orders, #5 POST /orders and 4 more``; empty when it is of no connection."""
    told = [connection_name(conn, names) for conn in list(alike.conns)[:most]]
    more = len(alike.conns) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def legal_words(legal: Sequence[str]) -> str:
    """What would have been legal, as one phrase."""
    return "; or ".join(map(safe, legal))


def counts(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``; empty for none."""
    numbers = dict.fromkeys((Severity.ERROR, Severity.WARNING, Severity.INFO), 0)
    for finding in findings:
        numbers[finding.severity] += 1
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    return ", ".join(f"{number} {words[each]}{'' if number == 1 else 's'}" for each, number in numbers.items() if number)
