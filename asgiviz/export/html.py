"""The few building blocks of a page. A text is escaped wherever it is put in; only `Html`, which these functions make, is not.

So no text can open or close a tag, and every tag is closed.
"""

from __future__ import annotations

import datetime
import html
from collections.abc import Sequence

from asgiviz.views.markdown_html import inline, paragraphs
from asgiviz.views.text import safe

#: Tags without an end.
_VOID = frozenset({"meta"})


class Html(str):
    """Markup that is put in as it is."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """``<name …>children</name>``. `_` in an attribute is ``-``, at its end nothing; True has no value, None is left out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*children)}</{name}>")


def _attribute(key: str, value: str | float | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'


def joined(*children: str | None) -> Html:
    """Pieces one after the other."""
    return Html("".join(child if isinstance(child, Html) else escaped(child) for child in children if child))


def escaped(text: str) -> Html:
    """A text as it is read: no markup, no character that cannot be seen."""
    return Html(html.escape(safe(" ".join(text.split("\n"))), quote=True))


def words(text: str, lang: str | None = None) -> Html:
    """An author's Markdown inside a line; `lang` is its language where that is not the page's."""
    made = Html(inline(text))
    return tag("span", made, lang=lang) if lang else made


def prose(text: str, lang: str | None = None) -> Html:
    """An author's Markdown as paragraphs."""
    return tag("div", Html(paragraphs(text)), lang=lang)


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], class_: str | None = None) -> Html:
    """A table with a caption; the first cell of a row is the heading of that row."""
    head = tag("tr", *(tag("th", each, scope="col") for each in heads))
    body = [tag("tr", tag("th", first, scope="row"), *(tag("td", each) for each in rest)) for first, *rest in rows]
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body), class_=class_)
    return tag("div", whole, class_="wide")


def moment(at: float | None, zone: datetime.tzinfo | None = None) -> Html:
    """A moment (seconds since 1970) to the minute, in the time of `zone` (None: of this machine); empty if not known."""
    if not at:
        return Html("")
    try:
        when = datetime.datetime.fromtimestamp(at, datetime.UTC).astimezone(zone).replace(microsecond=0)
    except (OverflowError, OSError, ValueError):
        return Html("")
    said = f"{when.day} {when:%B} {when.year}, {when:%H:%M}"
    return tag("time", said, datetime=when.isoformat())
