"""The register: makes findings of flaws, each once, at the layer that made it, and with the blame on the right side of it."""

from __future__ import annotations

from asgiviz.check.blame import Blame
from asgiviz.check.talk import Talk
from asgiviz.model.finding import CodePlace, Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.shapes import Flaw
from asgiviz.protocol.transitions import ANY_MESSAGE, Way

#: Alternatives that a finding names at most.
ALTERNATIVES = 6
#: Characters of a sentence.
LONGEST = 400
#: Rules that are told once a connection, however often they are broken.
_ONCE = frozenset({"HTTP-S-034", "HTTP-S-033", "WS-S-026", "CORE-009", "CORE-034"})


class Register:
    """Findings that nobody has taken yet; of one rule in one connection at most `most`."""

    def __init__(self, blame: Blame, most: int) -> None:
        self._blame = blame
        self._most = most
        self._new: list[Finding] = []

    def given(self) -> list[Finding]:
        """What is new since somebody asked."""
        if not self._new:
            return []
        found, self._new = self._new, []
        return found

    def of_app(
        self,
        talk: Talk,
        seq: int,
        call: int | None,
        flaw: Flaw,
        legal: tuple[str, ...] = (),
        code: tuple[CodePlace, ...] | None = None,
        maker: int | None = None,
    ) -> None:
        """The side that sends and ends is at fault; without `code`, in a call, that is where the call was made.

        `maker` is the layer that made it, where that is another one than the one that it is judged at.
        """
        places = code if code is not None else talk.last_code if call is not None else ()
        self._find(talk, seq, call, flaw, self._blame.sender(talk.layer if maker is None else maker), legal, places)

    def of_server(self, talk: Talk, seq: int, call: int | None, flaw: Flaw, legal: tuple[str, ...] = ()) -> None:
        """The side that calls and answers receive is at fault."""
        self._find(talk, seq, call, flaw, self._blame.giver(talk.layer), legal, ())

    def _find(
        self,
        talk: Talk,
        seq: int,
        call: int | None,
        flaw: Flaw,
        who: str,
        legal: tuple[str, ...],
        code: tuple[CodePlace, ...],
    ) -> None:
        """A finding, unless it was made at another layer (what is sent is seen further in first, what is received further
        out), or too often."""
        rule = RULES[flaw.rule]
        said, sentence = talk.said, flaw.sentence if len(flaw.sentence) <= LONGEST else f"{flaw.sentence[:LONGEST]}…"
        if said.count.get(rule.id, 0) >= (1 if rule.id in _ONCE else self._most):
            return
        if said.layers.setdefault((rule.id, sentence), talk.layer) != talk.layer:
            return
        said.count[rule.id] = said.count.get(rule.id, 0) + 1
        severity = flaw.severity or _severity(rule.id, talk, rule.severity)
        if severity is Severity.ERROR and talk.layer > said.worst:
            said.worst = talk.layer
        self._new.append(Finding(rule.id, severity, who, talk.conn, seq, sentence, talk.layer, call, legal, code))


def _severity(rule: str, talk: Talk, usual: Severity) -> Severity:
    """HTTP/1 tolerates headers about the connection, which later versions forbid."""
    return Severity.INFO if rule == "HTTP-S-014" and talk.facts.http_version.startswith("1") else usual


def legal_now(talk: Talk, way: Way | None = Way.SEND) -> tuple[str, ...]:
    """What could stand here instead, by the tables."""
    if talk.standing is None:
        return ()
    rows = (row.what for row in talk.standing.legal_next() if row.way is way and row.what != ANY_MESSAGE)
    return tuple(dict.fromkeys(rows))[:ALTERNATIVES]
