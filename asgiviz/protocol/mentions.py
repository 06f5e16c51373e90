"""Which words of the glossary a text mentions, in the order of the text, each once.

In prose only terms of the field count, and of those only what is no ordinary English. In code letters, and in a source,
everything does that stands there as a name. Any text will do; nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from asgiviz.protocol import glossary
from asgiviz.protocol.glossary import ALIASES, ENTRIES, Entry, Kind

#: Words that mean something else in most sentences, and in code letters what the glossary says.
_AS_CODE = frozenset({"send", "receive", "note", "write", "close"})
#: Words that mean something else wherever they stand; only who asks for them means them.
_ORDINARY = frozenset(
    {"side", "step", "hold", "saw", "wanted", "speed", "virtual", "layer", "exit", "raised", "returned", "hang", "chunk"}
    | {"extension", "marked"}
)
#: Code letters, or a block of code, as Markdown has them.
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
_ADDRESS = re.compile(r"\b[a-z]+://\S+")
#: Characters of code letters that can be a name.
_LONGEST = 60


def in_text(text: str) -> Iterator[Entry]:
    """What a text in Markdown mentions."""
    return _once(_in_pieces(text))


def in_source(source: str) -> Iterator[Entry]:
    """What a piece of code mentions by name."""
    return _once(_found(source, True))


def _in_pieces(text: str) -> Iterator[Entry]:
    for place, piece in enumerate(_CODE.split(text)):
        if not place % 2:
            yield from _found(_ADDRESS.sub(" ", piece), False)
        elif (entry := _named(piece.strip("`").strip())) is not None:
            yield entry
        else:
            yield from _found(piece, True)


def _named(code: str) -> Entry | None:
    """What the code letters name as a whole."""
    return glossary.look_up(code.removesuffix("()")) if len(code) <= _LONGEST else None


def _found(text: str, code: bool) -> Iterator[Entry]:
    pattern, entries = _terms(code)
    for match in pattern.finditer(text):
        yield entries[" ".join(match[1].lower().split())]


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    yield from dict.fromkeys(entries)


@lru_cache(maxsize=2)
def _terms(code: bool) -> tuple[re.Pattern[str], dict[str, Entry]]:
    """What to look for, the longest first: whole words, in capitals or not, one or several of them."""
    kinds = (Kind.WORD, Kind.MESSAGE) if code else (Kind.WORD,)
    meant = {entry.word.removesuffix("()").lower(): entry for entry in ENTRIES if entry.kind in kinds}
    for alias, word in ALIASES.items():
        entry = glossary.look_up(word)
        if entry is not None and entry.kind is Kind.WORD:
            meant.setdefault(alias, entry)
    left_out = _ORDINARY if code else _ORDINARY | _AS_CODE
    names = sorted(meant.keys() - left_out, key=lambda name: (-len(name), name))
    any_of = "|".join(r"\s+".join(map(re.escape, name.split())) for name in names)
    # no part of a longer name, a path or a word with hyphens; a full stop or colon behind it ends a sentence
    return re.compile(rf"(?<![\w/.:-])({any_of})(?:e?s)?(?!\w|[-/.:]\w)", re.IGNORECASE), meant
