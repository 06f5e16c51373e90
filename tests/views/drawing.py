"""What every drawn row must be, and a tree opened as far as it goes."""

from __future__ import annotations

from asgiviz.views.spans import Spans, text_of, width_of
from asgiviz.views.tree import Node, Path, Tree
from asgiviz.views.wrapping import Lines


def is_printable(text: str) -> bool:
    """Whether nothing in it could steer a terminal."""
    return all(character.isprintable() or character == "\u3000" for character in text)


def fits(spans: Spans, width: int) -> bool:
    """Whether a row is printable and no wider than it may be."""
    return width_of(spans) <= width and is_printable(text_of(spans))


def texts(lines: Lines, width: int = 78) -> list[str]:
    """All rows of some lines, each checked."""
    rows = [lines.row(index, width) for index in range(lines.count(width))]
    assert all(fits(row, width) for row in rows)
    return [text_of(row) for row in rows]


def drawn(root: Node, open_paths: frozenset[Path] | set[Path], width: int = 78) -> list[str]:
    """All rows of a tree, each checked."""
    tree = Tree(root, open_paths, width)
    rows = [tree.row(index).spans for index in range(tree.count())]
    assert all(fits(row, width) for row in rows)
    return [text_of(row) for row in rows]


def opened(root: Node, width: int, most: int = 300) -> set[Path]:
    """The paths of the first nodes that open, level by level, `most` at most."""
    paths: set[Path] = set()
    while len(paths) < most:
        tree = Tree(root, paths, width)
        nodes = [tree.node(index) for index in range(min(tree.count(), 2 * most))]
        found = {node.path for node in nodes if node.children is not None} - paths
        if not found:
            break
        paths |= found
    return paths
