"""What every report of a check is made from: what was checked, and which of its findings are shown, accepted, hidden, fatal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from asgiviz.check.baseline import Baseline
from asgiviz.check.choice import Choice
from asgiviz.model.finding import Finding
from asgiviz.model.recording import Header
from asgiviz.views.finding_words import Alike, Group, counts, entry_of, groups_of


class Checked(Protocol):
    """What was checked; `checkup.Checkup` is one.

    `connections` names those with findings by their number (``GET /items``), `connection_count` counts all. `events` is how
    many events were judged, `trouble` sentences on what could not be done; `inconclusive`: so much that no finding says little.
    """

    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def header(self) -> Header: ...
    @property
    def connections(self) -> Mapping[int, str]: ...
    @property
    def connection_count(self) -> int: ...
    @property
    def events(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def trouble(self) -> Sequence[str]: ...
    @property
    def inconclusive(self) -> bool: ...


@dataclass(frozen=True)
class Shown:
    """The findings of a checkup, sorted out. `root` is the directory where the check runs.

    `new` are those that are told, `accepted` those that a baseline knows, `hidden` those that are not bad enough to be told.
    """

    choice: Choice
    root: str
    new: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = ()
    hidden: tuple[Finding, ...] = ()
    has_baseline: bool = False

    @property
    def failing(self) -> list[Finding]:
        """Those that make the check fail."""
        return [finding for finding in self.new if self.choice.fails(finding)]

    def groups(self) -> list[Group]:
        """What is told, by rule, the worst first."""
        return groups_of(self.new, self.root)


def sort_out(checked: Checked, choice: Choice, baseline: Baseline | None, root: str) -> Shown:
    """What is shown of a checkup; `baseline` None: there is none."""
    new, accepted, hidden = list[Finding](), list[Finding](), list[Finding]()
    for finding in filter(choice.asks_for, checked.findings):
        if baseline and entry_of(finding, checked.connections, baseline.root) in baseline.entries:
            accepted.append(finding)
        else:
            (new if choice.shows(finding) else hidden).append(finding)
    return Shown(choice, root, tuple(new), tuple(accepted), tuple(hidden), baseline is not None)


def subject_of(checked: Checked) -> str:
    """What was checked, in a word: the target, or the recording of one."""
    return checked.header.target or "the recording"


def came_to(checked: Checked, shown: Shown, more: str = "") -> str:
    """How it came out, in a few words: how much was found (`more` behind it), and whether all could be tried."""
    nothing = "nothing new was found" if shown.accepted else "nothing was found"
    what = f"{counts(shown.new)}{more}" if shown.new else nothing
    return f"{what}, and not everything could be tried" if checked.trouble else what


def all_alike(findings: Iterable[Finding], root: str) -> list[tuple[Group, Alike]]:
    """Findings that are the same in the same place are one, with their group; the worst first."""
    return [(group, alike) for group in groups_of(findings, root) for alike in group.alike]
