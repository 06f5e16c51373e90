"""Two connections side by side: what is equal folds to a quiet line, what differs stands on both sides of its sign.

- only the left one has it     + only the right one has it     ~ both have it, and not the same
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asgiviz.model.connection import Connection
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.comparison_words import BEFORE, around, counted, cut_name, ending, part_of, ratio, sample, subtlety
from asgiviz.views.differences import (
    BODIES,
    MOST_MESSAGES,
    PAYLOADS,
    Crossing,
    Difference,
    Sign,
    aligned,
    crossings,
    first_difference,
    in_headers,
    in_mappings,
)
from asgiviz.views.figures import duration, size
from asgiviz.views.messages import masked, message_line, target_of
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened
from asgiviz.views.text import fit_bytes, literal, number, safe, word
from asgiviz.views.wsgi_messages import request_of

#: Lines of keys, or of headers, that stand in one place.
MOST_LINES = 40
#: Columns of a section's name.
LABEL = 10
_NARROWEST = 20
#: Made anew for every handshake.
_NOT_COMPARED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_PORT"})
_RANDOM_HEADERS = frozenset({b"sec-websocket-key"})
_MASK = Mask()


def compare(left: list[Event], right: list[Event], width: int, mask: Mask | None = _MASK) -> list[Row]:
    """The lines of a comparison, each at most `width` columns; `mask` None shows secrets."""
    return _Page(width, mask).rows(_Side(left), _Side(right))


class _Side:
    """One of the two connections."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = [event for event in events if not event.layer]
        self.connection = Connection(0, self.events[0].t if self.events else 0)
        for event in self.events:
            self.connection.add(event)
        began = next((event for event in self.events if event.ev in (Ev.SCOPE, Ev.WSGI_ENVIRON)), None)
        self.seq = began.seq if began else None
        self.is_wsgi = began is not None and began.ev == Ev.WSGI_ENVIRON
        self.conn = next((event.conn for event in self.events if event.conn is not None), None)
        scope = request_of(self.events)
        self.scope: Mapping[str, Any] = scope if isinstance(scope, Mapping) else {}
        #: what the app was called with, as it came
        self.called_with: Mapping[str, Any] = _environ(began) if began is not None and self.is_wsgi else self.scope
        self.crossings = crossings(self.events)
        self.exit = next((event for event in self.events if event.ev in (Ev.EXIT, Ev.WSGI_EXIT)), None)

    @property
    def host(self) -> Any:
        """The client without its port, which is another one for every connection."""
        client = self.scope.get("client")
        return client[:1] if isinstance(client, (list, tuple)) else client


def _environ(event: Event) -> Mapping[str, Any]:
    """The environ without the headers, which are compared by themselves, and the client's port."""
    environ = event.get("environ")
    if not isinstance(environ, Mapping):
        return {}
    return {key: value for key, value in environ.items() if not key.startswith("HTTP_") and key not in _NOT_COMPARED}


