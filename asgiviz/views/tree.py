"""A tree of which only the rows in sight are made: what is closed is not looked into, what is open is asked row by row.

A node is known by its path, the keys from the root down, so that what a reader opened stays open when another value of
the same shape takes its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from asgiviz.protocol.terms_entry import Entry
from asgiviz.views.spans import Role, Row, Span, Spans, cut, shortened, width_of
from asgiviz.views.wrapping import Lines

Key = str | int
Path = tuple[Key, ...]

#: Columns by which each level is moved to the right.
INDENT = 2
#: The remarks of a pane stand below each other from this share of its width on, where the labels leave room.
REMARKS_FROM = 0.48
#: The fewest columns in which a remark is begun.
REMARK_ROOM = 18


class Children:
    """The nodes inside a node: how many, each made when it is asked for, and where one with a certain key is."""

    def __init__(self, keys: Sequence[Key], make: Callable[[int], Node]) -> None:
        self._keys = keys
        self._make = make

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Children:
        """Nodes that are there already."""
        return cls([node.key for node in nodes], nodes.__getitem__)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> Node:
        return self._make(index)

    def position(self, key: Key) -> int | None:
        """Where the node with this key is."""
        if isinstance(self._keys, range):  # which would search itself for a text, number by number
            return key if isinstance(key, int) and 0 <= key < len(self._keys) else None
        try:
            return self._keys.index(key)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Node:
    """One line of a tree, and what opens below it.

    `label` is what is drawn, `remark` what is said beside it where there is room. `children` gives what is inside,
    further nodes or lines of text, when it is opened; None: nothing. `read` gives the value that the node stands for
    (secrets masked), and `about` is the glossary's entry on it.
    """

    key: Key
    label: Spans
    path: Path = ()
    children: Callable[[], Children | Lines] | None = None
    read: Callable[[], Any] | None = None
    remark: str = ""
    about: Entry | None = None

    @property
    def value(self) -> Any:
        """What the node stands for, as it would be copied; None for a heading."""
        return None if self.read is None else self.read()


class Tree:
    """The rows of what is inside `root`, with those nodes open whose path is in `open_paths`, `width` columns wide."""

    def __init__(self, root: Node, open_paths: Collection[Path], width: int) -> None:
        below: defaultdict[Path, list[Key]] = defaultdict(list)
        for path in open_paths:
            if path:
                below[path[:-1]].append(path[-1])
        self._width = max(0, width)
        self._top = _Opened(root, below, 0, self._width)

    def count(self) -> int:
        """How many rows there are; asks what is open for its size, and nothing for its content."""
        return self._top.total

    def row(self, index: int) -> Row:
        """The row at `index`; IndexError where there is none."""
        holder, place = self._find(index)
        spans = holder.drawn(place)
        return Row(shortened(spans, self._width))

    def node(self, index: int) -> Node:
        """The node that a row belongs to: its own, or the one whose text it is part of."""
        holder, place = self._find(index)
        return holder.inside[place] if isinstance(holder.inside, Children) else holder.node

    def place(self, path: Path) -> int | None:
        """The row of the node with this path; None when it is not to be seen."""
        return self._top.place(path)

    def _find(self, index: int) -> tuple[_Opened, int]:
        if not 0 <= index < self._top.total:
            raise IndexError(index)
        return self._top.find(index)


class _Opened:
    """An open node: its own rows, and the open nodes among them in order."""

    __slots__ = ("depth", "indent", "inside", "node", "open", "total", "width")

    def __init__(self, node: Node, below: defaultdict[Path, list[Key]], depth: int, width: int) -> None:
        self.node = node
        self.depth = depth
        self.width = width
        self.indent = min(INDENT * depth, width // 2)  # however deep: half of the pane is for what is in there
        self.inside = Children.of([]) if node.children is None else node.children()
        self.open: list[tuple[int, _Opened]] = []
        if isinstance(self.inside, Children):
            self.total = len(self.inside)
            self._open_further(self.inside, below)
        else:
            self.total = self.inside.count(width - self.indent)

    def _open_further(self, inside: Children, below: defaultdict[Path, list[Key]]) -> None:
        places = sorted(place for key in below.get(self.node.path, ()) if (place := inside.position(key)) is not None)
        for place in places:
            child = inside[place]
            if child.children is not None:
                self.open.append((place, _Opened(child, below, self.depth + 1, self.width)))
        self.total += sum(opened.total for _, opened in self.open)

    def find(self, index: int) -> tuple[_Opened, int]:
        """Who holds the row at `index`, and as which of its own."""
        for place, opened in self.open:
            if index <= place:
                break
            if index <= place + opened.total:
                return opened.find(index - place - 1)
            index -= opened.total
        return self, index

    def place(self, path: Path) -> int | None:
        """The row of the node with this path."""
        step = len(self.node.path)
        if not isinstance(self.inside, Children) or path[:step] != self.node.path or len(path) == step:
            return None
        own = self.inside.position(path[step])
        if own is None:
            return None
        row = own + sum(opened.total for place, opened in self.open if place < own)
        if len(path) == step + 1:
            return row
        further = next((opened.place(path) for place, opened in self.open if place == own), None)
        return None if further is None else row + 1 + further

    def drawn(self, place: int) -> Spans:
        """One of its own rows."""
        margin = Span(" " * self.indent)
        if not isinstance(self.inside, Children):
            return [margin, *self.inside.row(place, self.width - self.indent)]
        child = self.inside[place]
        is_open = any(place == where for where, _ in self.open)
        mark = " " if child.children is None else "▾" if is_open else "▸"
        return _with_remark([margin, Span(f"{mark} ", Role.QUIET), *child.label], child.remark, self.width)


def _with_remark(line: Spans, remark: str, width: int) -> Spans:
    """The line and, where there is room, as many words of the remark as fit."""
    if not remark:
        return line
    taken = width_of(line)
    start = max(taken + 2, int(width * REMARKS_FROM))
    room = width - start
    if room < min(REMARK_ROOM, width_of([Span(remark)])):
        return line
    return [*line, Span(" " * (start - taken)), Span(_whole_words(remark, room), Role.QUIET)]


def _whole_words(text: str, room: int) -> str:
    """As many words as fit, with a ``…`` behind them when some are left out."""
    if width_of([Span(text)]) <= room:
        return text
    start = "".join(piece for piece, _ in cut([Span(text)], room - 1))
    words = start if text[len(start) : len(start) + 1] == " " else start.rpartition(" ")[0]
    return (words or start).rstrip(" ,;:") + "…"
