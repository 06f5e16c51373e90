"""A tree of which only the rows in sight are made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.views.spans import Span, text_of
from asgiviz.views.tree import Children, Node, Path, Tree
from asgiviz.views.wrapping import Wrapped

Shape = dict[str, "Shape"]
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4), max_leaves=15
)


def grown(shape: Shape, path: Path = ()) -> Node:
    """The tree of a shape; a node without children does not open."""
    keys = list(shape)

    def child(index: int) -> Node:
        return grown(shape[keys[index]], (*path, keys[index]))

    name = str(path[-1]) if path else ""
    return Node(name, [Span(name)], path, (lambda: Children(keys, child)) if shape or not path else None)


def flattened(shape: Shape, open_paths: set[Path], path: Path = ()) -> list[Path]:
    """The paths in the order in which a reader sees them, found the simple way."""
    rows = []
    for key, inner in shape.items():
        rows.append((*path, key))
        if (*path, key) in open_paths:
            rows += flattened(inner, open_paths, (*path, key))
    return rows


@given(SHAPES, st.data())
def test_rows_stand_in_the_order_of_the_tree(shape: Shape, data: st.DataObject) -> None:
    """Whatever is open, each row is the node that a walk through the open nodes comes to, and is found again by its path."""
    everything: list[Path] = []
    pending: list[tuple[Shape, Path]] = [(shape, ())]
    while pending:
        inner, path = pending.pop()
        everything += [(*path, key) for key in inner]
        pending += [(further, (*path, key)) for key, further in inner.items()]
    open_paths = data.draw(st.sets(st.sampled_from([*everything, ("no", "such")])))
    tree = Tree(grown(shape), open_paths, 40)
    seen = [tree.node(index).path for index in range(tree.count())]
    assert seen == flattened(shape, open_paths)
    assert [tree.place(path) for path in seen] == list(range(len(seen)))
    for index, path in enumerate(seen):
        assert text_of(tree.row(index).spans).strip(" ▸▾") == path[-1]


def test_a_closed_node_is_not_looked_into() -> None:
    """Counting and drawing ask no closed node for what is inside."""
    asked = []

    def child(index: int) -> Node:
        return Node(index, [Span(f"entry {index}")], (index,), lambda: asked.append(index) or Wrapped("inside"))  # type: ignore[func-returns-value]

    tree = Tree(Node("", [], (), lambda: Children(range(1_000_000), child)), {(500_000,)}, 40)
    assert tree.count() == 1_000_001
    assert text_of(tree.row(500_001).spans) == "  inside"
    assert text_of(tree.row(1_000_000).spans) == "▸ entry 999999"
    assert asked == [500_000]


def test_a_remark_is_cut_between_words_and_left_out_where_there_is_no_room() -> None:
    """A remark never pushes a label away; what does not fit ends with a whole word and a sign."""
    root = Node("", [], (), lambda: Children.of([Node("a", [Span("name")], ("a",), remark="one two three four five")]))
    rows = [text_of(Tree(root, (), width).row(0).spans) for width in (60, 40, 20)]
    assert rows[0].endswith(" one two three four five")
    assert rows[1].endswith("  one two three four…")
    assert rows[2].strip() == "name"
