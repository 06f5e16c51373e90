"""The chosen event in full, as a tree: what happened, and every field of it as it came, explained where the glossary knows it.

What a reader has not opened is not worked out. `OPEN_FIRST` is what is open before anybody opened anything; one set of
open paths serves all events, so that what was opened stays open from message to message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from asgiviz.model.events import Ev, Event
from asgiviz.model.values import header_pairs, kept_bytes, true_length
from asgiviz.protocol import glossary
from asgiviz.views import finding_details
from asgiviz.views.bodies import BODY_MESSAGES, body_messages, forms, joined
from asgiviz.views.branches import (
    Veil,
    fields_of,
    form_nodes,
    header_nodes,
    kept_of,
    long_value,
    remark_on,
    type_name,
    value_node,
)
from asgiviz.views.figures import close_code, size
from asgiviz.views.headline import SEND_CALL, Context, title, title_of, when
from asgiviz.views.raw_line import raw
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import literal, safe, word
from asgiviz.views.tracebacks import Line, package_of, parse, told
from asgiviz.views.tree import Children, Node, Path
from asgiviz.views.wrapping import Listing
from asgiviz.views.wsgi_messages import GIVES, message_of

__all__ = ["OPEN_FIRST", "Context", "inspect", "raw", "title_of"]

#: What is open at first.
OPEN_FIRST: frozenset[Path] = frozenset(
    {
        *finding_details.OPEN_FIRST,
        ("scope",),
        ("scope", "headers"),
        ("environ",),
        ("headers",),
        ("body",),
        ("body", "shown"),
        ("body", "shown", 0),
        ("message",),
        ("message", "headers"),
        *[("message", key) for key in ("body", "bytes", "text")],
        *[("message", key, "shown") for key in ("body", "bytes", "text")],
        *[("message", key, "shown", 0) for key in ("body", "bytes", "text")],  # the first part of a long text
        ("whole", "shown"),
        ("whole", "shown", 0),
        ("raised",),
        ("error",),
        ("error", "traceback"),
        ("text",),
        ("stack",),
        ("data",),
    }
)
_PAYLOADS = ("body", "bytes", "text")
#: Status and close codes are below this.
_CODES = 100_000
#: Frames of a stack that are shown, and events of a connection that are searched for its headers.
_FRAMES, _HEADERS_WITHIN = 200, 1_000


def inspect(event: Event, context: Context) -> Node:
    """The root of the event's tree; the root itself is not drawn."""
    nodes = [Node(-1, title(event, context)), Node(-2, when(event, context))]
    found = finding_details.nodes(context.found, context.root)
    return Node("", [], (), lambda: Children.of([*nodes, *found, *_sections(event, context)]))


# -- the sections --------------------------------------------------------------------------------------------------------


def _sections(event: Event, context: Context) -> list[Node]:
    veil = Veil(context.mask)
    match event.ev:
        case Ev.SCOPE:
            return [_scope(event.get("scope"), veil), *_others(event, "scope", veil)]
        case Ev.RECEIVE_BEGIN | Ev.RECEIVE_END | Ev.SEND_BEGIN | Ev.SEND_END:
            return _call(event, context, veil)
        case Ev.WSGI_ENVIRON:
            return [_environ(event.get("environ"), veil), *_others(event, "environ", veil)]
        case Ev.WSGI_START_RESPONSE | Ev.WSGI_CHUNK:
            return _given(event, context, veil)
        case _:  # everything else, and what a newer version may write, is its fields
            return _others(event, "", veil)


def _scope(scope: Any, veil: Veil) -> Node:
    if not isinstance(scope, Mapping):
        return value_node("scope", scope, ("scope",), veil)
    explain = partial(glossary.scope_key, _text(scope.get("type")))
    node = _section("scope", scope, veil)
    return replace(node, children=lambda: fields_of(scope, ("scope",), veil, explain)) if scope else node


def _environ(environ: Any, veil: Veil) -> Node:
    if not isinstance(environ, Mapping):
        return value_node("environ", environ, ("environ",), veil)
    node = _section("environ", environ, veil)
    return replace(node, children=lambda: fields_of(environ, ("environ",), veil, glossary.environ_key)) if environ else node


