"""The findings: which rules of the protocol were broken, by whom and where, in all connections or in the chosen one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from operator import attrgetter
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from asgiviz.model.finding import Finding
from asgiviz.ui.feed import Feed
from asgiviz.ui.judging import Judging
from asgiviz.ui.keys import bindings
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.connection_words import what_of
from asgiviz.views.findings import Rows, wrapped
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import counted

_at = attrgetter("at")
#: Columns of a connection's method and path.
_CALLED = 32


class FindingsPane(LinesPane):
    """A row or a few for each finding; a finding is known by its event and its place among those of that event."""

    TITLE = "Findings"
    KEYS_ARE = "events"
    HELP = """\
The rules of ASGI that were broken, and by whom: `✖` breaks the specification, `⚠` works here and may not elsewhere,
`ℹ` is legal and worth knowing. The server is judged like the app.

Choosing one shows its connection and its event; enter goes there. `?` explains the rule, with a conversation that keeps it, and
the inspector tells what would have been legal and which line of code did it. `a` leaves only those of the chosen connection.

`/` with `~f` lists the connections that have findings, with `~r HTTP-S` those that broke such a rule. In a shell
`asgiviz rules` shows the whole book, and `asgiviz check` judges without a screen.
"""
    BINDINGS: ClassVar[list[BindingType]] = bindings("findings")

    def __init__(self, feed: Feed, judging: Judging, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.feed = feed
        self.judging = judging
        self.conn: int | None = None
        #: whether only those of the chosen connection are listed
        self.only = False
        self.follows = feed.growing
        #: where files are called from
        self.root = str(Path.cwd())
        self._rows = Rows((), 1, self._called)
        self._drawn_for: tuple[object, ...] = ()

    # -- rows ------------------------------------------------------------------------------------------------------

    def _lines(self) -> Rows:
        """The rows as they are now; when findings only came behind the others, those are drawn."""
        findings = self.feed.findings
        place = (self._text_width, self.only and self.conn, self.feed.ledger)
        wanted = (*place, findings.version, findings.upto)
        if wanted != self._drawn_for:
            found = findings.of(self.conn) if self.only else findings.all
            known = self._rows.found
            if self._drawn_for[:3] == place and found[: len(known)] == known:
                self._rows.extend(found[len(known) :])
            else:
                self._rows = Rows(found, self._text_width, self._called, self.root)
            self._drawn_for = wanted
        return self._rows

    def _called(self, conn: int) -> str:
        connection = self.feed.ledger.connections.get(conn)
        return "" if connection is None else what_of(connection, _CALLED, self.look.mask).text

    def count(self) -> int:
        return len(self._lines())

    def line(self, index: int, width: int) -> Spans:
        return self._lines().row(index).spans

    def key_at(self, index: int) -> Hashable:
        finding = self._lines().at(index)
        return finding.at, next(place for place, one in enumerate(self.feed.findings.at(finding.at)) if one is finding)

    def index_of(self, key: Hashable) -> int | None:
        place = self._place_of(key)
        return None if place is None else self._lines().start(place)

    def _place_of(self, key: Hashable) -> int | None:
        finding = self.finding_at(key)
        found = self._lines().found
        first = 0 if finding is None else bisect_left(found, finding.at, key=_at)
        return next((place for place in range(first, len(found)) if found[place] is finding), None) if finding else None

    def finding_at(self, key: Hashable) -> Finding | None:
        """The finding that a row stands for."""
        match key:
            case (int(seq), int(place)):
                found = self.feed.findings.at(seq)
                return found[place] if place < len(found) else None
            case _:
                return None

    @property
    def finding(self) -> Finding | None:
        """The one that the cursor is on."""
        return None if self.cursor is None else self.finding_at(self.selected)

    def event_at(self, key: Hashable) -> int | None:
        finding = self.finding_at(key)
        return None if finding is None else finding.at

    def nothing(self, width: int) -> list[Spans]:
        if self.feed.ledger.is_wsgi:
            said = "These are rules of ASGI, and this is a WSGI app: State shows what breaks the rules of PEP 3333."
        elif self.only and len(self.feed.findings):
            others = counted(len(self.feed.findings), "finding")
            said = f"Nothing was found in #{self.conn}; in others {others}: a shows all."
        elif self.judging.behind > 0 and not self.feed.growing:
            said = "Nothing was found so far."
        else:
            said = "Nothing was found: no rule was broken in what is shown."
        return [[], *([Span(f" {line}", Role.QUIET)] for line in wrapped(said, width - 2))]

    # -- keeping up ------------------------------------------------------------------------------------------------

    def take_changes(self, touched: set[int]) -> bool:
        self.remark(self._subtitle())
        return True

    def _subtitle(self) -> str | None:
        """What is listed, and what could not be judged."""
        findings, judging = self.feed.findings, self.judging
        parts = [f"only #{self.conn}"] if self.only and self.conn is not None else []
        if judging.busy:
            parts.append(f"{judging.behind:,} events to judge")
        if judging.unseen:
            parts.append(f"{judging.unseen:,} events were dropped unjudged")
        if findings.forgotten:
            parts.append(f"{findings.forgotten:,} older gone")
        return self.look.spelt(" · ".join(parts)) if parts else None

    def show_connection(self, conn: int) -> None:
        if conn != self.conn:
            self.conn = conn
            if self.only:
                self.top = 0
            self.take_changes(set())
            self.redraw()

    def show_event(self, seq: int) -> None:
        """Put the cursor on what was found there; elsewhere it stays."""
        if self.event_at(self.selected) != seq and self.index_of((seq, 0)) is not None:
            self.follows = False
            self.select((seq, 0), tell=False)

    # -- moving ----------------------------------------------------------------------------------------------------

    def action_only(self) -> None:
        """All findings, or those of the chosen connection."""
        self.only = not self.only
        self.top = 0
        self.take_changes(set())
        if (index := self.cursor) is not None:
            self.bring_into_sight(index)
        self.show_changes()

    def action_move(self, rows: int) -> None:
        """To the next finding, however many rows this one has."""
        place = self._place_of(self.selected)
        if place is None:
            super().action_move(rows)
        else:
            lines = self._lines()
            self._go_to(lines.start(max(0, min(place + rows, len(lines.found) - 1))))

    def bring_into_sight(self, index: int) -> None:
        """All rows of the finding, from its first."""
        lines = self._lines()
        place, _ = lines.find(index)
        super().bring_into_sight(lines.start(place + 1) - 1)
        super().bring_into_sight(lines.start(place))
