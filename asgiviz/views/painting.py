"""Rows as the text that a terminal prints: with colours where they are wanted, in ASCII where that is."""

from __future__ import annotations

from collections.abc import Iterable

from asgiviz.views.plain import COLOURS
from asgiviz.views.spans import Role, Row, in_ascii, text_of

_CODES = {**COLOURS, Role.STRONG.value: "1"}


def painted(rows: Iterable[Row], colour: bool, ascii_only: bool) -> str:
    """The rows, a line each; without `colour` there is no control code in them."""
    lines = []
    for spans, _ in rows:
        line = in_ascii(spans) if ascii_only else spans
        if colour:
            lines.append(
                "".join(f"\x1b[{_CODES[role]}m{text}\x1b[0m" if role in _CODES and text else text for text, role in line)
            )
        else:
            lines.append(text_of(line).rstrip())
    return "".join(f"{line}\n" for line in lines)