def _given(event: Event, context: Context, veil: Veil) -> list[Node]:
    """What a WSGI app gives: status and headers, which are texts there, or a piece of the body."""
    nodes = []
    for node, (key, value) in zip(_others(event, "", veil), event.fields.items(), strict=True):
        if key == "headers" and isinstance(value, (list, tuple)) and value:
            node = replace(node, children=partial(header_nodes, value, node.path, veil.under(key), "str"))
        elif key == "status" and isinstance(value, str):
            about = glossary.status(int(value[:3])) if value[:3].isascii() and value[:3].isdigit() and len(value) > 2 else None
            node = replace(node, remark=remark_on(about), about=about)
        elif key == "body" and isinstance(kept_of(value), bytes):
            opening = partial(_payload_nodes, value, event, context, node.path)
            node = replace(node, children=opening if true_length(value) else None)
        nodes.append(node)
    return [*nodes, *(_whole_body(event, context) if event.ev == Ev.WSGI_CHUNK else [])]


def _section(key: str, value: Mapping[str, Any], veil: Veil) -> Node:
    """A heading: what is in it stands below, so its beginning is not shown beside it."""
    label = [Span(key, Role.STRONG), Span(f"  {type_name(value)}", Role.QUIET)]
    return replace(value_node(key, value, (key,), veil), label=label)


def _call(event: Event, context: Context, veil: Veil) -> list[Node]:
    """The message of a call, which one of its two events carries, and what else is known of it."""
    carrier = event if "message" in event.fields or context.other is None else context.other
    nodes = []
    if "message" in carrier.fields:
        nodes += [_message(carrier, context, veil), *_whole_body(carrier, context)]
    elif event.ev == Ev.RECEIVE_BEGIN and context.other is None:
        nodes.append(Node(-3, [Span("  the app waits: no message has come yet", Role.WAITING)]))
    if carrier is not event:
        nodes += _others(carrier, "message", veil)
    return [*nodes, *_others(event, "message", veil)]


def _message(event: Event, context: Context, veil: Veil) -> Node:
    message, path = event.fields["message"], ("message",)
    if not isinstance(message, Mapping):
        return value_node("message", message, path, veil)
    kind = _text(message.get("type"))
    fields = fields_of(message, path, veil, partial(glossary.message_key, kind))
    keys = list(message)

    def field(index: int) -> Node:
        return _told_more(fields[index], message, event, context)

    about = glossary.message(kind)
    node = replace(_section("message", message, veil), remark=remark_on(about), about=about)
    return replace(node, children=lambda: Children(keys, field)) if keys else node


def _told_more(node: Node, message: Mapping[str, Any], event: Event, context: Context) -> Node:
    """A field of a message with what only a message tells: what its body is, what its code means."""
    value = message[str(node.key)]
    if node.key in _PAYLOADS and isinstance(kept_of(value), (bytes, str)):
        opening = partial(_payload_nodes, value, event, context, node.path)
        return replace(node, children=opening if true_length(value) else None)  # not to be opened at first when empty
    if node.key == "status" and type(value) is int and 0 <= value < _CODES:
        entry = glossary.status(value)
        return replace(node, remark=remark_on(entry) or node.remark, about=entry or node.about)
    if node.key == "code" and type(value) is int and 0 <= value < _CODES:
        entry = glossary.close_code(value)
        return replace(node, remark=remark_on(entry) or close_code(value), about=entry or node.about)
    return node


def _payload_nodes(value: Any, event: Event, context: Context, path: Path) -> Children:
    content_type, encoding = _content(event, context)
    return form_nodes(forms(kept_bytes(value), content_type, encoding, true_length(value)), path)


def _whole_body(event: Event, context: Context) -> list[Node]:
    """The bodies of all messages of this direction in one, when there are several."""
    way = _way(event)
    if body_messages(context.events, way, event.layer, 2) < 2 or _text(message_of(event).get("type")) not in BODY_MESSAGES:
        return []
    path = ("whole",)

    def children() -> Children:
        content_type, encoding = _content(event, context)
        body, length, complete = joined(context.events, way, event.layer)
        said = f"{size(length)} in all" + ("" if complete else f", {size(len(body))} of it here")
        heading = Node("said", [Span(said, Role.QUIET)])
        found = form_nodes(forms(body, content_type, encoding, length if length > len(body) else None), path)
        return Children.of([heading, *(found[index] for index in range(len(found)))])

    label = [Span("whole body", Role.STRONG), Span("  of all messages in this direction", Role.QUIET)]
    return [Node("whole", label, path, children, lambda: joined(context.events, way, event.layer)[0])]


def _way(event: Event) -> str:
    return "send" if event.ev in (*SEND_CALL, *GIVES) else "receive"


