"""A frozen value as nodes of a tree: what it is called, what it is, its type, and what is inside when somebody opens it.

Values are shown as they came: a port that is a text stays one, what no recording can hold stands as it was described.
Secrets are masked where they are shown, so that a large container costs what is seen of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from asgiviz.model.connection import beyond_kept
from asgiviz.model.masking import Mask, stars
from asgiviz.model.values import kept_bytes, kept_length, true_length
from asgiviz.protocol import glossary
from asgiviz.protocol.terms_entry import Entry
from asgiviz.views.bodies import Form, forms, query_forms
from asgiviz.views.explanation import draw
from asgiviz.views.messages import masked
from asgiviz.views.spans import Role, Span, Spans, shortened, text_of
from asgiviz.views.text import cells_of, fit, fit_bytes, literal, number, quote, word
from asgiviz.views.tree import Children, Key, Node, Path
from asgiviz.views.wrapping import Drawn, Lines, Wrapped

#: Columns of a value beside its name; a longer one is cut there and opens.
VALUE = 44
#: Columns that names take at most, and names that are asked for their width.
NAME, MEASURED = 22, 60
#: Columns of the preview of a container, and the entries it has at most.
PREVIEW, SMALL = 44, 4

#: What the glossary says about an entry of this name, ``outer.inner`` for one of an inner dict.
Explain = Callable[[Any], "Entry | None"]


def nothing(_: Any) -> None:
    """No explanation."""


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides secrets: the name that stands above a value, and whether all below it is secret."""

    mask: Mask | None = None
    name: str = ""
    hidden: bool = False

    def under(self, key: Any) -> Veil:
        """The veil over the entry `key` of a dict."""
        name = key if isinstance(key, str) else ""
        return Veil(self.mask, name, self.hidden or (self.mask is not None and self.mask.is_secret(name)))

    def over_pair(self, name: Any) -> Veil:
        """The veil over what belongs to a header, or to a key that is no text."""
        secret = self.mask is not None and self.mask.header(name, "?") != "?"
        return Veil(self.mask, "", self.hidden or secret)

    def over(self, value: Any) -> Any:
        """The value as it may be seen; of a container all of it."""
        if self.mask is None:
            return value
        return stars(value) if self.hidden else masked(self.mask, {self.name: value})[self.name]


def type_name(value: Any) -> str:
    """The type as Python calls it, and how much there is of it."""
    if isinstance(value, Mapping):
        return _type_of_mapping(value)
    if isinstance(value, (list, tuple)):
        return f"list of {len(value):,}{' pairs' if _are_pairs(value) else ''}"
    return type(value).__name__


def _type_of_mapping(value: Mapping[str, Any]) -> str:
    named = value.get("$type")
    if isinstance(kept := value.get("$bytes", value.get("$text")), (bytes, str)):
        kind = fit(named, NAME) if isinstance(named, str) else "bytes" if isinstance(kept, bytes) else "str"
        return f"{kind}, {len(kept):,} of {number(true_length(value))} kept" if beyond_kept(value) else kind
    if "$repr" in value and isinstance(named, str):
        return fit(named.removeprefix("builtins."), VALUE)
    entries = value.get("$items")
    return f"dict of {len(entries if isinstance(entries, (list, tuple)) else value):,}"


def _are_pairs(value: Sequence[Any]) -> bool:
    return bool(value) and all(isinstance(item, (list, tuple)) and len(item) == 2 for item in islice(value, 100))


def fields_of(value: Mapping[str, Any], path: Path, veil: Veil, explain: Explain = nothing) -> Children:
    """The entries of a dict, in their order."""
    keys = list(value)
    column = min(NAME, max((cells_of(word(key)) for key in islice(keys, MEASURED)), default=0))

    def entry(index: int) -> Node:
        key = keys[index]
        return value_node(key, value[key], (*path, key), veil.under(key), explain, column)

    return Children(keys, entry)


