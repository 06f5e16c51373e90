"""Settings are read from file, environment and command line, and each knows where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.values import BODY_LIMIT
from asgiviz.settings import SETTINGS, Settings, WrongValueError
from asgiviz.store.recorder import MAX_EVENTS

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads with this text as the config file and this environment."""

    def load_settings(text: str | bytes, environ: dict[str, str] | None = None, **options: object) -> Settings:
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Settings.load({"ASGIVIZ_CONFIG": str(path), **(environ or {})}, **options)

    return load_settings


def test_without_a_file_everything_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has no file is told nothing, and gets the defaults that the recorder has too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = Settings.load({})
    assert settings.path.is_relative_to(tmp_path)
    assert settings.path.parts[-2:] == ("asgiviz", "config.toml")
    assert settings.warnings == ()
    assert {settings.origin(name) for name in SETTINGS} == {"default"}
    assert (settings.max_events, settings.body_limit) == (MAX_EVENTS, BODY_LIMIT)


def test_the_command_line_wins_over_the_environment_over_the_file(load: Load) -> None:
    """Each layer wins over those before it, and is named as the origin."""
    file = "\n# colours\ntheme = 'light'\nstall_ms = 80\nascii = true\n"
    settings = load(file, {"ASGIVIZ_THEME": "terminal", "ASGIVIZ_STALL_MS": "90"}, theme="dark", stall_ms=None)
    place = str(settings.path)
    assert (settings.theme, settings.stall_ms, settings.ascii, settings.refresh_hz) == ("dark", 90, True, 15)
    origins = [settings.origin(name) for name in ("theme", "stall_ms", "ascii", "refresh_hz")]
    assert origins == ["command line", "ASGIVIZ_STALL_MS", f"{place}:5", "default"]


def test_names_to_mask_add_up(load: Load) -> None:
    """Nobody's list takes a name away that another gave: a secret stays one."""
    settings = load('mask = ["x-one", "x-two"]', {"ASGIVIZ_MASK": "x-two, x-three"}, mask=("x-four",))
    assert settings.mask == ("x-one", "x-two", "x-three", "x-four")
    assert settings.origin("mask") == f"{settings.path}:1 + ASGIVIZ_MASK + command line"


def test_keys_are_read_in_each_way_that_toml_writes_them(load: Load) -> None:
    """Quoted, dotted, one key or several; with the line of each."""
    settings = load('[keys]\n"trace.pause" = "p"\ntrace.live = ["L", "f4"]\n\n[keys.app]\nquit = []\n')
    assert dict(settings.keys) == {"trace.pause": ("p",), "trace.live": ("L", "f4"), "app.quit": ()}
    lines = [settings.origin(f"keys.{action}").rpartition(":")[2] for action in settings.keys]
    assert lines == ["2", "3", "6"]


