"""The filter language: `parse` turns a text into a `Filter`, or says in one sentence what is wrong with it and where.

either  = both ("|" both)*
both    = one ("&"? one)*
one     = "!" one | "(" either ")" | atom
"""

from __future__ import annotations

import re

from asgiviz.views.atoms import ATOMS, AtomKind
from asgiviz.views.evidence import And, Filter, Not, Or
from asgiviz.views.text import cells_of, fit, safe

#: Parentheses and signs of negation within each other.
MAX_DEPTH = 50
#: Columns of the text that a `picture` shows.
PICTURE = 100
_KINDS = {kind.sign: kind for kind in ATOMS}
_SPACE = re.compile(r"\s*")
_SIGN = re.compile(r"~\w*")
_WORD = re.compile(r"[^\s&|()'\"]+")
_ESCAPED = re.compile(r"\\([\\'\"])")


class FilterError(Exception):
    """A filter cannot be read. The text is one sentence; `column` counts from 1.

    `text` is the filter as it was given, `picture` two lines: the filter, safe to print, and a caret under the place.
    """

    def __init__(self, sentence: str, text: str, column: int) -> None:
        super().__init__(f"{sentence} (column {column})")
        self.text = text
        self.column = column

    @property
    def picture(self) -> str:
        """The filter and a caret under `column`, as two lines."""
        before, behind = self.text[: self.column - 1], self.text[self.column - 1 :]
        shown = safe(before[-PICTURE // 2 :])
        return f"{shown}{fit(behind, PICTURE)}\n{' ' * cells_of(shown)}^"


def parse(text: str) -> Filter:
    """The filter that `text` stands for. Raises FilterError and nothing else."""
    parser = _Parser(text)
    found = parser.either(0)
    if parser.peek():
        raise parser.trouble("this ) closes nothing: take it away, or open it before")
    return found


class _Parser:
    """Reads from the left to the right; `place` is where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def trouble(self, sentence: str, place: int | None = None) -> FilterError:
        return FilterError(sentence, self.text, (self.place if place is None else place) + 1)

    def peek(self) -> str:
        """The next sign that is no space; empty at the end."""
        space = _SPACE.match(self.text, self.place)
        self.place = space.end() if space else self.place
        return self.text[self.place : self.place + 1]

    def either(self, depth: int) -> Filter:
        found = [self.both(depth)]
        while self.peek() == "|":
            self.place += 1
            found.append(self.both(depth))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def both(self, depth: int) -> Filter:
        found = [self.one(depth)]
        while (sign := self.peek()) and sign not in "|)":
            if sign == "&":
                self.place += 1
            found.append(self.one(depth))
        return found[0] if len(found) == 1 else And(tuple(found))

    def one(self, depth: int) -> Filter:
        sign = self.peek()
        if depth > MAX_DEPTH:
            raise self.trouble(f"more than {MAX_DEPTH} ( and ! stand within each other: write it flatter")
        if sign == "!":
            self.place += 1
            return Not(self.one(depth + 1))
        if sign == "(":
            return self.inside(depth)
        if sign == "~":
            return self.atom()
        raise self.not_an_atom(sign)

    def inside(self, depth: int) -> Filter:
        opened = self.place
        self.place += 1
        found = self.either(depth + 1)
        if self.peek() != ")":
            raise self.trouble("this ( is never closed: write ) behind it", opened)
        self.place += 1
        return found

    def not_an_atom(self, sign: str) -> FilterError:
        if not sign:
            what = "the filter ends where an atom is missing" if self.text.strip() else "the filter is empty"
            return self.trouble(f"{what}: write one, such as {ATOMS[0].example}")
        if sign in "&|)":
            return self.trouble(f"there is no atom before this {sign}: write one, such as {ATOMS[0].example}")
        word = _WORD.match(self.text, self.place)
        if word is None:
            return self.trouble("a text alone is no atom: to look for it in the path write ~p before it")
        return self.trouble(f"{fit(word[0], 40)} is no atom: to look for it in the path write ~p {fit(word[0], 40)}")

    def atom(self) -> Filter:
        began = self.place
        sign = _SIGN.match(self.text, began)
        assert sign is not None  # the caller saw the ~
        kind = _KINDS.get(sign[0])
        if kind is None:
            known = " ".join(_KINDS)
            raise self.trouble(f"there is no atom {fit(sign[0], 20)}: the atoms are {known}", began)
        self.place = sign.end()
        if not kind.argument:
            return kind.build("")
        return self.with_argument(kind, began)

    def with_argument(self, kind: AtomKind, began: int) -> Filter:
        sign = self.peek()
        place = self.place
        if not sign or sign in "&|()!~":
            raise self.trouble(f"{kind.sign} needs {kind.argument} behind it, as in {kind.example}", began)
        argument = self.quotation(sign) if sign in "'\"" else self.word()
        if not argument:
            raise self.trouble(f"{kind.sign} needs {kind.argument} in its quotes, as in {kind.example}", place)
        try:
            return kind.build(argument)
        except ValueError as error:
            raise self.trouble(f"{fit(argument, 40)} {error}", place) from None

    def word(self) -> str:
        match = _WORD.match(self.text, self.place)
        assert match is not None  # the caller saw its first sign
        self.place = match.end()
        return match[0]

    def quotation(self, quote: str) -> str:
        opened = self.place
        place = opened + 1
        while (sign := self.text[place : place + 1]) != quote:
            if not sign:
                raise self.trouble(f"this {quote} is never closed: write another at the end of the text", opened)
            place += 2 if sign == "\\" and self.text[place + 1 : place + 2] in ("\\", "'", '"') else 1
        self.place = place + 1
        return _ESCAPED.sub(r"\1", self.text[opened + 1 : place])
