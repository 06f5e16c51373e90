"""Safe text: printable, of known width, and honest about what was left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from asgiviz.views.figures import close_code, duration
from asgiviz.views.text import cells_of, fit, fit_bytes, literal, number, quote, safe, safe_bytes
from tests.model.malformed import FROZEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain é 世界 🎉", "plain é 世界 🎉", id="printable"),
        pytest.param("\x1b[31m", "\\x1b[31m", id="escape sequence"),
        pytest.param("a\r\nb\tc\x00", "a\\r\\nb\\tc\\x00", id="control characters"),
        pytest.param("abc\u202edef\u2066", "abc\\u202edef\\u2066", id="bidi controls"),
        pytest.param("\x9b31m\u2028\u200b", "\\x9b31m\\u2028\\u200b", id="C1, line separator, invisible"),
        pytest.param("\ud800", "\\ud800", id="lone surrogate"),
        pytest.param("[bold]", "[bold]", id="markup is text"),
    ],
)
def test_what_is_not_printable_is_escaped(text: str, expected: str) -> None:
    """A character that could steer a terminal stands as its escape; every other stays."""
    assert safe(text) == expected


def test_bytes_that_are_no_utf8_are_escaped() -> None:
    """Valid UTF-8 is shown as text, each other byte as its escape."""
    assert safe_bytes("é".encode() + b"\xff\x1b") == "é\\xff\\x1b"


@given(
    st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn"])), st.integers(0, 60), st.integers(0, 99)
)
def test_fitted_text_is_printable_and_fits(text: str, cells: int, beyond: int) -> None:
    """No text, however strange, takes more columns than it was given."""
    shown = fit(text, cells, beyond)
    assert all(character.isprintable() or character == "\u3000" for character in shown)
    assert cell_len(shown) <= cells_of(shown) <= cells


@given(st.binary(max_size=300), st.integers(0, 60), st.integers(0, 99))
def test_fitted_bytes_are_printable_and_fit(value: bytes, cells: int, beyond: int) -> None:
    """No bytes, however strange, take more columns than they were given."""
    shown = fit_bytes(value, cells, beyond)
    assert all(character.isprintable() or character == "\u3000" for character in shown)
    assert cell_len(shown) <= cells_of(shown) <= cells


def test_what_is_cut_off_is_counted() -> None:
    """The number behind the cut is that of the characters, or bytes, that are not shown."""
    assert fit("x" * 100, 30) == "x" * 18 + "… (82 more)"
    for text in ("x" * 100, "世" * 100, "\x1b" * 100):
        shown = fit(text, 40, beyond=5)
        assert f"… ({105 - shown.count(safe(text[0])):,} more)" in shown
    shown = fit_bytes("世".encode() * 100, 40)
    assert f"… ({300 - 3 * shown.count('世')} more)" in shown


def test_what_fits_is_not_cut() -> None:
    """A text that just fits is shown whole, one column less cuts it."""
    assert fit("x" * 30, 30) == "x" * 30
    assert "more)" in fit("x" * 30, 29)
    assert fit("世" * 15, 30) == "世" * 15
    assert "more)" in fit("世" * 15, 29)


def test_what_nobody_kept_is_counted_even_without_a_width() -> None:
    """A quotation of a body that was kept in part says how much is missing."""
    assert quote({"$bytes": b"abc", "$len": 10}, None) == "“abc… (7 more)”"


@given(FROZEN)
def test_any_frozen_value_has_a_literal(value: object) -> None:
    """Every value a recording can hold has a short, printable form."""
    assert all(character.isprintable() or character == "\u3000" for character in literal(value))


def test_a_number_too_long_to_print_is_shown_short() -> None:
    """A number of ten thousand digits, which Python refuses to write in decimal, is shown by its beginning."""
    assert number(1234567) == "1,234,567"
    assert number(1 << 40_000).startswith("0x1000")
    assert len(literal(-(1 << 40_000))) < 40


@pytest.mark.parametrize(
    ("ns", "expected"),
    [
        (0, "0.0 µs"),
        (400, "0.4 µs"),
        (9_960, "10 µs"),
        (20_000, "20 µs"),
        (999_400, "999 µs"),
        (999_600, "1.00 ms"),
        (1_900_000, "1.90 ms"),
        (41_230_000, "41.2 ms"),
        (999_600_000, "1.000 s"),
        (1_204_000_000, "1.204 s"),
        (59_999_800_000, "1 min 00 s"),
        (3_725_000_000_000, "1 h 02 min"),
        (-5_000, "-5.0 µs"),
        (1 << 5_000, "for ever"),
    ],
)
def test_durations_have_the_unit_that_fits(ns: int, expected: str) -> None:
    """Rounding never leads to 1000 of a unit, and no figure is too large."""
    assert duration(ns) == expected


def test_durations_can_be_ascii() -> None:
    """The micro sign has an ASCII spelling."""
    assert duration(20_000, ascii_only=True) == "20 us"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1000, "1000 normal closure"),
        (1006, "1006 abnormal closure"),
        (4001, "4001 (private to the application)"),
        (3000, "3000 (registered by a library)"),
        (7, "7 (no legal close code)"),
        ("x", "'x'"),
        (True, "True"),
    ],
)
def test_close_codes_say_what_they_mean(code: object, expected: str) -> None:
    """A close code stands with its meaning from RFC 6455."""
    assert close_code(code) == expected
