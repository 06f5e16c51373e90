"""The keys that texts of a lesson name are those of the table of keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asgiviz.ui.keys import ACTIONS, SCREENS
from asgiviz.views import exercise_rows, lesson_text, run_rows

#: What is said beside a key in the text of a lesson -> the action that it promises.
PROMISED = {
    "edit": "lesson.edit", "check": "lesson.check", "hint": "lesson.hint", "where": "lesson.evidence",
    "solutions": "lesson.solution", "next page": "lesson.next_page", "run": "lesson.go_on", "run again": "lesson.run_again",
    "play back": "lesson.play", "another value": "lesson.other_knob",
}  # fmt: skip
#: A key in bold, and behind it in a quiet voice what it does.
_KEY = re.compile(r'Span\("([^"]+)", Role\.STRONG\),\s*Span\("([^"]+)", Role\.QUIET\)')
#: A key in a page of docs/.
_DOCS_KEY = re.compile(r"`([^`\s]|space|tab|enter|escape)`")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("view", [run_rows, exercise_rows, lesson_text], ids=lambda view: view.__name__.rpartition(".")[2])
def test_a_key_beside_a_promise_is_the_key_of_its_action(view: object) -> None:
    """What a page says that a key does, that key does on the lesson screen."""
    found = _KEY.findall(Path(str(getattr(view, "__file__", ""))).read_text(encoding="utf-8"))
    told = [(key.strip(), says.strip()) for key, says in found if says.strip() not in ("change", "")]
    assert told
    assert [(key, says) for key, says in told if key not in ACTIONS[PROMISED[says]].keys] == []


def test_plus_and_minus_change_a_value() -> None:
    """The block of a run names them together."""
    assert (ACTIONS["lesson.more"].keys, ACTIONS["lesson.less"].keys) == (("+",), ("-",))
    assert ("   + -", " change") in _KEY.findall(Path(run_rows.__file__).read_text(encoding="utf-8"))


def test_every_key_in_the_page_on_lessons_is_one_of_the_lesson_screen() -> None:
    """docs/lessons.md names no key that the screen has not."""
    keys = {key for action in ACTIONS.values() if action.group in SCREENS["lesson"] for key in action.keys}
    signs = set("░█·▓▒")
    named = set(_DOCS_KEY.findall((DOCS / "lessons.md").read_text(encoding="utf-8"))) - signs
    assert named
    assert named - keys == set()
