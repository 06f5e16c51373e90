"""Bodies that are made of named parts, as tables: forms, query strings, multipart bodies, server-sent events.

At most `PARSED` bytes are read; what lies behind them is counted in the last row.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from asgiviz.views.figures import size
from asgiviz.views.spans import Role, Span, Spans
from asgiviz.views.text import cells_of, fit_bytes, quote, safe_bytes
from asgiviz.views.wrapping import Listing

#: Bytes that are taken apart, and rows that are made of them.
PARSED, ROWS = 128 * 1024, 5_000
#: Columns of names in a table, of a value in its row, of the beginning of a part's content.
_NAMES, _VALUE, _SAMPLE = 24, 4_000, 200
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.){0,2000}"|[^;"]{0,2000})')
_LINE_END = re.compile(rb"\r\n|\n|\r")


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """The media type of a header value in lower case, and its parameters."""
    kind, _, rest = value[:4000].partition(";")
    found = _PARAMETER.findall(";" + rest)
    return kind.strip().lower(), {name.lower(): _unquoted(text) for name, text in reversed(found)}


def _unquoted(text: str) -> str:
    text = text.strip()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] == text[-1:] == '"' and len(text) > 1 else text


def urlencoded(body: bytes) -> Listing:
    """The fields of a form or a query string, decoded, in order."""
    pairs = []
    for part in body[:PARSED].split(b"&", ROWS)[:ROWS]:
        name, equals, value = part.partition(b"=")
        pairs.append((_decoded(name), _decoded(value) if equals else None))
    column = min(_NAMES, max(cells_of(safe_bytes(name[:_NAMES])) for name, _ in pairs))
    rows = [_field(fit_bytes(name, _NAMES), value, column) for name, value in pairs]
    return Listing([*rows, *_left_out(len(body) - PARSED)])


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _field(name: str, value: bytes | None, column: int) -> Spans:
    head = [Span(name, Role.STRONG), Span(" " * max(0, column - cells_of(name)) + "  ")]
    return [*head, Span("(no value)", Role.QUIET) if value is None else Span(fit_bytes(value, _VALUE))]


def _left_out(count: int) -> list[Spans]:
    return [[Span(f"… ({size(count)} more)", Role.QUIET)]] if count > 0 else []


def multipart(body: bytes, boundary: str) -> Listing:
    """The parts of a multipart body: a row with name, file name and size, then the headers and how the content begins."""
    limit = b"--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body[:PARSED]).split(b"\r\n" + limit, ROWS)
    if len(pieces) == 1:
        text = "no part: the boundary of the content-type is not in the body" if boundary else "no boundary in the content-type"
        return Listing([[Span(text, Role.ERROR)]])
    rows: list[Spans] = []
    ended = False
    for number, piece in enumerate(pieces[1:], 1):
        if piece.startswith(b"--"):
            ended = True
            break
        whole = number < len(pieces) - 1
        rows += _part(number, piece.partition(b"\r\n")[2], whole)
    if not ended and len(body) <= PARSED:
        rows.append([Span("the closing boundary is not there", Role.QUIET)])
    return Listing([*rows, *_left_out(len(body) - PARSED)])


def _part(number: int, piece: bytes, whole: bool) -> list[Spans]:
    head, gap, content = (b"\r\n" + piece).partition(b"\r\n\r\n")
    headers = [line.partition(b":")[::2] for line in head.split(b"\r\n")[1:50]]
    shape = next((value for name, value in headers if name.strip().lower() == b"content-disposition"), b"")
    known = content_type(shape.decode("utf-8", "backslashreplace"))[1]
    title = [Span(f"part {number}", Role.STRONG)]
    title += [Span(f"  {key} {quote(known[key], 60)}") for key in ("name", "filename") if key in known]
    figure = size(len(content)) if whole else f"{size(len(content))} of it are here"
    rows = [[*title, Span(f"  {figure}", Role.QUIET)]]
    rows += [[Span(f"  {fit_bytes(name, _NAMES)}:", Role.QUIET), Span(fit_bytes(value, _VALUE))] for name, value in headers]
    if not gap:
        rows.append([Span("  the empty line behind its headers is missing", Role.ERROR)])
    elif content:
        rows.append([Span(f"  {fit_bytes(content, _SAMPLE)}")])
    return rows


def server_sent(body: bytes) -> Listing:
    """Each event of an event stream with its fields; one that no empty line has ended is marked: a browser waits for it."""
    rows: list[Spans] = []
    fields: list[Spans] = []
    count = 0
    *lines, unfinished = _LINE_END.split(body[:PARSED].removeprefix(b"\xef\xbb\xbf"), ROWS)
    for line in [*lines, unfinished] if unfinished else lines:
        if line:
            fields.append(_sse_field(line))
        elif fields:
            count += 1
            rows += [[Span(f"event {count}", Role.STRONG)], *fields]
            fields = []
    if fields:
        rows += [[Span(f"event {count + 1}", Role.STRONG), Span("  not ended yet", Role.QUIET)], *fields]
    return Listing([*(rows or [[Span("no event", Role.QUIET)]]), *_left_out(len(body) - PARSED)])


def _sse_field(line: bytes) -> Spans:
    name, _, value = line.partition(b":")
    label = fit_bytes(name, _NAMES) or "comment"
    return [Span(f"  {label:<8}", Role.QUIET), Span(fit_bytes(value.removeprefix(b" "), _VALUE))]
