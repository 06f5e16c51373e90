"""Bytes as they are: offset, hexadecimal and characters, a row each for as many bytes as the width allows."""

from __future__ import annotations

from asgiviz.views.spans import Role, Span, Spans, cut

#: Bytes in a row, the most that fit.
PER_ROW = (16, 8, 4)
_SHOWN = bytes(code if 0x20 <= code < 0x7F else 0x2E for code in range(256))


class Hex:
    """A hex dump; touches the bytes of the rows that are looked at and no others."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._digits = max(4, len(f"{max(0, len(data) - 1):x}"))

    def count(self, width: int) -> int:
        """The rows at this width."""
        return -(-len(self._data) // self._per_row(width))

    def row(self, index: int, width: int) -> Spans:
        """Offset, bytes, and what they are as ASCII."""
        each = self._per_row(width)
        piece = self._data[index * each : (index + 1) * each]
        offset = f"{index * each:0{self._digits}x}"
        return cut(
            [
                Span(offset, Role.QUIET),
                Span(f"  {piece.hex(' '):<{3 * each - 1}}  "),
                Span(piece.translate(_SHOWN).decode("ascii"), Role.QUIET),
            ],
            width,
        )

    def _per_row(self, width: int) -> int:
        return next((each for each in PER_ROW if self._digits + 2 + 3 * each - 1 + 2 + each <= width), PER_ROW[-1])