MISTAKES = {
    "an unknown setting": ("theem = 'dark'", ":1: no setting is called 'theem'. Did you mean theme?"),
    "a choice that is none": (
        "\ntheme = 'ligth'",
        ":2: theme is one of auto, dark, light, high-contrast, terminal, not 'ligth'.",
    ),
    "a text for a number": ("stall_ms = '50'", ":1: stall_ms is a whole number from 1 up, not '50'."),
    "a truth value for a number": ("stall_ms = true", ":1: stall_ms is a whole number from 1 up, not True."),
    "a number too large": ("refresh_hz = 60", ":1: refresh_hz is a whole number from 10 to 30, not 60."),
    "a number for a truth value": ("ascii = 1", ":1: ascii is true or false, not 1."),
    "a list with a number": ("mask = ['a', 1]", ":1: mask is a list of names, not ['a', 1]."),
    "a text for a list": ("mask = 'a'", ":1: mask is a list of names, not 'a'."),
    "a number for a key": ("[keys]\ntrace.pause = 3", ":2: 'keys.trace.pause' is a key or a list of keys"),
    "a text for the table of keys": ("keys = 'space'", ":1: no setting is called 'keys'."),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence_and_the_rest_counts(load: Load, text: str, said: str) -> None:
    """The mistake is told with its line; what stands beside it holds."""
    settings = load(f"{text}\n" if "[keys]" in text else f"{text}\ncolour = false\n", {"ASGIVIZ_MAX_EVENTS": "1000"})
    (warning,) = settings.warnings
    assert warning.startswith(f"{settings.path}{said}")
    assert settings.max_events == 1000
    assert settings.colour is ("[keys]" in text)


NO_TOML = {
    "no value": (b"ascii = true\ntheme = dark\n", ":2: this is no TOML (Invalid value)"),
    "an end too early": (b"mask = [\n'a',\n", ":2: this is no TOML (Invalid value)"),
    "no UTF-8": (b"ascii = true\n# \xff\n", ":2: this is no UTF-8"),
    "nested too deep": (b"mask = " + b"[" * 100_000, ":1: this is no TOML"),
    "a number too long": (b"stall_ms = " + b"9" * 5_000, ":1: this is no TOML"),
}


@pytest.mark.parametrize(("content", "said"), NO_TOML.values(), ids=NO_TOML)
def test_a_file_that_is_no_toml_is_told_with_its_line(load: Load, content: bytes, said: str) -> None:
    """One sentence, and the defaults; the environment still counts."""
    settings = load(content, {"ASGIVIZ_THEME": "light"})
    (warning,) = settings.warnings
    assert warning.startswith(f"{settings.path}{said}")
    assert warning.endswith("defaults are used")
    assert (settings.ascii, settings.theme) == (False, "light")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A directory, or a file that the environment names and that is not there."""
    for path, said in ((tmp_path, "it cannot be read"), (tmp_path / "none.toml", "no such file, which ASGIVIZ_CONFIG names")):
        (warning,) = Settings.load({"ASGIVIZ_CONFIG": str(path)}).warnings
        assert warning.startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("variable", "value", "setting"),
    [
        ("ASGIVIZ_STALL_MS", "soon", "stall_ms"),
        ("ASGIVIZ_THEME", "ligth", "theme"),
        ("ASGIVIZ_ASCII", "perhaps", "ascii"),
    ],
)
def test_a_mistake_in_the_environment_is_one_sentence(load: Load, variable: str, value: str, setting: str) -> None:
    """The variable is named, and its setting keeps what the file says."""
    settings = load("stall_ms = 70\ntheme = 'light'\nascii = true\n", {variable: value})
    (warning,) = settings.warnings
    assert warning.startswith(f"{variable}: {setting} is ")
    assert (settings.stall_ms, settings.theme, settings.ascii) == (70, "light", True)


def test_no_color_wins_over_everything(load: Load) -> None:
    """NO_COLOR, empty or not, takes the colours away, and is named."""
    settings = load("colour = true", {"NO_COLOR": "", "ASGIVIZ_COLOUR": "1"}, theme="light")
    assert settings.colour is False
    assert settings.origin("colour") == "NO_COLOR"
    assert settings.theme_name == "asgiviz-no-colour"


@pytest.mark.parametrize(
    ("environ", "animation", "origin"),
    [
        ({"TEXTUAL_ANIMATIONS": "none"}, False, "TEXTUAL_ANIMATIONS"),
        ({"TEXTUAL_ANIMATIONS": "full"}, True, "default"),
        ({"PREFERS_REDUCED_MOTION": "1"}, False, "PREFERS_REDUCED_MOTION"),
        ({"PREFERS_REDUCED_MOTION": "0"}, True, "default"),
        ({"TEXTUAL_ANIMATIONS": "none", "ASGIVIZ_ANIMATION": "yes"}, True, "ASGIVIZ_ANIMATION"),
    ],
)
def test_a_wish_for_no_animation_is_respected(load: Load, environ: dict[str, str], animation: bool, origin: str) -> None:
    """Textual's variable and the wish for reduced motion count, unless our own variable says otherwise."""
    settings = load("", environ)
    assert (settings.animation, settings.origin("animation")) == (animation, origin)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "asgiviz-dark"),
        ({"COLORFGBG": "15;0"}, "asgiviz-dark"),
        ({"COLORFGBG": "0;default;15"}, "asgiviz-light"),
        ({"TERM": "linux"}, "asgiviz-terminal"),
        ({"TERM": "xterm-16color"}, "asgiviz-terminal"),
        ({"TERM": "xterm-256color"}, "asgiviz-dark"),
        ({"TERM": "linux", "ASGIVIZ_THEME": "high-contrast"}, "asgiviz-high-contrast"),
    ],
)
def test_the_theme_suits_the_terminal_unless_one_is_chosen(load: Load, environ: dict[str, str], name: str) -> None:
    """What the terminal says of itself decides only `auto`."""
    assert load("", environ).theme_name == name


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(SETTINGS)), value=VALUES)
def test_a_value_is_refused_or_taken_whole(name: str, value: object) -> None:
    """What is taken has the setting's own type and is within its limits, and is the value that was given."""
    setting = SETTINGS[name]
    try:
        taken = setting.check(value)
    except WrongValueError:
        return
    assert type(taken) is type(setting.default)
    assert list(taken) == value if isinstance(taken, tuple) else taken == value
    if type(taken) is int:
        assert setting.low <= taken <= (setting.high or taken)


@given(text=st.text())
def test_no_variable_breaks_the_start(text: str) -> None:
    """Whatever stands in the environment, settings are loaded, and each mistake is one line."""
    settings = Settings.load({setting.variable: text for setting in SETTINGS.values()} | {"ASGIVIZ_CONFIG": "/dev/null"})
    assert all("\n" not in warning for warning in settings.warnings)
