"""Sums and conditions that a lesson may write: numbers, names, ``+ - * /``, ceil, min, max. Nothing is evaluated as Python.

``ceil(clients / threads) * wait`` is an expression, ``<= 1.5 * wait`` a condition.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z_][\w.]*)|(==|>=|<=|!=|[-+*/(),<>]))")
_FUNCTIONS: dict[str, Callable[..., float]] = {"ceil": math.ceil, "min": min, "max": max}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv}
#: Parentheses inside each other, and characters, so that no text can exhaust the stack.
DEEPEST = 20
LONGEST = 300

_Reader = Callable[[Mapping[str, float]], float]


class ExpressionError(ValueError):
    """A text is no expression; `str()` is one sentence that says where it stops being one."""


@dataclass(frozen=True)
class Expression:
    """A sum over named numbers. `names` are those it needs."""

    text: str
    names: frozenset[str]
    _read: _Reader

    def value(self, names: Mapping[str, float]) -> float:
        """What it comes to. ExpressionError when a name is missing or something is divided by nothing."""
        missing = sorted(self.names - names.keys())
        if missing:
            raise ExpressionError(f"{self.text!r} needs {missing[0]!r}, which is not known here")
        try:
            value = float(self._read(names))
        except ZeroDivisionError:
            raise ExpressionError(f"{self.text!r} divides by zero") from None
        except (OverflowError, ValueError):
            value = math.inf
        if not math.isfinite(value):
            raise ExpressionError(f"{self.text!r} comes to no number")
        return value


@dataclass(frozen=True)
class Condition:
    """A comparison with an expression: ``>= clients``."""

    text: str
    sign: str
    expression: Expression

    def holds(self, value: float, names: Mapping[str, float]) -> bool:
        """Whether it holds for a value. Equality allows for what is lost in floating point."""
        wanted = self.expression.value(names)
        if self.sign in ("==", "<=", ">=") and math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-9):
            return True
        return _COMPARISONS[self.sign](value, wanted)


def expression(text: object) -> Expression:
    """The expression in a text (or a bare number). ExpressionError says what is wrong with it."""
    parser = _Parser(text)
    read = parser.sum()
    parser.end()
    return Expression(parser.text, frozenset(parser.names), read)


def condition(text: object) -> Condition:
    """The condition in a text: a comparison sign and an expression; a bare number means equality."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return Condition(f"== {text}", "==", expression(text))
    parser = _Parser(text)
    sign = parser.next()
    if sign not in _COMPARISONS:
        raise ExpressionError(f"{parser.text!r} must begin with one of {' '.join(_COMPARISONS)}")
    read = parser.sum()
    parser.end()
    return Condition(parser.text, sign, Expression(parser.text[len(sign) :].strip(), frozenset(parser.names), read))


class _Parser:
    """Reads one text from left to right; each method takes what belongs to it."""

    def __init__(self, text: object) -> None:
        if isinstance(text, bool) or not isinstance(text, (str, int, float)):
            raise ExpressionError(
                f"{text!r} is no expression: write a number or a text such as 'ceil(clients / threads) * wait'"
            )
        self.text = str(text).strip()
        if len(self.text) > LONGEST:
            raise ExpressionError(f"{self.text[:40]!r}… is too long: {len(self.text)} characters, at most {LONGEST}")
        self.names: set[str] = set()
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0

    def _split(self) -> Iterator[str]:
        place = 0
        while place < len(self.text):
            found = _TOKEN.match(self.text, place)
            if found is None:
                raise ExpressionError(f"{self.text!r}: {self.text[place:].strip()[:12]!r} is not understood there")
            yield found[0].strip()
            place = found.end()

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise ExpressionError(f"{self.text!r}: {self.peek()!r} is too much")

    def sum(self) -> _Reader:
        return self._chain(_SUMS, self._product)

    def _product(self) -> _Reader:
        return self._chain(_PRODUCTS, self._factor)

    def _chain(self, signs: Mapping[str, Callable[[float, float], float]], part: Callable[[], _Reader]) -> _Reader:
        read = part()
        while self.peek() in signs:
            read = _both(signs[self.next()], read, part())
        return read

    def _factor(self) -> _Reader:
        negative = False
        while self.peek() == "-":
            self.next()
            negative = not negative
        read = self._operand()
        return (lambda names: -read(names)) if negative else read

    def _operand(self) -> _Reader:
        word = self.next()
        if word == "(":
            read = self._inside()
            self._expect(")")
            return read
        if word[:1].isdigit():
            number = float(word)
            return lambda names: number
        if word in _FUNCTIONS:
            return self._call(word)
        if not word[:1].isalpha() and word[:1] != "_":
            raise ExpressionError(f"{self.text!r}: a number or a name is missing" + (f" before {word!r}" if word else ""))
        self.names.add(word)
        return lambda names: names[word]

    def _inside(self) -> _Reader:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"{self.text[:40]!r}… has too many parentheses")
        read = self.sum()
        self._depth -= 1
        return read

    def _call(self, name: str) -> _Reader:
        self._expect("(")
        arguments = [self._inside()]
        while self.peek() == ",":
            self.next()
            arguments.append(self._inside())
        self._expect(")")
        if name == "ceil" and len(arguments) != 1:
            raise ExpressionError(f"{self.text!r}: ceil takes one number")
        function = _FUNCTIONS[name]
        if len(arguments) == 1 and name != "ceil":
            return arguments[0]
        return lambda names: function(*(read(names) for read in arguments))

    def _expect(self, token: str) -> None:
        if self.next() != token:
            raise ExpressionError(f"{self.text!r}: {token!r} is missing")


def _both(function: Callable[[float, float], float], left: _Reader, right: _Reader) -> _Reader:
    return lambda names: function(left(names), right(names))
