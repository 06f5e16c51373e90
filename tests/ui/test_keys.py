"""Each key does one thing, the user may choose another, and what cannot be done is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from asgiviz.settings import Settings
from asgiviz.ui.keys import ACTIONS, SCREENS, TAKEN, KeyMap, bindings, key_map, key_name, rebind


def mapped(keys: Mapping[str, tuple[str, ...]]) -> KeyMap:
    """The key map of a user with these keys, whose file is called `file`."""
    return key_map(Settings(keys=keys, origins={f"keys.{action}": "file" for action in keys}))


def clashes(screen: str, keys: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Pairs of actions of a screen that share a key."""
    held = [(id_, {key_name(key) for key in keys[id_]}) for id_, action in ACTIONS.items() if action.group in SCREENS[screen]]
    return [(one, other) for (one, a), (other, b) in itertools.combinations(held, 2) if a & b]


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_a_screen(screen: str) -> None:
    """Nor is one used that Textual keeps for itself."""
    keys = key_map(Settings()).keys
    assert clashes(screen, keys) == []
    assert {key_name(key) for held in keys.values() for key in held} & set(TAKEN) == set()


def test_every_group_stands_on_a_screen() -> None:
    """And every action has a key, a label that fits the footer, and a sentence of help."""
    assert {action.group for action in ACTIONS.values()} == {group for groups in SCREENS.values() for group in groups}
    for action in ACTIONS.values():
        assert action.keys
        assert len(action.label) <= 17
        assert action.help.endswith(".")


#: what can hold at the same time in a lesson (`LessonScreen._of_use`)
TOGETHER = (("done", "run", "changeable", "ran"), ("done", "exercise", "failed"), ("done", "exercise", "passed"))


def test_every_occasion_of_a_key_is_known() -> None:
    """Or it would never be in the footer."""
    assert {action.when for action in ACTIONS.values()} - {""} == {occasion for together in TOGETHER for occasion in together}


@pytest.mark.parametrize("screen", SCREENS)
def test_the_footer_fits_the_smallest_terminal(screen: str) -> None:
    """The keys that it shows, with their labels and a space after each, take less than 80 columns."""
    shown = [action for action in ACTIONS.values() if action.show and action.group in SCREENS[screen]]
    assert len(shown) >= 3
    for together in TOGETHER:
        keys = [action for action in shown if action.when in ("", *together)]
        assert sum(len(f"{action.keys[0]} {action.label} ") for action in keys) < 80


MISTAKES = {
    "an unknown action": ({"trace.puase": ("p",)}, "file: no action is called 'trace.puase'. Did you mean trace.pause?"),
    "a key that is none": ({"trace.pause": ("spcae",)}, "file: trace.pause: 'spcae' is no key. Did you mean space?"),
    "a modifier that is none": ({"trace.pause": ("strg+p",)}, "file: trace.pause: 'strg+p' is no key: before a + stand ctrl,"),
    "a shifted letter": ({"trace.pause": ("shift+p",)}, "file: trace.pause: 'shift+p': terminals send the sign itself, so"),
    "a key of Textual's": ({"trace.pause": ("ctrl+c",)}, "file: trace.pause: 'ctrl+c' cannot be had: it copies"),
    "no text at all": ({"trace.pause": ("",)}, "file: trace.pause: '' is no key."),
}  # fmt: skip


@pytest.mark.parametrize(("keys", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_wish_that_cannot_be_met_is_one_sentence(keys: dict[str, tuple[str, ...]], said: str) -> None:
    """The action keeps the key that it has, and the other wishes count."""
    map_ = mapped({**keys, "trace.live": ("f8",)})
    (complaint,) = map_.complaints
    assert complaint.startswith(said)
    assert map_.keys["trace.pause"] == ("space",)
    assert map_.keys["trace.live"] == ("f8",)


def test_a_key_that_the_user_gives_away_is_taken_from_its_owner() -> None:
    """Who loses a key, and what is left to it, is told."""
    map_ = mapped({"trace.pause": ("n",), "trace.live": ("j", "question_mark")})
    assert (map_.keys["trace.search_next"], map_.keys["pane.down"], map_.keys["trace.explain"]) == ((), ("down",), ())
    assert set(map_.complaints) == {
        "file: 'n' is trace.pause now, and trace.search_next has no key any more.",
        "file: 'j' is trace.live now, and pane.down has 'down' left.",
        "file: 'question_mark' is trace.live now, and trace.explain has no key any more.",
    }


def test_a_key_that_the_user_gives_twice_stays_with_the_first() -> None:
    """The second action goes without, and that is told."""
    map_ = mapped({"trace.pause": ("f8",), "trace.live": ("f8", "f9")})
    assert (map_.keys["trace.pause"], map_.keys["trace.live"]) == (("f8",), ("f9",))
    assert map_.complaints == ("file: 'f8' is trace.pause now, and trace.live has 'f9' left.",)


def test_two_actions_may_change_places() -> None:
    """Without a word, for nobody loses anything."""
    map_ = mapped({"trace.pause": ("l",), "trace.live": ("space",)})
    assert (map_.keys["trace.pause"], map_.keys["trace.live"], map_.complaints) == (("l",), ("space",), ())


KEY = st.sampled_from([key for action in ACTIONS.values() for key in action.keys]) | st.text(max_size=6)


@given(keys=st.dictionaries(st.sampled_from(sorted(ACTIONS)), st.lists(KEY, max_size=3).map(tuple), max_size=6))
def test_whatever_the_user_wishes_no_key_means_two_things(keys: dict[str, tuple[str, ...]]) -> None:
    """And all groups can be bound."""
    settings = Settings(keys=keys)
    for screen, groups in SCREENS.items():
        assert clashes(screen, key_map(settings).keys) == []
        for group in groups:
            bindings(group, settings)


class Sheet(Screen[None]):
    """Writes down what its keys do."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("trace")

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.done: list[str] = []
        rebind(self, settings)

    def action_pause(self) -> None:
        """What trace.pause runs."""
        self.done.append("pause")

    def action_step_back(self) -> None:
        """What trace.step_back runs."""
        self.done.append("step back")

    def action_explain(self) -> None:
        """What trace.explain runs."""
        self.done.append("explain")

    def action_next_pane(self, step: int) -> None:
        """What trace.pane_next runs, in place of Textual's own way round."""
        self.done.append(f"next pane {step}")

    def action_tab(self, number: int) -> None:
        """What the number keys run."""
        self.done.append(f"tab {number}")


def pressed(settings: Settings, *keys: str) -> list[str]:
    """What is done when these keys are pressed."""

    async def press() -> list[str]:
        app: App[None] = App()
        async with app.run_test() as pilot:
            sheet = Sheet(settings)
            await app.push_screen(sheet)
            await pilot.press(*keys)
            return sheet.done

    return asyncio.run(press())


def test_keys_do_what_the_table_says() -> None:
    """Signs too, and those with an argument."""
    done = pressed(Settings(), "space", "comma", "question_mark", "2", "tab")
    assert done == ["pause", "step back", "explain", "tab 2", "next pane 1"]


def test_remapped_keys_do_what_the_user_says() -> None:
    """The new keys work, the old ones do no more, and a key that was taken away does nothing."""
    settings = Settings(keys={"trace.pause": ("?", "f8"), "trace.explain": ("space",), "trace.tab_2": ()})
    assert pressed(settings, "question_mark", "f8", "space", "2", "comma") == ["pause", "pause", "explain", "step back"]
