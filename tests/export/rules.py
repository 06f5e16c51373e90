"""What a page must keep to so that everybody can read it, checked by rule on the parsed page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

#: Tags without an end.
VOID = frozenset({"meta", "br"})
#: What loads something, or runs.
LOADS = frozenset({"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form"})


@dataclass
class Element:
    """A tag with what is in it."""

    name: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    def all(self, *names: str) -> list[Element]:
        """Every element inside it of these names (of all), in order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += [child] if not names or child.name in names else []
                found += child.all(*names)
        return found

    @property
    def text(self) -> str:
        """The text in it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class Page(HTMLParser):
    """Parses a page; an end that fits no beginning is an AssertionError."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert [each.name for each in self._open] == [""], "a tag is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID, f"<{tag} />"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def complaints(page: str) -> list[str]:
    """What is wrong with a page, a sentence each."""
    root = Page(page).root
    return [*_outline(root), *_tables(root), *_pictures(root), *_links(root), *_alone(root)]


def _outline(root: Element) -> list[str]:
    html = root.all("html")[0]
    wrong = [] if html.attributes.get("lang") else ["the page does not say its language"]
    levels = [int(each.name[1]) for each in root.all(*(f"h{level}" for level in range(1, 7)))]
    wrong += ["there is not one h1"] if levels.count(1) != 1 or levels[0] != 1 else []
    wrong += [f"h{a} is followed by h{b}" for a, b in pairwise(levels) if b > a + 1]
    wrong += [f"there is not one <{name}>" for name in ("header", "main", "footer", "title") if len(root.all(name)) < 1]
    wrong += ["there is not one <main>"] if len(root.all("main")) != 1 else []
    return wrong + [f"{each.name} is empty" for each in root.all("h1", "h2", "h3", "h4") if not each.text.strip()]


def _tables(root: Element) -> list[str]:
    wrong = []
    for table in root.all("table"):
        captions, rows = table.all("caption"), table.all("tr")
        name = captions[0].text if captions else "?"
        wrong += [] if len(captions) == 1 and name.strip() else [f"table {name} has not one caption"]
        wrong += [
            f"in {name} a heading has no scope"
            for each in table.all("th")
            if each.attributes.get("scope") not in ("col", "row")
        ]
        wrong += [f"in {name} a row has no heading" for row in rows if not row.all("th")]
        wrong += [f"the rows of {name} are not alike"] if len({len(row.all("th", "td")) for row in rows}) != 1 else []
    return wrong


def _pictures(root: Element) -> list[str]:
    ids = {each.attributes.get("id"): each for each in root.all() if "id" in each.attributes}
    wrong = []
    for svg in root.all("svg"):
        if svg.attributes.get("aria-hidden") == "true":
            continue
        labels = (svg.attributes.get("aria-labelledby") or "").split()
        said = [ids[each].text.strip() for each in labels if each in ids]
        wrong += [] if svg.attributes.get("role") == "img" and said and all(said) else ["a picture has no text"]
    return wrong


def _links(root: Element) -> list[str]:
    ids = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    wrong = [f"the id {each} is there twice" for each in set(ids) if ids.count(each) > 1]
    targets = [str(each.attributes.get("href")) for each in root.all("a")]
    wrong += [f"{each} leads nowhere" for each in targets if each.startswith("#") and each[1:] not in ids]
    for element in root.all():
        wrong += [
            f"{element.name} is named by {each}, which is not there"
            for each in (element.attributes.get("aria-labelledby") or "").split()
            if each not in ids
        ]
    return wrong


def _alone(root: Element) -> list[str]:
    """Nothing is loaded and nothing runs."""
    wrong = [f"there is a <{each.name}>" for each in root.all(*LOADS)]
    for element in root.all():
        wrong += [f"<{element.name}> has {name}" for name in element.attributes if name.startswith("on") or name == "src"]
        wrong += (
            ["javascript:"] if str(element.attributes.get("href")).strip().lower().startswith(("javascript", "data")) else []
        )
    styles = "".join(each.text for each in root.all("style"))
    return wrong + [f"the style sheet has {each}" for each in ("url(", "@import", "</") if each in styles]
