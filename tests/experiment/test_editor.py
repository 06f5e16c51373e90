"""Asking the learner's own editor for a line."""

from __future__ import annotations

import pytest

from asgiviz.experiment.editor import chosen_editor, editor_command


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vim", ["vim", "+41", "/srv/app/shop.py"]),
        ("code --wait", ["code", "--wait", "--goto", "/srv/app/shop.py:41"]),
        ("/opt/bin/zed", ["/opt/bin/zed", "--goto", "/srv/app/shop.py:41"]),
    ],
)
def test_an_editor_is_asked_in_its_own_way(editor: str, expected: list[str]) -> None:
    """Those of the terminal take +line, graphical ones file:line."""
    assert editor_command(editor, "/srv/app/shop.py", 41) == expected


def test_the_graphical_editor_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """$VISUAL, else $EDITOR, else none."""
    monkeypatch.setenv("EDITOR", "nano")
    monkeypatch.setenv("VISUAL", "code --wait")
    assert chosen_editor() == "code --wait"
    monkeypatch.delenv("VISUAL")
    assert chosen_editor() == "nano"
    monkeypatch.delenv("EDITOR")
    assert chosen_editor() is None


@pytest.mark.parametrize("editor", ["vim 'unfinished", " "])
def test_what_is_no_command_is_refused(editor: str) -> None:
    """An open quote, or nothing at all."""
    with pytest.raises(ValueError, match=r"quot|empty"):
        editor_command(editor, "app.py", 1)
