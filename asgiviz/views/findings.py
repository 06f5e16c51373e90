"""The findings of a recording by event and by connection, as far as the screen has come; and the rows of the Findings tab.

A finding counts from its event on: going back in time takes it away again. The fold never looks at an event, so it costs
with the number of findings only.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from asgiviz.model.finding import Finding, Severity
from asgiviz.views.severities import ROLES, SIGNS
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import cells_of, counted, fit, safe
from asgiviz.views.wrapping import broken

#: Findings that are kept; the oldest go first.
MOST = 10_000
#: Width of a pane from which on the sentence stands beside the rule, not below it.
BESIDE = 90
#: Columns of a connection's number, a rule and who is to blame, with the space behind them.
_CONN, _RULE, _WHO = 6, 14, 12
#: Columns by which what stands below the first row of a finding is moved to the right.
_INDENT = 2

_at = attrgetter("at")


class Told(NamedTuple):
    """What there is to say of many findings in one sign: how many, and how bad the worst is."""

    number: int
    worst: Severity

    @property
    def span(self) -> Span:
        """``✖2``"""
        return Span(f"{SIGNS[self.worst]}{self.number if self.number < 1_000 else '1k+'}", ROLES[self.worst])

    @property
    def words(self) -> Span:
        """``2 findings``"""
        return Span(f"{SIGNS[self.worst]} {counted(self.number, 'finding')}", ROLES[self.worst])


def told(found: Sequence[Finding]) -> Told | None:
    """Many findings in one sign; None when there are none."""
    return Told(len(found), max((one.severity for one in found), key=attrgetter("rank"))) if found else None


def mark(found: Sequence[Finding], room: int) -> Spans:
    """What stands beside an event: the sign and the rule of the worst, and how many others; in little room only the sign."""
    worst = max(found, key=lambda one: one.severity.rank)
    others = len({one.rule for one in found}) - 1
    rule = f" {worst.rule}" + (f" +{others}" if others else "")
    sign = SIGNS[worst.severity]
    return [Span(sign + rule if cells_of(sign + rule) <= room else sign, ROLES[worst.severity])]


class Findings:
    """All findings in the order of their events. `upto` is the event that is shown by now: what lies behind is not told."""

    def __init__(self, most: int = MOST) -> None:
        self.upto = 0
        #: how many were let go, with the connections that they belonged to or because there were too many
        self.forgotten = 0
        #: changes with every finding that comes or goes
        self.version = 0
        self._most = most
        self._all: list[Finding] = []
        self._of: dict[int | None, list[Finding]] = {}
        self._by_event: dict[int, list[Finding]] = {}

    def add(self, finding: Finding) -> None:
        """Take in a finding; nearly always the newest."""
        insort(self._all, finding, key=_at)
        insort(self._of.setdefault(finding.conn, []), finding, key=_at)
        self._by_event.setdefault(finding.at, []).append(finding)
        self.version += 1
        if len(self._all) > self._most:
            self._let_go(self._all[: -(-self._most // 8)])

    def clear(self) -> None:
        """Begin anew."""
        self._all, self._of, self._by_event, self.forgotten = [], {}, {}, 0
        self.version += 1

    def forget_before(self, seq: int, connections: Container[int]) -> None:
        """Events before `seq` are gone, and so are all connections but these: their findings go, too."""
        old = self._all[: bisect_left(self._all, min(seq, self.upto), key=_at)]
        self._let_go([one for one in old if one.conn not in connections])

    def _let_go(self, gone: Sequence[Finding]) -> None:
        if not gone:
            return
        lost = set(map(id, gone))
        self._all = [one for one in self._all if id(one) not in lost]
        for one in gone:
            for index, key in ((self._of, one.conn), (self._by_event, one.at)):
                left = [other for other in index[key] if id(other) not in lost] if key in index else []  # type: ignore[index]
                if left:
                    index[key] = left  # type: ignore[index]
                else:
                    index.pop(key, None)  # type: ignore[arg-type]
        self.forgotten += len(gone)
        self.version += 1

    # -- what is shown by now --------------------------------------------------------------------------------------

    @property
    def all(self) -> list[Finding]:
        """Those of every connection."""
        return self._all if not self._all or self._all[-1].at <= self.upto else self._all[: self._end(self._all)]

    def __len__(self) -> int:
        return self._end(self._all)

    def of(self, conn: int | None) -> list[Finding]:
        """Those of a connection; of None: those that belong to none."""
        own = self._of.get(conn)
        return own[: self._end(own)] if own else []

    def at(self, seq: int) -> list[Finding]:
        """Those that an event shows."""
        return self._by_event.get(seq, []) if seq <= self.upto else []

    def between(self, after: int, upto: int) -> list[Finding]:
        """Those of the events behind `after`, up to `upto`, whether or not they are shown."""
        return self._all[bisect_right(self._all, after, key=_at) : bisect_right(self._all, upto, key=_at)]

    def _end(self, found: list[Finding]) -> int:
        return bisect_right(found, self.upto, key=_at)


# -- rows --------------------------------------------------------------------------------------------------------------


def draw(finding: Finding, width: int, connection: str = "", root: str = "") -> list[Row]:
    """The rows of a finding, in `width` columns: one where there is room, else its sentence goes on below.

    `connection` is what its connection is called beside its number (``GET /orders``); said where there is room. `root` is
    where files are called from.
    """
    return list(_drawn(finding, width, connection, root))


@lru_cache(2_048)
def _drawn(finding: Finding, width: int, connection: str, root: str) -> tuple[Row, ...]:
    lines = _beside(finding, width, root) if width >= BESIDE else _below(finding, width, connection, root)
    return tuple(Row(shortened(spans, width), finding.at) for spans in lines)


def _beside(finding: Finding, width: int, root: str) -> list[Spans]:
    """The sentence in a column of its own."""
    cells = ((_number(finding), _CONN), (Span(finding.rule, Role.STRONG), _RULE), (Span(fit(finding.who, _WHO - 1)), _WHO))
    head = [_sign(finding), *(span for cell, room in cells for span in padded([cell], room))]
    column = width_of(head)
    place = _place(finding, root)
    first, *more = wrapped(f"{finding.sentence}  ({place})" if place else finding.sentence, width - column)
    return [[*head, Span(first)], *([Span(" " * column), Span(line)] for line in more)]


def _below(finding: Finding, width: int, connection: str, root: str) -> list[Spans]:
    """The sentence below the rule."""
    facts = [_number(finding).text + (f" {safe(connection)}" if connection else "") if finding.conn is not None else ""]
    facts.append(_place(finding, root))
    told_facts = [Span(f"  {fact}", Role.QUIET) for fact in facts if fact]
    head = [_sign(finding), *padded([Span(finding.rule, Role.STRONG)], _RULE), Span(fit(finding.who, 24)), *told_facts]
    return [head, *([Span(" " * _INDENT), Span(line)] for line in wrapped(finding.sentence, width - _INDENT))]


def _sign(finding: Finding) -> Span:
    return Span(f"{SIGNS[finding.severity]} ", ROLES[finding.severity])


def _place(finding: Finding, root: str) -> str:
    """``demo/app.py:12``: the end of the file's name is what tells it from others."""
    from asgiviz.views.finding_words import place_of  # it needs the book, which a screen without findings does without

    place = place_of(finding.code, root)
    return f"{safe('/'.join(place.file.split('/')[-2:]))}:{place.line}" if place else ""