def value_node(key: Key, value: Any, path: Path, veil: Veil, explain: Explain = nothing, column: int = 0) -> Node:
    """A value under its name."""
    is_container = _is_container(value)
    shown = None if is_container else veil.over(value)
    drawn = _preview(value, veil) if is_container else _short(shown)
    label = [*name_spans(key, column), *drawn, Span(f"{'  ' if drawn else ''}{type_name(value)}", Role.QUIET)]
    about = explain(key)
    opening = _opening_container(value, path, veil, explain) if is_container else _opening_value(key, shown, path)
    if opening is None and about is not None:
        opening = partial(explanation, about)
    return Node(key, label, path, opening, lambda: veil.over(value), remark_on(about), about)


def name_spans(key: Key, column: int) -> Spans:
    """The name of an entry, and the space to where values begin."""
    if isinstance(key, int):
        return [Span(f"[{key}] ", Role.QUIET)]
    name = fit(key, NAME) if key else "''"
    return [Span(name, Role.STRONG), Span(" " * max(0, column - cells_of(name)) + "  ")]


def _short(value: Any) -> Spans:
    if isinstance(kept := kept_of(value), str):
        return [Span(quote(value, VALUE, "''"))]
    if isinstance(kept, bytes):
        return [Span("b" + quote(value, VALUE - 1, "''"))]
    return shortened([Span(literal(value))], VALUE)


def kept_of(value: Any) -> Any:
    """What was kept of a byte string or text; any other value itself."""
    return value.get("$bytes", value.get("$text")) if isinstance(value, Mapping) else value


def _is_container(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not isinstance(kept_of(value), (bytes, str)) and not isinstance(value.get("$repr"), str)
    return isinstance(value, (list, tuple))


def _size(value: Any) -> int:
    entries = value.get("$items") if isinstance(value, Mapping) else None
    return len(entries) if isinstance(entries, (list, tuple)) else len(value)


def _preview(value: Any, veil: Veil) -> Spans:
    """All of a small container of atoms; the others are for those who open them."""
    items = value.values() if isinstance(value, Mapping) else value
    if _size(value) > SMALL or any(_is_container(item) for item in items):
        return []
    return shortened([Span(literal(veil.over(value)), Role.QUIET)], PREVIEW)


def _opening_container(value: Any, path: Path, veil: Veil, explain: Explain) -> Callable[[], Children] | None:
    if not _size(value):
        return None
    if isinstance(value, Mapping):
        entries = value.get("$items")
        if not isinstance(entries, (list, tuple)):
            return lambda: fields_of(value, path, veil, lambda key: explain(f"{path[-1]}.{key}"))
        return lambda: _pairs(entries, path, veil)
    if veil.name == "headers":
        return lambda: header_nodes(value, path, veil)
    return lambda: Children(range(len(value)), lambda index: value_node(index, value[index], (*path, index), veil))


def _pairs(entries: Sequence[Any], path: Path, veil: Veil) -> Children:
    """The entries of a dict whose keys are no texts."""

    def entry(index: int) -> Node:
        pair, place = entries[index], (*path, index)
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2):
            return value_node(index, pair, place, veil)
        node = value_node(index, pair[1], place, veil.over_pair(pair[0]))
        name = text_of(shortened([Span(literal(pair[0]))], NAME))
        return Node(index, [Span(name, Role.STRONG), Span("  "), *node.label[1:]], place, node.children, node.read)

    return Children(range(len(entries)), entry)


def header_nodes(headers: Sequence[Any], path: Path, veil: Veil, usual: str = "bytes") -> Children:
    """A header list as a table, in its order, with every repetition; what is not of the `usual` type says so."""

    def entry(index: int) -> Node:
        pair = headers[index]
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2 and all(_is_header_part(part) for part in pair)):
            return value_node(index, pair, (*path, index), veil.over_pair(pair[0] if _is_some(pair) else None))
        return _header_node(index, pair, path, veil, usual)

    return Children(range(len(headers)), entry)


