"""Markdown as HTML, for the texts of a lesson, which anybody may have written: words, emphasis, code, lists, quotes, links.

No HTML is understood and nothing is loaded. Headings, pictures and tables stay text: the page has its own order of headings.
"""

from __future__ import annotations

from markdown_it import MarkdownIt

from asgiviz.views.markdown_rows import MOST_TEXT
from asgiviz.views.text import safe

_PARSER = MarkdownIt("commonmark", {"html": False}).disable(["heading", "lheading", "hr", "image", "html_block", "html_inline"])


def inline(text: str) -> str:
    """What stands inside a line."""
    return str(_PARSER.renderInline(" ".join(_safe(text).split("\n"))))


def paragraphs(text: str) -> str:
    """Paragraphs, lists and blocks of code."""
    return str(_PARSER.render(_safe(text)))


def _safe(text: str) -> str:
    return "\n".join(safe(line.expandtabs(4)) for line in text[:MOST_TEXT].split("\n"))
