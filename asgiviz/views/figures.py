"""Figures in words: durations, sizes, and what the close codes of RFC 6455 mean."""

from __future__ import annotations

from typing import Any

from asgiviz.views.text import literal, number

#: RFC 6455, section 7.4.1, and the IANA registry that it founded.
CLOSE_CODES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1004: "reserved",
    1005: "no status received",
    1006: "abnormal closure",
    1007: "invalid payload data",
    1008: "policy violation",
    1009: "message too big",
    1010: "mandatory extension missing",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS handshake failed",
}
_MICRO, _MILLI, _SECOND, _MINUTE = 1_000, 1_000_000, 1_000_000_000, 60_000_000_000
_LONGEST = 10**18


def duration(ns: int, ascii_only: bool = False) -> str:
    """Nanoseconds with the unit that fits and two or three significant digits; seconds to the millisecond."""
    if ns < 0:
        return "-" + duration(-ns, ascii_only)
    if ns < 999_500:
        return f"{_digits(ns / _MICRO)} {'us' if ascii_only else 'µs'}"
    if ns < 999_500_000:
        return f"{_three_digits(ns / _MILLI)} ms"
    if ns < _MINUTE - _MILLI // 2:
        return f"{ns / _SECOND:.3f} s"
    if ns > _LONGEST:
        return "for ever"
    minutes, seconds = divmod(round(ns / _SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def _digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _three_digits(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def size(count: int) -> str:
    """Bytes, exactly."""
    return f"{number(count)} B"


def close_code(code: Any) -> str:
    """A close code and its meaning."""
    if type(code) is not int:
        return literal(code)
    if code in CLOSE_CODES:
        return f"{code} {CLOSE_CODES[code]}"
    if 3000 <= code < 4000:
        return f"{code} (registered by a library)"
    if 4000 <= code < 5000:
        return f"{code} (private to the application)"
    return f"{number(code)} (no legal close code)"


def seconds(ns: int) -> str:
    """A moment as seconds since the start, to the millisecond."""
    return f"{ns / _SECOND:.3f}" if -_LONGEST < ns < _LONGEST else "?"