def _number(finding: Finding) -> Span:
    return Span("" if finding.conn is None else f"#{finding.conn}", Role.QUIET)


def wrapped(text: str, width: int) -> list[str]:
    """A text of anybody in lines of at most `width` columns, broken between words where that can be; never none."""
    room = max(12, width)
    lines = textwrap.wrap(safe(text), room, break_on_hyphens=False) or [""]
    return lines if all(cells_of(line) <= room for line in lines) else [piece for line in lines for piece in broken(line, room)]


class Rows:
    """The rows of many findings for a width; where each begins is counted once. `called` names a connection."""

    def __init__(self, found: Sequence[Finding], width: int, called: Callable[[int], str], root: str = "") -> None:
        self._width = width
        self._called = called
        self._root = root
        self._starts = [0]
        self.found: list[Finding] = []
        self.extend(found)

    def extend(self, found: Sequence[Finding]) -> None:
        """Put these behind the others."""
        self.found += found
        for one in found:
            self._starts.append(self._starts[-1] + len(self._draw(one)))

    def _draw(self, finding: Finding) -> list[Row]:
        return draw(finding, self._width, "" if finding.conn is None else self._called(finding.conn), self._root)

    def __len__(self) -> int:
        return self._starts[-1]

    def find(self, row: int) -> tuple[int, int]:
        """Which finding a row belongs to, and which of its rows it is."""
        place = bisect_right(self._starts, row) - 1
        return place, row - self._starts[place]

    def at(self, row: int) -> Finding:
        """The finding that a row belongs to."""
        return self.found[self.find(row)[0]]

    def row(self, index: int) -> Row:
        """A row."""
        place, within = self.find(index)
        return self._draw(self.found[place])[within]

    def start(self, place: int) -> int:
        """The first row of a finding; behind the last one, how many rows there are."""
        return self._starts[place]