class _Page:
    """The lines as they are written; `_told` names what differs, for the sentence at the head."""

    def __init__(self, width: int, mask: Mask | None) -> None:
        self._width = max(_NARROWEST, width)
        self._half = (self._width - 3) // 2
        self._mask = mask
        self._rows: list[Row] = []
        self._told: dict[str, None] = {}

    def rows(self, left: _Side, right: _Side) -> list[Row]:
        self._scope(left, right)
        self._messages(left, right)
        self._times(left.connection, right.connection)
        self._end(left, right)
        title = self._sides(Sign.NEUTRAL, self._title(left), self._title(right), left.seq)
        if self._told:
            verdict = Span("different: " + ", ".join(self._told), Role.STRONG)
        else:
            verdict = Span("the same but for the time", Role.LIFE)
        return [title, self._line([Span("  "), verdict]), *self._rows]

    # -- lines -----------------------------------------------------------------------------------------------------

    def _line(self, spans: Spans, seq: int | None = None) -> Row:
        return Row(shortened(spans, self._width), seq)

    def _sides(self, sign: Sign, left: Spans, right: Spans, seq: int | None = None) -> Row:
        role = Role.QUIET if sign is Sign.NEUTRAL else Role.MARK
        return Row([*padded(left, self._half), Span(f" {sign} ", role), *shortened(right, self._half)], seq)

    def _section(self, name: str, text: str) -> None:
        label = f"  {name:<{LABEL}}" if text else f"  {name}"
        self._rows.append(self._line([Span(label, Role.STRONG), Span(text, Role.QUIET)]))

    def _title(self, side: _Side) -> Spans:
        if not side.scope:
            return [Span("  "), Span("no scope was recorded", Role.QUIET)]
        what = {"http": side.scope.get("method", "(no method)"), "websocket": "WS"}.get(str(side.scope.get("type")))
        words = word(side.scope.get("type")) if what is None else f"{word(what)} {target_of(side.scope, self._mask)}"
        number_of = f"#{number(side.conn)} " if side.conn is not None else ""
        return [Span(f"  {number_of}", Role.QUIET), Span(words, Role.STRONG)]

    def _differences(self, found: list[Difference], seq: int | None = None, indent: str = "    ") -> None:
        """A line for each; long values are shown around the place where they begin to differ."""
        for sign, name, left, right in found[:MOST_LINES]:
            label = f"{indent}{cut_name(safe(name), self._half * 2 // 3)}: "
            room = max(1, self._half - len(label))
            shown = around(self._shown(name, left), self._shown(name, right), room)
            sides = [
                [] if value is None else [Span(label, Role.QUIET), Span(text)]
                for value, text in zip((left, right), shown, strict=True)
            ]
            self._rows.append(self._sides(sign, sides[0], sides[1], seq))
        if len(found) > MOST_LINES:
            self._rows.append(self._line([Span(f"{indent}… and {len(found) - MOST_LINES:,} more", Role.QUIET)]))

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, list) and value and all(isinstance(item, bytes) for item in value):  # a header's values
            values = value if self._mask is None else [self._mask.header(name.encode("latin-1"), item) for item in value]
            return fit_bytes(b", ".join(values), None)
        shown = masked(self._mask, {name: value})[name]
        return safe(shown) if isinstance(shown, str) else literal(shown)

    # -- sections --------------------------------------------------------------------------------------------------

    def _scope(self, left: _Side, right: _Side) -> None:
        keys = in_mappings(
            {**left.called_with, **({"client": left.host} if "client" in left.called_with else {})},
            {**right.called_with, **({"client": right.host} if "client" in right.called_with else {})},
            ("headers",),
        )
        name = "environ" if left.is_wsgi and right.is_wsgi else "scope"
        self._section(name, counted(keys, "key"))
        self._differences(keys.different, left.seq)
        if keys.different:
            self._told[name] = None
        if "headers" in left.scope or "headers" in right.scope:
            headers = in_headers(left.scope.get("headers"), right.scope.get("headers"), _RANDOM_HEADERS)
            self._section("headers", counted(headers, "request header"))
            self._differences(headers.different, left.seq)
            if headers.different:
                self._told["request headers"] = None

    def _messages(self, left: _Side, right: _Side) -> None:
        faced = aligned(left.crossings, right.crossings, lambda one: one.identity, lambda one: one.likeness)
        same = [a is not None and b is not None and a.identity == b.identity for a, b in faced]
        if all(same):
            self._section("messages", f"{sum(a.count for a, _ in faced if a):,} equal")
        else:
            self._section("messages", "")
            self._faced(faced, same)
        if MOST_MESSAGES in (len(left.crossings), len(right.crossings)):
            self._rows.append(self._line([Span(f"    only the first {MOST_MESSAGES:,} were compared", Role.QUIET)]))

    def _faced(self, faced: Sequence[tuple[Crossing | None, Crossing | None]], same: list[bool]) -> None:
        run = 0
        for (left, right), equal in zip([*faced, (None, None)], [*same, False], strict=True):
            if equal and left is not None:
                run += left.count
                continue
            if run:
                words = f"    {run:,} message{'s' if run > 1 else ''} equal"
                self._rows.append(self._line([Span(words, Role.QUIET)]))
                run = 0
            if left is not None and right is not None:
                self._changed(left, right)
            elif left is not None or right is not None:
                self._one_sided(left, right)

    def _one_sided(self, left: Crossing | None, right: Crossing | None) -> None:
        self._told["messages"] = None
        sign = Sign.ONLY_LEFT if right is None else Sign.ONLY_RIGHT
        sides = [[] if one is None else self._crossing(one, quoted=True) for one in (left, right)]
        self._rows.append(self._sides(sign, sides[0], sides[1], (left or right).seq))  # type: ignore[union-attr]  # one is there

    def _crossing(self, one: Crossing, quoted: bool = False) -> Spans:
        role = Role.RECEIVE if one.receives else Role.SEND
        if one.kind in BODIES:
            pieces = f" in {one.count:,} pieces" if one.count > 1 else ""
            words = f"{one.kind}  {size(one.length)}{pieces}{', unfinished' if one.more else ''}"
        elif "status" in one.message and not quoted:  # its headers follow, as far as they differ
            words = f"{word(one.kind)}  {word(one.message['status'])}"
        else:
            words = message_line(one.message, self._mask).words
        sign = "▶ R " if one.receives else "◀ " if str(one.kind).startswith("wsgi.") else "◀ S "
        spans = [Span(sign, role), Span(words, role)]
        if quoted and one.content:
            spans.append(Span(f"  {sample(one.content, self._half)}"))
        return spans

    def _changed(self, left: Crossing, right: Crossing) -> None:
        self._rows.append(self._sides(Sign.CHANGED, self._crossing(left), self._crossing(right), left.seq))
        before = len(self._rows)
        fields = in_mappings(left.message, right.message, ("type", "headers", "more_body", *PAYLOADS))
        names = {each.name for each in fields.different}
        self._told.update(
            dict.fromkeys([*(["status"] if "status" in names else []), *(["messages"] if names - {"status"} else [])])
        )
        self._differences([each for each in fields.different if each.name != "status"], left.seq)  # the line above has it
        headers = in_headers(left.message.get("headers"), right.message.get("headers"))
        self._differences(headers.different, left.seq)
        if headers.different:
            self._told["response headers"] = None
        self._content(left, right)
        if len(self._rows) == before and not fields.different:
            self._told["messages"] = None
            self._rows.append(self._line([Span(f"      {subtlety(left, right)}", Role.QUIET)]))

    def _content(self, left: Crossing, right: Crossing) -> None:
        one, other = left.content, right.content
        place = first_difference(one, other)
        if place is None:
            if left.length != right.length:
                self._told[part_of(left)] = None
                self._rows.append(self._line([Span("      the same as far as they were kept", Role.QUIET)]))
            return
        self._told[part_of(left)] = None
        line = one.count(b"\n", 0, place) + 1
        alike = f"the first {size(place)} are equal" if place else "different from the first byte on"
        words = f"      {alike}{f', up to line {line:,}' if line > 1 else ''}"
        self._rows.append(self._line([Span(words, Role.QUIET)]))
        start = max(one.rfind(b"\n", 0, place) + 1, place - BEFORE)
        while start > place - BEFORE - 3 and start and one[start : start + 1] and one[start] & 0xC0 == 0x80:
            start -= 1  # not within a character
        sides = [
            [Span("      "), Span(sample(content, self._half - 6, start) if start < len(content) else "(its end)")]
            for content in (one, other)
        ]
        self._rows.append(self._sides(Sign.CHANGED, sides[0], sides[1], left.seq))

    def _times(self, left: Connection, right: Connection) -> None:
        self._section("time", "")
        is_wsgi = left.kind == right.kind == "wsgi"
        waited = [one.waited_receive + one.waited_send for one in (left, right)]
        figures = [
            ("duration", left.duration(), right.duration()),
            ("running", max(0, left.duration() - waited[0]), max(0, right.duration() - waited[1])),
            ("in line" if is_wsgi else "in receive", left.waited_receive, right.waited_receive),
            *([] if is_wsgi else [("in send", left.waited_send, right.waited_send)]),
        ]
        for name, one, other in figures:
            label = Span(f"    {name:<{LABEL}} ", Role.QUIET)
            times = Span(f"  {ratio(one, other)}", Role.QUIET)
            sides = [[label, Span(f"{duration(ns):>10}")] for ns in (one, other)]
            self._rows.append(self._sides(Sign.NEUTRAL, sides[0], [*sides[1], times]))

    def _end(self, left: _Side, right: _Side) -> None:
        ends = [ending(side.connection) for side in (left, right)]
        if ends[0] == ends[1]:
            self._section("end", f"both {ends[0]}")
            return
        self._told["end"] = None
        self._section("end", "")
        roles = [Role.ERROR if side.connection.failed else Role.LIFE for side in (left, right)]
        sides = [[Span(f"    {text}", role)] for text, role in zip(ends, roles, strict=True)]
        seq = left.exit.seq if left.exit else right.exit.seq if right.exit else None
        self._rows.append(self._sides(Sign.CHANGED, sides[0], sides[1], seq))