def _header_node(index: int, pair: Sequence[Any], path: Path, veil: Veil, usual: str) -> Node:
    name, value = pair[0], veil.over_pair(pair[0]).over(pair[1])
    about = glossary.header(kept_bytes(name).decode("latin-1").lower())
    label = [
        Span(_bare(name, NAME + 10), Role.STRONG),
        Span(": ", Role.QUIET),
        Span(_bare(value, VALUE + 16)),
        *_unusual(pair, usual),
    ]

    place = (*path, index)
    opening: Callable[[], Children | Lines] | None = None if about is None else partial(explanation, about)
    if kept_length(value) > VALUE:
        opening = partial(long_value, value, place)
    return Node(index, label, place, opening, lambda: [name, value], remark_on(about), about)


def _bare(value: Any, cells: int) -> str:
    """A byte string or text without quotation marks."""
    kept, beyond = kept_of(value), beyond_kept(value)
    return fit(kept, cells, beyond) if isinstance(kept, str) else fit_bytes(kept_bytes(value), cells, beyond)


def _is_some(pair: Any) -> bool:
    return isinstance(pair, (list, tuple)) and len(pair) > 0


def _is_header_part(part: Any) -> bool:
    return isinstance(kept_of(part), (bytes, str))


def _unusual(pair: Sequence[Any], usual: str) -> Spans:
    """The types of a header that are not those of the specification: two byte strings in ASGI, two texts in WSGI."""
    kinds = [type_name(part) for part in pair]
    return [] if kinds == [usual, usual] else [Span(f"  {kinds[0]}: {kinds[1]}", Role.QUIET)]


def _opening_value(key: Key, value: Any, path: Path) -> Callable[[], Children | Lines] | None:
    kept = kept_of(value)
    if key == "query_string" and kept:
        return lambda: form_nodes(query_forms(kept_bytes(value)), path)
    if isinstance(kept, bytes) and kept:
        return lambda: form_nodes(forms(kept, true_length=true_length(value)), path)
    if isinstance(kept, str) and (len(kept) > VALUE - 2 or not kept.isprintable()):
        return lambda: long_value(value, path)
    if isinstance(value, Mapping) and isinstance(value.get("$repr"), str) and len(value["$repr"]) > VALUE - 2:
        return lambda: Wrapped(value["$repr"])
    return None


def long_value(value: Any, path: Path) -> Children | Lines:
    """A text in full, in parts when it is very long."""
    found = forms(kept_bytes(value), "text/plain; charset=utf-8", true_length=true_length(value))
    return form_content(next((form for form in found if form.name == "text"), found[-1]), path)


def form_nodes(found: Sequence[Form], path: Path) -> Children:
    """The forms of a body: the best has the key ``shown``, so that it is open wherever the reader opened one before."""

    def node(index: int) -> Node:
        form = found[index]
        key = form.name if index else "shown"
        place = (*path, key)
        label = [Span(form.name, Role.STRONG), Span(f"  {form.remark}" if form.remark else "", Role.QUIET)]
        return Node(key, label, place, lambda: form_content(form, place))

    return Children(["shown", *(form.name for form in found[1:])], node)


def form_content(form: Form, path: Path) -> Children | Lines:
    """The lines of a form; of a long one its parts, each of which opens by itself."""
    if form.parts == 1:
        return form

    def part(index: int) -> Node:
        label = [Span(f"part {index + 1:,}", Role.STRONG), Span(f" of {form.parts:,}", Role.QUIET)]
        return Node(index, label, (*path, index), lambda: form.part(index))

    return Children(range(form.parts), part)


def remark_on(about: Entry | None) -> str:
    """The glossary's one line, and the section of the specification."""
    return "" if about is None else f"{about.line} · {about.section}"


def explanation(about: Entry) -> Drawn:
    """What the glossary says about a word, in full."""
    return Drawn(lambda width: [row.spans for row in draw(about, width)])
