"""Which findings are asked for, and which of them make a check fail: by rule, by severity, by who is to blame.

A rule is named by its id (HTTP-S-021), by how ids begin (HTTP-S), or by its class (portability); capitals do not matter.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from asgiviz.model.finding import CLIENT, SERVER, Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.rule import Basis

_NUMBERED = re.compile(r"([A-Z-]+)-(\d{1,6})")


class UnknownRuleError(ValueError):
    """No rule is called so; the text says which may have been meant."""


@dataclass(frozen=True)
class Choice:
    """What counts of the findings. `rules` are ids; `fail_on` None: nothing makes it fail.

    `who` is app (its layers, too), server, or all.
    """

    rules: frozenset[str]
    least: Severity = Severity.WARNING
    fail_on: Severity | None = Severity.ERROR
    who: str = "all"

    def asks_for(self, finding: Finding) -> bool:
        """Whether this finding is to be considered at all."""
        if self.who == "server" and finding.who != SERVER:
            return False
        if self.who == "app" and finding.who in (SERVER, CLIENT):
            return False
        return finding.rule in self.rules

    def shows(self, finding: Finding) -> bool:
        """Whether it is bad enough to be shown; what makes a check fail always is."""
        return finding.severity.rank >= self.least.rank or self.fails(finding)

    def fails(self, finding: Finding) -> bool:
        """Whether it makes the check fail."""
        return self.fail_on is not None and finding.severity.rank >= self.fail_on.rank


def chosen_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> frozenset[str]:
    """The ids of the rules that are selected (without a word: all) and not ignored. UnknownRuleError for a wrong word."""
    selected = [rule for word in select for rule in rules_called(word)]
    ignored = {rule for word in ignore for rule in rules_called(word)}
    return frozenset(selected or RULES) - ignored


def rules_called(word: str) -> list[str]:
    """The ids that a word means. UnknownRuleError when it means none."""
    wanted = word.strip().strip("-").lower()
    found = [
        rule.id
        for rule in RULES.values()
        if wanted in (rule.id.lower(), rule.basis.lower()) or (wanted and rule.id.lower().startswith(f"{wanted}-"))
    ]
    if not found:
        raise UnknownRuleError(f"no rule, beginning of rules or class is called {word!r}.{did_you_mean_rule(word)}")
    return found


def did_you_mean_rule(word: str) -> str:
    """`` Did you mean …?`` when the id of a rule, a beginning or a class is close, else which classes there are."""
    if (found := _NUMBERED.fullmatch(word.strip().upper())) and (id_ := f"{found[1]}-{int(found[2]):03}") in RULES:
        return f" Did you mean {id_}?"
    names = dict.fromkeys([*RULES, *(id_.rpartition("-")[0] for id_ in RULES), *(basis.value for basis in Basis)])
    spelt = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.strip().lower(), spelt, 1)
    return f" Did you mean {spelt[close[0]]}?" if close else " `asgiviz rules` lists them all."
