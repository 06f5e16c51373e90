"""The two rows above a sequence: what the connection is and how it went, and the names of the lifelines."""

from __future__ import annotations

from collections.abc import Sequence

from asgiviz.model.connection import Connection, Outcome
from asgiviz.model.finding import Finding
from asgiviz.model.masking import Mask
from asgiviz.views.figures import duration, size
from asgiviz.views.findings import Told, told
from asgiviz.views.lifeline_columns import layout, names
from asgiviz.views.messages import target_of
from asgiviz.views.sequence import Steps
from asgiviz.views.spans import Role, Row, Span, Spans, padded, shortened, width_of
from asgiviz.views.text import cells_of, word

#: Characters of a value that are looked at: more than any screen is wide, and few enough to draw a row at once.
LONGEST = 1_000
_MASK = Mask()


def heading(
    connection: Connection,
    width: int,
    mask: Mask | None = _MASK,
    layers: Sequence[str] = (),
    steps: Steps | None = None,
    now: int | None = None,
    found: Sequence[Finding] = (),
) -> list[Row]:
    """Two rows: what the connection is and how it went, and the names of the lifelines.

    `steps` and `now` tell how long the app ran; without them only what the connection knows is told. `found` is what was found
    in it.
    """
    facts = _facts(connection, steps, now, told(found))
    title = _title(connection, mask)
    while facts and sum(3 + width_of([fact]) for fact in facts) + min(cells_of(title), 24) > width:
        facts.pop()
    told_facts: Spans = [piece for fact in facts for piece in (Span("   "), fact)]
    room = max(0, width - width_of(told_facts))
    first = [*padded([Span(title, Role.STRONG)], room), *told_facts]
    depth = len(steps.open) if steps is not None else 1
    return [Row(shortened(first, width)), Row(names(layout(connection.kind, width, layers, depth), layers))]


def _title(connection: Connection, mask: Mask | None) -> str:
    what = word(connection.kind) if connection.kind is not None else "?"
    if connection.kind in ("http", "websocket") or connection.called is not None:
        method = word(connection.method[:LONGEST]) if connection.method is not None else ""
        scope = {"path": (connection.path or "")[:LONGEST], "query_string": connection.query[:LONGEST]}
        what = f"{method or ('WebSocket' if connection.kind == 'websocket' else 'http')} {target_of(scope, mask)}"
    return f"#{connection.conn} {what}"


def _facts(connection: Connection, steps: Steps | None, now: int | None, found: Told | None) -> list[Span]:
    """The most telling ones first."""
    facts = [_state(connection), *([found.words] if found else []), Span(duration(connection.duration(now)), Role.PLAIN)]
    if steps is not None:
        ran = steps.running(steps.last if now is None else now)
        waited = max(0, connection.duration(now) - ran)
        facts.append(Span(f"app {duration(ran)}"))
        facts += [Span(f"waited {duration(waited)}", Role.WAITING)] if waited else []
    facts += [Span(f"thread {word(connection.thread)}", Role.QUIET)] if connection.thread is not None else []
    facts.append(Span(f"▶ {size(connection.bytes_in)}", Role.RECEIVE))
    facts.append(Span(f"◀ {size(connection.bytes_out)}", Role.SEND))
    return facts


def _state(connection: Connection) -> Span:
    role = Role.ERROR if connection.failed else Role.PLAIN
    if connection.status is not None:
        return Span(str(connection.status) + (" ✗" if connection.failed else ""), role)
    if connection.close_code is not None:
        return Span(f"closed {connection.close_code}", role)
    if connection.outcome in (Outcome.CANCELLED, Outcome.RAISED):
        return Span(connection.outcome.value, role)
    if connection.kind == "wsgi" and connection.called is None and not connection.over:
        return Span("in line", Role.WAITING)
    if connection.kind not in ("http", "websocket", "wsgi"):
        return Span("over" if connection.over else "open", role if connection.over else Role.QUIET)
    if connection.over:
        return Span("no answer", role)
    return Span("open" if connection.accepted else "no answer yet", Role.QUIET)