def _content(event: Event, context: Context) -> tuple[str, str]:
    """Content-type and content-encoding of what goes this way at the event's layer."""
    message = message_of(event)
    if not isinstance(message, Mapping) or _text(message.get("type")) not in BODY_MESSAGES:
        return "", ""
    headers = _headers_at(event, context)
    found = {name.strip().lower(): value.decode("latin-1").strip() for name, value in reversed(headers)}
    return found.get(b"content-type", ""), found.get(b"content-encoding", "")


def _headers_at(event: Event, context: Context) -> list[tuple[bytes, bytes]]:
    sends = _way(event) == "send"
    carriers = (Ev.SEND_BEGIN, Ev.WSGI_START_RESPONSE) if sends else (Ev.SCOPE,)
    for other in islice(context.events, _HEADERS_WITHIN):
        if (other.layer or 0) == (event.layer or 0) and other.ev in carriers:
            carrier = message_of(other) if sends else other.get("scope")
            if isinstance(carrier, Mapping) and "headers" in carrier:
                return header_pairs(carrier["headers"])
    if context.connection is None:
        return []
    return list(context.connection.response_headers if sends else context.connection.request_headers)


# -- other fields --------------------------------------------------------------------------------------------------------


def _others(event: Event, but: str, veil: Veil) -> list[Node]:
    """The fields of an event, each a section of its own."""
    fields = {key: value for key, value in event.fields.items() if key != but}
    if veil.mask is not None and "text" in fields:
        fields["text"] = veil.mask.text(fields["text"])
    nodes = fields_of(fields, (), veil)
    return [_field(nodes[index], value, veil) for index, value in enumerate(fields.values())]


def _field(node: Node, value: Any, veil: Veil) -> Node:
    match node.key, value:
        case ("error" | "raised") as key, Mapping():
            heading = replace(node, label=_section(key, value, veil).label)
            return replace(heading, children=lambda: _error(value, node.path, veil.under(key)))
        case "stack", [_, *_]:
            return replace(node, children=lambda: Listing([_frame(frame) for frame in value[:_FRAMES]]))
        case _:
            return node


def _error(error: Mapping[str, Any], path: Path, veil: Veil) -> Children:
    """An exception: what it is, its text, its traceback with the user's own code first, and as Python printed it."""
    shown = {key: value for key, value in error.items() if key != "traceback"}
    fields = fields_of(shown, path, veil)
    about = glossary.error(_text(error.get("type")))
    nodes = [replace(fields[index], about=about) if key == "type" else fields[index] for index, key in enumerate(shown)]
    traceback = error.get("traceback")
    text = kept_bytes(traceback).decode("utf-8", "replace")
    if text:
        nodes += [
            Node("traceback", [Span("traceback", Role.STRONG), Span("  your code first", Role.QUIET)], (*path, "traceback"),
                 lambda: Listing(_told_rows(text)), lambda: text),
            Node("printed", [Span("traceback", Role.STRONG), Span("  as Python printed it", Role.QUIET)], (*path, "printed"),
                 lambda: long_value(traceback, (*path, "printed")), lambda: text),
        ]  # fmt: skip
    elif "traceback" in error:
        nodes.append(value_node("traceback", traceback, (*path, "traceback"), veil))
    return Children.of(nodes)


_TOLD_IN = {
    Line.ERROR: Role.ERROR, Line.TIED: Role.ERROR, Line.OWN: Role.STRONG, Line.OTHER: Role.PLAIN, Line.COUNT: Role.QUIET,
}  # fmt: skip


def _told_rows(traceback: str) -> list[Spans]:
    rows: list[Spans] = []
    for line in told(parse(traceback), everything=False):
        lead = [Span(f"{safe(line.lead)} ", Role.QUIET)] if line.lead else []
        rows.append([*lead, Span(safe(line.text), _TOLD_IN[line.what])])
        rows += [[Span(f"     {safe(line.source)}")]] if line.source else []
    return rows or [[Span("no frame that could be read", Role.QUIET)]]


def _frame(frame: Any) -> Spans:
    """One frame of a stack that held the loop."""
    if not isinstance(frame, Mapping):
        return [Span(literal(frame))]
    file = _text(frame.get("file"))
    place = "/".join(re.split(r"[/\\]", file)[-2:]) or "?"
    role = Role.STRONG if package_of(file) is None else Role.PLAIN
    return [Span(f"{safe(place)}:{word(frame.get('line', '?'))}", role), Span(f"  {word(frame.get('function', ''))}")]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
