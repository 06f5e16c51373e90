"""Markdown (CommonMark and tables) as rows of a width: for the texts of a lesson, which anybody may have written.

Nothing is evaluated and no HTML is understood; every character is made safe, and no row is wider than it may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from asgiviz.views.spans import Role, Row, Span, Spans, cut, padded, width_of
from asgiviz.views.text import safe
from asgiviz.views.wrapping import TAB, broken

#: Columns that texts are wrapped to at most: longer lines are hard to read. Characters of a text that are read.
READABLE, MOST_TEXT = 92, 200_000
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_BREAK = "\n"


def markdown(text: str, width: int, role: Role = Role.PLAIN) -> list[Row]:
    """The rows of a text, a blank one between its blocks; `role` is that of its ordinary words."""
    return [Row(list(spans)) for spans in _drawn(text[:MOST_TEXT], max(1, width), role)]


def wrapped(pieces: Iterable[Span], width: int) -> list[Spans]:
    """Safe pieces of running text in lines of at most `width` columns, broken between words where that can be."""
    width = max(1, width)
    lines: list[Spans] = [[]]
    free = width
    for word in _words(pieces):
        cells = width_of(word)
        if word[0].text == _BREAK:
            lines.append([])
            free = width
            continue
        if word[0].text.isspace():
            if 0 < free < width and cells <= free:
                lines[-1] += word
                free -= cells
            continue
        if cells > free and free < width:
            lines[-1] = _stripped(lines[-1])
            lines.append([])
            free = width
        for piece in _pieces(word, width) if cells > width else [word]:
            if width_of(piece) > free:
                lines.append([])
                free = width
            lines[-1] += piece
            free -= width_of(piece)
    return [_joined(_stripped(line)) for line in lines]


@lru_cache(maxsize=256)
def _drawn(text: str, width: int, role: Role) -> tuple[tuple[Span, ...], ...]:
    tree = SyntaxTreeNode(_PARSER.parse(text))
    return tuple(tuple(cut(line, width)) for line in _blocks(tree.children, min(width, READABLE), role))


# -- blocks ------------------------------------------------------------------------------------------------------------


def _blocks(nodes: Sequence[SyntaxTreeNode], width: int, role: Role, tight: bool = False) -> Iterator[Spans]:
    for place, node in enumerate(nodes):
        if place and not tight:
            yield []
        yield from _block(node, max(1, width), role)


def _block(node: SyntaxTreeNode, width: int, role: Role) -> Iterator[Spans]:
    match node.type:
        case "heading":
            yield from _heading(node, width)
        case "paragraph" | "inline":
            yield from wrapped(_inline(node, role), width)
        case "bullet_list" | "ordered_list":
            yield from _list(node, width, role)
        case "blockquote":
            for line in _blocks(node.children, width - 2, role):
                yield [Span("│ ", Role.QUIET), *line]
        case "fence" | "code_block":
            yield from _code(node.content, width)
        case "hr":
            yield [Span("─" * width, Role.QUIET)]
        case "table":
            yield from _table(node, width)
        case _:
            yield from (
                wrapped([Span(_plain(node.content), role)], width) if not node.children else _blocks(node.children, width, role)
            )


def _heading(node: SyntaxTreeNode, width: int) -> Iterator[Spans]:
    lines = wrapped(_inline(node, Role.STRONG), width)
    yield from lines
    if node.tag in ("h1", "h2"):
        yield [Span(("━" if node.tag == "h1" else "─") * min(width, max(map(width_of, lines), default=1)), Role.QUIET)]


def _list(node: SyntaxTreeNode, width: int, role: Role) -> Iterator[Spans]:
    first = node.attrs.get("start", 1)
    number = first if isinstance(first, int) else 1
    tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    for place, item in enumerate(node.children):
        if place and not tight:
            yield []
        mark = "• " if node.type == "bullet_list" else f"{number + place}. "
        for index, line in enumerate(_blocks(item.children, width - len(mark), role, tight)):
            yield [Span(mark if not index else " " * len(mark), Role.QUIET), *line]
        if not item.children:
            yield [Span(mark, Role.QUIET)]


def _code(content: str, width: int) -> Iterator[Spans]:
    """As it is; what is wider than the room goes on in the next row."""
    for line in content.removesuffix("\n").split("\n"):
        for piece in broken(safe(line.removesuffix("\r").expandtabs(TAB)), max(1, width - 2)):
            yield [Span("▎ ", Role.QUIET), Span(piece, Role.STRONG)]


def _table(node: SyntaxTreeNode, width: int) -> Iterator[Spans]:
    """Columns as wide as they need to be; where that is too much, the widest are wrapped."""
    rows = [(part.type == "thead", row) for part in node.children for row in part.children]
    cells = [
        [wrapped(_inline(cell, Role.STRONG if head else Role.PLAIN), width) for cell in row.children] for head, row in rows
    ]
    count = max(map(len, cells), default=0)
    widths = [
        max((width_of(line) for row in cells if place < len(row) for line in row[place]), default=1) for place in range(count)
    ]
    while sum(widths) + 3 * (count - 1) > width and max(widths, default=1) > 3:
        widths[widths.index(max(widths))] -= 1
    for head, row in rows:
        drawn = [
            wrapped(_inline(cell, Role.STRONG if head else Role.PLAIN), columns)
            for cell, columns in zip(row.children, widths, strict=False)
        ]
        for line in zip_longest(*drawn, fillvalue=list[Span]()):
            spans: Spans = []
            for place, (part, columns) in enumerate(zip(line, widths, strict=False)):
                spans += [*([Span(" │ ", Role.QUIET)] if place else []), *padded(part, columns)]
            yield spans
        if head:
            yield [Span("─┼─".join("─" * columns for columns in widths), Role.QUIET)]


# -- running text ------------------------------------------------------------------------------------------------------


def _inline(node: SyntaxTreeNode, role: Role) -> Iterator[Span]:
    """The pieces of a paragraph, safe; a piece that is a line end breaks the line."""
    for child in node.children:
        match child.type:
            case "inline":
                yield from _inline(child, role)
            case "text":
                yield Span(_plain(child.content), role)
            case "code_inline":
                yield Span(_plain(child.content), Role.STRONG)
            case "strong" | "em":
                yield from _inline(child, Role.STRONG)
            case "softbreak":
                yield Span(" ", role)
            case "hardbreak":
                yield Span(_BREAK, role)
            case "link":
                yield from _link(child, role)
            case "image":
                yield Span(_plain(child.content), role)
            case _:
                yield Span(_plain(child.content), role)
                yield from _inline(child, role)


def _link(node: SyntaxTreeNode, role: Role) -> Iterator[Span]:
    """Its text, and the address behind it unless that is the text: a terminal has nothing to click on."""
    words = list(_inline(node, role))
    address = _plain(str(node.attrs.get("href", "")))
    yield from words
    if address and address not in "".join(span.text for span in words):
        yield Span(f" ({address})", Role.QUIET)


def _plain(text: str) -> str:
    return safe(" ".join(text.split("\n")))


def _words(pieces: Iterable[Span]) -> Iterator[Spans]:
    """Words, each of one or more pieces (``**a**b`` is one word), and the spaces and line ends between them."""
    word: Spans = []
    for text, role in pieces:
        if text == _BREAK:
            if word:
                yield word
            yield [Span(_BREAK, role)]
            word = []
            continue
        for place, part in enumerate(text.split(" ")):
            if place:
                if word:
                    yield word
                yield [Span(" ", role)]
                word = []
            if part:
                word.append(Span(part, role))
    if word:
        yield word


def _pieces(word: Spans, width: int) -> Iterator[Spans]:
    """A word that is wider than a line, in pieces that are not."""
    for text, role in word:
        yield from ([Span(piece, role)] for piece in broken(text, width))


def _stripped(line: Spans) -> Spans:
    while line and line[-1].text.isspace():
        line = line[:-1]
    return line


def _joined(line: Spans) -> Spans:
    spans: Spans = []
    for text, role in line:
        if spans and spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + text, role)
        else:
            spans.append(Span(text, role))
    return spans
