"""The report of a check for people."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asgiviz.export.findings_text import render, source_line
from asgiviz.model.finding import CodePlace, Severity
from asgiviz.views.text import cells_of
from tests.export.made_findings import LIBRARY, Made, made, shown_of


def test_it_tells_the_essential_first(tmp_path: Path) -> None:
    """The first line counts; errors stand before warnings, and what is alike is told once."""
    checked = made(tmp_path)
    text = render(checked, shown_of(checked, tmp_path))
    first, _, rest = text.partition("\n\n")
    assert first == "shop:app: 5 errors, 1 warning, 4 rules, and not everything could be tried"
    assert rest.startswith("error  HTTP-S-020  the app  ×3\n")
    assert text.count("the app returned after http.response.start, without a body") == 1
    assert "  #1 POST /orders, #2 POST /orders, #3 GET /orders\n" in text
    assert text.index("error  LIFE-001  the layer Sessions") < text.index("warning  HTTP-C-004  the server")


def test_it_shows_the_users_own_line_of_code(tmp_path: Path) -> None:
    """The user's frame comes first with its source, what it led to behind it, then what would be legal, and what to do."""
    checked = made(tmp_path)
    text = render(checked, shown_of(checked, tmp_path))
    assert (
        "    shop.py:2 in orders\n"
        '    │ await send({"type": "http.response.start", "status": 200})\n'
        "    through starlette/responses.py:155 in __call__\n"
    ) in text
    assert '    │ await send({"type": "http.response.body", "body": b"%"})\n    legal: http.response.start\n  do: ' in text


def test_it_says_who_called_it(tmp_path: Path) -> None:
    """Of the user's own code, the nearest first; where no line is the user's, of the libraries'."""
    checked = made(tmp_path)
    (early,) = [finding for finding in checked.findings if finding.rule == "HTTP-S-021"]
    main, file = CodePlace(LIBRARY, 9, "serve"), str(tmp_path / "shop.py")
    checked.findings = [early._replace(code=(*early.code, main, CodePlace(file, 1, "orders"), CodePlace(file, 9, "app")))]
    assert "    from shop.py:1 in orders, shop.py:9 in app\n" in render(checked, shown_of(checked, tmp_path))
    checked.findings = [early._replace(code=(CodePlace(LIBRARY, 4, "sender"), main))]
    text = render(checked, shown_of(checked, tmp_path))
    assert "    starlette/responses.py:4 in sender\n    from starlette/responses.py:9 in serve\n" in text


def test_source_that_was_changed_since_is_not_shown(tmp_path: Path) -> None:
    """A line of a file that is newer than the recording may be another one."""
    file = tmp_path / "shop.py"
    file.write_text("x = 1\n", encoding="utf-8")
    os.utime(file, (1_000, 1_000))
    assert source_line(str(file), 1, began=2_000) == "x = 1\n"
    assert source_line(str(file), 1, began=999) == ""
    assert source_line(str(tmp_path / "gone.py"), 1, began=2_000) == ""
    assert source_line("\0", 1, began=2_000) == ""


def test_a_recording_shows_no_file_but_source(tmp_path: Path) -> None:
    """It may come from anybody and name what is secret here, or what never ends."""
    secret, pipe = tmp_path / "id_rsa", tmp_path / "pipe.py"
    secret.write_text("secret\n")
    os.mkfifo(pipe)
    for file in (secret, pipe, Path("/dev/zero"), tmp_path):
        assert source_line(str(file), 1, began=2**40) == ""


def test_it_says_what_it_does_not_show(tmp_path: Path) -> None:
    """Remarks that are hidden are counted, with the option that shows them; what could not be done is told."""
    checked = made(tmp_path)
    text = render(checked, shown_of(checked, tmp_path), width=100)
    assert text.endswith(
        "\nThe app describes no operations: nothing was found at /openapi.json.\n"
        "Not shown: 1 remark. To see them: --min-severity info\n"
        "Checked: 9 connections, 120 events, 0.2 s.\n"
        "More about a rule: asgiviz rules HTTP-S-020\n"
    )
    assert "info  HTTP-S-014" in render(checked, shown_of(checked, tmp_path, least=Severity.INFO))


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_line_is_too_wide_and_no_control_code_is_in_it(tmp_path: Path, width: int, ascii_only: bool) -> None:
    """Whatever the app's own words hold."""
    checked = made(tmp_path)
    text = render(checked, shown_of(checked, tmp_path), width, ascii_only=ascii_only)
    assert max(map(cells_of, text.splitlines())) <= width
    assert text.replace("\n", "").isprintable()
    assert text.isascii() or not ascii_only
    assert "\\x1b[31mlifespan.startup" in text


def test_colour_is_beside_the_text(tmp_path: Path) -> None:
    """Without its control codes a coloured report is the plain one."""
    checked = made(tmp_path)
    shown = shown_of(checked, tmp_path)
    coloured = render(checked, shown, colour=True)
    assert "\x1b[31merror  \x1b[0m" in coloured
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[90m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render(checked, shown)


def test_a_clean_app_is_told_in_two_lines(tmp_path: Path) -> None:
    """Nothing but the result and what was done for it."""
    clean = Made(connection_count=1, events=9, seconds=1.5)
    text = render(clean, shown_of(clean, tmp_path))
    assert text == "shop:app: nothing was found\n\nChecked: 1 connection, 9 events, 1.5 s.\n"
